"""One page over many runs that needs nothing but itself: tables, figures and the numbers."""

from collections.abc import Iterator, Mapping
from typing import Any

from qiskit_qmu.report.evidence import now
from qiskit_qmu.report.html import (
    data_address,
    embedded_json,
    settings,
    sorting_script,
    template,
    themed,
)
from qiskit_qmu.report.reading import few_seeds
from qiskit_qmu.report.roc_figure import has_pairs, roc_figure
from qiskit_qmu.report.tables.cost_bars import cost_bars, has_costs
from qiskit_qmu.report.tables.flat_table import heading
from qiskit_qmu.report.tables.groups import Group, Grouping
from qiskit_qmu.report.tables.latex import latex
from qiskit_qmu.report.tables.learning_curves import curves_of, learning_figure
from qiskit_qmu.report.tables.lines import every_column
from qiskit_qmu.report.tables.markdown import markdown
from qiskit_qmu.report.tables.rows import csv_text, tidy_rows
from qiskit_qmu.report.tables.sortable_tables import heat_table, number_table, shades
from qiskit_qmu.report.tables.text import failure_lines
from qiskit_qmu.report.tables.tradeoff_figure import has_tradeoff, tradeoff_figure

_MOST_PANELS = 24
_MOST_GROUPS = 8
"""Groups that have figures of their own: a page should open on a phone."""

_OPENING = (
    "How far is each method from the oracle, the model that was retrained without the forgotten "
    "rows, and what does it cost? A good method has gaps near 0; the gaps of the original are what "
    "doing nothing gives."
)
_READING_OF_GAPS = (
    "Mean difference from the oracle of the same seed, under it the 95 % interval of the "
    "difference and the value itself. Blue is more than the oracle, orange less, deeper is "
    "farther, and bold that the interval excludes 0. JS is itself a distance from the oracle; an "
    "AUC beside the oracle has its zero at ½. The rows of the oracle and of answers that look at "
    "nothing show values. Deepest from: {shades}. A click on a heading sorts."
)
_TRADEOFF = (
    "Right: how far the accuracy on forgotten training rows is from the oracle’s, so 0 has "
    "forgotten as retraining does. Up: what was kept of the accuracy on never-seen rows. The line "
    "joins the methods of the Pareto front: no other is at least as near to the oracle and keeps "
    "as much; faint lines are 95 % intervals, and within them the order may be chance. "
    "Numbers name the methods, the dashed line is the oracle’s."
)
_COST = (
    "Bars are costs divided by the oracle’s, so 1 is the price of retraining; the bar of the "
    "original is its own training. Circuits are those that a device would run. In brackets the "
    "mean count; whiskers are 95 % intervals over the seeds, where these differ."
)
_ROC = (
    "How many forgotten rows the attack finds (up) at the price of how many false alarms on "
    "never-seen rows of the same class (right), averaged over seeds, with a 95 % band; the grey "
    "curve is the oracle’s, the dashed diagonal a coin."
)
_LEARNING = (
    "Means over the seeds with 95 % bands, up to the step that all seeds took. The original is "
    "measured on all training rows, the oracle on the retained ones."
)


def page(grouping: Grouping, title: str, environment: Mapping[str, Any] | None = None) -> str:
    """Return the page; whatever the records hold is shown as text, never as markup.

    Args:
        grouping: The runs.
        title: Title of the page.
        environment: Versions and machine, nested as deep as they come.
    """
    script, digest = sorting_script()
    groups = grouping.groups
    places = {str(number): dict(group.place) for number, group in enumerate(groups, start=1)}
    return template("tables.html.jinja").render(
        title=title,
        subtitle=_subtitle(grouping),
        opening=_OPENING,
        common=", ".join(f"{name} {value}" for name, value in grouping.common.items()),
        gaps=heat_table(grouping),
        reading_of_gaps=_READING_OF_GAPS.format(shades=shades(grouping)),
        intervals=_intervals(grouping),
        numbers=number_table(grouping),
        explanations=[
            (heading(column), f"{column.computed}; good: {column.better}")
            for column in every_column(groups)
        ],
        tradeoff=_tradeoff(grouping),
        caption_of_tradeoff=_TRADEOFF,
        parts=list(_parts(groups)),
        not_drawn=_not_drawn(len(groups)),
        failures=[(group.label, line) for group in groups for line in failure_lines(group)],
        files=_files(grouping, title),
        settings=(
            ("Configuration", settings({**grouping.common, "groups": places})),
            ("Environment", settings({"written": now(), **(environment or {})})),
        ),
        script=script,
        script_digest=digest,
    )


def _subtitle(grouping: Grouping) -> str:
    seeds = {summary.seeds for group in grouping.groups for summary in group.summaries}
    count = len(grouping.groups)
    low, high = (min(seeds), max(seeds)) if seeds else (0, 0)
    words = f"{low} seed{'s' * (low != 1)}" if low == high else f"{low} to {high} seeds"
    varies = f" by {' × '.join(grouping.axes)}" if grouping.axes else ""
    return f"{count} group{'s' * (count != 1)}{varies} · {words}"


def _intervals(grouping: Grouping) -> str:
    most = max((s.seeds for group in grouping.groups for s in group.summaries), default=0)
    text = (
        "95 % intervals are over the seeds (t) where there are two or more and they differ, "
        "otherwise over the examples. Of numbers without any real gap one in twenty is bold by "
        "chance. Verdicts depend on how many methods are judged together in a run; ✓ says that "
        "every seed has forgotten."
    )
    return f"{text} {few_seeds(most)}".strip()


def _tradeoff(grouping: Grouping) -> Any:
    drawn = [group for group in grouping.groups if has_tradeoff(group)][:_MOST_PANELS]
    return themed(tradeoff_figure(drawn)) if drawn else None


def _parts(groups: tuple[Group, ...]) -> Iterator[dict[str, Any]]:
    for number, group in enumerate(groups[:_MOST_GROUPS], start=1):
        figures = [
            {"name": name, "title": title, "svg": themed(svg), "caption": caption}
            for name, title, svg, caption in _figures(group, number)
        ]
        if figures:
            yield {"label": group.label or "all runs", "figures": figures}


def _figures(group: Group, number: int) -> Iterator[tuple[str, str, str, str]]:
    if has_costs(group.summaries):
        name = f"cost-{number}"
        yield name, "Cost", cost_bars(group.summaries, name=name), _COST
    scores = [record.scores for record in group.records if record.scores is not None]
    if has_pairs(scores):
        name = f"roc-{number}"
        yield name, "ROC curves of the attack", roc_figure(scores, name=name), _ROC
    curves = curves_of(group.records)
    if curves:
        name = f"learning-{number}"
        yield name, "Learning curves", learning_figure(curves, name=name), _LEARNING


def _not_drawn(count: int) -> str:
    if count <= _MOST_GROUPS:
        return ""
    return (
        f"Figures of the first {_MOST_GROUPS} of {count} groups, and trade-offs of at most "
        f"{_MOST_PANELS}; the tables hold all. A report over fewer runs draws the others."
    )


def _files(grouping: Grouping, title: str) -> list[tuple[str, str]]:
    return [
        ("tables.csv", data_address(csv_text(grouping), "text/csv")),
        ("tables.md", data_address(markdown(grouping, title), "text/markdown")),
        ("tables.tex", data_address(latex(grouping, title), "text/x-tex")),
        ("tables.json", embedded_json({"rows": tidy_rows(grouping)})),
    ]
