"""AdversarialUniform (ADV-UNIFORM): the model becomes unsure around the forgotten rows."""

import math
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
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


@final
@dataclass(frozen=True, kw_only=True)
class AdversarialUniform(DescentStrategy):
    """Minimise L(D_r) + λ KL(p(x′) ‖ uniform) at the surest point x′ near each forgotten row x.

    x′ = x + ε sign ∇_x KL(p(x) ‖ uniform), limited to the range of the training rows: one step of
    the fast gradient sign method, on the current model. ADV-UNIFORM of the hybrid quantum
    unlearning benchmark. Labels of the forgotten rows are not used. A model that never saw a row is
    seldom uniform on it: forgotten rows may end up less sure than unseen ones.

    Attributes:
        distance: ε, in the unit of the rows; 0 for x′ = x. On a device the gradient by the rows
            costs two circuits for each input angle.
        uniform_weight: λ.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.AdversarialUniform(epochs=2)(model, split, generator=0)
        >>> sorted(result.history[-1])
        ['retain_loss', 'uniform_divergence']
    """

    distance: float = 0.1
    uniform_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.non_negative(distance=self.distance)
        _check.positive(uniform_weight=self.uniform_weight)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (weight_range("uniform_weight", self.uniform_weight),)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the sum of both losses; see `DescentStrategy`."""
        x, _, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        lowest = torch.minimum(x.min(), kept_x.min())
        highest = torch.maximum(x.max(), kept_x.max())

        def surest(rows: torch.Tensor) -> torch.Tensor:
            if self.distance == 0:
                return rows
            free = rows.clone().requires_grad_()
            (slope,) = torch.autograd.grad(
                _from_uniform(work.model(free)) * len(rows),
                [free],
                allow_unused=True,
                materialize_grads=True,
            )
            return (rows + self.distance * slope.sign()).clamp(lowest, highest)

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            sure = _from_uniform(work.model(surest(forgotten[0])))
            kept = objective.mean_loss(work.model, *retained)
            total = kept + self.uniform_weight * sure
            return total, {"uniform_divergence": sure, "retain_loss": kept}

        return Plan(loss=loss, sets=((x,), (kept_x, kept_y)))


def _from_uniform(logits: torch.Tensor) -> torch.Tensor:
    """Return the mean of KL(p ‖ uniform) = ln(classes) − entropy."""
    logs = torch.log_softmax(logits, dim=1)
    return math.log(logits.shape[1]) + (logs.exp() * logs).sum(1).mean()


METHOD = Method(
    strategy=AdversarialUniform,
    summary="the model becomes unsure around the forgotten rows",
    group="relabelling",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=descent_preset,
)
