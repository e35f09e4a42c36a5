"""SSD's membership attack: a logistic regression on entropies."""

from typing import Any

from qiskit_qmu.auditing.protocols.called_members import called_forgotten, called_rows
from qiskit_qmu.auditing.protocols.reported import (
    Control,
    ProtocolInputs,
    ReportedNumber,
    entropies,
)
from qiskit_qmu.metrics import Interval

LINK = "https://arxiv.org/abs/2308.07707"


def reported(inputs: ProtocolInputs) -> tuple[ReportedNumber, ...]:
    """Return the share of forgotten rows that the attack calls members."""
    found = called_rows(inputs.audited, _attack(), entropies, inputs.generator)
    if found is None:
        return ()
    controls = [Control(name="an attack that calls every row a member", value=Interval(1.0))]
    if found.unseen is not None:
        controls.append(Control(name="never-seen rows of the same classes", value=found.unseen))
    controls.append(
        Control(name="accuracy of the attack on held-out rows (½ = a coin)", value=found.held_out)
    )
    for name, model in inputs.others.items():
        share = called_forgotten(model, _attack(), entropies, inputs.generator)
        if share is not None:
            controls.append(Control(name=name, value=share))
    number = ReportedNumber(
        key="ssd_mia",
        source="SSD (2024)",
        link=LINK,
        name="MIA: forgotten rows that a logistic regression on entropies, trained on retained "
        "against never-seen rows, calls members",
        better="lower",
        value=found.forgotten,
        controls=tuple(controls),
        reading="An attack whose held-out accuracy is near ½ learned nothing about membership, and "
        "then the share only tells how uncertain the model is on these rows.",
    )
    return (number,)


def _attack() -> Any:
    from sklearn.linear_model import LogisticRegression

    return LogisticRegression(class_weight="balanced")
