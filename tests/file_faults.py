"""A layer over the operating system's calls that counts those that change a folder.

At a call of choice the process is killed, or the disk is full from then on. A write is half done
by then, as it may be on a real disk.
"""

import errno
import io
import os
import signal
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Literal

Fault = Literal["killed", "full"]

_CHANGING = ("open", "write", "fsync", "ftruncate", "replace", "rename", "unlink", "mkdir", "rmdir")
_NEEDS_ROOM = {"open", "write", "fsync", "replace", "rename", "mkdir"}


class FileFaults:
    """Counts the calls that change what lies in a folder, and fails from one of them on.

    Args:
        folder: Calls elsewhere are left alone.
        fault: What happens.
        at: At which call, from 0; never where None.

    Attributes:
        calls: How many there were.
    """

    def __init__(self, folder: Path, fault: Fault, at: int | None) -> None:
        self.calls = 0
        self._folder = str(folder)
        self._fault = fault
        self._at = at
        self._descriptors: set[int] = set()
        self._originals = {name: getattr(os, name) for name in (*_CHANGING, "close")}

    def install(self) -> None:
        """Take the place of the system's calls in this process, for good."""
        for name in _CHANGING:
            setattr(os, name, self._counted(name))
        os.close = self._close
        io.open = self._open_file  # pathlib's

    def _counted(self, name: str) -> Callable[..., Any]:
        original = self._originals[name]

        def call(target: Any, *arguments: Any, **options: Any) -> Any:
            watched = self._is_watched(name, target, arguments)
            if watched:
                self._meet(name, target, arguments)
            result = original(target, *arguments, **options)
            if name == "open":
                self._descriptors.discard(result)
                if watched or self._lies_in_folder(target):
                    self._descriptors.add(result)
            return result

        return call

    def _is_watched(self, name: str, target: Any, arguments: tuple[Any, ...]) -> bool:
        if name == "open":
            changes = arguments and arguments[0] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return bool(changes) and self._lies_in_folder(target)
        if isinstance(target, int):
            return target in self._descriptors
        return self._lies_in_folder(target)

    def _lies_in_folder(self, target: Any) -> bool:
        return isinstance(target, str | os.PathLike) and str(Path(target).absolute()).startswith(
            self._folder
        )

    def _meet(self, name: str, target: Any, arguments: tuple[Any, ...]) -> None:
        number, self.calls = self.calls, self.calls + 1
        if self._at is None or number < self._at:
            return
        if self._fault == "killed":
            self._half_write(name, target, arguments)
            os.kill(os.getpid(), signal.SIGKILL)
        if name in _NEEDS_ROOM:
            if number == self._at:
                self._half_write(name, target, arguments)
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))

    def _half_write(self, name: str, target: Any, arguments: tuple[Any, ...]) -> None:
        if name == "write":
            self._originals["write"](target, bytes(arguments[0][: len(arguments[0]) // 2]))

    def _close(self, descriptor: int) -> None:
        self._descriptors.discard(descriptor)
        self._originals["close"](descriptor)

    def _open_file(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode) & set("wax+") and self._lies_in_folder(file):
            raise AssertionError(f"{file} is written past the one way of writing files")
        return _io_open(file, mode, *arguments, **options)


_io_open = io.open


def run_command(
    words: tuple[str, ...], folder: Path, log: Path, fault: Fault, at: int | None
) -> None:
    """Run a command of qmu in a folder and leave the process; its output goes to a log.

    The last line of the log is the number of calls.
    """
    os.chdir(folder)
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    from qiskit_qmu.cli.main import main

    faults = FileFaults(folder, fault, at)
    faults.install()
    status = main(list(words))
    sys.stdout.flush()
    sys.stderr.write(f"\n{faults.calls}\n")
    sys.stderr.flush()
    os._exit(status)
