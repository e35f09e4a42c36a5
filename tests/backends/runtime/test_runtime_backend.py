"""QNNs and models on a device of IBM's: right numbers, forward and backward, mitigated or not."""

import json
import sys
from functools import partial

import numpy as np
import pytest
from device_jobs import measure
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector
from qnns import ROWS, WEIGHTS, estimator_qnn, sampler_qnn

from qiskit_qmu import BasicQNN
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend, submit_all_first

SHOTS = 1000


@pytest.fixture(scope="module")
def fake():
    """The same device with the same noise, simulated exactly."""
    return open_backend("fake_manila", optimization_level=1)


def within(values, expected, spread) -> bool:
    return bool(np.all(np.abs(values - expected) <= 5 * spread))


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("options", [{}, {"resilience_level": 0}], ids=["counts", "estimator"])
def test_outputs_and_gradients_are_those_of_its_fake_backend(open_ibm, service, fake, options):
    network = estimator_qnn(open_ibm(shots=SHOTS, **options))
    same = estimator_qnn(fake)
    expected = same.forward(ROWS, WEIGHTS)
    spread = np.sqrt((1 - expected**2) / SHOTS)
    assert within(network.forward(ROWS, WEIGHTS), expected, spread)
    ours, exact = network.backward(ROWS, WEIGHTS), same.backward(ROWS, WEIGHTS)
    for slopes, expected_slopes in zip(ours, exact, strict=True):
        assert within(slopes, expected_slopes, np.sqrt(1 / (2 * SHOTS)))
    # All observables, rows and shifts of a pass are one job with one PUB.
    programs = [job["params"]["quantum_program"] for job in service.server.jobs()]
    assert [len(program["items"]) for program in programs] == [1, 1]


def test_probabilities_are_those_of_its_fake_backend(open_ibm, fake):
    outputs = sampler_qnn(open_ibm(shots=SHOTS)).forward(ROWS, WEIGHTS)
    expected = sampler_qnn(fake).forward(ROWS, WEIGHTS)
    assert within(outputs, expected, np.sqrt(expected * (1 - expected) / SHOTS))


def test_twirling_returns_as_many_shots_as_were_asked_for(open_ibm):
    (bits,) = measure(open_ibm(shots=100, twirling=True))
    assert (bits.shape, bits.num_shots) == ((2,), 100)


def test_suppression_reaches_the_device(open_ibm, service):
    network = estimator_qnn(open_ibm(dynamical_decoupling="XY4", twirling=True))
    assert np.all(np.abs(network.forward(ROWS, WEIGHTS)) <= 1)
    (job,) = service.server.jobs()
    program = job["params"]["quantum_program"]
    options = program["passthrough_data"]["post_processor"]["options"]
    assert options["dynamical_decoupling"]["sequence_type"] == "XY4"
    assert options["twirling"]["enable_gates"] is True
    assert program["items"][0]["item_type"] == "samplex"


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("level", [0, 1, 2])
def test_resilience_levels_reach_the_device(open_ibm, service, level):
    backend = open_ibm(shots=100, resilience_level=level)
    outputs = estimator_qnn(backend).forward(ROWS[:1], WEIGHTS)
    assert np.all(np.isfinite(outputs))
    (job,) = service.server.jobs()
    passed = job["params"]["quantum_program"]["passthrough_data"]["post_processor"]
    resilience = passed["options"]["resilience"]
    assert (passed["shots"], passed["options"]["resilience_level"]) == (100, level)
    assert bool(resilience["measure_mitigation"]) == (level > 0)
    assert bool(resilience["zne_mitigation"]) == (level == 2)
    settings = backend.settings()
    assert settings["options"]["resilience_level"] == level
    assert settings["mitigation"] == f"resilience level {level}"


def test_misread_bits_of_counts_are_corrected_too(open_ibm):
    backend = open_ibm(shots=SHOTS, readout_mitigation=True)
    outputs = estimator_qnn(backend).forward(ROWS, WEIGHTS)
    same = open_backend("fake_manila", optimization_level=1, readout_mitigation=True)
    expected = estimator_qnn(same).forward(ROWS, WEIGHTS)
    # Errors of the calibration itself come on top of those of the shots.
    assert within(outputs, expected, 1.5 * np.sqrt((1 - expected**2) / SHOTS))
    assert backend.settings()["mitigation"] == "readout"


