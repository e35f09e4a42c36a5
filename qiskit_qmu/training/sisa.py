"""Training by shards and slices, so that a deletion trains one shard again (SISA).

L. Bourtoule et al., Machine Unlearning, IEEE S&P 2021, https://arxiv.org/abs/1912.03817. A stage
trains a shard on its slices up to one; with R slices it takes 2/(R + 1) of the epochs, so that the
rows are passed about as often as without slices (section V-B there). The optimiser starts each
stage anew: nothing but the weights is kept between stages.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import row_digests
from qiskit_qmu.models import ShardedClassifier, note_training_rows
from qiskit_qmu.models.sharded import rows_of_slice
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.training.history import TrainingHistory


class StageTrainer(Protocol):
    """What training a shard takes of a trainer."""

    @property
    def epochs(self) -> int:
        """Passes over the rows."""

    def with_epochs(self, epochs: int) -> "StageTrainer":
        """Return the same trainer with another number of epochs."""

    def fit(
        self,
        model: torch.nn.Module,
        x: ArrayLike,
        y: ArrayLike,
        *,
        generator: np.random.Generator | int | None = None,
        progress: Callable[[int, int, float], None] | None = None,
    ) -> TrainingHistory:
        """Train a module."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class PlacedRows:
    """Rows with the shard and the slice of each, in the order of their digests.

    Attributes:
        x: Rows (n, …).
        y: Class numbers (n,).
        digests: Their digests.
        places: Shard and slice (n, 2).
    """

    x: torch.Tensor
    y: torch.Tensor
    digests: NDArray[np.str_]
    places: NDArray[np.int64]

    @staticmethod
    def of(model: ShardedClassifier, x: torch.Tensor, y: torch.Tensor) -> "PlacedRows":
        """Place rows; their order does not matter, as batches are drawn from that of digests."""
        digests = digests_of(x, y)
        order = np.argsort(digests, kind="stable")
        where = torch.as_tensor(order)
        return PlacedRows(
            x=x[where],
            y=y[where],
            digests=digests[order],
            places=model.places(digests[order].tolist()),
        )

    def in_slice(self, shard: int, number: int) -> list[str]:
        """Return the digests of a slice's rows."""
        chosen = (self.places[:, 0] == shard) & (self.places[:, 1] == number)
        return [str(digest) for digest in self.digests[chosen]]

    def up_to(self, shard: int, number: int) -> NDArray[np.int64]:
        """Return the positions of a shard's rows up to a slice."""
        return np.flatnonzero((self.places[:, 0] == shard) & (self.places[:, 1] <= number))


def digests_of(x: torch.Tensor, y: torch.Tensor) -> NDArray[np.str_]:
    """Return the digests (n,) of rows."""
    return np.asarray(row_digests(x.cpu().numpy(), y.cpu().numpy()), dtype=np.str_)


def stage_epochs(epochs: int, slices: int) -> int:
    """Return the epochs of each stage."""
    return max(1, round(2 * epochs / (slices + 1)))


def fit_shards(
    trainer: StageTrainer,
    model: ShardedClassifier,
    x: torch.Tensor,
    y: torch.Tensor,
    generator: np.random.Generator,
    progress: Callable[[int, int, float], None] | None = None,
) -> TrainingHistory:
    """Train all shards from scratch, in place.

    Args:
        trainer: How each stage is trained.
        model: The model, which is not trained yet.
        x: Rows (n, …).
        y: Class numbers (n,).
        generator: Draws the seed of the model, which decides everything random.
        progress: Called after each epoch of each stage.

    Returns:
        The mean losses over the shards at each epoch, and the steps of all.
    """
    model.check_labels(y.cpu().numpy())
    model.begin(int(generator.integers(2**63)))
    rows = PlacedRows.of(model, x, y)
    passes = len(model.shards) * model.slices * stage_epochs(trainer.epochs, model.slices)
    done = 0

    def tell(_epoch: int, _epochs: int, loss: float) -> None:
        nonlocal done
        done += 1
        if progress is not None:
            progress(done, passes, loss)

    histories = [
        train_shard(trainer, model, rows, shard, 0, tell) for shard in range(len(model.shards))
    ]
    sizes = [len(rows.up_to(shard, model.slices)) for shard in range(len(model.shards))]
    return _together(histories, sizes)


def train_shard(
    trainer: StageTrainer,
    model: ShardedClassifier,
    rows: PlacedRows,
    shard: int,
    first: int,
    progress: Callable[[int, int, float], None] | None = None,
) -> list[TrainingHistory]:
    """Train a shard from a slice on, in place.

    Args:
        trainer: How each stage is trained.
        model: The model.
        rows: All its rows.
        shard: Number of the shard.
        first: The first slice to train again; the weights before it were kept.
        progress: Called after each epoch.

    Returns:
        The course of each stage; a stage without rows has none.
    """
    model.go_back(shard, first)
    own = model.shards[shard]
    forget_training_rows(own)
    if first > 0 and len(before := rows.up_to(shard, first - 1)):
        note_training_rows(own, rows.x[before].cpu().numpy(), rows.y[before].cpu().numpy())
    stage = trainer.with_epochs(stage_epochs(trainer.epochs, model.slices))
    histories = []
    for number in range(first, model.slices):
        chosen = torch.as_tensor(rows.up_to(shard, number))
        if len(chosen):
            generator = stream(model.seed or 0, "shard", str(shard), "slice", str(number))
            x, y = rows.x[chosen], rows.y[chosen]
            histories.append(stage.fit(own, x, y, generator=generator, progress=progress))
        model.keep(shard, number, rows.in_slice(shard, number))
    return histories


def check_rows(model: ShardedClassifier, rows: PlacedRows) -> None:
    """Check that a model was trained on these rows and no others.

    Raises:
        InputError: If it was not.
    """
    for shard, slices in enumerate(model.trained):
        for number, known in enumerate(slices):
            given = rows_of_slice(rows.in_slice(shard, number))
            if given != known:
                raise InputError(
                    f"shard {shard} was trained on other rows than the split's: it knows "
                    f"{known.partition(':')[0]} in slice {number}, got {given.partition(':')[0]}; "
                    "the split must hold the rows that the model was trained on"
                )


def first_slices(places: NDArray[np.int64]) -> dict[int, int]:
    """Return the first slice to train again of each shard that holds some of the given places."""
    return {
        int(shard): int(places[places[:, 0] == shard, 1].min()) for shard in np.unique(places[:, 0])
    }


def _together(histories: list[list[TrainingHistory]], sizes: list[int]) -> TrainingHistory:
    courses = [[loss for stage in stages for loss in stage.losses] for stages in histories]
    weighted = [(course, size) for course, size in zip(courses, sizes, strict=True) if course]
    losses = tuple(
        _mean([(course[epoch], size) for course, size in weighted if epoch < len(course)])
        for epoch in range(max(len(course) for course, _ in weighted))
    )
    steps = sum(stage.steps for stages in histories for stage in stages)
    return TrainingHistory(losses=losses, validation_losses=(), best_epoch=len(losses), steps=steps)


def _mean(weighted: list[tuple[float, int]]) -> float:
    return sum(loss * size for loss, size in weighted) / sum(size for _, size in weighted)
