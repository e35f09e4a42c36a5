"""NaturalGradientAscent: ascent that moves the states of the retained rows least."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part, named_parameters
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import StopAt, class_preset
from qiskit_qmu.unlearning.ascent_strategy import AscentStrategy
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.quantum_fisher import quantum_fisher_information
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import Work, working_copy

_Metric = dict[str, torch.Tensor]
"""A matrix (W, W) by the name of a circuit's angles; a diagonal of any shape by other names."""


@final
@dataclass(frozen=True, kw_only=True)
class NaturalGradientAscent(AscentStrategy):
    """θ ← θ + η n / √(g·n) with n = (F + λ)⁻¹ g and the gradient g = ∇L(D_u).

    F is the quantum Fisher information of the angles of each circuit, as in Stokes et al., Quantum
    Natural Gradient, https://arxiv.org/abs/1909.02108 (whose metric is F / 4), and for other
    parameters the diagonal of the empirical Fisher information. As it is that of the *retained*
    rows, the loss of the forgotten rows rises with the smallest change of the states that encode
    the retained ones. Dividing by √(g·n) makes η the length of a step in that metric.

    Deviations from the natural gradient of training: the sign, the rows of the metric, its being
    measured once, at the given weights, and the length of the step. No publication proposes it for
    unlearning.

    Cost beside the ascent, on a device with A angles: A (2A − 1) overlaps of states for each row of
    the metric, or A with ``metric="diagonal"``.

    Attributes:
        rows: Rows of the metric: "retain", or "forget" for the natural gradient of their own loss.
        metric: "matrix" for all of the quantum Fisher information, "diagonal" for its diagonal.
        damping: λ.
        learning_rate: Length η of a step.
        batch_size: Forgotten rows per step.
        max_epochs: Largest number of passes over the forgotten rows.
        optimizer: "sgd" with momentum 0.9; "adam" rescales each parameter and undoes most of F.
        loss_threshold: As in `GradientAscent`.
        confidence_threshold: As in `GradientAscent`.
        stop_at: As in `GradientAscent`.
        depth: As in `GradientAscent`.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.NaturalGradientAscent(max_epochs=3)(model, split, generator=0)
        >>> result.history[-1]["forget_loss"] > result.history[0]["forget_loss"]
        True
    """

    rows: Literal["retain", "forget"] = "retain"
    metric: Literal["matrix", "diagonal"] = "matrix"
    damping: float = 0.1
    learning_rate: float = 1e-2
    batch_size: int = 16
    max_epochs: int = 100
    optimizer: Optimizer = "sgd"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    stop_at: StopAt = "original"
    depth: float = 1.0
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        _check.one_of(("retain", "forget"), rows=self.rows)
        _check.one_of(("matrix", "diagonal"), metric=self.metric)
        _check.positive(damping=self.damping)
        super().__post_init__()

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`.

        Raises:
            InputError: If a circuit is unknown; see `quantum_fisher_information`.
        """
        with working_copy(model, self, split) as work:
            step = self._preconditioner(work, split)
            self.ascent().run(work, split, as_generator(generator), precondition=step)
        return work.result()

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the range of the damping; see `AscentStrategy`."""
        damping = Range(name="damping", value=self.damping, low=1e-3, high=10.0, log=True)
        return (damping,)

    def _metric(self, work: Work[Module], split: ForgetSplit) -> _Metric:
        rows = split.retain if self.rows == "retain" else split.forget
        wanted = named_parameters(work.model, self.parameters)
        found: _Metric = {}
        if self.parameters != "classical":
            found, cost = quantum_fisher_information(
                work.model, rows, diagonal=self.metric == "diagonal"
            )
            work.meter.add(cost)
        if wanted.keys() - found.keys():
            others, cost = fisher_diagonal(
                work.model, rows, part="classical", objective=self.objective
            )
            found |= others
            work.meter.add(cost)
        return {name: found[name] for name in wanted}

    def _preconditioner(self, work: Work[Module], split: ForgetSplit) -> Callable[[], None]:
        metric = self._metric(work, split)
        trained = {name: work.model.get_parameter(name) for name in metric}

        def precondition() -> None:
            natural, slope = {}, 0.0
            for name, parameter in trained.items():
                if parameter.grad is not None:
                    gradient = parameter.grad.double().cpu()
                    natural[name] = _solve(metric[name].cpu(), self.damping, gradient)
                    slope += float((gradient * natural[name]).sum())
            for name, direction in natural.items():
                length = slope**-0.5 if slope > 0 else 0.0
                trained[name].grad = (length * direction).to(trained[name])

        return precondition


def _solve(metric: torch.Tensor, damping: float, gradient: torch.Tensor) -> torch.Tensor:
    """Return (F + λ)⁻¹ g for a matrix F (W, W) or a diagonal in the gradient's shape."""
    if metric.shape == gradient.shape:
        return gradient / (metric + damping)
    damped = metric + damping * torch.eye(len(metric), dtype=metric.dtype)
    solution: torch.Tensor = torch.linalg.solve(damped, gradient)
    return solution


def _preset(context: PresetContext) -> Settings:
    """Return no step size of training: this one is a length."""
    settings = class_preset(context)
    return {name: value for name, value in settings.items() if name != "learning_rate"}


METHOD = Method(
    strategy=NaturalGradientAscent,
    summary="ascent that moves the quantum states of the retained rows least",
    group="quantum",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
    preset=_preset,
)
