"""Which training rows a request to forget stands for: the one place where they are looked up."""

import difflib
from collections import Counter
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.column_values import ColumnValues
from qiskit_qmu.data.condition import read_condition
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.duplicates import with_duplicates
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.ids import KnownIds, UntrainedId, sort_ids, untrained_ids_in_words
from qiskit_qmu.data.row_record import listed
from qiskit_qmu.data.rows import Rows
from qiskit_qmu.data.sampling import rows_of_share


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Resolution:
    """What a request stands for.

    Attributes:
        rows: The training rows to forget, in the dataset's order, each once.
        label: Number of the class to forget; None for single rows.
        skipped: Ids that the request names and that are left out, with the reason.
    """

    rows: Rows
    label: int | None = None
    skipped: tuple[UntrainedId, ...] = ()


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class TrainedRows:
    """The rows that a request is about.

    Attributes:
        ds: The dataset.
        trained: The training rows that a model trains on, or still knows, in the dataset's order.
        validation: Those held out; what is neither has been forgotten before.
        forgotten_ids: Ids of rows that were forgotten before, if still in the data or not.
    """

    ds: Dataset
    trained: Rows
    validation: Rows
    forgotten_ids: Collection[str] = ()


def resolve(rows: TrainedRows, request: ForgetRequest, *, seed: int) -> Resolution:
    """Find the rows that a request stands for.

    Args:
        rows: Where to look.
        request: What to forget.
        seed: Seed of the draw of a fraction.

    Raises:
        InputError: If the request names what the model is not trained on, no row or all rows.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import ForgetRequest
        >>> from qiskit_qmu.data.resolution import TrainedRows, resolve
        >>> iris = qmu.load_dataset("iris")
        >>> rows = TrainedRows(ds=iris, trained=iris.train, validation=iris.train.take([]))
        >>> request = ForgetRequest(where="`petal width (cm)` > 2.4")
        >>> resolve(rows, request, seed=0).rows.x[:, 3]
        array([2.5, 2.5, 2.5], dtype=float32)
    """
    resolution = _LOOKUPS[request.way](rows, request, seed)
    if not request.duplicates:
        return resolution
    chosen = with_duplicates(resolution.rows, rows.trained)
    return Resolution(rows=chosen, skipped=resolution.skipped)


def class_number(ds: Dataset, label: int | str) -> int:
    """Return the number of a class that is given by name, by the caller's own label, or by number.

    Raises:
        InputError: If the dataset has no classes, or none of that name.

    Example:
        >>> from qiskit_qmu.data import dataset_from_arrays
        >>> from qiskit_qmu.data.resolution import class_number
        >>> x = [[0.0], [1.0]]
        >>> ds = dataset_from_arrays(x, ["ham", "spam"], x, ["ham", "spam"])
        >>> class_number(ds, "spam"), class_number(ds, 1)
        (1, 1)
    """
    if ds.num_classes is None:
        raise InputError(
            f"{ds.name} has a regression target and no class to forget; forget rows by "
            "ForgetSplit.by_fraction, by_indices, by_ids or by_condition"
        )
    return number_of_class(ds.class_names or tuple(map(str, range(ds.num_classes))), label)


def number_of_class(names: Sequence[str], label: int | str) -> int:
    """Return the number of a class among the names of all, given by name or by number.

    Raises:
        InputError: If none is called so.

    Example:
        >>> from qiskit_qmu.data.resolution import number_of_class
        >>> number_of_class(("ham", "spam"), "spam"), number_of_class(("ham", "spam"), 0)
        (1, 0)
    """
    if str(label) in names:
        return names.index(str(label))
    if isinstance(label, int) and not any(map(_is_number, names)):
        if not 0 <= label < len(names):
            raise InputError(
                f"label must be one of {', '.join(map(str, range(len(names))))}; got {label} "
                f"(the classes are {', '.join(names)})"
            )
        return label
    _check.one_of(tuple(names), label=label)
    raise AssertionError  # pragma: no cover


def _is_number(name: str) -> bool:
    return name.lstrip("-").isdecimal()


def _class(rows: TrainedRows, request: ForgetRequest, _seed: int) -> Resolution:
    assert request.label is not None
    number = class_number(rows.ds, request.label)
    labels = rows.trained.y
    if number not in labels:
        left = np.unique(labels).tolist()
        names = rows.ds.class_names
        known = left if names is None or request.label == number else [names[i] for i in left]
        _check.one_of(known, label=request.label)
    return Resolution(rows=rows.trained.where(labels == number), label=number)


def _fraction(rows: TrainedRows, request: ForgetRequest, seed: int) -> Resolution:
    assert request.fraction is not None
    size = rows_of_share("fraction", request.fraction, len(rows.trained))
    drawn = stream(seed, "forget").choice(len(rows.trained), size=size, replace=False)
    return Resolution(rows=rows.trained.take(np.sort(drawn)))


def _indices(rows: TrainedRows, request: ForgetRequest, _seed: int) -> Resolution:
    assert request.indices is not None
    unknown = sorted(set(request.indices) - set(rows.trained.indices.tolist()))
    if unknown:
        raise InputError(
            "indices must be positions of rows that the model is trained on, from 0 to "
            f"{rows.ds.train.indices[-1]}; got {unknown[0]}"
        )
    return Resolution(rows=rows.trained.at(request.indices))


