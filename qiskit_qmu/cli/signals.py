"""Uniform handling of Ctrl-C, `kill`, and a closed terminal."""

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType
from typing import final

_NAMES = ("SIGTERM", "SIGHUP")


@final
class StoppedError(KeyboardInterrupt):
    """The process received a signal to stop; it ends as after Ctrl-C.

    Args:
        number: The signal.
    """

    def __init__(self, number: int) -> None:
        super().__init__()
        self.number = number


@contextmanager
def stopping_by_signals() -> Iterator[None]:
    """Raise StoppedError inside the block on the first signal; the next one ends the process.

    A signal that is already ignored, as under nohup, stays ignored.
    """
    if threading.current_thread() is not threading.main_thread():
        yield  # (only the main thread can set handlers)
        return
    numbers = [getattr(signal, name) for name in _NAMES if hasattr(signal, name)]
    chosen = [number for number in numbers if signal.getsignal(number) is signal.SIG_DFL]

    def stop(number: int, _frame: FrameType | None) -> None:
        for own in chosen:
            signal.signal(own, signal.SIG_DFL)
        raise StoppedError(number)

    for number in chosen:
        signal.signal(number, stop)
    try:
        yield
    finally:
        for number in chosen:
            signal.signal(number, signal.SIG_DFL)


def exit_status(error: KeyboardInterrupt) -> int:
    """Return the exit status of a process ended by a signal, as in shells: 130 for Ctrl-C."""
    return 128 + (error.number if isinstance(error, StoppedError) else signal.SIGINT)
