"""Standard output and error that never fail, whatever they are connected to.

A closed pipe, a full disk, a closed stream or a limited encoding must not end hours of work, nor
hide where the results are.
"""

import codecs
import io
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TextIO, final

_SPELLED = {"±": "+-", "×": "x", "…": "...", "–": "-", "—": "-", "−": "-", "·": "-", "→": "->"}
_SPELLED |= {"⟨": "<", "⟩": ">", "≤": "<=", "≥": ">=", "’": "'", "“": '"', "”": '"', "█": "#"}
_ERRORS = "qiskit_qmu.spelled"


@final
class Lenient(io.RawIOBase):
    """Passes bytes on to a stream as long as it accepts them.

    Args:
        stream: The stream; None if closed.

    Attributes:
        error: The stream's error once it failed.
        is_read: Whether a pipe still has a reader.
    """

    def __init__(self, stream: TextIO | None) -> None:
        super().__init__()
        self._stream = stream
        self.error: str | None = None
        self.is_read = True

    def write(self, data: Any) -> int:
        """Write as much as possible and drop the rest."""
        size = len(data)
        try:
            if self._stream is None:
                self.error = self.error or "it is closed"
            elif self.error is None:
                self._stream.buffer.write(data)
                self._stream.buffer.flush()
        except (OSError, ValueError) as error:
            self.error = getattr(error, "strerror", None) or str(error)
            self.is_read = not isinstance(error, BrokenPipeError)
        return size

    def writable(self) -> bool:
        """Return True."""
        return True

    def isatty(self) -> bool:
        """Return whether the stream is a terminal."""
        return self._stream is not None and self._stream.isatty()

    def fileno(self) -> int:
        """Return the stream's file descriptor."""
        if self._stream is None:
            raise OSError("the stream is closed")
        return self._stream.fileno()


@contextmanager
def lenient_output() -> Iterator[Lenient]:
    """Make printing inside the block never fail.

    Yields:
        The stream behind standard output; its ``error`` tells whether output was lost.
    """
    codecs.register_error(_ERRORS, _spelled)
    _occupy_standard_descriptors()
    before = sys.stdout, sys.stderr
    out, errors = (Lenient(stream) for stream in before)
    sys.stdout, sys.stderr = (
        _text(raw, stream) for raw, stream in zip((out, errors), before, strict=True)
    )
    try:
        yield out
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        for raw, stream in zip((out, errors), before, strict=True):
            if raw.error is not None and stream is not None:
                _discard_rest(stream)
        sys.stdout, sys.stderr = before


def _text(raw: Lenient, stream: TextIO | None) -> TextIO:
    """Return a text stream that spells out characters that its encoding lacks."""
    if stream is not None and not hasattr(stream, "buffer"):
        return stream  # (not a real stream: text collected by Python)
    encoding = getattr(stream, "encoding", None) or "utf-8"
    unbuffered: Any = raw  # (as Python itself does it with -u)
    return io.TextIOWrapper(unbuffered, encoding=encoding, errors=_ERRORS, write_through=True)


def _spelled(error: UnicodeError) -> tuple[str, int]:
    if not isinstance(error, UnicodeEncodeError):
        raise error
    letters = error.object[error.start : error.end]
    return "".join(_SPELLED.get(letter, "?") for letter in letters), error.end


def _occupy_standard_descriptors() -> None:
    """Open closed standard descriptors, so that no file of a run gets their numbers."""
    for descriptor in (0, 1, 2):
        try:
            os.fstat(descriptor)
        except OSError:
            # It takes the lowest free number, which is this one.
            os.set_inheritable(os.open(os.devnull, os.O_RDWR), True)


def _discard_rest(stream: TextIO) -> None:
    """Keep Python from reporting at exit that a stream could not be flushed."""
    try:
        descriptor = stream.fileno()
    except (OSError, ValueError):
        return
    devnull = os.open(os.devnull, os.O_WRONLY)
    os.dup2(devnull, descriptor)
    os.close(devnull)
