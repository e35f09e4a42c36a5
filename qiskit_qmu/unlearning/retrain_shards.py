"""RetrainShards: exact deletion from a model trained in shards (SISA)."""

from dataclasses import dataclass, field
from typing import cast, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import ShardedClassifier, as_tensors, note_training_rows
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.training import Trainer
from qiskit_qmu.training.sisa import (
    PlacedRows,
    check_rows,
    digests_of,
    first_slices,
    train_shard,
)
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class RetrainShards(UnlearningStrategy):
    """Train again the shards that hold forgotten rows, each from the first slice that does.

    The result is, on an exact simulator bit for bit, the model that `Trainer.fit` with the seed of
    this one makes of the retained rows alone. It takes a trained `ShardedClassifier` whose weights
    no other method has changed. The history has one entry for each shard that is trained again: its
    number, the first slice, the rows that it is left with and its last loss. The generator is not
    used.

    L. Bourtoule et al., Machine Unlearning, IEEE S&P 2021, https://arxiv.org/abs/1912.03817.

    Attributes:
        trainer: The trainer of the original.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_indices(qmu.load_dataset("iris"), [3])
        >>> base = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> model = qmu.ShardedClassifier(base, shards=5)
        >>> trainer = qmu.Trainer(epochs=2)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> result = qmu.unlearning.RetrainShards(trainer=trainer)(model, split)
        >>> len(result.history)  # of five shards
        1
    """

    trainer: Trainer = field(default_factory=Trainer)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the model without the forgotten rows; see `UnlearningStrategy`.

        Raises:
            InputError: If the model is not trained in shards, on other rows than the split's, or
                changed since.
        """
        if not isinstance(model, ShardedClassifier):
            raise InputError(
                "sisa deletes rows from a model that was trained in shards, a ShardedClassifier "
                f"(qmu train --shards), got {type(model).__name__}"
            )
        _check.instance(ForgetSplit, split=split)
        model.check_untouched()
        x, y = as_tensors(model, split.train.x, split.train.y)
        check_rows(model, PlacedRows.of(model, x, y))
        with working_copy(model, self, split, trains=True) as work:
            copy = work.model
            forgotten = digests_of(*as_tensors(copy, split.forget.x, split.forget.y))
            kept = as_tensors(copy, split.retain.x, split.retain.y)
            rows = PlacedRows.of(copy, *kept)
            again = first_slices(copy.places(forgotten.tolist()))
            for shard, first in again.items():
                stages = train_shard(self.trainer, copy, rows, shard, first)
                step = {
                    "shard": float(shard),
                    "first_slice": float(first),
                    "rows": float(len(rows.up_to(shard, copy.slices))),
                }
                work.history.append(
                    step | ({"retain_loss": stages[-1].losses[-1]} if stages else {})
                )
            _note(copy, *kept)
            work.stop("done", _said(again, copy))
        return cast("UnlearningResult[Module]", work.result())


def _note(model: ShardedClassifier, x: torch.Tensor, y: torch.Tensor) -> None:
    forget_training_rows(model)
    note_training_rows(model, x.cpu().numpy(), y.cpu().numpy())


def _said(again: dict[int, int], model: ShardedClassifier) -> str:
    which = ", ".join(
        f"{shard}" + (f" from slice {first}" if model.slices > 1 else "")
        for shard, first in again.items()
    )
    return f"trained again of {len(model.shards)} shards: {which}"


METHOD = Method(
    strategy=RetrainShards,
    summary="the shards with forgotten rows are trained again (SISA)",
    group="reference",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "trainer", "shards"}),
)
