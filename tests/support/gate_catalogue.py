"""A recipe for every gate class of Qiskit's circuit library, named after the class."""

import warnings
from collections.abc import Callable

import numpy as np
from gate_recipe import Draw, Recipe
from qiskit.circuit import AnnotatedOperation, ControlledGate, Operation
from qiskit.circuit.annotated_operation import ControlModifier, InverseModifier, PowerModifier
from qiskit.circuit.library import *  # noqa: F403  (the library is the subject)
from qiskit.circuit.library.standard_gates import get_standard_gate_name_mapping
from qiskit.quantum_info import random_clifford

# ruff: noqa: F405

_STANDARD_GATES = [
    gate
    for name, gate in get_standard_gate_name_mapping().items()
    if name not in {"measure", "reset", "delay"}
]


def _standard(kind: type) -> Callable[[Draw], Operation]:
    return lambda draw: kind(*draw.angles)


def _open(kind: type, controls: int) -> Callable[[Draw], Operation]:
    return lambda draw: kind(*draw.angles, ctrl_state=draw.integer(0, 2**controls - 1))


def _deprecated(make: Callable[[Draw], Operation]) -> Callable[[Draw], Operation]:
    """Make a gate whose class Qiskit would rather see written as an MCXGate."""

    def quietly(draw: Draw) -> Operation:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            return make(draw)

    return quietly


def _uniformly_controlled(kind: type) -> Callable[[Draw], Operation]:
    return lambda draw: kind(draw.generator.uniform(-4, 4, 2 ** (draw.size - 1)).tolist())


STANDARD = {
    gate.base_class.__name__: Recipe(
        [gate.num_qubits], _standard(gate.base_class), len(gate.params)
    )
    for gate in _STANDARD_GATES
}

OPEN_CONTROLS = {
    f"{gate.base_class.__name__} with open controls": Recipe(
        [gate.num_qubits], _open(gate.base_class, gate.num_ctrl_qubits), len(gate.params)
    )
    for gate in _STANDARD_GATES
    if isinstance(gate, ControlledGate)
}

