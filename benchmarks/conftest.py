"""Options of the benchmarks, and what becomes of their tables."""

import importlib.util
import shlex
from pathlib import Path

import pytest

from benchmarks import report
from benchmarks.cores import keep_to

_PEERS = ("tensorcircuit", "pennylane", "qandle")

SECTIONS = pytest.StashKey[dict[str, report.Section]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("benchmarks")
    group.addoption("--light", action="store_true", help="tiny sizes, no peers, no claims")
    group.addoption("--cores", type=int, default=1, help="cores that all engines are kept to")
    group.addoption("--write", action="store_true", help="write the tables to the README")
    group.addoption("--plots", type=Path, metavar="DIR", help="where to save plots")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("python_files", "bench_*.py")
    if not config.getoption("--light"):
        # Peers warn of things that are theirs to mend.
        config.addinivalue_line("filterwarnings", "ignore")
    if config.getoption("--write") and (
        config.getoption("--light") or _installed() != list(_PEERS)
    ):
        raise pytest.UsageError("--write is for full runs with all peers")
    keep_to(config.getoption("--cores"))
    config.stash[SECTIONS] = {}


def pytest_xdist_auto_num_workers(config: pytest.Config) -> int:
    """Measure in one process: what runs beside a measurement falsifies it."""
    return 0


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    config = terminalreporter.config
    sections = config.stash[SECTIONS]
    for failed in terminalreporter.stats.get("failed", []):
        name = Path(failed.nodeid.split("::")[0]).name
        if name in sections:
            message = failed.longrepr.reprcrash.message.removeprefix("AssertionError: ")
            sections[name].failures.append(message.splitlines()[0])
    if config.getoption("--light"):
        return
    for name, section in sections.items():
        terminalreporter.write_line(f"\n{name}: {section}")
    if config.getoption("--write"):
        report.write(sections, shlex.join(["pytest", *map(str, config.invocation_params.args)]))


@pytest.fixture
def light(request: pytest.FixtureRequest) -> bool:
    """Whether sizes are tiny and no claim is checked."""
    return bool(request.config.getoption("--light"))


@pytest.fixture
def peers(light: bool) -> list[str]:
    """Names of the peers to measure: those that are installed, none in light mode."""
    return [] if light else _installed()


@pytest.fixture
def plots(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """Where plots go."""
    return request.config.getoption("--plots") or tmp_path


@pytest.fixture
def record(request: pytest.FixtureRequest):
    """Return a function that takes the tables of this file."""
    claim = request.module.__doc__.splitlines()[0]
    sections = request.config.stash[SECTIONS]
    return sections.setdefault(request.path.name, report.Section(claim)).tables.append


def _installed() -> list[str]:
    return [name for name in _PEERS if importlib.util.find_spec(name)]
