"""What reaches the primitive underneath: few jobs, few PUBs, each circuit transpiled once."""

import numpy as np
import pytest
from qiskit.circuit import ClassicalRegister, Parameter, QuantumCircuit, QuantumRegister
from qiskit.primitives import BaseSamplerV2, StatevectorEstimator, StatevectorSampler
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.gradients import LinCombEstimatorGradient
from qnns import OBSERVABLES, QNN, ROWS, WEIGHTS, estimator_qnn, sampler_qnn

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import BroadcastEstimator, BroadcastSampler, DeviceOptions, open_backend
from qiskit_qmu.backends.devices.device_backend import DeviceBackend


class Recorder(BaseSamplerV2):
    """Qiskit's sampler, with a list of its jobs."""

    def __init__(self, seed: int = 1) -> None:
        self.jobs: list[list[tuple]] = []
        self._generator = np.random.default_rng(seed)

    def run(self, pubs, *, shots=None):
        self.jobs.append(list(pubs))
        # With a number as its seed it repeats the same samples for every row.
        return StatevectorSampler(seed=self._generator).run(pubs, shots=shots)


class Counter:
    """Transpiles nothing and counts how often it is asked."""

    def __init__(self) -> None:
        self.calls = 0

    def __call__(self, circuit: QuantumCircuit) -> QuantumCircuit:
        self.calls += 1
        return circuit

    def check(self, num_qubits: int) -> None:
        """All circuits fit."""


def bundle(**options) -> tuple[DeviceBackend, Recorder, Counter]:
    recorder, counter = Recorder(), Counter()
    given = DeviceOptions("aer", **{"shots": 100, **options})
    return DeviceBackend("own", recorder, counter, given), recorder, counter


def rows_of(job) -> list[int]:
    return [pub.parameter_values.size for pub in job]


@pytest.mark.parametrize("kind", [estimator_qnn, sampler_qnn])
def test_a_forward_pass_and_a_gradient_are_one_pub_each(kind):
    backend, recorder, counter = bundle()
    network = kind(backend)
    network.forward(ROWS, WEIGHTS)
    network.backward(ROWS, WEIGHTS)
    assert [rows_of(job) for job in recorder.jobs] == [[2], [2 * 2 * (9 + len(WEIGHTS))]]
    network.forward(ROWS, WEIGHTS)
    assert counter.calls == 1


def test_circuits_of_the_same_content_are_transpiled_once():
    backend, _, counter = bundle()
    for _ in range(2):
        circuit = QNN.circuit.copy()
        circuit.measure_all()
        backend.sampler.run([(circuit, np.zeros(circuit.num_parameters))]).result()
    assert counter.calls == 1
    circuit.measure(0, 1)  # changed in place
    backend.sampler.run([(circuit, np.zeros(circuit.num_parameters))]).result()
    assert counter.calls == 2


