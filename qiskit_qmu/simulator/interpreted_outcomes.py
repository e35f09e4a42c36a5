"""The readout of a SamplerQNN: from the outcomes of its circuit to its outputs."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit_machine_learning.neural_networks import SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compiled.operations import OutcomeReadout
from qiskit_qmu.simulator.engine.simulation import StateReadout
from qiskit_qmu.simulator.readout.observables import basis_probabilities
from qiskit_qmu.simulator.readout.registers import merge_outcomes, outcome_of_states


@dataclass(frozen=True)
class InterpretedOutcomes:
    """The readout of a SamplerQNN.

    Attributes:
        of_outcomes: The output that each outcome adds to.
        outcomes: The outcome that each basis state is read as, (2^n,).
        num_outputs: Number of outputs.
    """

    of_outcomes: NDArray[np.int64]
    outcomes: NDArray[np.int64]
    num_outputs: int

    @property
    def compiled(self) -> OutcomeReadout:
        """The readout for compiled kernels."""
        return OutcomeReadout(self.of_outcomes[self.outcomes], self.num_outputs)

    def prepare(self, dtype: torch.dtype, device: torch.device) -> StateReadout:
        """Return the readout in one precision on one device."""
        outputs = torch.as_tensor(self.of_outcomes[self.outcomes], device=device)
        return lambda states: merge_outcomes(basis_probabilities(states), outputs, self.num_outputs)


def interpreted_outcomes(network: SamplerQNN) -> InterpretedOutcomes:
    """Return which output of a SamplerQNN each basis state adds to."""
    outcomes, count = outcome_of_states(measured_circuit(network))
    of_outcomes = output_places(network, count)
    return InterpretedOutcomes(of_outcomes, outcomes, math.prod(network.output_shape))


def measured_circuit(network: SamplerQNN) -> QuantumCircuit:
    """Return the circuit that a SamplerQNN samples.

    If it has no measurements, all qubits are measured: in a transpiled circuit, those that hold the
    qubits of the original circuit.
    """
    circuit = network.circuit
    if circuit.num_clbits:
        return circuit
    circuit = circuit.copy()
    if circuit.layout is None:
        circuit.measure_all()
    else:
        qubits = circuit.layout.final_index_layout(filter_ancillas=True)
        circuit.add_register(ClassicalRegister(len(qubits), "meas"))
        circuit.measure(qubits, range(len(qubits)))
    return circuit


def output_places(network: SamplerQNN, num_outcomes: int) -> NDArray[np.int64]:
    """Return the flat index of the output that each outcome of a SamplerQNN adds to.

    Raises:
        InputError: If ``interpret`` returns an index out of range.
    """
    interpret, shape = network.interpret or int, tuple(network.output_shape)
    places = [np.atleast_1d(interpret(outcome)) for outcome in range(num_outcomes)]
    for outcome, place in enumerate(places):
        whole = np.issubdtype(place.dtype, np.integer) or place.dtype == bool
        if not whole or place.shape != (len(shape),) or (place < 0).any() or (place >= shape).any():
            raise InputError(
                f"interpret returned {interpret(outcome)!r} for outcome {outcome}, which is not an "
                f"index into outputs of shape {shape}"
            )
    return np.asarray(np.ravel_multi_index(tuple(np.array(places, dtype=np.int64).T), shape))
