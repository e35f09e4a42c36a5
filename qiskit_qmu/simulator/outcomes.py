"""Basis states read as outcomes of one classical register."""

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.registers import measured_qubits, register_values


def outcome_of_states(circuit: QuantumCircuit) -> tuple[NDArray[np.int64], int]:
    """Return the outcome (2^n,) that each basis state is read as, and the number of outcomes.

    Raises:
        InputError: If the circuit has no measurement, or measures into several registers.
    """
    registers = measured_qubits(circuit)
    if len(registers) != 1:
        raise InputError(f"a circuit must have one classical register, got {len(registers)}")
    (qubits,) = registers.values()
    values = register_values(np.arange(2**circuit.num_qubits), qubits).astype(np.int64)
    return values, 2 ** len(qubits)


def merge_outcomes(values: torch.Tensor, outcomes: torch.Tensor, count: int) -> torch.Tensor:
    """Add up the values (2^n, …) of basis states that are read as the same outcome, (count, …)."""
    return values.new_zeros(count, *values.shape[1:]).index_add(0, outcomes, values)
