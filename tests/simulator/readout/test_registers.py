"""Classical registers: which qubit each bit reads, and what that makes of basis states."""

import numpy as np
import pytest
from qiskit import ClassicalRegister, QuantumCircuit, QuantumRegister
from qiskit.primitives import BitArray

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.readout.registers import (
    measured_qubits,
    register_bytes,
    register_qubits,
    register_values,
)


def test_the_last_measurement_into_a_bit_counts():
    circuit = QuantumCircuit(
        QuantumRegister(3), ClassicalRegister(2, "a"), ClassicalRegister(1, "b")
    )
    circuit.measure([0, 1, 2], [0, 2, 0])
    assert register_qubits(circuit) == measured_qubits(circuit) == {"a": [2, None], "b": [1]}


def test_registers_may_share_bits():
    shared = ClassicalRegister(2, "c")
    circuit = QuantumCircuit(
        QuantumRegister(1), shared, ClassicalRegister(name="d", bits=shared[1:])
    )
    circuit.measure(0, 1)
    assert register_qubits(circuit) == {"c": [None, 0], "d": [0]}


@pytest.mark.parametrize("circuit", [QuantumCircuit(1), QuantumCircuit(1, 2)])
def test_a_circuit_without_measurements(circuit):
    assert all(qubit is None for qubits in register_qubits(circuit).values() for qubit in qubits)
    with pytest.raises(InputError, match="has no measurements to sample"):
        measured_qubits(circuit)


def test_values_by_hand():
    """States 0 … 7 of three qubits, read as (bit 0 = qubit 2, bit 1 = nothing, bit 2 = qubit 0)."""
    values = register_values(np.arange(8), [2, None, 0])
    assert values.tolist() == [0, 4, 0, 4, 1, 5, 1, 5]


def test_values_of_more_bits_than_an_integer_has():
    values = register_values(np.arange(4), [0, *[None] * 98, 1])
    assert values.tolist() == [0, 1, 2**99, 2**99 + 1]


@pytest.mark.parametrize("num_bits", [1, 7, 8, 9, 20, 100])
def test_bytes_are_those_of_a_bit_array(num_bits, generator):
    qubits = [None if q == 4 else int(q) for q in generator.integers(0, 5, num_bits)]
    packed = BitArray(register_bytes(4, qubits), num_bits)
    values = register_values(np.arange(16), qubits)
    stock = BitArray.from_samples(list(map(int, values)), num_bits)
    np.testing.assert_array_equal(packed.array, stock.array)
