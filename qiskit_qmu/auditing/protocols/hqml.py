"""HQML's unlearning quality index, and its AUC of forgotten against retained rows."""

import numpy as np

from qiskit_qmu.auditing.protocols.reported import (
    ORIGINAL,
    Control,
    ProtocolInputs,
    ReportedNumber,
    never_seen,
)
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.metrics import Interval, auroc_interval, stratified_auroc
from qiskit_qmu.observation import Observations

SOURCE = "HQML (2025)"
LINK = "https://github.com/CrivoiCarla/hybrid-quantum-machine-unlearning"


def reported(inputs: ProtocolInputs) -> tuple[ReportedNumber, ...]:
    """Return both numbers, as far as the rows for them are there."""
    if inputs.audited.retain is None:
        return ()
    return (*_quality_index(inputs), *_auc(inputs, inputs.audited.retain))


def _quality_index(inputs: ProtocolInputs) -> tuple[ReportedNumber, ...]:
    original = inputs.original
    if original is None or never_seen(original) is None:
        return ()
    controls = [
        Control(name=name, value=_index(original, model))
        for name, model in inputs.others.items()
        if name != ORIGINAL
    ]
    number = ReportedNumber(
        key="hqml_uqi",
        source=SOURCE,
        link=LINK,
        name="UQI: loss of accuracy on forgotten rows, less half of that on retained rows and half "
        "of that on never-seen ones",
        better="higher",
        value=_index(original, inputs.audited),
        controls=(*controls, Control(name=ORIGINAL, value=Interval(0.0))),
        reading="It rewards any loss of accuracy on the forgotten rows without limit, so a model "
        "that fails on them more than the retrained one does scores better than it.",
    )
    return (number,)


def _index(original: SplitObservations, model: SplitObservations) -> Interval:
    drops = [
        before.accuracy - after.accuracy
        for before, after in (
            (original.forget, model.forget),
            (original.retain, model.retain),
            (never_seen(original), never_seen(model)),
        )
        if before is not None and after is not None
    ]
    return Interval(drops[0] - sum(drops[1:]) / 2)


def _auc(inputs: ProtocolInputs, retain: Observations) -> tuple[ReportedNumber, ...]:
    size = min(len(inputs.audited.forget), len(retain))
    drawn = np.sort(inputs.generator.choice(len(retain), size=size, replace=False))
    controls = []
    unseen = inputs.audited.test_forget
    if unseen is not None:
        controls.append(
            Control(
                name="forgotten against never-seen rows of the same classes",
                value=stratified_auroc(
                    _confidence(inputs.audited.forget),
                    inputs.audited.forget.strata,
                    _confidence(unseen),
                    unseen.strata,
                ),
            )
        )
    controls += [Control(name=name, value=_drawn(m, drawn)) for name, m in inputs.others.items()]
    number = ReportedNumber(
        key="hqml_mia_auc",
        source=SOURCE,
        link=LINK,
        name="MIA AUC: largest class probability of forgotten rows against as many retained ones",
        better="½",
        value=_drawn(inputs.audited, drawn),
        controls=tuple(controls),
        reading="Its non-members are rows that the model was trained on, so ½ says that forgotten "
        "rows still look like training rows, not that they were forgotten.",
    )
    return (number,)


def _drawn(model: SplitObservations, drawn: np.ndarray[tuple[int], np.dtype[np.int64]]) -> Interval:
    assert model.retain is not None
    return auroc_interval(_confidence(model.forget), _confidence(model.retain)[drawn])


def _confidence(observed: Observations) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(observed.probabilities.max(axis=1))
