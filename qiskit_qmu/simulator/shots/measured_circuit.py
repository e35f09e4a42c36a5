"""MeasuredCircuit: a circuit and the observables that are measured on it, prepared once."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Self, final

from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.simulator.compile.active_qubits import ActiveCircuit, active_qubits
from qiskit_qmu.simulator.readout.measurement_bases import MeasuredTerms, measured_terms


@final
@dataclass(frozen=True, kw_only=True)
class MeasuredCircuit:
    """A circuit and the observables that are measured on it.

    Attributes:
        active: The circuit without idle qubits.
        terms: The terms of O observables, grouped by measurement basis.
    """

    active: ActiveCircuit
    terms: MeasuredTerms

    @classmethod
    def of(cls, circuit: QuantumCircuit, observables: Sequence[SparsePauliOp]) -> Self:
        """Prepare a circuit and observables on its qubits."""
        active = active_qubits(circuit)
        return cls(active=active, terms=measured_terms(list(map(active.restrict, observables))))

    @property
    def num_observables(self) -> int:
        """The number O of observables."""
        return len(self.terms[0])
