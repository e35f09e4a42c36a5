"""Networks over exact primitives as torch functions that can be differentiated at will."""

import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import ClassicalRegister, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator.active_qubits import active_qubits
from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.fusion import compile_program
from qiskit_qmu.simulator.network_checks import checked_observables, output_places
from qiskit_qmu.simulator.observables import PauliSums, probabilities
from qiskit_qmu.simulator.outcomes import merge_outcomes, outcome_of_states
from qiskit_qmu.simulator.primitive import StatevectorPrimitive
from qiskit_qmu.simulator.program import Program
from qiskit_qmu.simulator.sampler import TorchSampler
from qiskit_qmu.simulator.simulation import Readout, Simulation


class ExactNetwork:
    """A network's compiled circuit and readout, prepared once for each precision and device."""

    def __init__(self, program: Program, readout: "_Readout", memory_budget: int) -> None:
        self.program = program
        self._readout = readout
        self._memory_budget = memory_budget
        self._prepared: dict[tuple[torch.dtype, torch.device], tuple[Simulation, Readout]] = {}

    def __deepcopy__(self, memo: object) -> "ExactNetwork":
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_prepared": {}}

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,)."""
        # Half precision is one of weights, not of states.
        dtype = torch.complex128 if weights.dtype == torch.float64 else torch.complex64
        key = (dtype, weights.device)
        if key not in self._prepared:
            # Tensors made inside of a torch.func transform or inference mode are of no use outside.
            with torch._C._DisableFuncTorch(), torch.inference_mode(False):  # noqa: SLF001
                self._prepared[key] = (
                    Simulation(self.program, dtype, weights.device, self._memory_budget),
                    self._readout.prepare(dtype, weights.device),
                )
        simulation, readout = self._prepared[key]
        return simulation.read(readout, inputs, weights).T


@dataclass(frozen=True)
class _Expectations:
    """The readout of an EstimatorQNN."""

    observables: list[SparsePauliOp]

    def prepare(self, dtype: torch.dtype, device: torch.device) -> Readout:
        """Return the readout in one precision on one device."""
        return PauliSums(self.observables, dtype, device)


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

    def prepare(self, dtype: torch.dtype, device: torch.device) -> Readout:
        """Return the readout in one precision on one device."""
        outputs = torch.as_tensor(self.of_outcomes[self.outcomes], device=device)
        return lambda states: merge_outcomes(probabilities(states), outputs, self.num_outputs)


_Readout = _Expectations | InterpretedOutcomes


def exact_network(network: NeuralNetwork) -> ExactNetwork | None:
    """Return a network over an exact primitive of ours as a torch function, or None."""
    readout: _Readout
    primitive: StatevectorPrimitive
    if isinstance(network, EstimatorQNN) and isinstance(network.estimator, TorchEstimator):
        primitive, active = network.estimator, active_qubits(network.circuit)
        observables = checked_observables(network)
        readout = _Expectations(list(map(active.restrict, observables)))
    elif isinstance(network, SamplerQNN) and isinstance(network.sampler, TorchSampler):
        primitive, active = network.sampler, active_qubits(measured_circuit(network))
        readout = interpreted_outcomes(network)
    else:
        return None
    if primitive.shots is not None:
        return None
    budget = primitive.cache.memory_budget
    program = compile_program(
        active.circuit,
        network.input_params or (),
        network.weight_params or (),
        memory_budget=budget,
    )
    return ExactNetwork(program, readout, budget)


def interpreted_outcomes(network: SamplerQNN) -> InterpretedOutcomes:
    """Return which output of a SamplerQNN each basis state adds to."""
    outcomes, count = outcome_of_states(measured_circuit(network))
    of_outcomes = output_places(network, count)
    return InterpretedOutcomes(of_outcomes, outcomes, math.prod(network.output_shape))


def measured_circuit(network: SamplerQNN) -> QuantumCircuit:
    """Return the circuit that a SamplerQNN samples.

    Where it measures none of its qubits itself, that are all: of a transpiled circuit, those that
    hold the qubits of the circuit that was written.
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
