"""Draws rows at random so that every class keeps its share."""

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.rows import Rows

IntArray = NDArray[np.int64]


def class_quotas(counts: IntArray, size: int) -> IntArray:
    """Divide ``size`` rows among classes in proportion to their rows, by largest remainder.

    Each class gets the whole part of size · count / total; the rows that are left go to the classes
    with the largest fractions, the lower label first where fractions are equal.

    Args:
        counts: Available rows of each class, shape (classes,).
        size: Rows to draw, from 0 to the sum of ``counts``.

    Returns:
        Rows to draw of each class, shape (classes,); they sum to ``size`` and none exceeds its
        count.
    """
    total = int(counts.sum())
    # Whole numbers throughout: a rounded fraction could break a tie the wrong way.
    quotas, remainders = np.divmod(size * counts, max(total, 1))
    largest_first = np.argsort(-remainders, kind="stable")
    quotas[largest_first[: size - int(quotas.sum())]] += 1
    return quotas


def stratified_draw(labels: IntArray, size: int, *, generator: np.random.Generator) -> IntArray:
    """Draw positions at random without replacement, keeping the classes' shares.

    Args:
        labels: Class labels to draw from, shape (n,).
        size: Rows to draw, from 0 to n.
        generator: Source of the randomness.

    Returns:
        Positions in ``labels``, shape (size,), in random order.
    """
    classes, counts = np.unique(labels, return_counts=True)
    chosen = [
        generator.choice(np.flatnonzero(labels == label), size=quota, replace=False)
        for label, quota in zip(classes, class_quotas(counts, size), strict=True)
    ]
    return generator.permutation(np.concatenate([np.empty(0, dtype=np.int64), *chosen]))


def draw_train_and_test(
    train_labels: IntArray,
    test_labels: IntArray | None,
    *,
    train_size: int,
    test_size: int,
    generator: np.random.Generator,
) -> tuple[IntArray, IntArray]:
    """Draw training and test rows, each with the class shares of its source.

    Args:
        train_labels: Labels of the source of the training rows, shape (n,).
        test_labels: Labels of the source of the test rows, or None to draw them from the rows of
            the first source that were not drawn for training.
        train_size: Number of training rows, at least one.
        test_size: Number of test rows, at least one.
        generator: Source of the randomness.

    Returns:
        Positions of the training rows and of the test rows, each in its source.

    Raises:
        InputError: If a source has too few rows, or a class would have no training row.
    """
    if test_labels is None:
        _check_size("train_size + test_size", train_size + test_size, len(train_labels))
    else:
        _check_size("train_size", train_size, len(train_labels))
        _check_size("test_size", test_size, len(test_labels))
    _check_every_class(train_labels, train_size)
    train = stratified_draw(train_labels, train_size, generator=generator)
    if test_labels is not None:
        return train, stratified_draw(test_labels, test_size, generator=generator)
    rest = np.setdiff1d(np.arange(len(train_labels)), train)
    return train, rest[stratified_draw(train_labels[rest], test_size, generator=generator)]


def _check_size(name: str, size: int, available: int) -> None:
    if size > available:
        raise InputError(f"{name} must be at most {available}, the rows there are; got {size}")


def _check_every_class(labels: IntArray, size: int) -> None:
    counts = np.unique(labels, return_counts=True)[1]
    if class_quotas(counts, size).min() > 0:
        return
    minimum = next(n for n in range(len(counts), len(labels) + 1) if class_quotas(counts, n).min())
    raise InputError(
        f"train_size must be at least {minimum} so that each of {len(counts)} classes has a "
        f"training row, got {size}"
    )


def draw_validation(rows: Rows, candidates: Rows, fraction: float, *, seed: int) -> Rows:
    """Draw the training rows on which no model is trained, keeping the shares of the strata.

    Args:
        rows: All training rows.
        candidates: Those that may be drawn, in the dataset's order.
        fraction: Share of all training rows, from 0 to below 1.
        seed: Seed of the draw, zero or more.

    Returns:
        The rows that are held out, in the dataset's order; never the only candidate of its class.

    Raises:
        InputError: If the fraction is out of range or rounds to no row, or a class would be left
            without a row to train on.
    """
    _check.at_least(0, seed=seed)
    if fraction == 0:
        return rows.take([])
    check_share("validation_fraction", fraction)
    size = rows_of_share("validation_fraction", fraction, len(rows))
    if size >= len(candidates):
        raise InputError(
            f"validation_fraction must leave rows to retain, got {fraction}: {size} rows of "
            f"{len(candidates)}"
        )
    labels, counts = np.unique(candidates.strata, return_counts=True)
    # The only row of a class must be trained on: a model would not know the class otherwise.
    several = candidates.where(np.isin(candidates.strata, labels[counts > 1]))
    generator = stream(seed, "validation")
    drawn = stratified_draw(several.strata, min(size, len(several)), generator=generator)
    chosen = several.take(np.sort(drawn))
    kept = np.unique(candidates.without(chosen).strata)
    if len(chosen) < size or len(kept) < len(labels):
        raise InputError(
            f"validation_fraction must leave each class a row to train on, got {fraction}: {size} "
            f"rows of {len(candidates)}"
        )
    return chosen


def check_share(name: str, fraction: float) -> None:
    """Raise InputError unless a fraction lies between 0 and 1, both excluded."""
    _check.number(**{name: fraction})
    if not 0 < fraction < 1:
        raise InputError(f"{name} must lie between 0 and 1, both excluded, got {fraction}")


def rows_of_share(name: str, fraction: float, rows: int) -> int:
    """Return the nearest number of rows that a fraction of them is.

    Raises:
        InputError: If it is none.
    """
    size = round(fraction * rows)
    if size == 0:
        raise InputError(f"{name} must be at least one of {rows} rows, got {fraction}: no row")
    return size
