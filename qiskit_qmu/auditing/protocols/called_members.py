"""What SSD and SalUn share: an attack that learns retained rows from never-seen ones."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.auditing.paper_protocol import balanced_accuracy
from qiskit_qmu.auditing.protocols.reported import never_seen
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.metrics import Interval, binomial_interval
from qiskit_qmu.observation import Observations

MOST_ROWS = 2000
"""Most rows of a side that an attack is trained on; support vectors grow with their square."""

_FOLDS = 5

Feature = Callable[[Observations], NDArray[np.float64]]


@final
@dataclass(frozen=True, kw_only=True)
class CalledRows:
    """Whom an attack calls members.

    Attributes:
        forgotten: Share of the forgotten rows.
        unseen: Share of never-seen rows of their classes, by attacks that were not trained on them;
            None without such rows.
        held_out: Balanced accuracy on retained and never-seen rows, likewise; ½ = a coin.
    """

    forgotten: Interval
    unseen: Interval | None
    held_out: Interval


def called_rows(
    observed: SplitObservations, classifier: Any, feature: Feature, generator: np.random.Generator
) -> CalledRows | None:
    """Train an attack on one model's retained and never-seen rows, and ask it about the others.

    Args:
        observed: Outputs of the model.
        classifier: A scikit-learn classifier.
        feature: What it reads of each row.
        generator: Draws the rows where there are too many, and the folds.

    Returns:
        Whom it calls members; None where there are fewer rows of a side than folds.
    """
    from sklearn.model_selection import StratifiedKFold, cross_val_predict

    sides = _sides(observed, generator)
    if sides is None:
        return None
    x, y = _training_rows(sides, feature)
    folds = StratifiedKFold(_FOLDS, shuffle=True, random_state=int(generator.integers(2**31)))
    held_out = cross_val_predict(classifier, x, y, cv=folds) == 1
    strata = np.concatenate([side.strata for side in sides])
    counterparts = (y == 0) & np.isin(strata, observed.forget.strata)
    classifier.fit(x, y)
    return CalledRows(
        forgotten=_share(classifier.predict(feature(observed.forget)[:, None]) == 1),
        unseen=_share(held_out[counterparts]) if counterparts.any() else None,
        held_out=balanced_accuracy(_share(held_out[y == 1]), _share(held_out[y == 0])),
    )


def called_forgotten(
    observed: SplitObservations, classifier: Any, feature: Feature, generator: np.random.Generator
) -> Interval | None:
    """Return only the share of the forgotten rows, as for `called_rows`."""
    sides = _sides(observed, generator)
    if sides is None:
        return None
    classifier.fit(*_training_rows(sides, feature))
    return _share(classifier.predict(feature(observed.forget)[:, None]) == 1)


def _sides(
    observed: SplitObservations, generator: np.random.Generator
) -> tuple[Observations, Observations] | None:
    unseen = never_seen(observed)
    if observed.retain is None or unseen is None:
        return None
    sides = _some(observed.retain, generator), _some(unseen, generator)
    return None if min(map(len, sides)) < _FOLDS else sides


def _training_rows(
    sides: tuple[Observations, Observations], feature: Feature
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    x = np.concatenate([feature(side) for side in sides])[:, None]
    return x, np.repeat([1, 0], [len(side) for side in sides])


def complement(share: Interval) -> Interval:
    """Return one minus a share."""
    return Interval(1 - share.value, 1 - share.high, 1 - share.low, share.level)


def _some(rows: Observations, generator: np.random.Generator) -> Observations:
    if len(rows) <= MOST_ROWS:
        return rows
    return rows.take(np.sort(generator.choice(len(rows), size=MOST_ROWS, replace=False)))


def _share(called: NDArray[np.bool_]) -> Interval:
    return binomial_interval(int(called.sum()), len(called))
