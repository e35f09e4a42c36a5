"""SalUn's efficacy of unlearning against a membership attack."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.auditing.protocols.called_members import called_forgotten, called_rows, complement
from qiskit_qmu.auditing.protocols.reported import Control, ProtocolInputs, ReportedNumber
from qiskit_qmu.metrics import Interval
from qiskit_qmu.observation import Observations

LINK = "https://arxiv.org/abs/2310.12508"


def reported(inputs: ProtocolInputs) -> tuple[ReportedNumber, ...]:
    """Return the efficacy: the share of forgotten rows that the attack calls non-members."""
    found = called_rows(inputs.audited, _attack(), _confidence, inputs.generator)
    if found is None:
        return ()
    controls = [Control(name="an attack that calls every row a member", value=Interval(0.0))]
    if found.unseen is not None:
        controls.append(
            Control(name="never-seen rows of the same classes", value=complement(found.unseen))
        )
    controls.append(
        Control(name="accuracy of the attack on held-out rows (½ = a coin)", value=found.held_out)
    )
    for name, model in inputs.others.items():
        share = called_forgotten(model, _attack(), _confidence, inputs.generator)
        if share is not None:
            controls.append(Control(name=name, value=complement(share)))
    number = ReportedNumber(
        key="salun_mia_efficacy",
        source="SalUn (2024)",
        link=LINK,
        name="MIA efficacy: forgotten rows that a support vector machine on the true label's "
        "probability, trained on retained against never-seen rows, calls non-members",
        better="as the retrained model",
        value=complement(found.forgotten),
        controls=tuple(controls),
        reading="A model that is merely wrong about the forgotten rows has an efficacy near 1; it "
        "means forgetting only where never-seen rows of the same classes have the same share.",
    )
    return (number,)


def _attack() -> Any:
    from sklearn.svm import SVC

    return SVC(C=3, gamma="auto", kernel="rbf")


def _confidence(observed: Observations) -> NDArray[np.float64]:
    return observed.confidence
