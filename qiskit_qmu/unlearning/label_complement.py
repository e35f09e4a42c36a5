"""LabelComplement (LCA): forgotten rows are trained to every class but their own."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import check_returns_logits
from qiskit_qmu.unlearning.descent import (
    Plan,
    Tensors,
    Terms,
    checked_rows,
    require_classes,
)
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, descent_preset
from qiskit_qmu.unlearning.ranges import Range, weight_range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work
from qiskit_qmu.unlearning.teacher import distance_to_targets


@final
@dataclass(frozen=True, kw_only=True)
class LabelComplement(DescentStrategy):
    """Minimise L(D_r) + β L(D_c), where D_c has each forgotten row once with every wrong class.

    Label-complement augmentation of the hybrid quantum unlearning benchmark. The cross-entropy of a
    row's copies is that of one row with a uniform target over the wrong classes, at 1/(classes − 1)
    of the cost, and so it is computed.

    Attributes:
        complement_weight: β.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.LabelComplement(epochs=20, learning_rate=0.05)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> unlearned.observe(split.forget.x, split.forget.y).accuracy
        0.0
    """

    complement_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(complement_weight=self.complement_weight)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (weight_range("complement_weight", self.complement_weight),)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the sum of both losses; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        targets = _wrong_classes(y, check_returns_logits(work.model, x)).to(x)

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            rows, wanted = forgotten
            wrong = distance_to_targets(wanted, work.model(rows))
            kept = objective.mean_loss(work.model, *retained)
            total = kept + self.complement_weight * wrong
            return total, {"complement_loss": wrong, "retain_loss": kept}

        return Plan(loss=loss, sets=((x, targets), (kept_x, kept_y)))


def _wrong_classes(y: torch.Tensor, classes: int) -> torch.Tensor:
    """Return the uniform distribution (n, classes) over all classes but the own one."""
    own = torch.nn.functional.one_hot(y, classes).double()
    return (1 - own) / (classes - 1)


METHOD = Method(
    strategy=LabelComplement,
    summary="forgotten rows are trained to every class but their own",
    group="relabelling",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=descent_preset,
)
