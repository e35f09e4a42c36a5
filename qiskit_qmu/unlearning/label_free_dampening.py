"""LabelFreeDampening: selective dampening by the size of outputs instead of losses."""

from dataclasses import dataclass
from typing import final, get_args

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, OwnObjective, RowLoss
from qiskit_qmu.unlearning.dampening import (
    Towards,
    dampen,
    replace_unchanged,
    target_of,
    weights_of,
    wrap_angles,
)
from qiskit_qmu.unlearning.fisher import mean_powers
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy


@final
@dataclass(frozen=True, kw_only=True)
class LabelFreeDampening(UnlearningStrategy):
    """θ_i ← β_i θ_i, β_i = min(λ I_i / I_u,i, 1), for each i with I_u,i > α I_i.

    As `SelectiveDampening`, with the importance I_i = mean over rows of ``|∂ ‖model(x)‖² / ∂θ_i|``
    on the retained rows and I_u,i on the forgotten ones: it needs no labels. Foster et al.,
    Loss-Free Machine Unlearning, https://arxiv.org/abs/2402.19308. There is no training.

    In a small model most weights serve every class. With the default share it forgot a class of
    digits on 6 qubits nearly as retraining does, and hardly one of Iris on 4.

    Attributes:
        alpha: Selection threshold α; None to select a given share of the parameters, as no rows
            with labels are there to choose it by.
        share: Share of the parameters to select if α is None: those with the largest I_u,i / I_i.
        dampening: Dampening constant λ.
        towards: "zero" as published; "initial" to shrink towards the weights that training began
            with, which must be known (see `qiskit_qmu.models.initial_weights`). Angles go the short
            way round.
        parameters: Which parameters may change.
        objective: What the model learned; it is not used.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.LabelFreeDampening(share=0.1)(model, split)
        >>> round(result.history[0]["dampened_share"], 2), result.usage.gradient_evaluations
        (0.1, 105)
    """

    alpha: float | None = None
    share: float = 0.25
    dampening: float = 1.0
    towards: Towards = "zero"
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        if self.alpha is not None:
            _check.positive(alpha=self.alpha)
        _check.positive(share=self.share, dampening=self.dampening)
        _check.between(0.0, 1.0, share=self.share)
        _check.one_of(get_args(Towards), towards=self.towards)
        _check.one_of(get_args(Part), parameters=self.parameters)

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of the selected share and λ; see `UnlearningStrategy`."""
        return (
            Range(name="share", value=self.share, low=0.01, high=0.9, log=True, stronger="high"),
            Range(
                name="dampening", value=self.dampening, low=0.01, high=1.0, log=True, stronger="low"
            ),
        )

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`. This is deterministic.

        Angles that are dampened are first moved by whole periods to the nearest equivalent of what
        they shrink towards; the others are not changed.

        Raises:
            InputError: If the initial weights are needed and not known.
        """
        with working_copy(model, self, split) as work:
            given = weights_of(work.model)
            target = target_of(work.model, self.towards)
            wrap_angles(work.model, target)
            size = OwnObjective(_squared_size, predicts="nothing")
            forget, cost = mean_powers(
                work.model, split.forget, power=1, part=self.parameters, objective=size
            )
            retain, other_cost = mean_powers(
                work.model, split.retain, power=1, part=self.parameters, objective=size
            )
            work.meter.add(cost + other_cost)
            original = weights_of(work.model)
            alpha = _exceeded_by(forget, retain, self.share) if self.alpha is None else self.alpha
            share = dampen(work.model, original, forget, retain, alpha, self.dampening, target)
            replace_unchanged(work.model, original, given)
            work.history.append({"alpha": alpha, "lambda": self.dampening, "dampened_share": share})
            if share == 0:
                work.stop(
                    "nothing selected",
                    f"no parameter is more than alpha={alpha:g} times as important for the "
                    "forgotten rows as for the others",
                )
        return work.result()


def _squared_size(model: torch.nn.Module, x: torch.Tensor, _y: torch.Tensor) -> torch.Tensor:
    """Return ‖model(x)‖² of each row."""
    outputs: torch.Tensor = model(x)
    return outputs.square().flatten(1).sum(1)


def _exceeded_by(
    forget: dict[str, torch.Tensor], retain: dict[str, torch.Tensor], share: float
) -> float:
    """Return a threshold that a share of the ratios exceeds, at least one."""
    own = torch.cat([forget[name].flatten() for name in forget])
    kept = torch.cat([retain[name].flatten() for name in forget])
    ratios = own / kept.clamp_min(torch.finfo(kept.dtype).tiny)
    count = max(1, int(share * len(ratios)))
    return float(ratios.topk(count).values[-1]) * (1 - 1e-12)


METHOD = Method(
    strategy=LabelFreeDampening,
    summary="selective dampening by the size of outputs, without labels",
    group="dampening",
    needs=frozenset({"forgotten rows", "retained rows", "gradients"}),
)
