"""Networks over exact primitives as torch functions, differentiable any number of times."""

from dataclasses import dataclass, replace

import torch
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.compile.fusion import compile_program
from qiskit_qmu.simulator.compile.program import Program
from qiskit_qmu.simulator.compiled.choice import choose_engine, compiled_step
from qiskit_qmu.simulator.compiled.network_step import NetworkStep
from qiskit_qmu.simulator.engine.simulation import Simulation, StateReadout
from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.interpreted_outcomes import (
    InterpretedOutcomes,
    interpreted_outcomes,
    measured_circuit,
)
from qiskit_qmu.simulator.network_checks import check_finite, checked_observables
from qiskit_qmu.simulator.primitive import StatevectorPrimitive
from qiskit_qmu.simulator.readout.observables import PauliSums
from qiskit_qmu.simulator.sampler import TorchSampler


class StatevectorNetwork:
    """A network's compiled circuit and readout, prepared once per precision and device.

    Which engine runs its steps is decided here, once, so that two runs compute the same numbers.
    """

    def __init__(
        self,
        program: Program,
        readout: "_NetworkReadout",
        memory_budget: int,
        engine: str | None = None,
    ) -> None:
        choice = choose_engine(program, readout.compiled, engine)
        self.program = replace(program, engine=str(choice))
        self._compiled = choice.engine == "compiled"
        self._readout = readout
        self._memory_budget = memory_budget
        self._prepared: dict[tuple[torch.dtype, torch.device], _Prepared] = {}

    def __deepcopy__(self, memo: object) -> "StatevectorNetwork":
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_prepared": {}}

    def __call__(self, inputs: torch.Tensor, weights: torch.Tensor) -> torch.Tensor:
        """Return outputs (B, O) of inputs (B, I) and weights (W,).

        Raises:
            InputError: If a value is NaN or infinite.
        """
        prepared = self._prepared_for(weights)
        if prepared.step is not None and len(inputs):
            return prepared.step(inputs, weights)
        check_finite(inputs, weights)
        return prepared.simulation.read(prepared.readout, inputs, weights).T

    def row_step(self, weights: torch.Tensor) -> NetworkStep | None:
        """Return a step that can tell the gradients of rows apart; None if there is none."""
        step = self._prepared_for(weights).step
        return step if step is not None and step.dtype == weights.dtype else None

    def _prepared_for(self, weights: torch.Tensor) -> "_Prepared":
        # Half precision applies to weights, not to states.
        dtype = torch.complex128 if weights.dtype == torch.float64 else torch.complex64
        key = (dtype, weights.device)
        if key not in self._prepared:
            # Tensors created inside a torch.func transform or inference mode are unusable outside.
            with torch._C._DisableFuncTorch(), torch.inference_mode(False):  # noqa: SLF001
                self._prepared[key] = self._prepare(dtype, weights.device)
        return self._prepared[key]

    def _prepare(self, dtype: torch.dtype, device: torch.device) -> "_Prepared":
        simulation = Simulation(self.program, dtype, device, self._memory_budget)
        readout = self._readout.prepare(dtype, device)
        step = None
        if self._compiled and device.type == "cpu":
            by_angles = compiled_step(simulation, self._readout.compiled, readout, dtype)
            if by_angles is not None:
                step = NetworkStep(simulation, by_angles, dtype.to_real(), check_finite)
        return _Prepared(simulation, readout, step)


@dataclass(frozen=True)
class _Prepared:
    """A network in one precision on one device, with the compiled step if it has one."""

    simulation: Simulation
    readout: StateReadout
    step: NetworkStep | None


@dataclass(frozen=True)
class _ExactExpectations:
    """The readout of an EstimatorQNN."""

    observables: list[SparsePauliOp]

    @property
    def compiled(self) -> list[SparsePauliOp]:
        """The readout for compiled kernels."""
        return self.observables

    def prepare(self, dtype: torch.dtype, device: torch.device) -> StateReadout:
        """Return the readout in one precision on one device."""
        return PauliSums(self.observables, dtype, device)


_NetworkReadout = _ExactExpectations | InterpretedOutcomes


def statevector_network(
    network: NeuralNetwork, engine: str | None = None
) -> StatevectorNetwork | None:
    """Return a network over one of this package's exact primitives as a torch function, or None.

    Args:
        network: Any network.
        engine: "compiled" or "torch"; None for the variable QISKIT_QMU_ENGINE, else "compiled".
    """
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
    return StatevectorNetwork(program, readout, budget, engine)
