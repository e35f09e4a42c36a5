"""Experiment: everything that decides a run's numbers, as one value."""

import hashlib
import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal, final, get_args

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import child_seed
from qiskit_qmu.backends import Backend, mitigation_options, open_backend
from qiskit_qmu.data import DATASET_NAMES, Dataset, ForgetSplit, load_dataset
from qiskit_qmu.experiments.presets import ModelName, Preset, overridden, preset
from qiskit_qmu.models import BasicQNN, HybridQNN, QuantumClassifier
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import DEFAULT_METHODS, METHODS, make_strategy


@final
@dataclass(frozen=True, kw_only=True)
class Experiment:
    """Train, unlearn by several methods, and audit them beside the oracle, for several seeds.

    Attributes:
        dataset: "digits", "iris", "mnist" or "fashion-mnist".
        model: "basic" or "hybrid".
        forget_class: Class to forget.
        forget_fraction: Share of the training rows to forget, drawn at random.
        forget_indices: Positions of the training rows to forget. At most one of the three may be
            given; with none, class 4 (of iris: class 1) is forgotten.
        train_size: Training rows, validation rows among them; None for the dataset's default.
        test_size: Never-seen rows; None for the dataset's default.
        validation_fraction: Share of the training rows that no model trains on: for early stopping,
            and for strategies that choose their strength.
        methods: What to compare; the oracle is always run.
        seeds: Number of repetitions; each draws its own rows, weights, batches and attacks.
        seed: Seed of the first repetition; the others follow it.
        shots: Measurements of each circuit; None for exact values.
        backend: Where trained models are observed. All but "exact" leave training exact: what is
            attacked is what a device answers.
        mitigation: What the device's answers are corrected for: "readout", or nothing where None.
        backend_options: Further options of `open_backend` as JSON values: {"mode": "batch"}.
        settings: Hyperparameters that replace the preset's, by dotted key such as "rga.alpha".
    """

    dataset: Literal["digits", "iris", "mnist", "fashion-mnist"] = "digits"
    model: ModelName = "hybrid"
    forget_class: int | None = None
    forget_fraction: float | None = None
    forget_indices: tuple[int, ...] | None = None
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

    def __post_init__(self) -> None:
        _check.one_of(DATASET_NAMES, dataset=self.dataset)
        _check.one_of(get_args(ModelName), model=self.model)
        _check.at_least(1, seeds=self.seeds)
        _check.at_least(0, seed=self.seed)
        _check.between(0.0, 0.5, validation_fraction=self.validation_fraction)
        if self.shots is not None:
            _check.at_least(1, shots=self.shots)
        if not isinstance(self.backend, str):
            raise InputError(f"backend must be a name, got {self.backend!r}")
        mitigation_options(self.mitigation, self.backend)
        if self.backend == "exact" and self.backend_options:
            raise InputError(
                f"backend_options must be given with a device, got {self.backend_options} on exact"
            )
        if self.forget_fraction is not None:
            _check.between(0.0, 1.0, forget_fraction=self.forget_fraction)
        given = [self.forget_class, self.forget_fraction, self.forget_indices]
        if sum(value is not None for value in given) > 1:
            raise InputError(
                "only one of forget_class, forget_fraction and forget_indices may be given, "
                f"got {[value for value in given if value is not None]}"
            )
        if not self.methods:
            raise InputError("methods must not be empty, got none")
        for method in self.methods:
            _check.one_of(tuple(METHODS), method=method)
        # Bad hyperparameters must be refused before anything is trained.
        settings, trainer = self.preset(_SOME_FEATURES).strategies, self.trainer(_SOME_FEATURES)
        for method in METHODS:
            make_strategy(method, settings, trainer)

    @property
    def kind(self) -> Literal["class", "instances"]:
        """What is forgotten."""
        instances = self.forget_fraction is not None or self.forget_indices is not None
        return "instances" if instances else "class"

    @property
    def label(self) -> int:
        """The class to forget where no rows are named."""
        if self.forget_class is not None:
            return self.forget_class
        return 1 if self.dataset == "iris" else 4

    def training_backend(self, seed: int, *purpose: str) -> Backend:
        """Open the backend that models are trained and changed on.

        Args:
            seed: Seed of the repetition.
            purpose: What it is for, if that is not the training of the original: shots are
                independent of those for any other purpose.
        """
        shots = self.shots if self.backend == "exact" else None
        return open_backend("exact", shots=shots, seed=child_seed(seed, "training", *purpose))

    def observing_backend(self, seed: int, jobs: Path | None = None) -> Backend | None:
        """Open the backend that trained models are observed on; None for that of their training.

        Args:
            seed: Seed of the repetition.
            jobs: Where the jobs of IBM's devices are written down, in a folder for each seed, so
                that none is sent twice.

        Raises:
            InputError: If there is none of that name.
        """
        if self.backend == "exact":
            return None
        return self.open_device(self.shots, seed, jobs)

    def open_device(self, shots: int | None, seed: int, jobs: Path | None = None) -> Backend:
        """Open the backend with the experiment's options and any number of shots.

        Args:
            shots: Measurements of each circuit; None for exact values.
            seed: Seed of the repetition.
            jobs: As for `observing_backend`.

        Raises:
            InputError: If there is none of that name, or it has no exact values.
        """
        options = {**self.backend_options, **mitigation_options(self.mitigation, self.backend)}
        if jobs is not None and self.backend.startswith("ibm"):
            options["ledger"] = jobs / f"seed-{seed}"
        return open_backend(self.backend, shots=shots, seed=seed, **options)

    @property
    def all_methods(self) -> tuple[str, ...]:
        """The methods in order, each once, the oracle first."""
        return tuple(dict.fromkeys(("oracle", *self.methods)))

    def load(self, seed: int, data_dir: str | None = None) -> tuple[Dataset, ForgetSplit]:
        """Return one repetition's data.

        Raises:
            InputError: If the data cannot be read or the forget set is not possible.
        """
        dataset = load_dataset(
            self.dataset,
            train_size=self.train_size,
            test_size=self.test_size,
            seed=seed,
            data_dir=data_dir,
        )
        return dataset, self.split(dataset, seed)

    def split(self, dataset: Dataset, seed: int) -> ForgetSplit:
        """Return the forget split of one repetition's data."""
        held_out: dict[str, Any] = {"validation_fraction": self.validation_fraction, "seed": seed}
        if self.forget_fraction is not None:
            return ForgetSplit.by_fraction(dataset, self.forget_fraction, **held_out)
        if self.forget_indices is not None:
            return ForgetSplit.by_indices(dataset, self.forget_indices, **held_out)
        return ForgetSplit.by_class(dataset, self.label, **held_out)

    def preset(self, num_features: int) -> Preset:
        """Return the hyperparameters, for rows of so many values."""
        qubits = self.settings.get("model.num_qubits")
        base = preset(
            self.dataset,
            self.model,
            self.kind,
            num_features,
            num_qubits=qubits if isinstance(qubits, int) else None,
        )
        return overridden(base, self.settings)

    def trainer(self, num_features: int) -> Trainer:
        """Return the training recipe of original and oracle."""
        try:
            return Trainer(**self.preset(num_features).trainer)
        except TypeError as error:
            raise InputError(f"trainer settings must be its hyperparameters: {error}") from error

    def build_model(self, dataset: Dataset, seed: int, backend: Backend) -> QuantumClassifier:
        """Return the untrained model."""
        settings = self.preset(_num_features(dataset)).model
        # What the experiment itself decides cannot be a setting: Python refuses it twice.
        shared: dict[str, Any] = {
            "num_classes": dataset.num_classes,
            "backend": backend,
            "seed": seed,
            "qnn": None,
        }
        try:
            if self.model == "basic":
                return BasicQNN(**shared, **settings)
            return HybridQNN(**shared, input_shape=dataset.input_shape, **settings)
        except TypeError as error:
            raise InputError(f"model settings must be its hyperparameters: {error}") from error

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    @staticmethod
    def from_dict(values: Any) -> "Experiment":
        """Return the experiment that `to_dict` wrote.

        Raises:
            InputError: If it is no table, or a field is unknown or not possible.
        """
        if not isinstance(values, dict):
            raise InputError(f"an experiment must be a table, got {values!r}")
        fields: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in values.items()
        }
        try:
            return Experiment(**fields)
        except (AttributeError, TypeError) as error:
            raise InputError(f"an experiment must have no fields but its own: {error}") from error

    def digest(self) -> str:
        """Return a short hash that is the same for equal experiments.

        The number of seeds is left out: more seeds continue the same experiment. So are the exact
        backend, no mitigation and no options, which are what there was before there were others.
        """
        content = {key: value for key, value in self.to_dict().items() if key != "seeds"}
        if self.backend == "exact":
            del content["backend"]
        for added in ("mitigation", "backend_options"):
            if not content[added]:
                del content[added]
        text = json.dumps(content, sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]


_SOME_FEATURES = 64


def _num_features(dataset: Dataset) -> int:
    size = 1
    for length in dataset.input_shape:
        size *= length
    return size
