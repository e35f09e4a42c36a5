"""The usage meter: counts by hand, and against what Qiskit ML really submits."""

import json

import numpy as np
import pytest
import torch
from qiskit.primitives import BaseEstimatorV2, BaseSamplerV2, StatevectorEstimator
from qiskit.quantum_info import Pauli, SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import (
    ParamShiftEstimatorGradient,
    ParamShiftSamplerGradient,
)
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.backends import ConnectorCost, Usage, UsageMeter, connectors_of, metered
from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSimulatorConnector,
)

QNN = qnn_circuit(2, 2, 2, encoding="rx-ry-rz")
WEIGHT_ANGLES = 6
INPUT_ANGLES = 6
"""Three rotations of each of two features; four and two weights in two layers."""


def network(
    *, observables=("IZ", "ZI"), shots: int | None = None, input_gradients: bool = True
) -> EstimatorQNN:
    estimator = TorchEstimator(shots=shots, seed=1)
    gradient = TorchEstimatorGradient if shots is None else ParamShiftEstimatorGradient
    return EstimatorQNN(
        circuit=QNN.circuit,
        observables=[SparsePauliOp(label) for label in observables],
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=estimator,
        gradient=gradient(estimator),
        default_precision=0.0,
        input_gradients=input_gradients,
    )


def rows(count: int, *, requires_grad: bool = False) -> torch.Tensor:
    return torch.linspace(-1, 1, 2 * count).reshape(count, 2).requires_grad_(requires_grad)


@pytest.fixture(params=[TorchSimulatorConnector, TorchConnector])
def connect(request: pytest.FixtureRequest):
    """Return our connector's class, then the stock one's: both are counted alike."""
    return request.param


def test_forward_rows(connect):
    connector = connect(network())
    with metered(connector) as meter, torch.no_grad():
        connector(rows(3))
        connector(rows(5).reshape(5, 1, 2))
        connector(rows(1)[0])
        connector(input_data=rows(2))
    assert meter.usage == Usage(
        forward_evaluations=11, circuits=11, requests=((1, 1), (2, 1), (3, 1), (5, 1))
    )


def test_nothing_is_counted_twice_or_outside(connect):
    connector = connect(network())
    connector(rows(2))
    with metered(connector) as meter:
        connector(rows(3))
    connector(rows(4))
    assert meter.usage.forward_evaluations == 3


def test_gradient_rows_cost_two_circuits_for_each_gate_angle(connect):
    connector = connect(network())
    with metered(connector) as meter:
        connector(rows(3)).sum().backward()
    assert meter.usage == Usage(
        forward_evaluations=3,
        gradient_evaluations=3,
        circuits=3 + 3 * 2 * WEIGHT_ANGLES,
        requests=((3, 1), (3 * 2 * WEIGHT_ANGLES, 1)),
    )


@pytest.mark.parametrize(
    ("weights", "inputs", "input_gradients", "angles"),
    [
        (True, False, True, WEIGHT_ANGLES),
        (True, True, True, WEIGHT_ANGLES + INPUT_ANGLES),
        (False, True, True, INPUT_ANGLES),
        (True, True, False, WEIGHT_ANGLES),
    ],
)
def test_angles_count_where_a_gradient_flows(weights, inputs, input_gradients, angles, connect):
    connector = connect(network(input_gradients=input_gradients)).requires_grad_(weights)
    with metered(connector) as meter:
        connector(rows(2, requires_grad=inputs)).sum().backward()
    assert meter.usage.circuits == 2 + 2 * 2 * angles
    assert meter.usage.gradient_evaluations == 2


def test_no_gradient_is_counted_before_it_is_taken(connect):
    connector = connect(network())
    with metered(connector) as meter:
        outputs = connector(rows(3))
        assert meter.usage.gradient_evaluations == 0
        loss = outputs.sum()
        loss.backward(retain_graph=True)
        assert meter.usage.gradient_evaluations == 3
        loss.backward()
    assert meter.usage.gradient_evaluations == 6


@pytest.mark.parametrize(
    ("observables", "bases"), [(("IZ", "ZI", "ZZ"), 1), (("ZI", "XI"), 2), (("XX", "YY", "ZZ"), 3)]
)
def test_every_measurement_basis_is_a_circuit(observables, bases, connect):
    connector = connect(network(observables=observables))
    with metered(connector) as meter:
        connector(rows(2)).sum().backward()
    assert meter.usage.circuits == bases * (2 + 2 * 2 * WEIGHT_ANGLES)


