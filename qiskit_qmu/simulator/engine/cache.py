"""A cache of compiled circuits, and the split of parameter values in its key."""

from collections import OrderedDict
from collections.abc import Iterator, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import Parameter, QuantumCircuit

from qiskit_qmu import _check
from qiskit_qmu.simulator.compile.content import Content, circuit_content
from qiskit_qmu.simulator.engine.simulation import MakeStates, Simulation, simulate
from qiskit_qmu.simulator.memory import DEFAULT_MEMORY_BUDGET, STATES_WITHOUT_GRADIENT

_CAPACITY = 64


class SimulationCache:
    """Compiles each circuit once for each set of parameters that all samples share.

    The key is the circuit's content, not its identity, so a circuit that was changed in place is
    compiled again.

    Args:
        dtype: torch.complex64 or torch.complex128.
        device: Device of the states.
        memory_budget: Bytes that one simulation may use.
        make_states: See `Simulation`.
    """

    def __init__(
        self,
        dtype: torch.dtype,
        device: torch.device | str,
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
        make_states: MakeStates | None = None,
    ) -> None:
        self.dtype = dtype
        self.memory_budget = memory_budget
        self.device = torch.device(device)
        self._make_states = make_states
        self._simulations: OrderedDict[object, Simulation] = OrderedDict()

    def __deepcopy__(self, memo: object) -> "SimulationCache":
        return self

    def __getstate__(self) -> dict[str, object]:
        return {**self.__dict__, "_simulations": OrderedDict()}

    def simulation(
        self,
        circuit: QuantumCircuit,
        batched: Sequence[Parameter],
        shared: Sequence[Parameter],
        content: Content | None = None,
    ) -> Simulation:
        """Return the compiled circuit, from the cache if possible.

        Args:
            circuit: The circuit.
            batched: Parameters whose values differ from sample to sample.
            shared: Parameters whose values all samples share.
            content: The circuit's content, if it is known.
        """
        key = (content or circuit_content(circuit), tuple(batched), tuple(shared))
        # One operation at a time, because the jobs of one primitive may run in several threads.
        simulation = self._simulations.pop(key, None)
        if simulation is None:
            simulation = simulate(
                circuit,
                batched,
                shared,
                dtype=self.dtype,
                device=self.device,
                memory_budget=self.memory_budget,
                make_states=self._make_states,
            )
        self._simulations[key] = simulation
        if len(self._simulations) > _CAPACITY:
            self._simulations.popitem(last=False)
        return simulation

    def state_chunks(
        self, circuit: QuantumCircuit, values: NDArray[np.float64], content: Content | None = None
    ) -> Iterator[tuple[slice, torch.Tensor]]:
        """Yield the final states of rows of parameter values, a few rows at a time.

        Args:
            circuit: The circuit.
            values: Parameter values (B, P).
            content: The circuit's content, if it is known.

        Yields:
            Row indices, and their states (2^n, rows), without gradient.
        """
        rows = SharedColumns(circuit, values)
        split = rows.batched_parameters, rows.shared_parameters
        simulation = self.simulation(circuit, *split, content)
        size = simulation.rows_at_once(STATES_WITHOUT_GRADIENT)
        # Without rows there is one empty chunk.
        for start in range(0, max(1, len(values)), size):
            chunk = slice(start, start + size)
            yield chunk, simulation.states(rows.batched[chunk], rows.shared)

    def states(self, circuit: QuantumCircuit, values: NDArray[np.float64]) -> torch.Tensor:
        """Return the final states (2^n, B) of parameter values (B, P), without gradient."""
        return torch.cat([states for _, states in self.state_chunks(circuit, values)], dim=1)


class SharedColumns:
    """Rows of parameter values, split into columns that differ and columns that all rows share.

    Gates of shared values are fused into dense layers, so the split is what makes a batch fast.
    ``order`` says which columns became the batched and then the shared ones.

    Args:
        circuit: The circuit whose parameters, in its own order, are the columns.
        values: Parameter values (B, P).

    Raises:
        InputError: If a value is NaN or infinite.
    """

    def __init__(self, circuit: QuantumCircuit, values: NDArray[np.float64]) -> None:
        values = np.asarray(values, dtype=float)
        parameters = list(circuit.parameters)
        _check.finite(parameter_values=values)
        differs = (values != values[:1]).any(axis=0) | (len(values) == 0)
        batched, shared = np.flatnonzero(differs), np.flatnonzero(~differs)
        self.order = np.concatenate([batched, shared])
        self.batched_parameters = [parameters[column] for column in batched]
        self.shared_parameters = [parameters[column] for column in shared]
        self.batched = torch.as_tensor(values[:, batched])
        self.shared = torch.as_tensor(values[:1, shared]).flatten()
