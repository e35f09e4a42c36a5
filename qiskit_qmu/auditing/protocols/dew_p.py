"""DEW-P's forgetting: one minus the advantage of an attack on somebody else's never-seen rows."""

from qiskit_qmu.auditing.protocols.reported import Control, ProtocolInputs, ReportedNumber
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.metrics import Interval, auroc_interval, stratified_auroc

LINK = "https://arxiv.org/abs/2608.17069"


def reported(inputs: ProtocolInputs) -> tuple[ReportedNumber, ...]:
    """Return the forgetting, by the never-seen rows of others as the non-members."""
    value = _by_others(inputs.audited)
    if value is None:
        return ()
    controls = []
    own = _by_counterparts(inputs.audited)
    if own is not None:
        controls.append(Control(name="with never-seen rows of the same classes", value=own))
    for name, model in inputs.others.items():
        other = _by_others(model)
        if other is not None:
            controls.append(Control(name=name, value=other))
    number = ReportedNumber(
        key="dewp_forgetting",
        source="DEW-P (2026)",
        link=LINK,
        name="forgetting: 1 − |2·AUC − 1| of the confidence, of forgotten against other never-seen "
        "rows",
        better="higher",
        value=value,
        controls=tuple(controls),
        reading="Its non-members need not be like the forgotten rows, and any difference between "
        "them counts as membership, so that the retrained model need not score best.",
    )
    return (number,)


def _by_others(model: SplitObservations) -> Interval | None:
    others = model.test_retain
    if others is None:
        return None
    return _forgetting(auroc_interval(model.forget.membership_score, others.membership_score))


def _by_counterparts(model: SplitObservations) -> Interval | None:
    unseen = model.test_forget
    if unseen is None:
        return None
    return _forgetting(
        stratified_auroc(
            model.forget.membership_score,
            model.forget.strata,
            unseen.membership_score,
            unseen.strata,
        )
    )


def _forgetting(auc: Interval) -> Interval:
    """Return 1 − |2·AUC − 1| with the limits that those of the AUC give."""
    ends = [1 - abs(2 * end - 1) for end in (auc.low, auc.high)]
    return Interval(
        1 - abs(2 * auc.value - 1), min(ends), 1.0 if 0.5 in auc else max(ends), auc.level
    )
