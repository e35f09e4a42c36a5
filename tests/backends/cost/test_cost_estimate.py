"""Estimates: IBM's formula, schedules, jobs and bytes."""

import json

import numpy as np
import pytest
import torch
from job_recorder import record_jobs
from qiskit.circuit.library import real_amplitudes
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import (
    ConnectorCost,
    CostEstimate,
    ExactBackend,
    ParameterShift,
    SimultaneousPerturbation,
    Usage,
    Workload,
    check_budget,
    open_backend,
)
from qiskit_qmu.backends.cost.cost_model import CostModel
from qiskit_qmu.backends.cost.estimate import estimate_cost
from qiskit_qmu.backends.devices.fake import fake_device
from qiskit_qmu.backends.transpilation.timing import Timing
from qiskit_qmu.models import BasicQNN, HybridQNN


def cost_model(**changes) -> CostModel:
    values = {
        "backend": "somewhere",
        "max_executions_per_job": 10_000_000,
        "execution_seconds": None,
        "circuits_per_row": 1.0,
        "job_bytes": 1000.0,
        "forward_bytes": 10.0,
        "gradient_bytes": 1.0,
    }
    return CostModel(**{**values, **changes})


def work(*requests: tuple[int, int], **evaluations: int) -> Workload:
    circuits = sum(size * times for size, times in requests)
    return Workload(usage=Usage(circuits=circuits, requests=requests, **evaluations), networks=())


def step(rule) -> Workload:
    """A gradient of 32 rows by 20 weights."""
    cost = ConnectorCost(
        bases=1, weight_angles=20, input_angles=10, forward_shots=0, shots=0, rule=rule
    )
    return Workload(usage=cost.backward(32, weights=True, inputs=False), networks=())


@pytest.mark.parametrize(
    ("one_step", "shots", "executions", "seconds"),
    [
        (step(ParameterShift()), 4096, 5_242_880, 1837),
        (step(ParameterShift()), 1024, 1_310_720, 461),
        (step(ParameterShift()), 128, 163_840, 59),
        (step(SimultaneousPerturbation(np.random.default_rng(0))), 1024, 65_536, 25),
        (work((1000, 1)), 1024, 1_024_000, 360),
    ],
)
def test_the_quick_formula(one_step, shots, executions, seconds):
    estimate = estimate_cost(one_step, cost_model(), shots)
    assert (estimate.executions, estimate.jobs) == (executions, 1)
    assert round(estimate.qpu_seconds) == seconds


@pytest.mark.parametrize(
    ("requests", "shots", "limit", "jobs"),
    [
        (((10, 1),), 100, 1000, 1),
        (((11, 1),), 100, 1000, 2),
        (((11, 3), (30, 2)), 100, 1000, 12),
        (((11, 1),), 600, 1000, 11),  # one circuit at 600 shots leaves no room for a second
        (((11, 3),), 600, None, 3),
        ((), 600, 1000, 0),
    ],
)
def test_requests_are_cut_into_jobs(requests, shots, limit, jobs):
    estimate = estimate_cost(work(*requests), cost_model(max_executions_per_job=limit), shots)
    assert estimate.jobs == jobs
    assert estimate.qpu_seconds == pytest.approx(2 * jobs + 0.00035 * estimate.executions)


def test_schedules_and_bytes():
    some = work((6, 2), (40, 1), forward_evaluations=12, gradient_evaluations=5)
    estimate = estimate_cost(some, cost_model(execution_seconds=0.001), 10)
    assert estimate == CostEstimate(
        backend="somewhere",
        shots=10,
        circuits=52,
        executions=520,
        jobs=3,
        payload_bytes=3 * 1000 + 12 * 10 + 40,
        qpu_seconds=6 + 0.00035 * 520,
        scheduled_qpu_seconds=6 + 0.001 * 520,
    )
    assert json.loads(json.dumps(estimate.to_dict()))["jobs"] == 3
    assert estimate.most_qpu_seconds == estimate.scheduled_qpu_seconds


def test_exact_values_cost_no_time():
    estimate = estimate_cost(work((6, 2)), cost_model(execution_seconds=0.001), None)
    assert (estimate.shots, estimate.circuits, estimate.jobs) == (None, 12, 2)
    assert estimate.executions == estimate.payload_bytes == estimate.qpu_seconds == 0
    assert estimate.scheduled_qpu_seconds == 0


