"""DeviceConnector: checked as PUBs are, in the precision of its weights, with or without inputs."""

import copy
import pickle

import numpy as np
import pytest
import torch
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN
from qnns import BUILDERS, OBSERVABLES, QNN, ROWS, WEIGHTS, estimator_qnn, expected_outputs

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend


@pytest.fixture
def exact():
    with open_backend("aer") as backend:
        yield backend


@pytest.mark.parametrize("kind", BUILDERS)
def test_outputs_have_the_precision_of_the_weights(kind, exact):
    connector = exact.connector(BUILDERS[kind](exact), WEIGHTS).double()
    connector.weight.data = torch.tensor(WEIGHTS)
    outputs = connector(torch.tensor(ROWS))
    np.testing.assert_allclose(outputs.detach(), expected_outputs(kind), rtol=0, atol=1e-12)


def test_observables_and_values_are_checked_as_those_of_pubs(exact):
    with pytest.raises(InputError, match="has 2 qubits, but the circuit has 3"):
        exact.connector(estimator_qnn(exact, observables=SparsePauliOp("ZZ")), WEIGHTS)
    connector = exact.connector(estimator_qnn(exact), WEIGHTS)
    with pytest.raises(InputError, match="inputs must have 3 values in their last dimension"):
        connector(torch.zeros(2, 2))
    with pytest.raises(InputError, match="inputs must be finite, got 1 NaN"):
        connector(torch.tensor([[0.0, np.nan, 0.0]]))
    assert exact.executed.circuits == 0


def test_no_rows_run_no_circuits(exact):
    connector = exact.connector(estimator_qnn(exact), WEIGHTS)
    outputs = connector(torch.zeros(0, 3))
    outputs.sum().backward()
    assert outputs.shape == (0, len(OBSERVABLES))
    assert not connector.weight.grad.any()
    assert exact.executed.circuits == 0


@pytest.mark.parametrize("inputs", [None, torch.zeros(0), torch.zeros(2, 0)])
def test_a_network_without_inputs(inputs, exact):
    """As the batched statevector answers, in shape, values and gradient."""
    circuit = QNN.circuit.assign_parameters(dict.fromkeys(QNN.inputs, 0.3))
    found = []
    for backend in (exact, open_backend("exact")):
        network = EstimatorQNN(
            circuit=circuit,
            observables=OBSERVABLES,
            weight_params=QNN.weights,
            estimator=backend.estimator,
            gradient=backend.estimator_gradient,
            default_precision=backend.precision,
        )
        connector = backend.connector(network, WEIGHTS)
        outputs = connector(inputs)
        outputs.square().sum().backward()
        found.append((outputs.detach(), connector.weight.grad))
    torch.testing.assert_close(*found, rtol=0, atol=2e-6)


@pytest.mark.parametrize("name", ["aer", "fake_manila"])
def test_copies_draw_shots_of_their_own(name):
    """Means of 10,000 shots: equal ones, three at once, have a probability below 10⁻⁵."""
    with open_backend(name, shots=10_000, seed=1) as backend:
        connector = backend.connector(estimator_qnn(backend), WEIGHTS)
        rows = torch.tensor(ROWS)
        copies = [
            connector,
            copy.deepcopy(connector),
            copy.deepcopy(connector),
            pickle.loads(pickle.dumps(connector)),
        ]
        found = [tuple(own(rows).flatten().tolist()) for own in copies]
    assert len(set(found)) == 4
    np.testing.assert_allclose(found, np.mean(found, axis=0)[None].repeat(4, axis=0), atol=0.05)


def test_a_model_whose_jobs_are_written_down_is_not_pickled(tmp_path):
    with open_backend("aer", shots=10, ledger=tmp_path / "run") as backend:
        connector = backend.connector(estimator_qnn(backend), WEIGHTS)
        with pytest.raises(InputError, match="cannot be pickled"):
            pickle.dumps(connector)
        shared = copy.deepcopy(connector)
        assert shared(torch.tensor(ROWS)).shape == (2, 3)
