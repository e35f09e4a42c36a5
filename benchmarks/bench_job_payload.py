"""A twirled or mitigated job of a gradient weighs at most 1/50 of stock Qiskit ML's."""

from contextlib import suppress
from functools import partial

from qiskit import transpile
from qiskit_ibm_runtime.executor_estimator import Estimator
from qiskit_ibm_runtime.executor_sampler import Sampler
from qiskit_ibm_runtime.fake_provider import FakeManilaV2
from qiskit_machine_learning.gradients import ParamShiftEstimatorGradient, ParamShiftSamplerGradient
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from benchmarks.design_circuit import design_circuit, values
from benchmarks.payload_service import weighing_device
from benchmarks.tables import Table, duration, number
from benchmarks.timing import seconds_of
from qiskit_qmu.backends import open_backend
from qiskit_qmu.backends.jobs import JobPolicy, JobsPendingError
from qiskit_qmu.models.quantum_layer import pauli_z

TWIRLED = {"twirling": {"enable_gates": True, "enable_measure": True}}


def test_payload(light: bool, record) -> None:
    """Parameter shift by the weights of a transpiled circuit, ⟨Z⟩ of every qubit."""
    qubits, layers, batch = (2, 1, 1) if light else (4, 1, 8)
    inputs, weights = values(qubits, layers, batch)
    cases = {
        "counts": (open_ours(), stock_counts(qubits, layers, {})),
        "counts, twirled": (open_ours(twirling=True), stock_counts(qubits, layers, TWIRLED)),
        "Estimator, level 1": (open_ours(resilience_level=1), stock_estimator(qubits, layers)),
    }
    rows, ratios = [], {}
    for name, ((device, backend), (stock_device, stock)) in cases.items():
        network = our_network(qubits, layers, backend)
        ours = weigh(device, partial(network.backward, inputs, weights))
        theirs = weigh(stock_device, partial(stock.backward, inputs, weights), warm=False)
        ratios[name] = theirs[0] / ours[0]
        for who, (size, seconds) in {"ours": ours, "stock": theirs}.items():
            rows.append((f"{name}, {who}", f"{number(size / 1000)} kB", duration(seconds)))
    title = f"Job of a gradient by weights, {qubits} qubits, {layers} layers, batch {batch}"
    record(Table(title, ("job", "payload", "time to prepare"), rows))
    if not light:
        for name in ("counts, twirled", "Estimator, level 1"):
            assert ratios[name] >= 50, f"{name}: stock weighs {number(ratios[name])} times as much"


def open_ours(**options):
    """Return a device and our backend on it, which sends and does not wait."""
    device = weighing_device(FakeManilaV2())
    return device, open_backend(device, shots=1024, job_policy=JobPolicy(wait=False), **options)


def our_network(qubits: int, layers: int, backend) -> EstimatorQNN:
    """Return an unmodified EstimatorQNN on our backend, differentiated by weights."""
    circuit, inputs, weights = design_circuit(qubits, layers)
    return EstimatorQNN(
        circuit=circuit,
        observables=pauli_z(qubits),
        input_params=inputs,
        weight_params=weights,
        estimator=backend.estimator,
        gradient=backend.estimator_gradient,
    )


def stock_estimator(qubits: int, layers: int):
    """Return a device and an EstimatorQNN on IBM's Estimator, transpiled as Qiskit ML wants it."""
    device = weighing_device(FakeManilaV2())
    circuit, inputs, weights = design_circuit(qubits, layers)
    isa = transpile(circuit, device, optimization_level=3, seed_transpiler=0)
    primitive = Estimator(device, {"resilience_level": 1, "default_shots": 1024})
    return device, EstimatorQNN(
        circuit=isa,
        observables=[operator.apply_layout(isa.layout) for operator in pauli_z(qubits)],
        input_params=inputs,
        weight_params=weights,
        estimator=primitive,
        gradient=ParamShiftEstimatorGradient(primitive),
    )


def stock_counts(qubits: int, layers: int, options: dict):
    """Return a device and a SamplerQNN on IBM's Sampler: all that stock reads from counts."""
    device = weighing_device(FakeManilaV2())
    circuit, inputs, weights = design_circuit(qubits, layers)
    circuit.measure_all()
    primitive = Sampler(device, {"default_shots": 1024, **options})
    return device, SamplerQNN(
        circuit=transpile(circuit, device, optimization_level=3, seed_transpiler=0),
        input_params=inputs,
        weight_params=weights,
        sampler=primitive,
        gradient=ParamShiftSamplerGradient(primitive),
    )


def weigh(device, step, *, warm: bool = True) -> tuple[int, float]:
    """Return the bytes and the seconds of a step's job.

    With ``warm``, it is done twice and the second one counts: ours transpiles in the first, stock
    takes a transpiled circuit.
    """

    def send() -> None:
        # Nobody runs the job: ours says that it is not done, stock that it has no result.
        with suppress(JobsPendingError, Exception):
            step()

    if warm:
        send()
    sizes = device.service.sizes
    sent = len(sizes)
    seconds = seconds_of(send)
    assert len(sizes) == sent + 1
    return sizes[-1], seconds
