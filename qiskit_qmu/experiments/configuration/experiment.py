"""Experiment: everything that determines the results of a run."""

import hashlib
import json
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal, final, get_args

from qiskit_qmu import _check
from qiskit_qmu._check import InputError, InputTypeError
from qiskit_qmu.backends import mitigation_options
from qiskit_qmu.data import CLASS_DATASET_NAMES, DATASET_NAMES, ForgetRequest
from qiskit_qmu.data.named_datasets import classes_of
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.data.source_digest import files_digest
from qiskit_qmu.data.tables.labels import Task
from qiskit_qmu.experiments.configuration.presets import (
    ModelName,
    Preset,
    default_request,
    make_trainer,
    overridden,
    preset,
    stage_settings,
)
from qiskit_qmu.models import Outputs, is_factory_name
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import DEFAULT_METHODS, METHODS, make_strategy

SAVED_NETWORK = "network"
"""Model of an experiment that no factory makes: a saved network of Qiskit Machine Learning."""

Scale = Literal["standard", "none"]
"""Whether a model fills missing values and standardises features, or takes rows as they are."""


@final
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Train, unlearn by several methods, and audit them against the oracle, for several seeds.

    Attributes:
        dataset: "digits", "iris", "phases", "mnist" or "fashion-mnist"; or the path of a CSV,
            Parquet or NPZ file, or of a folder of images, as `qiskit_qmu.read_table` takes them.
        model: "basic" or "hybrid"; or "package.module:factory", a function of input shape and
            number of classes that returns a torch module with TorchConnectors.
        outputs: What a factory's module returns, see `as_classifier`; None for logits, which are
            refused where they look like something else.
        scale: "standard" to fill missing values with medians and standardise features, fitted to
            the training rows as part of the model; "none" to take rows as they are. Where None,
            "standard" for rows of a table of your own, and in front of a factory's module for all
            rows that are no images.
        label_column: Column of the classes, where the dataset is a table.
        id_column: Column that names each row; None if rows have no names.
        feature_columns: Columns to learn from; None for all others.
        task: "classification" or "regression", where the type of the labels does not say it.
        separator: What stands between the fields of a CSV file; found out where None.
        decimal: The mark in its numbers, "." or ","; found out where None.
        text_encoding: Its encoding, such as "utf-8"; found out where None.
        test: Share of the file's rows that no model trains on, drawn for each seed; or the path of
            a file with such rows. None for a share of 0.3.
        forget: Which training rows to forget; if None, all of class 4 (of iris: class 1, of
            phases: class 2, of diabetes: a tenth of the rows). A file has no such default.
        train_size: Training rows, validation rows among them; None for the dataset's default.
        test_size: Never-seen rows; None for the dataset's default.
        validation_fraction: Share of the training rows that no model trains on: for early stopping,
            and for strategies that choose their strength.
        methods: What to compare; the oracle is always run.
        seeds: Number of repetitions; each draws its own rows, weights, batches and attacks.
        seed: Seed of the first repetition; the others follow it.
        shots: Measurements of each circuit; None for exact values.
        backend: Backend on which trained models are observed. Training is exact on all backends
            except "exact" with shots: the audit attacks the outputs of a device.
        mitigation: Error mitigation of the device's outputs: "readout", or None.
        backend_options: Further options of `open_backend` as JSON values: {"mode": "batch"}.
        settings: Hyperparameters that replace the preset's, by dotted key such as "rga.alpha".
        source_digest: Digest of the files' content when the experiment ran, see `with_source`.

    Example:
        >>> import qiskit_qmu as qmu
        >>> settings = {"model.num_qubits": 2, "rga.alpha": 1.5}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> experiment.all_methods
        ('oracle', 'gd', 'ga', 'ga-r', 'ssd', 'ssd-r', 'rga', 'rga-r')
        >>> qmu.Experiment.from_dict(experiment.to_dict()) == experiment
        True
    """

    dataset: str = "digits"
    model: str = "hybrid"
    outputs: Outputs | None = None
    scale: Scale | None = None
    label_column: str | None = None
    id_column: str | None = None
    feature_columns: tuple[str, ...] | None = None
    task: Task | None = None
    separator: str | None = None
    decimal: str | None = None
    text_encoding: str | None = None
    test: float | str | None = None
    forget: ForgetRequest | None = None
    train_size: int | None = None
    test_size: int | None = None
    validation_fraction: float = 0.1
    methods: tuple[str, ...] = DEFAULT_METHODS
    seeds: int = 1
    seed: int = 0
    shots: int | None = None
    backend: str = "exact"
    mitigation: str | None = None
    backend_options: dict[str, Any] = field(default_factory=dict, hash=False)
    settings: dict[str, Any] = field(default_factory=dict, hash=False)
    source_digest: str | None = None

    def __post_init__(self) -> None:
        self._check_rows()
        if self.is_bundled:  # (so that equal experiments are equal)
            object.__setattr__(self, "forget", self._numbered(self.request))
        self._check_model()
        _check.at_least(1, seeds=self.seeds)
        _check.at_least(0, seed=self.seed)
        _check.between(0.0, 0.5, validation_fraction=self.validation_fraction)
        if self.shots is not None:
            _check.at_least(1, shots=self.shots)
        if not isinstance(self.backend, str):
            raise InputTypeError(f"backend must be a name, got {self.backend!r}")
        mitigation_options(self.mitigation, self.backend)
        if self.backend == "exact" and self.backend_options:
            raise InputError(
                f"backend_options {self.backend_options} do not apply to the exact backend"
            )
        if not self.methods:
            raise InputError("methods must not be empty")
        for method in self.methods:
            _check.one_of(tuple(METHODS), method=method)
        # Reject invalid hyperparameters before anything is trained.
        features = 64  # (any number will do)
        settings, trainer = self.preset(features).strategies, self.trainer(features)
        for method in METHODS:
            make_strategy(method, settings, trainer)

    def _numbered(self, request: ForgetRequest) -> ForgetRequest:
        """Return a request for rows of a bundled dataset with a known class by its number."""
        names = classes_of(self.dataset) or ()
        if request.label not in names:  # (refused where rows are looked up)
            return request
        return replace(request, label=names.index(str(request.label)))

    def _check_model(self) -> None:
        has_values = self.is_bundled and self.dataset not in CLASS_DATASET_NAMES
        if has_values and self.outputs is not None:
            raise InputError(
                f"outputs are those of classifiers, but {self.dataset} has a regression target"
            )
        if not self.is_own_model:
            _check.one_of((*get_args(ModelName), "package.module:factory"), model=self.model)
            if has_values:
                raise InputError(
                    f"model {self.model} is a classifier, but {self.dataset} has a regression "
                    "target; give a regression model of your own, --model package.module:factory"
                )
            if self.outputs is not None:
                raise InputError(
                    f"outputs apply only to a model of your own, got model {self.model}"
                )
        if self.outputs is not None:
            _check.one_of(get_args(Outputs), outputs=self.outputs)
        if self.scale is not None:
            _check.one_of(get_args(Scale), scale=self.scale)

    def _check_rows(self) -> None:
        given = list(RowSource.of(vars(self)).of_table)
        is_path = isinstance(self.dataset, str) and (
            given or Path(self.dataset).suffix or Path(self.dataset).exists()
        )
        if not self.is_bundled and not is_path:
            _check.one_of((*DATASET_NAMES, "the path of a file"), dataset=self.dataset)
        if self.is_bundled and given:
            raise InputError(
                f"{given[0]} applies to your own tables, but {self.dataset} is a bundled "
                "dataset; give the path of a file as dataset"
            )
        if not isinstance(self.source_digest, str | None):
            raise InputTypeError(f"source_digest must be a string, got {self.source_digest!r}")

    @property
    def is_bundled(self) -> bool:
        """Whether the dataset is bundled with the package, rather than a file."""
        return self.dataset in DATASET_NAMES

    @property
    def is_own_model(self) -> bool:
        """Whether the model is none of the package's: from a factory, or saved from Python."""
        name = str(self.model)  # (a file may hold anything)
        return name == SAVED_NETWORK or is_factory_name(name)

    @property
    def model_name(self) -> str:
        """What folders call the model."""
        return self.model.replace(":", "-")

    @property
    def dataset_name(self) -> str:
        """Name of the dataset in reports and folders: its own, or the file's without its suffix."""
        return self.dataset if self.is_bundled else Path(self.dataset).stem

    @property
    def kind(self) -> Literal["class", "instances"]:
        """What is forgotten: "class" or "instances" (also if not specified yet)."""
        known = self.is_bundled or self.forget is not None
        return "class" if known and self.request.label is not None else "instances"

    @property
    def request(self) -> ForgetRequest:
        """The training rows to forget.

        Raises:
            InputError: If they are not specified and the dataset is not a bundled one.
        """
        if self.forget is not None:
            return self.forget
        if self.is_bundled:
            return default_request(self.dataset)
        raise InputError(
            f"no rows of {self.dataset} to forget are given; use one of --forget-class, "
            "--forget-fraction, --forget-indices, --forget-ids, --forget-where and "
            "--forget-owner (in Python: forget=ForgetRequest(…))"
        )

    def with_source(self) -> "Experiment":
        """Return a copy with a digest of the files' content; unchanged for a bundled dataset.

        Raises:
            InputError: If a file cannot be read.
        """
        if self.is_bundled:
            return self
        tested = [self.test] if isinstance(self.test, str) else []
        return replace(self, source_digest=files_digest([self.dataset, *tested]))

    @property
    def all_methods(self) -> tuple[str, ...]:
        """The methods in order, each once, the oracle first."""
        return tuple(dict.fromkeys(("oracle", *self.methods)))

    def preset(self, num_features: int) -> Preset:
        """Return the hyperparameters for rows with so many values."""
        given = self.settings.get("model.num_qubits")
        qubits = given if isinstance(given, int) else None
        own = stage_settings(self.settings, "trainer")
        base = preset(
            self.dataset, self.model, self.kind, num_features, num_qubits=qubits, trainer=own
        )
        return overridden(base, self.settings)

    def trainer(self, num_features: int) -> Trainer:
        """Return the trainer of original and oracle."""
        return make_trainer(self.preset(num_features).trainer)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        fields = {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }
        return {**fields, "forget": None if self.forget is None else self.forget.to_dict()}

    @staticmethod
    def from_dict(values: Any) -> "Experiment":
        """Return the experiment written by `to_dict`.

        Raises:
            InputError: If it is not a JSON object, or a field is unknown or invalid.
        """
        if not isinstance(values, dict):
            raise InputError(f"an experiment must be a JSON object, got {values!r}")
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        if not isinstance(fields.get("forget"), ForgetRequest | None):
            fields["forget"] = ForgetRequest.from_dict(fields["forget"])
        try:
            return Experiment(**fields)
        except InputError:
            raise
        except (AttributeError, TypeError) as error:
            raise InputError(f"not an experiment: {error}") from error

    def digest(self) -> str:
        """Return a short hash that is the same for equal experiments.

        The number of seeds is ignored: more seeds continue the same experiment. If the files have a
        digest, their paths are ignored too.
        """
        content = {key: value for key, value in self.to_dict().items() if key != "seeds"}
        if self.source_digest is not None:
            content["dataset"] = None
            content["test"] = None if isinstance(self.test, str) else self.test
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
