"""A layer over the operating system's calls that counts those that change a folder.

Before each of them it can copy the folder: what a process leaves that is killed there. Or the disk
is full from a call of choice on. A write is half done by then, as it may be on a real disk. SQLite
writes past Python's calls; it lets its own be replaced.
"""

import builtins
import ctypes
import ctypes.util
import errno
import io
import json
import os
import shutil
import sqlite3
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

_CHANGING = ("open", "write", "fsync", "ftruncate", "replace", "rename", "unlink", "mkdir", "rmdir")
NEEDS_ROOM = {"open", "write", "fsync", "replace", "rename", "mkdir"}


class FileFaults:
    """Counts the calls that change what lies in a folder, and fails from one of them on.

    Args:
        folder: Calls elsewhere are left alone.
        kept: Where the folder is copied to before each call, under the call's number; None copies
            nothing.
        full_at: At which call the disk is full, from 0; never where None.

    Attributes:
        calls: Name and target of each.
    """

    def __init__(self, folder: Path, kept: Path | None, full_at: int | None) -> None:
        self.calls: list[tuple[str, str]] = []
        self._folder = str(folder)
        self._kept = kept
        self._full_at = full_at
        self._descriptors: set[int] = set()
        self._originals = {name: getattr(os, name) for name in (*_CHANGING, "close")}

    def install(self) -> None:
        """Take the place of the system's calls in this process, for good."""
        for name in _CHANGING:
            setattr(os, name, self._counted(name))
        os.close = self._close
        builtins.open = io.open = self._open_file  # (the latter is pathlib's)
        shutil.copyfile = self._copy_file
        _replace_calls_of_sqlite(self)

    def _counted(self, name: str) -> Callable[..., Any]:
        original = self._originals[name]

        def call(target: Any, *arguments: Any, **options: Any) -> Any:
            watched = self._is_watched(name, target, arguments)
            if watched and name == "write":
                data = bytes(arguments[0])
                half = len(data) // 2
                self.meet(name, target, lambda: original(target, data[:half]))
                return original(target, data)
            if watched:
                self.meet(name, target)
            result = original(target, *arguments, **options)
            if name == "open":
                self._descriptors.discard(result)
                if watched or self.holds(target):
                    self._descriptors.add(result)
            return result

        return call

    def _is_watched(self, name: str, target: Any, arguments: tuple[Any, ...]) -> bool:
        if name == "open":
            changes = arguments and arguments[0] & (os.O_WRONLY | os.O_RDWR | os.O_CREAT)
            return bool(changes) and self.holds(target)
        if isinstance(target, int):
            return target in self._descriptors
        return self.holds(target)

    def holds(self, target: Any) -> bool:
        """Return whether a path lies in the folder."""
        return isinstance(target, str | os.PathLike) and str(Path(target).absolute()).startswith(
            self._folder
        )

    def meet(self, name: str, target: Any, write_half: Callable[[], Any] | None = None) -> None:
        """Count a call that is about to happen, and let happen what is to happen there.

        Raises:
            OSError: If the disk is full.
        """
        number = len(self.calls)
        self.calls.append((name, str(target)))
        full = self._full_at is not None and number >= self._full_at and name in NEEDS_ROOM
        if write_half and number == self._full_at:
            write_half()
        if full:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(target))
        if self._kept is None:
            return
        if write_half:
            size = os.fstat(target).st_size
            write_half()
        self._copy(self._kept / f"{number:05d}")
        if write_half:
            self._originals["ftruncate"](target, size)
            os.lseek(target, size, os.SEEK_SET)

    def _copy(self, target: Path) -> None:
        copy_file, shutil.copyfile = shutil.copyfile, _copy_file
        open_file, builtins.open = builtins.open, _open
        shutil.copytree(self._folder, target, symlinks=True)
        shutil.copyfile, builtins.open = copy_file, open_file

    def _close(self, descriptor: int) -> None:
        self._descriptors.discard(descriptor)
        self._originals["close"](descriptor)

    def _open_file(self, file: Any, mode: str = "r", *arguments: Any, **options: Any) -> Any:
        if set(mode) & set("wax+") and self.holds(file):
            raise AssertionError(f"{file} is written past the one way of writing files")
        return _open(file, mode, *arguments, **options)

    def _copy_file(self, source: Any, target: Any, **options: Any) -> Any:
        if self.holds(target):
            self.meet("write", target)
        builtins.open = _open
        try:
            return _copy_file(source, target, **options)
        finally:
            builtins.open = self._open_file


