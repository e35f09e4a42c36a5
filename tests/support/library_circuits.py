"""Whole circuits of Qiskit's library, in small, by number of qubits."""

from collections.abc import Callable

import numpy as np
from qiskit.circuit import QuantumCircuit, library
from qiskit.circuit.library import RYGate, XGate
from qiskit.quantum_info import SparsePauliOp

Make = Callable[[int, np.random.Generator], QuantumCircuit]


def _seed(generator: np.random.Generator) -> int:
    return int(generator.integers(2**31))


def _symmetric(size: int, generator: np.random.Generator) -> list[list[int]]:
    half = generator.integers(0, 3, (size, size))
    return (half + half.T).tolist()


def _ising(size: int, generator: np.random.Generator) -> SparsePauliOp:
    """Terms that commute, so that each evolution is the exponential itself."""
    terms = [("ZZ", [i, i + 1], 1.0) for i in range(size - 1)] + [("Z", [0], generator.normal())]
    return SparsePauliOp.from_sparse_list(terms, num_qubits=size)


def _entanglement(generator: np.random.Generator) -> str:
    return str(generator.choice(["full", "linear", "reverse_linear", "circular", "sca"]))


def _n_local(size: int, generator: np.random.Generator) -> QuantumCircuit:
    return library.n_local(
        size,
        generator.choice(["rx", "ry", "rz", "h", "u", "r", "p", "sx"], 2).tolist(),
        str(generator.choice(["cx", "cz", "rzz", "crx", "cp", "rzx", "iswap", "ecr"])),
        _entanglement(generator),
        reps=1,
        insert_barriers=bool(generator.integers(2)),
    )


def _grover(size: int, _generator: np.random.Generator) -> QuantumCircuit:
    oracle = QuantumCircuit(size)
    oracle.cz(0, size - 1)
    return library.grover_operator(oracle)


def _overlap(size: int, generator: np.random.Generator) -> QuantumCircuit:
    first, second = (_n_local(size, generator) for _ in range(2))
    return library.unitary_overlap(first, second)


def _checking(size: int, generator: np.random.Generator) -> QuantumCircuit:
    return library.fourier_checking(*generator.choice([-1, 1], (2, 2**size)).tolist())


LIBRARY_CIRCUITS: dict[str, Make] = {
    "real_amplitudes": lambda n, g: library.real_amplitudes(n, _entanglement(g), reps=1),
    "efficient_su2": lambda n, g: library.efficient_su2(
        n, entanglement=_entanglement(g), reps=1, insert_barriers=True
    ),
    "excitation_preserving": lambda n, g: library.excitation_preserving(
        n, str(g.choice(["iswap", "fsim"])), reps=1
    ),
    "n_local": _n_local,
    "pauli_two_design": lambda n, g: library.pauli_two_design(n, 1, _seed(g)),
    "z_feature_map": lambda n, _: library.z_feature_map(n, 2),
    "zz_feature_map": lambda n, g: library.zz_feature_map(n, 1, _entanglement(g)),
    "pauli_feature_map": lambda n, _: library.pauli_feature_map(n, 1, paulis=["Y", "XZ"]),
    "qaoa_ansatz": lambda n, g: library.qaoa_ansatz(_ising(n, g)),
    "hamiltonian_variational_ansatz": lambda n, g: library.hamiltonian_variational_ansatz(
        _ising(n, g)
    ),
    "evolved_operator_ansatz": lambda n, g: library.evolved_operator_ansatz(
        [_ising(n, g), SparsePauliOp("X" * n)]
    ),
    "iqp": lambda n, g: library.iqp(_symmetric(n, g)),
    "random_iqp": lambda n, g: library.random_iqp(n, _seed(g)),
    "quantum_volume": lambda n, g: library.quantum_volume(n, 2, _seed(g)),
    "hidden_linear_function": lambda n, g: library.hidden_linear_function(
        (np.array(_symmetric(n, g)) % 2).tolist()
    ),
    "fourier_checking": _checking,
    "grover_operator": _grover,
    "phase_estimation": lambda n, g: library.phase_estimation(n - 1, RYGate(g.normal())),
    "unitary_overlap": _overlap,
    "mcmt": lambda n, _: library.MCMTGate(XGate(), n - 1, 1).definition.copy(),
}
"""All are defined for two qubits and more."""
