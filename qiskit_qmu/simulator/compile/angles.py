"""Parameter expressions of a circuit as one differentiable torch function."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit.circuit import Parameter, ParameterExpression

from qiskit_qmu.simulator.compile.affine import affine
from qiskit_qmu.simulator.compile.instructions import plain_text

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

    Affine expressions, by far the most common, become matrix products; the others (products of
    parameters, functions) are translated to torch one by one.

    Args:
        expressions: The expressions to evaluate, or numbers.
        parameters: The parameters that they are functions of, in one or more groups, in the order
            of the values.
    """

    def __init__(
        self, expressions: Sequence[ParameterExpression | float], *parameters: Sequence[Parameter]
    ) -> None:
        place = {
            parameter: (group, column)
            for group, members in enumerate(parameters)
            for column, parameter in enumerate(members)
        }
        self._matrices = [np.zeros((len(members), len(expressions))) for members in parameters]
        self._offset = np.zeros(len(expressions))
        self._functions: list[tuple[int, list[tuple[int, int]], Callable[..., torch.Tensor]]] = []
        for angle, expression in enumerate(expressions):
            form = affine(expression)
            if form is None:
                function, used = _lambdify(expression)
                self._functions.append((angle, [place[p] for p in used], function))
            else:
                coefficients, self._offset[angle] = form
                for parameter, value in coefficients.items():
                    group, column = place[parameter]
                    self._matrices[group][column, angle] = value
        self._selection = None if self._functions else _selection(self._matrices, self._offset)

    @property
    def is_identity(self) -> bool:
        """Whether the angles are the first group's parameters, all of them in order."""
        chosen = self._selection
        return chosen is not None and chosen.group == 0 and chosen.columns is None

    @property
    def slopes(self) -> list[NDArray[np.float64]] | None:
        """Derivatives (A, P) by each group of parameters; None unless all angles are affine."""
        return None if self._functions else [matrix.T for matrix in self._matrices]

    def __call__(self, *values: torch.Tensor) -> torch.Tensor:
        """Return the angles (..., A), in radians, of each group's parameter values (..., P)."""
        shape = _leading_shape(values)
        if self._selection is not None:
            chosen = self._selection(values)
            return chosen if chosen.shape[:-1] == shape else chosen.expand(*shape, -1)
        dtype, device = values[0].dtype, values[0].device
        angles = torch.as_tensor(self._offset, dtype=dtype, device=device)
        for number, (group, matrix) in enumerate(zip(values, self._matrices, strict=True)):
            # An unused group may hold the values of many models.
            if number == 0 or matrix.any():
                angles = angles + group @ torch.as_tensor(matrix, dtype=dtype, device=device)
        angles = angles.expand(*shape, -1)
        if not self._functions:
            return angles
        columns = list(angles.unbind(-1))
        for angle, used, function in self._functions:
            result = function(*(values[group][..., column] for group, column in used))
            # SymPy may find that an expression is a number.
            columns[angle] = torch.as_tensor(result, dtype=dtype, device=device).expand(shape)
        return torch.stack(columns, dim=-1)


@dataclass(frozen=True)
class _Selection:
    """Columns of one group's values; None for all of them, in order."""

    group: int
    columns: NDArray[np.int64] | None

    def __call__(self, values: tuple[torch.Tensor, ...]) -> torch.Tensor:
        chosen = values[self.group]
        if self.columns is None:
            return chosen
        return chosen.index_select(-1, torch.from_numpy(self.columns).to(chosen.device))


def _selection(
    matrices: list[NDArray[np.float64]], offset: NDArray[np.float64]
) -> _Selection | None:
    """Return the group and columns of expressions that are plain parameters of one group."""
    used = [group for group, matrix in enumerate(matrices) if matrix.any()]
    if len(used) != 1 or offset.any():
        return None
    matrix = matrices[used[0]]
    if not (((matrix == 0) | (matrix == 1)).all() and (matrix.sum(axis=0) == 1).all()):
        return None
    columns = matrix.argmax(axis=0)
    return _Selection(used[0], None if np.array_equal(matrix, np.eye(len(matrix))) else columns)


def _leading_shape(values: tuple[torch.Tensor, ...]) -> torch.Size:
    """Return the common shape of values but for their last dimension."""
    shapes = {group.shape[:-1] for group in values if group.dim() > 1}
    if not shapes:
        return torch.Size()
    return shapes.pop() if len(shapes) == 1 else torch.broadcast_shapes(*shapes)


def _lambdify(
    expression: ParameterExpression,
) -> tuple[Callable[..., torch.Tensor], list[Parameter]]:
    """Return an expression as a torch function, and the parameters that it takes, in order."""
    text, parameters = plain_text(expression)
    return _torch_function(text, len(parameters)), parameters


@lru_cache(maxsize=1024)
def _torch_function(text: str, num_parameters: int) -> Callable[..., torch.Tensor]:
    """Return a formula in p0, p1, … as a torch function.

    It is cached, because circuits repeat formulas and SymPy takes milliseconds for each.
    """
    import sympy  # (most circuits need none, and it takes a quarter of a second)

    symbols = [Parameter(f"p{i}").sympify() for i in range(num_parameters)]
    # Qiskit's own translation fails on expressions with a number to the power of a parameter.
    formula = sympy.parse_expr(text, {"conj": sympy.conjugate})
    # SymPy would print its own sign() as a comparison, which tensors do not have.
    formula = formula.replace(sympy.sign, sympy.Function("sgn"))
    function: Callable[..., torch.Tensor] = sympy.lambdify(
        symbols, formula, modules=[_TORCH_FUNCTIONS, "math"]
    )
    return function
