"""CachedObserver: gives the same row the same answer, so that asking again tells nothing new."""

import hashlib
from pathlib import Path
from threading import Lock
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu.backends import Backend
from qiskit_qmu.models.answer_store import Answer, AnswerStore
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.tensors import as_row_tensor, class_numbers
from qiskit_qmu.models.weights_digest import weights_digest
from qiskit_qmu.observation import Observations

MOST_ANSWERS = 100_000

_PARTS = ("logits", "expectations", "counts")


@final
class CachedObserver:
    """Serves a classifier whose answers carry shot noise, and asks its circuits once for each row.

    Few shots hide a row only as long as nobody may ask again: k answers of N shots are one of kN
    (see `qiskit_qmu.attacks.repeated_query`). Here an answer is kept under the digest of the row,
    as the model reads it, of the model's weights, and of the backend's name and shots, and the same
    question gets the same answer. Rows of one call that are equal are asked once, too.

    What it does not do: a row that differs in its last digits is another row. An attacker who may
    send variants of a row gets fresh shots for each, unless ``decimals`` makes them one. An answer
    that was dropped beyond ``max_rows`` is drawn anew, so that someone who may ask that many others
    in between gets fresh shots: choose it above what one user may ask. And whoever holds the model
    needs no answers.

    Threads share an observer safely: a row is asked by one of them. So do processes that share a
    folder, where the system locks folders.

    Args:
        model: The classifier, on the backend that serves it.
        max_rows: Answers that are kept; the least recently used ones are dropped.
        folder: Where answers are kept between processes; in memory only if None. Each is written
            atomically.
        decimals: Decimals to which rows are rounded, before they are looked up and before they are
            answered; none if None.

    Raises:
        InputError: If a number is out of range or the folder cannot be made.

    Example:
        >>> import numpy as np
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import CachedObserver
        >>> backend = qmu.open_backend("exact", shots=10, seed=0)
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1, backend=backend)
        >>> served = CachedObserver(model)
        >>> first, again = (served.observe([[0.1, 0.2]], [0]) for _ in range(2))
        >>> np.array_equal(first.counts, again.counts), len(served)
        (True, 1)
    """

    def __init__(
        self,
        model: QuantumClassifier,
        *,
        max_rows: int = MOST_ANSWERS,
        folder: str | Path | None = None,
        decimals: int | None = None,
    ) -> None:
        _check.at_least(1, max_rows=max_rows)
        if decimals is not None:
            _check.at_least(0, decimals=decimals)
        self._model = model
        self._decimals = decimals
        self._store = AnswerStore(max_rows, folder)
        self._lock = Lock()

    def __len__(self) -> int:
        """Return the number of kept answers."""
        with self._lock:
            return len(self._store)

    def observe(self, x: ArrayLike, y: ArrayLike) -> Observations:
        """Return what `QuantumClassifier.observe` returns, with kept answers where there are some.

        Args:
            x: Rows (n, …).
            y: Labels (n,); they are not part of the question.

        Raises:
            InputError: If there are no rows, lengths differ, or a kept answer is damaged.
        """
        labels = class_numbers(self._model, y)
        rows = self._rows(x)
        _check.same_length(x=rows, y=labels)
        return Observations(labels=labels, shots=self._shots, **self._answers(rows))

    def predict_proba(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the probabilities (n, classes) of the classes of rows (n, …)."""
        rows = self._rows(x)
        labels = np.zeros(len(rows), dtype=np.int64)
        return Observations(labels=labels, **self._answers(rows)).probabilities

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """Return the most probable class (n,) of rows (n, …), as `QuantumClassifier.predict`."""
        numbers, labels = self.predict_proba(x).argmax(axis=1), self._model.labels
        return np.asarray(numbers if labels is None else np.asarray(labels)[numbers])

    @property
    def _shots(self) -> int | None:
        backend = self._model.backend
        return backend.shots if isinstance(backend, Backend) else None

    def _rows(self, x: ArrayLike) -> NDArray[Any]:
        """Return rows in the model's precision, so that equal questions have equal bytes."""
        rows = as_row_tensor(self._model, x).cpu().numpy()
        if self._decimals is not None:
            rows = rows.round(self._decimals)
        rows = np.where(np.isnan(rows), np.nan, rows + 0)  # one NaN, and no negative zero
        return np.ascontiguousarray(rows)

    def _keys(self, rows: NDArray[Any]) -> list[str]:
        backend = self._model.backend
        name = backend.name if isinstance(backend, Backend) else None
        question = (weights_digest(self._model), name, self._shots, rows.dtype.str, rows.shape[1:])
        start = hashlib.sha256(repr(question).encode())
        keys = []
        for row in rows:
            digest = start.copy()
            digest.update(row.tobytes())
            keys.append(digest.hexdigest())
        return keys

    def _answers(self, rows: NDArray[Any]) -> dict[str, Any]:
        """Return the arrays of the answers to rows, asking the model what was not asked before."""
        with self._lock:
            keys = self._keys(rows)
            places = {key: place for place, key in reversed(list(enumerate(keys)))}
            with self._store.held():
                found = {key: self._store.find(key) for key in places}
                missing = [key for key, answer in found.items() if answer is None]
                if missing:
                    asked = self._asked(rows[[places[key] for key in missing]])
                    new = dict(zip(missing, asked, strict=True))
                    self._store.add(new)
                    found.update(new)
        answers = [answer for key in keys if (answer := found[key]) is not None]
        return {name: np.stack([answer[name] for answer in answers]) for name in answers[0]}

    def _asked(self, rows: NDArray[Any]) -> list[Answer]:
        observed = self._model.observe(rows, np.zeros(len(rows), dtype=np.int64)).arrays()
        return [
            {name: observed[name][i] for name in _PARTS if name in observed}
            for i in range(len(rows))
        ]
