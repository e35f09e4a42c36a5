"""What comparisons of shots write: shots.json, shots.svg and shots.html."""

import json
from pathlib import Path
from typing import Any

from qiskit_qmu._files import write_together
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.experiments.shots.comparison import ShotComparison
from qiskit_qmu.experiments.shots.run import Row, compare_shots
from qiskit_qmu.experiments.shots.saved import SavedShots
from qiskit_qmu.report import render_shot_page, shot_figure
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.runs.run_lock import LOCK, RunLock


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
        data_dir: Folder of image files.
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
        _write_shots(folder, comparison, rows)
    return rows


def run_saved_shots(
    work: SavedShots, out: str | Path, *, progress: RunProgress = no_progress
) -> list[Row]:
    """Compare shot counts on a saved model and write the result to a folder.

    Args:
        work: The model and what to compare.
        out: The folder; made where it is missing.
        progress: Called with what is being done and the share that is done.

    Returns:
        The rows, as `compare_shots` gives them.

    Raises:
        InputError: If the comparison is not possible, the folder cannot be written, or another
            process works in it.
    """
    with writable_folder(out) as folder, RunLock(folder / LOCK):
        rows = work.rows(job_dir=folder / "jobs", progress=progress)
        progress("writing the report", 1.0)
        _write_shots(folder, work.comparison, rows, title=f"Shots of {work.path}")
    return rows


def _write_shots(
    folder: Path, comparison: ShotComparison, rows: list[Row], title: str | None = None
) -> None:
    content: dict[str, Any] = {
        "schema": 1,
        "config": comparison.to_dict(),
        "environment": environment(),
        "rows": rows,
    }
    experiment = comparison.experiment
    page = render_shot_page(
        rows,
        title=title or f"Shots on {experiment.dataset_name}, {experiment.model} model",
        subtitle=f"Observed on {experiment.backend} · unlearned by {comparison.method}",
        config=content["config"],
        environment=content["environment"],
    )
    record = json.dumps(content, indent=1, allow_nan=False) + "\n"
    files = {"shots.json": record, "shots.svg": shot_figure(rows) + "\n", "shots.html": page}
    write_together(folder, files)
