"""ResetAnsatzLayers: the last layers of the circuits are reset and relearned."""

from dataclasses import dataclass
from functools import partial
from typing import Literal, final

import numpy as np
import torch
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import clone_module, named_parameters, reinitialize
from qiskit_qmu.unlearning.ansatz_layers import layers_of_weights
from qiskit_qmu.unlearning.descent import (
    Plan,
    Tensors,
    Terms,
    checked_rows,
    scaled_step,
    take_step,
)
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, descent_preset
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class ResetAnsatzLayers(DescentStrategy):
    """Redraw the angles of the last k ansatz layers, and train on the retained rows.

    The counterpart of `RetrainLastLayers` inside a circuit. On each qubit a layer begins with a
    rotation by weights that follows an entangling gate.

    Attributes:
        layers: k, from 1, of each circuit.
        relearn: "all" to train everything that may change; "reset" for the redrawn angles alone,
            which leaves what the rest of the model knows of the forgotten rows.

    The other attributes are those of `DescentStrategy`; ``parameters`` must include the angles.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=2, rotations=("ry",))
        >>> model.fit_inputs(split.train.x)
        >>> strategy = qmu.unlearning.ResetAnsatzLayers(relearn="reset", epochs=1)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> (unlearned.quantum.weight != model.quantum.weight).tolist()
        [False, False, True, True]
    """

    epochs: int = 10
    layers: int = 1
    relearn: Literal["all", "reset"] = "all"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.at_least(1, layers=self.layers)
        _check.one_of(("all", "reset"), relearn=self.relearn)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss of the retained rows after the reset; see `DescentStrategy`."""
        x, y, objective = checked_rows(work.model, split.retain, self.objective)
        masks = self._reset(work.model, generator)

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            found = objective.mean_loss(work.model, *batch)
            return found, {"retain_loss": found}

        step = partial(scaled_step, scales=masks) if self.relearn == "reset" else take_step
        return Plan(loss=loss, sets=((x, y),), step=step)

    def _reset(
        self, model: torch.nn.Module, generator: np.random.Generator
    ) -> dict[str, torch.Tensor]:
        """Redraw the last layers; return 1 for each weight that was redrawn and 0 for others."""
        allowed = {id(parameter) for parameter in named_parameters(model, self.parameters).values()}
        places = {
            id(connector.weight): self._last(connector.neural_network)
            for connector in connectors_of(model)
            if id(connector.weight) in allowed
        }
        if not places:
            raise InputError(
                f"ResetAnsatzLayers needs trainable angles, got none in parameters="
                f"{self.parameters!r}"
            )
        fresh = clone_module(model)
        reinitialize(fresh, generator)
        drawn = dict(fresh.named_parameters())
        masks = {}
        with torch.no_grad():
            for name, parameter in model.named_parameters():
                chosen = torch.zeros_like(parameter, dtype=torch.bool)
                if id(parameter) in places:
                    chosen = places[id(parameter)].to(parameter.device)
                    parameter.copy_(torch.where(chosen, drawn[name], parameter))
                if parameter.requires_grad:
                    masks[name] = chosen.to(parameter)
        return masks

    def _last(self, network: NeuralNetwork) -> torch.Tensor:
        layers = layers_of_weights(network)
        count = int(layers.max()) + 1
        _check.between(1, count, layers=self.layers)
        return torch.as_tensor(layers >= count - self.layers)


METHOD = Method(
    strategy=ResetAnsatzLayers,
    summary="the last ansatz layers are reset, and the model is trained on the retained rows",
    group="quantum",
    needs=frozenset({"retained rows", "gradients"}),
    preset=descent_preset,
)