@pytest.mark.parametrize("shots", [0, -1, 1.5, 1001])
def test_shots_that_no_job_may_have(shots):
    with pytest.raises(InputError, match=r"limit of 1000 executions per job|shots must be"):
        estimate_cost(work((6, 2)), cost_model(max_executions_per_job=1000), shots)


def test_work_must_say_its_requests():
    with pytest.raises(InputError, match="have 4 circuits in total, but the usage has 5"):
        Workload(usage=Usage(circuits=5, requests=((2, 2),)), networks=())


def test_work_on_networks_that_are_not_known():
    class Other(NeuralNetwork):
        def __init__(self):
            super().__init__(1, 1, sparse=False, output_shape=1)

        def _forward(self, input_data, weights):
            return input_data

        def _backward(self, input_data, weights):
            return None, None

    for module in (TorchConnector(Other()), torch.nn.Linear(1, 1)):
        with pytest.raises(InputError, match="must"):
            Workload.on(module, Usage())


def test_a_budget():
    estimate = estimate_cost(work((1000, 1)), cost_model(execution_seconds=0.0004), 1000)
    check_budget(estimate, 402)
    check_budget([estimate, estimate], 804)
    message = "take an estimated 402.0 QPU seconds, more than the 401.9 allowed"
    with pytest.raises(InputError, match=message):
        check_budget(estimate, 401.9)
    with pytest.raises(InputError, match=r"an estimated 804\.0 QPU seconds"):
        check_budget([estimate, estimate], 803)
    with pytest.raises(InputError, match="max_qpu_seconds must be positive"):
        check_budget(estimate, 0)


def test_the_exact_backend_speaks_of_any_device_of_ibms():
    model = BasicQNN(3, 3, 3, 1)
    some = Workload.on(model, ConnectorCost.of(model.quantum).forward(3000))
    backend = open_backend("exact", shots=100)
    own = backend.estimate(some)
    assert (own.backend, own.shots, own.jobs) == ("exact", 100, 1)
    assert own.scheduled_qpu_seconds is None
    # Names of parameters are drawn at random, so the bytes of a circuit differ by a few.
    assert own.payload_bytes == pytest.approx(66_200, rel=0.01)
    several = backend.estimate(some, [100, 4000])
    assert several[0].executions == own.executions == 300_000
    assert several[1].jobs == 2
    assert open_backend("exact").estimate(some).shots is None
    with pytest.raises(InputError, match="exceed the limit of 10000000 executions per job"):
        backend.estimate(some, 10_000_001)


def test_the_exact_backend_counts_by_another_rule():
    rule = SimultaneousPerturbation(np.random.default_rng(0), directions=3)
    model = BasicQNN(3, 3, 3, 1, backend=ExactBackend(rule=rule))
    cost = ConnectorCost.of(model.quantum)
    assert cost.backward(5, weights=True, inputs=False).circuits == 5 * 2 * 3
    with pytest.raises(InputError, match="rule applies to exact values only"):
        ExactBackend(shots=5, rule=rule)


def test_a_fake_device_knows_its_schedule():
    """One layer is two pulses on each qubit, all at once, and the measurement."""
    target = fake_device("fake_manila").target
    pulse, measurement = (max(p.duration for p in target[n].values()) for n in ("sx", "measure"))
    backend = open_backend("fake_manila", shots=100)
    model = BasicQNN(3, 3, 3, 1, backend=backend)
    estimate = backend.estimate(Workload.on(model, ConnectorCost.of(model.quantum).forward(7)))
    execution = 250e-6 + 2 * pulse + measurement
    assert estimate.scheduled_qpu_seconds == pytest.approx(2 + 700 * execution, rel=1e-9)
    assert estimate.backend == "fake_manila"
    assert backend.sampler.jobs_sent == 0


def test_longer_circuits_take_longer():
    backend = open_backend("fake_manila", shots=1000)
    seconds = []
    for layers in (1, 3):
        model = BasicQNN(3, 3, 3, layers, backend=backend)
        estimate = backend.estimate(Workload.on(model, ConnectorCost.of(model.quantum).forward(9)))
        seconds.append(estimate.scheduled_qpu_seconds)
    assert seconds[0] < seconds[1] < 2 + 9000 * 270e-6


