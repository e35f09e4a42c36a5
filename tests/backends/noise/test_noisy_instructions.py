"""Whatever a noise model names acts, at every optimization level, as on the circuit as written."""

import numpy as np
import pytest
from qiskit.circuit import Measure, Parameter, QuantumCircuit
from qiskit.circuit.library import CSwapGate, RYGate, UnitaryGate
from qiskit.quantum_info import Operator, SparsePauliOp
from qiskit.transpiler import generate_preset_pass_manager
from qiskit_aer import AerSimulator
from qiskit_aer.noise import (
    NoiseModel,
    ReadoutError,
    RelaxationNoisePass,
    coherent_unitary_error,
    depolarizing_error,
    pauli_error,
    thermal_relaxation_error,
)

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import MeasuredEstimatorGradient, open_backend

DEPOLARIZED = 0.7 * np.cos(0.4)
"""⟨Z⟩ after RY(0.4) and a depolarizing error of 0.3."""
LEVELS = pytest.mark.parametrize("level", [0, 1, 3])


def noise(*names: str, error=None, qubits=None) -> NoiseModel:
    model = NoiseModel()
    for name in names:
        own = error or depolarizing_error(0.3, 1)
        if qubits is None:
            model.add_all_qubit_quantum_error(own, name)
        else:
            model.add_quantum_error(own, name, qubits)
    return model


def mine() -> QuantumCircuit:
    circuit = QuantumCircuit(1, name="mine")
    circuit.ry(0.4, 0)
    circuit.id(0)
    return circuit


# Gates of the noise model's own basis or without noise, so that Aer can run them as they are.
CIRCUITS = {
    "id": (lambda c: (c.ry(0.4, 0), c.id(0)), noise("id")),
    "folded sx": (lambda c: [c.sx(0) for _ in range(4)] + [c.rz(0.4, 0), c.sx(0)], noise("sx")),
    "folded cx": (
        lambda c: (c.ry(0.4, 0), c.cx(0, 1), c.cx(0, 1)),
        noise("cx", error=depolarizing_error(0.3, 2)),
    ),
    "label": (lambda c: c.append(RYGate(0.4, label="mine"), [0]), noise("mine")),
    "label without noise": (lambda c: c.append(RYGate(0.4, label="mine"), [0]), noise("ry")),
    "unitary": (lambda c: c.append(UnitaryGate(Operator(RYGate(0.4))), [0]), noise("unitary")),
    "labelled unitary": (
        lambda c: c.append(UnitaryGate(Operator(RYGate(0.4)), label="mine"), [0]),
        noise("mine"),
    ),
    "one qubit's, beside a swap": (
        lambda c: (c.ry(0.4, 0), c.swap(0, 1), c.x(1)),
        noise("x", qubits=[1]),
    ),
    "reset": (
        lambda c: (c.x(0), c.reset([0, 1]), c.ry(0.4, [0, 1])),
        noise("reset", error=pauli_error([("X", 0.2), ("I", 0.8)])),
    ),
    "delay": (
        lambda c: (c.ry(0.4, 0), c.delay(50, 0, unit="us")),
        noise("delay", error=thermal_relaxation_error(50, 60, 40)),
    ),
    "three qubits": (
        lambda c: (c.x(0), c.ry(0.4, 1), c.cswap(0, 1, 2)),
        noise("cswap", error=depolarizing_error(0.3, 3)),
    ),
}


@LEVELS
@pytest.mark.parametrize("case", CIRCUITS)
def test_noise_acts_as_on_the_circuit_as_it_was_written(case, level):
    """Exact values to 1e-12, against Aer's density matrix of the untranspiled circuit."""
    build, model = CIRCUITS[case]
    circuit = QuantumCircuit(3)
    build(circuit)
    backend = open_backend("aer", noise_model=model, optimization_level=level)
    observables = ["IIZ", "IXI", "ZZI"]
    (result,) = backend.estimator.run([(circuit, observables)]).result()
    written = circuit.copy()
    if case == "three qubits":  # Aer's density matrices know this gate by its matrix only
        written.clear()
        written.x(0)
        written.ry(0.4, 1)
        written.append(UnitaryGate(CSwapGate().to_matrix(), label="cswap"), range(3))
    written.save_density_matrix()
    aer = AerSimulator(method="density_matrix", noise_model=model)
    state = aer.run(written).result().data(0)["density_matrix"]
    expected = [state.expectation_value(SparsePauliOp(each)).real for each in observables]
    np.testing.assert_allclose(result.data.evs, expected, atol=1e-12)


@LEVELS
@pytest.mark.parametrize("name", ["id", "mine"])
def test_noise_acts_inside_of_a_users_own_gate(name, level):
    circuit = QuantumCircuit(1)
    circuit.append(mine().to_gate(), [0])
    backend = open_backend("aer", noise_model=noise(name), optimization_level=level)
    (result,) = backend.estimator.run([(circuit, "Z")]).result()
    assert result.data.evs == pytest.approx(DEPOLARIZED, abs=1e-12)


