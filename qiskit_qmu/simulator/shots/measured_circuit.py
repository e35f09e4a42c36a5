"""MeasuredCircuit: a circuit and the observables that are measured on it, prepared once."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Self, final

from qiskit.circuit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.simulator.compile.active_qubits import ActiveCircuit, active_qubits
from qiskit_qmu.simulator.compile.content import Content, circuit_content
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
        """Prepare a circuit and observables on its qubits; later changes do not affect them."""
        active = active_qubits(circuit.copy())
        return cls(active=active, terms=measured_terms(list(map(active.restrict, observables))))

    @cached_property
    def content(self) -> Content:
        """The content of the small circuit: its key in caches."""
        return circuit_content(self.active.circuit)

    @property
    def num_observables(self) -> int:
        """The number O of observables."""
        return len(self.terms[0])
