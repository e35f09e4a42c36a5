"""Divides a dataset into what is to be forgotten, what is kept, and what no model trains on."""

import hashlib
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.data.columns import Column
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.duplicates import (
    Duplicate,
    duplicates_as_json,
    duplicates_in_words,
    find_duplicates,
)
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.ids import UntrainedId, untrained_ids_in_words
from qiskit_qmu.data.resolution import TrainedRows, resolve
from qiskit_qmu.data.rows import Rows, as_integers, joined_rows
from qiskit_qmu.data.sampling import draw_validation

_FEW_IDS = 8


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
        retain: Training rows to keep; the oracle is trained on these alone. Empty only where there
            is nothing to train: in an audit of recorded outputs.
        validation: Training rows held out first, on which no model is trained: for choosing
            hyperparameters without touching the test rows. Empty unless asked for.
        test_forget: Never-seen counterparts of the forgotten rows: test rows of the forgotten
            class, or of the classes that occur among the withdrawn rows; all test rows where there
            are no classes. Empty if the test rows hold none.
        test_retain: Class: the other test rows. Instances: all test rows, since nothing about the
            task is forgotten; it then overlaps ``test_forget``.
        class_names: What the classes are called, by number; None where they have numbers only.
        skipped_ids: Ids that the request named and that are not forgotten, with the reason.
        columns: Columns of the table that the rows come from; empty where there is none.

    Raises:
        InputError: If nothing is forgotten, or two training parts share a row.

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
    class_names: tuple[str, ...] | None = None
    skipped_ids: tuple[UntrainedId, ...] = ()
    columns: tuple[Column, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if len(self.forget) == 0:
            raise InputError("at least one training row must be forgotten, got none")
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
                that the request names by its position, id, mask or condition.
            seed: Seed of both draws, zero or more.

        Returns:
            A split of kind "class", or else "instances".

        Raises:
            InputError: If the class or a row is not among the training rows, nothing would be left
                to forget or to retain, or a fraction is out of range or rounds to no row.
        """
        everything = np.arange(len(ds.y_train))
        named = everything[:0]
        if request.way not in ("label", "fraction"):
            rows = TrainedRows(ds=ds, trained=everything, validation=named)
            named = resolve(rows, request, seed=seed).positions
        validation = draw_validation(
            ds.train.strata, np.setdiff1d(everything, named), validation_fraction, seed=seed
        )
        trained = np.setdiff1d(everything, validation)
        return split_trained_rows(ds, request, trained, np.sort(validation), seed=seed)

    @classmethod
    def by_class(
        cls, ds: Dataset, label: int | str, *, validation_fraction: float = 0.0, seed: int = 0
    ) -> "ForgetSplit":
        """Forget all training rows of one class.

        Args:
            ds: The dataset.
            label: The class, one of the training labels: its name, the label that the caller's own
                rows gave it, or its number.
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

    @classmethod
    def by_ids(
        cls,
        ds: Dataset,
        ids: Iterable[str | int],
        *,
        skip_untrained_ids: bool = False,
        duplicates: bool = False,
        validation_fraction: float = 0.0,
        seed: int = 0,
    ) -> "ForgetSplit":
        """Forget the training rows with these identifiers.

        Args:
            ds: The dataset, with ``ids_train``.
            ids: Identifiers as texts; whole numbers are taken as the text that they print.
            skip_untrained_ids: Go on without ids of rows that no model is trained on.
            duplicates: Also forget the other training rows with the same features.
            validation_fraction: Share of the training rows to hold out, from 0 to below 1, drawn at
                random with the class shares kept, never from the forgotten rows.
            seed: Seed of that draw, zero or more.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If the dataset has no ids; an id is unknown, that of a test row, or given
                twice (each is named with its reason); or nothing would be left to retain.
        """
        request = ForgetRequest(
            ids=ids,  # type: ignore[arg-type]  # (as its check makes them)
            skip_untrained_ids=skip_untrained_ids,
            duplicates=duplicates,
        )
        return cls.of(ds, request, validation_fraction=validation_fraction, seed=seed)

    @classmethod
    def by_mask(
        cls,
        ds: Dataset,
        mask: ArrayLike,
        *,
        duplicates: bool = False,
        validation_fraction: float = 0.0,
        seed: int = 0,
    ) -> "ForgetSplit":
        """Forget the training rows for which a mask is True.

        Args:
            ds: The dataset.
            mask: Booleans, one for each training row, shape (n,).
            duplicates: Also forget the other training rows with the same features.
            validation_fraction: Share of the training rows to hold out, from 0 to below 1, drawn at
                random with the class shares kept, never from the forgotten rows.
            seed: Seed of that draw, zero or more.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If the mask is of another length or dtype, or selects no row or all rows.
        """
        request = ForgetRequest(mask=mask, duplicates=duplicates)  # type: ignore[arg-type]
        return cls.of(ds, request, validation_fraction=validation_fraction, seed=seed)

    @classmethod
    def by_condition(
        cls,
        ds: Dataset,
        condition: str,
        *,
        duplicates: bool = False,
        validation_fraction: float = 0.0,
        seed: int = 0,
    ) -> "ForgetSplit":
        """Forget the training rows that meet a condition on their columns.

        Args:
            ds: The dataset; ``ds.column_names`` are the names that the condition may use.
            condition: For example ``"region == 'EU' and age >= 40"``.
            duplicates: Also forget the other training rows with the same features.
            validation_fraction: Share of the training rows to hold out, from 0 to below 1, drawn at
                random with the class shares kept, never from the forgotten rows.
            seed: Seed of that draw, zero or more.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If the condition cannot be read, names an unknown column, or is met by no
                training row or by all.
        """
        request = ForgetRequest(where=condition, duplicates=duplicates)
        return cls.of(ds, request, validation_fraction=validation_fraction, seed=seed)

    @classmethod
    def by_owner(
        cls,
        ds: Dataset,
        column: str,
        value: str,
        *,
        validation_fraction: float = 0.0,
        seed: int = 0,
    ) -> "ForgetSplit":
        """Forget all training rows of one of several data owners.

        Args:
            ds: The dataset; ``ds.column_names`` are the names that the column may have.
            column: Column that says whose row it is; it need not be a feature.
            value: The owner.
            validation_fraction: Share of the training rows to hold out, from 0 to below 1, drawn at
                random with the class shares kept, never from the forgotten rows.
            seed: Seed of that draw, zero or more.

        Returns:
            A split of kind "instances"; its oracle is trained on the rows of the other owners.

        Raises:
            InputError: If there is no such column, or it owns none or all of the training rows.

        Example:
            >>> import qiskit_qmu as qmu
            >>> iris = qmu.load_dataset("iris")
            >>> split = qmu.ForgetSplit.by_owner(iris, "petal width (cm)", "2.5")
            >>> split.forget.x[:, 3]
            array([2.5, 2.5, 2.5], dtype=float32)
        """
        request = ForgetRequest(owner=(column, str(value)))
        return cls.of(ds, request, validation_fraction=validation_fraction, seed=seed)

    @property
    def train(self) -> Rows:
        """What the original model is trained on: forget and retain, in the dataset's order."""
        rows = joined_rows(self.forget, self.retain)
        return rows.take(np.argsort(rows.indices))

    @cached_property
    def duplicates(self) -> tuple[Duplicate, ...]:
        """Rows that have the features of a forgotten one, among those that are not forgotten.

        A retained one undoes the deletion; a test row is not the never-seen row that an audit takes
        it for.
        """
        test = self.test_retain  # (of single rows: all test rows)
        if self.kind == "class":
            test = joined_rows(self.test_forget, test)
        return find_duplicates(
            self.forget, retain=self.retain, validation=self.validation, test=test
        )

    @property
    def notes(self) -> tuple[str, ...]:
        """What a reader of results must know of the rows, one line each.

        Example:
            >>> import qiskit_qmu as qmu
            >>> x = [[0.0], [1.0], [0.0]]
            >>> ds = qmu.dataset_from_arrays(x, [0, 1, 0], x[:2], [0, 1])
            >>> qmu.ForgetSplit.by_indices(ds, [0]).notes[0]
            '1 retained row equals a forgotten one and undoes its deletion: 2 (as 0)'
        """
        left_out = untrained_ids_in_words(self.skipped_ids)
        notes = (f"ids left out: {left_out}",) if left_out else ()
        return (*notes, *duplicates_in_words(self.duplicates))

    def in_words(self) -> str:
        """Say what is forgotten: how many rows, of which class, or which ids.

        Of more than a few ids the SHA-256 of the sorted ids, one a line, stands for them.

        Example:
            >>> import qiskit_qmu as qmu
            >>> qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1).in_words()
            'class versicolor (35 of 105 training rows)'
        """
        count = f"{len(self.forget)} of {len(self.forget) + len(self.retain)} training rows"
        if self.kind == "class":
            numbers = np.unique(self.forget.y).tolist()
            names = [str(n) if self.class_names is None else self.class_names[n] for n in numbers]
            word = "class" if len(names) == 1 else "classes"
            return f"{word} {' and '.join(names)} ({count})"
        if self.forget.ids is None:
            return count
        ids = sorted(self.forget.ids.tolist())
        if len(ids) <= _FEW_IDS:
            return f"{count}: {', '.join(ids)}"
        digest = hashlib.sha256("\n".join(ids).encode()).hexdigest()
        return f"{count}, ids with SHA-256 {digest[:16]}"

    def to_dict(self) -> dict[str, Any]:
        """Return kind, numbers of rows of all five parts, their digests and notes, for records.

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
            "forgotten": self.in_words(),
            "class_names": None if self.class_names is None else list(self.class_names),
            "rows": {name: len(part) for name, part in parts.items()},
            "digests": {name: part.digest() for name, part in parts.items()},
            "forgotten_ids": None if self.forget.ids is None else self.forget.ids.tolist(),
            "skipped_ids": [each._asdict() for each in self.skipped_ids],
            "duplicates": duplicates_as_json(self.duplicates),
            "notes": list(self.notes),
        }


def split_trained_rows(
    ds: Dataset,
    request: ForgetRequest,
    trained: NDArray[np.int64],
    validation: NDArray[np.int64],
    *,
    seed: int,
    forgotten_ids: Collection[str] = (),
) -> ForgetSplit:
    """Return the split of the rows that a model trains on, or was trained on.

    Args:
        ds: The dataset.
        request: What to forget of them.
        trained: Positions of the rows, in ascending order.
        validation: Positions on which no model is trained.
        seed: Seed of the draw of a fraction.
        forgotten_ids: Ids of rows that the model was made to forget, if still in the data or not.

    Raises:
        InputError: If the request is not possible, or nothing would be retained.
    """
    rows = TrainedRows(ds=ds, trained=trained, validation=validation, forgotten_ids=forgotten_ids)
    resolution = resolve(rows, request, seed=seed)
    return split_by_positions(
        ds,
        forget=resolution.positions,
        retain=np.setdiff1d(trained, resolution.positions),
        validation=validation,
        label=resolution.label,
        skipped_ids=resolution.skipped,
    )


def split_by_positions(
    ds: Dataset,
    *,
    forget: NDArray[np.int64],
    retain: NDArray[np.int64],
    validation: NDArray[np.int64],
    label: int | None,
    kind: Literal["class", "instances"] | None = None,
    skipped_ids: tuple[UntrainedId, ...] = (),
) -> ForgetSplit:
    """Return a split of given training rows; those in no part stay out of it.

    Args:
        ds: The dataset.
        forget: Positions to forget.
        retain: Positions to retain.
        validation: Positions on which no model is trained.
        label: The forgotten class; None for single rows, or for several classes.
        kind: What is forgotten; with a label a class, and else single rows, where None.
        skipped_ids: Ids that were to be forgotten and are not, with the reason.

    Returns:
        The split, with the never-seen counterparts of the forgotten rows.

    Raises:
        InputError: If nothing is forgotten or retained, or two parts share a row.
    """
    if len(forget) and not len(retain):
        raise InputError(
            f"at least one training row must be retained, got none: all {len(forget)} "
            "rows that are not held out would be forgotten"
        )
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
        class_names=ds.class_names,
        skipped_ids=skipped_ids,
        columns=ds.columns,
    )
