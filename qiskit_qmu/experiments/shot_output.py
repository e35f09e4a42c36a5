"""The folder of a comparison of shot counts: shots.json, shots.html and shots.svg."""

import json
from pathlib import Path
from typing import Any

from qiskit_qmu._files import write_together
from qiskit_qmu.experiments.output import environment, writable_folder
from qiskit_qmu.experiments.run import RunProgress, no_progress
from qiskit_qmu.experiments.shot_comparison import ShotComparison
from qiskit_qmu.experiments.shot_run import Row, compare_shots
from qiskit_qmu.report import render_shot_page, shot_figure
from qiskit_qmu.runs.lock import LOCK, RunLock

SCHEMA = 1


def run_shot_comparison(
    comparison: ShotComparison,
    out: str | Path,
    *,
    data_dir: str | None = None,
    progress: RunProgress = no_progress,
) -> list[Row]:
    """Compare shot counts and write the result to a folder.

    Args:
        comparison: What to compare.
        out: The folder; made where it is missing.
        data_dir: Where image files lie.
        progress: Called with what is being done and the share that is done.

    Returns:
        The rows that `compare_shots` gives.

    Raises:
        InputError: If the comparison is not possible, the folder cannot be written, or another
            process works in it.
    """
    with writable_folder(out) as folder, RunLock(folder / LOCK):
        rows = compare_shots(
            comparison, data_dir=data_dir, job_dir=folder / "jobs", progress=progress
        )
        progress("writing the report", 1.0)
        _write(folder, comparison, rows)
    return rows


def _write(folder: Path, comparison: ShotComparison, rows: list[Row]) -> None:
    content: dict[str, Any] = {
        "schema": SCHEMA,
        "config": comparison.to_dict(),
        "environment": environment(),
        "rows": rows,
    }
    experiment = comparison.experiment
    page = render_shot_page(
        rows,
        title=f"Shots on {experiment.dataset}, {experiment.model} model",
        subtitle=f"Observed on {experiment.backend} · unlearned by {comparison.method}",
        config=content["config"],
        environment=content["environment"],
    )
    record = json.dumps(content, indent=1, allow_nan=False) + "\n"
    files = {"shots.json": record, "shots.svg": shot_figure(rows) + "\n", "shots.html": page}
    write_together(folder, files)
