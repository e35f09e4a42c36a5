"""Options of the benchmarks: --light runs each once at a tiny size, to see that it still works."""

import pytest
import torch


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--light", action="store_true", help="tiny sizes, one round, no claims")


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("python_files", "bench_*.py")


@pytest.fixture
def light(request: pytest.FixtureRequest) -> bool:
    """Whether sizes are tiny and no claim is checked."""
    return bool(request.config.getoption("--light"))


@pytest.fixture(autouse=True)
def one_thread():
    """Compare on one thread: peers differ in what they do with more."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)
