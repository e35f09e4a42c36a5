"""The command line in this process, in an empty folder, and small saved models."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from tiny_options import TINY

from qiskit_qmu import experiments
from qiskit_qmu.cli.main import main
from qiskit_qmu.experiments.method_comparison import output


@pytest.fixture(autouse=True, scope="module")
def _quick_pages(without_figures) -> None:
    """Only what is made once for all modules has pages with figures."""


@dataclass(frozen=True)
class Outcome:
    """What a command did."""

    status: int
    out: str
    err: str


@pytest.fixture
def folder(tmp_path, monkeypatch) -> Path:
    """Return an empty folder, which is the current one."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("QISKIT_QMU_DATA", raising=False)
    return tmp_path


@pytest.fixture
def qmu(folder, capsys) -> Callable[..., Outcome]:
    """Return a function that runs a command."""

    def run(*words) -> Outcome:
        capsys.readouterr()
        try:
            status = main([str(word) for word in words])
        except SystemExit as stop:
            status = stop.code
        return Outcome(status, *capsys.readouterr())

    return run


@pytest.fixture
def refuses(qmu, folder) -> Callable[..., str]:
    """Return a function that runs a command that must be refused, and returns the message.

    Exit status 2, one line on standard error, nothing on standard output, and no file that was not
    there before or has another content.
    """

    def run(*words) -> str:
        before = _content(folder)
        outcome = qmu(*words)
        assert outcome.status == 2, outcome
        assert outcome.out == ""
        assert outcome.err.startswith("qmu")
        assert outcome.err.endswith("\n")
        assert outcome.err.count("\n") == 1, outcome.err
        assert "error: " in outcome.err
        assert _content(folder) == before
        return outcome.err

    return run


def _content(folder: Path) -> dict[str, bytes | None]:
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
    }


@pytest.fixture(scope="session")
def finished(tmp_path_factory) -> Path:
    """Return a folder of a run of TINY with one method, to be copied and not changed."""
    out = tmp_path_factory.mktemp("finished") / "run"
    assert main(["run", *TINY, "--methods", "noop", "--workers", "1", "--out", str(out)]) == 0
    return out


@pytest.fixture
def without_page(monkeypatch) -> None:
    """Leave out the page of a run, whose figures take most of a tiny run's time."""
    monkeypatch.setattr(output, "write_report", lambda *_arguments: None)


@pytest.fixture
def experiment_of(qmu, monkeypatch) -> Callable[..., Any]:
    """Return a function that returns the experiment that `qmu run` would run."""
    asked = []

    def stop(experiment, *_arguments, **_options):
        asked.append(experiment)
        raise KeyboardInterrupt

    def find(*words) -> Any:
        monkeypatch.setattr(experiments, "run_experiment", stop)
        assert qmu("run", *words).status == 130
        return asked.pop()

    return find


@pytest.fixture(scope="session")
def saved(tmp_path_factory) -> Path:
    """Return a folder of models: original, unlearned, its oracle, and ones that do not belong."""
    root = tmp_path_factory.mktemp("models")

    def run(*words: str) -> None:
        assert main([str(word) for word in words]) == 0

    run("train", *TINY, "--out", root / "original")
    run("train", *TINY, "--seed", "1", "--out", root / "stranger")
    for name, source, strategy, label in (
        ("unlearned", "original", "ga", "1"),
        ("oracle", "original", "oracle", "1"),
        ("other", "original", "oracle", "2"),
        ("stranger-oracle", "stranger", "oracle", "1"),
    ):
        run("unlearn", root / source, "--strategy", strategy, "--forget-class", label,
            "--out", root / name)  # fmt: skip
    return root
