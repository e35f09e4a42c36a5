"""Observations: a model's outputs as plain arrays for attacks and metrics."""

from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import arrays_to_bytes, read_arrays, reading, write_file
from qiskit_qmu.observation.checks import (
    as_counts,
    as_positions,
    check_classes,
    check_columns,
    check_kind,
    check_values,
)
from qiskit_qmu.observation.class_scores import log_odds, modified_entropy, softmax

_WHAT = "observations as an npz archive"
_COUNT = "arrays"
"""Number of arrays in a file, so that the loss of an optional one is noticed."""


@final
@dataclass(frozen=True, eq=False, repr=False)
class Observations:
    """The outputs of one model on ``n`` examples, with a loss for each.

    A classifier has ``logits`` and ``labels``, which determine the cross-entropy. Other models have
    ``row_losses``, and ``outputs`` and ``targets`` if they predict values: any objective with a
    loss for each row is possible.

    All data are copied into read-only NumPy arrays, so that results observed on hardware can be
    stored, loaded and attacked again without the model.

    Raises:
        InputError: If there are neither logits and labels nor losses, or lengths, shapes or values
            are wrong.

    Example:
        >>> from qiskit_qmu.observation import Observations
        >>> classes = Observations(logits=[[2.0, 0.0], [0.0, 1.0]], labels=[0, 1])
        >>> classes.losses.round(3), classes.num_classes
        (array([0.127, 0.313]), 2)
        >>> values = Observations(row_losses=[0.25, 0.0], outputs=[1.5, 2.0], targets=[1.0, 2.0])
        >>> values.losses, values.num_classes
        (array([0.25, 0.  ]), None)
    """

    logits: NDArray[np.float64] | None = None
    """Class scores before the softmax, shape (n, classes), finite, at least two classes; None if
    the model does not predict classes."""

    labels: NDArray[np.int64] | None = None
    """True classes, shape (n,), in ``0 … classes - 1``; None without classes."""

    expectations: NDArray[np.float64] | None = None
    """Outputs of the quantum network, shape (n, outputs): ⟨Z⟩ or outcome probabilities."""

    counts: Any | None = None
    """Outcome counts, an integer array whose first axis is the example, or None."""

    shots: int | None = None
    """Shots per circuit; None for exact expectation values."""

    row_losses: NDArray[np.float64] | None = None
    """Loss of each example, shape (n,), finite; None for the cross-entropy of the labels, which is
    computed from the logits."""

    outputs: NDArray[np.float64] | None = None
    """Predicted values, shape (n,) or (n, outputs); None if the model predicts none."""

    targets: NDArray[np.float64] | None = None
    """True values, in the shape of ``outputs``."""

    inputs: NDArray[np.float64] | None = None
    """The rows that the model was asked, shape (n, columns), for attacks that read them; audits
    fill it in."""

    def __post_init__(self) -> None:
        for name in ("logits", "expectations", "row_losses", "outputs", "targets", "inputs"):
            value = getattr(self, name)
            if value is not None:
                _set(self, name, np.asarray(value).astype(np.float64))
        check_kind(logits=self.logits, labels=self.labels, row_losses=self.row_losses)
        if self.logits is not None:
            labels = np.asarray(self.labels)
            check_classes(self.logits, labels)
            _set(self, "labels", labels.astype(np.int64))
        losses, outputs, targets = self.row_losses, self.outputs, self.targets
        check_values(len(self), row_losses=losses, outputs=outputs, targets=targets)
        if self.expectations is not None:
            check_columns(len(self), expectations=self.expectations)
        if self.inputs is not None:
            check_columns(len(self), inputs=self.inputs)
        if self.counts is not None:
            _set(self, "counts", as_counts(self.counts, len(self)))
        if self.shots is not None:
            _check.at_least(1, shots=self.shots)

    def __len__(self) -> int:
        return len(next(a for a in (self.labels, self.row_losses) if a is not None))

    def __repr__(self) -> str:
        parts = [f"{len(self)} rows"]
        if self.num_classes is not None:
            parts.append(f"{self.num_classes} classes")
        if self.outputs is not None:
            parts.append(f"values {self.outputs.shape}")
        if self.expectations is not None:
            parts.append(f"{self.expectations.shape[1]} outputs")
        if self.counts is not None:
            parts.append(f"counts {self.counts.shape}")
        parts.append("exact" if self.shots is None else f"{self.shots} shots")
        if len(self) and self.num_classes is not None:
            parts.append(f"accuracy {self.accuracy:.3f}")
        elif len(self):
            parts.append(f"mean loss {self.losses.mean():.4g}")
        return f"Observations({', '.join(parts)})"

    @property
    def num_classes(self) -> int | None:
        """Return the number of classes; None if the model does not predict classes."""
        return None if self.logits is None else int(self.logits.shape[1])

    @property
    def strata(self) -> NDArray[np.int64]:
        """Return the group (n,) within which rows are compared: the class, or 0 without classes.

        Scores differ between classes whether or not rows were trained on, so members and
        non-members are compared within a class. A model that was trained without the classes has no
        such difference to remove, and comparing within a class would hide a leak.
        """
        return np.zeros(len(self), dtype=np.int64) if self.labels is None else self.labels

    @property
    def losses(self) -> NDArray[np.float64]:
        """Return the loss of each example, shape (n,).

        It is ``row_losses`` if given, and otherwise the cross-entropy of the true label, −ln p_y in
        nats.
        """
        if self.row_losses is not None:
            return self.row_losses
        return np.logaddexp(0.0, -self.logit_confidence)

    @property
    def membership_score(self) -> NDArray[np.float64]:
        """Return a score that increases with membership, shape (n,).

        The log-odds φ of the true label if the loss is its cross-entropy, because φ gives the same
        ranking without ties from rounding; otherwise the negative loss.
        """
        return self.logit_confidence if self.row_losses is None else -self.row_losses

    @property
    def logit_confidence(self) -> NDArray[np.float64]:
        """Return φ = ln p_y − ln(1 − p_y), the log-odds of the true label, shape (n,).

        It is computed as logit_y minus the log-sum-exp of the other logits, which keeps its
        resolution if p_y rounds to 1. Carlini et al., Membership Inference Attacks From First
        Principles, 2022, https://arxiv.org/abs/2112.03570.
        """
        return log_odds(*self._classes())

    @property
    def probabilities(self) -> NDArray[np.float64]:
        """Return the softmax of the logits, shape (n, classes)."""
        return softmax(self._classes()[0])

    @property
    def confidence(self) -> NDArray[np.float64]:
        """Return the probability p_y of the true label, shape (n,)."""
        return np.exp(-np.logaddexp(0.0, -self.logit_confidence))

    @property
    def modified_entropy(self) -> NDArray[np.float64]:
        """Return M = −(1 − p_y) ln p_y − Σ_{i≠y} p_i ln(1 − p_i), shape (n,); members score low.

        Song and Mittal, Systematic Evaluation of Privacy Risks of Machine Learning Models, 2021,
        https://arxiv.org/abs/2003.10595.
        """
        return modified_entropy(*self._classes())

    @property
    def predictions(self) -> NDArray[Any]:
        """Return the predictions: classes (n,), or values in the shape of ``targets``.

        The class is the most probable one, the lowest of them in case of a tie.

        Raises:
            InputError: If the model predicts neither.
        """
        if self.outputs is not None:
            return self.outputs
        return np.asarray(self._classes()[0].argmax(axis=1), dtype=np.int64)

    @property
    def accuracy(self) -> float:
        """Return the share of examples whose prediction is the true label.

        Raises:
            InputError: If there is no example, or there are no classes.
        """
        _check.not_empty(observations=self)
        logits, labels = self._classes()
        return float(np.mean(logits.argmax(axis=1) == labels))

    def _classes(self) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
        if self.logits is None or self.labels is None:
            raise InputError("observations of a model that does not predict classes have no logits")
        return self.logits, self.labels

    def take(self, positions: ArrayLike) -> "Observations":
        """Return the examples at ``positions``, in that order.

        Args:
            positions: Integer positions, or a mask of booleans of shape (n,).

        Returns:
            New observations with the same shots.

        Raises:
            InputError: If a position lies outside ``0 … n - 1`` or the mask has another length.
        """
        chosen = as_positions(positions, len(self))
        present = self.arrays()
        return Observations(
            **{name: array[chosen] for name, array in present.items()}, shots=self.shots
        )

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays that are not None by name, each with one entry per example."""
        named = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: a for name, a in named.items() if name != "shots" and a is not None}

    def save(self, path: Path | str) -> None:
        """Write the observations to exactly ``path`` as a compressed npz archive.

        Raises:
            InputError: If it cannot be written; the error is also an OSError.
        """
        present = self.arrays()
        if self.shots is not None:
            present["shots"] = np.asarray(self.shots)
        write_file(path, arrays_to_bytes({**present, _COUNT: np.asarray(len(present))}))

    @classmethod
    def load(cls, path: Path | str) -> "Observations":
        """Read observations written by `save`, without pickle.

        Args:
            path: File written by `save`.

        Returns:
            The stored observations.

        Raises:
            InputError: If the file cannot be read, is damaged, or does not contain observations.
        """
        stored = read_arrays(path, _WHAT)
        with reading(path, _WHAT):
            known = {field.name for field in fields(cls)}
            count = stored.pop(_COUNT, None)
            whole = {"logits", "labels"} <= set(stored) or "row_losses" in stored
            if not (whole and set(stored) <= known):
                got = ", ".join(sorted(stored)) or "none"
                raise InputError(f"arrays {got}, without logits and labels or row_losses")
            if count is None or _as_number(count) != len(stored):
                raise InputError(f"{len(stored)} arrays, not as many as were saved")
            shots = stored.pop("shots", None)
            return cls(**stored, shots=None if shots is None else _as_number(shots))


def _as_number(shots: NDArray[Any]) -> int:
    if shots.ndim or not np.issubdtype(shots.dtype, np.integer):
        raise InputError(
            f"shots must be a single integer, got {shots.dtype} of the shape {shots.shape}"
        )
    return int(shots)


def _set(observations: Observations, name: str, array: NDArray[Any]) -> None:
    array.setflags(write=False)
    object.__setattr__(observations, name, array)
