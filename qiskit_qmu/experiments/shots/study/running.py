"""run_shot_study: a study of shots into a folder, resumed target by target."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, final

from qiskit_qmu._files import write_together
from qiskit_qmu.backends.versions import environment
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.experiments.shots.study.attacks import attacked_rows
from qiskit_qmu.experiments.shots.study.folder import StudyFolder
from qiskit_qmu.experiments.shots.study.study import ShotStudy
from qiskit_qmu.experiments.shots.study.target import Row, target_answers
from qiskit_qmu.experiments.sweeps.engine import open_engine
from qiskit_qmu.report.shot_study import (
    render_study_page,
    study_csv,
    study_figures,
    study_markdown,
    study_text,
    summarise_study,
)
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.runs.run_lock import LOCK, RunLock


@final
@dataclass(frozen=True, kw_only=True)
class ShotStudyResult:
    """The rows of a study.

    Attributes:
        study: What was studied.
        rows: One row of numbers for each target, model, device and number of shots.
    """

    study: ShotStudy
    rows: tuple[Row, ...]

    def __str__(self) -> str:
        return study_text(summarise_study(self.rows))

    def __repr__(self) -> str:
        return f"ShotStudyResult({len(self.rows)} rows)"

    def to_frame(self) -> Any:
        """Return the rows as a pandas DataFrame."""
        import pandas as pd

        return pd.DataFrame(list(self.rows))


def run_shot_study(
    study: ShotStudy,
    out: str | Path,
    *,
    data_dir: str | None = None,
    workers: int | None = None,
    cluster: str | None = None,
    progress: RunProgress = no_progress,
) -> ShotStudyResult:
    """Run a study into a folder; targets that it holds are not computed again.

    Writes ``study.jsonl`` with the rows, ``study.html``, ``study.csv`` and ``study.md`` with means
    and intervals, and the figures as SVG files.

    Args:
        study: What to study.
        out: The folder.
        data_dir: Folder of image files.
        workers: Processes; one per core if None. The numbers do not depend on it.
        cluster: "dask://HOST:PORT" or "ray" to compute on a cluster, see `sweep`.
        progress: Called with what is done and the share of the whole.

    Raises:
        InputError: If the data cannot be read, the folder cannot be written, or another process
            works in it.
        RunError: If workers are lost again and again.

    Example:
        >>> from qiskit_qmu.experiments.shots.study import ShotStudy, run_shot_study
        >>> study = ShotStudy(
        ...     datasets=("iris",), models=("basic",), label=1, train_size=45, device=None
        ... )
        >>> result = run_shot_study(study, "study")  # doctest: +SKIP
        >>> result.to_frame()["method"].unique()[:3]  # doctest: +SKIP
        array(['oracle', 'second oracle', 'original'], dtype=object)
    """
    for dataset, model in study.worlds:  # refuse before anything is written
        Setup.load(study.experiment(dataset, model), study.seed, data_dir).check([])
    with writable_folder(out) as path, RunLock(path / LOCK):
        folder = StudyFolder(path)
        _compute(study, folder, data_dir, workers, cluster, progress)
        progress("attacking and writing the page", 1.0)
        rows: list[Row] = []
        for dataset, model in study.worlds:
            digests = (study.target_digest(dataset, model, n) for n in range(study.targets))
            rows += attacked_rows([folder.read(digest) for digest in digests])
        result = ShotStudyResult(study=study, rows=tuple(rows))
        _write(path, result)
    return result


def _compute(
    study: ShotStudy,
    folder: StudyFolder,
    data_dir: str | None,
    workers: int | None,
    cluster: str | None,
    progress: RunProgress,
) -> None:
    every = {
        study.target_digest(dataset, model, number): (study, dataset, model, number, data_dir)
        for dataset, model in study.worlds
        for number in range(study.targets)
    }
    missing = {digest: task for digest, task in every.items() if not folder.has(digest)}
    digests, done = list(missing), len(every) - len(missing)
    progress(f"target {done} of {len(every)}", done / len(every))
    with open_engine(cluster, workers) as engine:
        for place, answers in engine.results_of(target_answers, list(missing.values())):
            folder.keep(digests[place], answers)
            done += 1
            progress(f"target {done} of {len(every)}", done / len(every))


def _write(folder: Path, result: ShotStudyResult) -> None:
    points = summarise_study(result.rows)
    versions, figures = environment(), study_figures(points)
    config = result.study.to_dict()
    page = render_study_page(points, figures, config=config, environment=versions)
    files = {
        "study.json": json.dumps({"schema": 1, "study": config, "environment": versions}) + "\n",
        "study.jsonl": "".join(f"{json.dumps(row, allow_nan=False)}\n" for row in result.rows),
        "study.csv": study_csv(points),
        "study.md": study_markdown(points),
        "study.html": page,
        **{f"{name}.svg": f"{svg}\n" for name, svg in figures.items()},
    }
    write_together(folder, files)
