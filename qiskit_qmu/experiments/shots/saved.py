"""SavedShots: a comparison of shot counts on a saved model, with nothing trained that is there."""

from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu.backends import most_qubits
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.workload import usual_request
from qiskit_qmu.experiments.shots.comparison import DEFAULT_SHOTS, MOST_QUBITS, ShotComparison
from qiskit_qmu.experiments.shots.run import NOT_UNLEARNED, Row, observed_rows, unlearned_models
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.training.processes import one_thread


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class SavedShots:
    """What to compare on a saved model.

    A model that has forgotten rows is observed as it is, on these rows and never-seen ones, unless
    others are to be forgotten. Any other model is the original: its oracle is retrained with its
    recipe, and rows are unlearned from a copy.

    Attributes:
        path: Folder of the model.
        saved: The model with its rows.
        comparison: Shot counts, method, repetitions and backend.
        request: What to forget; None for a model that is observed as it is.
    """

    path: str | Path
    saved: SavedModel
    comparison: ShotComparison
    request: ForgetRequest | None

    @staticmethod
    def read(
        path: str | Path,
        request: ForgetRequest | None = None,
        *,
        method: str = "rga-r",
        shots: tuple[int, ...] = DEFAULT_SHOTS,
        exact: bool = True,
        repetitions: int = 1,
        backend: str = "exact",
        mitigation: str | None = None,
        backend_options: dict[str, Any] | None = None,
        settings: dict[str, Any] | None = None,
        source: RowSource | None = None,
        seed: int = 0,
    ) -> "SavedShots":
        """Read a model and check what is to be compared.

        Args:
            path: Folder of the model.
            request: What to forget; for a model that has forgotten nothing, what its experiment
                says if None, or a tenth of its rows.
            method: Unlearning method.
            shots: Shot counts.
            exact: Whether to observe exactly as well.
            repetitions: Independent runs of the models.
            backend: Name of the backend on which models are observed.
            mitigation: Its error mitigation.
            backend_options: Its options.
            settings: Hyperparameters that replace the preset's.
            source: Where the model's rows are now; where None, as the model remembers it.
            seed: Seed of unlearning, shots and attacks.

        Raises:
            InputError: If the model or its data cannot be read, or the comparison is not possible.

        Example:
            >>> import qiskit_qmu as qmu
            >>> from qiskit_qmu.experiments import ForgetRequest, SavedShots, train_and_save
            >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
            >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
            >>> kept = train_and_save(experiment, "model")
            >>> work = SavedShots.read("model", ForgetRequest(label=1), method="ga", shots=(4, 16))
            >>> rows = work.rows()
            >>> sorted({row["model"] for row in rows})
            ['baseline', 'ga', 'oracle', 'original']
        """
        saved = SavedModel.read(
            path, None, "shots", str(seed), source=source, with_forgotten=request is None
        )
        model = saved.classifier("a comparison of shots")
        if request is None and not saved.provenance.deletions:
            request = usual_request(saved)
        experiment = replace(
            saved.experiment,
            forget=request or saved.experiment.forget,
            backend=backend,
            mitigation=mitigation,
            backend_options=backend_options or {},
            settings={**saved.experiment.settings, **(settings or {})},
            seeds=1,
            seed=seed,
        )
        comparison = ShotComparison(
            experiment=experiment,
            method=method,
            shots=shots,
            exact=exact,
            repetitions=repetitions,
        )
        with ExitStack() as opened:
            for device in comparison.backends(seed, opened):
                if device is not None:
                    model.on(device)
        _check.between(1, MOST_QUBITS, num_qubits=most_qubits(model))
        return SavedShots(path=path, saved=saved, comparison=comparison, request=request)

    def rows(
        self, *, job_dir: Path | None = None, progress: RunProgress = no_progress
    ) -> list[Row]:
        """Unlearn where that is wanted, and observe every model with every shot count.

        Args:
            job_dir: Where the jobs of IBM's devices are written down.
            progress: Called with what is being done and the share that is done.

        Returns:
            Rows as those of `compare_shots`.

        Raises:
            InputError: If the rows cannot be forgotten, or the backend cannot run the model.
        """
        experiment = self.comparison.experiment
        model = self.saved.classifier("a comparison of shots")
        with one_thread():
            if self.request is None:
                split = self.saved.forgotten_split()
                name = self.saved.provenance.deletions[-1].strategy
                models, outcomes = {name: model}, {name: NOT_UNLEARNED}
            else:
                setup = self.saved.setup(self.request, experiment.seed, experiment.settings)
                split = setup.split
                models, outcomes = unlearned_models(self.comparison, setup, model, progress)
            return list(
                observed_rows(
                    self.comparison, split, models, outcomes, experiment.seed, job_dir, progress
                )
            )
