"""Unlikelihood: forgotten rows are trained to any class but their own."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.objectives import CrossEntropy
from qiskit_qmu.unlearning.descent import (
    Parameters,
    Plan,
    Tensors,
    Terms,
    checked_rows,
    require_classes,
)
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.ranges import Range, weight_range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class Unlikelihood(DescentStrategy):
    """Minimise the mean over all training rows: the loss if retained, −w ln(1 − p(y|x)) if not.

    A model that never saw a class does not name it, and what it says instead is not prescribed
    here: −ln(1 − p) vanishes as soon as a row's own class is unlikely. Unlike an ascent it is
    bounded below, its gradient by the logits is as bounded as that of cross-entropy, and unlike
    labels or distributions that are imposed on forgotten rows it contradicts nothing that the
    retained rows need. Welleck et al., Neural Text Generation with Unlikelihood Training,
    https://arxiv.org/abs/1908.04319; as a loss of complementary labels ("not this class") Yu et
    al., Learning with Biased Complementary Labels, https://arxiv.org/abs/1711.09535.

    Forgotten and retained rows share the batches, so that an epoch costs one gradient for each
    training row. The step size falls linearly to 0: so few steps would otherwise end on the noise
    of the last batches.

    It is meant for a class. Single rows that a retrained model classifies correctly become wrong,
    and so stand out.

    Attributes:
        learning_rate: Step size at the first step.
        forget_weight: w.
        batch_size: Rows per step, of both sets together.
        epochs: Passes over all training rows.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.Unlikelihood(epochs=20, learning_rate=0.05)
        >>> result = strategy(model, split, generator=0)
        >>> result.model.observe(split.forget.x, split.forget.y).accuracy
        0.0
        >>> result.usage.gradient_evaluations  # 20 · 105
        2100
    """

    epochs: int = 3
    forget_weight: float = 1.0

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(forget_weight=self.forget_weight)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the ranges of its own hyperparameters; see `DescentStrategy`."""
        return (weight_range("forget_weight", self.forget_weight),)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss of both kinds of rows; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.forget, self.objective)
        require_classes(objective, self)
        kept_x, kept_y, _ = checked_rows(work.model, split.retain, self.objective)
        rows = len(y) + len(kept_y)
        is_kept = torch.arange(rows, device=y.device) >= len(y)
        learning_rates = iter(np.linspace(1, 0, self.descent().steps(rows), endpoint=False))

        def step(optimizer: torch.optim.Optimizer, _parameters: Parameters) -> None:
            share = next(learning_rates)
            for group in optimizer.param_groups:
                group["lr"] = share * self.learning_rate
            optimizer.step()

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            inputs, labels, kept = batch
            logs = torch.log_softmax(work.model(inputs), dim=1)
            own = torch.nn.functional.one_hot(labels, logs.shape[1]).bool()
            wrong = -logs.masked_fill(own, -torch.inf).logsumexp(1)
            if isinstance(objective, CrossEntropy):  # (of the same outputs: no second pass)
                learned = -logs[own]
            else:
                learned = objective.row_losses(work.model, inputs, labels)
            total = torch.where(kept, learned, self.forget_weight * wrong).mean()
            return total, {"loss": total}

        every = (torch.cat([x, kept_x]), torch.cat([y, kept_y]), is_kept)
        return Plan(loss=loss, sets=(every,), step=step)


def short_training(context: PresetContext) -> Settings:
    """Return the settings of a tenth of the original training, at a tenth of its cost.

    Batches are half as large, for twice the steps.
    """
    return {
        "epochs": max(1, round(context.epochs / 10)),
        "batch_size": max(1, context.batch_size // 2),
        "learning_rate": context.learning_rate,
    }


METHOD = Method(
    strategy=Unlikelihood,
    summary="forgotten rows are trained to any class but their own",
    group="relabelling",
    needs=frozenset({"forgotten rows", "retained rows", "gradients", "classes"}),
    preset=short_training,
)