_open, _copy_file = io.open, shutil.copyfile


class _Vfs(ctypes.Structure):
    """The head of sqlite3_vfs, version 3: https://sqlite.org/c3ref/vfs.html."""

    _fields_ = (
        ("numbers", ctypes.c_int * 3),
        ("next", ctypes.c_void_p),
        ("name", ctypes.c_char_p),
        ("data", ctypes.c_void_p),
        ("methods", ctypes.c_void_p * 13),
        ("set_call", ctypes.CFUNCTYPE(*[ctypes.c_int] + [ctypes.c_void_p] * 3)),
        ("get_call", ctypes.CFUNCTYPE(*[ctypes.c_void_p] * 3)),
    )


_CALLS_OF_SQLITE = {
    "pwrite64": (ctypes.c_ssize_t, ctypes.c_int, ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int64),
    "ftruncate": (ctypes.c_int, ctypes.c_int, ctypes.c_int64),
    "unlink": (ctypes.c_int, ctypes.c_char_p),
}
_in_use: list[Any] = []  # (what C calls must not be collected)


def _replace_calls_of_sqlite(faults: FileFaults) -> None:
    """Count those of SQLite's calls that change files; nothing where SQLite is not a library.

    A page is written at once: no process is killed in the middle of one.
    """
    name = ctypes.util.find_library("sqlite3")
    if name is None or not sys.platform.startswith("linux"):
        return
    find = ctypes.CDLL(name).sqlite3_vfs_find
    find.restype = ctypes.POINTER(_Vfs)
    vfs = find(None)
    for call, types in _CALLS_OF_SQLITE.items():
        _replace_call_of_sqlite(faults, vfs, call, ctypes.CFUNCTYPE(*types, use_errno=True))


def _replace_call_of_sqlite(faults: FileFaults, vfs: Any, name: str, kind: Any) -> None:
    address = vfs.contents.get_call(ctypes.addressof(vfs.contents), _text(name))
    original = kind(address)

    def call(target: Any, *arguments: Any) -> int:
        if isinstance(target, int):
            path = str(Path(f"/proc/self/fd/{target}").readlink())
        else:
            path = os.fsdecode(target)
        if faults.holds(path):
            try:
                faults.meet("write" if name == "pwrite64" else name, path)
            except OSError as error:
                ctypes.set_errno(error.errno)
                return -1
        result = original(target, *arguments)
        return int(result)

    replacement = kind(call)
    _in_use.extend((replacement, original))
    pointer = ctypes.cast(replacement, ctypes.c_void_p)
    assert vfs.contents.set_call(ctypes.addressof(vfs.contents), _text(name), pointer) == 0


def _text(name: str) -> ctypes.c_void_p:
    text = ctypes.create_string_buffer(name.encode())
    _in_use.append(text)
    return ctypes.cast(text, ctypes.c_void_p)


def run_command(
    words: tuple[str, ...], folder: Path, log: Path, kept: Path | None, full_at: int | None
) -> None:
    """Run a command of qmu in a folder and leave the process; its output goes to a log.

    The last line of the log has the names and targets of the calls, as JSON.
    """
    os.chdir(folder)
    descriptor = os.open(log, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    from qiskit_qmu.cli.main import main

    sqlite3.connect(":memory:").close()  # (SQLite has its own calls from its first use on)
    faults = FileFaults(folder, kept, full_at)
    faults.install()
    status = main(list(words))
    sys.stdout.flush()
    sys.stderr.write(f"\n{json.dumps(faults.calls)}\n")
    sys.stderr.flush()
    os._exit(status)
