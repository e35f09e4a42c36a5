"""Gates are judged by the worse end of an interval."""

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation.gate import Gate
from qiskit_qmu.metrics import Interval

NUMBERS = {
    "auc": Interval(0.52, 0.49, 0.55),
    "epsilon": Interval(0.5, 0.1, 1.2),
    "retain": Interval(0.0, -0.02, 0.02),
}


@pytest.mark.parametrize(
    ("gate", "broken"),
    [
        ("max_auc=0.55,max_epsilon=1.2,min_retain=-0.02", []),
        ("max_auc=0.54", ["max_auc"]),
        ("max_epsilon=1, min_retain=-0.01", ["max_epsilon", "min_retain"]),
    ],
)
def test_the_worse_end_decides(gate, broken):
    assert [text.split("=")[0] for text in Gate.parse(gate).breaches(NUMBERS)] == broken


def test_an_auc_below_one_half_leaks_as_much():
    (said,) = Gate(max_auc=0.55).breaches({"auc": Interval(0.46, 0.40, 0.52)})
    assert said == "max_auc=0.55: the AUC 0.460 [0.400, 0.520] may be 0.600, as far below ½"


def test_what_was_not_measured_breaks_its_limit():
    assert Gate(max_epsilon=1).breaches({}) == ("max_epsilon=1: the estimate of ε is not known",)
    (said,) = Gate(max_epsilon=1).breaches({"epsilon": Interval(0.2)})
    assert said == "max_epsilon=1: the estimate of ε is not known within limits (0.200)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "limit must be one of max_auc, max_epsilon, min_retain; got ''"),
        ("max_acu=0.6", "got 'max_acu'; did you mean max_auc?"),
        ("max_auc", "a gate takes NAME=NUMBER, got 'max_auc'"),
        ("max_auc=x", "a gate takes NAME=NUMBER, got 'max_auc=x'"),
        ("max_auc=0.6,max_auc=0.7", "max_auc is given twice"),
        ("max_auc=0.4", "max_auc must lie between 0.5 and 1, got 0.4"),
        ("max_epsilon=-1", "max_epsilon must not be negative, got -1"),
        ("min_retain=nan", "min_retain must lie between -1 and 1, got nan"),
    ],
)
def test_bad_gates_are_refused(text, message):
    with pytest.raises(InputError, match=message.replace("?", r"\?")):
        Gate.parse(text)
