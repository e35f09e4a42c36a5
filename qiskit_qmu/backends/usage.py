"""What a piece of work costs: circuits, shots and gradient evaluations."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator.gates import rotation_angles
from qiskit_qmu.simulator.measurement_bases import measurement_bases
from qiskit_qmu.simulator.observables import as_pauli_sum


@final
@dataclass(frozen=True, kw_only=True)
class Usage:
    """Cost of some work on a quantum neural network.

    Attributes:
        forward_evaluations: Rows whose outputs were computed.
        gradient_evaluations: Rows whose gradient was computed; one row's forward and backward pass.
        circuits: Circuit executions that this takes on a device: one for each measurement basis of
            a row's forward pass, two of them for each gate angle of its gradient (the
            parameter-shift rule). A simulator that differentiates the state runs fewer.
        shots: Measurements of those circuits; 0 where values were exact.
    """

    forward_evaluations: int = 0
    gradient_evaluations: int = 0
    circuits: int = 0
    shots: int = 0

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            forward_evaluations=self.forward_evaluations + other.forward_evaluations,
            gradient_evaluations=self.gradient_evaluations + other.gradient_evaluations,
            circuits=self.circuits + other.circuits,
            shots=self.shots + other.shots,
        )


class UsageMeter:
    """Adds up the usage of every TorchConnector of a module while it is attached."""

    def __init__(self) -> None:
        self.usage = Usage()

    def add(self, usage: Usage) -> None:
        """Add work that was done outside of the module's forward pass."""
        self.usage += usage


@contextmanager
def metered(module: torch.nn.Module) -> Iterator[UsageMeter]:
    """Count what the connectors of a module do inside the block.

    Args:
        module: Any module that holds TorchConnectors.

    Yields:
        The meter; read its ``usage`` at any time.
    """
    meter = UsageMeter()
    handles = [
        connector.register_forward_hook(_hook(meter, ConnectorCost.of(connector)), with_kwargs=True)
        for connector in connectors_of(module)
    ]
    try:
        yield meter
    finally:
        for handle in handles:
            handle.remove()


def connectors_of(module: torch.nn.Module) -> list[TorchConnector]:
    """Return the TorchConnectors of a module, itself included."""
    return [child for child in module.modules() if isinstance(child, TorchConnector)]


def _parameter_shift(num_angles: int) -> int:
    """Return two circuits for each angle."""
    return 2 * num_angles


@final
@dataclass(frozen=True, kw_only=True)
class ConnectorCost:
    """Circuits of one row on a connector."""

    bases: int
    weight_angles: int
    input_angles: int
    shots: int
    circuits_per_row: Callable[[int], int] = field(default=_parameter_shift, compare=False)
    """Circuits of one row's gradient in one basis, by the number of its angles."""

    @staticmethod
    def of(connector: TorchConnector) -> "ConnectorCost":
        """Count the gate angles and measurement bases of a connector's network."""
        network = connector.neural_network
        weight_angles, input_angles = _gate_angles(network)
        return ConnectorCost(
            bases=_bases(network),
            weight_angles=weight_angles,
            input_angles=input_angles,
            shots=_shots(network),
            circuits_per_row=_circuits_per_row(network),
        )

    def forward(self, rows: int) -> Usage:
        """Return the usage of evaluating some rows."""
        circuits = rows * self.bases
        return Usage(forward_evaluations=rows, circuits=circuits, shots=circuits * self.shots)

    def backward(self, rows: int, *, weights: bool, inputs: bool) -> Usage:
        """Return the usage of differentiating some rows by weights, inputs or both."""
        angles = self.weight_angles * weights + self.input_angles * inputs
        circuits = rows * self.bases * self.circuits_per_row(angles)
        return Usage(gradient_evaluations=rows, circuits=circuits, shots=circuits * self.shots)


def _hook(meter: UsageMeter, cost: ConnectorCost) -> Any:
    def after_forward(
        connector: TorchConnector,
        arguments: tuple[torch.Tensor, ...],
        named: dict[str, torch.Tensor],
        output: torch.Tensor,
    ) -> None:
        inputs = arguments[0] if arguments else named.get("input_data")
        rows = 1 if inputs is None else math.prod(inputs.shape[:-1])
        meter.add(cost.forward(rows))
        if output.requires_grad:
            by_weights = connector.weight.requires_grad
            by_inputs = (
                inputs is not None
                and inputs.requires_grad
                and connector.neural_network.input_gradients
            )

            def after_backward(_gradient: torch.Tensor) -> None:
                meter.add(cost.backward(rows, weights=by_weights, inputs=by_inputs))

            output.register_hook(after_backward)

    return after_forward


def _gate_angles(network: NeuralNetwork) -> tuple[int, int]:
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        return network.num_weights, network.num_inputs
    weights, inputs = set(network.weight_params or ()), set(network.input_params or ())
    parameters = [angle.parameters for angle in rotation_angles(network.circuit)]
    return (
        sum(bool(weights & used) for used in parameters),
        sum(bool(inputs & used) for used in parameters),
    )


def _bases(network: NeuralNetwork) -> int:
    if not isinstance(network, EstimatorQNN):
        return 1
    operators = map(as_pauli_sum, network.observables)
    labels = [label for operator in operators for label, _ in operator.label_iter()]
    return len(measurement_bases(labels))


def _shots(network: NeuralNetwork) -> int:
    primitive: object = network.estimator if isinstance(network, EstimatorQNN) else None
    if isinstance(network, SamplerQNN):
        primitive = network.sampler
    # Ours say their shots; those of other primitives are not known here.
    return getattr(primitive, "shots", None) or 0


def _circuits_per_row(network: NeuralNetwork) -> Callable[[int], int]:
    rule = getattr(getattr(network, "gradient", None), "rule", None)
    return _parameter_shift if rule is None else rule.circuits_per_row
