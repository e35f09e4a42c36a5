"""Exact noise against Aer's own density matrices, and against a device's whole noise model."""

import numpy as np
import pytest
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.circuit.library import CUGate, RYGate, U2Gate, U3Gate, UnitaryGate
from qiskit.quantum_info import Operator
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    amplitude_damping_error,
    depolarizing_error,
    thermal_relaxation_error,
)
from qiskit_ibm_runtime.fake_provider import FakeManilaV2, FakeTorino
from qnns import QNN, ROWS, WEIGHTS

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.backends.devices.fake import DeviceSubset
from qiskit_qmu.backends.devices.local_sampler import CompactCircuit
from qiskit_qmu.backends.noise.aer_engine import AerEngine
from qiskit_qmu.backends.noise.density_plan import DensityPlan
from qiskit_qmu.backends.noise.tables import NoiseTables


def noise_model() -> NoiseModel:
    """Return noise that is not unital, differs between qubits, and depends on a gate's order."""
    model = NoiseModel()
    model.add_all_qubit_quantum_error(depolarizing_error(0.02, 1), ["sx", "rx", "h"])
    model.add_quantum_error(amplitude_damping_error(0.1), "ry", [1])
    model.add_quantum_error(thermal_relaxation_error(50, 60, 5), "rz", [2])
    pair = amplitude_damping_error(0.05).tensor(depolarizing_error(0.1, 1))
    model.add_all_qubit_quantum_error(pair, ["cx", "rzz"])
    model.add_quantum_error(depolarizing_error(0.2, 2), "cz", [2, 0])
    model.add_readout_error(ReadoutError([[0.9, 0.1], [0.3, 0.7]]), [1])
    model.add_all_qubit_readout_error(ReadoutError([[0.97, 0.03], [0.05, 0.95]]))
    return model


GATES = ["rx", "ry", "rz", "u3", "u2", "rzz", "sx", "h", "cx", "cz", "swap"]


def random_circuit(num_qubits: int, generator: np.random.Generator) -> QuantumCircuit:
    circuit = QuantumCircuit(num_qubits)
    for gate in range(40):
        angle = Parameter(f"t{gate:02d}")
        name = generator.choice(
            ["rx", "ry", "rz", "u3", "u2", "rzz", "sx", "h", "cx", "cz", "swap"]
        )
        sign, offset = generator.choice([1, -1]), generator.normal()
        one, other = generator.permutation(num_qubits)[:2].tolist()
        match name:
            case "rx" | "ry" | "rz":
                getattr(circuit, name)(sign * angle + offset, one)
            case "u3":
                circuit.append(U3Gate(angle, 0.3 - 2 * angle, offset), [one])
            case "u2":
                circuit.append(U2Gate(0.2, angle * offset), [one])
            case "rzz":
                circuit.rzz(angle, one, other)
            case "sx" | "h":
                getattr(circuit, name)(one)
            case _:
                getattr(circuit, name)(one, other)
    return circuit


@pytest.mark.parametrize(("num_qubits", "rows"), [(2, 3), (3, 1), (5, 3)])
def test_random_circuits_agree_with_aer(num_qubits, rows, generator):
    circuit = random_circuit(num_qubits, generator)
    angles = generator.normal(size=(rows, circuit.num_parameters))
    angles[:, ::2] = angles[:1, ::2]  # some values that all rows share
    model = noise_model()
    own = AerEngine("automatic", model).probabilities(circuit, angles)
    aer = AerEngine("density_matrix", model).probabilities(circuit, angles)
    np.testing.assert_allclose(own, aer, atol=1e-12)
    np.testing.assert_allclose(own.sum(axis=1), 1, atol=1e-12)
    single = AerEngine("automatic", model).probabilities(circuit, angles, single=True)
    assert 0 < np.abs(single - own).max() < 2e-6


def test_idle_qubits_and_no_gates():
    circuit = QuantumCircuit(3)
    circuit.x(1)
    plan = DensityPlan(circuit, NoiseTables(None))
    np.testing.assert_allclose(plan.probabilities(np.zeros((2, 0))), np.eye(8)[[2, 2]], atol=1e-14)
    assert plan.probabilities(np.zeros((0, 0))).shape == (0, 8)


@pytest.mark.parametrize(
    ("device", "name"),
    [
        (FakeManilaV2, "fake_manila"),
        pytest.param(
            FakeTorino, "fake_torino", marks=[pytest.mark.slow, pytest.mark.ci], id="fake_torino"
        ),
    ],
)
def test_a_fake_device_is_aer_with_its_noise(device, name):
    """A level-3 layout on the device; Aer with the same noise, on the qubits in use only.

    Readout errors are Aer's own here: its counts of 20,000 shots are compared too, eight numbers
    each within five standard errors (p < 1e-5).
    """
    circuit = QNN.circuit.copy()
    circuit.measure_all()
    backend = open_backend(name, optimization_level=3)
    isa = backend.sampler.isa_circuit(circuit)
    assert isa.num_qubits == device().num_qubits
    compact = CompactCircuit.of(isa)
    assert len(compact.qubits) == 3
    rotations = backend.sampler.rotations(circuit)
    row = [
        dict(zip(QNN.inputs, ROWS[0], strict=True)),
        dict(zip(QNN.weights, WEIGHTS, strict=True)),
    ]
    values = row[0] | row[1]
    angles = rotations.values(np.array([[values[p] for p in circuit.parameters]]))
    noise = NoiseModel.from_backend(DeviceSubset(device(), compact.qubits))
    place = {p: i for i, p in enumerate(rotations.angles)}
    bound = compact.measured.assign_parameters(
        [angles[0, place[p]] for p in compact.measured.parameters]
    )
    counts = (
        AerSimulator(method="density_matrix", noise_model=noise)
        .run(bound, shots=20_000, seed_simulator=1)
        .result()
        .get_counts()
    )
    share = np.array([counts.get(f"{outcome:03b}", 0) for outcome in range(8)]) / 20_000
    pub = (circuit, [values[p] for p in circuit.parameters])
    exact = backend.sampler.run([pub]).result()[0].data.meas.probabilities
    assert np.abs(share - exact).max() < 5 * 0.5 / np.sqrt(20_000)
    unread = AerEngine("density_matrix", noise)
    given = [angles[0, place[p]] for p in compact.unmeasured.parameters]
    own = AerEngine("automatic", noise).probabilities(compact.unmeasured, np.array([given]))
    aer = unread.probabilities(compact.unmeasured, np.array([given]))
    np.testing.assert_allclose(own, aer, atol=1e-10)


