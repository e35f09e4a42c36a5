"""NegGradPlus (NegGrad+): descent on retained rows and ascent on forgotten ones at once."""

from dataclasses import dataclass, replace
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.ascent import TINY_STEP
from qiskit_qmu.unlearning.descent import Plan, Tensors, Terms, checked_rows
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings, descent_preset
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.stopping import reached_now
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class NegGradPlus(DescentStrategy):
    """Minimise β L(D_r) − (1 − β) L(D_u) on the retained and the forgotten rows.

    Kurmanji et al., Towards Unbounded Machine Unlearning, https://arxiv.org/abs/2302.09880, who
    take a given number of steps. The loss has no lower bound: by default this stops as soon as the
    forgotten rows perform like unseen ones.

    Attributes:
        retain_weight: β, between 0 (plain ascent) and 1 (fine-tuning).
        stop_when_forgotten: Whether to stop before the first step at which single rows have at
            least the loss that the validation rows have at the same weights, or a class is at half
            of chance confidence with at most one row in a hundred classified correctly.
        epochs: Largest number of passes over the larger of the two sets; the other one is cycled.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> history = qmu.Trainer(epochs=5).fit(model, split.train.x, split.train.y, generator=0)
        >>> strategy = qmu.unlearning.NegGradPlus(epochs=20, learning_rate=0.05)
        >>> strategy(model, split, generator=0).stopped
        'goal reached'
    """

    retain_weight: float = 0.7
    stop_when_forgotten: bool = True
    epochs: int = 10

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.between(0.0, 1.0, retain_weight=self.retain_weight)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (
            Range(
                name="retain_weight", value=self.retain_weight, low=0.3, high=0.98, stronger="low"
            ),
        )

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the weighted difference of both losses; see `DescentStrategy`."""
        *forget, objective = checked_rows(work.model, split.forget, self.objective)
        *retain, _ = checked_rows(work.model, split.retain, self.objective)

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            own = objective.mean_loss(work.model, *forgotten)
            kept = objective.mean_loss(work.model, *retained)
            total = self.retain_weight * kept - (1 - self.retain_weight) * own
            return total, {"forget_loss": own, "retain_loss": kept}

        def stop() -> str | None:
            return reached_now(work.model, split, self.objective)

        return Plan(
            loss=loss,
            sets=(tuple(forget), tuple(retain)),
            stop=stop if self.stop_when_forgotten else None,
        )

    def worst_case(self) -> "NegGradPlus":
        """Return a strategy that takes all its steps, too small to overflow."""
        if not self.stop_when_forgotten:
            return self
        return replace(self, learning_rate=TINY_STEP, stop_when_forgotten=False)

    def stopping_passes(self, split: ForgetSplit) -> list[int]:
        """Return the passes over forgotten and, for single rows, validation rows before a step."""
        if not self.stop_when_forgotten:
            return []
        unseen = [len(split.validation)] if split.kind == "instances" else []
        steps = self.descent().steps(len(split.forget), len(split.retain))
        return [len(split.forget), *unseen] * steps


def _preset(context: PresetContext) -> Settings:
    # It stops by itself.
    return {**descent_preset(context), "epochs": 10}


METHOD = Method(
    strategy=NegGradPlus,
    summary="descent on the retained rows and ascent on the forgotten ones at once",
    group="ascent",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
    preset=_preset,
)
