"""Random circuits of the whole standard library, and slow references for what they compute."""

import numpy as np
from qiskit.circuit import ControlledGate, Gate, Parameter, ParameterExpression, QuantumCircuit
from qiskit.circuit.library import UnitaryGate
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.quantum_info import SparsePauliOp, Statevector, random_unitary

# Offsets (in steps) and weights of the central difference of eighth order.
_STENCIL = {1: 4 / 5, 2: -1 / 5, 3: 4 / 105, 4: -1 / 280}
_STEP = 0.005

STANDARD_GATES: dict[str, Gate] = {
    name: gate
    for name, gate in get_standard_gate_name_mapping().items()
    if name not in {"measure", "reset", "delay"}
}


def standard_gate(name: str, angles: list, ctrl_state: int | None = None) -> Gate:
    """Return a gate of the standard library with these angles and control states."""
    options = {} if ctrl_state is None else {"ctrl_state": ctrl_state}
    return STANDARD_GATES[name].base_class(*angles, **options)


def random_angle(
    generator: np.random.Generator, parameters: list[Parameter]
) -> ParameterExpression | float:
    """Return a constant, a parameter, or an affine or curved expression of up to two of them."""
    kind = generator.integers(8) if parameters else 0
    if kind <= 1:
        special = [0.0, np.pi / 2, np.pi, -np.pi, 2 * np.pi]
        return float(generator.choice(special) if kind else generator.uniform(-4, 4))
    first, second = generator.choice(np.array(parameters, dtype=object), 2)
    scale, shift = generator.uniform(-1, 1, 2)
    return {
        2: first,
        3: scale * first + shift,
        4: first - scale * second,
        5: first * second + shift,
        6: (scale * first).sin() * second,
        7: (first.cos() + 2) ** 2 / 3 - (second * scale).exp(),
    }[kind]


def random_gate(
    generator: np.random.Generator, num_qubits: int, parameters: list[Parameter]
) -> Gate:
    """Return a random standard gate, open control, unitary matrix or composite gate."""
    kind = generator.integers(10)
    if kind == 0:
        size = generator.integers(1, min(num_qubits, 3) + 1)
        return UnitaryGate(random_unitary(2**size, seed=generator))
    if kind == 1:
        size = int(generator.integers(1, min(num_qubits, 3) + 1))
        block = random_circuit(generator, size, 2, parameters).to_gate()
        return block.inverse() if generator.integers(2) else block
    fitting = [name for name, gate in STANDARD_GATES.items() if gate.num_qubits <= num_qubits]
    name = generator.choice(fitting)
    angles = [random_angle(generator, parameters) for _ in STANDARD_GATES[name].params]
    if isinstance(STANDARD_GATES[name], ControlledGate):
        controls = STANDARD_GATES[name].num_ctrl_qubits
        return standard_gate(name, angles, int(generator.integers(2**controls)))
    return standard_gate(name, angles)


def random_circuit(
    generator: np.random.Generator,
    num_qubits: int,
    num_gates: int,
    parameters: list[Parameter] = [],  # noqa: B006  (only read)
) -> QuantumCircuit:
    """Return a circuit of random gates on random qubits with random angles."""
    circuit = QuantumCircuit(num_qubits)
    for _ in range(num_gates):
        gate = random_gate(generator, num_qubits, parameters)
        circuit.append(gate, generator.permutation(num_qubits)[: gate.num_qubits].tolist())
    return circuit


def random_observable(generator: np.random.Generator, num_qubits: int) -> SparsePauliOp:
    """Return a random sum of up to five Pauli strings."""
    terms = [
        ("".join(generator.choice(list("IXYZ"), num_qubits)), generator.normal())
        for _ in range(generator.integers(1, 6))
    ]
    return SparsePauliOp.from_list(terms)


def slow_states(circuit: QuantumCircuit, parameters: list[Parameter], rows: np.ndarray):
    """Return Qiskit's final states (2^n, B) for rows (B, P) of parameter values."""
    used = set(circuit.parameters)
    return np.array(
        [
            Statevector(
                circuit.assign_parameters(
                    {p: v for p, v in zip(parameters, row, strict=True) if p in used}
                )
            ).data
            for row in rows
        ]
    ).T


def slow_expectations(
    circuit: QuantumCircuit, parameters: list, rows: np.ndarray, observables: list[SparsePauliOp]
) -> np.ndarray:
    """Return expectation values (O, B) from dense matrices."""
    states = slow_states(circuit, parameters, rows)
    matrices = [observable.to_matrix() for observable in observables]
    return np.array([((matrix @ states) * states.conj()).sum(0).real for matrix in matrices])


def slow_slope(function, point: np.ndarray, direction: np.ndarray) -> np.ndarray:
    """Return the derivative of a smooth function along a direction, to about 1e-11."""
    return sum(
        weight
        * (function(point + k * _STEP * direction) - function(point - k * _STEP * direction))
        / _STEP
        for k, weight in _STENCIL.items()
    )


def without_phase(states: np.ndarray, reference: np.ndarray) -> np.ndarray:
    """Return states (2^n, B) with the global phases of the reference."""
    overlap = (states.conj() * reference).sum(0)
    return states * overlap / np.abs(overlap)
