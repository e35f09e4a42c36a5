"""Angles of parameter expressions against Qiskit's own binding and differentiation."""

import numpy as np
import pytest
import torch
from qiskit.circuit import Parameter, ParameterVector

from qiskit_qmu.simulator.compile.angles import AngleMap

A, B = Parameter("a"), Parameter("b")
V = ParameterVector("v", 12)
PARAMETERS = [B, *V, A]

AFFINE = {
    "parameter": A,
    "sum": A + B,
    "scaled": 0.5 * A - 2 * B / 3 + np.pi,
    "elements": V[0] - V[10] + V[2],
    "expanded": 2 * (A + 1) - (B - A),
    "vanishing": 0 * A + 0.3,
    "itself": A * B / B,
}
CURVED = {
    "product": A * B,
    "feature map": 2 * (np.pi - V[0]) * (np.pi - V[1]),
    "power": A**3 - B**2,
    "root": (A + 2) ** 0.5,
    "exponent": (A + 2) ** B,
    "exponential of a number": (1 / 3) ** (A + B),
    "of many": 2 ** (V[0] * A).sin() + B.abs() ** 2 * 1.7 ** V[1].conjugate(),
    "quotient": A / (B + 3),
    "sine": A.sin() * B,
    "cosine": (A + B).cos(),
    "tangent": A.tan(),
    "arcus": (A / 2).arcsin() + (B / 2).arccos() + B.arctan(),
    "exponential": (A * B).exp(),
    "logarithm": (A + 3).log(),
    "absolute": (A * B).abs(),
    "conjugate": (A * B).conjugate(),
    "one": (A * B) / (A * B),
    "trigonometric one": A.sin() ** 2 + A.cos() ** 2,
}
EXPRESSIONS = AFFINE | CURVED


def bound(expression, row: np.ndarray) -> float:
    values = {p: v for p, v in zip(PARAMETERS, row, strict=True) if p in expression.parameters}
    return float(np.real(expression.bind(values).numeric()))


def slopes(expression, row: np.ndarray) -> list[float]:
    result = []
    for parameter in PARAMETERS:
        if parameter in expression.parameters:
            slope = expression.gradient(parameter)
            result.append(bound(slope, row) if hasattr(slope, "parameters") else np.real(slope))
        else:
            result.append(0.0)
    return result


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
    expected = [slopes(expression, row) for row in rows]
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
    expected = [[slopes(e, row) for e in EXPRESSIONS.values()] for row in rows.numpy()]
    np.testing.assert_allclose(jacobian, expected, rtol=1e-11, atol=1e-12)