def test_nothing_is_known_of_the_time_on_a_simulator():
    backend = open_backend("aer", shots=100)
    model = BasicQNN(3, 3, 3, 1, readout="probabilities", backend=backend)
    estimate = backend.estimate(Workload.on(model, ConnectorCost.of(model.quantum).forward(7)))
    assert estimate.scheduled_qpu_seconds is None
    assert estimate.qpu_seconds == pytest.approx(2.245)


def test_a_target_without_durations():
    circuit = real_amplitudes(2)
    assert Timing.of(fake_device("fake_manila")).execution_seconds([circuit]) is None


@pytest.mark.parametrize(
    ("gradient", "readout"), [("parameter-shift", "expectation"), ("spsa", "probabilities")]
)
def test_bytes_are_those_of_ibms_encoding(gradient, readout, generator):
    """Within a fifth of what the client-side Sampler sends, forward and gradient."""
    backend = open_backend("fake_guadalupe", shots=1, gradient=gradient)
    model = HybridQNN(
        input_shape=(1, 8, 8), num_classes=4, num_qubits=4, num_layers=3, readout=readout,
        backend=backend,
    )  # fmt: skip
    recorder = record_jobs(backend)
    x = generator.normal(size=(8, 1, 8, 8)).astype(np.float32)
    model(torch.as_tensor(x)).sum().backward()
    cost = ConnectorCost.of(model.quantum)
    usages = (cost.forward(8), cost.backward(8, weights=True, inputs=True))
    for (pubs, shots), usage in zip(recorder.jobs, usages, strict=True):
        estimate = backend.estimate(Workload.on(model, usage))
        assert estimate.payload_bytes == pytest.approx(_encoded(pubs, shots), rel=0.2)


def _encoded(pubs, shots: int) -> int:
    """Return the bytes that the client-side Sampler sends."""
    from qiskit_ibm_runtime.executor_sampler.prepare import prepare
    from qiskit_ibm_runtime.options_models import SamplerOptions
    from qiskit_ibm_runtime.quantum_program.params_converters import (
        QUANTUM_PROGRAM_PARAMS_CONVERTERS,
    )

    program, options = prepare(pubs, SamplerOptions(), shots)
    encoder = QUANTUM_PROGRAM_PARAMS_CONVERTERS["v2.0"].encoder
    return len(json.dumps(encoder(program, options).model_dump(mode="json")))


@pytest.mark.parametrize(("shots", "limit"), [(100, None), (100, 9000), (5000, 9000), (None, None)])
def test_readout_calibrations_count_until_they_are_done(shots, limit):
    options = {"readout_mitigation": True, "max_executions_per_job": limit}
    backend = open_backend("fake_manila", shots=shots, **options)
    model = BasicQNN(3, 3, 3, 1, backend=backend)
    some = Workload.on(model, ConnectorCost.of(model.quantum).forward(4))
    first = backend.estimate(some)
    model(torch.zeros(4, 3))
    counted = backend.executed.circuits, backend.executed.executions, backend.sampler.jobs_sent
    assert (first.circuits, first.executions, first.jobs) == counted
    second = backend.estimate(some)
    model(torch.zeros(4, 3))
    assert second.circuits == 4 == backend.executed.circuits - first.circuits
    assert second.jobs == backend.sampler.jobs_sent - first.jobs


@pytest.mark.parametrize("gradient", ["parameter-shift", "spsa"])
def test_estimating_moves_no_random_stream(gradient, generator):
    x = torch.as_tensor(generator.normal(size=(2, 3)).astype(np.float32))
    slopes = []
    for estimates in (False, True):
        backend = open_backend("aer", shots=10, gradient=gradient, seed=3)
        model = BasicQNN(3, 3, 3, 1, backend=backend)
        if estimates:
            backend.estimate(Workload.on(model, ConnectorCost.of(model.quantum).forward(7)))
        model(x).sum().backward()
        slopes.append(model.quantum.weight.grad.tolist())
    assert slopes[0] == slopes[1]
