"""RetrainLastLayers (EU-k): the last layers are redrawn and trained on the retained rows."""

from dataclasses import dataclass
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import clone_module, reinitialize
from qiskit_qmu.unlearning.descent import Plan, Tensors, Terms, checked_rows
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.layers import last_layers, parameters_of, train_only
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class RetrainLastLayers(DescentStrategy):
    """Redraw the last k layers from their initial distribution, and train them on retained rows.

    EU-k ("exact unlearning" of these layers) of Goel et al., Towards Adversarial Evaluations for
    Inexact Machine Unlearning, https://arxiv.org/abs/2201.06640. A layer is a module that owns
    parameters that may change, in the order in which the model runs them. Layers in front keep what
    they know of the forgotten rows. Where all circuits stay, they run once for each row.

    Attributes:
        layers: k, from 1.
        variant: "standard" keeps the other layers as they are; "hqml", as in the code of the hybrid
            quantum unlearning benchmark, trains *all* layers after the last ones were redrawn.

    The other attributes are those of `DescentStrategy`.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.RetrainLastLayers(epochs=30, learning_rate=0.05)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> unlearned.observe(split.forget.x, split.forget.y).accuracy  # the head never saw class 1
        0.0
    """

    epochs: int = 20
    layers: int = 1
    variant: Literal["standard", "hqml"] = "standard"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.at_least(1, layers=self.layers)
        _check.one_of(("standard", "hqml"), variant=self.variant)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss of the retained rows by the redrawn layers; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.retain, self.objective)
        layers = last_layers(work.model, x, self.layers)
        chosen = parameters_of(work.model, layers)
        fresh = clone_module(work.model)
        reinitialize(fresh, generator)
        drawn = dict(fresh.named_parameters())
        with torch.no_grad():
            for name, parameter in work.model.named_parameters():
                if name in chosen:
                    parameter.copy_(drawn[name])
        if self.variant == "standard":
            train_only(work.model, chosen)

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            found = objective.mean_loss(work.model, *batch)
            return found, {"retain_loss": found}

        return Plan(loss=loss, sets=((x, y),))


def _preset(context: PresetContext) -> Settings:
    return {"epochs": 20, "learning_rate": context.learning_rate, "batch_size": 16}


METHOD = Method(
    strategy=RetrainLastLayers,
    summary="the last layers are redrawn and trained on the retained rows",
    group="last layers",
    needs=frozenset({"retained rows", "gradients"}),
    preset=_preset,
)
