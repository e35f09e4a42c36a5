"""A comparison of shot counts for people: a text table, and one HTML page."""

import textwrap
from collections.abc import Mapping, Sequence
from typing import Any

from qiskit_qmu.attacks import SHOT_ATTACKS
from qiskit_qmu.evaluation import SHOT_RESULTS, Column
from qiskit_qmu.evaluation.columns import AUC, JS_EXACT, RETAIN_TEST
from qiskit_qmu.report.html import settings, template, themed
from qiskit_qmu.report.page_cells import PageRow, PageTable, cell, heading_groups, headings
from qiskit_qmu.report.reading import few_seeds
from qiskit_qmu.report.shot_figure import shot_figure
from qiskit_qmu.report.shot_summary import Row, ShotSummary, Spread, spread_of, summarise_shots
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, interval_cells, text_block

_OVER: dict[Spread, str] = {
    "seeds": "over the seeds (t), each of which has rows, weights and shots of its own",
    "repetitions": "over the repetitions (t): independent shots of the same models, so they hold "
    "the noise of shots alone",
    "rows": "over the rows that were asked",
}

_LEGEND = (
    (
        "Accuracy",
        "of never-seen rows of what was retained, and of the training rows that were forgotten.",
    ),
    (
        "JS",
        "mean Jensen–Shannon divergence from the same model’s exact answers on the same backend; "
        "it falls as 1/shots.",
    ),
    (
        "AUC",
        "how well an attack ranks forgotten training rows above never-seen rows of their class. "
        "½ = no leak.",
    ),
    *((f"AUC from {attack.heading}", f"{attack.reading}.") for attack in SHOT_ATTACKS.values()),
    (
        "Baseline",
        "always the most frequent retained class; all classes alike; an attacker who tosses a "
        "coin, with the range that 95 % of them reach on one seed. An AUC whose interval holds ½ "
        "shows nothing.",
    ),
    (
        "One run serves all",
        "each model was run once, with the largest number of shots for each repetition, and "
        "smaller numbers are drawn from it without replacement. So each row has the distribution "
        "of a run of its own, but rows of one model share shots and are not independent.",
    ),
)
"""What the columns are."""

_CAPTION = (
    "Bars are 95 % intervals; models stand side by side at each number of shots. The dashed line "
    "is the baseline, an answer that looks at nothing; for an AUC it is ½, no leak. Axes of "
    "accuracy show the models’ range and do not start at 0."
)


def shot_intervals(rows: Sequence[Row]) -> str:
    """Say what the 95 % intervals of these rows are over."""
    own, of_auc = spread_of(RETAIN_TEST, rows), spread_of(AUC, rows)
    text = f"95 % intervals are {_OVER[own]}"
    if of_auc != own:
        text += f"; those of AUCs are {_OVER[of_auc]}"
    if own != "rows":
        text += "; where all agree or there is but one, there is none"
    return f"{text}. {few_seeds(len({row['seed'] for row in rows}))}".strip()


def shot_table(rows: Sequence[Row]) -> str:
    """Write the rows of a comparison as a table, one line for each model and shot count.

    Args:
        rows: As for `summarise_shots`.

    Returns:
        The table and how to read it; no trailing newline.

    Raises:
        InputError: If the rows cannot be used.
    """
    summaries = summarise_shots(rows)
    names = tuple(each.model for each in summaries)
    shots = tuple(each.shots_text for each in summaries)
    columns = (
        TextColumn(group="", heading="model", cells=names, left=True),
        TextColumn(group="", heading="shots", cells=shots),
        *(
            TextColumn(
                group=column.title,
                heading=column.heading,
                cells=interval_cells(column, [each.values[column.key] for each in summaries]),
            )
            for column in _shown(summaries)
        ),
    )
    rule_after = sum(not summary.is_reference for summary in summaries)
    notes = (
        f"±: the longer arm. {shot_intervals(rows)}",
        *(f"{term}: {meaning}" for term, meaning in _LEGEND),
    )
    legend = "\n".join(textwrap.fill(note, WIDTH, subsequent_indent="  ") for note in notes)
    forgotten = "; ".join(forgotten_in(rows))
    heading = f"Forgotten: {forgotten}\n\n" if forgotten else ""
    return f"{heading}{text_block(columns, rule_after)}\n\n{legend}"


def forgotten_in(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return what was forgotten, in words, of each seed that forgot something else."""
    return tuple(dict.fromkeys(str(row["forgotten"]) for row in rows if row.get("forgotten")))


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
        caption=_CAPTION,
        results=_results_table(summaries),
        row_heading="model and shots",
        intervals=f"Small print: {shot_intervals(rows)}",
        legend=_LEGEND,
        settings=(
            ("Configuration", settings(config)),
            ("Environment", settings(environment)),
        ),
    )


def _shown(summaries: Sequence[ShotSummary]) -> tuple[Column, ...]:
    return tuple(c for c in SHOT_RESULTS if any(each.values[c.key].known for each in summaries))


def _results_table(summaries: Sequence[ShotSummary]) -> PageTable:
    columns = _shown(summaries)
    rows = tuple(
        PageRow(
            name=f"{each.model}, {each.shots_text}".rstrip(", "),
            cells=tuple(cell(column, each.values[column.key]) for column in columns),
            reference=each.is_reference,
        )
        for each in summaries
    )
    return PageTable(groups=heading_groups(columns), headings=headings(columns), rows=rows)


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
    if any(each.values[JS_EXACT.key].known for each in summaries):
        sentences.append("The divergence from exact answers falls as one over the shots.")
    sentences.append(
        "Noise of shots blurs answers, not the model: whoever may ask again and again averages it "
        "away."
    )
    return " ".join(sentences)


def _right(summary: ShotSummary) -> str:
    return f"{RETAIN_TEST.show(summary.values[RETAIN_TEST.key].value)} %"


def _shots(summary: ShotSummary) -> str:
    return "exact values" if summary.shots is None else f"{summary.shots_text} shots"
