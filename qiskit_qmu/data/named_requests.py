"""NamedRequests: a constructor of `ForgetSplit` for each way of saying which rows to forget."""

from abc import ABC, abstractmethod
from collections.abc import Iterable
from typing import Self, TypedDict, Unpack

from numpy.typing import ArrayLike

from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.rows import as_integers


class SplitOptions(TypedDict, total=False):
    """Options of every constructor of a `ForgetSplit`.

    Attributes:
        validation_fraction: Share of the training rows to hold out first, from 0 (the default) to
            below 1, drawn at random with the class shares kept; never a row that is forgotten by
            its position, id, mask, condition or owner, and never the only row of a class.
        seed: Seed of all draws, zero or more; 0 by default.
    """

    validation_fraction: float
    seed: int


class NamedRequests(ABC):
    """Constructors by class, share, positions, ids, mask, condition or owner.

    They raise InputError if no row is named, one is not among the training rows, nothing would be
    left to retain, or an option is out of range.
    """

    @classmethod
    @abstractmethod
    def of(
        cls, ds: Dataset, request: ForgetRequest, *, validation_fraction: float = 0.0, seed: int = 0
    ) -> Self:
        """Forget what a request asks for."""

    @classmethod
    def by_class(cls, ds: Dataset, label: int | str, **options: Unpack[SplitOptions]) -> Self:
        """Forget all training rows of one class.

        Args:
            ds: The dataset.
            label: The class, one of the training labels: its name, the label that the caller's own
                rows gave it, or its number.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`; rows of the class
                are held out too.

        Returns:
            A split of kind "class".

        Raises:
            InputError: If there are no classes, or the label is not among the training labels.
        """
        return cls.of(ds, ForgetRequest(label=label), **options)

    @classmethod
    def by_fraction(cls, ds: Dataset, fraction: float, **options: Unpack[SplitOptions]) -> Self:
        """Forget training rows drawn uniformly at random, without regard to their class.

        Args:
            ds: The dataset.
            fraction: Share to forget of the rows that are left after validation, between 0 and 1,
                both excluded; rounded to the nearest number of rows.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If a fraction is out of range or rounds to no row or to all rows.
        """
        return cls.of(ds, ForgetRequest(fraction=fraction), **options)

    @classmethod
    def by_indices(cls, ds: Dataset, indices: ArrayLike, **options: Unpack[SplitOptions]) -> Self:
        """Forget exactly the training rows whose positions are given.

        Args:
            ds: The dataset.
            indices: Positions in ``ds.x_train``, shape (m,), integers, each once, in any order.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If indices are missing, repeated, not integers, not among the training rows
                or all of them.
        """
        request = ForgetRequest(indices=tuple(as_integers("indices", indices).tolist()))
        return cls.of(ds, request, **options)

    @classmethod
    def by_ids(
        cls,
        ds: Dataset,
        ids: Iterable[str | int],
        *,
        skip_untrained_ids: bool = False,
        duplicates: bool = False,
        **options: Unpack[SplitOptions],
    ) -> Self:
        """Forget the training rows with these identifiers.

        Args:
            ds: The dataset, with ``ids_train``.
            ids: Identifiers as texts; whole numbers are taken as the text that they print.
            skip_untrained_ids: Go on without ids of rows that no model is trained on.
            duplicates: Also forget the other training rows with the same features.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`.

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
        return cls.of(ds, request, **options)

    @classmethod
    def by_mask(
        cls,
        ds: Dataset,
        mask: ArrayLike,
        *,
        duplicates: bool = False,
        **options: Unpack[SplitOptions],
    ) -> Self:
        """Forget the training rows for which a mask is True.

        Args:
            ds: The dataset.
            mask: Booleans, one for each training row, shape (n,).
            duplicates: Also forget the other training rows with the same features.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If the mask is of another length or dtype, or selects no row or all rows.
        """
        request = ForgetRequest(mask=mask, duplicates=duplicates)  # type: ignore[arg-type]
        return cls.of(ds, request, **options)

    @classmethod
    def by_condition(
        cls,
        ds: Dataset,
        condition: str,
        *,
        duplicates: bool = False,
        **options: Unpack[SplitOptions],
    ) -> Self:
        """Forget the training rows that meet a condition on their columns.

        Args:
            ds: The dataset; ``ds.column_names`` are the names that the condition may use.
            condition: For example ``"region == 'EU' and age >= 40"``.
            duplicates: Also forget the other training rows with the same features.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`.

        Returns:
            A split of kind "instances".

        Raises:
            InputError: If the condition cannot be read, names an unknown column, or is met by no
                training row or by all.
        """
        request = ForgetRequest(where=condition, duplicates=duplicates)
        return cls.of(ds, request, **options)

    @classmethod
    def by_owner(
        cls, ds: Dataset, column: str, value: str, **options: Unpack[SplitOptions]
    ) -> Self:
        """Forget all training rows of one of several data owners.

        Args:
            ds: The dataset; ``ds.column_names`` are the names that the column may have.
            column: Column that says whose row it is; it need not be a feature.
            value: The owner.
            **options: ``validation_fraction`` and ``seed``, see `SplitOptions`.

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
        return cls.of(ds, ForgetRequest(owner=(column, str(value))), **options)
