"""Observations: what a model answered, as plain arrays that attacks and metrics read."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import arrays_to_bytes, read_arrays, reading, write_file

_WHAT = "observations as an npz archive"


_COUNT = "arrays"
"""How many arrays a file holds, so that none of those that may be absent is lost unnoticed."""


@final
@dataclass(frozen=True, eq=False, repr=False)
class Observations:
    """The outputs of one model on ``n`` labelled examples.

    Everything is copied into read-only NumPy arrays, so that a result that was expensive to observe
    on hardware can be stored, read again and attacked again without the model.
    """

    logits: NDArray[np.float64]
    """Scores of the classes before the softmax, shape (n, classes), finite, two classes or more."""

    labels: NDArray[np.int64]
    """True classes, shape (n,), in ``0 … classes - 1``."""

    expectations: NDArray[np.float64] | None = None
    """What the quantum network measured, shape (n, outputs): ⟨Z⟩ or outcome probabilities."""

    counts: Any | None = None
    """Outcome counts, an integer array whose first axis is the example, or None."""

    shots: int | None = None
    """Shots per circuit; None for exact expectation values."""

    def __post_init__(self) -> None:
        labels = np.asarray(self.labels)
        _set(self, "logits", np.asarray(self.logits).astype(np.float64))
        _check_rows(self.logits, labels)
        _check.labels_in_range(self.logits.shape[1], labels=labels)
        _set(self, "labels", labels.astype(np.int64))
        if self.expectations is not None:
            _set(self, "expectations", np.asarray(self.expectations).astype(np.float64))
            _check_expectations(self.expectations, len(self))
        if self.counts is not None:
            _set(self, "counts", _as_counts(self.counts, len(self)))
        if self.shots is not None:
            _check.at_least(1, shots=self.shots)

    def __len__(self) -> int:
        return len(self.labels)

    def __repr__(self) -> str:
        parts = [f"{len(self)} rows", f"{self.num_classes} classes"]
        if self.expectations is not None:
            parts.append(f"{self.expectations.shape[1]} outputs")
        if self.counts is not None:
            parts.append(f"counts {self.counts.shape}")
        parts.append("exact" if self.shots is None else f"{self.shots} shots")
        if len(self):
            parts.append(f"accuracy {self.accuracy:.3f}")
        return f"Observations({', '.join(parts)})"

    @property
    def num_classes(self) -> int:
        """Return the number of classes."""
        return int(self.logits.shape[1])

    @property
    def logit_confidence(self) -> NDArray[np.float64]:
        """Return φ = ln p_y − ln(1 − p_y), the log-odds of the true label, shape (n,).

        It is computed as logit_y minus the log-sum-exp of the other logits, so that it keeps its
        resolution where p_y rounds to 1. Carlini et al., Membership Inference Attacks From First
        Principles, 2022, https://arxiv.org/abs/2112.03570.
        """
        return _log_odds(self.logits, self.labels)

    @property
    def losses(self) -> NDArray[np.float64]:
        """Return the cross-entropy of the true label, −ln p_y in nats, shape (n,)."""
        return np.logaddexp(0.0, -self.logit_confidence)

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Return the softmax of the logits, shape (n, classes)."""
        exponentials = np.exp(self.logits - self.logits.max(axis=1, keepdims=True))
        return np.asarray(exponentials / exponentials.sum(axis=1, keepdims=True))

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Return the probability p_y of the true label, shape (n,)."""
        return np.exp(-self.losses)

    @property
    def modified_entropy(self) -> NDArray[np.float64]:
        """Return M = −(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i), shape (n,); members score low.

        Song and Mittal, Systematic Evaluation of Privacy Risks of Machine Learning Models, 2021,
        https://arxiv.org/abs/2003.10595.
        """
        rows = np.arange(len(self))
        probabilities, top = self.probabilities, self.logits.argmax(axis=1)
        # 1 - p loses every digit where p is near 1, and only the largest p can be.
        log_top = -np.logaddexp(0.0, _log_odds(self.logits, top))
        others = probabilities.copy()
        others[rows, top] = 0.0
        log_complement = np.log1p(-others)
        log_complement[rows, top] = log_top
        terms = probabilities * log_complement
        terms[rows, self.labels] = 0.0
        return np.asarray(
            np.exp(log_complement[rows, self.labels]) * self.losses - terms.sum(axis=1)
        )

    @property
    def predictions(self) -> NDArray[np.int64]:
        """Return the most probable classes, shape (n,); the lowest class wins a tie."""
        return np.asarray(self.logits.argmax(axis=1), dtype=np.int64)

    @property
    def accuracy(self) -> float:
        """Return the share of examples whose prediction is the true label.

        Raises:
            InputError: If there is no example.
        """
        _check.not_empty(observations=self)
        return float(np.mean(self.predictions == self.labels))

    def take(self, positions: ArrayLike) -> "Observations":
        """Return the examples at ``positions``, in that order.

        Args:
            positions: Integer positions, or a mask of booleans of shape (n,).

        Returns:
            New observations with the same shots.

        Raises:
            InputError: If a position lies outside ``0 … n - 1`` or the mask has another length.
        """
        chosen = _as_positions(positions, len(self))
        return Observations(
            logits=self.logits[chosen],
            labels=self.labels[chosen],
            expectations=None if self.expectations is None else self.expectations[chosen],
            counts=None if self.counts is None else self.counts[chosen],
            shots=self.shots,
        )

    def save(self, path: Path | str) -> None:
        """Write the observations to exactly ``path`` as a compressed npz archive.

        Raises:
            InputError: If it cannot be written; the error is an OSError too.
        """
        present = {
            field.name: getattr(self, field.name)
            for field in fields(self)
            if getattr(self, field.name) is not None
        }
        write_file(path, arrays_to_bytes({**present, _COUNT: np.asarray(len(present))}))

    @classmethod
    def load(cls, path: Path | str) -> "Observations":
        """Read observations that `save` wrote; no pickle is loaded.

        Args:
            path: File written by `save`.

        Returns:
            The stored observations.

        Raises:
            InputError: If the file cannot be read, is damaged, or holds no observations.
        """
        stored = read_arrays(path, _WHAT)
        with reading(path, _WHAT):
            known = {field.name for field in fields(cls)}
            count = stored.pop(_COUNT, None)
            if not {"logits", "labels"} <= set(stored) <= known:
                got = ", ".join(sorted(stored)) or "none"
                raise InputError(f"arrays called {got}, which must be logits and labels")
            if count is None or _as_number(count) != len(stored):
                raise InputError(f"{len(stored)} arrays, which must be as many as were saved")
            shots = stored.pop("shots", None)
            return cls(**stored, shots=None if shots is None else _as_number(shots))


def concatenate(*observations: Observations) -> Observations:
    """Join observations of the same kind, in the order given.

    Args:
        *observations: One or more, with the same classes, outputs, counts and shots.

    Returns:
        All examples.

    Raises:
        InputError: If none is given or their kinds differ.
    """
    _check.not_empty(observations=observations)
    kinds = {_kind(part) for part in observations}
    if len(kinds) > 1:
        raise InputError(
            "observations must agree in classes, expectations, counts and shots, "
            f"got {' and '.join(map(str, sorted(kinds, key=str)))}"
        )
    first = observations[0]

    def joined(name: str) -> NDArray[Any]:
        return np.concatenate([getattr(part, name) for part in observations])

    return Observations(
        logits=joined("logits"),
        labels=joined("labels"),
        expectations=None if first.expectations is None else joined("expectations"),
        counts=None if first.counts is None else joined("counts"),
        shots=first.shots,
    )


def _as_number(shots: NDArray[Any]) -> int:
    if shots.ndim or not np.issubdtype(shots.dtype, np.integer):
        raise InputError(f"shots must be one integer, got {shots.dtype} of the shape {shots.shape}")
    return int(shots)


def _kind(observations: Observations) -> tuple[Any, ...]:
    """Return what two observations must share to be joined: shapes of a row, and shots."""
    arrays = (observations.logits, observations.expectations, observations.counts)
    return (*(None if array is None else array.shape[1:] for array in arrays), observations.shots)


def _set(observations: Observations, name: str, array: NDArray[Any]) -> None:
    array.setflags(write=False)
    object.__setattr__(observations, name, array)


def _log_odds(logits: NDArray[np.float64], classes: NDArray[np.int64]) -> NDArray[np.float64]:
    rows = np.arange(len(logits))
    others = logits.copy()
    others[rows, classes] = -np.inf
    return np.asarray(logits[rows, classes] - np.logaddexp.reduce(others, axis=1))


def _check_rows(logits: NDArray[np.float64], labels: NDArray[Any]) -> None:
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise InputError(f"logits must have the shape (n, 2 or more classes), got {logits.shape}")
    if labels.ndim != 1:
        raise InputError(f"labels must have the shape (n,), got {labels.shape}")
    _check.same_length(logits=logits, labels=labels)
    _check.finite(logits=logits)


def _check_expectations(expectations: NDArray[np.float64], rows: int) -> None:
    if expectations.ndim != 2 or len(expectations) != rows:
        raise InputError(
            f"expectations must have the shape ({rows}, outputs), got {expectations.shape}"
        )
    _check.finite(expectations=expectations)


def _as_counts(counts: Any, rows: int) -> NDArray[np.int64]:
    array = np.asarray(counts)
    if not np.issubdtype(array.dtype, np.integer):
        raise InputError(f"counts must be an array of integers, got dtype {array.dtype}")
    if array.ndim < 2 or len(array) != rows:
        raise InputError(f"counts must have the shape ({rows}, outcomes), got {array.shape}")
    if array.size and array.min() < 0:
        raise InputError(f"counts must not be negative, got {array.min()}")
    return array.astype(np.int64)


def _as_positions(positions: ArrayLike, rows: int) -> NDArray[np.int64]:
    array = np.asarray(positions)
    if array.dtype == np.bool_:
        if array.shape != (rows,):
            raise InputError(f"a mask must have the shape ({rows},), got {array.shape}")
        return np.flatnonzero(array)
    if array.ndim != 1:
        raise InputError(f"positions must have the shape (k,), got {array.shape}")
    if array.size:
        _check.labels_in_range(rows, positions=array)
    return array.astype(np.int64)
