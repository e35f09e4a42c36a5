"""The QMU paper's success rate of a membership attack."""

from qiskit_qmu.auditing.protocols.reported import Control, ProtocolInputs, ReportedNumber
from qiskit_qmu.metrics import Interval

LINK = "https://arxiv.org/abs/2509.06086"


def reported(inputs: ProtocolInputs) -> tuple[ReportedNumber, ...]:
    """Return the success rate: forgotten rows that the attack on the original calls members."""
    paper = inputs.paper
    if paper is None:
        return ()
    controls = [Control(name="an attack that calls every row a member", value=Interval(1.0))]
    unseen = paper.control(inputs.audited)
    if unseen is not None:
        controls.append(Control(name="never-seen rows of the same classes", value=unseen))
    controls.append(
        Control(name="accuracy of the attack on held-out rows (½ = a coin)", value=paper.held_out)
    )
    controls += [Control(name=name, value=paper.rate(m)) for name, m in inputs.others.items()]
    number = ReportedNumber(
        key="qmu_mia_success",
        source="QMU (2025)",
        link=LINK,
        name="MIA success rate: forgotten rows that an attack, trained on the original model, "
        "calls members",
        better="lower",
        value=paper.rate(inputs.audited),
        controls=tuple(controls),
        reading="There are no non-members in it, so it falls with the accuracy on these rows "
        "whether or not they were trained on; only what it exceeds the never-seen rows by is "
        "membership.",
    )
    return (number,)
