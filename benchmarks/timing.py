"""Seconds of things measured in turn, so that a machine that changes speed favours none."""

from collections.abc import Callable
from statistics import median
from time import perf_counter


def medians(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the median seconds of each task; the tasks take turns, after one warm-up each."""
    return {name: median(seconds) for name, seconds in _in_turn(tasks, rounds).items()}


def minima(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, float]:
    """Return the fewest seconds of each task: what other processes disturb least."""
    return {name: min(seconds) for name, seconds in _in_turn(tasks, rounds).items()}


def _in_turn(tasks: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            started = perf_counter()
            task()
            seconds[name].append(perf_counter() - started)
    return seconds


def table(title: str, seconds: dict[str, float], reference: str) -> str:
    """Return a table of milliseconds and of ratios to a reference."""
    width = max(map(len, seconds))
    lines = [
        f"{name:{width}s} {1e3 * value:14.3f} ms {value / seconds[reference]:12,.2f} x"
        for name, value in seconds.items()
    ]
    return "\n".join([f"\n{title}", *lines])
