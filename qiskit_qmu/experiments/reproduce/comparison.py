"""Ours beside theirs: each quantity of each method, over the seeds, with what was published."""

import math
from collections.abc import Mapping, Sequence

from qiskit_qmu.experiments.reproduce.compared import Compared
from qiskit_qmu.experiments.reproduce.protocol import TASK
from qiskit_qmu.experiments.reproduce.published import Published
from qiskit_qmu.experiments.reproduce.quantity import Quantity, Rows
from qiskit_qmu.experiments.sweeps import SweepResult
from qiskit_qmu.metrics import UNKNOWN, Interval, mean_interval

Measures = Mapping[str, Mapping[str, Mapping[str, float | None]]]
"""What a protocol measured beyond the rows of a sweep: by cell, method and name."""


def compare_with_published(
    result: SweepResult,
    quantities: Sequence[Quantity],
    published: Published,
    measures: Measures | None = None,
) -> tuple[Compared, ...]:
    """Return every quantity of every method, ours beside theirs.

    Args:
        result: The rows of a protocol's cells.
        quantities: What is compared.
        published: What was published; methods that we did not run have rows too.
        measures: Further numbers by cell, method and name.
    """
    by_task: dict[str, list[Rows]] = {}
    for cell, records in zip(result.cells, result.records, strict=True):
        further = (measures or {}).get(cell.digest, {})
        rows = {
            record.row["method"]: {**record.row, **further.get(record.row["method"], {})}
            for record in records
            if record.row["method"]  # (a cell that failed as a whole has none)
        }
        rows |= {method: dict(own) for method, own in further.items() if method not in rows}
        by_task.setdefault(cell.axes[TASK], []).append(rows)
    compared = []
    for task, cells in by_task.items():
        ours = [method for rows in cells for method in rows]
        for method in dict.fromkeys((*ours, *published.methods(task))):
            for quantity in quantities:
                values = [
                    value
                    for rows in cells
                    if method in rows and math.isfinite(value := quantity.read(rows, method))
                ]
                compared.append(
                    Compared(
                        task=task,
                        method=method,
                        quantity=quantity,
                        ours=_over_seeds([value * quantity.factor for value in values]),
                        seeds=len(values),
                        theirs=published.find(task, method, quantity.published),
                    )
                )
    return tuple(compared)


def _over_seeds(values: Sequence[float]) -> Interval:
    return mean_interval(values) if values else UNKNOWN
