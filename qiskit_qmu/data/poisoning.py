"""Poisoned training rows, planted reproducibly: wrong labels, or features that are noise."""

from dataclasses import dataclass, replace
from typing import Any, Literal, final, get_args

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data.dataset import Dataset
from qiskit_qmu.data.forget_request import ForgetRequest
from qiskit_qmu.data.sampling import check_share, rows_of_share, stratified_draw
from qiskit_qmu.data.split import ForgetSplit

Poison = Literal["labels", "features"]
"""What is wrong with poisoned rows: labels of another class, or features in a random direction."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PoisonedRows:
    """A dataset with poisoned training rows; its test rows are clean.

    Attributes:
        dataset: The dataset.
        kind: What is wrong with the poisoned rows.
        positions: Positions of the poisoned training rows, in ascending order.
        clean_x: Their features before (n, …).
        clean_y: Their labels before (n,).
    """

    dataset: Dataset
    kind: Poison
    positions: NDArray[np.int64]
    clean_x: NDArray[np.float32]
    clean_y: NDArray[Any]

    def split(self, *, validation_fraction: float = 0.0, seed: int = 0) -> ForgetSplit:
        """Return the split that forgets the poisoned rows; its oracle never saw them.

        Args:
            validation_fraction: Share of the training rows to hold out, never poisoned ones.
            seed: Seed of that draw.
        """
        return ForgetSplit.of(
            self.dataset,
            ForgetRequest(indices=tuple(self.positions.tolist())),
            validation_fraction=validation_fraction,
            seed=seed,
        )


def poison(ds: Dataset, kind: Poison, fraction: float, *, seed: int = 0) -> PoisonedRows:
    """Poison a share of the training rows, the same of each class.

    "labels" gives a row the label of one of the other classes, drawn uniformly. "features" puts a
    random direction of the row's own length in its place, its label unchanged; for rows of length 1
    that is a random unit vector. After Chen and Zhang, Nature Communications 2026,
    https://arxiv.org/abs/2508.02422.

    Args:
        ds: The dataset, which is not changed.
        kind: What is wrong with poisoned rows.
        fraction: Share of the training rows, between 0 and 1, both excluded.
        seed: Seed of which rows, labels and directions.

    Raises:
        InputError: If the fraction is out of range, values are to be predicted and not classes, or
            a feature is missing.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import poison
        >>> iris = qmu.load_dataset("iris")
        >>> poisoned = poison(iris, "labels", 0.2)
        >>> len(poisoned.positions), bool((poisoned.split().forget.y == poisoned.clean_y).any())
        (21, False)
    """
    _check.one_of(get_args(Poison), kind=kind)
    if ds.num_classes is None:
        raise InputError(f"{ds.name} has a regression target; poisoned rows need classes")
    check_share("fraction", fraction)
    size = rows_of_share("fraction", fraction, len(ds.y_train))
    chosen = np.sort(stratified_draw(ds.y_train, size, generator=stream(seed, "poison", "rows")))
    x, y = ds.x_train.copy(), ds.y_train.copy()
    if kind == "labels":
        others = stream(seed, "poison", "labels").integers(1, ds.num_classes, len(chosen))
        y[chosen] = (y[chosen] + others) % ds.num_classes
    else:
        if not np.isfinite(x).all():
            raise InputError("features to poison must not be missing")
        x[chosen] = _random_directions(x[chosen], stream(seed, "poison", "features"))
    return PoisonedRows(
        dataset=replace(ds, name=f"{ds.name}-poisoned", x_train=x, y_train=y, origin=None),
        kind=kind,
        positions=chosen.astype(np.int64),
        clean_x=ds.x_train[chosen],
        clean_y=ds.y_train[chosen],
    )


def _random_directions(
    rows: NDArray[np.float32], generator: np.random.Generator
) -> NDArray[np.float32]:
    flat = rows.reshape(len(rows), -1).astype(np.float64)
    drawn = generator.normal(size=flat.shape)
    lengths = np.linalg.norm(flat, axis=1) / np.linalg.norm(drawn, axis=1)
    scaled: NDArray[np.float32] = (drawn * lengths[:, None]).astype(np.float32)
    return scaled.reshape(rows.shape)
