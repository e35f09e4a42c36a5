"""Recordings: what forward passes measure, shown to those who listen."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar, final

Item = TypeVar("Item")


@final
class Recordings(Generic[Item]):
    """Lists that are open for what is measured; each listener has one of its own."""

    def __init__(self) -> None:
        self._open: list[list[Item]] = []

    @contextmanager
    def recording(self) -> Iterator[list[Item]]:
        """Collect what is measured inside the block.

        Yields:
            What was measured so far, in order.
        """
        recording: list[Item] = []
        self._open.append(recording)
        try:
            yield recording
        finally:
            self._open = [other for other in self._open if other is not recording]

    def add(self, items: Iterable[Item]) -> None:
        """Show what was measured to all who listen."""
        shown = list(items)
        for recording in self._open:
            recording.extend(shown)
