"""Counts circuits, executions and gradient evaluations of a module's connectors."""

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, final

import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.backends.cost.networks import connectors_of, measured_bases
from qiskit_qmu.backends.gradients.rules import DerivativeRule, ParameterShift
from qiskit_qmu.backends.usage import Usage, merged_requests
from qiskit_qmu.simulator import TorchEstimator
from qiskit_qmu.simulator.compile.unrolling import rotation_angles


class UsageMeter:
    """Sums the usage of every TorchConnector of a module while it is attached.

    Args:
        times: How many rows each row stands for.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import UsageMeter
        >>> meter = UsageMeter()
        >>> meter.add(qmu.Usage(forward_evaluations=2, circuits=2))
        >>> meter.add(qmu.Usage(forward_evaluations=3, circuits=3))
        >>> meter.usage.circuits
        5
    """

    def __init__(self, times: int = 1) -> None:
        self.usage = Usage()
        self.times = times

    def add(self, usage: Usage) -> None:
        """Add work done outside the module's forward pass."""
        self.usage += usage


@contextmanager
def metered(module: torch.nn.Module, *, times: int = 1) -> Iterator[UsageMeter]:
    """Meter the usage of a module's connectors inside the block.

    Args:
        module: Any module with TorchConnectors.
        times: How many rows each row stands for.

    Yields:
        The meter; read its ``usage`` at any time.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import metered
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> x, y = [[0.1, 0.2], [0.3, 0.4], [0.5, 0.6]], [0, 1, 1]
        >>> with metered(model) as meter:
        ...     history = qmu.Trainer(epochs=10).fit(model, x, y, generator=0)
        >>> meter.usage.gradient_evaluations
        30
    """
    meter = UsageMeter(times)
    handles = [
        connector.register_forward_hook(_hook(meter, ConnectorCost.of(connector)), with_kwargs=True)
        for connector in connectors_of(module)
    ]
    try:
        yield meter
    finally:
        for handle in handles:
            handle.remove()


@final
@dataclass(frozen=True, kw_only=True)
class ConnectorCost:
    """Cost of one row on a connector.

    Attributes:
        bases: Measurement bases of its outputs.
        weight_angles: Gate angles that depend on weights.
        input_angles: Gate angles that depend on inputs.
        shared_angles: Gate angles that depend on both.
        forward_shots: Measurements of each circuit of a forward pass; 0 for exact values.
        shots: Measurements of each circuit of a gradient, which ignores the network's precision
            for forward passes.
        rule: How gradients are measured.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import ConnectorCost
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> cost = ConnectorCost.of(model.quantum)
        >>> cost.forward(rows=10).circuits
        10
        >>> cost.backward(rows=10, weights=True, inputs=False).circuits
        40
    """

    bases: int
    weight_angles: int
    input_angles: int
    shared_angles: int = 0
    forward_shots: int
    shots: int
    rule: DerivativeRule = field(default_factory=ParameterShift, compare=False)

    @staticmethod
    def of(connector: TorchConnector) -> "ConnectorCost":
        """Count the gate angles and measurement bases of a connector's network."""
        network = connector.neural_network
        weight_angles, input_angles, shared_angles = _gate_angles(network)
        forward_shots, shots = _shots(network)
        return ConnectorCost(
            bases=len(measured_bases(network)) if isinstance(network, EstimatorQNN) else 1,
            weight_angles=weight_angles,
            input_angles=input_angles,
            shared_angles=shared_angles,
            forward_shots=forward_shots,
            shots=shots,
            rule=_rule(network),
        )

    def forward(self, rows: int) -> Usage:
        """Return the usage of evaluating some rows at once."""
        return _usage([rows * self.bases], self.forward_shots, forward_evaluations=rows)

    def backward(self, rows: int, *, weights: bool, inputs: bool) -> Usage:
        """Return the usage of differentiating some rows at once by weights, inputs or both."""
        angles = self.weight_angles * weights + self.input_angles * inputs
        angles -= self.shared_angles * (weights and inputs)
        all_angles = self.weight_angles + self.input_angles - self.shared_angles
        at_once = self.rule.rows_at_once(angles, all_angles) or rows
        circuits = self.bases * self.rule.circuits_per_row(angles)
        portions = [min(at_once, rows - start) for start in range(0, rows, at_once)]
        requests = [size * circuits for size in portions]
        return _usage(requests, self.shots, gradient_evaluations=rows)


def _usage(requests: list[int], shots: int, **evaluations: int) -> Usage:
    circuits = sum(requests)
    return Usage(
        circuits=circuits,
        executions=circuits * shots,
        requests=merged_requests(tuple((size, 1) for size in requests if size)),
        **evaluations,
    )


def _hook(meter: UsageMeter, cost: ConnectorCost) -> Any:
    def after_forward(
        connector: TorchConnector,
        arguments: tuple[torch.Tensor, ...],
        named: dict[str, torch.Tensor],
        output: torch.Tensor,
    ) -> None:
        inputs = arguments[0] if arguments else named.get("input_data")
        rows = meter.times * (1 if inputs is None else math.prod(inputs.shape[:-1]))
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


def _gate_angles(network: NeuralNetwork) -> tuple[int, int, int]:
    """Return how many angles depend on weights, on inputs, and on both."""
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        return network.num_weights, network.num_inputs, 0
    weights, inputs = set(network.weight_params or ()), set(network.input_params or ())
    parameters = [angle.parameters for angle in rotation_angles(network.circuit)]
    return (
        sum(bool(weights & used) for used in parameters),
        sum(bool(inputs & used) for used in parameters),
        sum(bool(weights & used) and bool(inputs & used) for used in parameters),
    )


def _shots(network: NeuralNetwork) -> tuple[int, int]:
    """Return the shots of a circuit of a forward pass and of a gradient.

    Only this package's primitives report their shots.
    """
    primitive: object = None
    if isinstance(network, EstimatorQNN):
        primitive = network.estimator
    elif isinstance(network, SamplerQNN):
        primitive = network.sampler
    shots: int = getattr(primitive, "shots", None) or 0
    if isinstance(network, EstimatorQNN) and isinstance(primitive, TorchEstimator):
        return primitive.shots_for(network.default_precision) or 0, shots
    return shots, shots


def _rule(network: NeuralNetwork) -> DerivativeRule:
    rule: DerivativeRule | None = getattr(getattr(network, "gradient", None), "rule", None)
    return ParameterShift() if rule is None else rule
