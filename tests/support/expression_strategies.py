"""Hypothesis strategies for parameter expressions: sums, products, powers and functions."""

from collections.abc import Collection, Sequence

import numpy as np
from hypothesis import strategies as st
from qiskit.circuit import Parameter, ParameterExpression, ParameterVector

PARAMETERS = [*ParameterVector("v", 11)[8:], Parameter("v_"), Parameter("a"), Parameter("θ")]
"""In another order than a circuit's: by name, and by number within a vector."""

SPECIAL = {
    "zero": 0.0,
    "quarter turn": np.pi / 2,
    "half turn": np.pi,
    "half turn back": -np.pi,
    "whole turn": 2 * np.pi,
    "tiny angle": 1e-7,
}
LARGEST_VALUE = np.pi / 2
LARGEST_ANGLE = 20.0
"""Rounding of larger ones alone would cost the tenth digit of their sine."""

Names = Collection[str]
"""Names of recipes, functions and special angles, or "global phase"."""

# Smooth everywhere: abs() and sign() of what has no zero. Beside each its bound, if e is bounded.
FUNCTIONS = {
    "sin": (lambda e: e.sin(), lambda _: 1),
    "cos": (lambda e: e.cos(), lambda _: 1),
    "tan": (lambda e: (e.sin() / 2).tan(), lambda _: 1),
    "arcsin": (lambda e: (e.cos() / 2).arcsin(), lambda _: 1),
    "arccos": (lambda e: (e.sin() / 2).arccos(), lambda _: 3),
    "arctan": (lambda e: e.arctan(), lambda _: 2),
    "exp": (lambda e: (e / 2).exp(), lambda bound: np.exp(bound / 2)),
    "log": (lambda e: (e * e + 1).log(), lambda bound: bound),
    "root": (lambda e: (e * e + 0.5) ** 0.5, lambda bound: bound + 1),
    "abs": (lambda e: (e.sin() - 1.5).abs(), lambda _: 3),
    "sign": (lambda e: (e.cos() - 2).sign() * e, lambda bound: bound),
    "conjugate": (lambda e: e.conjugate(), lambda bound: bound),
    "square": (lambda e: e**2, lambda bound: bound**2),
    "cube": (lambda e: e**3 / 4, lambda bound: bound**3 / 4),
    "exponent": (lambda e: 2 ** (e / 2), lambda bound: 2 ** (bound / 2)),
    "inverse": (lambda e: 1 / (e * e + 1), lambda _: 1),
    "negative": (lambda e: -e, lambda bound: bound),
}

OPERATORS = {
    "sum": (lambda a, b: a + b, lambda a, b: a + b),
    "difference": (lambda a, b: a - 0.7 * b, lambda a, b: a + b),
    "product": (lambda a, b: a * b, lambda a, b: a * b),
    "quotient": (lambda a, b: a / (b * b + 1), lambda a, _: a),
    "power": (lambda a, b: (a * a + 0.5) ** b, lambda a, b: (a * a + 2) ** b),
}

_floats = st.floats(-3, 3).map(lambda number: round(number, 6))
# Qiskit cannot put an expression that has become a constant into a gate's definition.
_slopes = st.sampled_from([-2.0, -1, -0.3, 0.5, 1, 1.7])


def _numbers(left_out: Names) -> st.SearchStrategy[float]:
    return _floats | st.sampled_from([SPECIAL[name] for name in SPECIAL if name not in left_out])


@st.composite
def _bounded(
    draw: st.DrawFn, parameters: Sequence[Parameter], largest: float, left_out: Names, depth: int
) -> tuple[ParameterExpression | float, float]:
    """An expression of parameters up to ``largest``, and a bound that it keeps."""
    kinds = ["number", "plain", "affine", "function", "operator"][: 3 + depth]
    kind = draw(st.sampled_from(kinds)) if parameters else "number"
    if kind == "number":
        return draw(_numbers(left_out)), 0
    first, bound = draw(st.sampled_from(parameters)), largest
    if kind == "plain":
        return first, bound
    if depth > 1:
        inner, inner_bound = draw(_bounded(parameters, largest, left_out, depth - 1))
        if isinstance(inner, ParameterExpression):
            first, bound = inner, inner_bound
    second, other = draw(st.sampled_from(parameters)), largest
    if kind == "affine":
        slope, shift = draw(_slopes), draw(_floats)
        make, bound_of = lambda a, _: slope * a + shift, lambda a, _: 2 * a + 3
    elif kind == "function":
        function, of_one = FUNCTIONS[
            draw(st.sampled_from([n for n in FUNCTIONS if n not in left_out]))
        ]
        make, bound_of = lambda a, _: function(a), lambda a, _: of_one(a)
    else:
        make, bound_of = OPERATORS[draw(st.sampled_from(list(OPERATORS)))]
    if bound_of(bound, other) > LARGEST_ANGLE:
        first, bound, second, other = first.sin(), 1.0, second.sin(), 1.0
    return make(first, second), bound_of(bound, other)


def expressions(
    parameters: Sequence[Parameter],
    left_out: Names = (),
    depth: int = 2,
    largest: float = LARGEST_VALUE,
) -> st.SearchStrategy[ParameterExpression | float]:
    """A number, a parameter, or sums, products, powers and functions of up to three of them."""
    return _bounded(parameters, largest, left_out, depth).map(lambda pair: pair[0])
