"""Seconds of things measured in turn, so that a machine that changes speed favours none.

What takes turns is measured in seconds of the process, all threads included, so that other work on
the machine counts for less.
"""

from collections.abc import Callable
from statistics import median
from time import perf_counter, process_time

TURN = 0.05
"""Seconds that one task has before the next one's turn, or one call if that takes longer."""

MOST_CALLS = 100


def medians(
    tasks: dict[str, Callable[[], object]], rounds: int, patience: float = 5.0
) -> dict[str, float]:
    """Return the median seconds of a call of each task; they take turns, after a warm-up each.

    A task that took ``patience`` seconds in all rests while the others go on.
    """
    return {name: median(seconds) for name, seconds in _in_turn(tasks, rounds, patience).items()}


def minima(
    tasks: dict[str, Callable[[], object]], rounds: int, patience: float = 5.0
) -> dict[str, float]:
    """Return the fewest seconds of a call of each task: what other processes disturb least."""
    return {name: min(seconds) for name, seconds in _in_turn(tasks, rounds, patience).items()}


def seconds_of(task: Callable[[], object]) -> float:
    """Return the seconds of one call."""
    started = perf_counter()
    task()
    return perf_counter() - started


def _in_turn(
    tasks: dict[str, Callable[[], object]], rounds: int, patience: float
) -> dict[str, list[float]]:
    for task in tasks.values():
        task()
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for _ in range(rounds):
        for name, task in tasks.items():
            if sum(seconds[name]) < patience:
                seconds[name].extend(_turn(task))
    return seconds


def _turn(task: Callable[[], object]) -> list[float]:
    """Time calls that fill a turn: the first find the caches full of what others left there."""
    seconds: list[float] = []
    while not seconds or (sum(seconds) < TURN and len(seconds) < MOST_CALLS):
        started = process_time()
        task()
        seconds.append(process_time() - started)
    return seconds
