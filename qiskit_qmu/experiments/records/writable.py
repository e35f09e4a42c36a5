"""writable_folder: a folder that is known to be writable before anything is computed."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from qiskit_qmu._files import writing


@contextmanager
def writable_folder(path: str | Path) -> Iterator[Path]:
    """Make a folder and prove that it can be written; where the block fails, leave no empty one.

    Args:
        path: The folder; what it holds already stays.

    Yields:
        The folder.

    Raises:
        InputError: If it cannot be written.

    Example:
        >>> from pathlib import Path
        >>> from qiskit_qmu.experiments import writable_folder
        >>> with writable_folder("results") as folder:
        ...     written = (folder / "notes.txt").write_text("done")
        >>> Path("results").exists()
        True
    """
    folder = Path(path)
    made: list[Path] = []
    try:
        with writing(folder):
            made = [missing for missing in (folder, *folder.parents) if not missing.exists()]
            folder.mkdir(parents=True, exist_ok=True)
            probe = folder / ".writable"  # (of one name, so that one that was left is removed)
            probe.touch()
            probe.unlink(missing_ok=True)
        yield folder
    except BaseException:
        for own in made:
            with suppress(OSError):  # it holds something, or was never made
                own.rmdir()
        raise
