"""The page of a study: what it says, its figures, and its tables."""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.report.html import data_address, settings, template, themed
from qiskit_qmu.report.page_cells import PageCell, PageRow, PageTable
from qiskit_qmu.report.shot_study.summary import NUMBERS, SHARES, StudyPoint, worlds_of
from qiskit_qmu.report.shot_study.tables import (
    INFERENCE,
    REFERENCES,
    UNLEARNING,
    name_of,
    study_csv,
)
from qiskit_qmu.report.shot_study.worth import study_findings

_CAPTIONS = {
    "leak": "How well rows that the original was trained on are told from others. The dashed line "
    "is a coin.",
    "accuracy": "Right answers of the original on never-seen rows.",
    "stability": "How far an unlearned model is from what the same method makes of the same "
    "original with exact gradients, on test rows and forgotten ones.",
    "oracle": "How far an unlearned model is from the retrained one. The dashed lines are a second "
    "oracle, the null, and doing nothing.",
    "front": "Down and to the left is private and useless, up and to the right useful and open. A "
    "policy is worth something where it lies above and left of another.",
}
_READING = (
    "Means over the targets of a dataset and model, with 95 % t-intervals over them. Targets share "
    "a pool of rows, so that the luck of the pool is in no interval. Exact values are the limit of "
    "many shots. An audit of these models guarantees nothing for others."
)


def render_study_page(
    points: Sequence[StudyPoint],
    figures: Mapping[str, str],
    *,
    config: Mapping[str, Any],
    environment: Mapping[str, Any],
) -> str:
    """Write a study as one page that needs nothing but itself.

    Args:
        points: As of `summarise_study`.
        figures: As of `study_figures`.
        config: What was studied, as JSON values.
        environment: Versions and machine.

    Returns:
        The page.
    """
    targets = max((point.targets for point in points), default=0)
    return template("shot_study.html.jinja").render(
        title="Shots: how many leak how much",
        subtitle=f"{len(worlds_of(points))} datasets with models · {targets} targets each",
        findings=study_findings(points),
        figures=[(name, themed(svg), _CAPTIONS[name]) for name, svg in figures.items()],
        reading=_READING,
        legend=tuple(NUMBERS.values()),
        inference=_table(
            points,
            lambda p: p.method == "original",
            INFERENCE,
            ("device", "train_shots", "shots"),
        ),
        unlearning=_table(
            points,
            lambda p: p.at(device="exact", shots=None, train_shots=None),
            UNLEARNING,
            ("method", "unlearn_shots"),
        ),
        combined=_table(
            points,
            lambda p: (
                p.method not in ("original", *REFERENCES)
                and p.device == "exact"
                and p.shots is not None
            ),
            ("acc_retain", "acc_forget", "forgotten_auc_loss", "js_oracle"),
            ("method", "train_shots", "unlearn_shots", "shots"),
        ),
        csv=data_address(study_csv(points), "text/csv"),
        settings=(("Configuration", settings(config)), ("Environment", settings(environment))),
    )


def _table(
    points: Sequence[StudyPoint], wanted: Any, keys: Sequence[str], names: Sequence[str]
) -> PageTable:
    rows: list[PageRow] = []
    for dataset, model in worlds_of(points):
        own = [p for p in points if p.world == (dataset, model) and wanted(p)]
        if own:
            rows.append(PageRow(name=f"{dataset}, {model}", cells=(), heading=True))
        for point in own:
            first, *others = names
            cells = [PageCell(value=name_of(point, name)) for name in others]
            cells += [_cell(key, point) for key in keys]
            rows.append(
                PageRow(
                    name=name_of(point, first),
                    cells=tuple(cells),
                    reference=point.method in REFERENCES,
                )
            )
    heads = [name.replace("_", " ") for name in names[1:]]
    return PageTable(
        groups=(), headings=(*heads, *(NUMBERS[key][0] for key in keys)), rows=tuple(rows)
    )


def _cell(key: str, point: StudyPoint) -> PageCell:
    found = point.values[key]
    if not found.known:
        return PageCell(value="–")
    factor, digits = (100.0, 1) if key in SHARES else (1.0, 3)
    value, low, high = (f"{factor * x:.{digits}f}" for x in (found.value, found.low, found.high))
    return PageCell(value=value, detail=f"{low} to {high}" if found.has_limits else "")
