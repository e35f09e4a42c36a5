"""Readout mitigation on devices: misread bits leave no trace in outputs and gradients."""

import json

import numpy as np
import pytest
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit.primitives import BitArray
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit.quantum_info import SparsePauliOp, Statevector
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer.noise import NoiseModel, ReadoutError, pauli_error
from qiskit_ibm_runtime.fake_provider import FakeManilaV2
from qnns import BUILDERS, QNN, ROWS, WEIGHTS, expected_outputs, expected_slopes

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.backends.jobs.errors import JobsPendingError
from qiskit_qmu.backends.jobs.policy import JobPolicy

KINDS = pytest.mark.parametrize("kind", list(BUILDERS))
ONES, ZEROS = (0.02, 0.1, 0.05, 0.0, 0.08), (0.07, 0.15, 0.01, 0.03, 0.2)
"""Rates of false ones and false zeros of a device's five qubits."""
LAYOUT = (4, 2, 3)
OBSERVABLES = ("IIZ", "IXI", "YII", "ZZI", "XIY", "ZZZ", "XYZ", "IYY")


def misreading(ones=ONES, zeros=ZEROS) -> NoiseModel:
    model = NoiseModel()
    for qubit, (one, zero) in enumerate(zip(ones, zeros, strict=True)):
        model.add_readout_error(ReadoutError([[1 - one, one], [zero, 1 - zero]]), [qubit])
    return model


def line_of_five(**options):
    """Return a level-3 pass manager that places circuits on qubits 4, 2, 3 and routes them."""
    return generate_preset_pass_manager(
        3,
        coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]],
        basis_gates=["rz", "sx", "x", "ecr"],
        initial_layout=list(LAYOUT),
        seed_transpiler=7,
    )


def device(*, mitigated: bool = True, **options) -> Backend:
    return open_backend(
        "aer",
        **{"noise_model": misreading(), "pass_manager": line_of_five(), **options},
        readout_mitigation=mitigated,
    )


@KINDS
def test_exact_values_are_those_without_readout_errors(kind):
    """Forward and gradient, at a layout that is not trivial."""
    network = BUILDERS[kind](device())
    np.testing.assert_allclose(network.forward(ROWS, WEIGHTS), expected_outputs(kind), atol=1e-9)
    slopes = zip(network.backward(ROWS, WEIGHTS), expected_slopes(kind), strict=True)
    for own, expected in slopes:
        np.testing.assert_allclose(own, expected, atol=1e-8)
    raw = BUILDERS[kind](device(mitigated=False)).forward(ROWS, WEIGHTS)
    assert np.abs(raw - expected_outputs(kind)).max() > 0.02


@KINDS
def test_exact_gradients_are_those_without_readout_errors(kind):
    """To 1e-9, against the adjoint method."""
    own = BUILDERS[kind](device()).backward(ROWS, WEIGHTS)
    exact = BUILDERS[kind](open_backend("exact")).backward(ROWS, WEIGHTS)
    for slopes, expected in zip(own, exact, strict=True):
        np.testing.assert_allclose(slopes, expected, atol=1e-9)


@pytest.mark.parametrize("label", OBSERVABLES)
def test_products_from_shots_are_unbiased(label):
    """Within five of their standard errors, each beyond with p < 6e-7; without mitigation they are
    where the device's errors, known exactly, take them."""
    circuit = bound_circuit()
    exact = Statevector(circuit).expectation_value(SparsePauliOp(label)).real

    def estimate(backend: Backend) -> tuple[float, float]:
        (result,) = backend.estimator.run([(circuit, label)]).result()
        return float(result.data.evs), float(result.data.stds)

    value, error = estimate(device(shots=100_000, seed=3))
    raw, raw_error = estimate(device(shots=100_000, seed=3, mitigated=False))
    biased, _ = estimate(device(mitigated=False))
    assert abs(value - exact) < 5 * error < 0.05
    assert abs(raw - biased) < 5 * raw_error
    assert error > raw_error


@pytest.mark.parametrize("label", OBSERVABLES)
def test_standard_errors_are_those_of_repetitions(label):
    """Of 500 runs with one calibration: a ratio within 5/√(2·500) of 1, p < 6e-7."""
    backend = device(shots=200, seed=4)
    pub = (bound_circuit(), label, np.zeros((500, 0)))
    (result,) = backend.estimator.run([pub]).result()
    ratio = result.data.evs.std() / result.data.stds.mean()
    assert abs(ratio - 1) < 5 / np.sqrt(2 * 500)


def bound_circuit() -> QuantumCircuit:
    values = dict(zip([*QNN.inputs, *QNN.weights], [*ROWS[0], *WEIGHTS], strict=True))
    return QNN.circuit.assign_parameters(values)


