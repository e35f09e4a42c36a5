"""Identifies instructions and parameters independently of their names.

Custom gates may have any name, so instructions are identified by class; and a parameter may be
named like a formula, so expressions are written with new names.
"""

import re

from qiskit.circuit import (
    Barrier,
    CircuitInstruction,
    Delay,
    Measure,
    Operation,
    Parameter,
    ParameterExpression,
)
from qiskit.circuit.library import IGate


def does_nothing(operation: Operation) -> bool:
    """Whether this is a barrier, a delay or an identity."""
    return isinstance(operation, Barrier | Delay | IGate)


def is_measurement(instruction: CircuitInstruction) -> bool:
    """Whether this measures one qubit into one classical bit."""
    # Most instructions have no classical bits, and creating their operation takes time.
    return bool(instruction.clbits) and isinstance(instruction.operation, Measure)


def is_barrier(instruction: CircuitInstruction) -> bool:
    """Whether this is a barrier."""
    return isinstance(instruction.operation, Barrier)


def is_symbolic(value: object) -> bool:
    """Whether this is an expression that depends on a parameter."""
    return isinstance(value, ParameterExpression) and bool(value.parameters)


def plain_text(expression: ParameterExpression) -> tuple[str, list[Parameter]]:
    """Return an expression in parameters p0, p1, …, and the parameters that these stand for."""
    parameters = sorted(expression.parameters, key=lambda parameter: parameter.name)
    plain = {parameter: Parameter(f"p{i}") for i, parameter in enumerate(parameters)}
    return str(expression.subs(plain)), parameters


def with_numbers(operation: Operation) -> Operation:
    """Return an operation with expressions that fold to a number, such as x - x - 1, as numbers.

    In Qiskit such expressions keep their parameters, and definitions cannot be made from them.
    """
    folded = [_folded(parameter) for parameter in operation.params]
    if all(new is old for new, old in zip(folded, operation.params, strict=True)):
        return operation
    copy = operation.to_mutable()
    copy.params = folded
    return copy


def _folded(parameter: object) -> object:
    if not isinstance(parameter, ParameterExpression) or isinstance(parameter, Parameter):
        return parameter
    text, parameters = plain_text(parameter)
    if re.search(r"\bp\d", text):
        return parameter
    return parameter.bind(dict.fromkeys(parameters, 1.0)).numeric()
