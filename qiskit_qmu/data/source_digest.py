"""A digest of the files that rows come from."""

import hashlib
from collections.abc import Iterable
from pathlib import Path

from qiskit_qmu._files import FileError, one_line


def files_digest(paths: Iterable[str | Path]) -> str:
    """Return the sha256 of what files hold, in hexadecimal; a folder counts with all of its files.

    Args:
        paths: Files or folders; where they lie does not count.

    Raises:
        FileError: If one cannot be read.

    Example:
        >>> from pathlib import Path
        >>> from qiskit_qmu.data.source_digest import files_digest
        >>> written = Path("rows.csv").write_text("a,b")
        >>> files_digest(["rows.csv"])[:16]
        '142c5a8223c5a1fd'
    """
    sha256 = hashlib.sha256()
    for path in map(Path, paths):
        try:
            files = sorted(f for f in path.rglob("*") if f.is_file()) if path.is_dir() else [path]
            for file in files:
                name = file.relative_to(path).as_posix() if file != path else ""
                with file.open("rb") as opened:
                    content = hashlib.file_digest(opened, "sha256").hexdigest()
                sha256.update(f"{name}\0{content}\0".encode())
        except OSError as error:
            raise FileError(f"cannot read {path}: {one_line(error)}") from error
    return sha256.hexdigest()