@KINDS
def test_shots_scatter_around_the_values_without_readout_errors(kind):
    """16 + 8 x 42 numbers within five standard errors, which are wider by 1 / contrast."""
    network = BUILDERS[kind](device(shots=4000, seed=5))
    exact = BUILDERS[kind](open_backend("exact"))
    spread = 1 / np.sqrt(4000) / (1 - 0.28) ** (3 if kind == "sampler" else 1)
    error = np.abs(network.forward(ROWS, WEIGHTS) - exact.forward(ROWS, WEIGHTS))
    assert 0 < error.max() < 5 * spread
    by_inputs, by_weights = network.backward(ROWS, WEIGHTS)
    exact_by_inputs, exact_by_weights = exact.backward(ROWS, WEIGHTS)
    assert np.abs(by_inputs - exact_by_inputs).max() < 5 * np.sqrt(3 / 2) * spread
    assert np.abs(by_weights - exact_by_weights).max() < 5 * np.sqrt(1 / 2) * spread


@KINDS
def test_spsa_is_corrected_too(kind):
    options = {"gradient": "spsa", "spsa_directions": 50, "seed": 2}
    own = BUILDERS[kind](device(**options)).backward(ROWS, WEIGHTS)
    ideal = BUILDERS[kind](open_backend("aer", **options)).backward(ROWS, WEIGHTS)
    for slopes, expected in zip(own, ideal, strict=True):
        np.testing.assert_allclose(slopes, expected, atol=1e-9)


@pytest.mark.slow
@pytest.mark.ci
@KINDS
def test_only_readout_errors_of_a_fake_device_are_removed(kind):
    """What is left of them is the errors of the X gates of the calibration."""
    manila = FakeManilaV2()
    manager = generate_preset_pass_manager(3, backend=manila, seed_transpiler=1)

    def outputs(*, misread: bool, **options) -> np.ndarray:
        noise = NoiseModel.from_backend(manila, readout_error=misread)
        backend = open_backend("aer", noise_model=noise, pass_manager=manager, **options)
        return BUILDERS[kind](backend).forward(ROWS, WEIGHTS)

    gates_only = outputs(misread=False)
    raw = np.abs(outputs(misread=True) - gates_only).max()
    mitigated = np.abs(outputs(misread=True, readout_mitigation=True) - gates_only).max()
    assert raw > 0.01
    assert mitigated < 0.05 * raw


def test_one_calibration_serves_all_circuits_on_the_same_qubits():
    backend = device(shots=100)
    network = BUILDERS["estimator"](backend)
    network.forward(ROWS, WEIGHTS)
    assert backend.sampler.jobs_sent == 2
    assert backend.executed.circuits == len(ROWS) + 4
    assert backend.executed.executions == 100 * len(ROWS) + 4 * 4096
    network.forward(ROWS, WEIGHTS)
    network.backward(ROWS, WEIGHTS)
    assert backend.sampler.jobs_sent == 4
    backend.estimator.run([(bound_circuit(), "IIX")]).result()  # one other qubit alone
    assert backend.sampler.jobs_sent == 6


def test_calibrations_are_recorded_as_json():
    backend = device()
    assert backend.settings()["readout_calibrations"] == []
    BUILDERS["sampler"](backend).forward(ROWS, WEIGHTS)
    settings = json.loads(json.dumps(backend.settings()))
    assert settings["mitigation"] == "readout"
    (calibration,) = settings["readout_calibrations"]
    assert calibration["qubits"] == sorted(LAYOUT)
    assert (calibration["circuits"], calibration["shots"]) == (4, None)
    for key, rates in (("prob_meas1_prep0", ONES), ("prob_meas0_prep1", ZEROS)):
        expected = [rates[qubit] for qubit in sorted(LAYOUT)]
        np.testing.assert_allclose(calibration[key], expected, atol=1e-12)
    assert device(mitigated=False).settings()["mitigation"] is None


def test_calibrations_fit_into_the_jobs():
    backend = device(shots=100, max_executions_per_job=250)
    BUILDERS["estimator"](backend).forward(ROWS, WEIGHTS)
    assert backend.executed.executions == 100 * len(ROWS) + 4 * 250
    assert backend.sampler.jobs_sent == 1 + 4


@KINDS
def test_calibrations_are_jobs_of_a_run_and_are_not_sent_twice(kind, tmp_path):
    """They go out with their circuits, and a run that goes on reads them from its files."""
    options = {"shots": 100, "seed": 3, "ledger": tmp_path / "run"}
    with device(**options) as backend:
        first = BUILDERS[kind](backend).forward(ROWS, WEIGHTS)
        rates = backend.settings()["readout_calibrations"]
        jobs = backend.resumable_sampler.ledger.jobs()
        assert len(jobs) == backend.sampler.jobs_sent == 2
        assert backend.executed.circuits == len(ROWS) + 4
    with device(**options) as backend:
        np.testing.assert_array_equal(BUILDERS[kind](backend).forward(ROWS, WEIGHTS), first)
        assert backend.settings()["readout_calibrations"] == rates
        assert len(backend.resumable_sampler.ledger.jobs()) == 2


