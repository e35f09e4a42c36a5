"""How a run tells what it is doing."""

from collections.abc import Callable

RunProgress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0 to 1."""


def no_progress(_task: str, _share: float) -> None:
    """Show nothing."""


def part_of(progress: RunProgress, start: float, end: float) -> RunProgress:
    """Return the progress of a part of the work.

    Args:
        progress: That of the whole.
        start: The share of the whole at which the part starts.
        end: The share at which it ends.

    Example:
        >>> from qiskit_qmu.experiments.progress import part_of
        >>> second_half = part_of(lambda task, share: print(task, share), 0.5, 1.0)
        >>> second_half("method ga", 0.5)
        method ga 0.75
    """

    def report(task: str, share: float) -> None:
        progress(task, start + share * (end - start))

    return report
