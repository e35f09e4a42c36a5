"""Divides a dataset into what is to be forgotten, what is kept, and what no model trains on."""

from dataclasses import dataclass
from typing import Any, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.datasets import Dataset
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.rows import Rows, as_integers
from qiskit_qmu.data.sampling import draw_validation, rows_of_share


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ForgetSplit:
    """The rows of one unlearning task; make it by ``of`` or a ``by_…`` constructor.

    Every training row of the dataset is in exactly one of ``forget``, ``retain`` and
    ``validation``. All rows keep the dataset's order, and their ``indices`` are positions in
    ``x_train`` (of the test rows: in ``x_test``).

    Args:
        kind: "class" if a whole class is forgotten, "instances" if single rows are withdrawn.
        label: The forgotten class; None for instances, and for several classes.
        num_classes: Number of the dataset's classes, the forgotten one included; None where it has
            values to predict.
        forget: Training rows to forget.
        retain: Training rows to keep; the oracle is trained on these alone.
        validation: Training rows held out first, on which no model is trained: for choosing
            hyperparameters without touching the test rows. Empty unless asked for.
        test_forget: Never-seen counterparts of the forgotten rows: test rows of the forgotten
            class, or of the classes that occur among the withdrawn rows; all test rows where there
            are no classes. Empty if the test rows hold none.
        test_retain: Class: the other test rows. Instances: all test rows, since nothing about the
            task is forgotten; it then overlaps ``test_forget``.

    Raises:
        InputError: If nothing is forgotten or retained, or two training parts share a row.

    Example:
        >>> from qiskit_qmu.data import ForgetSplit, dataset_from_arrays
        >>> x = [[0.0], [1.0], [2.0], [3.0]]
        >>> ds = dataset_from_arrays(x, [0, 1, 0, 1], x, [1, 1, 1, 0])
        >>> split = ForgetSplit.by_class(ds, label=1)
        >>> split.forget.indices, split.retain.indices
        (array([1, 3]), array([0, 2]))
        >>> split.test_forget.indices, split.test_retain.indices
        (array([0, 1, 2]), array([3]))
    """

    kind: Literal["class", "instances"]
    label: int | None
    num_classes: int | None
    forget: Rows
    retain: Rows
    validation: Rows
    test_forget: Rows
    test_retain: Rows

    def __post_init__(self) -> None:
        if len(self.forget) == 0:
            raise InputError("at least one training row must be forgotten, got none")
        if len(self.retain) == 0:
            raise InputError(
                f"at least one training row must be retained, got none: all {len(self.forget)} "
                "rows that are not held out would be forgotten"
            )
        parts = (self.forget, self.retain, self.validation)
        positions, counts = np.unique(
            np.concatenate([part.indices for part in parts]), return_counts=True
        )
        if counts.max() > 1:
            raise InputError(
                "forget, retain and validation must not share rows, got training row "
                f"{positions[counts > 1][0]} more than once"
            )

    @classmethod
    def of(
        cls, ds: Dataset, request: ForgetRequest, *, validation_fraction: float = 0.0, seed: int = 0
    ) -> "ForgetSplit":
        """Forget what a request asks for.

        Args:
            ds: The dataset.
            request: A class, a share of the rows that are left after validation, or single rows.
            validation_fraction: Share of the training rows to hold out first, from 0 to below 1,
                drawn at random with the class shares kept; never the only row of a class, nor one
                that the request names by its position.
            seed: Seed of both draws, zero or more.

        Returns:
            A split of kind "class", or else "instances".

        Raises:
            InputError: If the class or a row is not among the training rows, nothing would be left
                to forget or to retain, or a fraction is out of range or rounds to no row.
        """
        everything = np.arange(len(ds.y_train))
        named = [] if request.indices is None else request.indices
        validation = draw_validation(
            ds.train.strata, np.setdiff1d(everything, named), validation_fraction, seed=seed
        )
        trained = np.setdiff1d(everything, validation)
        return split_trained_rows(ds, request, trained, np.sort(validation), seed=seed)

    @classmethod
    def by_class(
        cls, ds: Dataset, label: int, *, validation_fraction: float = 0.0, seed: int = 0
    ) -> "ForgetSplit":
        """Forget all training rows of one class.

        Args:
            ds: The dataset.
            label: The class, one of the training labels.
            validation_fraction: Share of the training rows to hold out, from 0 to below 1, drawn at
                random with the class shares kept; it holds rows of the forgotten class too, and
                never the only row of a class.
            seed: Seed of that draw, zero or more.

        Returns:
            A split of kind "class".

        Raises:
            InputError: If there are no classes, the label is not among the training labels, nothing
                would be left to forget or to retain, or the fraction is out of range or rounds to
                no row.
        """
        return cls.of(
            ds, ForgetRequest(label=label), validation_fraction=validation_fraction, seed=seed
        )

    @classmethod
    def by_fraction(
        cls, ds: Dataset, fraction: float, *, seed: int = 0, validation_fraction: float = 0.0
    ) -> "ForgetSplit":
        """Forget training rows drawn uniformly at random, without regard to their class.

        Args:
            ds: The dataset.
            fraction: Share to forget of the rows that are left after validation, between 0 and 1,
                both excluded; rounded to the nearest number of rows.
            seed: Seed of both draws, zero or more.
            validation_fraction: Share of the training rows to hold out first, from 0 to below 1,
                drawn at random with the class shares kept.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If a fraction is out of range or rounds to no row or to all rows.
        """
        request = ForgetRequest(fraction=fraction)
        return cls.of(ds, request, validation_fraction=validation_fraction, seed=seed)

    @classmethod
    def by_indices(
        cls, ds: Dataset, indices: ArrayLike, *, validation_fraction: float = 0.0, seed: int = 0
    ) -> "ForgetSplit":
        """Forget exactly the training rows whose positions are given.

        Args:
            ds: The dataset.
            indices: Positions in ``ds.x_train``, shape (m,), integers, each once, in any order.
            validation_fraction: Share of the training rows to hold out, from 0 to below 1, drawn at
                random with the class shares kept, never from the forgotten rows.
            seed: Seed of that draw, zero or more.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If indices are missing, repeated, not integers, not among the training rows
                or all of them, or the fraction is out of range or rounds to no row.
        """
        request = ForgetRequest(indices=tuple(as_integers("indices", indices).tolist()))
        return cls.of(ds, request, validation_fraction=validation_fraction, seed=seed)

    @property
    def train(self) -> Rows:
        """What the original model is trained on: forget and retain, in the dataset's order."""
        parts = (self.forget, self.retain)
        rows = Rows(
            x=np.concatenate([part.x for part in parts]),
            y=np.concatenate([part.y for part in parts]),
            indices=np.concatenate([part.indices for part in parts]),
        )
        return rows.take(np.argsort(rows.indices))

    def to_dict(self) -> dict[str, Any]:
        """Return kind, numbers of rows of all five parts and their digests, for records.

        Positions are left out: request, dataset and seed give them again, and digests prove it.

        Returns:
            A dictionary that JSON can hold.
        """
        names = ("forget", "retain", "validation", "test_forget", "test_retain")
        parts = {name: getattr(self, name) for name in names}
        return {
            "kind": self.kind,
            "label": self.label,
            "num_classes": self.num_classes,
            "rows": {name: len(part) for name, part in parts.items()},
            "digests": {name: part.digest() for name, part in parts.items()},
        }


