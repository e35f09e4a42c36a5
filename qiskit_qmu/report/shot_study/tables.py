"""The points of a study as CSV, as Markdown and as text."""

import csv
import io
import textwrap
from collections.abc import Sequence

from qiskit_qmu.metrics import Interval
from qiskit_qmu.report.shot_study.summary import NUMBERS, SHARES, StudyPoint, worlds_of
from qiskit_qmu.report.shot_study.worth import study_findings
from qiskit_qmu.report.text_columns import WIDTH

INFERENCE = ("acc_test", "auc_loss", "auc_rmia", "auc_counts", "auc_repeated")
UNLEARNING = ("acc_retain", "acc_forget", "forgotten_auc_loss", "js_oracle", "js_exact")
REFERENCES = ("oracle", "second oracle")


def study_csv(points: Sequence[StudyPoint]) -> str:
    """Return all points with all numbers: mean, limits and standard deviation over targets."""
    names = ("dataset", "model", "method", "device", "train_shots", "unlearn_shots", "shots")
    ends = ("", "_low", "_high", "_sd")
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow([*names, "targets", *(f"{key}{end}" for key in NUMBERS for end in ends)])
    for point in points:
        cells: list[object] = [getattr(point, name) for name in names]
        shown = ["exact" if cell is None else cell for cell in cells]
        for key in NUMBERS:
            found = point.values[key]
            every = (found.value, found.low, found.high, point.spreads[key])
            shown += ["" if value != value else f"{value:.6g}" for value in every]
        writer.writerow([*shown[: len(names)], point.targets, *shown[len(names) :]])
    return text.getvalue()


def study_markdown(points: Sequence[StudyPoint]) -> str:
    """Return the tables of inference, training and unlearning in Markdown, with intervals."""
    parts = []
    for dataset, model in worlds_of(points):
        own = [point for point in points if point.world == (dataset, model)]
        parts += [f"## {dataset}, {model}\n", "### Inference and training\n"]
        served = [p for p in own if p.method == "original"]
        parts.append(_table(served, INFERENCE, ("device", "train_shots", "shots")))
        parts.append("### Unlearning, observed exactly\n")
        treated = [
            p for p in own if p.device == "exact" and p.shots is None and p.train_shots is None
        ]
        parts.append(_table(treated, UNLEARNING, ("method", "unlearn_shots")))
        combined = [
            p
            for p in own
            if p.method not in ("original", *REFERENCES)
            and p.device == "exact"
            and p.shots is not None
        ]
        if combined:
            parts.append("### Few shots at inference alone, and throughout\n")
            names = ("method", "train_shots", "unlearn_shots", "shots")
            parts.append(_table(combined, ("acc_retain", "forgotten_auc_loss", "js_oracle"), names))
    return "\n".join(parts)


def study_text(points: Sequence[StudyPoint]) -> str:
    """Return what the study says in sentences, for a terminal."""
    return "\n\n".join(
        textwrap.fill(text, WIDTH, subsequent_indent="  ") for text in study_findings(points)
    )


def _table(points: Sequence[StudyPoint], keys: Sequence[str], names: Sequence[str]) -> str:
    shown = [key for key in keys if any(point.values[key].known for point in points)]
    heads = [*(name.replace("_", " ") for name in names), *(NUMBERS[key][0] for key in shown)]
    lines = [f"| {' | '.join(heads)} |", f"|{'---|' * len(heads)}"]
    for point in points:
        cells = [name_of(point, name) for name in names]
        cells += [number_text(key, point.values[key]) for key in shown]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join([*lines, ""])


def name_of(point: StudyPoint, name: str) -> str:
    """Return an attribute of a point as text; what does not apply is empty."""
    value = getattr(point, name)
    if name == "unlearn_shots" and point.method in ("original", *REFERENCES):
        return ""
    if value is None:
        return "exact"
    return f"{value:,}" if isinstance(value, int) else str(value)


def number_text(key: str, found: Interval) -> str:
    """Return a number with its interval as text; empty where it is not known."""
    if not found.known:
        return ""
    factor, digits = (100.0, 1) if key in SHARES else (1.0, 3)
    value, low, high = (f"{factor * x:.{digits}f}" for x in (found.value, found.low, found.high))
    return f"{value} ({low} to {high})" if found.has_limits else value
