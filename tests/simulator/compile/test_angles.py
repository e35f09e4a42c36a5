"""Angles of parameter expressions against Qiskit's own binding and against formulas in torch."""

import numpy as np
import pytest
import torch
from qiskit.circuit import Parameter, ParameterExpression, ParameterVector

from qiskit_qmu.simulator.compile.angles import AngleMap

A, B = Parameter("a"), Parameter("b")
V = ParameterVector("v", 12)
PARAMETERS = [B, *V, A]


def conjugate(value):
    return value.conjugate() if isinstance(value, ParameterExpression) else value  # (it is real)


def formulas(a, b, v):
    """Return formulas of expressions, or of numbers."""
    affine = {
        "parameter": a,
        "sum": a + b,
        "scaled": 0.5 * a - 2 * b / 3 + np.pi,
        "elements": v[0] - v[10] + v[2],
        "expanded": 2 * (a + 1) - (b - a),
        "vanishing": 0 * a + 0.3,
        "itself": a * b / b,
        "conjugate and another": 0.5 * conjugate(a) - b,
    }
    curved = {
        "product": a * b,
        "feature map": 2 * (np.pi - v[0]) * (np.pi - v[1]),
        "power": a**3 - b**2,
        "root": (a + 2) ** 0.5,
        "exponent": (a + 2) ** b,
        "exponential of a number": (1 / 3) ** (a + b),
        "of many": 2 ** (v[0] * a).sin() + b.abs() ** 2 * 1.7 ** conjugate(v[1]),
        "quotient": a / (b + 3),
        "sine": a.sin() * b,
        "cosine": (a + b).cos(),
        "tangent": a.tan(),
        "arcus": (a / 2).arcsin() + (b / 2).arccos() + b.arctan(),
        "exponential": (a * b).exp(),
        "logarithm": (a + 3).log(),
        "absolute": (a * b).abs(),
        "conjugate": conjugate(a * b),
        "one": (a * b) / (a * b),
        "trigonometric one": a.sin() ** 2 + a.cos() ** 2,
    }
    return affine | curved


EXPRESSIONS = formulas(A, B, V)


def bound(expression, row: np.ndarray) -> float:
    values = {p: v for p, v in zip(PARAMETERS, row, strict=True) if p in expression.parameters}
    return float(np.real(expression.bind(values).numeric()))


def slopes(name: str, row: np.ndarray) -> np.ndarray:
    """Return the derivatives of a formula as it is written; Qiskit's are wrong for some in 2.3."""
    values = torch.tensor(row, requires_grad=True)
    b, *v, a = values
    (slopes,) = torch.autograd.grad(formulas(a, b, v)[name], values)
    return slopes.numpy()


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_one_expression(name, generator):
    expression = EXPRESSIONS[name]
    rows = generator.uniform(-1, 1, (4, len(PARAMETERS)))
    values = torch.tensor(rows, requires_grad=True)
    angles = AngleMap([expression], PARAMETERS)(values)
    assert angles.shape == (4, 1)
    expected = [[bound(expression, row)] for row in rows]
    np.testing.assert_allclose(angles.detach(), expected, rtol=1e-12, atol=1e-13)
    angles.sum().backward()
    expected = [slopes(name, row) for row in rows]
    np.testing.assert_allclose(values.grad, expected, rtol=1e-11, atol=1e-12)


def test_all_expressions_at_once(generator):
    rows = generator.uniform(-1, 1, (2, 3, len(PARAMETERS)))
    angles = AngleMap(list(EXPRESSIONS.values()), PARAMETERS)(torch.tensor(rows))
    expected = [
        [[bound(expression, row) for expression in EXPRESSIONS.values()] for row in block]
        for block in rows
    ]
    np.testing.assert_allclose(angles, expected, rtol=1e-12, atol=1e-13)


def test_sign_has_values_and_no_slope():
    """Qiskit itself cannot differentiate a sign."""
    values = torch.tensor([[0.3], [-2.0]], dtype=torch.float64, requires_grad=True)
    angles = AngleMap([A.sign() * 0.5], [A])(values)
    assert angles.tolist() == [[0.5], [-0.5]]
    angles.sum().backward()
    assert values.grad.tolist() == [[0.0], [0.0]]


def test_parameters_themselves_are_passed_on():
    values = torch.ones(3, 12)
    assert AngleMap(list(V), list(V))(values) is values
    assert AngleMap(list(V)[:2], list(V))(values).shape == (3, 2)


def test_no_expressions_and_no_parameters():
    assert AngleMap([], [A])(torch.ones(3, 1)).shape == (3, 0)
    assert AngleMap([], [])(torch.ones(3, 0)).shape == (3, 0)


def test_values_keep_their_precision():
    for dtype in (torch.float32, torch.float64):
        assert AngleMap([A + 1, A * A], [A])(torch.ones(2, 1, dtype=dtype)).dtype == dtype


def test_derivatives_under_vmap(generator):
    angle_map = AngleMap(list(EXPRESSIONS.values()), PARAMETERS)
    rows = torch.tensor(generator.uniform(-1, 1, (3, len(PARAMETERS))))
    jacobian = torch.func.vmap(torch.func.jacrev(angle_map))(rows)
    expected = [[slopes(name, row) for name in EXPRESSIONS] for row in rows.numpy()]
    np.testing.assert_allclose(jacobian, expected, rtol=1e-11, atol=1e-12)
