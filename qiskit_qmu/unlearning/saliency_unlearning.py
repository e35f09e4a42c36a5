"""SaliencyUnlearning (SalUn): random labels, on the weights that the forgotten rows move most."""

from dataclasses import dataclass
from functools import partial
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import ROWS_AT_ONCE, check_returns_logits, in_mode
from qiskit_qmu.objectives import Objective
from qiskit_qmu.unlearning.descent import (
    Plan,
    Tensors,
    Terms,
    checked_rows,
    require_classes,
    scaled_step,
)
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings, descent_preset
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class SaliencyUnlearning(DescentStrategy):
    """Minimise L(D_u, y′) + α L(D_r) with random wrong labels y′, on the salient weights alone.

    A weight is salient if ``|∂L(D_u)/∂θ_i|`` at the given weights is among the largest. Fan et al.,
    SalUn: Empowering Machine Unlearning via Gradient-based Weight Saliency,
    https://arxiv.org/abs/2310.12508.

    In a small model the salient weights serve the retained rows too, and random labels contradict
    each other: on 200 digits and 6 qubits this forgot a class at a loss of 20 points.

    Attributes:
        share: Share of the weights that may change.
        retain_weight: α.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.SaliencyUnlearning(epochs=2)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> pairs = zip(model.parameters(), unlearned.parameters(), strict=True)
        >>> sum(int((before != after).sum()) for before, after in pairs)  # of 237 weights
        118
    """

    share: float = 0.5
    retain_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(share=self.share)
        _check.between(0.0, 1.0, share=self.share)
        _check.non_negative(retain_weight=self.retain_weight)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (
            Range(
                name="retain_weight",
                value=self.retain_weight,
                low=0.1,
                high=10.0,
                log=True,
                stronger="low",
            ),
            Range(name="share", value=self.share, low=0.05, high=1.0),
        )

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss with random labels and the masked step; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        classes = check_returns_logits(work.model, x)
        shifts = torch.as_tensor(generator.integers(1, classes, len(y))).to(y)
        mask = self._salient(work.model, x, y, objective)

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            wrong = objective.mean_loss(work.model, *forgotten)
            kept = objective.mean_loss(work.model, *retained)
            total = wrong + self.retain_weight * kept
            return total, {"relabelled_loss": wrong, "retain_loss": kept}

        return Plan(
            loss=loss,
            sets=((x, (y + shifts) % classes), (kept_x, kept_y)),
            step=partial(scaled_step, scales=mask),
        )

    def _salient(
        self, model: torch.nn.Module, x: torch.Tensor, y: torch.Tensor, objective: Objective
    ) -> dict[str, torch.Tensor]:
        """Return 1 for each weight with one of the largest gradients and 0 for the others."""
        chosen = {n: p for n, p in model.named_parameters() if p.requires_grad}
        total = {name: torch.zeros_like(p) for name, p in chosen.items()}
        with in_mode(model, training=False):
            for rows in zip(x.split(ROWS_AT_ONCE), y.split(ROWS_AT_ONCE), strict=True):
                found = torch.autograd.grad(
                    objective.mean_loss(model, *rows) * len(rows[0]),
                    list(chosen.values()),
                    allow_unused=True,
                    materialize_grads=True,
                )
                for name, gradient in zip(chosen, found, strict=True):
                    total[name] += gradient
        sizes = torch.cat([gradient.abs().flatten() for gradient in total.values()])
        largest = sizes.topk(max(1, int(self.share * len(sizes)))).indices
        mask = torch.zeros_like(sizes)
        mask[largest] = 1.0
        parts = mask.split([p.numel() for p in chosen.values()])
        return {
            name: part.reshape(p.shape)
            for (name, p), part in zip(chosen.items(), parts, strict=True)
        }


def _preset(context: PresetContext) -> Settings:
    # Random labels contradict each other: a larger step takes accuracy from the retained rows.
    settings = descent_preset(context)
    return {**settings, "learning_rate": settings["learning_rate"] / 2}


METHOD = Method(
    strategy=SaliencyUnlearning,
    summary="random labels for the forgotten rows, on the weights that these move most",
    group="relabelling",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=_preset,
)
