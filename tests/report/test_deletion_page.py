"""What the page of a deletion report says of the audit's power."""

import pytest

from qiskit_qmu.evaluation import audit_power
from qiskit_qmu.report.deletion_page import power_sentence


@pytest.mark.parametrize(
    ("rows", "shadows", "said"),
    [
        (None, 0, "could see nothing: it takes at least two withdrawn rows"),
        ((3, 20), 0, "too few rows for this audit to see, or to rule out, any leak (with 3 withd"),
        (
            (90, 500),
            0,
            "test of the new model detects a leak with an AUC of 0.59 or more (with",
        ),
        (
            (2, 94),
            16,
            "test of the strategy, over 16 shadow models, detects a leak with an AUC of 0.79 or "
            "more (with 2 withdrawn rows beside 94 never-seen ones; in the new model alone: none",
        ),
        (
            (90, 500),
            32,
            "If nothing is left, it can show that the AUC lies within 0.04 of ½.",
        ),
    ],
)
def test_the_power_in_words(rows, shadows, said):
    power = None if rows is None else audit_power(*rows, num_shadows=shadows).to_dict()
    assert said in power_sentence(power)
