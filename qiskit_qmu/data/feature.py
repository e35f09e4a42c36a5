"""Forgetting a feature: the same rows with one column held constant."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.sampling import draw_validation
from qiskit_qmu.data.split import ForgetSplit


def features_of(ds: Dataset, name: str) -> NDArray[np.int64]:
    """Return the positions of the features that stand for a column: one, or one for each category.

    Raises:
        InputError: If no feature has that name.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data.feature import features_of
        >>> features_of(qmu.load_dataset("iris"), "petal width (cm)").tolist()
        [3]
    """
    spans = {column.name: column.features for column in ds.columns if column.features is not None}
    if not spans:
        names = ds.feature_names or ()
        spans = {own: (place, place + 1) for place, own in enumerate(names)}
    if not spans:
        raise InputError(f"{ds.name} has no named features, of which one could be forgotten")
    _check.one_of(tuple(spans), feature=name)
    return np.arange(*spans[name])


def without_feature(ds: Dataset, name: str) -> Dataset:
    """Return a dataset in which a column says nothing: it is the training rows' mean everywhere.

    Of a category, each of its features is the share of the training rows that hold it. A number
    that is missing is filled in too.

    Args:
        ds: Rows of named features.
        name: The column.

    Raises:
        InputError: If no feature has that name, or only missing values.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import without_feature
        >>> without = without_feature(qmu.load_dataset("iris"), "petal width (cm)")
        >>> without.x_train[:2, 3], without.x_test[0, 3]
        (array([1.1885715, 1.1885715], dtype=float32), np.float32(1.1885715))
    """
    places = features_of(ds, name)
    known = ds.x_train[:, places]
    if np.isnan(known).all(axis=0).any():
        raise InputError(f"{name} has only missing values in the training rows")
    mean = np.nanmean(known.astype(np.float64), axis=0).astype(np.float32)
    parts = {}
    for part in ("x_train", "x_test"):
        x = getattr(ds, part).copy()
        x[:, places] = mean
        parts[part] = x
    return replace(ds, **parts)


def feature_split(
    ds: Dataset, name: str, *, validation_fraction: float = 0.0, seed: int = 0
) -> ForgetSplit:
    """Return the split for forgetting a feature: rows with it are forgotten, without it retained.

    The training rows as they are, on which the original is trained, are ``forget``; the same rows
    from `without_feature` are ``retain``, on which the oracle is trained. A strategy thus replaces
    rows by rows: Warnecke et al., Machine Unlearning of Features and Labels, 2023,
    https://arxiv.org/abs/2108.11577. Positions in ``retain`` are counted on from the last of the
    dataset's, since each is also in ``forget``. Tests of membership say nothing here: all rows
    remain, and only their column is withdrawn.

    Args:
        ds: Rows of named features.
        name: The column to forget.
        validation_fraction: Share of the rows held out, from 0 to below 1; without the feature.
        seed: Seed of that draw.

    Raises:
        InputError: If no feature has that name, or the fraction is out of range.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import feature_split
        >>> split = feature_split(qmu.load_dataset("iris"), "petal width (cm)")
        >>> split.forget.x[0, 2:], split.retain.x[0, 2:]
        (array([1.5, 0.3], dtype=float32), array([1.5      , 1.1885715], dtype=float32))
    """
    without, count = without_feature(ds, name), len(ds.y_train)
    held_out = draw_validation(ds.train, ds.train, validation_fraction, seed=seed)
    trained = ds.train.without(held_out)
    retain = without.train.within(trained)
    return ForgetSplit(
        kind="instances",
        label=None,
        num_classes=ds.num_classes,
        forget=trained,
        retain=replace(retain, indices=retain.indices + count, ids=None),
        validation=without.train.within(held_out),
        test_forget=ds.test,
        test_retain=without.test,
        class_names=ds.class_names,
        columns=ds.columns,
    )
