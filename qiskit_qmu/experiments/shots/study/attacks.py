"""The attacks of a study: each target is attacked with the others as reference models."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu.attacks import RMIA, CountReferences, CountsRatio, References
from qiskit_qmu.experiments.shots.study.target import ORIGINAL, Row, TargetAnswers
from qiskit_qmu.metrics import auroc

_Key = tuple[Any, ...]


def attacked_rows(targets: Sequence[TargetAnswers]) -> list[Row]:
    """Return the rows of all targets of one dataset and model, with the AUCs of the attacks.

    The references of a target are the originals of the others that were trained, and asked, with
    as many shots on the same device; its partner, which has the other half of the pool, is left
    out, since otherwise their number would say what the target was trained on.

    Args:
        targets: The targets, each beside its partner.

    Returns:
        The rows with ``auc_loss``, ``auc_rmia``, ``auc_counts`` and ``auc_repeated`` (RMIA on the
        answers to all queries), of trained rows against others, and ``forgotten_auc_loss`` and
        ``forgotten_auc_rmia``, of forgotten rows against never-seen ones of their class.
    """
    originals = [_originals(target) for target in targets]
    included = np.array([target.arrays["included"] for target in targets])
    rows: list[Row] = []
    for number, target in enumerate(targets):
        others = [n for n in range(len(targets)) if n not in (number, number ^ 1)]
        for place, row in enumerate(target.rows):
            places = {n: originals[n][_key(row)] for n in others}
            rows.append({**row, **_aucs(targets, included, number, place, places)})
    return rows


def _originals(target: TargetAnswers) -> dict[_Key, int]:
    """Return the places of a target's originals by device and shots."""
    return {_key(row): place for place, row in enumerate(target.rows) if row["method"] == ORIGINAL}


def _key(row: Row) -> _Key:
    return row["device"], row["train_shots"], row["shots"]


def _aucs(
    targets: Sequence[TargetAnswers],
    included: NDArray[np.bool_],
    number: int,
    place: int,
    places: Mapping[int, int],
) -> Row:
    """Return the AUCs of one row; ``places`` are those of its references' originals."""
    own, row = targets[number].arrays, targets[number].rows[place]
    scores, inside = own["scores"][place].astype(np.float64), included[number]
    found: Row = {
        "auc_loss": auroc(scores[inside], scores[~inside]),
        "forgotten_auc_loss": auroc(scores[own["forgotten"]], scores[own["controls"]]),
    }
    # A validation row of one target may have no reference that was trained on it.
    known = included[list(places)]
    usable = known.any(axis=0) & ~known.all(axis=0)
    trained, others = inside[usable], ~inside[usable]
    for name, kind in (("auc_rmia", "scores"), ("auc_repeated", "repeated")):
        held = np.array([targets[n].arrays[kind][at] for n, at in places.items()])
        references = References(scores=held[:, usable], included=known[:, usable])
        ratios = RMIA().scores(own[kind][place].astype(np.float64)[usable], references)
        found[name] = auroc(ratios[trained], ratios[others])
        if kind == "scores":
            forgotten, controls = own["forgotten"][usable], own["controls"][usable]
            found["forgotten_auc_rmia"] = auroc(ratios[forgotten], ratios[controls])
    if row["shots"] is None or row["method"] != ORIGINAL:
        del found["auc_repeated"]  # (an exact answer repeats itself)
    counts = own.get(f"counts-{place}")
    if counts is not None:
        most = [_most_counts(targets[n], at) for n, at in places.items()]
        counted = CountReferences(counts=np.array(most)[:, usable], included=known[:, usable])
        ratios = CountsRatio().scores(counts[usable], counted)
        found["auc_counts"] = auroc(ratios[trained], ratios[others])
    return found


def _most_counts(target: TargetAnswers, place: int) -> NDArray[Any]:
    """Return the counts with the most shots of the model and device of a row."""
    own = target.rows[place]
    same = [
        n
        for n, row in enumerate(target.rows)
        if f"counts-{n}" in target.arrays
        and all(row[name] == own[name] for name in ("method", "device", "train_shots"))
    ]
    return target.arrays[f"counts-{max(same, key=lambda n: target.rows[n]['shots'])}"]