@pytest.mark.parametrize("limit", [100, 250, 700, 100000])
def test_jobs_are_cut_and_put_together_again(limit):
    """Every row is a basis state, so its counts say which row it is."""
    backend, recorder, _ = bundle(max_executions_per_job=limit)
    angle, other = Parameter("a"), Parameter("b")
    first, second = QuantumCircuit(2), QuantumCircuit(2)
    first.rx(angle, 0)
    second.rx(angle, 0)
    second.rx(other, 1)
    for circuit in (first, second):
        circuit.measure_all()
    flips = np.array([[0, 1, 0], [1, 1, 0]])
    pairs = np.array([[0, 0], [1, 0], [0, 1], [1, 1]])
    result = backend.sampler.run(
        [(first, np.pi * flips[..., None]), (second, np.pi * pairs), (first, [np.pi])]
    ).result()
    assert result[0].data.shape == (2, 3)
    for place in np.ndindex(2, 3):
        assert result[0].data.meas.get_int_counts(place) == {int(flips[place]): 100}
    for row, (low, high) in enumerate(pairs):
        assert result[1].data.meas.get_int_counts(row) == {int(low + 2 * high): 100}
    assert result[2].data.meas.get_int_counts() == {1: 100}
    executions = [100 * sum(rows_of(job)) for job in recorder.jobs]
    assert max(executions) <= limit
    assert len(executions) == -(-1100 // (limit // 100 * 100))
    assert backend.executed.circuits == 11
    assert backend.executed.executions == 1100
    assert backend.sampler.jobs_sent == len(executions)


def test_a_pubs_own_shots_are_a_job_of_their_own():
    backend, recorder, _ = bundle(max_executions_per_job=200)
    circuit = QuantumCircuit(1)
    circuit.h(0)
    circuit.measure_all()
    result = backend.sampler.run([(circuit,), (circuit, None, 7), (circuit, None, 100)]).result()
    assert [pub.data.meas.num_shots for pub in result] == [100, 7, 100]
    assert len(recorder.jobs) == 2
    with pytest.raises(InputError, match="201 shots exceed the limit of 200 executions per job"):
        backend.sampler.run([circuit], shots=201).result()


def test_the_same_pub_twice_is_measured_twice():
    backend, _, _ = bundle(shots=1000)
    circuit = QuantumCircuit(4)
    circuit.h(range(4))
    circuit.measure_all()
    one, other = backend.sampler.run([circuit, circuit]).result()
    assert one.data.meas.get_counts() != other.data.meas.get_counts()


def test_estimates_of_any_observables():
    """Twelve estimates from 10⁴ shots within five of their own standard errors, p < 1e-5."""
    backend, recorder, _ = bundle(shots=10**4)
    observables = [
        [SparsePauliOp("XXI"), SparsePauliOp(["ZZZ", "IIY"], [0.5, -2.0])],
        [SparsePauliOp(["III", "ZII"], [3.0, 1.0]), SparsePauliOp(["XZX", "YIY"], [1.0, 1.0])],
    ]
    values = np.concatenate([ROWS[0], WEIGHTS])
    by_parameter = dict(zip([*QNN.inputs, *QNN.weights], values, strict=True))
    row = [by_parameter[p] for p in QNN.circuit.parameters]
    pub = (QNN.circuit, [observables], np.array([row] * 3)[:, None, None])
    own = backend.estimator.run([pub]).result()[0].data
    exact = StatevectorEstimator().run([pub], precision=0.0).result()[0].data
    assert own.evs.shape == exact.evs.shape == (3, 2, 2)
    assert (own.stds > 0).all()
    assert np.abs((own.evs - exact.evs) / own.stds).max() < 5
    assert len(recorder.jobs) == 1
    assert len({id(pub.circuit) for pub in recorder.jobs[0]}) == 4  # bases XXI, ZZZ, IIY, XZX
    constant = backend.estimator.run([(QNN.circuit, SparsePauliOp("III", 2.5), row)]).result()
    assert constant[0].data.evs == 2.5
    assert constant[0].data.stds == 0


def test_observables_in_pubs_of_their_own_share_shots():
    """Z and -Z are measured by the same shots, so their estimates cancel."""
    backend, _, _ = bundle()
    row = np.linspace(0, 1, QNN.circuit.num_parameters)
    pubs = [(QNN.circuit, sign * OBSERVABLES[0], row) for sign in (1, -1)]
    one, other = backend.estimator.run(pubs).result()
    assert one.data.evs == -other.data.evs
    assert backend.executed.circuits == 1


def test_only_qubits_that_an_observable_sees_are_measured():
    backend, recorder, _ = bundle()
    row = np.zeros(QNN.circuit.num_parameters)
    backend.estimator.run([(QNN.circuit, SparsePauliOp("IZI"), row)]).result()
    (pub,) = recorder.jobs[0]
    assert pub.circuit.num_clbits == 1


def test_final_measurements_and_idle_bits_do_not_matter_to_an_observable():
    backend, _, _ = bundle(shots=10**4)
    circuit = QuantumCircuit(2, 3)
    circuit.ry(0.4, 0)
    circuit.measure_all()
    (result,) = backend.estimator.run([(circuit, SparsePauliOp("IX"))]).result()
    assert abs(result.data.evs - np.sin(0.4)) < 5 * result.data.stds
    circuit.x(0)
    with pytest.raises(InputError, match="'x' after a measurement"):
        backend.estimator.run([(circuit, SparsePauliOp("IZ"))]).result()


def test_a_linear_combination_of_unitaries_has_classical_bits():
    """Qiskit ML's gradient by an ancilla: d/da cos a, exactly."""
    angle = Parameter("a")
    circuit = QuantumCircuit(1)
    circuit.ry(angle, 0)
    gradient = LinCombEstimatorGradient(open_backend("aer").estimator)
    slopes = gradient.run([circuit], [SparsePauliOp("Z")], [[0.4]]).result().gradients
    assert slopes[0][0] == pytest.approx(-np.sin(0.4), abs=1e-9)


def test_equal_pubs_are_repetitions_and_metadata_say_what_is_shared():
    """Fifty estimates of zero from 100 shots: a spread of 0.1 within five of its errors."""
    backend, _, _ = bundle(shots=100)
    circuit = QuantumCircuit(1)
    circuit.h(0)
    results = backend.estimator.run([(circuit, "Z")] * 50 + [(circuit, "X")]).result()
    spread = np.std([each.data.evs for each in results][:50], ddof=1)
    assert abs(spread - 0.1) < 5 * 0.1 / np.sqrt(2 * 49)
    shared = [each.metadata.get("shares_shots_with") for each in results]
    assert shared == [[50], *[None] * 49, [0]]
    assert backend.executed.circuits == 51


def test_a_precision_takes_its_shots_and_metadata_tell_both():
    backend, _, _ = bundle(shots=100)
    circuit = QuantumCircuit(1)
    circuit.h(0)
    fine, own = backend.estimator.run([(circuit, "Z", None, 0.02), (circuit, "Z")]).result()
    assert (fine.metadata["shots"], fine.metadata["target_precision"]) == (2500, 0.02)
    assert (own.metadata["shots"], own.metadata["target_precision"]) == (100, 0.1)
    assert fine.data.stds == pytest.approx(0.02, rel=0.01)
    assert backend.executed.executions == 2600
    estimator = backend.estimator
    assert estimator.default_precision == 0.1
    assert [estimator.shots_for(n**-0.5) for n in range(1, 2000)] == list(range(1, 2000))
    assert backend.sampler.default_shots == 100


def test_one_shot_does_not_tell_its_error():
    backend, _, _ = bundle(shots=1)
    circuit = QuantumCircuit(1)
    circuit.h(0)
    data = backend.estimator.run([(circuit, ["Z", "I"])]).result()[0].data
    assert np.isnan(data.stds[0])
    assert data.stds[1] == 0


@pytest.mark.parametrize("shots", [None, 10])
@pytest.mark.parametrize("name", ["aer", "fake_manila"])
def test_no_rows_run_nothing(name, shots):
    """Shapes as of Qiskit's own primitives, and gradients without rows."""
    backend = open_backend(name, shots=shots)
    empty = np.zeros((0, QNN.circuit.num_parameters))
    (result,) = backend.estimator.run([(QNN.circuit, OBSERVABLES[0], empty)]).result()
    assert result.data.evs.shape == result.data.stds.shape == (0,)
    measured = QNN.circuit.measure_all(inplace=False)
    (sampled,) = backend.sampler.run([(measured, empty)]).result()
    assert sampled.data.meas.shape == (0,)
    assert list(backend.sampler.run([]).result()) == list(backend.estimator.run([]).result()) == []
    assert backend.executed.circuits == 0


@pytest.mark.parametrize("name", ["aer", "fake_manila"])
def test_registers_without_bits(name):
    """As Qiskit's own sampler has them."""
    circuit = QuantumCircuit(QuantumRegister(1), ClassicalRegister(0, "none"))
    circuit.add_register(ClassicalRegister(1, "c"))
    circuit.x(0)
    circuit.measure(0, 0)
    own, stock = (
        sampler.run([circuit], shots=10).result()[0].data
        for sampler in (open_backend(name, shots=10).sampler, StatevectorSampler())
    )
    for register in ("none", "c"):
        mine, theirs = getattr(own, register), getattr(stock, register)
        assert (mine.num_bits, mine.num_shots) == (theirs.num_bits, theirs.num_shots)
        assert mine.array.shape == theirs.array.shape


def test_parameters_that_are_not_finite_are_refused():
    backend, recorder, _ = bundle()
    values = np.full((1, QNN.circuit.num_parameters), np.nan)
    with pytest.raises(InputError, match="parameter_values must be finite"):
        backend.estimator.run([(QNN.circuit, OBSERVABLES[0], values)]).result()
    assert not recorder.jobs


def test_any_sampler_can_be_wrapped():
    sampler = BroadcastSampler(StatevectorSampler(seed=1), Counter(), shots=50)
    estimator = BroadcastEstimator(sampler)
    circuit = QuantumCircuit(1)
    circuit.x(0)
    assert estimator.run([(circuit, SparsePauliOp("Z"))]).result()[0].data.evs == -1
    assert estimator.shots == 50


def test_a_circuit_too_wide_for_the_device_is_refused():
    circuit = QuantumCircuit(6)
    circuit.h(range(6))
    circuit.measure_all()
    backend = open_backend("fake_manila", shots=10)
    with pytest.raises(
        InputError,
        match=r"does not fit the device: it has no 6 connected",
    ):
        backend.sampler.run([circuit]).result()
