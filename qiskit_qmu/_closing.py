"""Closing: what has a method ``close`` can be used in a ``with`` statement."""

from types import TracebackType
from typing import Protocol, Self


class Closing(Protocol):
    """An object that is closed at the end of a ``with`` block."""

    def close(self) -> None:
        """Release what is held."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()
