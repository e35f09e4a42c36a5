"""Recordings: collects measurements of forward passes."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Generic, TypeVar, final

Item = TypeVar("Item")


@final
class Recordings(Generic[Item]):
    """Lists that collect measurements; each recording has its own."""

    def __init__(self) -> None:
        self._open: list[list[Item]] = []

    @contextmanager
    def recording(self) -> Iterator[list[Item]]:
        """Collect measurements inside the block.

        Yields:
            The measurements so far, in order.
        """
        recording: list[Item] = []
        self._open.append(recording)
        try:
            yield recording
        finally:
            self._open = [other for other in self._open if other is not recording]

    def add(self, items: Iterable[Item]) -> None:
        """Add measurements to all open recordings."""
        shown = list(items)
        for recording in self._open:
            recording.extend(shown)