@pytest.mark.slow
@pytest.mark.ci
def test_mitigated_sums_of_paulis_at_a_layout_of_ones_own(open_ibm):
    """Identity terms, other bases and moved qubits; a bit flip's noise is far below the bound."""
    circuit = QuantumCircuit(3)
    circuit.ry(0.7, 0)
    circuit.cx(0, 2)
    circuit.rx(1.1, 1)
    observables = [
        SparsePauliOp(["III", "ZIZ"], [0.5, 2.0]),
        SparsePauliOp(["XIX", "IYI"], [1.0, -1.0]),
        SparsePauliOp(["III"], [0.25]),
    ]
    backend = open_ibm(shots=2000, resilience_level=1, initial_layout=[4, 1, 2])
    (result,) = backend.estimator.run([(circuit, observables)]).result()
    expected = [Statevector(circuit).expectation_value(o).real for o in observables]
    assert np.allclose(result.data.evs, expected, atol=0.4)
    assert result.data.evs[2] == pytest.approx(0.25)


def test_large_requests_are_cut_into_jobs(open_ibm, service):
    backend = open_ibm(shots=100, resilience_level=0, max_executions_per_job=100)
    outputs = estimator_qnn(backend).forward(ROWS, WEIGHTS)
    assert outputs.shape == (2, 3)
    assert len(service.server.jobs()) == backend.sampler.jobs_sent == 2
    assert (backend.executed.circuits, backend.executed.executions) == (2, 200)


@pytest.mark.parametrize("level", [None, 0])
def test_jobs_of_several_models_wait_in_the_queue_together(open_ibm, service, behaviour, level):
    behaviour.polls = 2
    backend = open_ibm(shots=64, resilience_level=level)
    models = [BasicQNN(2, 2, 2, 1, seed=seed).on(backend) for seed in range(2)]
    x = np.array([[0.1, -0.4], [0.5, 0.2], [0.9, 0.3]], dtype=np.float32)
    sent = []
    for model in models:
        model.fit_inputs(x)

    def look(model) -> np.ndarray:
        sent.append(len(service.server.jobs()))
        return model.observe(x, [0, 1, 0]).logits

    first, second = submit_all_first(models, [partial(look, model) for model in models])
    assert sent == [0, 1, 2, 2]
    assert len(service.server.jobs()) == 2
    assert not np.array_equal(first, second)


def test_probabilities_cannot_be_mitigated(open_ibm):
    backend = open_ibm(resilience_level=1)
    message = "resilience_level applies to IBM's Estimator"
    with pytest.raises(InputError, match=message):
        BasicQNN(2, 2, 2, 1, backend, readout="probabilities")
    with pytest.raises(InputError, match="only to expectation values of IBM's Estimator"):
        backend.sampler.run([measured()]).result()


def measured() -> QuantumCircuit:
    circuit = QuantumCircuit(1)
    circuit.measure_all()
    return circuit


@pytest.mark.parametrize("level", [None, 0])
def test_a_model_is_observed_and_resumed_from_its_files(open_ibm, service, tmp_path, level):
    model = BasicQNN(3, 2, 3, 1, seed=1)
    x = np.random.default_rng(0).uniform(-1, 1, (4, 3)).astype(np.float32)
    y = np.array([0, 1, 0, 1])
    model.fit_inputs(x)
    seen = []
    for _ in range(2):
        with open_ibm(shots=64, resilience_level=level, ledger=tmp_path / "run") as backend:
            seen.append(model.on(backend).observe(x, y))
    assert len(service.server.jobs()) == 1
    assert np.array_equal(seen[0].logits, seen[1].logits)
    if level is None:
        assert np.array_equal(seen[0].counts.sum(axis=1), [64] * 4)
    else:
        assert seen[0].counts is None
    (about,) = (json.loads(p.read_text()) for p in (tmp_path / "run/jobs").glob("*.json"))
    assert about["settings"]["primitive"] == ("sampler" if level is None else "estimator")
    assert about["settings"]["device"] == "ibm_manila"


@pytest.fixture
def without_client_side_primitives(monkeypatch):
    """Hide what versions of IBM's library before 0.50 lack."""
    for name in ("executor_sampler", "executor_estimator"):
        monkeypatch.setitem(sys.modules, f"qiskit_ibm_runtime.{name}", None)


@pytest.mark.usefixtures("without_client_side_primitives")
@pytest.mark.parametrize("level", [None, 0])
def test_legacy_primitives_stand_in(open_ibm, service, fake, level):
    backend = open_ibm(shots=SHOTS, resilience_level=level, twirling=True, tags=["mine"])
    outputs = estimator_qnn(backend).forward(ROWS, WEIGHTS)
    expected = estimator_qnn(fake).forward(ROWS, WEIGHTS)
    assert within(outputs, expected, np.sqrt((1 - expected**2) / SHOTS))
    (job,) = service.server.jobs()
    assert job["program"]["id"] == ("sampler" if level is None else "estimator")
    assert job["params"]["options"]["twirling"]["enable_gates"] is True
    assert job["tags"][1:] == ["qiskit_qmu", "mine", f"shots={SHOTS}"]
    assert backend.settings()["client_side"] is False
