"""SelectiveDampening (SSD): dampen the parameters that are specific to the forgotten rows."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.backends import Usage
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning.dampening import (
    Towards,
    Weights,
    dampen,
    replace_unchanged,
    target_of,
    weights_of,
    wrap_angles,
)
from qiskit_qmu.unlearning.fisher import fisher_diagonal, unbiased_fisher
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, Step, UnlearningResult
from qiskit_qmu.unlearning.stopping import (
    FORGOTTEN_ACCURACY,
    kept_validation,
    performance,
    target_loss,
)
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy

_ALPHAS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0, 50.0)
_LARGER_ALPHAS = (100.0, 300.0, 1000.0, 10_000.0, 100_000.0)
"""Tried for single rows, in turn, while every choice loses accuracy."""
_STRENGTHS = (0.01, 0.1, 0.5, 1.0)
_LOSABLE_ACCURACY = 0.01 + 1e-9
"""Validation accuracy of the original that a choice for single rows may lose."""


@final
@dataclass(frozen=True, kw_only=True)
class SelectiveDampening(UnlearningStrategy):
    """θ_i ← β_i θ_i, β_i = min(λ I_i / I_u,i, 1), for each i with I_u,i > α I_i.

    I_u and I are the Fisher diagonals on the forgotten rows and on the reference rows. Foster et
    al., Fast Machine Unlearning Without Retraining Through Selective Synaptic Dampening,
    https://arxiv.org/abs/2308.07707; equations 7 to 9 of Su et al.,
    https://arxiv.org/abs/2509.06086. There is no training.

    Attributes:
        alpha: Selection threshold α. None chooses it, together with λ if that is None too, by
            forward passes only: the mildest choice that forgets the forgotten rows, at the highest
            accuracy on validation rows (retained rows if there are none). If single rows are to be
            forgotten, at the lowest loss, of those choices that lose at most a hundredth of the
            original's accuracy; where there is none, larger α are tried, and then none is taken.
        dampening: Dampening constant λ; None to choose it together with α.
        reference: "retain" for I on the retained rows, as in Su et al.; "all" for I on all training
            rows, as in the code of Foster et al.
        towards: "zero" as published; "initial" to shrink towards the weights that training began
            with, which must be known (see `qiskit_qmu.models.initial_weights`). Angles go the short
            way round.
        shot_noise: "squared" for the mean of ĝ² as published, to which gradients from shots add
            their variance; "removed" for that of ĝ₁ ĝ₂, see `unbiased_fisher`, at twice the
            circuits. Then I_u is at least 0 and I at least its standard error, so that noise
            selects no parameter that the rows do not.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.SelectiveDampening(alpha=2.0, dampening=0.5)
        >>> result = strategy(model, split)
        >>> len(result.history), result.usage.gradient_evaluations  # one for each row
        (1, 105)
    """

    alpha: float | None = None
    dampening: float | None = None
    reference: Literal["retain", "all"] = "retain"
    towards: Towards = "zero"
    shot_noise: Literal["squared", "removed"] = "squared"
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        if self.alpha is not None:
            _check.positive(alpha=self.alpha)
        if self.dampening is not None:
            _check.positive(dampening=self.dampening)
        _check.one_of(("retain", "all"), reference=self.reference)
        _check.one_of(get_args(Towards), towards=self.towards)
        _check.one_of(("squared", "removed"), shot_noise=self.shot_noise)
        _check.one_of(get_args(Part), parameters=self.parameters)

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
            goal = target_of(work.model, self.towards)
            wrap_angles(work.model, goal)
            forget, retain, cost = self._importance(work.model, split)
            work.meter.add(cost)
            reference = self._reference(forget, retain, split)
            original = weights_of(work.model)
            target, least = self._aims(work.model, split) if self._searches else (None, None)

            def tried(alphas: Sequence[float]) -> list[Step]:
                choices = [(alpha, strength) for alpha in alphas for strength in self._strengths()]
                weights = original, forget, reference
                return [self._try(work.model, *weights, each, split, goal) for each in choices]

            work.history += tried(self._alphas())
            for alpha in _LARGER_ALPHAS if self.alpha is None else ():
                if _accurate(work.history, least):
                    break
                work.history += tried([alpha])
            best = max(
                _accurate(work.history, least),
                key=lambda step: _merit(step, target),
                default={"alpha": math.inf, "lambda": 1.0},
            )
            share = dampen(
                work.model, original, forget, reference, best["alpha"], best["lambda"], goal
            )
            replace_unchanged(work.model, original, given)
            if share == 0:
                work.stop("nothing selected", _nothing_selected(work.history, least))
        return work.result()

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of α and λ; see `UnlearningStrategy`."""
        return (
            Range(name="alpha", value=self.alpha, low=0.5, high=50.0, log=True, stronger="low"),
            Range(
                name="dampening", value=self.dampening, low=0.01, high=1.0, log=True, stronger="low"
            ),
        )

    @property
    def _searches(self) -> bool:
        return self.alpha is None or self.dampening is None

    def _alphas(self) -> tuple[float, ...]:
        return _ALPHAS if self.alpha is None else (self.alpha,)

    def _strengths(self) -> tuple[float, ...]:
        return _STRENGTHS if self.dampening is None else (self.dampening,)

    def _aims(
        self, model: torch.nn.Module, split: ForgetSplit
    ) -> tuple[float | None, float | None]:
        """Return the loss at which single rows count as forgotten and the least accuracy to keep.

        Both are None for a class; the accuracy is, where no classes are predicted.
        """
        target = None
        if split.kind == "class" or not len(split.validation):
            target = target_loss(model, split, self.objective)
            if target is None:
                return None, None
        kept = performance(model, _kept_rows(split), self.objective)
        return (
            kept.loss if target is None else target,
            None if kept.accuracy is None else kept.accuracy - _LOSABLE_ACCURACY,
        )

    def _importance(
        self, model: torch.nn.Module, split: ForgetSplit
    ) -> tuple[Weights, Weights, Usage]:
        """Return the Fisher diagonals of forgotten and retained rows, and their cost."""
        part, objective = self.parameters, self.objective
        if self.shot_noise == "squared":
            forget, cost = fisher_diagonal(model, split.forget, part=part, objective=objective)
            retain, other = fisher_diagonal(model, split.retain, part=part, objective=objective)
            return forget, retain, cost + other
        own = unbiased_fisher(model, split.forget, part=part, objective=objective)
        kept = unbiased_fisher(model, split.retain, part=part, objective=objective)
        return own.at_least_zero(), kept.at_least_error(), own.usage + kept.usage

    def _reference(
        self, forget: dict[str, torch.Tensor], retain: dict[str, torch.Tensor], split: ForgetSplit
    ) -> dict[str, torch.Tensor]:
        if self.reference == "retain":
            return retain
        share = len(split.forget) / (len(split.forget) + len(split.retain))
        return {name: share * forget[name] + (1 - share) * retain[name] for name in forget}

    def _try(
        self,
        model: torch.nn.Module,
        original: dict[str, torch.Tensor],
        forget: dict[str, torch.Tensor],
        reference: dict[str, torch.Tensor],
        choice: tuple[float, float],
        split: ForgetSplit,
        goal: Weights | None,
    ) -> Step:
        """Evaluate one choice of (α, λ) by forward passes."""
        share = dampen(model, original, forget, reference, *choice, goal)
        step: Step = {"alpha": choice[0], "lambda": choice[1], "dampened_share": share}
        if self._searches:
            found = performance(model, split.forget, self.objective)
            left = performance(model, _kept_rows(split), self.objective)
            step["forget_loss"] = found.loss
            step["kept_loss"] = left.loss
            if found.accuracy is not None and left.accuracy is not None:
                step["forget_accuracy"] = found.accuracy
                step["kept_accuracy"] = left.accuracy
        return step


