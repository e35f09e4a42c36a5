"""Parameter expressions of a circuit as one differentiable torch function."""

from collections.abc import Callable, Sequence

import numpy as np
import sympy
import torch
from qiskit.circuit import Parameter, ParameterExpression

_TORCH_FUNCTIONS = {
    "sin": torch.sin,
    "cos": torch.cos,
    "tan": torch.tan,
    "asin": torch.asin,
    "acos": torch.acos,
    "atan": torch.atan,
    "exp": torch.exp,
    "sqrt": torch.sqrt,
    "log": torch.log,
    "Abs": torch.abs,
    "sgn": torch.sgn,
    "conjugate": torch.conj,
}


class AngleMap:
    """Evaluates many parameter expressions at once.

    Affine expressions, nearly all that occur, are one matrix product; the others (products of
    parameters, functions) are translated to torch one by one.

    Args:
        expressions: The expressions to evaluate.
        parameters: The parameters that they are functions of, in the order of the values.
    """

    def __init__(
        self, expressions: Sequence[ParameterExpression], parameters: Sequence[Parameter]
    ) -> None:
        index = {parameter: i for i, parameter in enumerate(parameters)}
        self._matrix = np.zeros((len(parameters), len(expressions)))
        self._offset = np.zeros(len(expressions))
        self._functions: list[tuple[int, list[int], Callable[..., torch.Tensor]]] = []
        for column, expression in enumerate(expressions):
            affine = _affine(expression)
            if affine is None:
                used = sorted(expression.parameters, key=lambda parameter: index[parameter])
                function = _lambdify(expression, used)
                self._functions.append((column, [index[p] for p in used], function))
            else:
                coefficients, self._offset[column] = affine
                for parameter, value in coefficients.items():
                    self._matrix[index[parameter], column] = value
        self._is_identity = (
            not self._functions
            and not self._offset.any()
            and np.array_equal(self._matrix, np.eye(len(parameters), len(expressions)))
            and len(parameters) == len(expressions)
        )

    def __call__(self, values: torch.Tensor) -> torch.Tensor:
        """Return the angles (..., A), in radians, of parameter values (..., P)."""
        if self._is_identity:
            return values
        matrix = torch.as_tensor(self._matrix, dtype=values.dtype, device=values.device)
        offset = torch.as_tensor(self._offset, dtype=values.dtype, device=values.device)
        angles = values @ matrix + offset
        if not self._functions:
            return angles
        columns = list(angles.unbind(-1))
        for column, used, function in self._functions:
            columns[column] = function(*(values[..., i] for i in used))
        return torch.stack(columns, dim=-1)


def _affine(
    expression: ParameterExpression,
) -> tuple[dict[Parameter, float], float] | None:
    """Return the coefficients and the constant of an affine expression, or None."""
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
    constant = expression.bind(dict.fromkeys(expression.parameters, 0.0))
    return coefficients, float(np.real(constant.numeric()))


def _lambdify(
    expression: ParameterExpression, parameters: Sequence[Parameter]
) -> Callable[..., torch.Tensor]:
    symbols = [parameter.sympify() for parameter in parameters]
    # SymPy would print its own sign() as a comparison, which tensors do not have.
    formula = expression.sympify().replace(sympy.sign, sympy.Function("sgn"))
    function: Callable[..., torch.Tensor] = sympy.lambdify(
        symbols, formula, modules=[_TORCH_FUNCTIONS, "math"]
    )
    return function
