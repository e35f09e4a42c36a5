"""Draws training and test rows from what a file holds, or takes all of them."""

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.sampling import draw_train_and_test

IntArray = NDArray[np.int64]


def draw_rows(
    strata: IntArray,
    tested: IntArray,
    *,
    share: float | None,
    train_size: int | None,
    test_size: int | None,
    seed: int,
) -> tuple[IntArray, IntArray]:
    """Return the positions of training and of test rows, in the order of their source.

    Args:
        strata: Classes of the rows (n,).
        tested: Classes of the rows of a source of their own for test rows; not used with a share.
        share: Share of the rows to draw as test rows; None where they have their own source.
        train_size: Training rows to draw; all that there are where None.
        test_size: Test rows to draw, likewise.
        seed: Seed of the draw.

    Raises:
        InputError: If there are too few rows, or too few for each class.
    """
    for name, size in (("train_size", train_size), ("test_size", test_size)):
        if size is not None:
            _check.at_least(1, **{name: size})
    rows = len(strata)
    most = len(tested) if share is None else round(share * rows)
    test_size = most if test_size is None else test_size
    if train_size is None:
        train_size = rows if share is None else rows - max(most, test_size)
    if min(train_size, test_size) < 1:
        raise InputError(
            f"test must leave rows to train on and to test with, got {share} of {rows}"
        )
    train, test = draw_train_and_test(
        strata,
        tested if share is None else None,
        train_size=train_size,
        test_size=test_size,
        generator=stream(seed, "data"),
    )
    return np.sort(train), np.sort(test)