ARITHMETIC = {
    "AndGate": Recipe(range(2, 6), lambda d: AndGate(d.size - 1, d.some_flags(d.size - 1))),
    "OrGate": Recipe(range(2, 6), lambda d: OrGate(d.size - 1, d.some_flags(d.size - 1))),
    "BitFlipOracleGate": Recipe(range(2, 5), lambda d: BitFlipOracleGate(d.boolean(d.size - 1))),
    "PhaseOracleGate": Recipe(range(1, 5), lambda d: PhaseOracleGate(d.boolean(d.size))),
    "BitwiseXorGate": Recipe(
        range(1, 6), lambda d: BitwiseXorGate(d.size, d.integer(0, 2**d.size))
    ),
    "InnerProductGate": Recipe([2, 4, 6], lambda d: InnerProductGate(d.size // 2)),
    "HalfAdderGate": Recipe([3, 5], lambda d: HalfAdderGate(d.size // 2)),
    "FullAdderGate": Recipe([4, 6], lambda d: FullAdderGate(d.size // 2 - 1)),
    "ModularAdderGate": Recipe([2, 4, 6], lambda d: ModularAdderGate(d.size // 2)),
    "MultiplierGate": Recipe([4, 8], lambda d: MultiplierGate(d.size // 4)),
    "IntegerComparatorGate": Recipe(
        [2, 3, 4],
        lambda d: IntegerComparatorGate(d.size - 1, d.integer(0, d.size), geq=d.integer(0, 2) > 0),
    ),
    "QuadraticFormGate": Recipe([4], lambda d: QuadraticFormGate(2, [[1, -1], [0, 2]], d.flags(2))),
    "LinearFunction": Recipe(range(1, 6), lambda d: LinearFunction(d.invertible())),
    "PermutationGate": Recipe(
        range(1, 7), lambda d: PermutationGate(d.generator.permutation(d.size).tolist())
    ),
}

FUNCTIONS = {
    "LinearPauliRotationsGate": Recipe(
        range(2, 5),
        lambda d: LinearPauliRotationsGate(d.size - 1, *d.normal(2), basis=d.letters("XYZ", 1)),
    ),
    "PolynomialPauliRotationsGate": Recipe(
        range(2, 5), lambda d: PolynomialPauliRotationsGate(d.size - 1, d.normal(3))
    ),
    "PiecewiseLinearPauliRotationsGate": Recipe(
        [4],
        lambda d: PiecewiseLinearPauliRotationsGate(2, [0, 2], d.normal(2), d.normal(2)),
    ),
    "PiecewisePolynomialPauliRotationsGate": Recipe(
        [4], lambda d: PiecewisePolynomialPauliRotationsGate(2, [0, 2], d.normal(2, 2))
    ),
    "PiecewiseChebyshevGate": Recipe([4], lambda _: PiecewiseChebyshevGate(np.sin, 2, 1, [1, 3])),
    "LinearAmplitudeFunctionGate": Recipe(
        [3],
        lambda d: LinearAmplitudeFunctionGate(
            2, d.generator.uniform(0.1, 1), d.generator.uniform(0, 1), (0, 1), (0, 2)
        ),
    ),
    "ExactReciprocalGate": Recipe(
        range(2, 5), lambda d: ExactReciprocalGate(d.size - 1, d.generator.uniform(0.1, 0.5))
    ),
}

CONTROLLED = {
    "MCXGate": Recipe(range(2, 8), lambda d: MCXGate(d.size - 1, **d.controls(d.size - 1))),
    "C3XGate": Recipe([4], lambda d: C3XGate(**d.controls(3))),
    "C4XGate": Recipe([5], lambda d: C4XGate(**d.controls(4))),
    "MCXGrayCode": Recipe(
        range(4, 7), _deprecated(lambda d: MCXGrayCode(d.size - 1, **d.controls(d.size - 1)))
    ),
    "MCXRecursive": Recipe(
        [4, 5], _deprecated(lambda d: MCXRecursive(d.size - 1, **d.controls(d.size - 1)))
    ),
    "MCXRecursive with an ancilla": Recipe(
        [7], _deprecated(lambda d: MCXRecursive(5, **d.controls(5)))
    ),
    "MCXVChain": Recipe(
        [5, 7], _deprecated(lambda d: MCXVChain(d.size // 2 + 1, **d.controls(d.size // 2 + 1)))
    ),
    "MCXVChain with dirty ancillas": Recipe(
        [5, 7], _deprecated(lambda d: MCXVChain(d.size // 2 + 1, dirty_ancillas=True))
    ),
    "MCPhaseGate": Recipe(
        range(2, 7), lambda d: MCPhaseGate(*d.angles, d.size - 1, **d.controls(d.size - 1)), 1
    ),
    "MCU1Gate": Recipe(
        range(2, 6), lambda d: MCU1Gate(*d.angles, d.size - 1, **d.controls(d.size - 1)), 1
    ),
    "MCMTGate": Recipe(
        range(3, 6),
        lambda d: MCMTGate(RXGate(*d.angles), d.size - 2, 2, **d.controls(d.size - 2)),
        1,
    ),
    "MCGupDiag": Recipe(range(1, 5), lambda d: MCGupDiag(d.unitary(1), d.size - 1, 0, 0)),
}

MATRICES = {
    "UnitaryGate": Recipe(range(1, 5), lambda d: UnitaryGate(d.unitary(d.size))),
    "HamiltonianGate": Recipe(range(1, 4), lambda d: HamiltonianGate(d.hermitian(), *d.angles), 1),
    "DiagonalGate": Recipe(range(1, 6), lambda d: DiagonalGate(d.phases(2**d.size))),
    "UCGate": Recipe(
        range(1, 5), lambda d: UCGate([d.unitary(1) for _ in range(2 ** (d.size - 1))])
    ),
    "UCPauliRotGate": Recipe(
        range(2, 5), lambda d: UCPauliRotGate(d.normal(2 ** (d.size - 1)), d.letters("XYZ", 1))
    ),
    "UCRXGate": Recipe(range(1, 5), _uniformly_controlled(UCRXGate)),
    "UCRYGate": Recipe(range(1, 5), _uniformly_controlled(UCRYGate)),
    "UCRZGate": Recipe(range(1, 5), _uniformly_controlled(UCRZGate)),
    "StatePreparation": Recipe(
        range(1, 5), lambda d: StatePreparation(d.state(), inverse=d.integer(0, 2) > 0)
    ),
    "StatePreparation of a label": Recipe(
        range(1, 7), lambda d: StatePreparation(d.letters("01+-rl", d.size))
    ),
    "StatePreparation of a basis state": Recipe(  # (that of 0 has no inverse in Qiskit 2.3)
        range(1, 7), lambda d: StatePreparation(d.integer(1, 2**d.size), d.size)
    ),
    "UniformSuperpositionGate": Recipe(
        range(1, 6), lambda d: UniformSuperpositionGate(d.integer(2, 2**d.size + 1), d.size)
    ),
    "GraphStateGate": Recipe(range(1, 6), lambda d: GraphStateGate(d.adjacency())),
    "RVGate": Recipe([1], lambda d: RVGate(*d.angles), 3),
}

PAULIS = {
    "PauliGate": Recipe(range(1, 7), lambda d: PauliGate(d.letters("IXYZ", d.size))),
    "PauliEvolutionGate": Recipe(
        range(1, 6), lambda d: PauliEvolutionGate(d.commuting(), *d.angles), 1
    ),
    "PauliProductRotationGate": Recipe(
        range(1, 6), lambda d: PauliProductRotationGate(d.signed_pauli(), *d.angles), 1
    ),
    "MSGate": Recipe(range(2, 6), lambda d: MSGate(d.size, *d.angles), 1),
    "QFTGate": Recipe(range(1, 6), lambda d: QFTGate(d.size)),
}

NOT_GATES = {
    "Clifford": Recipe(range(1, 5), lambda d: random_clifford(d.size, seed=d.generator)),
    "Isometry": Recipe(range(1, 4), lambda d: Isometry(d.unitary(d.size), 0, 0)),
    "AnnotatedOperation, controlled": Recipe(
        [3], lambda d: AnnotatedOperation(RXGate(*d.angles), ControlModifier(2, d.integer(0, 4))), 1
    ),
    "AnnotatedOperation, inverse": Recipe(
        [2], lambda d: AnnotatedOperation(XXPlusYYGate(*d.angles), InverseModifier()), 2
    ),
    "AnnotatedOperation, power": Recipe(
        [1], lambda d: AnnotatedOperation(UGate(*d.angles), PowerModifier(d.integer(2, 4))), 3
    ),
    "AnnotatedOperation of a fixed gate": Recipe(
        [3],
        lambda d: AnnotatedOperation(
            UnitaryGate(d.unitary(2)), [InverseModifier(), PowerModifier(2), ControlModifier(1, 0)]
        ),
    ),
}

_NEWER_THAN_QISKIT_2_3 = {"MCGupDiag", "UniformSuperpositionGate", "PauliProductRotationGate"}

RECIPES = {
    name: recipe
    for recipes in (
        STANDARD, OPEN_CONTROLS, ARITHMETIC, FUNCTIONS, CONTROLLED, MATRICES, PAULIS, NOT_GATES
    )
    for name, recipe in recipes.items()
    if name not in _NEWER_THAN_QISKIT_2_3 or name in globals()
}  # fmt: skip

# Only a transpiler can make a circuit of it, with qubits that it adds.
WITHOUT_DEFINITION = {
    "WeightedSumGate": Recipe([4], lambda _: WeightedSumGate(2, [1, 2])),
}
