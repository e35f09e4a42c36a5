"""What a study says that few shots at inference are worth, model by model, in sentences."""

from collections.abc import Sequence

from qiskit_qmu.report.shot_study.summary import StudyPoint, worlds_of

_POINTS = 0.02
"""Loss of accuracy that counts as little."""


def study_findings(points: Sequence[StudyPoint]) -> tuple[str, ...]:
    """Return one paragraph for each dataset and model.

    Args:
        points: As of `summarise_study`.

    Returns:
        Sentences with the strongest attack, what the fewest shots cost and hide that keep the
        accuracy within two points, what they take that halve the leak, and what repeated queries
        give back.
    """
    return tuple(_of_world(points, *world) for world in worlds_of(points))


def _of_world(points: Sequence[StudyPoint], dataset: str, model: str) -> str:
    served = [
        point
        for point in points
        if point.at(dataset=dataset, model=model, method="original", device="exact")
        and point.train_shots is None
    ]
    exact = next(point for point in served if point.shots is None)
    few = sorted((p for p in served if p.shots is not None), key=lambda p: p.shots or 0)
    auc, accuracy = exact.values["auc_rmia"], exact.values["acc_test"].value
    text = [
        f"{dataset}, {model}: exact answers are right in {100 * accuracy:.1f} % of never-seen rows "
        f"and give RMIA an AUC of {_auc(exact, 'auc_rmia')}."
    ]
    if not auc.has_limits or auc.low <= 0.5:
        text.append("That is no leak that this study can tell from none; few shots hide nothing.")
        return " ".join(text)
    kept = [p for p in few if p.values["acc_test"].value >= accuracy - _POINTS]
    if kept:
        first = kept[0]
        text.append(
            f"The fewest shots within two points of that accuracy are {first.shots:,}: AUC "
            f"{_auc(first, 'auc_rmia')}, {_hidden(first, exact)} of the leak hidden."
        )
    halved = [p for p in few if _leak(p) <= _leak(exact) / 2]
    if halved:
        last = halved[-1]
        lost = 100 * (accuracy - last.values["acc_test"].value)
        text.append(
            f"The most shots that halve the leak are {last.shots:,} (AUC "
            f"{_auc(last, 'auc_rmia')}), and cost {lost:.1f} points of accuracy."
        )
        if last.values["auc_repeated"].known:
            text.append(
                "An attacker who may repeat queries has an AUC of "
                f"{_auc(last, 'auc_repeated')} at the same shots."
            )
    else:
        text.append("No number of shots of the study halves the leak.")
    return " ".join(text)


def _leak(point: StudyPoint) -> float:
    return point.values["auc_rmia"].value - 0.5


def _hidden(point: StudyPoint, exact: StudyPoint) -> str:
    share = 100 * (1 - _leak(point) / _leak(exact))
    return f"{max(0.0, share):.0f} %"


def _auc(point: StudyPoint, key: str) -> str:
    found = point.values[key]
    if not found.has_limits:
        return f"{found.value:.3f}"
    return f"{found.value:.3f} ({found.low:.3f}–{found.high:.3f})"
