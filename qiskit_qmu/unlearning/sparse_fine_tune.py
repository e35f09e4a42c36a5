"""SparseFineTune (ℓ1-sparse): fine-tuning on the retained rows that drives weights to zero."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.descent import Plan, Tensors, Terms, checked_rows
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, descent_preset
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class SparseFineTune(DescentStrategy):
    """Minimise L(D_r) + γ_t ‖θ‖₁ on the retained rows, with γ_t falling linearly from γ to 0.

    Jia et al., Model Sparsity Can Simplify Machine Unlearning, https://arxiv.org/abs/2304.04934.
    An angle of zero is the identity, so that sparsity also means fewer gates. Weights that only
    served the forgotten rows fade, and those that the retained rows need come back at the end.

    Attributes:
        sparsity: γ, the weight of the penalty at the first step.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.SparseFineTune(sparsity=0.05, epochs=10)
        >>> size = lambda net: sum(float(p.detach().abs().sum()) for p in net.parameters())
        >>> size(strategy(model, split, generator=0).model) < size(model)
        True
    """

    sparsity: float = 5e-3

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.non_negative(sparsity=self.sparsity)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (
            Range(
                name="sparsity",
                value=self.sparsity,
                low=0.0005,
                high=0.05,
                log=True,
                stronger="high",
            ),
        )

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the penalised loss of the retained rows; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.retain, self.objective)
        chosen = [p for p in work.model.parameters() if p.requires_grad]
        strengths = iter(np.linspace(self.sparsity, 0.0, self.descent().steps(len(x))))

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            found = objective.mean_loss(work.model, *batch)
            norm = torch.stack([p.abs().sum() for p in chosen]).sum()
            return found + next(strengths) * norm, {"retain_loss": found, "l1_norm": norm}

        return Plan(loss=loss, sets=((x, y),))


METHOD = Method(
    strategy=SparseFineTune,
    summary="fine-tuning on the retained rows with an ℓ1 penalty on the weights",
    group="fine-tuning",
    needs=frozenset({"retained rows", "gradients"}),
    preset=descent_preset,
)
