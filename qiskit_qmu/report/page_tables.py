"""The tables of the page of a run."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import final

from qiskit_qmu.evaluation import COSTS, Column, Kind, MethodSummary, result_columns, rules
from qiskit_qmu.evaluation.columns import (
    AUC,
    BASELINES,
    CHANCE,
    CHANCE_SHARE,
    CIRCUITS,
    COIN,
    GRADIENTS,
    JS_FORGET,
    JS_RETAIN,
    NOTHING,
    REFERENCE_AUC,
    number,
    show_ratio,
)
from qiskit_qmu.evaluation.method_summary import ORACLE, Row, shown_columns
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.headline import SYMBOLS, verdict_words
from qiskit_qmu.report.page_cells import (
    PageCell,
    PageRow,
    PageTable,
    cell,
    heading_groups,
    headings,
    limits,
    minus,
)

_NOTES = {"original": "doing nothing", ORACLE: "retrained: the aim"}


def results_table(
    summaries: Sequence[MethodSummary], kind: Kind, num_classes: int | None, chosen: str = ""
) -> PageTable:
    """Tabulate what decides, what else tells, and the cost, with what guessing scores.

    Args:
        summaries: One per method.
        kind: What was forgotten.
        num_classes: Number of classes, for chance; None where it is not known.
        chosen: The recommended method; may be empty.
    """
    shown = shown_columns(summaries)
    known = {column.key for column in shown}
    deciding = [rule.column for rule in rules(kind, known)]
    others = [
        column
        for column in (AUC, REFERENCE_AUC, JS_FORGET, JS_RETAIN)
        if column.key in known and column not in deciding
    ]
    columns = (*deciding, *others)
    cost = next(
        (c for c in (CIRCUITS, GRADIENTS) if any(map(math.isfinite, _ratios(c, summaries)))), None
    )
    rows = [
        PageRow(
            name=summary.method,
            note=_NOTES.get(summary.method, ""),
            cells=(
                *(_full_cell(column, summary) for column in columns),
                *(() if cost is None else (_cost_cell(cost, summary),)),
            ),
            reference=summary.is_reference,
            symbol=SYMBOLS[summary.outcome] if summary.verdicts else "",
            verdict=verdict_words(summary),
            outcome=summary.outcome or "",
            chosen=summary.method == chosen,
        )
        for summary in summaries
    ]
    guesses = tuple(
        PageCell(value=baseline_score(column, CHANCE, num_classes, or_else=COIN))
        for column in columns
    )
    if columns:
        blank = () if cost is None else (PageCell(value=NOTHING),)
        rows.append(
            PageRow(
                name="guessing", note="looks at nothing", cells=(*guesses, *blank), reference=True
            )
        )
    names = (("what decides", len(deciding)), ("what else tells", len(others)))
    groups = [*names, *(() if cost is None else (("cost", 1),))]
    heads = [
        *map(_full_heading, columns),
        *(() if cost is None else (f"{cost.heading}, × oracle",)),
    ]
    return PageTable(
        groups=tuple(group for group in groups if group[1]), headings=tuple(heads), rows=tuple(rows)
    )


def every_number_table(summaries: Sequence[MethodSummary], num_classes: int | None) -> PageTable:
    """Tabulate all results and costs, with what attacks and models score that look at nothing."""
    shown = shown_columns(summaries)
    costs = [cost for cost in COSTS if any(summary.values[cost.key].known for summary in summaries)]
    rows = [
        PageRow(
            name=summary.method,
            note=_NOTES.get(summary.method, ""),
            cells=(
                *(_full_cell(column, summary) for column in shown),
                *(_cost_cell(cost, summary) for cost in costs),
            ),
            reference=summary.is_reference,
        )
        for summary in summaries
    ]
    for name, how in BASELINES.items() if any(column.baselines for column in shown) else ():
        cells = (PageCell(value=baseline_score(column, name, num_classes)) for column in shown)
        blank = (PageCell(value=NOTHING) for _ in costs)
        rows.append(PageRow(name=name, note=how, cells=(*cells, *blank), reference=True))
    columns = (*shown, *costs)
    return PageTable(groups=heading_groups(columns), headings=headings(columns), rows=tuple(rows))


@final
@dataclass(frozen=True, kw_only=True)
class Fact:
    """One number behind a verdict: what it is, its value, and those of the references."""

    name: str
    value: str
    beside: str
    decides: bool = False


def facts(summaries: Sequence[MethodSummary], kind: Kind, method: str) -> tuple[Fact, ...]:
    """Return the numbers that a method's verdict rests on, each beside oracle and original.

    Args:
        summaries: One per method.
        kind: What was forgotten.
        method: The method; nothing is returned where there is none of that name.
    """
    by_name = {summary.method: summary for summary in summaries}
    if method not in by_name:
        return ()
    own = by_name[method]
    known = {key for key, interval in own.values.items() if interval.known}
    return tuple(
        Fact(
            name=_full_heading(rule.column),
            value=_written(rule.column, own.values[rule.column.key]),
            beside=" · ".join(
                f"{name} {_written(rule.column, by_name[name].values[rule.column.key])}"
                for name in ("oracle", "original")
                if name in by_name and by_name[name].values[rule.column.key].known
            ),
            decides=rule.column.key == own.decided_by,
        )
        for rule in rules(kind, known)
    )


def explanations(summaries: Sequence[MethodSummary]) -> tuple[tuple[str, str], ...]:
    """Return what each shown number is: its name, how it is computed, where a good method ends."""
    shown = shown_columns(summaries)
    costs = [cost for cost in COSTS if any(summary.values[cost.key].known for summary in summaries)]
    return tuple(
        (_full_heading(column), f"{column.computed}; good: {column.better}")
        for column in (*shown, *costs)
    )


def num_classes_of(rows: Sequence[Row]) -> int | None:
    """Return the number of classes that the rows agree on, None where they do not name one."""
    found = {row["num_classes"] for row in rows if row.get("num_classes")}
    return found.pop() if len(found) == 1 else None


def seeds_table(rows: Sequence[Row]) -> PageTable:
    """Tabulate the rows as they came, one line per method and seed."""
    fields = tuple(
        column
        for column in (*result_columns(rows), *COSTS)
        if any(math.isfinite(number(row, column.key)) for row in rows)
    )
    lines = tuple(
        PageRow(
            name=f"{row['method']}, seed {row.get('seed', NOTHING)}",
            cells=tuple(PageCell(value=field.show(number(row, field.key))) for field in fields),
        )
        for row in rows
    )
    return PageTable(groups=heading_groups(fields), headings=headings(fields), rows=lines)


def weights(rows: Sequence[Row]) -> dict[str, str]:
    """Return the digests of the models' weights, by method and seed, of rows that have one."""
    return {
        f"{row['method']}, seed {row.get('seed', NOTHING)}": row["weights_sha256"]
        for row in rows
        if row.get("weights_sha256")
    }


