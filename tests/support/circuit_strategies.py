"""Hypothesis strategies: circuits of the whole library, observables, measurements, batches."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from expression_strategies import LARGEST_ANGLE, LARGEST_VALUE, PARAMETERS, Names, expressions
from gate_catalogue import RECIPES, STANDARD
from gate_recipe import Draw
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from library_circuits import LIBRARY_CIRCUITS
from qiskit.circuit import (
    ClassicalRegister,
    Gate,
    Operation,
    Parameter,
    ParameterExpression,
    QuantumCircuit,
)
from qiskit.circuit.exceptions import CircuitError
from qiskit.quantum_info import SparsePauliOp

LEFT_OUT = {"HamiltonianGate", "RVGate"}
"""What Qiskit itself does not define with parameters."""

SMALL = settings(
    max_examples=15,
    derandomize=True,
    database=None,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@st.composite
def library_gates(
    draw: st.DrawFn,
    num_qubits: int,
    parameters: Sequence[Parameter],
    left_out: Names = (),
) -> Operation:
    """A gate of the catalogue, sometimes inverted, controlled, repeated or to a power."""
    name = draw(_names(num_qubits, frozenset(left_out)))
    recipe = RECIPES[name]
    size = draw(st.sampled_from([size for size in recipe.sizes if size <= num_qubits]))
    angles = [draw(expressions(parameters, left_out)) for _ in range(recipe.num_angles)]
    gate = recipe.make(Draw(size, angles, draw(_generators)))
    symbolic = any(isinstance(angle, ParameterExpression) for angle in angles)
    simple = name in STANDARD and 1 <= size <= 2
    # Qiskit binds the one definition that the copies of repeat() share once for each copy.
    changes = ["inverse"] * (size > 0) + ["repeat"] * (size > 0 and not symbolic)
    changes += ["control"] * (simple and size < num_qubits) + ["power"] * (simple and not symbolic)
    change = draw(st.sampled_from(["none"] * 4 + changes))
    if not isinstance(gate, Gate) or change == "none":
        return gate
    if change == "control":
        controls = draw(st.integers(1, min(3, num_qubits - size)))
        state = draw(st.integers(0, 2**controls - 1))
        annotated = "AnnotatedOperation, controlled" not in left_out and draw(st.booleans())
        return gate.control(controls, ctrl_state=state, annotated=annotated)
    if change == "power":
        return gate.power(draw(st.sampled_from([-1, 2, 0.5, 0.3])))
    return gate.repeat(2) if change == "repeat" else _inverted(gate)


@cache
def _names(num_qubits: int, left_out: frozenset[str]) -> st.SearchStrategy[str]:
    """Names of the recipes that fit."""
    return st.sampled_from(
        [
            name
            for name, recipe in RECIPES.items()
            if recipe.sizes[0] <= num_qubits and name not in left_out
        ]
    )


def _inverted(gate: Gate) -> Gate:
    try:
        return gate.inverse()
    except CircuitError:  # Qiskit cannot invert every gate of its own library.
        return gate


_generators = st.integers(0, 2**32 - 1).map(np.random.default_rng)


@st.composite
def user_gates(
    draw: st.DrawFn,
    num_qubits: int,
    parameters: Sequence[Parameter],
    left_out: Names = (),
    depth: int = 1,
) -> Operation:
    """A gate that is defined by a circuit of others, with parameters of its own replaced."""
    size = draw(st.integers(1, min(num_qubits, 3)))
    own = [Parameter(f"own{depth}"), Parameter(f"other{depth}")] if parameters else []
    block = QuantumCircuit(size, name=draw(st.sampled_from(["block", "cx", "my gate"])))
    if "global phase" not in left_out:
        block.global_phase = draw(expressions(own, left_out, 1, LARGEST_ANGLE))
    for _ in range(draw(st.integers(1, 4))):
        nested = depth and draw(st.integers(0, 3)) == 3
        kind = user_gates(size, own, left_out, 0) if nested else _simple(size, own, left_out)
        gate = draw(kind)
        block.append(gate, draw(_generators).permutation(size)[: gate.num_qubits].tolist())
    replaced = [parameter for parameter in own if parameter in block.parameters]
    largest = LARGEST_VALUE if depth else LARGEST_ANGLE
    block = block.assign_parameters(
        {p: draw(expressions(parameters, left_out, 1, largest)) for p in replaced}
    )
    if depth and draw(st.booleans()):
        block.barrier()
        return block.to_instruction()
    gate = block.to_gate()
    # Qiskit itself cannot bind what control() makes of a gate within another gate.
    change = draw(st.sampled_from(["none", "inverse", "control"][: 2 + depth]))
    if change == "control" and size < num_qubits:
        return gate.control(1, ctrl_state=draw(st.integers(0, 1)), annotated=False)
    return gate.inverse() if change == "inverse" else gate


@st.composite
def _simple(
    draw: st.DrawFn, num_qubits: int, parameters: Sequence[Parameter], left_out: Names
) -> Gate:
    names = [name for name, recipe in STANDARD.items() if 1 <= recipe.sizes[0] <= num_qubits]
    recipe = STANDARD[draw(st.sampled_from(names))]
    angles = [
        draw(expressions(parameters, left_out, 1, LARGEST_ANGLE)) for _ in range(recipe.num_angles)
    ]
    return recipe.make(Draw(recipe.sizes[0], angles, np.random.default_rng(0)))


@st.composite
def library_blocks(
    draw: st.DrawFn, num_qubits: int, parameters: Sequence[Parameter], left_out: Names = ()
) -> QuantumCircuit:
    """A circuit of the library, its parameters replaced by multiples of one expression."""
    size = draw(st.integers(2, min(num_qubits, 4)))
    make = LIBRARY_CIRCUITS[draw(st.sampled_from(sorted(LIBRARY_CIRCUITS)))]
    block = make(size, draw(_generators))
    angle = draw(expressions(parameters, left_out))
    scales = np.linspace(1, 0.5, block.num_parameters).tolist()
    try:
        return block.assign_parameters([scale * angle for scale in scales])
    except TypeError:  # Qiskit cannot keep an expression that has become a constant.
        return block.assign_parameters(scales)


@st.composite
def circuits(
    draw: st.DrawFn,
    max_qubits: int = 8,
    max_gates: int = 60,
    parameters: Sequence[Parameter] = PARAMETERS,
    left_out: Names = (),
) -> QuantumCircuit:
    """A circuit of 1 to ``max_qubits`` qubits and 1 to ``max_gates`` gates of any kind."""
    num_qubits = draw(st.integers(1, max_qubits))
    used = parameters[: draw(st.integers(0, len(parameters)))]
    circuit = QuantumCircuit(num_qubits)
    if "global phase" not in left_out:
        circuit.global_phase = draw(expressions(used, left_out))
    _start(circuit, draw)
    for _ in range(draw(st.integers(1, max_gates))):
        kind = draw(
            st.sampled_from(["library"] * 12 + ["user"] * 3 + ["block", "barrier", "delay"])
        )
        if kind == "barrier":
            circuit.barrier()
        elif kind == "delay":
            circuit.delay(100, 0)
        elif kind == "block" and num_qubits > 1:
            _append(
                circuit, draw(library_blocks(num_qubits, used, left_out)).to_instruction(), draw
            )
        elif kind == "user":
            _append(circuit, draw(user_gates(num_qubits, used, left_out)), draw)
        else:
            _append(circuit, draw(library_gates(num_qubits, used, left_out)), draw)
    return circuit


def _append(circuit: QuantumCircuit, operation: Operation, draw: st.DrawFn) -> None:
    order = draw(_generators).permutation(circuit.num_qubits).tolist()
    circuit.append(operation, order[: operation.num_qubits])


def _start(circuit: QuantumCircuit, draw: st.DrawFn) -> None:
    """Sometimes initialize some of the qubits, or reset them, which does nothing."""
    kind = draw(st.sampled_from(["nothing"] * 3 + ["state", "label", "integer", "reset"]))
    if kind == "nothing":
        return
    generator = draw(_generators)
    size = int(generator.integers(1, min(circuit.num_qubits, 4) + 1))
    qubits = generator.permutation(circuit.num_qubits)[:size].tolist()
    ingredients = Draw(size, [], generator)
    if kind == "reset":
        circuit.reset(qubits)
    elif kind == "integer":
        circuit.initialize(ingredients.integer(0, 2**size), qubits)
    else:
        state = ingredients.letters("01+-rl", size) if kind == "label" else ingredients.state()
        circuit.initialize(state, qubits)


@st.composite
def observables(draw: st.DrawFn, num_qubits: int) -> SparsePauliOp:
    """Up to twenty Pauli strings, some of few letters, some twice, some of coefficient zero."""
    generator = draw(_generators)
    labels = []
    for _ in range(draw(st.integers(1, 20))):
        alphabet = draw(st.sampled_from(["IXYZ", "IZ", "IIIIX", "I", "XY"]))
        labels.append("".join(generator.choice(list(alphabet), num_qubits)))
    labels += labels[: draw(st.integers(0, 2))]
    coefficients = generator.normal(size=len(labels))
    coefficients[1:][generator.random(len(labels) - 1) < 0.1] = 0
    return SparsePauliOp(labels, coefficients)


@st.composite
def measured(draw: st.DrawFn, circuit: QuantumCircuit, max_registers: int = 3) -> QuantumCircuit:
    """The circuit with some qubits measured into shuffled bits of some registers."""
    result = circuit.copy()
    if draw(st.booleans()):
        result.barrier()
    sizes = draw(st.lists(st.integers(1, 4), min_size=1, max_size=max_registers))
    for position, size in enumerate(sizes):
        result.add_register(ClassicalRegister(size, f"r{position}"))
    generator = draw(_generators)
    # A qubit may be read twice and a bit never; each bit is written once.
    number = int(generator.integers(1, sum(sizes) + 1))
    bits = generator.permutation(sum(sizes))[:number].tolist()
    result.measure(generator.integers(0, circuit.num_qubits, number).tolist(), bits)
    return result


@dataclass(frozen=True)
class Batch:
    """Values of a circuit's parameters, and which of them differ from row to row."""

    rows: np.ndarray
    differs: np.ndarray


@st.composite
def batches(draw: st.DrawFn, num_parameters: int, max_rows: int = 3) -> Batch:
    """Rows of parameter values, special ones among them, with some columns that all rows share."""
    generator = draw(_generators)
    shape = (draw(st.integers(1, max_rows)), num_parameters)
    rows = generator.uniform(-LARGEST_VALUE, LARGEST_VALUE, shape)
    special = generator.random(shape) < 0.1
    rows[special] = generator.choice([0.0, 1.0, -1.0, np.pi / 2], int(special.sum()))
    differs = generator.random(num_parameters) < draw(st.sampled_from([0.5, 0.0, 1.0]))
    rows[:, ~differs] = rows[:1, ~differs]
    return Batch(rows, differs)
