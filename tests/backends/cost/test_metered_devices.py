"""What strategies say they cost is what a device was sent, circuit by circuit and job by job."""

from collections import Counter

import numpy as np
import pytest
import torch
from job_recorder import record_jobs
from qiskit.circuit import ParameterVector, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu import ForgetSplit, Trainer
from qiskit_qmu.backends import Workload, metered, open_backend
from qiskit_qmu.backends.gradients import rules
from qiskit_qmu.data import dataset_from_arrays
from qiskit_qmu.models import BasicQNN, HybridQNN
from qiskit_qmu.unlearning import (
    Chain,
    FineTune,
    GradientAscent,
    RelativeGradientAscent,
    Retrain,
    SelectiveDampening,
)

REPAIR = FineTune(epochs=1, batch_size=3)
STRATEGIES = [
    FineTune(epochs=1, batch_size=3),
    GradientAscent(max_epochs=1, batch_size=3),
    GradientAscent(max_epochs=1, parameters="classical"),
    SelectiveDampening(alpha=1.0, dampening=0.5),
    SelectiveDampening(dampening=0.5, parameters="classical"),
    Chain((RelativeGradientAscent(max_epochs=1), REPAIR)),
    Retrain(trainer=Trainer(epochs=1, batch_size=5)),
]


@pytest.fixture
def split(generator) -> ForgetSplit:
    x = generator.normal(size=(9, 3)).astype(np.float32)
    y = np.arange(9) % 3
    return ForgetSplit.by_class(dataset_from_arrays(x, y, x[:6] + 1, y[:6]), label=1)


# What noise makes of a gradient may select nothing: the cost is the same.
@pytest.mark.filterwarnings("ignore::qiskit_qmu.unlearning.UnchangedWarning")
@pytest.mark.parametrize("strategy", STRATEGIES, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize(
    ("gradient", "readout", "limit"),
    [
        ("parameter-shift", "expectation", None),
        ("parameter-shift", "probabilities", 35),
        ("spsa", "expectation", 35),
        ("spsa", "probabilities", None),
    ],
)
def test_usage_is_what_was_executed(split, strategy, gradient, readout, limit, generator):
    options = {"gradient": gradient, "max_executions_per_job": limit}
    with open_backend("aer", shots=10, seed=1, **options) as backend:
        model = BasicQNN(3, 3, 3, 1, seed=1, readout=readout, backend=backend)
        model.fit_inputs(split.train.x)
        recorder = record_jobs(backend)
        usage = strategy(model, split, generator=generator).usage
        assert usage.circuits == backend.executed.circuits > 0
        assert usage.executions == backend.executed.executions == 10 * usage.circuits
        estimate = backend.estimate(Workload.on(model, usage))
        assert estimate.jobs == backend.sampler.jobs_sent == len(recorder.jobs)
        if limit is None:
            assert usage.requests == tuple(sorted(Counter(recorder.circuits).items()))
        else:
            assert max(recorder.circuits) == limit // 10


def test_training_a_hybrid_model_on_a_device(split, generator):
    """Its classical front asks for input gradients too."""
    backend = open_backend("fake_manila", shots=20)
    model = HybridQNN(input_shape=(1, 8, 8), num_classes=3, num_qubits=3, num_layers=1,
                      backend=backend)  # fmt: skip
    x = generator.normal(size=(4, 1, 8, 8)).astype(np.float32)
    before = [p.detach().clone() for p in model.parameters()]
    with metered(model) as meter:
        Trainer(epochs=1, batch_size=2).fit(model, x, np.arange(4) % 3, generator=generator)
    assert meter.usage.circuits == backend.executed.circuits
    assert meter.usage.requests == ((2, 2), (2 * 2 * 6, 2))
    assert backend.sampler.jobs_sent == 4
    assert all(not torch.equal(b, p) for b, p in zip(before, model.parameters(), strict=True))


def test_large_gradients_are_cut_where_the_meter_says(monkeypatch, generator):
    backend = open_backend("aer", shots=4)
    model = BasicQNN(3, 3, 3, 1, backend=backend)
    # Three rows of 2 · 3 shifted weights among 6 angles fit, four do not.
    monkeypatch.setattr(rules, "_LARGEST_REQUEST_ENTRIES", 3 * 6 * 6 + 5)
    recorder = record_jobs(backend)
    with metered(model) as meter:
        model(torch.rand(8, 3)).sum().backward()
    assert recorder.circuits == [8, 18, 18, 12]
    assert meter.usage.requests == ((8, 1), (12, 1), (18, 2))


def _network(backend, circuit, inputs, weights, observables=("ZZ",)) -> EstimatorQNN:
    return EstimatorQNN(
        circuit=circuit,
        observables=[SparsePauliOp(label) for label in observables],
        input_params=inputs,
        weight_params=weights,
        estimator=backend.estimator,
        gradient=backend.estimator_gradient,
        default_precision=backend.precision,
        input_gradients=True,
    )


@pytest.mark.parametrize("gradient", ["parameter-shift", "spsa"])
def test_an_angle_of_inputs_and_weights_is_shifted_once(gradient):
    """Data re-uploading with trainable scales."""
    backend = open_backend("aer", shots=4, gradient=gradient)
    x, w = ParameterVector("x", 2), ParameterVector("w", 3)
    circuit = QuantumCircuit(2)
    for qubit in range(2):
        circuit.rx(w[qubit] * x[qubit], qubit)
    circuit.ry(w[2], 0)
    connector = backend.connector(_network(backend, circuit, [*x], [*w], ("ZZ", "XX")), np.ones(3))
    with metered(connector) as meter:
        connector(torch.rand(3, 2, requires_grad=True)).sum().backward()
    assert meter.usage.circuits == backend.executed.circuits
    assert backend.sampler.jobs_sent == sum(times for _, times in meter.usage.requests) == 2


@pytest.mark.parametrize("gradient", ["parameter-shift", "spsa"])
def test_nothing_is_sent_for_constant_outputs(gradient):
    backend = open_backend("aer", shots=4, gradient=gradient)
    x, w = ParameterVector("x", 1), ParameterVector("w", 1)
    circuit = QuantumCircuit(1)
    circuit.rx(x[0] + w[0], 0)
    connector = backend.connector(_network(backend, circuit, [*x], [*w], ("I",)), np.ones(1))
    with metered(connector) as meter:
        outputs = connector(torch.rand(2, 1))
        outputs.sum().backward()
    assert outputs.detach().tolist() == [[1.0], [1.0]]
    assert meter.usage.circuits == backend.executed.circuits == backend.sampler.jobs_sent == 0
    assert meter.usage.requests == ()


@pytest.mark.filterwarnings("ignore::qiskit_qmu.unlearning.UnchangedWarning")
def test_gradients_of_many_rows_are_asked_for_in_portions(generator):
    """Rows one by one are differentiated 256 at a time, forward and backward."""
    x = generator.normal(size=(310, 2)).astype(np.float32)
    y = np.arange(310) % 2
    split = ForgetSplit.by_indices(dataset_from_arrays(x, y, x[:4], y[:4]), range(10))
    backend = open_backend("aer", shots=2, gradient="spsa", seed=1)
    model = BasicQNN(2, 2, 2, 1, backend=backend)
    model.fit_inputs(x)
    recorder = record_jobs(backend)
    usage = SelectiveDampening(alpha=1.0, dampening=0.5)(model, split).usage
    assert recorder.circuits == [10, 20, 256, 512, 44, 88]
    assert usage.requests == tuple((size, 1) for size in sorted(recorder.circuits))
