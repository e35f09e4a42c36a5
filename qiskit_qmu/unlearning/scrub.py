"""Scrub (SCRUB, SCRUB+R): a student that follows the original on retained rows alone."""

from dataclasses import dataclass, replace
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models.parameters import named_tensors
from qiskit_qmu.models.restoring import restore_tensors
from qiskit_qmu.objectives import CrossEntropy
from qiskit_qmu.unlearning.descent import (
    Plan,
    Tensors,
    Terms,
    checked_rows,
    require_classes,
)
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.stopping import performance
from qiskit_qmu.unlearning.strategy import Work, working_copy
from qiskit_qmu.unlearning.teacher import divergence, outputs_of


@final
@dataclass(frozen=True, kw_only=True)
class Scrub(DescentStrategy):
    """Epochs that minimise α KL(T‖S; D_r) + γ L(D_r), and in between maximise KL(T‖S; D_u).

    T is the original model and S the unlearned one. Kurmanji et al., Towards Unbounded Machine
    Unlearning, https://arxiv.org/abs/2302.09880. Here the first epoch is a minimising one, because
    the divergence has no gradient while student and teacher are equal; so is the last one.

    Attributes:
        epochs: Minimising epochs, over the retained rows.
        forget_epochs: Maximising epochs, over the forgotten rows, after the first of the others.
        divergence_weight: α.
        loss_weight: γ.
        temperature: Temperature of both models' outputs in the divergence.
        rewind: SCRUB+R: return to the epoch after which the error rate on the forgotten rows was
            closest to that of the final model on validation rows like them (of their classes if a
            class is forgotten), so that they do not stand out by being too wrong.
        variant: "standard"; or "hqml" as in the code of the hybrid quantum unlearning benchmark:
            joint steps on KL(T‖S; D_r) − 1.5 KL(T‖S; D_u), without L(D_r) and without rewinding
            (its checkpoints are never loaded). All of the first step is rounding noise.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.Scrub(epochs=3, forget_epochs=2)
        >>> result = strategy(model, split, generator=0)
        >>> [next(iter(step)) for step in result.history]
        ['retain_loss', 'forget_divergence', 'retain_loss', 'forget_divergence', 'retain_loss']
        >>> result.usage.gradient_evaluations  # 3 · 70 + 2 · 35
        280
    """

    epochs: int = 8
    forget_epochs: int = 4
    divergence_weight: float = 0.5
    loss_weight: float = 1.0
    temperature: float = 1.0
    rewind: bool = False
    variant: Literal["standard", "hqml"] = "standard"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.at_least(1, forget_epochs=self.forget_epochs)
        _check.non_negative(divergence_weight=self.divergence_weight, loss_weight=self.loss_weight)
        _check.positive(temperature=self.temperature)
        _check.one_of(("standard", "hqml"), variant=self.variant)
        if self.variant == "standard" and self.forget_epochs >= self.epochs:
            raise InputError(
                f"forget_epochs must be less than epochs={self.epochs}, got {self.forget_epochs}"
            )

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`."""
        if self.variant == "hqml":
            return super().__call__(model, split, generator=generator)
        generator = as_generator(generator)
        unseen = _like_the_forgotten(split) if self.rewind else None
        with working_copy(model, self, split) as work:
            minimise, maximise = self._plans(work, split)
            one, optimizer = replace(self.descent(), epochs=1), self.descent().new_optimizer(work)
            passed: list[tuple[float, dict[str, torch.Tensor]]] = []
            for epoch in range(self.epochs):
                if 0 < epoch <= self.forget_epochs:
                    one.run(work, maximise, generator, optimizer)
                one.run(work, minimise, generator, optimizer)
                if unseen is not None:
                    passed.append((self._error(work.model, split.forget), _kept(work.model)))
            if unseen is not None:
                self._rewind(work, passed, unseen)
        return work.result()

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of step size and epochs, of which some maximise."""
        rate, epochs = super().ranges(kind)
        return (rate, replace(epochs, low=self.forget_epochs + 1))

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the joint loss of the variant "hqml"; see `DescentStrategy`."""
        minimise, maximise = self._plans(work, split)

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            own = divergence(forgotten[1], work.model(forgotten[0]))
            kept = divergence(retained[2], work.model(retained[0]))
            return kept - 1.5 * own, {"forget_divergence": own, "retain_divergence": kept}

        return Plan(loss=loss, sets=(*maximise.sets, *minimise.sets))

    def _plans(self, work: Work[Module], split: ForgetSplit) -> tuple[Plan, Plan]:
        x, _, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        forget, retain = outputs_of(work.model, x), outputs_of(work.model, kept_x)

        def keep(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            rows, labels, taught = batch
            logits = work.model(rows)
            if isinstance(objective, CrossEntropy):  # (of the same outputs: no second pass)
                own = torch.nn.functional.cross_entropy(logits, labels)
            else:
                own = objective.mean_loss(work.model, rows, labels)
            apart = divergence(taught, logits, self.temperature)
            total = self.loss_weight * own + self.divergence_weight * apart
            return total, {"retain_loss": own, "retain_divergence": apart}

        def part(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            apart = divergence(batch[1], work.model(batch[0]), self.temperature)
            return -apart, {"forget_divergence": apart}

        return (
            Plan(loss=keep, sets=((kept_x, kept_y, retain),)),
            Plan(loss=part, sets=((x, forget),)),
        )

    def _error(self, model: torch.nn.Module, rows: Rows) -> float:
        accuracy = performance(model, rows, self.objective).accuracy
        return 1 - (accuracy or 0.0)

    def _rewind(
        self,
        work: Work[Module],
        passed: list[tuple[float, dict[str, torch.Tensor]]],
        unseen: Rows,
    ) -> None:
        target = self._error(work.model, unseen)
        # Of equally good epochs the last one: its utility is the most repaired.
        best = min(reversed(range(len(passed))), key=lambda epoch: abs(passed[epoch][0] - target))
        restore_tensors(work.model, passed[best][1])
        work.stop(
            "done",
            f"after epoch {best + 1} of {self.epochs} the error rate on the forgotten rows was "
            f"{passed[best][0]:.4g}, closest to that on unseen rows, {target:.4g}",
        )


def _like_the_forgotten(split: ForgetSplit) -> Rows:
    rows = split.validation
    if split.kind == "class":
        rows = rows.take(np.flatnonzero(np.isin(rows.y, np.unique(split.forget.y))))
    if len(rows) == 0:
        raise InputError(
            "rewind needs validation rows like the forgotten ones, got none: create the split with "
            "a validation_fraction"
        )
    return rows


def _kept(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: tensor.detach().clone() for name, tensor in named_tensors(model).items()}


def _preset(context: PresetContext) -> Settings:
    settings = {"learning_rate": context.learning_rate, "batch_size": 16}
    if context.kind == "class":
        return settings
    # Single rows leave a weaker trace.
    return {**settings, "learning_rate": context.learning_rate / 3, "epochs": 5, "forget_epochs": 2}


METHOD = Method(
    strategy=Scrub,
    summary="a student that follows the original on the retained rows and leaves it on the others",
    group="distillation",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=_preset,
    fixed={"rewind": False},
)

REWOUND = replace(
    METHOD,
    summary="scrub, rewound to where the forgotten rows are as wrong as unseen ones",
    needs=METHOD.needs | {"validation rows"},
    fixed={"rewind": True},
)