def test_calibrations_wait_together_with_their_circuits(tmp_path):
    policy = JobPolicy(wait=False)
    with device(shots=100, ledger=tmp_path / "run", job_policy=policy) as backend:
        service = backend.resumable_sampler.service
        service.state = lambda _job_id: "queued"
        with pytest.raises(JobsPendingError):
            backend.estimator.run([(bound_circuit(), "IIZ")]).result()
        assert len(backend.resumable_sampler.ledger.jobs()) == 2


def test_registers_and_idle_bits_keep_their_places():
    circuit = QuantumCircuit(2)
    circuit.x(1)
    circuit.add_register(ClassicalRegister(1, "low"), ClassicalRegister(2, "high"))
    circuit.measure([1, 0], [2, 0])  # bit 1 holds nothing
    backend = open_backend("aer", noise_model=misreading(), readout_mitigation=True)
    (result,) = backend.sampler.run([circuit]).result()
    np.testing.assert_allclose(result.data.low.probabilities, [1, 0], atol=1e-12)
    np.testing.assert_allclose(result.data.high.probabilities, [0, 0, 1, 0], atol=1e-12)
    assert result.join_data().get_counts()["100"] == pytest.approx(1)


def test_quasi_probabilities_add_up_to_one_and_counts_stay_as_they_were_read():
    backend = device(shots=50, seed=1)
    with backend.sampler.recording() as recorded:
        outputs = BUILDERS["sampler"](backend).forward(ROWS, WEIGHTS)
    np.testing.assert_allclose(outputs.sum(axis=1), 1)
    assert outputs.min() < 0
    (outcomes,) = recorded
    assert isinstance(outcomes["meas"], BitArray)
    assert outcomes["meas"].num_shots == 50


def test_qubits_that_do_not_tell_0_from_1_are_refused():
    backend = device(noise_model=misreading(zeros=(0.1, 0.1, 0.9, 0.1, 0.1)))
    with pytest.raises(Exception, match=r"qubit 2 is too noisy .* sum to 0.95; at most 0.9 can"):
        BUILDERS["estimator"](backend).forward(ROWS, WEIGHTS)


def test_circuits_measured_half_way_are_refused():
    circuit = QuantumCircuit(1, 1)
    circuit.measure(0, 0)
    circuit.x(0)
    backend = open_backend("aer", shots=10, readout_mitigation=True)
    with pytest.raises(InputError, match="requires all measurements at the end"):
        backend.sampler.run([circuit]).result()


@pytest.mark.filterwarnings("ignore:Qiskit backend .* has no QubitProperties")
def test_devices_of_the_users_are_mitigated_if_they_have_an_x_gate():
    given = {"shots": 4000, "seed": 1, "readout_mitigation": True}
    own = open_backend(FakeManilaV2(), **given)
    outputs = BUILDERS["estimator"](own).forward(ROWS, WEIGHTS)
    exact = BUILDERS["estimator"](open_backend("fake_manila", readout_mitigation=True))
    assert np.abs(outputs - exact.forward(ROWS, WEIGHTS)).max() < 5 * 1.1 / np.sqrt(4000)
    other = GenericBackendV2(3, basis_gates=["rz", "sx", "x", "cx"], seed=1)
    assert BUILDERS["estimator"](open_backend(other, **given)).forward(ROWS, WEIGHTS).shape == (
        2,
        3,
    )
    bare = GenericBackendV2(3, basis_gates=["rz", "ry", "cz"], seed=1)
    with pytest.raises(InputError, match="readout_mitigation needs a device with an X gate"):
        open_backend(bare, **given)


def test_values_beyond_the_possible_are_warned_of_and_results_say_what_is_corrected():
    """An X gate that fails with 0.3 counts as a readout error in the calibration, wrongly.

    What is read as ⟨Z⟩ = cos 3 becomes (cos 3 - 0.3) / 0.7.
    """
    noise = NoiseModel()
    noise.add_all_qubit_quantum_error(pauli_error([("X", 0.3), ("I", 0.7)]), "x")
    backend = open_backend("aer", noise_model=noise, readout_mitigation=True)
    circuit = QuantumCircuit(1)
    circuit.ry(3.0, 0)
    with pytest.warns(
        UserWarning,
        match="-1.84 is outside the observable's range of ±1: readout mitigation corrects ind",
    ):
        (result,) = backend.estimator.run([(circuit, "Z")]).result()
    assert result.data.evs == pytest.approx((np.cos(3) - 0.3) / 0.7, abs=1e-9)
    (sampled,) = backend.sampler.run([circuit.measure_all(inplace=False)]).result()
    said = "correlated readout errors are not corrected"
    told = (result.metadata, sampled.metadata)
    assert all(said in metadata["readout_mitigation"] for metadata in told)
    assert said in backend.settings()["mitigated_errors"]