def _kept_rows(split: ForgetSplit) -> Rows:
    """Return the rows on which nothing is to be lost: of validation, else the retained ones."""
    validation = kept_validation(split)
    return validation if len(validation) else split.retain


def _nothing_selected(candidates: list[Step], least: float | None) -> str:
    alpha = min(step["alpha"] for step in candidates)
    if all(step["dampened_share"] == 0 for step in candidates):
        return (
            f"no parameter is more than alpha={alpha:g} times as important for the forgotten rows "
            "as for the others"
        )
    if not _accurate(candidates, least):
        return (
            "every choice of alpha and dampening loses more than a hundredth of the validation "
            "accuracy"
        )
    return "of all choices of alpha and dampening, the best one dampens nothing"


def _accurate(candidates: list[Step], least: float | None) -> list[Step]:
    """Return the choices that may be taken: those of at least an accuracy, if there is one.

    The loss of a model that is too sure of itself falls as it is dampened, whatever accuracy goes.
    """
    if least is None:
        return candidates
    return [step for step in candidates if step["kept_accuracy"] >= least]


def _merit(step: Step, target: float | None) -> tuple[float, ...]:
    """Return a sort key for choices: forgotten first, then accurate, then mild."""
    if "forget_loss" not in step:
        return (0.0,)
    # Both in one unit, accuracy or loss, so that one percent of forgetting counts as much as one
    # percent of what is kept.
    if target is None:
        forgotten = -max(0.0, step["forget_accuracy"] - FORGOTTEN_ACCURACY)
        kept = step["kept_accuracy"]
    else:
        forgotten = -max(0.0, target - step["forget_loss"])
        kept = -step["kept_loss"]
    return (forgotten + kept, -step["dampened_share"])


METHOD = Method(
    strategy=SelectiveDampening,
    summary="selective synaptic dampening",
    group="dampening",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
)
