"""Which parameter expressions are affine, and with which coefficients."""

from collections.abc import Mapping

import numpy as np
from qiskit.circuit import Parameter, ParameterExpression

_TOLERANCE = 1e-12


def affine(
    expression: ParameterExpression | float,
) -> tuple[dict[Parameter, float], float] | None:
    """Return the coefficients and the constant of an affine expression, or None.

    Example:
        >>> from qiskit.circuit import Parameter
        >>> from qiskit_qmu.simulator.compile.affine import affine
        >>> x = Parameter("x")
        >>> affine(2 * x - 1), affine(x * x)
        (({Parameter(x): 2.0}, -1.0), None)
    """
    if not isinstance(expression, ParameterExpression):
        return {}, expression
    if isinstance(expression, Parameter):
        return {expression: 1.0}, 0.0
    coefficients = {}
    for parameter in expression.parameters:
        try:
            slope = expression.gradient(parameter)
        except RuntimeError:  # Qiskit does not differentiate sign().
            return None
        if isinstance(slope, ParameterExpression):
            if slope.parameters:
                return None
            slope = slope.numeric()
        coefficients[parameter] = float(np.real(slope))
    constant = _value(expression, dict.fromkeys(coefficients, 0.0))
    # Qiskit 2.3 takes the slope of 0.5·conj(x) − y by y for −0.5, so the form is tried at a point.
    point = {parameter: 0.7 / (1 + place) for place, parameter in enumerate(coefficients)}
    terms = [constant, *(coefficients[parameter] * point[parameter] for parameter in point)]
    close = abs(_value(expression, point) - sum(terms)) <= _TOLERANCE * sum(map(abs, terms))
    return (coefficients, constant) if close or not coefficients else None


def _value(expression: ParameterExpression, values: Mapping[Parameter, float]) -> float:
    return float(np.real(expression.bind(values).numeric()))
