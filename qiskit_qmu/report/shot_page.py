"""A comparison of shot counts as one HTML page that needs nothing but itself."""

from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.report import page_tables as tables
from qiskit_qmu.report import shot_words
from qiskit_qmu.report.html import template, themed
from qiskit_qmu.report.page_tables import PageRow, PageTable
from qiskit_qmu.report.shot_figure import shot_figure
from qiskit_qmu.report.shot_summary import (
    DIVERGENCE,
    FIELDS,
    NEVER_SEEN,
    Row,
    ShotSummary,
    summarise_shots,
)


def render_shot_page(
    rows: Sequence[Row],
    *,
    title: str,
    subtitle: str,
    config: Mapping[str, Any],
    environment: Mapping[str, Any],
) -> str:
    """Write the rows of a comparison as a page with its figure and table.

    Args:
        rows: As for `summarise_shots`.
        title: Title of the page.
        subtitle: What stands above it.
        config: Configuration of the comparison, nested as deep as it comes.
        environment: Versions and machine, likewise.

    Returns:
        The page.

    Raises:
        InputError: The rows cannot be used.
    """
    summaries = summarise_shots(rows)
    return template("shots.html.jinja").render(
        title=title,
        subtitle=subtitle,
        opening=_opening(summaries),
        figure=themed(shot_figure(rows)),
        results=_results_table(summaries),
        intervals=f"Small print: {shot_words.intervals(rows)}",
        legend=shot_words.LEGEND,
        settings=(
            ("Configuration", tables.settings(config)),
            ("Environment", tables.settings(environment)),
        ),
    )


def _results_table(summaries: Sequence[ShotSummary]) -> PageTable:
    rows = tuple(
        PageRow(
            name=f"{each.model}, {each.shots_text}".rstrip(", "),
            cells=tuple(tables.cell(field, each.values[field.key]) for field in FIELDS),
            reference=each.is_reference,
        )
        for each in summaries
    )
    return PageTable(groups=tables.groups(FIELDS), headings=tables.headings(FIELDS), rows=rows)


def _opening(summaries: Sequence[ShotSummary]) -> str:
    """Say what the fewest shots cost each model, and that fewer shots are no unlearning."""
    sentences = ["How many shots does an answer need, and what do few of them hide?"]
    models = list(dict.fromkeys(each.model for each in summaries if not each.is_reference))
    ends = [[each for each in summaries if each.model == model] for model in models]
    least, most = ends[0][0], ends[0][-1]
    if least is not most:
        right = ", ".join(f"{own[0].model} {_right(own[0])} and {_right(own[-1])}" for own in ends)
        sentences.append(
            f"Right answers on never-seen rows with {_shots(least)} and with {_shots(most)}: "
            f"{right}."
        )
    if any(each.values[DIVERGENCE.key].known for each in summaries):
        sentences.append("The divergence from exact answers falls as one over the shots.")
    sentences.append(
        "Noise of shots blurs answers, not the model: whoever may ask again and again averages it "
        "away."
    )
    return " ".join(sentences)


def _right(summary: ShotSummary) -> str:
    return f"{NEVER_SEEN.show(summary.values[NEVER_SEEN.key].value)} %"


def _shots(summary: ShotSummary) -> str:
    return "exact values" if summary.shots is None else f"{summary.shots_text} shots"