def parameter_sentence(rows: Sequence[Row]) -> str:
    """Say how much of the model is quantum, where the rows agree on it; empty otherwise."""
    counts = {
        (number(row, "quantum_parameters"), number(row, "classical_parameters")) for row in rows
    }
    if len(counts) != 1:
        return ""
    ((quantum, classical),) = counts
    if not math.isfinite(quantum + classical) or quantum + classical <= 0:
        return ""
    share = 100 * quantum / (quantum + classical)
    return (
        f"The model has {quantum:,.0f} quantum and {classical:,.0f} classical parameters: "
        f"{share:.3g} % of what can change is quantum."
    )


def _full_cell(column: Column, summary: MethodSummary) -> PageCell:
    """Return a number with its interval and its gap to the oracle."""
    interval, gap = summary.values[column.key], summary.gaps[column.key]
    has_gap = gap.known and column.better != "0"
    return replace(
        cell(column, interval),
        gap=minus(column.show_signed(gap.value)) if has_gap else "",
        strong=has_gap and gap.excludes(0.0),
        decides=column.key == summary.decided_by,
    )


def _cost_cell(cost: Column, summary: MethodSummary) -> PageCell:
    """Return a cost as a multiple of the oracle's, with the cost itself under it."""
    own, ratio = summary.values[cost.key], summary.relative_costs[cost.key]
    if not math.isfinite(ratio):
        return PageCell(value=cost.show(own.value))
    return PageCell(value=f"×{show_ratio(ratio)}", detail=cost.show(own.value))


def _ratios(cost: Column, summaries: Sequence[MethodSummary]) -> list[float]:
    return [summary.relative_costs[cost.key] for summary in summaries]


def _full_heading(column: Column) -> str:
    return f"{column.name}, {column.unit}" if column.unit else column.name


def baseline_score(column: Column, name: str, num_classes: int | None, *, or_else: str = "") -> str:
    """Return what an answer scores that looks at nothing, as text; a dash where it has no score.

    Args:
        column: The number.
        name: Which answer, of `BASELINES`.
        num_classes: Number of classes, for chance; None where it is not known.
        or_else: The answer that stands in where this one has no score.
    """
    scores = column.baselines
    chance = f"{100 / num_classes:.1f}" if num_classes else "1 / classes"
    return scores.get(name, scores.get(or_else, NOTHING)).replace(CHANCE_SHARE, chance)


def _written(column: Column, interval: Interval) -> str:
    """Return a number with its interval, for a sentence."""
    value = f"{minus(column.show(interval.value))} {column.unit}".strip()
    if not interval.has_limits:
        return value
    return f"{value} ({limits(column, interval)})"
