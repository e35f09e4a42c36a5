"""FineTuneLastLayers (CF-k): the last layers are fine-tuned on the retained rows."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.unlearning.descent import Plan, Tensors, Terms, checked_rows
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.layers import last_layers, layer_names, parameters_of, train_only
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class FineTuneLastLayers(DescentStrategy):
    """Fine-tune the last k layers on the retained rows; the others stay as they are.

    CF-k ("catastrophic forgetting") of Goel et al., Towards Adversarial Evaluations for Inexact
    Machine Unlearning, https://arxiv.org/abs/2201.06640. A layer is a module that owns parameters
    that may change, in the order in which the model runs them. The forgotten rows are not used:
    what the other layers know of them stays. Where all circuits stay, they run once for each row.

    Attributes:
        layers: k, from 1.
        variant: "standard"; or "hqml" as in the code of the hybrid quantum unlearning benchmark:
            gradient *ascent* on the *forgotten* rows with the *first* k layers frozen, for a given
            number of epochs. Its loss has no lower bound.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> result = qmu.unlearning.FineTuneLastLayers(epochs=5)(model, split, generator=0)
        >>> torch.equal(result.model.quantum.weight, model.quantum.weight)
        True
        >>> usage = result.usage
        >>> usage.forward_evaluations, usage.gradient_evaluations  # of 70 rows, two are equal
        (69, 0)
    """

    layers: int = 1
    variant: Literal["standard", "hqml"] = "standard"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.at_least(1, layers=self.layers)
        _check.one_of(("standard", "hqml"), variant=self.variant)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss of the retained rows by the last layers; see `DescentStrategy`."""
        backwards = self.variant == "hqml"
        rows = split.forget if backwards else split.retain
        x, y, objective = checked_rows(work.model, rows, self.objective)
        if backwards:
            names = layer_names(work.model, x)
            _check.between(1, len(names) - 1, layers=self.layers)
            chosen = names[self.layers :]
        else:
            chosen = last_layers(work.model, x, self.layers)
        train_only(work.model, parameters_of(work.model, chosen))

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            found = objective.mean_loss(work.model, *batch)
            if backwards:
                return -found, {"forget_loss": found}
            return found, {"retain_loss": found}

        return Plan(loss=loss, sets=((x, y),))


def _preset(context: PresetContext) -> Settings:
    return {"epochs": 20, "learning_rate": context.learning_rate, "batch_size": 16}


METHOD = Method(
    strategy=FineTuneLastLayers,
    summary="the last layers are fine-tuned on the retained rows",
    group="last layers",
    needs=frozenset({"retained rows", "gradients"}),
    preset=_preset,
)
