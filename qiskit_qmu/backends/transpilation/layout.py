"""Chooses the qubits of a device for a small circuit."""

from collections.abc import Sequence

from qiskit.transpiler import Target

from qiskit_qmu._check import InputError


def best_qubits(target: Target, count: int) -> list[int]:
    """Return a connected set of qubits with small errors of readout and two-qubit gates.

    From every qubit of the device a set is grown by the neighbour that adds the least error; the
    best of these sets is taken. Qubits without a working readout are excluded.

    Args:
        target: The device's target, with its error rates.
        count: Number of qubits.

    Returns:
        The qubits in ascending order.

    Raises:
        InputError: If there is no connected set of this size.
    """
    readout = _readout_errors(target)
    neighbours = _neighbours(target)
    best: tuple[float, list[int]] | None = None
    for first in readout:
        grown = _grown(first, count, readout, neighbours)
        if grown is not None and (best is None or grown < best):
            best = grown
    if best is None:
        raise InputError(
            f"a circuit of {count} qubits does not fit the device: it has no {count} connected "
            f"working qubits among its {target.num_qubits}"
        )
    return sorted(best[1])


def subset_of(target: Target, qubits: Sequence[int]) -> Target:
    """Return the target of some of a device's qubits, renumbered from zero."""
    place = {qubit: position for position, qubit in enumerate(qubits)}
    properties = target.qubit_properties
    subset = Target(
        num_qubits=len(qubits),
        dt=target.dt,
        qubit_properties=None if properties is None else [properties[qubit] for qubit in qubits],
    )
    for name in target.operation_names:
        entries = target[name]
        if None in entries:  # control flow, which is not bound to qubits
            continue
        kept = {
            tuple(place[qubit] for qubit in key): value
            for key, value in entries.items()
            if all(qubit in place for qubit in key)
        }
        if kept:
            subset.add_instruction(target.operation_from_name(name), kept, name=name)
    return subset


def _grown(
    first: int, count: int, readout: dict[int, float], neighbours: dict[int, dict[int, float]]
) -> tuple[float, list[int]] | None:
    chosen, cost = [first], readout[first]
    while len(chosen) < count:
        candidates = [
            (error + readout[other], other)
            for qubit in chosen
            for other, error in neighbours.get(qubit, {}).items()
            if other not in chosen and other in readout
        ]
        if not candidates:
            return None
        added, other = min(candidates)
        chosen.append(other)
        cost += added
    return cost, chosen


def _readout_errors(target: Target) -> dict[int, float]:
    if "measure" not in target:
        return dict.fromkeys(range(target.num_qubits), 0.0)
    return {key[0]: _error(value) for key, value in target["measure"].items() if _error(value) < 1}


def _neighbours(target: Target) -> dict[int, dict[int, float]]:
    """Return the error of the best two-qubit gate with each neighbour of each qubit."""
    neighbours: dict[int, dict[int, float]] = {}
    for name in target.operation_names:
        for key, value in target[name].items():
            if key is None or len(key) != 2 or _error(value) >= 1:
                continue
            for one, other in (key, key[::-1]):
                known = neighbours.setdefault(one, {})
                known[other] = min(_error(value), known.get(other, 1.0))
    return neighbours


def _error(properties: object) -> float:
    return getattr(properties, "error", None) or 0.0
