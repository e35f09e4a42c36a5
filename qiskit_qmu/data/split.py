"""Divides a dataset into what is to be forgotten, what is kept, and what no model trains on."""

from collections.abc import Collection
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Literal, final

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.duplicates import (
    Duplicate,
    duplicates_as_json,
    duplicates_in_words,
    find_duplicates,
)
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.ids import UntrainedId, ids_in_words, untrained_ids_in_words
from qiskit_qmu.data.named_requests import NamedRequests
from qiskit_qmu.data.resolution import Resolution, TrainedRows, resolve
from qiskit_qmu.data.rows import Rows, check_disjoint, joined_rows
from qiskit_qmu.data.sampling import draw_validation
from qiskit_qmu.data.table_columns import TableColumn


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ForgetSplit(NamedRequests):
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
    columns: tuple[TableColumn, ...] = field(default=(), repr=False)

    def __post_init__(self) -> None:
        if len(self.forget) == 0:
            raise InputError("no training row is to be forgotten; name at least one")
        check_disjoint(forget=self.forget, retain=self.retain, validation=self.validation)

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
        found, others = None, ds.train
        if request.way not in ("label", "fraction"):
            rows = TrainedRows(ds=ds, trained=ds.train, validation=ds.train.take([]))
            found = resolve(rows, request, seed=seed)
            others = ds.train.without(found.rows)
        validation = draw_validation(ds.train, others, validation_fraction, seed=seed)
        trained = ds.train.without(validation)
        if found is None:
            return cls.of_trained_rows(ds, request, trained, validation, seed=seed)
        return cls._of_found(ds, found, trained, validation)

    @classmethod
    def of_trained_rows(
        cls,
        ds: Dataset,
        request: ForgetRequest,
        trained: Rows,
        validation: Rows | None = None,
        *,
        seed: int = 0,
        forgotten_ids: Collection[str] = (),
    ) -> "ForgetSplit":
        """Return the split of the rows that a model was trained on before the request came.

        Other constructors draw validation rows for each request: for a model trained after it.

        Args:
            ds: The dataset.
            request: What to forget of them.
            trained: The rows, in the dataset's order; ``train`` of the split that the model was
                trained with, or ``retain`` after a request that it has answered.
            validation: Rows on which it was not trained; none where None.
            seed: Seed of the draw of a fraction.
            forgotten_ids: Ids of rows that the model has forgotten already, in the data or not.

        Raises:
            InputError: If the request is not possible.

        Example:
            >>> import qiskit_qmu as qmu
            >>> iris = qmu.load_dataset("iris")
            >>> held_out = iris.train.take(range(0, 105, 10))
            >>> trained = iris.train.without(held_out)
            >>> request = qmu.data.ForgetRequest(indices=(3, 14))
            >>> qmu.ForgetSplit.of_trained_rows(iris, request, trained, held_out).in_words()
            '2 of 94 training rows'
        """
        validation = ds.train.take([]) if validation is None else validation
        rows = TrainedRows(
            ds=ds, trained=trained, validation=validation, forgotten_ids=forgotten_ids
        )
        return cls._of_found(ds, resolve(rows, request, seed=seed), trained, validation)

    @classmethod
    def _of_found(
        cls,
        ds: Dataset,
        found: Resolution,
        trained: Rows,
        validation: Rows,
    ) -> "ForgetSplit":
        return cls.of_rows(
            ds,
            forget=found.rows,
            retain=trained.without(found.rows),
            validation=validation,
            label=found.label,
            skipped_ids=found.skipped,
        )

    @classmethod
    def of_rows(
        cls,
        ds: Dataset,
        *,
        forget: Rows,
        retain: Rows,
        validation: Rows,
        label: int | None,
        kind: Literal["class", "instances"] | None = None,
        skipped_ids: tuple[UntrainedId, ...] = (),
    ) -> "ForgetSplit":
        """Return a split of given training rows; those in no part stay out of it.

        Args:
            ds: The dataset.
            forget: Rows to forget.
            retain: Rows to retain.
            validation: Rows on which no model is trained.
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
                f"no training row would be retained: all {len(forget)} rows that are not held out "
                "would be forgotten"
            )
        counterpart = np.isin(ds.test.strata, np.unique(forget.strata))
        kind = kind or ("instances" if label is None else "class")
        return cls(
            kind=kind,
            label=label,
            num_classes=ds.num_classes,
            forget=forget,
            retain=retain,
            validation=validation,
            test_forget=ds.test.take(np.flatnonzero(counterpart)),
            test_retain=ds.test
            if kind == "instances"
            else ds.test.take(np.flatnonzero(~counterpart)),
            class_names=ds.class_names,
            skipped_ids=skipped_ids,
            columns=ds.columns,
        )

    @property
    def train(self) -> Rows:
        """What the original model is trained on: forget and retain, in the dataset's order."""
        return joined_rows(self.forget, self.retain).in_order()

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

        Of more than a few ids their digest stands for them, see `ids_in_words`.

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
        return count if self.forget.ids is None else count + ids_in_words(self.forget.ids)

    def to_dict(self) -> dict[str, Any]:
        """Return kind, numbers of rows of all five parts, their digests and notes, as JSON values.

        Positions are left out: request, dataset and seed give them again, and digests prove it.
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
