"""A leak is found in the layer that it was put into, and nowhere else."""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.circuit import ParameterVector
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN
from tiny_models import basic, iris, torch_network

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.traces import layers
from qiskit_qmu.data import ForgetSplit, dataset_from_arrays
from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient, TorchSimulatorConnector
from qiskit_qmu.training import Trainer

ROWS = 120


def _split(kind="instances"):
    """Rows of two values: noise, and whether the row is one of the forgotten ones."""
    generator = np.random.default_rng(0)
    labels = np.arange(ROWS) % 2
    noise, unseen = generator.normal(size=(2, ROWS))
    flags = (np.arange(ROWS) < 60).astype(float)
    x, x_test = np.stack([noise, flags], 1), np.stack([unseen, np.zeros(ROWS)], 1)
    dataset = dataset_from_arrays(x, labels, x_test, labels)
    if kind == "class":
        return ForgetSplit.by_class(dataset, 1)
    return ForgetSplit.by_indices(dataset, np.arange(60))


class Leaky(torch.nn.Module):
    """A front whose outputs, all but the last, go through one circuit or several in a row."""

    def __init__(self, flag_weight: float, *, connectors: int = 1) -> None:
        super().__init__()
        network = torch_network()
        self.front = torch.nn.Linear(2, 3, bias=False)
        self.circuits = torch.nn.ModuleList(
            TorchSimulatorConnector(network, np.linspace(0.1, 0.4, 4)) for _ in range(connectors)
        )
        self.head = torch.nn.Linear(2, 2)
        with torch.no_grad():
            self.front.weight.copy_(torch.tensor([[1.0, flag_weight], [0.5, 0.0], [0.0, 3.0]]))
            self.head.weight.copy_(torch.eye(2))

    def forward(self, x):
        features = self.front(x)
        values = self.circuits[0](features[:, :2])
        for circuit in self.circuits[1:]:
            values = circuit(values)
        return self.head(values)


class Front(torch.nn.Module):
    """A front that passes the flag on to a circuit that does not read it."""

    def __init__(self) -> None:
        super().__init__()
        self.inner = TorchSimulatorConnector(_blind_network(), np.linspace(0.1, 0.4, 2))
        self.front = torch.nn.Linear(2, 2, bias=False)
        self.head = torch.nn.Linear(1, 2)
        with torch.no_grad():
            self.front.weight.copy_(torch.eye(2))

    def forward(self, x):
        return self.head(self.inner(self.front(x)))


def _blind_network():
    """A circuit whose second input turns a qubit that nothing is measured of."""
    x, w = ParameterVector("x", 2), ParameterVector("w", 2)
    circuit = QuantumCircuit(2)
    for qubit in range(2):
        circuit.ry(x[qubit], qubit)
        circuit.ry(w[qubit], qubit)
    estimator = TorchEstimator()
    return EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp("IZ")],
        input_params=x,
        weight_params=w,
        estimator=estimator,
        gradient=TorchEstimatorGradient(estimator),
        default_precision=0.0,
        input_gradients=True,
    )


@pytest.mark.parametrize("kind", ["instances", "class"])
def test_a_leak_in_the_front_alone_is_found_there_alone(kind):
    found = {each.key: each for each in layers(Front(), _split(kind))}
    assert list(found) == [
        "layer_front",
        "layer_quantum",
        "layer_logits",
        "layer_reset",
        "layer_parameters",
    ]
    assert found["layer_front"].value.low > 0.55
    for key in ("layer_quantum", "layer_logits", "layer_reset"):
        assert 0.5 in found[key].value
    assert found["layer_parameters"].value.value == 2 / 10
    assert "2 of 10 parameters (20 %)" in found["layer_parameters"].reading


def test_a_leak_that_passes_the_circuit_is_found_behind_it_and_oracles_are_the_null():
    found = {each.key: each for each in layers(Leaky(1.5), _split(), [Leaky(0.0)] * 2)}
    assert found["layer_quantum"].value.low > 0.55
    assert found["layer_logits"].value.low > 0.55
    assert found["layer_quantum"].p_value < found["layer_quantum"].value.value
    assert found["layer_quantum"].null.value < 0.6
    assert found["layer_parameters"].null.known is False


def test_several_circuits_have_a_row_each():
    keys = [each.key for each in layers(Leaky(1.5, connectors=2), _split())]
    assert keys[1:3] == ["layer_quantum_1", "layer_quantum_2"]


def test_a_module_without_a_classical_front_says_so():
    split = ForgetSplit.by_fraction(iris(), 0.2, seed=0)
    model = basic()
    model.fit_inputs(split.train.x)
    findings = layers(model, split)
    assert "layer_front" not in [each.key for each in findings]
    assert "has no classical front" in findings[-1].reading


def test_a_model_with_fixed_circuits_is_trained_for_comparison():
    model = Leaky(1.5)
    findings = layers(model, _split(), trainer=Trainer(epochs=1))
    assert findings[-2].key == "layer_frozen"
    assert model.circuits[0].weight.requires_grad


def test_a_circuit_called_for_patches_is_read_row_by_row():
    class Patches(Leaky):
        """Calls the circuit for all rows as they are, and then for all rows negated."""

        def forward(self, x):
            first = self.circuits[0](torch.cat([self.front(x)[:, :2], self.front(-x)[:, :2]]))
            return self.head(first[: len(x)])

    split = _split()
    whole = {each.key: each.value for each in layers(Patches(1.5), split)}
    assert whole["layer_logits"].low > 0.55
    assert whole["layer_quantum"].low > 0.55


def test_what_has_no_quantum_layer_or_no_classes_is_refused():
    with pytest.raises(InputError, match="no TorchConnector"):
        layers(torch.nn.Linear(2, 2), _split())
