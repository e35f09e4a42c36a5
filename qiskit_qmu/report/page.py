"""Result rows as one HTML page that needs nothing but itself: no script, no link to load."""

import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Required, TypedDict, Unpack

from qiskit_qmu._files import make_folder, write_file
from qiskit_qmu.evaluation import Column, Kind, MethodSummary, aggregate
from qiskit_qmu.evaluation.columns import (
    AUC,
    FORGET_TEST,
    FORGET_TRAIN,
    PAPER_CONTROL,
    PAPER_RATE,
    RETAIN_TEST,
    RETAIN_TRAIN,
)
from qiskit_qmu.evaluation.method_summary import Row, shown_columns
from qiskit_qmu.report import page_tables as tables
from qiskit_qmu.report import reading
from qiskit_qmu.report.figures import accuracy_figure, cost_figure, membership_figure
from qiskit_qmu.report.headline import CHOICE, headline
from qiskit_qmu.report.html import embedded_json, settings, template, themed
from qiskit_qmu.report.method_lines import method_lines
from qiskit_qmu.report.observed_on import audited_in_words
from qiskit_qmu.report.retrained import are_retrained, said_of_retrained
from qiskit_qmu.report.roc_figure import Scores, has_pairs, roc_figure

_TITLE = "Quantum machine unlearning"


class PageArguments(TypedDict, total=False):
    """Arguments of ``render_page`` besides the rows."""

    kind: Required[Kind]
    scores: Sequence[Scores]
    evidence: Mapping[str, Mapping[str, Any]] | None
    config: Mapping[str, Any] | None
    environment: Mapping[str, Any] | None
    title: str
    forgotten: str
    does: Mapping[str, str]


def render_page(rows: Sequence[Row], **arguments: Unpack[PageArguments]) -> str:
    """Write result rows as an HTML page: the verdict, the numbers behind it, and the evidence.

    The same arguments give the same text. Whatever the arguments hold is shown as text, never
    as markup.

    Args:
        rows: Result rows, one per method and seed.
        kind: What was forgotten: ``"class"`` or ``"instances"``.
        scores: Scores of the attack, one mapping per method and seed, as for
            `method_bands`; without them there is no ROC figure.
        evidence: What the numbers rest on, by heading and name: rows and where they came from,
            what was forgotten, hyperparameters, when and how the run was called.
        config: Configuration of the run, nested as deep as it comes.
        environment: Versions and machine of the run, likewise.
        title: Title of the page.
        forgotten: What was forgotten, in words, such as ``"class 4 (92 rows)"``.
        does: What each method does, in one line, by its name.

    Returns:
        The page.

    Raises:
        InputError: The rows, the scores or the kind cannot be used.

    Example:
        >>> from qiskit_qmu.report import render_page
        >>> rows = [{"method": "ga", "r2_retain_test": 0.6}]
        >>> page = render_page(rows, kind="instances", title="R² < 1")
        >>> page.startswith("<!DOCTYPE html>"), "R² &lt; 1" in page, "<script" in page
        (True, True, False)
    """
    return template("page.html.jinja").render(page_context(rows, arguments))


