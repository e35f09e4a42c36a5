"""One table: the same unmodified QNNs on every local backend, forward and gradient."""

import urllib.request
from functools import cache

import numpy as np
import pytest
import torch
from network_block import NetworkError
from qiskit.circuit import ClassicalRegister, Parameter, QuantumCircuit, QuantumRegister
from qiskit.providers.basic_provider import BasicSimulator
from qiskit.providers.fake_provider import GenericBackendV2
from qiskit_aer import AerSimulator
from qiskit_aer.noise import NoiseModel
from qiskit_ibm_runtime.fake_provider import FakeManilaV2, FakeTorino
from qiskit_machine_learning.connectors import TorchConnector
from qnns import BUILDERS, OBSERVABLES, QNN, ROWS, WEIGHTS, expected_outputs, expected_slopes

from qiskit_qmu.backends import Backend, BroadcastSampler, metered, open_backend
from qiskit_qmu.backends.devices.fake import DeviceSubset
from qiskit_qmu.backends.devices.local_sampler import CompactCircuit

EXACT = {
    "exact": {"name": "exact"},
    "aer": {"name": "aer"},
    "aer statevector": {"name": "aer", "method": "statevector"},
    "aer density matrix": {"name": "aer", "method": "density_matrix"},
    "aer mps": {"name": "aer", "method": "matrix_product_state"},
    "aer level 3": {"name": "aer", "optimization_level": 3},
}
SHOTS = 4000
SHOT = {
    **{name: {**options, "shots": SHOTS} for name, options in EXACT.items()},
    "noiseless device": {"name": "generic", "shots": SHOTS},
}
NOISY = {
    "fake_manila": {"name": "fake_manila"},
    "fake_torino": {"name": "fake_torino"},
    "fake_manila, wandering": {"name": "fake_manila", "initial_layout": (0, 4, 2)},
}

KINDS = pytest.mark.parametrize("kind", list(BUILDERS))
# Both ask the same sampler. What only the sampler does is seen in the answers of either.


def opened(name: str, **options) -> Backend:
    if name == "generic":
        name = GenericBackendV2(5, coupling_map=[[0, 1], [1, 2], [2, 3], [3, 4]], noise_info=False)
    return open_backend(name, **options)


def answers(kind: str, backend: Backend) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    network = BUILDERS[kind](backend)
    return network.forward(ROWS, WEIGHTS), *network.backward(ROWS, WEIGHTS)


@cache
def exact_answers(kind: str, case: str = "exact") -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    return answers(kind, open_backend(**(EXACT | NOISY)[case]))


@KINDS
def test_the_exact_backend_is_right(kind):
    """Outputs to 1e-9; slopes to what central differences of 1e-6 resolve."""
    outputs, by_inputs, by_weights = exact_answers(kind)
    np.testing.assert_allclose(outputs, expected_outputs(kind), atol=1e-9)
    for slopes, expected in zip((by_inputs, by_weights), expected_slopes(kind), strict=True):
        np.testing.assert_allclose(slopes, expected, atol=1e-8)


@KINDS
@pytest.mark.parametrize("case", list(EXACT)[1:])
def test_other_exact_backends_agree_with_it(case, kind):
    answered = answers(kind, opened(**EXACT[case]))
    for own, other in zip(answered, exact_answers(kind), strict=True):
        np.testing.assert_allclose(own, other, atol=1e-9)


@KINDS
@pytest.mark.filterwarnings("ignore:Qiskit backend .* has no QubitProperties")
@pytest.mark.parametrize("case", SHOT)
def test_shot_backends_are_within_five_standard_errors(case, kind):
    """At most 32 x 10 numbers a case, each beyond five standard errors with p < 6e-7: < 2e-4.

    An output's error is at most 1/√shots; a slope by a weight is half a difference of two outputs.
    An input turns three rotations, whose errors add up.
    """
    outputs, by_inputs, by_weights = answers(kind, opened(**SHOT[case], seed=5))
    expected = exact_answers(kind)
    spread = 1 / np.sqrt(SHOTS)
    bounds = (5 * spread, 5 * np.sqrt(3 / 2) * spread, 5 * np.sqrt(1 / 2) * spread)
    for own, exact, bound in zip((outputs, by_inputs, by_weights), expected, bounds, strict=True):
        error = np.abs(own - exact).max()
        assert 0 < error < bound


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        *((case, kind) for case in ("fake_manila", "fake_torino") for kind in BUILDERS),
        ("fake_manila, wandering", "estimator"),
    ],
)
def test_noisy_backends_draw_shots_around_their_exact_values(case, kind):
    """As above, around exact noisy values, which differ from those without noise."""
    exact = exact_answers(kind, case)
    drawn = answers(kind, opened(**NOISY[case], shots=SHOTS, seed=5))
    spread = 1 / np.sqrt(SHOTS)
    bounds = (5 * spread, 5 * np.sqrt(3 / 2) * spread, 5 * np.sqrt(1 / 2) * spread)
    for own, expected, bound in zip(drawn, exact, bounds, strict=True):
        assert 0 < np.abs(own - expected).max() < bound
    ideal = exact_answers(kind)
    differences = [np.abs(a - b).max() for a, b in zip(exact, ideal, strict=True)]
    assert all(0.003 < difference < 0.5 for difference in differences)