@pytest.mark.parametrize(
    "name",
    [
        "fake_london",
        "fake_fractional",
        pytest.param("fake_sherbrooke", marks=[pytest.mark.slow, pytest.mark.ci]),
    ],
)
def test_devices_with_other_gates(name):
    """U3 and CX, RX and RZZ, ECR: a little noise, in double and in single precision."""
    circuit = QNN.circuit.copy()
    circuit.measure_all()
    row = np.linspace(-1, 1, circuit.num_parameters)
    noisy, ideal = (
        open_backend(n).sampler.run([(circuit, row)]).result()[0].data.meas.probabilities
        for n in (name, "exact")
    )
    assert 0.005 < np.abs(noisy - ideal).max() < 0.15


def test_noise_cut_down_to_a_few_qubits_is_the_whole_devices():
    device = FakeManilaV2()
    whole, cut = (
        NoiseTables(NoiseModel.from_backend(device)),
        NoiseTables(NoiseModel.from_backend(DeviceSubset(device, (1, 2, 3)))),
    )
    circuit = QuantumCircuit(5)
    circuit.sx(2)
    circuit.cx(2, 3)
    sx, cx = circuit.data
    np.testing.assert_allclose(
        whole.after(sx.operation, (2,)), cut.after(sx.operation, (1,)), atol=1e-14
    )
    np.testing.assert_allclose(
        whole.after(cx.operation, (2, 3)), cut.after(cx.operation, (1, 2)), atol=1e-14
    )
    np.testing.assert_allclose(whole.readout(3), cut.readout(2), atol=1e-14)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda c: c.ccx(0, 1, 2), "gate 'ccx' acts on more than two qubits"),
        (lambda c: c.crx(Parameter("a"), 0, 1), "is not a rotation"),
        (
            lambda c: c.append(CUGate(Parameter("a"), 0, 0, 0), [0, 1]),
            "gate 'cu' is not a rotation",
        ),
        (lambda c: c.delay(100, 0), "delays are not supported"),
        (lambda c: c.reset(0), "'reset' is not a unitary gate"),
    ],
)
def test_what_it_does_not_simulate_is_refused(build, message):
    circuit = QuantumCircuit(3)
    build(circuit)
    with pytest.raises(InputError, match=message):
        DensityPlan(circuit, NoiseTables(None))


def test_aer_takes_over_what_the_plan_refuses():
    """Three-qubit gates, and qubits that relax while they wait."""
    circuit = QuantumCircuit(3)
    circuit.h([0, 1])
    circuit.ccx(0, 1, 2)
    own, aer = (AerEngine(m, noise_model()) for m in ("automatic", "density_matrix"))
    angles = np.zeros((1, 0))
    np.testing.assert_allclose(
        own.probabilities(circuit, angles), aer.probabilities(circuit, angles), atol=1e-12
    )
    device = AerEngine("automatic", NoiseModel.from_backend(FakeManilaV2()))
    waiting = QuantumCircuit(5)
    waiting.x(0)
    waiting.delay(50, 0, unit="us")
    waiting.x(1)
    kept = device.probabilities(waiting, angles)[0]
    states = np.arange(32)
    ones = [kept[states >> qubit & 1 == 1].sum() for qubit in (0, 1)]
    assert ones[0] < 0.9 < ones[1]


@pytest.mark.parametrize("angle", [0.3, 0.3 + 1e-9])
def test_gates_of_the_same_name_are_told_apart(angle):
    circuit = QuantumCircuit(2)
    for matrix in (RYGate(angle), RYGate(-0.3)):
        circuit.append(UnitaryGate(Operator(matrix).data), [0])
    plan = DensityPlan(circuit, NoiseTables(None))
    one = plan.probabilities(np.zeros((1, 0)))[0, 1]
    assert one == pytest.approx(np.sin((angle - 0.3) / 2) ** 2, abs=1e-15)


@pytest.mark.slow
def test_ten_qubits_agree_with_aer(generator):
    circuit = random_circuit(10, generator)
    angles = generator.normal(size=(2, circuit.num_parameters))
    model = noise_model()
    own = AerEngine("automatic", model).probabilities(circuit, angles)
    aer = AerEngine("density_matrix", model).probabilities(circuit, angles)
    np.testing.assert_allclose(own, aer, atol=1e-12)
