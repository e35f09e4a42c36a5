"""The content of a circuit: a key that is equal only for circuits that do the same.

Names and parameters do not distinguish operations: a Clifford or an annotated operation has none,
and custom gates may share them. So operations outside the standard library are identified by their
matrix and definition, or not at all.
"""

import re
from collections.abc import Mapping
from typing import Any, final
from uuid import uuid4

import numpy as np
from qiskit.circuit import (
    AnnotatedOperation,
    Barrier,
    BoxOp,
    BreakLoopOp,
    CircuitInstruction,
    ContinueLoopOp,
    ControlFlowOp,
    Delay,
    ForLoopOp,
    IfElseOp,
    Measure,
    Operation,
    Parameter,
    ParameterExpression,
    QuantumCircuit,
    Reset,
    Store,
    SwitchCaseOp,
    WhileLoopOp,
)
from qiskit.circuit.library import StatePreparation, UnitaryGate
from qiskit.quantum_info import Clifford
from qiskit_machine_learning.circuit.library.raw_feature_vector import ParameterizedInitialize

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import AmplitudeEncoding
from qiskit_qmu.simulator.compile.definitions import definition_of, matrix_of, prepares_state
from qiskit_qmu.simulator.compile.instructions import plain_text

Content = tuple[object, ...]

# Qiskit numbers unnamed circuits each time a definition is created.
_GENERATED_NAME = r"circuit-\d+(-\d+)?"


def circuit_content(circuit: QuantumCircuit) -> Content:
    """Return a circuit's content, as a key for caches and comparisons.

    Names of qubits and of the circuit, and metadata, are ignored. An operation that cannot be
    identified makes a circuit equal to no other, not even to itself. The ``repr`` is the same in
    every process; it contains parameters by name.

    Args:
        circuit: Any circuit.

    Example:
        >>> one, other = QuantumCircuit(1, name="one"), QuantumCircuit(1, name="other")
        >>> circuit_content(one) == circuit_content(other)
        True
        >>> _ = one.x(0)
        >>> circuit_content(one) == circuit_content(other)
        False
    """
    index = {bit: i for i, bit in enumerate([*circuit.qubits, *circuit.clbits])}
    registers = tuple((each.name, *(index[bit] for bit in each)) for each in circuit.cregs)
    return (
        (circuit.num_qubits, circuit.num_clbits, *registers),
        _value(circuit.global_phase),
        *(
            (
                _instruction_content(instruction, index),
                *(index[bit] for bit in (*instruction.qubits, *instruction.clbits)),
            )
            for instruction in circuit.data
        ),
    )


@final
class _Unknown:
    """Equal to itself only."""

    def __repr__(self) -> str:
        return f"unknown {uuid4()}"


def _instruction_content(instruction: CircuitInstruction, index: Mapping[Any, int]) -> Content:
    named = (re.sub(_GENERATED_NAME, "circuit", instruction.name), instruction.label)
    if instruction.is_standard_gate():
        return (*named, *map(_value, instruction.params))
    operation = instruction.operation
    if isinstance(operation, ControlFlowOp | Store):
        bits = tuple((repr(bit), index[bit]) for bit in instruction.clbits)
        return (*named, type(operation), bits, *_control_flow_content(operation))
    return (*named, *_operation_content(operation))


def _operation_content(operation: Operation) -> Content:
    kind = getattr(operation, "base_class", type(operation))
    if isinstance(operation, Measure | Reset | Barrier):
        return (kind,)
    if isinstance(operation, Delay):
        return kind, _value(operation.duration), operation.unit
    if isinstance(operation, Clifford):
        return kind, _value(operation.tableau)
    if isinstance(operation, AnnotatedOperation):
        modifiers = tuple((type(each), *sorted(vars(each).items())) for each in operation.modifiers)
        base = QuantumCircuit(operation.num_qubits)
        base.append(operation.base_op, range(operation.base_op.num_qubits))
        return kind, circuit_content(base), modifiers
    if kind in {UnitaryGate, AmplitudeEncoding, ParameterizedInitialize}:
        return kind, *map(_value, operation.params)
    if kind is StatePreparation:
        return kind, prepares_state(operation), *map(_value, operation.params)
    return kind, *_defined_content(operation)


def _defined_content(operation: Operation) -> Content:
    matrix = matrix_of(operation)
    try:
        definition = definition_of(operation)
    except InputError:  # it has no definition
        return (_Unknown() if matrix is None else _value(matrix),)
    return _value(matrix), circuit_content(definition)


def _control_flow_content(operation: ControlFlowOp | Store) -> Content:
    """Return conditions and the like as text, which is complete, and the blocks by content."""
    blocks = tuple(map(circuit_content, getattr(operation, "blocks", ())))
    match operation:
        case IfElseOp() | WhileLoopOp():
            return repr(operation.condition), blocks
        case SwitchCaseOp():
            labels = [labels for labels, _ in operation.cases_specifier()]
            return repr(operation.target), repr(labels), blocks
        case ForLoopOp():
            indices, parameter, _ = operation.params
            return repr(indices), _value(parameter), blocks
        case BoxOp():
            known = not operation.annotations
            timing = repr(operation.duration), operation.unit
            return (*timing, blocks) if known else (_Unknown(),)
        case Store():
            return repr(operation.lvalue), repr(operation.rvalue)
        case BreakLoopOp() | ContinueLoopOp():
            return ()
    return (_Unknown(),)


def _value(value: object) -> object:
    match value:
        case Parameter() | None | str():
            return value
        case ParameterExpression():
            return _expression_content(value)
        case np.ndarray() if value.dtype != object:
            return value.shape, value.dtype.str, value.tobytes()
        case int() | float() | complex() | np.number():
            return complex(value)
    return _Unknown()


def _expression_content(expression: ParameterExpression) -> object:
    # Equality of expressions cannot be used: it ignores parameters that cancel out, treats close
    # coefficients as equal, and hashing a negative constant raises an error.
    text, parameters = plain_text(expression)
    return text, *parameters