def _ids(rows: TrainedRows, request: ForgetRequest, _seed: int) -> Resolution:
    ds = rows.ds
    if ds.ids_train is None:
        raise InputError(
            f"{ds.name} has no ids: name the column that holds them when its rows are read "
            "(id_column), or forget rows by their positions"
        )
    known = KnownIds(
        trained=_ids_of(rows.trained.ids),
        validation=_ids_of(rows.validation.ids),
        forgotten=[*rows.forgotten_ids, *_ids_of(ds.ids_train)],
        test=_ids_of(ds.ids_test),
    )
    found, untrained = sort_ids(request.ids or (), known)
    check_ids_found(request, found, untrained)
    chosen = rows.trained.where(np.isin(known.trained, list(found)))
    _leave_some("ids", chosen, rows.trained)
    return Resolution(rows=chosen, skipped=untrained)


def _ids_of(ids: NDArray[np.str_] | None) -> list[str]:
    return [] if ids is None else ids.tolist()


def check_ids_found(
    request: ForgetRequest, found: Collection[str], untrained: Sequence[UntrainedId]
) -> None:
    """Raise InputError if ids cannot be forgotten and are not to be skipped, or none is left."""
    if untrained and not request.skip_untrained_ids:
        if all(each.reason == "repeated" for each in untrained):
            raise InputError(
                f"{len(untrained)} of {len(Counter(request.ids or ()))} ids "
                f"{'is' if len(untrained) == 1 else 'are'} {untrained_ids_in_words(untrained)}. "
                "Nothing was changed; skip_untrained_ids takes each once"
            )
        raise InputError(
            f"{len(untrained)} of {len(Counter(request.ids or ()))} ids cannot be forgotten as "
            f"given: {untrained_ids_in_words(untrained)}. Nothing was changed; skip_untrained_ids "
            "continues without them"
        )
    if not found:
        raise InputError(
            f"ids must name at least one row that the model is trained on: "
            f"{untrained_ids_in_words(untrained)}"
        )


def _mask(rows: TrainedRows, request: ForgetRequest, _seed: int) -> Resolution:
    mask = np.asarray(request.mask, dtype=bool)
    if len(mask) != len(rows.ds.y_train):
        raise InputError(
            f"mask must have one value for each of {len(rows.ds.y_train)} training rows, got "
            f"{len(mask)}"
        )
    chosen = rows.ds.train.where(mask)
    unknown = chosen.without(rows.trained)
    if len(unknown):
        raise InputError(
            "mask must select rows that the model is trained on, got training row "
            f"{unknown.indices[0]}"
        )
    _leave_some("mask", chosen, rows.trained)
    return Resolution(rows=chosen)


def _where(rows: TrainedRows, request: ForgetRequest, _seed: int) -> Resolution:
    assert request.where is not None
    met = read_condition(request.where)(lambda name: _column(rows.ds, name))
    chosen = rows.trained.within(rows.ds.train.where(met))
    if not len(chosen):
        raise InputError(
            f"where must select at least one of {len(rows.trained)} rows that the model is trained "
            f"on, and none meets {request.where!r}"
        )
    _leave_some("where", chosen, rows.trained)
    return Resolution(rows=chosen)


def _owner(rows: TrainedRows, request: ForgetRequest, _seed: int) -> Resolution:
    assert request.owner is not None
    name, value = request.owner
    column = _column(rows.ds, name, "owner")
    met = column.compared("Eq", column.read(value)) & ~column.missing
    chosen = rows.trained.within(rows.ds.train.where(met))
    if not len(chosen):
        own = np.isin(rows.ds.train.indices, rows.trained.indices)
        known = np.unique(column.values[own & ~column.missing])
        raise InputError(
            f"none of {len(rows.trained)} rows that the model is trained on belongs to "
            f"{name}={value}; owners are {listed([str(each) for each in known])}"
        )
    _leave_some("owner", chosen, rows.trained)
    return Resolution(rows=chosen)


def _leave_some(way: str, chosen: Rows, trained: Rows) -> None:
    if len(chosen) == len(trained):
        raise InputError(
            f"{way} must leave rows to retain, and all {len(trained)} rows that the model is "
            "trained on would be forgotten"
        )


def _column(ds: Dataset, name: str, way: str = "where") -> ColumnValues:
    if name not in ds.column_names:
        near = difflib.get_close_matches(name, ds.column_names, n=1)
        known = f"columns are {listed(ds.column_names)}" if ds.column_names else "it has no names"
        hint = f"did you mean {near[0]}?" if near else known
        raise InputError(f"{way} names {name}, which is not a column of {ds.name}; {hint}")
    values = ds.column(name)
    kind = next((column.kind for column in ds.columns if column.name == name), None)
    if kind == "date":
        missing = np.isnan(values)
        days = np.where(missing, 0, values).astype(np.float64)
        dates = (days * 86_400).round().astype("datetime64[s]")
        return ColumnValues(name, "dates", dates, missing)
    if kind == "boolean":
        return ColumnValues(name, "truth values", values == 1, np.isnan(values))
    if values.dtype.kind == "U":
        return ColumnValues(name, "text", values, values == "")
    return ColumnValues.of(name, values)


_LOOKUPS: dict[str, Callable[[TrainedRows, ForgetRequest, int], Resolution]] = {
    "label": _class,
    "fraction": _fraction,
    "indices": _indices,
    "ids": _ids,
    "mask": _mask,
    "where": _where,
    "owner": _owner,
}
"""How the rows of each kind of request are found."""
