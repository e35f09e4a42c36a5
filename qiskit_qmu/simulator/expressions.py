"""Parameter expressions as text, and those that fold to a number."""

import re

from qiskit.circuit import Operation, Parameter, ParameterExpression


def plain_text(expression: ParameterExpression) -> tuple[str, list[Parameter]]:
    """Return an expression in parameters p0, p1, …, and which these are.

    The names that a user gives may look like formulas; these do not.
    """
    parameters = sorted(expression.parameters, key=lambda parameter: parameter.name)
    plain = {parameter: Parameter(f"p{i}") for i, parameter in enumerate(parameters)}
    return str(expression.subs(plain)), parameters


def with_numbers(operation: Operation) -> Operation:
    """Return an operation whose expressions that fold to a number, as x - x - 1, are numbers.

    Qiskit has them keep their parameters, and cannot make a definition of them.
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
