"""RelativeGradientAscent (RGA): gradient ascent on the parameters that the forgotten rows own."""

from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import Ascent
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class RelativeGradientAscent(UnlearningStrategy):
    """θ_i ← θ_i + η m_i ∂_i L(D_u) with the mask m_i = [I_u,i > α I_r,i].

    I_u and I_r are the Fisher diagonals on forgotten and retained rows. Equation 10 of Su et al.,
    From Membership-Privacy Leakage to Quantum Machine Unlearning,
    https://arxiv.org/abs/2509.06086, which does not give α.

    Attributes:
        alpha: How many times more a parameter must matter to the forgotten than to the retained
            rows. If none does, the largest ratio's parameters, one in a hundred, are taken.
        scaling: "hard" for the mask; "importance" to update every parameter by the factor
            min(1, I_u / (α I_r)).
        learning_rate: Step size η.
        batch_size: Forgotten rows of one step.
        max_epochs: Passes over the forgotten rows at most.
        optimizer: "adam", or "sgd" with momentum 0.9.
        loss_threshold: As in `GradientAscent`.
        confidence_threshold: As in `GradientAscent`.
        parameters: Which parameters may change.
    """

    alpha: float = 10.0
    scaling: Literal["hard", "importance"] = "hard"
    learning_rate: float = 2e-2
    batch_size: int = 16
    max_epochs: int = 10
    optimizer: Optimizer = "adam"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    parameters: Part = "all"

    def __post_init__(self) -> None:
        _check.positive(alpha=self.alpha)
        _check.one_of(("hard", "importance"), scaling=self.scaling)
        self._ascent()
        _check.one_of(get_args(Part), parameters=self.parameters)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`."""
        with working_copy(model, self) as work:
            forget, cost = fisher_diagonal(work.model, split.forget, part=self.parameters)
            retain, other_cost = fisher_diagonal(work.model, split.retain, part=self.parameters)
            work.meter.add(cost + other_cost)
            scales = self._scales(forget, retain)
            share = sum(float(s.sum()) for s in scales.values())
            work.history.append({"updated_share": share / sum(s.numel() for s in scales.values())})
            if share == 0:
                work.stop("nothing selected", "no parameter matters to the forgotten rows")
            else:
                self._ascent().run(work, split, as_generator(generator), scales)
        return work.result()

    def _scales(
        self, forget: dict[str, torch.Tensor], retain: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        # A parameter that matters to neither has the ratio 0: it must not be touched.
        ratios = {
            name: torch.where(own > 0, own / retain[name].clamp_min(torch.finfo().tiny), 0.0)
            for name, own in forget.items()
        }
        if self.scaling == "importance":
            return {n: (r / self.alpha).clamp_max(1.0).float() for n, r in ratios.items()}
        every = torch.cat([ratio.flatten() for ratio in ratios.values()])
        threshold = self.alpha
        if not bool((every > threshold).any()):
            count = max(1, len(every) // 100)
            threshold = float(every.topk(count).values[-1]) * (1 - 1e-12)
        return {name: (ratio > threshold).float() for name, ratio in ratios.items()}

    def _ascent(self) -> Ascent:
        return Ascent(
            learning_rate=self.learning_rate,
            batch_size=self.batch_size,
            max_epochs=self.max_epochs,
            optimizer=self.optimizer,
            loss_threshold=self.loss_threshold,
            confidence_threshold=self.confidence_threshold,
        )
