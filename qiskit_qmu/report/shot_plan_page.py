"""A plan of shots for people: a text table, a figure, and one HTML page."""

import textwrap
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from qiskit_qmu.evaluation import Column, ShotPlan
from qiskit_qmu.evaluation.columns import ATTACK_AUCS, RETAIN_TEST
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import drawing
from qiskit_qmu.report.html import settings, template, themed
from qiskit_qmu.report.page_cells import PageRow, PageTable, cell, heading_groups, headings
from qiskit_qmu.report.shot_figure import grid_of_panels, shot_axis, shot_places
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, text_block

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_COLOURS = (drawing.TRAINED, drawing.UNSEEN, drawing.METHOD)
_MARKERS = ("o", "D", "s")
_APART = 0.28


def shot_plan_text(plan: ShotPlan) -> str:
    """Write a plan as a table, one line for each number of shots.

    Args:
        plan: The plan.

    Returns:
        The table and how to read it; no trailing newline.
    """
    marks = tuple("yes" if each.meets(plan.target) else "no" for each in plan.choices)
    shots = tuple(f"{each.shots:,}" for each in plan.choices)
    columns = (
        TextColumn(group="", heading="shots", cells=shots),
        TextColumn(group="", heading="meets the target", cells=marks),
        *(
            TextColumn(group=column.title, heading=column.heading, cells=cells)
            for column, values in _values(plan)
            for cells in [tuple(_text(column, each) for each in values)]
        ),
    )
    notes = (f"{plan.advice[0].upper()}{plan.advice[1:].rstrip('.')}.", _reading(plan))
    legend = "\n".join(textwrap.fill(note, WIDTH, subsequent_indent="  ") for note in notes)
    return f"{text_block(columns, 0)}\n\n{legend}"


def shot_plan_figure(plan: ShotPlan) -> str:
    """Draw accuracy and AUC against shots, with their intervals and the target.

    Args:
        plan: The plan.

    Returns:
        The ``<svg>`` element.
    """
    places = shot_places([each.shots for each in plan.choices])
    with drawing.style("shot plan"):
        figure, panels = grid_of_panels(2)
        for axes, title in zip(panels, ("Accuracy, never-seen rows, %", "AUC"), strict=True):
            axes.set_title(title, pad=6)
            shot_axis(axes, places)
        x = [places[each.shots] for each in plan.choices]
        (accuracy, right), *aucs = _values(plan)
        handles = _line(panels[0], accuracy, x, right, drawing.INK, "o", label="accuracy")
        for position, (column, values) in enumerate(aucs):
            beside = _APART * (position - (len(aucs) - 1) / 2)
            handles += _line(
                panels[1],
                column,
                [place + beside for place in x],
                values,
                _COLOURS[position],
                _MARKERS[position],
                label=f"AUC from {column.heading}",
            )
        target = plan.target
        drawing.level(panels[0], 100 * target.min_accuracy)
        drawing.level(panels[1], target.max_auc)
        drawing.legend(figure, [*handles, drawing.line(drawing.INK, "target", dashed=True)])
        return drawing.to_svg(
            figure,
            name="shot-plan",
            description="Accuracy and membership AUC against the number of shots, with the target",
        )


def render_shot_plan(
    plan: ShotPlan,
    *,
    title: str,
    subtitle: str,
    config: Mapping[str, Any],
    environment: Mapping[str, Any],
) -> str:
    """Write a plan as a page with its figure and table.

    Args:
        plan: The plan.
        title: Title of the page.
        subtitle: What stands above it.
        config: The target.
        environment: Versions and machine.

    Returns:
        The page.
    """
    shown = _values(plan)
    rows = tuple(
        PageRow(
            name=f"{each.shots:,} shots, "
            + ("meets the target" if each.meets(plan.target) else "does not meet the target"),
            cells=tuple(cell(column, values[place]) for column, values in shown),
        )
        for place, each in enumerate(plan.choices)
    )
    columns = tuple(column for column, _ in shown)
    return template("shots.html.jinja").render(
        title=title,
        subtitle=subtitle,
        opening=f"{plan.advice[0].upper()}{plan.advice[1:].rstrip('.')}.",
        figure=themed(shot_plan_figure(plan)),
        caption="Bars are intervals, see below. The dashed lines are the target: accuracy must "
        "stay above, every AUC below, with all of their bars.",
        row_heading="shots",
        results=PageTable(groups=heading_groups(columns), headings=headings(columns), rows=rows),
        intervals=_reading(plan),
        legend=(),
        settings=(("Target", settings(config)), ("Environment", settings(environment))),
    )


def _values(plan: ShotPlan) -> list[tuple[Column, list[Interval]]]:
    """Return the columns that have numbers, with one for each number of shots; accuracy first."""
    aucs = [
        (ATTACK_AUCS[key], [each.aucs[key] for each in plan.choices])
        for key in plan.choices[0].aucs
    ]
    return [(RETAIN_TEST, [each.accuracy for each in plan.choices]), *aucs]


def _text(column: Column, interval: Interval) -> str:
    ends = f"{column.show(interval.low)}–{column.show(interval.high)}"
    return f"{column.show(interval.value)} ({ends})"


def _reading(plan: ShotPlan) -> str:
    target = plan.target
    queries = (
        "A row is asked once"
        if target.queries == 1
        else f"An attacker puts the answers to {target.queries} queries of a row together"
    )
    return (
        f"In brackets: intervals over {plan.num_members:,} training rows and "
        f"{plan.num_never_seen:,} never-seen ones, so wide that all {len(plan.choices)} statements "
        f"hold at once with a confidence of {100 * target.level:g} %. {queries}. The attacks have "
        "no reference models, and an attacker with some may see more. It is an audit of this model "
        "and these rows and guarantees nothing for others; parameters that are published are not "
        "protected by few shots."
    )


def _line(
    axes: "Axes",
    column: Column,
    x: list[float],
    values: list[Interval],
    colour: str,
    marker: str,
    *,
    label: str,
) -> list[Any]:
    """Draw one number against shots, with its intervals."""
    value, low, high = (
        [getattr(each, end) * column.factor for each in values] for end in ("value", "low", "high")
    )
    axes.vlines(x, low, high, color=colour, linewidth=1.1, alpha=0.6)
    style: dict[str, Any] = {"linewidth": 1.2, "marker": marker, "markersize": 3.6}
    return list(axes.plot(x, value, color=colour, label=label, **style))
