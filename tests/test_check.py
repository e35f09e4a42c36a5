"""Every refusal: what it lets through, what not, and its wording (what, rule, got)."""

import numpy as np
import pytest

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

NAN, INF = float("nan"), float("inf")

ACCEPTED = [
    (_check.number, {"a": 1, "b": -2.5, "c": np.float32(3), "d": NAN}),
    (_check.positive, {"a": 1, "b": 1e-300, "c": np.int64(2)}),
    (_check.non_negative, {"a": 0, "b": 0.0, "c": np.float64(5)}),
    (_check.finite, {"a": 1.0, "b": [1, 2], "c": np.zeros((2, 0)), "d": [True]}),
    (_check.same_length, {"a": [1, 2], "b": "xy", "c": np.zeros((2, 5))}),
    (_check.same_length, {"a": []}),
    (_check.not_empty, {"a": [0], "b": np.zeros((1, 0))}),
]


@pytest.mark.parametrize(("rule", "values"), ACCEPTED)
def test_what_keeps_the_rule_passes(rule, values):
    rule(**values)


def test_rules_with_bounds():
    _check.at_least(1, a=1, b=np.int64(7), c=np.uint8(200))
    _check.between(0, 1, a=0, b=1.0, c=np.float32(0.5))
    _check.one_of(("a", "b"), first="a", second="b")
    _check.one_of({1: "x"}, first=1)
    _check.labels_in_range(3, first=[0, 1, 2], second=np.array([], dtype=int), third=np.uint8(2))


REFUSED = [
    (lambda: _check.number(rate=True), "rate must be a number, got True"),
    (lambda: _check.number(rate="1"), "rate must be a number, got '1'"),
    (lambda: _check.number(rate=None), "rate must be a number, got None"),
    (lambda: _check.positive(rate=0), "rate must be positive, got 0"),
    (lambda: _check.positive(rate=-0.5), "rate must be positive, got -0.5"),
    (lambda: _check.positive(rate=NAN), "rate must be positive, got nan"),
    (lambda: _check.positive(rate=INF), "rate must be positive, got inf"),
    (lambda: _check.positive(fine=1, rate=-1), "rate must be positive, got -1"),
    (lambda: _check.non_negative(rate=-1), "rate must not be negative, got -1"),
    (lambda: _check.non_negative(rate=NAN), "rate must not be negative, got nan"),
    (lambda: _check.at_least(1, n=0), "n must be an integer of at least 1, got 0"),
    (lambda: _check.at_least(1, n=1.5), "n must be an integer of at least 1, got 1.5"),
    (lambda: _check.at_least(1, n=True), "n must be an integer of at least 1, got True"),
    (lambda: _check.at_least(1, n=NAN), "n must be an integer of at least 1, got nan"),
    (lambda: _check.at_least(1, n=INF), "n must be an integer of at least 1, got inf"),
    (lambda: _check.at_least(1, n="2"), "n must be an integer of at least 1, got '2'"),
    (lambda: _check.at_least(1, n=None), "n must be an integer of at least 1, got None"),
    (lambda: _check.between(0, 1, share=1.1), "share must lie between 0 and 1, got 1.1"),
    (lambda: _check.between(0, 1, share=NAN), "share must lie between 0 and 1, got nan"),
    (lambda: _check.between(0, 1, share="0"), "share must be a number, got '0'"),
    (lambda: _check.one_of(("a", "b"), kind="c"), "kind must be one of a, b; got 'c'"),
    (lambda: _check.one_of((), kind=1), "kind must be one of ; got 1"),
    (lambda: _check.finite(x=[1, NAN, INF]), "x must be finite, got 2 NaN or infinite values"),
    (
        lambda: _check.same_length(x=[1, 2], y=[1]),
        "x and y must have the same length, got 2 and 1",
    ),
    (
        lambda: _check.same_length(x=[1], y=[1], z=[]),
        "x and y and z must have the same length, got 1 and 1 and 0",
    ),
    (lambda: _check.not_empty(x=[]), "x must not be empty"),
    (lambda: _check.not_empty(x=np.zeros((0, 3))), "x must not be empty"),
    (lambda: _check.labels_in_range(3, y=[0, 3]), "y must lie between 0 and 2, got 3"),
    (lambda: _check.labels_in_range(3, y=[-1, 0]), "y must lie between 0 and 2, got -1"),
    (lambda: _check.labels_in_range(3, y=[0.0]), "y must be integers, got dtype float64"),
    (lambda: _check.labels_in_range(3, y=[True]), "y must be integers, got dtype bool"),
]


@pytest.mark.parametrize(("breach", "message"), REFUSED, ids=[message for _, message in REFUSED])
def test_what_breaks_the_rule_is_refused_in_one_wording(breach, message):
    with pytest.raises(InputError) as caught:
        breach()
    assert str(caught.value) == message


def test_an_input_error_is_a_value_error():
    assert issubclass(InputError, ValueError)