def page_context(
    rows: Sequence[Row], given: PageArguments, record: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return what the page's template shows, for this page and those that extend it.

    Args:
        rows: Result rows, one per method and seed.
        given: The other arguments of `render_page`.
        record: What else the JSON file in the page holds.

    Raises:
        InputError: The rows, the scores or the kind cannot be used.
    """
    kind, scores, title = given["kind"], given.get("scores", ()), given.get("title", _TITLE)
    reading.check_kind(kind)
    summaries = aggregate(rows)
    evidence = dict(given.get("evidence") or {})
    config, environment = given.get("config") or {}, given.get("environment") or {}
    weights = {"Weights (SHA-256)": tables.weights(rows)}
    said = headline(summaries, kind)
    if are_retrained(rows):
        said = said_of_retrained(said)
    num_classes = tables.num_classes_of(rows)
    several = max(summary.seeds for summary in summaries) > 1
    return {
        "title": title,
        "subtitle": _subtitle(summaries, kind, given.get("forgotten", "")),
        "said": said,
        "observed": audited_in_words({}, rows),
        "facts": tables.facts(summaries, kind, said.focus),
        "choice": CHOICE if sum(not summary.is_reference for summary in summaries) > 1 else "",
        "results": tables.results_table(summaries, kind, num_classes, said.recommended),
        "methods": method_lines(summaries, given.get("does") or {}),
        "every_number": tables.every_number_table(summaries, num_classes),
        "intervals": reading.page_intervals(summaries),
        "legend": reading.legend(shown_columns(summaries), kind),
        "explanations": tables.explanations(summaries),
        "figures": _figures(summaries, scores, kind),
        "parameters": tables.parameter_sentence(rows),
        "evidence": tuple((name, settings(part)) for name, part in (evidence | weights).items()),
        "settings": (
            ("Configuration", settings(config)),
            ("Environment", settings(environment)),
        ),
        "seeds": tables.seeds_table(rows) if several else None,
        "json": embedded_json(
            {"evidence": evidence, "config": config, "environment": environment, "rows": rows}
            | dict(record or {})
        ),
    }


def write_page(
    path: str | os.PathLike[str], rows: Sequence[Row], **arguments: Unpack[PageArguments]
) -> Path:
    """Write the page to a file, all of it or nothing.

    Args:
        path: Where to; folders that are missing are made.
        rows: Result rows, one per method and seed.
        arguments: The other arguments of ``render_page``.

    Returns:
        The path.

    Raises:
        InputError: ``render_page`` refuses.

    Example:
        >>> from qiskit_qmu.report import write_page
        >>> rows = [{"method": "ga", "js_oracle_retain": 0.02, "seconds": 1.5}]
        >>> path = write_page("results/report.html", rows, kind="class")
        >>> path.as_posix(), path.exists()
        ('results/report.html', True)
    """
    target = Path(path)
    page = render_page(rows, **arguments)
    make_folder(target.parent)
    write_file(target, page)
    return target


def render_results(rows: Sequence[Row], *, kind: Kind) -> str:
    """Write the verdict and the table of results as HTML for a notebook, with no page around it.

    Args:
        rows: Result rows, one per method and seed.
        kind: What was forgotten.

    Returns:
        One element.

    Raises:
        InputError: The rows or the kind cannot be used.
    """
    reading.check_kind(kind)
    summaries = aggregate(rows)
    said = headline(summaries, kind)
    if are_retrained(rows):
        said = said_of_retrained(said)
    return template("results.html.jinja").render(
        said=said,
        reasons=[each.reasons for each in summaries if each.method == said.focus],
        results=tables.results_table(
            summaries, kind, tables.num_classes_of(rows), said.recommended
        ),
        intervals=reading.page_intervals(summaries),
    )


def _subtitle(summaries: Sequence[MethodSummary], kind: Kind, forgotten: str) -> str:
    seeds = max(summary.seeds for summary in summaries)
    parts = (
        {"class": "Forgetting a class", "instances": "Forgetting instances"}[kind],
        forgotten,
        "1 seed" if seeds == 1 else f"{seeds} seeds",
    )
    return " · ".join(part for part in parts if part)


def _figures(
    summaries: Sequence[MethodSummary], scores: Sequence[Scores], kind: Kind
) -> tuple[dict[str, Any], ...]:
    """Draw the figures for which there is anything to show."""

    def any_known(*columns: Column) -> bool:
        return any(summary.values[column.key].known for summary in summaries for column in columns)

    drawn = []
    if any_known(FORGET_TRAIN, FORGET_TEST, RETAIN_TRAIN, RETAIN_TEST):
        drawn.append(("accuracy", "Accuracy", accuracy_figure(summaries)))
    if any_known(PAPER_RATE, PAPER_CONTROL, AUC):
        drawn.append(("membership", "Membership", membership_figure(summaries)))
    if has_pairs(scores):
        drawn.append(("roc", "ROC curves of the attack", roc_figure(scores)))
    if any(math.isfinite(ratio) for s in summaries for ratio in s.relative_costs.values()):
        drawn.append(("cost", "Cost", cost_figure(summaries)))
    return tuple(
        {"name": name, "title": title, "svg": themed(svg), "caption": reading.CAPTIONS[kind][name]}
        for name, title, svg in drawn
    )