def test_shots_multiply(connect):
    connector = connect(network(shots=50))
    with metered(connector) as meter:
        connector(rows(1)).sum().backward()
    assert meter.usage.executions == 50 * meter.usage.circuits == 50 * (1 + 2 * WEIGHT_ANGLES)


def test_all_connectors_of_a_module_are_counted(connect):
    model = torch.nn.Sequential(
        torch.nn.Linear(3, 2), connect(network()), torch.nn.Linear(2, 2), connect(network())
    )
    assert connectors_of(model) == [model[1], model[3]]
    assert connectors_of(model[1]) == [model[1]]
    assert connectors_of(model[0]) == []
    with metered(model) as meter:
        model(torch.rand(4, 3)).sum().backward()
    assert meter.usage.forward_evaluations == 8
    # Linear layers before them make the inputs of both part of the graph.
    assert meter.usage.circuits == 2 * 4 * (1 + 2 * (WEIGHT_ANGLES + INPUT_ANGLES))


def test_a_shared_connector_is_counted_once_for_each_call():
    connector = TorchSimulatorConnector(network())
    model = torch.nn.Sequential(connector, connector)
    with metered(model) as meter, torch.no_grad():
        model(rows(3))
    assert meter.usage.forward_evaluations == 6


def test_meters_may_be_nested():
    connector = TorchSimulatorConnector(network())
    with metered(connector) as outer:
        connector(rows(1))
        with metered(connector) as inner:
            connector(rows(2))
    assert (outer.usage.forward_evaluations, inner.usage.forward_evaluations) == (3, 2)


def test_the_meter_lets_go_after_an_error():
    connector = TorchSimulatorConnector(network())
    with pytest.raises(RuntimeError, match="mine"), metered(connector):
        raise RuntimeError("mine")
    assert not connector._forward_hooks


def test_usages_add_up():
    meter = UsageMeter()
    meter.add(Usage(forward_evaluations=1, gradient_evaluations=2, circuits=3, executions=4))
    meter.add(Usage(circuits=10, requests=((4, 1), (6, 1))))
    meter.add(Usage(requests=((2, 2), (4, 3))))
    assert meter.usage == Usage(
        forward_evaluations=1,
        gradient_evaluations=2,
        circuits=13,
        executions=4,
        requests=((2, 2), (4, 4), (6, 1)),
    )
    assert json.loads(json.dumps(meter.usage.to_dict()))["requests"] == [[2, 2], [4, 4], [6, 1]]


def test_the_cost_of_a_row():
    cost = ConnectorCost.of(TorchSimulatorConnector(network(observables=("ZI", "XI"), shots=7)))
    assert cost == ConnectorCost(
        bases=2, weight_angles=WEIGHT_ANGLES, input_angles=INPUT_ANGLES, forward_shots=7, shots=7
    )
    assert cost.forward(3) == Usage(
        forward_evaluations=3, circuits=6, executions=42, requests=((6, 1),)
    )
    assert cost.backward(3, weights=True, inputs=False) == Usage(
        gradient_evaluations=3, circuits=6 * 2 * 6, executions=7 * 6 * 2 * 6, requests=((72, 1),)
    )


def test_observables_of_other_classes():
    estimator = TorchEstimator()
    qnn = EstimatorQNN(
        circuit=QNN.circuit,
        observables=[Pauli("ZI"), Pauli("XI")],
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=estimator,
        default_precision=0.0,
    )
    assert ConnectorCost.of(TorchConnector(qnn)).bases == 2


class LinearNetwork(NeuralNetwork):
    """A network of neither kind, with two inputs and three weights."""

    def __init__(self) -> None:
        super().__init__(2, 3, sparse=False, output_shape=1, input_gradients=True)

    def _forward(self, input_data, weights):
        return input_data.sum(1, keepdims=True) * weights.sum()

    def _backward(self, input_data, weights):
        ones = np.ones((len(input_data), 1, 3)) * input_data.sum(1)[:, None, None]
        return np.ones((len(input_data), 1, 2)) * weights.sum(), ones


