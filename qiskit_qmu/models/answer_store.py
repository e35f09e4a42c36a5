"""AnswerStore: a bounded number of answers by key, in memory and in a folder."""

import os
from collections import OrderedDict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any, final

from numpy.typing import NDArray

from qiskit_qmu._files import arrays_to_bytes, make_folder, read_arrays, write_file, writing
from qiskit_qmu._files.file_locks import locked_folder

Answer = Mapping[str, NDArray[Any]]

_WHAT = "a kept answer as an npz archive"


@final
class AnswerStore:
    """A bounded number of answers; not thread-safe by itself.

    Args:
        most: Number of answers to keep, in memory and in the folder each.
        folder: Where they are kept, one file for each; None for memory only.

    Raises:
        InputError: If the folder cannot be made.
    """

    def __init__(self, most: int, folder: str | Path | None) -> None:
        self._most = most
        self._folder = None if folder is None else make_folder(folder)
        self._kept: OrderedDict[str, Answer] = OrderedDict()

    def __len__(self) -> int:
        return len(self._kept) if self._folder is None else sum(1 for _ in self._files())

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other processes from answering in the same folder during the block."""
        if self._folder is None:
            yield
            return
        with locked_folder(self._folder):
            yield

    def find(self, key: str) -> Answer | None:
        """Return an answer, which becomes the most recent one; None if there is none.

        Raises:
            InputError: If its file is damaged.
        """
        answer = self._kept.get(key)
        path = None if self._folder is None else self._folder / f"{key}.npz"
        if answer is None and path is not None and path.exists():
            answer = read_arrays(path, _WHAT)
        if answer is not None:
            self._remember(key, answer)
            if path is not None:
                with suppress(OSError):  # (removed by another process)
                    os.utime(path)
        return answer

    def add(self, answers: Mapping[str, Answer]) -> None:
        """Keep new answers, and drop the least recently used ones beyond the limit.

        Raises:
            InputError: If they cannot be written.
        """
        for key, answer in answers.items():
            if self._folder is not None:
                write_file(self._folder / f"{key}.npz", arrays_to_bytes(dict(answer)))
            self._remember(key, answer)
        if self._folder is not None:
            with writing(self._folder):
                newest = sorted(self._files(), key=lambda path: -path.stat().st_mtime_ns)
                for path in newest[self._most :]:
                    path.unlink(missing_ok=True)

    def _remember(self, key: str, answer: Answer) -> None:
        self._kept[key] = answer
        self._kept.move_to_end(key)
        while len(self._kept) > self._most:
            self._kept.popitem(last=False)

    def _files(self) -> Iterator[Path]:
        return iter(()) if self._folder is None else self._folder.glob("*.npz")
