"""RelativeGradientAscent (RGA): gradient ascent on parameters specific to the forgotten rows."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import StopAt, class_preset
from qiskit_qmu.unlearning.ascent_strategy import AscentStrategy
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import working_copy


@final
@dataclass(frozen=True, kw_only=True)
class RelativeGradientAscent(AscentStrategy):
    """θ_i ← θ_i + η m_i ∂_i L(D_u) with the mask m_i = [I_u,i > α I_r,i].

    I_u and I_r are the Fisher diagonals on forgotten and retained rows. Equation 10 of Su et al.,
    From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086, which does not give α.

    Attributes:
        alpha: Threshold on the ratio of a parameter's importance for the forgotten and for the
            retained rows. If no ratio exceeds it, the 1 % of parameters with the largest ratios are
            selected. None selects a quarter of the parameters, because the ratios of a small model
            may all lie below a threshold that suits another one.
        scaling: "hard" for the mask; "importance" to update every parameter by the factor
            min(1, I_u / (α I_r)).
        learning_rate: Step size η.
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
        >>> strategy = qmu.unlearning.RelativeGradientAscent(max_epochs=2)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> pairs = zip(model.parameters(), unlearned.parameters(), strict=True)
        >>> sum(int((before != after).sum()) for before, after in pairs)  # of 237 weights
        59
    """

    alpha: float | None = None
    scaling: Literal["hard", "importance"] = "hard"
    learning_rate: float = 2e-2
    batch_size: int = 16
    max_epochs: int = 100
    optimizer: Optimizer = "adam"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    stop_at: StopAt = "original"
    depth: float = 1.0
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        if self.alpha is not None:
            _check.positive(alpha=self.alpha)
        _check.one_of(("hard", "importance"), scaling=self.scaling)
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
            part, objective = self.parameters, self.objective
            forget, cost = fisher_diagonal(work.model, split.forget, part=part, objective=objective)
            retain, other_cost = fisher_diagonal(
                work.model, split.retain, part=part, objective=objective
            )
            work.meter.add(cost + other_cost)
            scales = self._scales(forget, retain)
            share = sum(float(s.sum()) for s in scales.values())
            work.history.append({"updated_share": share / sum(s.numel() for s in scales.values())})
            if share == 0:
                work.stop(
                    "nothing selected", "the loss of the forgotten rows depends on no parameter"
                )
            else:
                self.ascent().run(work, split, as_generator(generator), scales)
        return work.result()

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the range of the mask; see `AscentStrategy`."""
        alpha = Range(name="alpha", value=self.alpha, low=0.5, high=20.0, log=True)
        return (alpha,)

    def _scales(
        self, forget: dict[str, torch.Tensor], retain: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        # A parameter irrelevant to both has the ratio 0: it must not be changed. Rounding may leave
        # it an importance far below the others', and a ratio of two such numbers is arbitrary.
        rounding = _ROUNDING * max(float(own.max()) for own in forget.values())
        ratios = {
            name: torch.where(own > rounding, own / retain[name].clamp_min(torch.finfo().tiny), 0.0)
            for name, own in forget.items()
        }
        every = torch.cat([ratio.flatten() for ratio in ratios.values()])
        alpha = _exceeded_by(every, _UPDATED_SHARE) if self.alpha is None else self.alpha
        if self.scaling == "importance":
            return {n: (r / alpha).clamp_max(1.0).float() for n, r in ratios.items()}
        if not bool((every > alpha).any()):
            alpha = _exceeded_by(every, _LEAST_SHARE)
        return {name: (ratio > alpha).float() for name, ratio in ratios.items()}


_ROUNDING = torch.finfo(torch.float32).eps ** 2
"""Of squared gradients, as importances are."""

_UPDATED_SHARE = 0.25
_LEAST_SHARE = 0.01


def _exceeded_by(ratios: torch.Tensor, share: float) -> float:
    """Return a threshold exceeded by a share of the ratios, at least one."""
    count = max(1, int(share * len(ratios)))
    return float(ratios.topk(count).values[-1]) * (1 - 1e-12)


def _preset(context: PresetContext) -> Settings:
    # Single rows leave a weaker trace than a class, and a mask that is too small cannot remove it.
    rate = context.learning_rate
    if context.kind == "instances" and context.model == "hybrid":
        return {"alpha": 5.0, "learning_rate": 2 * rate, "max_epochs": 10}
    if context.kind == "instances" and context.model == "basic":
        return {"alpha": 2.0, "learning_rate": rate / 3, "max_epochs": 10}
    return class_preset(context)


METHOD = Method(
    strategy=RelativeGradientAscent,
    summary="gradient ascent on the parameters that matter most to the forgotten rows",
    group="ascent",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
    preset=_preset,
)
