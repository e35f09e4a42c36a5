"""A folder of the user's that keeps compiled code between processes."""

import hashlib
import os
import sys
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from qiskit_qmu._files.errors import FileError
from qiskit_qmu._files.writing import write_file


def cache_folder() -> Path:
    """Return the folder where this user's programs keep what they can make again."""
    home = Path("~").expanduser()
    if sys.platform == "win32":
        root = Path(os.environ.get("LOCALAPPDATA") or home / "AppData" / "Local")
    elif sys.platform == "darwin":
        root = home / "Library" / "Caches"
    else:
        root = Path(os.environ.get("XDG_CACHE_HOME") or home / ".cache")
    return root / "qiskit_qmu"


def cached_code(path: Path, make: Callable[[], bytes]) -> bytes:
    """Return the code in a file; make it, and write the file if that can be done, if it has none.

    A damaged file is made again. Processes that make one file at once do not disturb each other.
    """
    with suppress(OSError):
        digest, code = (data := path.read_bytes())[:32], data[32:]
        if hashlib.sha256(code).digest() == digest:
            return code
    code = make()
    with suppress(FileError, OSError):
        path.parent.mkdir(parents=True, exist_ok=True)
        write_file(path, hashlib.sha256(code).digest() + code)
    return code
