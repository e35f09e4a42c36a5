"""Circuits as other people write them give Qiskit's values, also when many share one cache."""

import numpy as np
import pytest
from foreign_circuits import ForeignCircuits
from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector

from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient, TorchSampler

ESTIMATOR, SAMPLER = TorchEstimator(), TorchSampler()
GRADIENT = TorchEstimatorGradient(ESTIMATOR)

# A central difference of sixth order.
STENCIL = {1: 3 / 4, 2: -3 / 20, 3: 1 / 60}
STEP = 0.002


# Qiskit's own matrix exponential of a Pauli evolution warns.
pytestmark = pytest.mark.filterwarnings("ignore::scipy.sparse.SparseEfficiencyWarning")


def check(seed: int, *, slopes: bool = True) -> None:
    """Compare the value, a derivative and the outcomes of one circuit with Qiskit's."""
    circuit = ForeignCircuits(seed, any_name=True).circuit()
    plain = ForeignCircuits(seed, any_name=False).circuit()
    generator = np.random.default_rng(seed)
    values = generator.uniform(0.4, 1.6, circuit.num_parameters)
    labels = ["".join(generator.choice(list("IXYZ"), circuit.num_qubits)) for _ in range(3)]
    observable = SparsePauliOp(labels, generator.normal(size=3))

    def state(row: np.ndarray) -> Statevector:
        return Statevector(plain.assign_parameters(row))

    found = ESTIMATOR.run([(circuit, observable, values)]).result()[0].data.evs
    expected = state(values).expectation_value(observable).real
    np.testing.assert_allclose(found, expected, atol=1e-10)

    outcomes = SAMPLER.run([(measured_backwards(circuit), values)]).result()[0].data.c
    backwards = list(range(circuit.num_qubits))[::-1]
    np.testing.assert_allclose(
        outcomes.slice_bits(backwards).probabilities, state(values).probabilities(), atol=1e-10
    )
    if slopes and circuit.num_parameters:
        direction = generator.normal(size=len(values))
        slope = sum(
            sign * weight / STEP * state(row).expectation_value(observable).real
            for steps, weight in STENCIL.items()
            for sign in (1, -1)
            for row in [values + sign * steps * STEP * direction]
        )
        (gradient,) = GRADIENT.run([circuit], [observable], [values]).result().gradients
        np.testing.assert_allclose(gradient @ direction, slope, rtol=1e-6, atol=1e-6)


def measured_backwards(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return the circuit with qubit i measured into bit n - 1 - i of register "c"."""
    measured = QuantumCircuit(circuit.num_qubits, circuit.num_qubits)
    measured.compose(circuit, inplace=True)
    measured.measure(measured.qubits, measured.clbits[::-1])
    return measured


@pytest.mark.parametrize("first", range(0, 15, 5))
def test_fifteen_circuits(first):
    for seed in range(first, first + 5):
        check(seed, slopes=seed % 3 == 0)


@pytest.mark.slow
@pytest.mark.parametrize("first", range(1000, 2000, 50))
def test_a_thousand_circuits(first):
    for seed in range(first, first + 50):
        check(seed)
