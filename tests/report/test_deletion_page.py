"""What the page of a deletion report says of the audit's power."""

import pytest

from qiskit_qmu.evaluation import audit_power
from qiskit_qmu.report.deletion_page import power_sentence


@pytest.mark.parametrize(
    ("rows", "shadows", "said"),
    [
        (None, 0, "could see nothing: it takes at least two withdrawn rows"),
        ((3, 20), 0, "too few rows for this audit to see, or to rule out, any leak (with 3 withd"),
        ((90, 500), 0, "a leak with an AUC of 0.59 or more (with 90"),
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
