"""Saved models and the rows they were trained on: train, unlearn and audit one step at a time."""

import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, final, get_args

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, reading
from qiskit_qmu._seeds import stream
from qiskit_qmu.auditing import AuditReport, audit
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import Dataset, ForgetSplit, row_digests
from qiskit_qmu.data.split import split_by_positions
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.original import train_original
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.models import QuantumClassifier, load_model, load_provenance, save_model
from qiskit_qmu.observation import Observations
from qiskit_qmu.runs.request import SavedRows
from qiskit_qmu.training import Progress
from qiskit_qmu.unlearning import UnchangedWarning, UnlearningResult, make_strategy

_WHICH_MODEL = ("strategy", "settings", "seed", "forgotten_indices")
"""What tells a saved model from all others that come from the same original."""


@final
@dataclass(frozen=True, kw_only=True)
class ForgetRequest:
    """Which training rows to forget; exactly one is given.

    Attributes:
        label: A class.
        fraction: A share of the training rows, drawn at random.
        indices: Positions of training rows.
    """

    label: int | None = None
    fraction: float | None = None
    indices: tuple[int, ...] | None = None

    def __post_init__(self) -> None:
        given = [v for v in (self.label, self.fraction, self.indices) if v is not None]
        if len(given) != 1:
            raise InputError(
                "exactly one of a class, a fraction and indices must be given to forget, "
                f"got {len(given)}"
            )
        if self.fraction is not None:
            _check.between(0.0, 1.0, fraction=self.fraction)

    def chosen(self, dataset: Dataset, trained: NDArray[np.int64], seed: int) -> NDArray[np.int64]:
        """Return the positions to forget, all of them rows that were trained on.

        Raises:
            InputError: If a row was not trained on, the class does not occur, or nothing remains.
        """
        if self.label is not None:
            labels = dataset.y_train[trained]
            _check.one_of(np.unique(labels).tolist(), label=self.label)
            return np.asarray(trained[labels == self.label])
        if self.fraction is not None:
            count = round(self.fraction * len(trained))
            if not 0 < count < len(trained):
                raise InputError(
                    "fraction must leave at least one row to forget and one to retain of "
                    f"{len(trained)}, got {self.fraction}"
                )
            return np.sort(stream(seed, "forget").choice(trained, size=count, replace=False))
        chosen = np.unique(np.asarray(self.indices))
        strangers = np.setdiff1d(chosen, trained)
        if len(chosen) == 0 or len(strangers):
            got = f"row {strangers[0]}" if len(strangers) else "no rows"
            raise InputError(f"rows to forget must be rows the model was trained on, got {got}")
        return chosen.astype(np.int64)


def train_and_save(
    experiment: Experiment,
    out: str | Path,
    *,
    data_dir: str | None = None,
    progress: Progress | None = None,
) -> dict[str, Any]:
    """Train a model and save it with the indices and digests of its training rows.

    Args:
        experiment: Dataset, model, sizes, seed and hyperparameters; nothing is forgotten.
        out: Folder of the model.
        data_dir: Where image files lie.
        progress: Called after each epoch.

    Returns:
        What was kept beside the model.

    Raises:
        InputError: If the data cannot be read or the folder cannot be written.
    """
    dataset, split = experiment.load(experiment.seed, data_dir)
    backend = experiment.training_backend(experiment.seed)
    model = experiment.build_model(dataset, experiment.seed, backend)
    train = split.train
    with one_thread():
        history = train_original(experiment, model, split, experiment.seed, progress=progress)
    provenance = {
        "experiment": experiment.to_dict(),
        "train_indices": train.indices.tolist(),
        "train_digests": row_digests(train.x, train.y),
        "validation_indices": split.validation.indices.tolist(),
        "losses": list(history.losses),
    }
    save_model(model, out, provenance=provenance)
    return provenance


