"""FisherRegularizedAscent (EWC): ascent that holds what matters to the retained rows."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part, in_mode
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import StopAt, class_preset
from qiskit_qmu.unlearning.ascent_strategy import AscentStrategy
from qiskit_qmu.unlearning.descent import checked_rows
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import Work, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class FisherRegularizedAscent(AscentStrategy):
    """Maximise L(D_u) − (λ/2) Σ_i I_i (θ_i − θ⁰_i)² on the forgotten rows D_u.

    I is the Fisher diagonal and θ⁰ are the given weights: elastic weight consolidation, Kirkpatrick
    et al., Overcoming catastrophic forgetting in neural networks, https://arxiv.org/abs/1612.00796.

    Attributes:
        penalty: Weight λ of the quadratic penalty.
        variant: "standard" for I on the retained rows, row by row, which protects what they need;
            "hqml" as in the code of the hybrid quantum unlearning benchmark: squares of the mean
            gradient of batches of the *forgotten* rows, which protects what should change.
        learning_rate: Step size.
        batch_size: Forgotten rows per step.
        max_epochs: Largest number of passes over the forgotten rows.
        optimizer: "adam", or "sgd" with momentum 0.9.
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
        >>> strategy = qmu.unlearning.FisherRegularizedAscent(max_epochs=2)
        >>> result = strategy(model, split, generator=0)
        >>> result.usage.gradient_evaluations  # the Fisher diagonal of 70 rows, twice 35 rows
        140
    """

    penalty: float = 10.0
    variant: Literal["standard", "hqml"] = "standard"
    learning_rate: float = 1e-2
    batch_size: int = 16
    max_epochs: int = 50
    optimizer: Optimizer = "adam"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    stop_at: StopAt = "original"
    depth: float = 1.0
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        _check.non_negative(penalty=self.penalty)
        _check.one_of(("standard", "hqml"), variant=self.variant)
        super().__post_init__()

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`."""
        with working_copy(model, self, split) as work:
            if self.variant == "hqml":
                importance = self._batch_squares(work, split)
            else:
                importance, cost = fisher_diagonal(
                    work.model, split.retain, part=self.parameters, objective=self.objective
                )
                work.meter.add(cost)
            chosen = {n: p for n, p in work.model.named_parameters() if n in importance}
            given = {name: parameter.detach().clone() for name, parameter in chosen.items()}

            def penalty() -> torch.Tensor:
                moved = (importance[n] * (p - given[n]).square() for n, p in chosen.items())
                return self.penalty / 2 * torch.stack([term.sum() for term in moved]).sum()

            self.ascent().run(work, split, as_generator(generator), penalty=penalty)
        return work.result()

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the range of the penalty; see `AscentStrategy`."""
        penalty = Range(name="penalty", value=self.penalty, low=0.1, high=1e3, log=True)
        return (penalty,)

    def _batch_squares(self, work: Work[Module], split: ForgetSplit) -> dict[str, torch.Tensor]:
        """Return the mean over batches of forgotten rows of the squared mean gradient."""
        x, y, objective = checked_rows(work.model, split.forget, self.objective)
        chosen = {n: p for n, p in work.model.named_parameters() if p.requires_grad}
        parts = list(zip(x.split(self.batch_size), y.split(self.batch_size), strict=True))
        totals = {name: torch.zeros_like(p) for name, p in chosen.items()}
        with in_mode(work.model, training=False):
            for rows, answers in parts:
                loss = objective.mean_loss(work.model, rows, answers)
                gradients = torch.autograd.grad(
                    loss, list(chosen.values()), allow_unused=True, materialize_grads=True
                )
                for name, gradient in zip(chosen, gradients, strict=True):
                    totals[name] += gradient.square() / len(parts)
        return totals


def _preset(context: PresetContext) -> Settings:
    if context.kind == "class":
        return class_preset(context)
    return {"learning_rate": 0.2 * context.learning_rate}


METHOD = Method(
    strategy=FisherRegularizedAscent,
    summary="ascent with a penalty on what matters to the retained rows",
    group="ascent",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
    preset=_preset,
)
