"""Networks over exact primitives as torch functions, differentiable any number of times."""

from dataclasses import dataclass

import torch
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.compile.fusion import compile_program
from qiskit_qmu.simulator.compile.program import Program
from qiskit_qmu.simulator.engine.simulation import Simulation, StateReadout
from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.interpreted_outcomes import (
    InterpretedOutcomes,
    interpreted_outcomes,
    measured_circuit,
)
from qiskit_qmu.simulator.network_checks import checked_observables
from qiskit_qmu.simulator.primitive import StatevectorPrimitive
from qiskit_qmu.simulator.readout.observables import PauliSums
from qiskit_qmu.simulator.sampler import TorchSampler


class StatevectorNetwork:
    """A network's compiled circuit and readout, prepared once per precision and device."""

    def __init__(self, program: Program, readout: "_NetworkReadout", memory_budget: int) -> None:
        self.program = program
        self._readout = readout
        self._memory_budget = memory_budget
        self._prepared: dict[tuple[torch.dtype, torch.device], tuple[Simulation, StateReadout]] = {}

    def __deepcopy__(self, memo: object) -> "StatevectorNetwork":
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_prepared": {}}

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,)."""
        # Half precision applies to weights, not to states.
        dtype = torch.complex128 if weights.dtype == torch.float64 else torch.complex64
        key = (dtype, weights.device)
        if key not in self._prepared:
            # Tensors created inside a torch.func transform or inference mode are unusable outside.
            with torch._C._DisableFuncTorch(), torch.inference_mode(False):  # noqa: SLF001
                self._prepared[key] = (
                    Simulation(self.program, dtype, weights.device, self._memory_budget),
                    self._readout.prepare(dtype, weights.device),
                )
        simulation, readout = self._prepared[key]
        return simulation.read(readout, inputs, weights).T


@dataclass(frozen=True)
class _ExactExpectations:
    """The readout of an EstimatorQNN."""

    observables: list[SparsePauliOp]

    def prepare(self, dtype: torch.dtype, device: torch.device) -> StateReadout:
        """Return the readout in one precision on one device."""
        return PauliSums(self.observables, dtype, device)


_NetworkReadout = _ExactExpectations | InterpretedOutcomes


def statevector_network(network: NeuralNetwork) -> StatevectorNetwork | None:
    """Return a network over one of this package's exact primitives as a torch function, or None."""
    readout: _NetworkReadout
    primitive: StatevectorPrimitive
    if isinstance(network, EstimatorQNN) and isinstance(network.estimator, TorchEstimator):
        primitive, active = network.estimator, active_qubits(network.circuit)
        observables = checked_observables(network)
        readout = _ExactExpectations(list(map(active.restrict, observables)))
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
    return StatevectorNetwork(program, readout, budget)