def test_a_network_of_another_kind_counts_one_angle_for_each_parameter():
    connector = TorchConnector(LinearNetwork())
    assert ConnectorCost.of(connector) == ConnectorCost(
        bases=1, weight_angles=3, input_angles=2, forward_shots=0, shots=0
    )


class CountingSampler(BaseSamplerV2):
    """Counts the rows and shots of all PUBs that pass through."""

    def __init__(self, inner: BaseSamplerV2) -> None:
        self.inner, self.rows = inner, 0

    def run(self, pubs, *, shots=None):
        self.rows += sum(max(1, np.atleast_2d(pub[1]).shape[0]) for pub in pubs)
        return self.inner.run(pubs, shots=shots)


class CountingEstimator(BaseEstimatorV2):
    """Counts the rows of all PUBs that pass through."""

    def __init__(self, inner: BaseEstimatorV2) -> None:
        self.inner, self.rows = inner, 0

    def run(self, pubs, *, precision=None):
        self.rows += sum(max(1, np.atleast_2d(pub[2]).shape[0]) for pub in pubs)
        return self.inner.run(pubs, precision=precision)


@pytest.mark.parametrize(
    ("encoding", "input_gradients"), [("ry", False), ("rx-ry-rz", True), ("zz", True)]
)
def test_counts_are_what_parameter_shift_submits(encoding, input_gradients):
    """One observable or one register: nothing to merge, so every row of a PUB is a circuit."""
    qnn = qnn_circuit(2, 3, 1, encoding=encoding)
    sampler, estimator = CountingSampler(TorchSampler()), CountingEstimator(StatevectorEstimator())
    shared = {
        "circuit": qnn.circuit,
        "input_params": qnn.inputs,
        "weight_params": qnn.weights,
        "input_gradients": input_gradients,
    }
    networks = [
        SamplerQNN(sampler=sampler, gradient=ParamShiftSamplerGradient(sampler), **shared),
        EstimatorQNN(
            estimator=estimator,
            gradient=ParamShiftEstimatorGradient(estimator),
            observables=SparsePauliOp("ZZZ"),
            default_precision=0.0,
            **shared,
        ),
    ]
    for primitive, own in zip((sampler, estimator), networks, strict=True):
        connector = TorchConnector(own)
        with metered(connector) as meter:
            connector(rows(3, requires_grad=True)).sum().backward()
        assert meter.usage.circuits == primitive.rows


@pytest.mark.parametrize("precision", [0.0, 1 / 20, 1 / 64])
def test_shots_are_those_that_the_primitive_took(precision):
    """A mean of N outcomes ±1 is a multiple of 2/N off -1, and a shifted difference one of 1/N."""
    estimator = TorchEstimator(shots=50, seed=1)
    own = EstimatorQNN(
        circuit=QNN.circuit,
        observables=SparsePauliOp("ZZ"),
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        estimator=estimator,
        gradient=TorchEstimatorGradient(estimator),
        default_precision=precision,
        input_gradients=True,
    )
    asked = {0.0: 50, 1 / 20: 400, 1 / 64: 4096}[precision]
    count = 40
    for connector in (TorchSimulatorConnector(own), TorchConnector(own)):
        inputs = rows(count, requires_grad=True)
        with metered(connector) as meter:
            outputs = connector(inputs)
        assert meter.usage.executions == asked * count
        steps = (1 + outputs.detach().double().numpy()) * asked / 2
        np.testing.assert_allclose(steps, np.rint(steps), atol=1e-3)
        halves = steps / 2
        assert np.abs(halves - np.rint(halves)).max() > 0.4  # not as if there were fewer
        with metered(connector) as meter:
            connector(inputs).sum().backward()
        backward = meter.usage.executions - asked * count
        assert backward == 50 * count * 2 * (WEIGHT_ANGLES + INPUT_ANGLES)
    job = estimator.run([(QNN.circuit, "ZZ", np.zeros(QNN.circuit.num_parameters))],
                        precision=precision)  # fmt: skip
    assert job.result()[0].metadata["shots"] == asked


def test_a_short_representation():
    usage = Usage(forward_evaluations=2000, circuits=3, requests=tuple((n, 2) for n in range(900)))
    assert repr(usage).startswith("Usage(forward_evaluations=2000, gradient_evaluations=0, ")
    assert repr(usage).endswith("circuits=3, executions=0, requests=1800)")
    assert "<th>circuits</th><td>3</td>" in usage._repr_html_()
