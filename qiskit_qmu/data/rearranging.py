"""rearranged: a dataset of some of another one's rows, in another order and other parts."""

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.data.dataset import Dataset


def rearranged(ds: Dataset, train: NDArray[np.int64], test: NDArray[np.int64]) -> Dataset:
    """Return a dataset of some of another one's rows.

    Args:
        ds: The other one.
        train: Which rows to train on, shape (n,): positions among its training rows and, counted on
            from there, its test rows.
        test: Which rows to test on, likewise.
    """
    size = len(ds.y_train)
    sources = np.concatenate([ds.train_indices, ds.test_indices])
    one_source = ds.train_source == ds.test_source or (
        bool((train < size).all()) and bool((test >= size).all())
    )
    fields: dict[str, Any] = {}
    for part, rows in (("train", train), ("test", test)):
        fields[f"x_{part}"] = _gathered(ds.x_train, ds.x_test, rows)
        fields[f"y_{part}"] = _gathered(ds.y_train, ds.y_test, rows)
        fields[f"{part}_indices"] = sources[rows] if one_source else rows
        if ds.ids_train is not None and ds.ids_test is not None:
            fields[f"ids_{part}"] = _gathered(ds.ids_train, ds.ids_test, rows)
    if not (train < size).all():
        # Test rows do not say what columns hold that are no features.
        fields["columns"] = tuple(own for own in ds.columns if own.features is not None)
    else:
        fields["columns"] = tuple(
            own if own.values is None else replace(own, values=own.values[train])
            for own in ds.columns
        )
    if not one_source:
        fields |= {"train_source": "all", "test_source": "all"}
    return replace(ds, **fields)


def _gathered(first: NDArray[Any], second: NDArray[Any], places: NDArray[np.int64]) -> NDArray[Any]:
    """Return rows of two arrays, counted through both, without putting the arrays together."""
    result = np.empty((len(places), *first.shape[1:]), dtype=np.result_type(first, second))
    own = places < len(first)
    result[own] = first[places[own]]
    result[~own] = second[places[~own] - len(first)]
    return result
