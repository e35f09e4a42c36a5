"""Standard output and error that take nothing, or not every letter."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
from tiny_options import TINY

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="it has no such files and shells")

# A command that has done its work and tells of it, without the seconds that the work takes.
DONE = """
import sys
import warnings
from qiskit_qmu.cli import run
from qiskit_qmu.cli.main import main
from qiskit_qmu.runs.display import progress_display

def execute(options):
    with progress_display() as progress:
        progress("training …", 0.5)
    warnings.warn("a ± b", RuntimeWarning)
    options.written = "out"
    print("accuracy 0.9 ± 0.1 …\\n" * 5000)
    print("last")
    open("kept", "w").write("kept")

run.execute = execute
sys.exit(main(["run"]))
"""


def shell(command, **environment):
    """Run a command in a shell; return its status, output and errors."""
    done = subprocess.run(
        ["bash", "-c", f"set -o pipefail; {command}"],
        capture_output=True,
        check=False,
        env=os.environ | environment,
    )
    return done.returncode, done.stdout, done.stderr


@pytest.fixture
def done(folder):
    """Return the command, in an empty folder."""
    (folder / "done.py").write_text(DONE)
    return f"'{sys.executable}' done.py"


@pytest.mark.parametrize(
    ("redirected", "why"),
    [
        (">/dev/full", "No space left on device"),
        (">&-", "it is closed"),
        ("| head -1", "Broken pipe"),
    ],
)
def test_output_that_nobody_takes_is_told_together_with_the_place_of_the_results(
    done, redirected, why
):
    status, _, errors = shell(f"{done} {redirected}")
    assert status == 1
    message = f"qmu run: standard output is incomplete: {why}; the results are in out"
    assert errors.decode().splitlines()[-1] == message
    assert b"Traceback" not in errors
    assert Path("kept").read_text() == "kept"


@pytest.mark.parametrize("redirected", ["2>/dev/full", "2>&-", "2>&- <&-"])
def test_messages_that_nobody_takes_stop_nothing(done, redirected):
    status, output, _ = shell(f"{done} {redirected}")
    assert (status, output.decode().splitlines()[-1]) == (0, "last")
    assert Path("kept").read_text() == "kept"


def test_a_pager_that_is_left_needs_no_message(folder):
    text = "import sys; from qiskit_qmu.cli.main import main; sys.exit(main(['list', 'datasets']))"
    status, _, errors = shell(f"'{sys.executable}' -c \"{text}\" | exec 0<&-")
    assert (status, errors) == (1, b"")


def test_a_terminal_without_all_letters_gets_the_nearest_ones(done):
    ascii_only = {"PYTHONIOENCODING": "ascii", "LC_ALL": "C", "PYTHONUTF8": "0"}
    status, output, errors = shell(done, PYTHONCOERCECLOCALE="0", **ascii_only)
    assert (status, output.decode("ascii").splitlines()[0]) == (0, "accuracy 0.9 +- 0.1 ...")
    assert errors.decode("ascii").startswith(" 50 %  training ...\n")


@pytest.mark.slow
@pytest.mark.ci
def test_a_run_on_a_full_disk_for_its_output_alone_is_done(folder):
    words = " ".join((*TINY, "--methods", "noop", "--workers", "1", "--out", "out"))
    command = f"'{sys.executable}' -m qiskit_qmu.cli.main run {words} >/dev/full"
    status, _, errors = shell(command, PYTHONIOENCODING="ascii", LC_ALL="C", PYTHONUTF8="0")
    assert status == 1
    assert errors.decode("ascii").splitlines()[-1].endswith("; the results are in out")
    assert b"Traceback" not in errors
    assert "–" in (folder / "out" / "report.html").read_text(encoding="utf-8")