class CutDown:
    """A pass manager that places circuits as a fake device does, without the idle qubits."""

    def __init__(self, backend: Backend) -> None:
        self._transpile = backend.sampler._prepared._transpiler
        self.qubits: set[tuple[int, ...]] = set()

    def run(self, circuit: QuantumCircuit) -> QuantumCircuit:
        compact = CompactCircuit.of(self._transpile(circuit))
        self.qubits.add(compact.qubits)
        return compact.measured


@pytest.mark.parametrize(
    ("name", "device", "kind"),
    [("fake_manila", FakeManilaV2, "estimator"), ("fake_torino", FakeTorino, "sampler")],
)
def test_a_level_3_layout_is_aer_with_the_same_noise_and_a_trivial_layout(name, device, kind):
    """Forward and gradient to 1e-9, against Aer's own density matrices on qubits 0, 1, 2."""
    backend = open_backend(name, optimization_level=3)
    cut_down = CutDown(backend)
    cut_down.run(QNN.circuit.measure_all(inplace=False))
    (qubits,) = cut_down.qubits
    aer = open_backend(
        "aer",
        method="density_matrix",
        noise_model=NoiseModel.from_backend(DeviceSubset(device(), qubits)),
        pass_manager=cut_down,
    )
    for own, expected in zip(answers(kind, backend), answers(kind, aer), strict=True):
        np.testing.assert_allclose(own, expected, atol=1e-9)
    assert cut_down.qubits == {qubits}
    assert qubits != (0, 1, 2)


@pytest.mark.filterwarnings("ignore:Qiskit backend .* has no QubitProperties")
@pytest.mark.parametrize(
    ("case", "kind"),
    [*((case, "estimator") for case in SHOT), ("exact", "sampler"), ("fake_manila", "sampler")],
)
def test_every_job_has_noise_of_its_own_and_the_seed_repeats_the_sequence(case, kind):
    options = SHOT.get(case, {"name": "fake_manila", "shots": SHOTS})
    first, again, other = (BUILDERS[kind](opened(**options, seed=seed)) for seed in (1, 1, 2))
    runs = [first.forward(ROWS, WEIGHTS), first.forward(ROWS, WEIGHTS)]
    assert not np.array_equal(*runs)
    np.testing.assert_array_equal(runs[0], again.forward(ROWS, WEIGHTS))
    np.testing.assert_array_equal(runs[1], again.forward(ROWS, WEIGHTS))
    assert not np.array_equal(runs[0], other.forward(ROWS, WEIGHTS))


@KINDS
def test_the_stock_connector_trains_on_a_device(kind):
    """Outputs and gradients of the unmodified TorchConnector, in its single precision."""
    backend = open_backend("fake_manila")
    connector = TorchConnector(BUILDERS[kind](backend), initial_weights=WEIGHTS)
    inputs = torch.tensor(ROWS, dtype=torch.float32, requires_grad=True)
    with metered(connector) as meter:
        connector(inputs).square().sum().backward()
    outputs, by_inputs, by_weights = exact_answers(kind, "fake_manila")
    np.testing.assert_allclose(
        connector.weight.grad, np.einsum("bo,bop->p", 2 * outputs, by_weights), atol=1e-5
    )
    np.testing.assert_allclose(
        inputs.grad, np.einsum("bo,bop->bp", 2 * outputs, by_inputs), atol=1e-5
    )
    assert 0 < meter.usage.circuits == backend.executed.circuits


@KINDS
@pytest.mark.parametrize(
    ("inputs", "weights"), [(False, True), (True, False), (True, True), (False, False)]
)
@pytest.mark.parametrize("gradient", ["parameter-shift", "spsa"])
def test_only_what_needs_a_gradient_is_run_and_the_meter_counts_it(kind, inputs, weights, gradient):
    backend = open_backend("aer", shots=10, gradient=gradient)
    connector = backend.connector(BUILDERS[kind](backend), WEIGHTS).requires_grad_(weights)
    rows = torch.tensor(ROWS, dtype=torch.float32, requires_grad=inputs)
    with metered(connector) as meter:
        outputs = connector(rows)
        if inputs or weights:
            outputs.sum().backward()
    angles = 9 * inputs + len(WEIGHTS) * weights
    each = 2 * angles if gradient == "parameter-shift" else 2 * bool(angles)
    assert meter.usage.circuits == backend.executed.circuits == len(ROWS) * (1 + each)
    assert meter.usage.executions == backend.executed.executions == 10 * meter.usage.circuits


