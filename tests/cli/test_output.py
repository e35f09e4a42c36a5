"""Standard output and error that take nothing, or not every letter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_options import TINY

RUN = ("run", *TINY, "--methods", "noop", "--jobs", "1", "--out", "out")


def qmu(words, redirected, **environment):
    """Run a command in a shell of its own, with redirected output; return status and errors."""
    command = f'"{sys.executable}" -m qiskit_qmu.cli.main {" ".join(map(str, words))} {redirected}'
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        check=False,
        env=os.environ | environment,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def finished(folder, qmu):
    """A folder with a run that is finished, so that the command has nothing left to compute."""
    assert qmu(*RUN).status == 0


pytestmark = [
    pytest.mark.skipif(sys.platform == "win32", reason="it has no such files and shells"),
    pytest.mark.usefixtures("finished"),
]


@pytest.mark.parametrize(
    ("redirected", "why"),
    [
        (">/dev/full", "No space left on device"),
        (">&-", "it is closed"),
        ("| exec 0<&-", "Broken pipe"),
    ],
)
def test_output_that_nobody_takes_is_told_together_with_the_place_of_the_results(redirected, why):
    status, _, errors = qmu(RUN, redirected)
    assert status == 1
    assert errors.decode().splitlines()[-1] == (
        f"qmu run: standard output was not written to its end: {why}; the results are in out"
    )
    assert b"Traceback" not in errors
    assert Path("out/report.html").exists()


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-"])
def test_messages_that_nobody_takes_stop_nothing(redirected):
    Path("out/report.html").unlink()
    status, output, _ = qmu(RUN, redirected)
    assert status == 0
    assert output.decode().endswith("out/report.html\n")
    assert Path("out/report.html").exists()


def test_a_terminal_without_all_letters_gets_the_nearest_ones():
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    ascii_only["PYTHONCOERCECLOCALE"] = "0"
    Path("out/results.json").unlink()
    status, output, errors = qmu(RUN, "", **ascii_only)
    assert (status, b"Traceback" in errors) == (0, False)
    assert output.decode("ascii").endswith("out/report.html\n")
    assert "–" in Path("out/report.html").read_text(encoding="utf-8")