def split_trained_rows(
    ds: Dataset,
    request: ForgetRequest,
    trained: NDArray[np.int64],
    validation: NDArray[np.int64],
    *,
    seed: int,
) -> ForgetSplit:
    """Return the split of the rows that a model trains on, or was trained on.

    Args:
        ds: The dataset.
        request: What to forget of them.
        trained: Positions of the rows, in ascending order.
        validation: Positions on which no model is trained.
        seed: Seed of the draw of a fraction.

    Raises:
        InputError: If the request is not possible, or nothing would be retained.
    """
    forget = _forgotten(ds, request, trained, seed)
    return split_by_positions(
        ds,
        forget=forget,
        retain=np.setdiff1d(trained, forget),
        validation=validation,
        label=None if request.label is None else int(request.label),
    )


def _forgotten(
    ds: Dataset, request: ForgetRequest, trained: NDArray[np.int64], seed: int
) -> NDArray[np.int64]:
    """Return the positions of the rows to forget, in ascending order."""
    if request.label is not None:
        if ds.num_classes is None:
            raise InputError(
                f"{ds.name} has values to predict, and no class to forget; forget rows by "
                "ForgetSplit.by_fraction or by_indices"
            )
        labels = ds.y_train[trained]
        _check.one_of(np.unique(labels).tolist(), label=request.label)
        return np.asarray(trained[labels == request.label])
    if request.fraction is not None:
        size = rows_of_share("fraction", request.fraction, len(trained))
        return np.sort(stream(seed, "forget").choice(trained, size=size, replace=False))
    indices = np.sort(np.asarray(request.indices, dtype=np.int64))
    unknown = np.setdiff1d(indices, trained)
    if unknown.size:
        raise InputError(
            "indices must be positions of rows that the model is trained on, from 0 to "
            f"{len(ds.y_train) - 1}; got {unknown[0]}"
        )
    return indices


def split_by_positions(
    ds: Dataset,
    *,
    forget: NDArray[np.int64],
    retain: NDArray[np.int64],
    validation: NDArray[np.int64],
    label: int | None,
    kind: Literal["class", "instances"] | None = None,
) -> ForgetSplit:
    """Return a split of given training rows; those in no part stay out of it.

    Args:
        ds: The dataset.
        forget: Positions to forget.
        retain: Positions to retain.
        validation: Positions on which no model is trained.
        label: The forgotten class; None for single rows, or for several classes.
        kind: What is forgotten; with a label a class, and else single rows, where None.

    Returns:
        The split, with the never-seen counterparts of the forgotten rows.

    Raises:
        InputError: If nothing is forgotten or retained, or two parts share a row.
    """
    counterpart = np.isin(ds.test.strata, np.unique(ds.train.take(forget).strata))
    kind = kind or ("instances" if label is None else "class")
    return ForgetSplit(
        kind=kind,
        label=label,
        num_classes=ds.num_classes,
        forget=ds.train.take(forget),
        retain=ds.train.take(retain),
        validation=ds.train.take(validation),
        test_forget=ds.test.take(np.flatnonzero(counterpart)),
        test_retain=ds.test if kind == "instances" else ds.test.take(np.flatnonzero(~counterpart)),
    )
