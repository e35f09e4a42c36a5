"""NoisyFineTune: fine-tuning on the retained rows with clipped and noisy gradients."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.descent import Parameters, Plan, Tensors, Terms, checked_rows
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, descent_preset
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class NoisyFineTune(DescentStrategy):
    """Fine-tune on the retained rows: each gradient g becomes g · min(1, C/‖g‖) + N(0, σ²).

    The hybrid quantum unlearning benchmark has this under a name that promises a guarantee. It
    gives none: no (ε, δ) is computed, and with noise of a useful size none follows.

    Attributes:
        clip: C, the largest norm of a batch's mean gradient, over all parameters that may change.
        noise: σ, the standard deviation of the noise of each component of the gradient.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.NoisyFineTune(epochs=2)(model, split, generator=0)
        >>> result.usage.gradient_evaluations  # twice 70 rows
        140
    """

    clip: float = 1.0
    noise: float = 0.05

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(clip=self.clip)
        _check.non_negative(noise=self.noise)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (
            Range(name="noise", value=self.noise, low=0.005, high=0.5, log=True, stronger="high"),
        )

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss of the retained rows and the noisy step; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.retain, self.objective)

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            found = objective.mean_loss(work.model, *batch)
            return found, {"retain_loss": found}

        def step(optimizer: torch.optim.Optimizer, parameters: Parameters) -> None:
            torch.nn.utils.clip_grad_norm_(parameters.values(), self.clip)
            for parameter in parameters.values():
                drawn = generator.normal(0.0, self.noise, tuple(parameter.shape))
                noise = torch.as_tensor(drawn).to(parameter)
                parameter.grad = noise if parameter.grad is None else parameter.grad + noise
            optimizer.step()

        return Plan(loss=loss, sets=((x, y),), step=step)


METHOD = Method(
    strategy=NoisyFineTune,
    summary="fine-tuning on the retained rows with clipped and noisy gradients, no guarantee",
    group="fine-tuning",
    needs=frozenset({"retained rows", "gradients"}),
    preset=descent_preset,
)
