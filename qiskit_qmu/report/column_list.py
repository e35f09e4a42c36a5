"""The reported numbers as a list for a terminal and as a Markdown table for the README."""

from qiskit_qmu.evaluation import COSTS, RESULTS, SHOT_RESULTS, Column
from qiskit_qmu.evaluation.columns import CHANCE_SHARE, NOTHING


def column_lines() -> tuple[str, ...]:
    """Return one entry of lines for each number that a result row, or one of shots, can hold."""
    columns = _columns()
    width = max(len(column.key) for column in columns)
    indent = " " * (width + 2)
    return tuple(
        f"{column.key:{width}}  {_shown_as(column)}: {column.computed}\n"
        f"{indent}{'; '.join(filter(None, _notes(column)))}"
        for column in columns
    )


def column_table() -> str:
    """Return the numbers as a Markdown table; no trailing newline."""
    lines = [
        "| number | shown as | how it is computed | good | what looking at nothing scores |",
        "|---|---|---|---|---|",
    ]
    for column in _columns():
        cells = (
            f"`{column.key}`",
            _shown_as(column),
            column.computed,
            column.better,
            _baselines(column) or NOTHING,
        )
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


_APPLIES = {"classes": "models of classes", "values": "any other model", "any": "any model"}


def _notes(column: Column) -> tuple[str, ...]:
    baselines = _baselines(column)
    return (
        f"for {_APPLIES[column.applies]}",
        f"good: {column.better}",
        baselines and f"baselines: {baselines}",
    )


def _columns() -> tuple[Column, ...]:
    every = {column.key: column for column in (*RESULTS, *SHOT_RESULTS, *COSTS)}
    return tuple(every.values())


def _shown_as(column: Column) -> str:
    return f"{column.name}, {column.unit}" if column.unit else column.name


def _baselines(column: Column) -> str:
    scores: dict[str, list[str]] = {}
    for name, score in column.baselines.items():
        scores.setdefault(score.replace(CHANCE_SHARE, "100/classes"), []).append(name)
    if len(scores) == 1 and len(next(iter(scores.values()))) > 2:
        return f"{next(iter(scores))} for all"
    return "; ".join(f"{' and '.join(names)} {score}" for score, names in scores.items())