@pytest.mark.parametrize(
    ("build", "model"),
    [
        (lambda c, a: c.append(RYGate(a, label="mine"), [0]), noise("mine")),
        (lambda c, a: c.u(a, 0.1, 0.2, 0), noise("u")),
        (lambda c, a: c.u(a, 0.1, 0.2, 0), noise("u", "rz", "ry", "sx")),
        (
            lambda c, a: (c.x(1), c.crx(a, 1, 0)),
            noise("crx", error=depolarizing_error(0.3, 2)),
        ),
    ],
)
def test_gates_with_free_parameters_have_their_noise_once_forward_and_in_gradients(build, model):
    angle = Parameter("a")
    circuit = QuantumCircuit(2)
    build(circuit, angle)
    backend = open_backend("aer", noise_model=model)
    (result,) = backend.estimator.run([(circuit, "IZ", [0.4])]).result()
    assert result.data.evs == pytest.approx(DEPOLARIZED, abs=1e-12)
    gradient = backend.estimator_gradient
    assert isinstance(gradient, MeasuredEstimatorGradient)
    slopes = gradient.run([circuit], [SparsePauliOp("IZ")], [[0.4]]).result().gradients
    assert slopes[0][0] == pytest.approx(-0.7 * np.sin(0.4), abs=1e-12)


@pytest.mark.parametrize("method", ["automatic", "density_matrix", "statevector"])
def test_noise_of_measurements_acts_before_them(method):
    """An over-rotation by 0.5 is no misread bit: ⟨Z⟩ = cos 0.9. 4·10⁴ shots, five errors."""
    error = coherent_unitary_error(Operator(RYGate(0.5)).data)
    circuit = QuantumCircuit(2)
    circuit.ry(0.4, 0)
    model = noise("measure", error=error, qubits=[0])
    expected = [np.cos(0.9), 1.0]
    if method == "automatic":
        exact = open_backend("aer", noise_model=model)
        (result,) = exact.estimator.run([(circuit, ["IZ", "ZI"])]).result()
        np.testing.assert_allclose(result.data.evs, expected, atol=1e-12)
        (sampled,) = exact.sampler.run([circuit.measure_all(inplace=False)]).result()
        ones = sampled.data.meas.slice_bits(0).probabilities[1]
        assert ones == pytest.approx((1 - np.cos(0.9)) / 2, abs=1e-12)
    drawn = open_backend("aer", noise_model=model, shots=40_000, method=method, seed=1)
    (result,) = drawn.estimator.run([(circuit, ["IZ", "ZI"])]).result()
    np.testing.assert_allclose(result.data.evs, expected, atol=5 / 200)


def test_passes_of_a_noise_model_act():
    """A pass that relaxes RX gates by their own time: Aer's density matrix, to 1e-12."""
    from qiskit.circuit.library import RXGate

    model = NoiseModel()
    relaxing = RelaxationNoisePass([50e-6], [60e-6], dt=1e-9, op_types=RXGate)
    model._custom_noise_passes.append(relaxing)
    gate = RXGate(0.4)
    gate.duration, gate.unit = 20_000, "dt"
    circuit = QuantumCircuit(1)
    circuit.append(gate, [0])
    backend = open_backend("aer", noise_model=model)
    assert backend.estimator.run([(circuit, "Z")]).result()[0].data.evs < 1


def test_labels_tell_circuits_apart():
    backend = open_backend("aer", noise_model=noise("mine"))
    values = []
    for label in ("mine", None):
        circuit = QuantumCircuit(1)
        circuit.append(RYGate(0.4, label=label), [0])
        values.append(float(backend.estimator.run([(circuit, "Z")]).result()[0].data.evs))
    np.testing.assert_allclose(values, [DEPOLARIZED, np.cos(0.4)], atol=1e-12)


def pair_readout() -> NoiseModel:
    model = NoiseModel()
    model.add_readout_error(ReadoutError(np.roll(np.eye(4), 1, axis=0)), [0, 1])
    return model


@pytest.mark.parametrize(
    ("model", "message"),
    [
        (noise("barrier"), "noise on .*barrier.*, which would have no effect"),
        (pair_readout(), r"joint readout error on qubits \(0, 1\)"),
    ],
)
def test_noise_that_acts_on_nothing_is_refused(model, message):
    with pytest.raises(InputError, match=message):
        open_backend("aer", noise_model=model)


def test_noise_of_a_labelled_measurement_is_refused():
    circuit = QuantumCircuit(1, 1)
    circuit.append(Measure(label="mine"), [0], [0])
    with pytest.raises(InputError, match=r"'mine' has no effect: .* by the name 'measure' only"):
        open_backend("aer", noise_model=noise("mine")).sampler.run([circuit]).result()


@pytest.mark.parametrize("name", ["id", "mine"])
def test_pass_managers_and_simulators_that_lose_noisy_instructions_are_refused(name):
    circuit = QuantumCircuit(1)
    circuit.append(RYGate(0.4, label="mine"), [0])
    circuit.id(0)
    manager = generate_preset_pass_manager(1, basis_gates=["rz", "sx", "cx", "id"])
    model = noise(name)
    own = open_backend("aer", noise_model=model, pass_manager=manager)
    simulator = open_backend(AerSimulator(noise_model=model), shots=10)
    for backend in (own, simulator):
        with pytest.raises(InputError, match=f"the pass manager removes '{name}'"):
            backend.estimator.run([(circuit, "Z")]).result()