def test_more_observables_cost_no_more_circuits():
    counts = []
    for observables in (OBSERVABLES[:1], OBSERVABLES):
        backend = open_backend("aer", shots=10)
        network = BUILDERS["estimator"](backend, observables=observables, input_gradients=False)
        network.backward(ROWS, WEIGHTS)
        counts.append(backend.executed.circuits)
        assert backend.sampler.jobs_sent == 1
    assert counts[0] == counts[1] == 2 * len(ROWS) * len(WEIGHTS)


@KINDS
def test_spsa_is_right_on_average(kind):
    """Mean of 2000 directions of a row's exact values: errors below five standard errors.

    In one direction a slope's estimate adds the other slopes, each with a random sign.
    """
    backend = open_backend("aer", gradient="spsa", spsa_directions=2000, spsa_epsilon=0.01, seed=2)
    network = BUILDERS[kind](backend)
    by_inputs, by_weights = network.backward(ROWS[:1], WEIGHTS)
    exact = BUILDERS[kind](open_backend("exact")).backward(ROWS[:1], WEIGHTS)
    total = np.sqrt((np.concatenate(exact, axis=2) ** 2).sum(axis=2)).max()
    for own, expected in zip((by_inputs, by_weights), exact, strict=True):
        assert np.abs(own - expected).max() < 5 * total / np.sqrt(2000) + 1e-3


@KINDS
def test_spsas_default_step_is_sane_with_shots(kind):
    """Shot noise is divided by twice the step of 0.1: 800 directions bring it down to 0.12.

    Five standard errors of 1000 shots, and the spread of the directions.
    """
    backend = open_backend("aer", shots=1000, gradient="spsa", spsa_directions=800, seed=3)
    slopes = BUILDERS[kind](backend).backward(ROWS[:1], WEIGHTS)
    exact = BUILDERS[kind](open_backend("exact")).backward(ROWS[:1], WEIGHTS)
    total = np.sqrt((np.concatenate(exact, axis=2) ** 2).sum(axis=2)).max()
    noise = np.sqrt(2 / 1000) / 0.2
    for own, expected in zip(slopes, exact, strict=True):
        assert np.abs(own).max() > 0.1
        assert np.abs(own - expected).max() < 5 * np.sqrt((total**2 + noise**2) / 800) + 0.02


def test_the_network_is_refused():
    with pytest.raises(NetworkError):
        urllib.request.urlopen("http://localhost:9")


def test_a_device_is_a_bundle():
    with open_backend("fake_manila", shots=7) as backend:
        assert isinstance(backend, Backend)
        assert isinstance(backend.sampler, BroadcastSampler)
        assert backend.estimator.shots == backend.sampler.shots == backend.shots == 7
        assert QNN.circuit.num_qubits == 3


@pytest.mark.parametrize(
    ("device", "kind"),
    [(AerSimulator(), "estimator"), (BasicSimulator(), "sampler"), (FakeManilaV2(), "estimator")],
    ids=["aer", "basic", "fake_manila"],
)
def test_backend_objects_of_the_users(device, kind):
    """A noisy one within five standard errors of its exact values, others of those without noise.

    At most 16 numbers a case, each beyond that with p < 6e-7.
    """
    backend = open_backend(device, shots=SHOTS, seed=4)
    noisy = isinstance(device, FakeManilaV2)
    expected = exact_answers(kind, "fake_manila" if noisy else "exact")[0]
    network = BUILDERS[kind](backend)
    first, second = network.forward(ROWS, WEIGHTS), network.forward(ROWS, WEIGHTS)
    assert np.abs(first - expected).max() < 5 / np.sqrt(SHOTS)
    assert not np.array_equal(first, second)


@pytest.mark.parametrize("name", ["exact", "aer", "fake_manila"])
@pytest.mark.parametrize("rows", [[0.3], [[0.3], [0.2]]])
def test_a_register_without_bits_reads_nothing(name, rows):
    circuit = QuantumCircuit(
        QuantumRegister(1), ClassicalRegister(0, "none"), ClassicalRegister(1, "c")
    )
    circuit.ry(Parameter("a"), 0)
    circuit.measure(0, 0)
    with opened(name, shots=10) as backend:
        data = backend.sampler.run([(circuit, rows)]).result()[0].data
    assert (data.none.num_bits, data.none.num_shots) == (0, 10)
    assert data.none.shape == data.c.shape == np.shape(rows)[:-1]
    assert sum(data.c.get_counts().values()) == 10 * data.c.size


def test_a_register_without_bits_beside_a_measurement_in_the_middle():
    circuit = QuantumCircuit(
        QuantumRegister(1), ClassicalRegister(0, "none"), ClassicalRegister(2, "c")
    )
    circuit.x(0)
    circuit.measure(0, 0)
    circuit.x(0)
    circuit.measure(0, 1)
    with opened("aer", shots=10) as backend:
        data = backend.sampler.run([circuit]).result()[0].data
    assert data.none.array.shape == (10, 0)
    assert data.c.get_counts() == {"01": 10}
