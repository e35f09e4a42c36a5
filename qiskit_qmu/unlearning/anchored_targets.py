"""AnchoredTargets: forgotten rows get a target distribution, and anchors keep their predictions."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.descent import (
    Plan,
    Tensors,
    Terms,
    checked_rows,
    require_classes,
)
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings, descent_preset
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work
from qiskit_qmu.unlearning.teacher import distance_to_targets, divergence, outputs_of


@final
@dataclass(frozen=True, kw_only=True)
class AnchoredTargets(DescentStrategy):
    """Minimise Σ_u KL(t‖p) + μ (KL of the anchors to the original model − its limit).

    Anchors are retained rows. The target t of a forgotten row of class c is (1 − κ) softmax(S_c/τ)
    + κ uniform over the other retained classes, where S_cd is the mean probability that the
    original gives to d on rows of c. μ is raised while the anchors' divergence exceeds its limit,
    and lowered otherwise. Reconstructed from the abstract of a distribution-guided quantum
    unlearning with anchors, https://arxiv.org/abs/2601.04413, whose code is not published.

    Attributes:
        anchors: Retained rows that keep their predictions, drawn at random; all if there are fewer.
        anchor_limit: Largest mean divergence of the anchors, in nats.
        anchor_rate: Step of μ, which starts at 1.
        sharpness: 1/τ; 0 for a uniform target.
        uniform: κ, between 0 and 1.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.AnchoredTargets(anchors=20, epochs=2)
        >>> strategy(model, split, generator=0).usage.gradient_evaluations  # 2 · (35 + 2 · 20)
        150
    """

    epochs: int = 20
    anchors: int = 64
    anchor_limit: float = 0.05
    anchor_rate: float = 1.0
    sharpness: float = 10.0
    uniform: float = 0.1

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.at_least(1, anchors=self.anchors)
        _check.non_negative(anchor_limit=self.anchor_limit, anchor_rate=self.anchor_rate)
        _check.non_negative(sharpness=self.sharpness)
        _check.between(0.0, 1.0, uniform=self.uniform)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the Lagrangian of the targets and the anchors; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        outputs, kept = outputs_of(work.model, x), outputs_of(work.model, kept_x)
        targets = self._targets((outputs, y), (kept, kept_y))
        count = min(self.anchors, len(kept_x))
        drawn = torch.as_tensor(np.sort(generator.permutation(len(kept_x))[:count]))
        multiplier = 1.0

        def loss(forgotten: Tensors, anchors: Tensors) -> tuple[torch.Tensor, Terms]:
            nonlocal multiplier
            aside = distance_to_targets(forgotten[1], work.model(forgotten[0]))
            moved = divergence(anchors[1], work.model(anchors[0]))
            total = aside + multiplier * (moved - self.anchor_limit)
            excess = float(moved.detach()) - self.anchor_limit
            multiplier = max(0.0, multiplier + self.anchor_rate * excess)
            return total, {"target_loss": aside, "anchor_divergence": moved}

        return Plan(loss=loss, sets=((x, targets), (kept_x[drawn], kept[drawn])))

    def _targets(self, forget: Tensors, retain: Tensors) -> torch.Tensor:
        """Return the target distribution (n, classes) of each forgotten row."""
        logits, labels = (torch.cat(pair) for pair in zip(forget, retain, strict=True))
        probabilities = torch.softmax(logits, dim=1)
        classes = logits.shape[1]
        targets = torch.zeros(classes, classes, dtype=logits.dtype, device=logits.device)
        for label in forget[1].unique():
            offered = torch.zeros(classes, dtype=torch.bool, device=logits.device)
            offered[retain[1].unique()] = True
            offered[label] = False
            if not bool(offered.any()):
                raise _check.InputError(
                    "there is no retained row of another class to take as a target"
                )
            similar = self.sharpness * probabilities[labels == label].mean(0)
            guided = torch.softmax(similar.masked_fill(~offered, -torch.inf), dim=0)
            flat = offered.to(guided) / offered.sum()
            targets[label] = (1 - self.uniform) * guided + self.uniform * flat
        return targets[forget[1]]


def _preset(context: PresetContext) -> Settings:
    # Its epochs are short: over the forgotten rows and the anchors.
    return {**descent_preset(context), "epochs": 10}


METHOD = Method(
    strategy=AnchoredTargets,
    summary="forgotten rows are led to similar classes while retained anchors keep their outputs",
    group="relabelling",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=_preset,
)
