"""A comparison of shot counts as a plain-text table."""

import textwrap
from collections.abc import Sequence

from qiskit_qmu.report import shot_words
from qiskit_qmu.report.fields import Field
from qiskit_qmu.report.shot_summary import FIELDS, Row, ShotSummary, summarise_shots
from qiskit_qmu.report.table import WIDTH
from qiskit_qmu.report.text_columns import Column, spread_text, text_block


def shot_table(rows: Sequence[Row]) -> str:
    """Write the rows of a comparison as a table, one line for each model and shot count.

    Args:
        rows: As for `summarise_shots`.

    Returns:
        The table and how to read it; no trailing newline.

    Raises:
        InputError: The rows cannot be used.
    """
    summaries = summarise_shots(rows)
    columns = (
        Column(group="", heading="model", cells=tuple(each.model for each in summaries), left=True),
        Column(group="", heading="shots", cells=tuple(each.shots_text for each in summaries)),
        *(_column(field, summaries) for field in FIELDS),
    )
    rule_after = sum(not summary.is_reference for summary in summaries)
    notes = (
        f"±: the longer arm. {shot_words.intervals(rows)}",
        *(f"{term}: {meaning}" for term, meaning in shot_words.LEGEND),
    )
    legend = "\n".join(textwrap.fill(note, WIDTH, subsequent_indent="  ") for note in notes)
    return f"{text_block(columns, rule_after)}\n\n{legend}"


def _column(field: Field, summaries: Sequence[ShotSummary]) -> Column:
    estimates = [summary.values[field.key] for summary in summaries]
    spreads = [spread_text(field, estimate) for estimate in estimates]
    width = max(map(len, spreads))
    cells = (
        field.show(estimate.value) + spread.ljust(width)
        for estimate, spread in zip(estimates, spreads, strict=True)
    )
    return Column(group=field.group, heading=field.heading, cells=tuple(cells))
