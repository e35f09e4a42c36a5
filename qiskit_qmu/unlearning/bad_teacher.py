"""BadTeacher: a student of the original on retained rows and of a random model on others."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.backends import metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import clone_module, reinitialize
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
from qiskit_qmu.unlearning.teacher import divergence, outputs_of


@final
@dataclass(frozen=True, kw_only=True)
class BadTeacher(DescentStrategy):
    """Minimise KL(T‖S; D_r) + w KL(B‖S; D_u) with the original T and a random model B.

    Chundawat et al., Can Bad Teaching Induce Forgetting? Unlearning in Deep Networks Using an
    Incompetent Teacher, https://arxiv.org/abs/2205.08096. B has the student's structure and all its
    weights drawn from their initial distribution. Labels are not used.

    A random model of few qubits is nearly uniform: forgotten rows end near chance, where a model
    that never saw them seldom is.

    Attributes:
        forget_weight: w.
        temperature: Temperature of all outputs in the divergences.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.BadTeacher(epochs=2)(model, split, generator=0)
        >>> sorted(result.history[-1])
        ['forget_divergence', 'retain_divergence']
    """

    epochs: int = 8
    forget_weight: float = 1.0
    temperature: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(forget_weight=self.forget_weight, temperature=self.temperature)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (weight_range("forget_weight", self.forget_weight),)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the sum of both divergences; see `DescentStrategy`."""
        x, _, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, _, _ = checked_rows(work.model, split.retain, self.objective)
        bad = clone_module(work.model).requires_grad_(True)
        reinitialize(bad, generator)
        _keep_fitted(bad, work.model)
        with metered(bad) as meter:
            astray = outputs_of(bad, x)
        work.meter.add(meter.usage)

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            own = divergence(forgotten[1], work.model(forgotten[0]), self.temperature)
            kept = divergence(retained[1], work.model(retained[0]), self.temperature)
            total = kept + self.forget_weight * own
            return total, {"forget_divergence": own, "retain_divergence": kept}

        return Plan(loss=loss, sets=((x, astray), (kept_x, outputs_of(work.model, kept_x))))


def _keep_fitted(bad: torch.nn.Module, model: torch.nn.Module) -> None:
    """Give the random model what the other's preprocessing was fitted to."""
    for name, buffer in model.named_buffers():
        owner, _, attribute = name.rpartition(".")
        setattr(bad.get_submodule(owner), attribute, buffer.detach().clone())


METHOD = Method(
    strategy=BadTeacher,
    summary="a student of the original on the retained rows and of a random model on the others",
    group="distillation",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=descent_preset,
)
