"""SimilarLabels (Q-MUL): forgotten rows get the label of the most similar class."""

from dataclasses import dataclass
from typing import Literal, final

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
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work
from qiskit_qmu.unlearning.teacher import outputs_of

_TINY = 1e-12


@final
@dataclass(frozen=True, kw_only=True)
class SimilarLabels(DescentStrategy):
    """Minimise L(D_r) + w L(D_u, y′), where y′ is the class most similar to a row's own.

    w = α ‖∇L(D_r)‖ / ‖∇L(D_u, y′)‖ balances both gradients at each step. Classes are compared by
    the cosine between the mean logits of their rows. Q-MUL, https://arxiv.org/abs/2503.13917,
    proposed for quantised (not quantum) networks.

    Attributes:
        balance: α, the size of the second gradient relative to the first.
        variant: "standard"; or "hqml" as in the code of the hybrid quantum unlearning benchmark:
            L(D_r) − w L(D_u, y′), which drives forgotten rows *away* from the similar class, and
            mean logits of retained rows alone, zero for a class without any.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.SimilarLabels(epochs=20, learning_rate=0.05)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> unlearned.observe(split.forget.x, split.forget.y).accuracy
        0.0
    """

    balance: float = 1.0
    variant: Literal["standard", "hqml"] = "standard"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(balance=self.balance)
        _check.one_of(("standard", "hqml"), variant=self.variant)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (Range(name="balance", value=self.balance, low=0.05, high=2.0, log=True),)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the balanced losses of both sets; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        similar = self._similar(work.model, (x, y), (kept_x, kept_y))
        chosen = [p for p in work.model.parameters() if p.requires_grad]
        sign = -1.0 if self.variant == "hqml" else 1.0

        def gradient(loss: torch.Tensor) -> list[torch.Tensor]:
            return list(
                torch.autograd.grad(loss, chosen, allow_unused=True, materialize_grads=True)
            )

        def loss(forgotten: Tensors, retained: Tensors) -> tuple[torch.Tensor, Terms]:
            own = objective.mean_loss(work.model, *forgotten)
            kept = objective.mean_loss(work.model, *retained)
            pull, keep = gradient(own), gradient(kept)
            weight = sign * self.balance * _norm(keep) / (_norm(pull) + _TINY)
            # A linear function with the weighted gradient, so that no circuit runs twice for it.
            total = sum(
                ((k + weight * f) * p).sum() for k, f, p in zip(keep, pull, chosen, strict=True)
            )
            return torch.as_tensor(total), {"similar_loss": own, "retain_loss": kept}

        return Plan(loss=loss, sets=((x, similar[y]), (kept_x, kept_y)))

    def _similar(self, model: torch.nn.Module, forget: Tensors, retain: Tensors) -> torch.Tensor:
        """Return the most similar other class (classes,) of each class."""
        sets = [retain] if self.variant == "hqml" else [forget, retain]
        logits = torch.cat([outputs_of(model, x) for x, _ in sets])
        labels = torch.cat([y for _, y in sets])
        classes = logits.shape[1]
        means = torch.zeros(classes, classes, dtype=logits.dtype, device=logits.device)
        for label in labels.unique():
            means[label] = logits[labels == label].mean(0)
        cosine = torch.nn.functional.cosine_similarity(means[:, None], means[None], dim=2)
        cosine.fill_diagonal_(-torch.inf)
        if self.variant == "standard":
            offered = torch.zeros(classes, dtype=torch.bool, device=logits.device)
            offered[retain[1].unique()] = True
            cosine[:, ~offered] = -torch.inf
        return cosine.argmax(1)


def _norm(gradients: list[torch.Tensor]) -> torch.Tensor:
    return torch.stack([g.square().sum() for g in gradients]).sum().sqrt()


def _preset(context: PresetContext) -> Settings:
    # The balance keeps the pull as strong as the rest even when the rows are forgotten already.
    return {**descent_preset(context), "balance": 0.3}


METHOD = Method(
    strategy=SimilarLabels,
    summary="forgotten rows are trained to the most similar other class, balanced with the others",
    group="relabelling",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=_preset,
)
