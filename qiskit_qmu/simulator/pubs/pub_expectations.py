"""Expectation values of all PUBs of one circuit, from one simulation of it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.simulator.compile.active_qubits import ActiveCircuit
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.pubs.circuit_groups import CircuitGroup, states_of_rows
from qiskit_qmu.simulator.readout.distinct_observables import DistinctObservables
from qiskit_qmu.simulator.readout.measurement_bases import measured_terms
from qiskit_qmu.simulator.readout.observables import PauliSums
from qiskit_qmu.simulator.shots.sampled_pauli_sums import SampledPauliSums

ValuesAndVariances = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Values, and their variances."""

_ObservableReadout = Callable[[torch.Tensor], ValuesAndVariances]
"""Estimates (O, B) of O observables, and their variances, from states (2^n, B)."""


@final
@dataclass(frozen=True)
class _ReadoutTask:
    """Rows that need the same observables from the same number of shots.

    Attributes:
        readout: Estimates O observables.
        rows: The rows (k,) among those that are simulated.
        positions: Positions of the results (k, O) among all requested values.
    """

    readout: _ObservableReadout
    rows: NDArray[np.int64]
    positions: NDArray[np.int64]


@final
@dataclass(frozen=True)
class _MeasurementSettings:
    """Joint measurements: rows of the simulation, each with a number of shots.

    Exact values of a row serve all PUBs that request it. Shots of the same rows serve different
    observables of several PUBs, as within one PUB, but an observable that is requested again is
    measured again.
    """

    rows: NDArray[np.int64]
    shots: list[int | None]
    of_pub: dict[int, NDArray[np.int64]]


def estimate_group(
    group: CircuitGroup,
    pubs: Sequence[EstimatorPub],
    shots: Sequence[int | None],
    cache: SimulationCache,
    generator: np.random.Generator,
) -> dict[int, ValuesAndVariances]:
    """Estimate all observables of a group's PUBs.

    Args:
        group: PUBs of one circuit, by their positions.
        pubs: All PUBs.
        shots: Shots of each of them; None for exact values.
        cache: Simulates the circuit.
        generator: Source of the shots.

    Returns:
        For each PUB of the group, by its position, the estimates of its elements, flattened.
    """
    operators, which = _observables(pubs, list(group.members), group.active)
    settings = _settings(group, shots, which)
    codes = []
    for position, numbers in which.items():
        of_bindings = settings.of_pub[position].reshape(pubs[position].parameter_values.shape)
        codes.append((of_bindings * len(operators) + numbers).ravel())
    wanted, where = np.unique(np.concatenate(codes), return_inverse=True)
    values, variances = np.zeros(len(wanted)), np.zeros(len(wanted))
    tasks = _tasks(wanted, operators, settings, cache, generator)
    chunks = cache.state_chunks(group.active.circuit, group.rows) if tasks else ()
    for chunk, states in chunks:
        for task in tasks:
            for chosen, own_states in states_of_rows(task.rows, chunk, states):
                positions = task.positions[chosen]
                means, errors = task.readout(own_states)
                values[positions], variances[positions] = means.T, errors.T
                del own_states
        del states  # before the next chunk is computed
    ends = np.cumsum([len(code) for code in codes])[:-1]
    parts = zip(which, np.split(where, ends), strict=True)
    return {position: (values[part], variances[part]) for position, part in parts}


def _settings(
    group: CircuitGroup, shots: Sequence[int | None], which: dict[int, NDArray[np.int64]]
) -> _MeasurementSettings:
    if all(shots[position] is None for position in group.members):
        count = len(group.rows)
        return _MeasurementSettings(np.arange(count), [None] * count, group.members)
    of_pub: dict[int, NDArray[np.int64]] = {}
    rows_measured: list[NDArray[np.int64]] = []
    of_settings: list[int | None] = []
    # Measurements of the same rows with the same shots: their positions and observables.
    alike: dict[tuple[bytes, int | None], list[tuple[NDArray[np.int64], set[int]]]] = {}
    for position, rows in group.members.items():
        wanted = set(which[position].ravel().tolist())
        measurements = alike.setdefault((rows.tobytes(), shots[position]), [])
        free = (own for own in measurements if not own[1] & wanted)
        places, observables = next(free, (None, set()))
        if places is None:
            places = len(of_settings) + np.arange(len(rows))
            measurements.append((places, observables))
            rows_measured.append(rows)
            of_settings += [shots[position]] * len(rows)
        observables |= wanted
        of_pub[position] = places
    return _MeasurementSettings(np.concatenate(rows_measured), of_settings, of_pub)


def _observables(
    pubs: Sequence[EstimatorPub], positions: Sequence[int], active: ActiveCircuit
) -> tuple[list[SparsePauliOp], dict[int, NDArray[np.int64]]]:
    """Return the distinct observables of some PUBs, and their positions in each PUB."""
    distinct = DistinctObservables()
    which = {position: distinct.numbers(pubs[position].observables) for position in positions}
    return [active.restrict(operator) for operator in distinct.operators], which


def _tasks(
    wanted: NDArray[np.int64],
    operators: list[SparsePauliOp],
    settings: _MeasurementSettings,
    cache: SimulationCache,
    generator: np.random.Generator,
) -> list[_ReadoutTask]:
    """Combine settings with the same observables and the same number of shots into tasks.

    Args:
        wanted: Sorted codes ``setting * len(operators) + operator`` of the requested values.
        operators: All observables.
        settings: All settings.
        cache: Simulates the states.
        generator: Source of the shots.
    """
    of_value, operator = np.divmod(wanted, max(1, len(operators)))
    numbers, starts = np.unique(of_value, return_index=True)
    ends = np.append(starts[1:], len(wanted))
    alike: dict[tuple[bytes, int | None], list[int]] = {}
    for i, number in enumerate(numbers):
        names = operator[starts[i] : ends[i]].tobytes()
        alike.setdefault((names, settings.shots[number]), []).append(i)
    tasks = []
    for (names, shots), members in alike.items():
        observables = [operators[k] for k in np.frombuffer(names, dtype=operator.dtype)]
        readout = _readout(observables, shots, cache, generator)
        positions = starts[members][:, None] + np.arange(len(observables))
        tasks.append(_ReadoutTask(readout, settings.rows[numbers[members]], positions))
    return tasks


def _readout(
    observables: list[SparsePauliOp],
    shots: int | None,
    cache: SimulationCache,
    generator: np.random.Generator,
) -> _ObservableReadout:
    if shots is not None:
        return SampledPauliSums(measured_terms(observables), shots, generator)
    sums = PauliSums(observables, cache.dtype, cache.device)

    def exact(states: torch.Tensor) -> ValuesAndVariances:
        values = sums(states).cpu().numpy().astype(np.float64)
        return values, np.zeros_like(values)

    return exact
