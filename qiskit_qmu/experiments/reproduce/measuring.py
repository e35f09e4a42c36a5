"""Further numbers of a protocol, measured on the models that its sweep kept."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from pathlib import Path

from qiskit_qmu._files import make_folder, read_sealed_json, write_sealed_json
from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing import observe_split
from qiskit_qmu.evaluation.method_summary import ORIGINAL
from qiskit_qmu.experiments.configuration.experiment_backends import (
    observing_backend,
    training_backend,
)
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.reproduce.comparison import Measures
from qiskit_qmu.experiments.reproduce.protocol import Measure
from qiskit_qmu.experiments.sweeps import Cell
from qiskit_qmu.experiments.sweeps.digests import method_digest, original_digest
from qiskit_qmu.experiments.sweeps.engine import Engine
from qiskit_qmu.experiments.sweeps.folder import SweepFolder, has_failed
from qiskit_qmu.experiments.sweeps.made_model import MadeModel, kept_models
from qiskit_qmu.experiments.sweeps.running import computed
from qiskit_qmu.models import on_backend
from qiskit_qmu.runs.progress import RunProgress

Numbers = Mapping[str, Mapping[str, float | None]]


def measure_cells(
    cells: Sequence[Cell],
    folder: SweepFolder,
    measure: Measure,
    engine: Engine,
    *,
    data_dir: str | None,
    progress: RunProgress,
) -> Measures:
    """Measure the models of all cells; what was measured before is read.

    Args:
        cells: Cells of a sweep that was run.
        folder: Its folder.
        measure: What is measured; a function that can be imported.
        engine: What computes.
        data_dir: Folder of image files.
        progress: Called with what is done and the share of the whole.

    Returns:
        Numbers by cell; none of a cell that failed.
    """
    found: dict[str, Numbers] = {}
    missing = []
    for cell in cells:
        file = _file(folder, cell, measure)
        if file.exists():
            found[cell.digest] = read_sealed_json(file, "measures of a cell")["numbers"]
        elif not has_failed(folder.records(cell) or []):
            missing.append(cell)
    for done, (cell, numbers) in enumerate(_results(missing, folder, measure, engine, data_dir), 1):
        file = _file(folder, cell, measure)
        make_folder(file.parent)
        write_sealed_json(file, {"numbers": numbers})
        found[cell.digest] = numbers
        progress(f"measures, {done} of {len(missing)}", done / len(missing))
    return found


def _results(
    cells: Sequence[Cell],
    folder: SweepFolder,
    measure: Measure,
    engine: Engine,
    data_dir: str | None,
) -> Iterator[tuple[Cell, Numbers]]:
    """Yield the numbers of each cell."""
    tasks = [(cell, (measure, *_models(cell, folder, data_dir))) for cell in cells]
    for place, numbers in computed(engine, folder, _measured, tasks):
        yield cells[place], numbers


def _file(folder: SweepFolder, cell: Cell, measure: Measure) -> Path:
    return folder.path / "measures" / f"{cell.digest}-{measure.__name__}.json"


def _models(
    cell: Cell, folder: SweepFolder, data_dir: str | None
) -> tuple[Setup, MadeModel, dict[str, MadeModel]]:
    setup = Setup.load(cell.experiment, cell.experiment.seed, data_dir)
    digest = original_digest(setup)
    original = folder.models.get(digest)
    assert original is not None
    made = {
        method: model
        for method in cell.experiment.all_methods
        if (model := folder.models.get(method_digest(setup, method, digest)))
        and model.error is None
    }
    return setup, original, made


def _measured(
    measure: Measure,
    setup: Setup,
    original: MadeModel,
    made: Mapping[str, MadeModel],
    jobs: Path | None,
) -> Numbers:
    """Observe the models of a cell where its sweep did, and measure them."""
    experiment, seed, split = setup.experiment, setup.seed, setup.split
    device = observing_backend(experiment, seed, jobs)
    with training_backend(experiment, seed) as backend, device or nullcontext():
        trained, kept = kept_models(setup, original, made)(backend)
        models = {ORIGINAL: trained.model}
        for method in made:
            models[method] = kept(setup.strategy(method), method, trained.model, split, seed).model
        observed = {
            method: observe_split(model if device is None else on_backend(model, device), split)
            for method, model in models.items()
        }
    return measure(observed, split, stream(seed, "measures"))