def unlearn_saved(
    path: str | Path,
    request: ForgetRequest,
    strategy: str,
    out: str | Path,
    *,
    settings: dict[str, Any] | None = None,
    data_dir: str | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> UnlearningResult[QuantumClassifier]:
    """Unlearn rows from a saved model and save the result.

    Args:
        path: Folder of the model.
        request: What to forget.
        strategy: Name of a method, such as "rga-r"; "oracle" retrains.
        out: Folder of the new model.
        settings: Hyperparameters that replace the preset's.
        data_dir: Where image files lie.
        seed: Seed of everything random.
        backend: Where the strategy's circuits run; where None, the simulator on which the model was
            trained.

    Returns:
        The strategy's result.

    Raises:
        InputError: If the model or its data cannot be read, or the request is not possible.
        NonFiniteError: If the strategy leaves the range of numbers; nothing is saved then.
    """
    _check.at_least(0, seed=seed)
    if Path(out).resolve() == Path(path).resolve():
        raise InputError(f"the new model must have a folder of its own, got the old one's, {out}")
    saved = SavedModel.read(
        path, data_dir, backend, "unlearning", strategy, str(seed)
    ).still_known()
    forget = request.chosen(saved.dataset, saved.trained, seed)
    split = saved.split(forget, request.label)
    experiment = saved.experiment_for(request, settings or {})
    num_features = int(np.prod(saved.dataset.input_shape))
    preset, trainer = experiment.preset(num_features), experiment.trainer(num_features)
    with one_thread(), warnings.catch_warnings():
        warnings.simplefilter("ignore", UnchangedWarning)  # the result says so, and is kept
        result = make_strategy(strategy, preset.strategies, trainer)(
            saved.model, split, generator=stream(seed, strategy)
        )
    provenance = {
        **saved.provenance,
        "forgotten_indices": forget.tolist(),
        "forgotten_label": request.label,
        "strategy": strategy,
        "settings": preset.strategies,
        "seed": seed,
        "backend": saved.model.backend.name,
        "shots": saved.model.backend.shots,
        "backend_settings": saved.model.backend.settings(),
        "history": list(result.history),
        "stopped": result.stopped,
        "reason": result.reason,
        "largest_change": result.largest_change,
        "usage": result.usage.to_dict(),
        "seconds": result.seconds,
    }
    save_model(result.model, out, provenance=provenance)
    return result


def audit_saved(
    path: str | Path,
    *,
    original: str | Path,
    oracle: str | Path | None = None,
    data_dir: str | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> AuditReport:
    """Audit a saved unlearned model beside its original and, where there is one, the oracle.

    Args:
        path: Folder of the unlearned model; it says which rows were forgotten.
        original: Folder of the model before unlearning.
        oracle: Folder of a model retrained without the same rows.
        data_dir: Where image files lie.
        seed: Seed of everything random in the attacks.
        backend: Where the models are observed; where None, the simulator on which the first was
            trained.

    Returns:
        The report.

    Raises:
        InputError: If a model or its data cannot be read, or they do not belong together.
    """
    _check.at_least(0, seed=seed)
    saved = SavedModel.read(path, data_dir, backend, "audit", str(seed))
    if "forgotten_indices" not in saved.provenance:
        raise InputError(f"{path} must hold an unlearned model, got one that forgot nothing")
    forget = np.asarray(saved.provenance["forgotten_indices"], dtype=np.int64)
    if _rows_of(original, still_known=True) != _rows_of(path):
        raise InputError(f"{original} must come from the same training rows, got others")
    before, reference = load_model(original, backend=saved.model.backend), None
    if oracle is not None:
        if _rows_of(oracle) != _rows_of(path):
            raise InputError(f"{oracle} must come from the same training rows, got others")
        forgotten = load_provenance(oracle).get("forgotten_indices")
        if forgotten != saved.provenance["forgotten_indices"]:
            raise InputError(f"{oracle} must have forgotten the same rows as {path}, got others")
        reference = load_model(oracle, backend=saved.model.backend)
    split = saved.split(forget, saved.provenance.get("forgotten_label"))
    return audit(saved.model, split, oracle=reference, original=before, seed=seed)


def observe_saved(
    path: str | Path,
    *,
    rows: SavedRows = "test",
    data_dir: str | None = None,
    backend: Backend | None = None,
) -> tuple[Observations, list[int]]:
    """Observe a saved model on rows of its own dataset.

    Args:
        path: Folder of the model.
        rows: "train" for the rows that it was trained on, "test" for never-seen rows, "all" for
            both, training rows first.
        data_dir: Where image files lie.
        backend: Where circuits run; where None, the simulator on which the model was trained.

    Returns:
        What the model answered, and the positions of the rows in the dataset.

    Raises:
        InputError: If the model or its data cannot be read.
    """
    _check.one_of(get_args(SavedRows), rows=rows)
    saved = SavedModel.read(path, data_dir, backend, "observing")
    train, test = saved.dataset.train.take(saved.trained), saved.dataset.test
    parts = {"train": [train], "test": [test], "all": [train, test]}[rows]
    observed = saved.model.observe(
        np.concatenate([part.x for part in parts]), np.concatenate([part.y for part in parts])
    )
    return observed, [int(i) for part in parts for i in part.indices]


@final
@dataclass(frozen=True, kw_only=True)
class SavedModel:
    """A saved model with its data.

    Attributes:
        model: The model.
        provenance: What was kept beside it.
        experiment: Dataset, model and hyperparameters that it was trained with.
        dataset: The data.
        trained: Positions (n,) of the training rows that it was trained on.
    """

    model: QuantumClassifier
    provenance: dict[str, Any]
    experiment: Experiment
    dataset: Dataset
    trained: NDArray[np.int64]

    @staticmethod
    def read(
        path: str | Path, data_dir: str | None, backend: Backend | None, *purpose: str
    ) -> "SavedModel":
        """Read a model that `train_and_save` or `unlearn_saved` wrote.

        Args:
            path: Folder of the model.
            data_dir: Where image files lie.
            backend: Where its circuits run; where None, the simulator on which it was trained, with
                shots of their own for each model and purpose.
            purpose: What the model is read for.

        Raises:
            InputError: If files are missing or damaged, or the data is not what it was trained on.
        """
        provenance = load_provenance(path)
        missing = sorted(_PROVENANCE - provenance.keys())
        if missing:
            raise InputError(f"{path} must say how it was trained, got no {', '.join(missing)}")
        with reading(path, "a saved model"):
            _check_kinds(provenance)
            experiment = Experiment.from_dict(provenance["experiment"])
        model = (str(provenance.get(name)) for name in _WHICH_MODEL)
        backend = backend or experiment.training_backend(experiment.seed, *purpose, *model)
        dataset, _ = experiment.load(experiment.seed, data_dir)
        trained = dataset.train.take(provenance["train_indices"])
        if row_digests(trained.x, trained.y) != provenance["train_digests"]:
            raise InputError(
                f"the data must be what {path} was trained on, got rows with other digests"
            )
        return SavedModel(
            model=load_model(path, backend=backend),
            provenance=provenance,
            experiment=experiment,
            dataset=dataset,
            trained=trained.indices,
        )

    def still_known(self) -> "SavedModel":
        """Return it as if trained only on the rows that it has not been made to forget yet."""
        forgotten = self.provenance.get("forgotten_indices", [])
        known = self.dataset.train.take(np.setdiff1d(self.trained, forgotten).astype(np.int64))
        provenance = {
            **self.provenance,
            "train_indices": known.indices.tolist(),
            "train_digests": row_digests(known.x, known.y),
        }
        return replace(self, trained=known.indices, provenance=provenance)

    def experiment_for(self, request: ForgetRequest, settings: dict[str, Any]) -> Experiment:
        """Return the experiment with what is to be forgotten, and some settings replaced."""
        return replace(
            self.experiment,
            forget_class=request.label,
            forget_fraction=request.fraction,
            forget_indices=request.indices,
            settings={**self.experiment.settings, **settings},
        )

    def split(self, forget: NDArray[np.int64], label: int | None) -> ForgetSplit:
        """Return the split whose training rows are those the model was trained on."""
        return split_by_positions(
            self.dataset,
            forget=forget,
            retain=np.setdiff1d(self.trained, forget),
            validation=np.asarray(self.provenance["validation_indices"], dtype=np.int64),
            label=label,
        )


_PROVENANCE = {"experiment", "train_indices", "train_digests", "validation_indices"}


def _check_kinds(provenance: dict[str, Any]) -> None:
    """Raise InputError if what was kept beside a model is of other types than it is used as."""
    for name in ("train_indices", "validation_indices", "forgotten_indices"):
        for position in checked(provenance.get(name, []), list, name):
            if abs(checked(position, int, f"a position of {name}")) >= 2**31:
                raise InputError(f"a position of {name} must be that of a row, got {position}")
    for digest in checked(provenance["train_digests"], list, "train_digests"):
        checked(digest, str, "a digest of train_digests")
    label = provenance.get("forgotten_label")
    if label is not None:
        checked(label, int, "forgotten_label")


def _rows_of(path: str | Path, *, still_known: bool = False) -> list[tuple[int, str]]:
    """Return positions and digests of the rows a model was trained on, or of those it knows yet."""
    provenance = load_provenance(path)
    rows = zip(
        provenance.get("train_indices", []), provenance.get("train_digests", []), strict=False
    )
    forgotten = provenance.get("forgotten_indices", []) if still_known else []
    return sorted(row for row in rows if row[0] not in forgotten)
