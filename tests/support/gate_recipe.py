"""What a gate of the catalogue is made of: its size, its angles and random ingredients."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from qiskit.circuit import Operation, ParameterExpression
from qiskit.quantum_info import Pauli, SparsePauliOp, random_unitary


@dataclass(frozen=True)
class Draw:
    """The number of qubits of a gate, its angles, and the generator of all the rest."""

    size: int
    angles: Sequence[ParameterExpression | float]
    generator: np.random.Generator

    def integer(self, low: int, high: int) -> int:
        return int(self.generator.integers(low, high))

    def normal(self, *shape: int) -> list:
        return self.generator.normal(size=shape).tolist()

    def letters(self, alphabet: str, number: int) -> str:
        return "".join(self.generator.choice(list(alphabet), number))

    def flags(self, number: int) -> list[int]:
        return self.generator.integers(-1, 2, number).tolist()

    def some_flags(self, number: int) -> list[int]:
        """At least one is not zero: Qiskit 2.3 cannot define an AND or OR of nothing."""
        flags = self.flags(number)
        return flags if any(flags) else [1] * number

    def controls(self, number: int) -> dict[str, int]:
        return {"ctrl_state": self.integer(0, 2**number)}

    def phases(self, number: int) -> list[complex]:
        return np.exp(1j * self.generator.uniform(-4, 4, number)).tolist()

    def state(self) -> np.ndarray:
        vector = self.generator.normal(size=(2**self.size, 2)) @ [1, 1j]
        return vector / np.linalg.norm(vector)

    def unitary(self, size: int) -> np.ndarray:
        return random_unitary(2**size, seed=self.generator).data

    def hermitian(self) -> np.ndarray:
        half = self.generator.normal(size=(2**self.size, 2**self.size, 2)) @ [1, 1j]
        return half + half.conj().T

    def adjacency(self) -> np.ndarray:
        upper = np.triu(self.generator.integers(0, 2, (self.size, self.size)), 1)
        return upper + upper.T

    def invertible(self) -> np.ndarray:
        """A matrix of bits that has an inverse: triangular ones have, and their products."""
        bits = self.generator.integers(0, 2, (self.size, self.size))
        lower = np.tril(bits, -1) + np.eye(self.size, dtype=int)
        return ((lower @ lower.T)[self.generator.permutation(self.size)] % 2).astype(bool)

    def boolean(self, number: int) -> str:
        """A formula of two clauses over some variables.

        It is not always true, as Qiskit 2.3 cannot define such an oracle.
        """
        clause = " | ".join(f"{self.letters('~ ', 1).strip()}{name}" for name in "abcdef"[:number])
        other = " | ".join(f"{self.letters('~ ', 1).strip()}{name}" for name in "abcdef"[:number])
        return f"({clause}) {self.letters('&^' if number > 1 else '&', 1)} ({other})"

    def signed_pauli(self) -> Pauli:
        """A Pauli string, not the identity: its phase is missing in Qiskit's definitions."""
        letters = self.letters("IXYZ", self.size - 1) + self.letters("XYZ", 1)
        return Pauli(self.letters("+-", 1) + letters)

    def commuting(self) -> SparsePauliOp:
        """Pauli strings of one basis for each qubit: they commute, so that Qiskit's product
        formula is the exponential itself."""
        basis = self.letters("XYZ", self.size)
        kept = self.generator.integers(0, 2, (self.integer(1, 4), self.size))
        terms = ["".join(np.where(row, list(basis), "I")) for row in kept]
        return SparsePauliOp(terms, self.normal(len(terms)))


@dataclass(frozen=True)
class Recipe:
    """How to make gates of one kind, of which numbers of qubits, with how many angles."""

    sizes: Sequence[int]
    make: Callable[[Draw], Operation]
    num_angles: int = 0
