"""ShotStudy: everything that determines the results of a study of shots."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field
from types import MappingProxyType
from typing import Any, final

from qiskit_qmu import __version__, _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import CLASS_DATASET_NAMES, ForgetRequest
from qiskit_qmu.experiments.configuration.experiment import Experiment

STUDY_METHODS: Mapping[str, tuple[str, Mapping[str, Any]]] = MappingProxyType(
    {
        "ga": ("ga", {}),
        "ga-r": ("ga-r", {}),
        "ssd": ("ssd", {}),
        "ssd-r": ("ssd-r", {}),
        "ssd-unbiased": ("ssd", {"ssd.shot_noise": "removed"}),
        "ssd-r-unbiased": ("ssd-r", {"ssd-r.shot_noise": "removed"}),
        "rga": ("rga", {}),
        "rga-r": ("rga-r", {}),
    }
)
"""What a study can compare: a method of the registry, and the settings that it differs in."""

STAGES = ("inference", "unlearning", "training")

_SMALL = {"model.num_qubits": 4, "model.num_layers": 3, "trainer.epochs": 40}


@final
@dataclass(frozen=True, kw_only=True)
class ShotStudy:
    """Train, unlearn and observe with few and with many shots, on several datasets and models.

    For each dataset and model a pool of rows is drawn once, and each target model is trained on a
    random half of it; every second target on the other half. The other targets are the reference
    models of an attack on one. All start from the same weights, as models do whose code is public.

    Attributes:
        datasets: Bundled datasets of classes.
        models: "basic", "hybrid" or a factory, see `Experiment`.
        shots: Shot counts, ascending; exact values are always compared too.
        methods: Unlearning methods, of `STUDY_METHODS`.
        throughout: Those of them that are also run with the same few shots in training, unlearning
            and inference.
        stages: Where shots are few: always at "inference", and in "unlearning" and "training".
        device: Device whose noise answers are also given with; None for none.
        targets: Models for each dataset and model; even, at least four.
        queries: How often the attacker may ask who repeats his queries.
        label: The class to forget.
        train_size: Rows of a target, a tenth of them for validation; half of the pool.
        test_size: Never-seen rows, for accuracy.
        settings: Hyperparameters that replace the preset's, by dotted key.
        seed: Seed of everything random.

    Example:
        >>> from qiskit_qmu.experiments.shots.study import ShotStudy
        >>> study = ShotStudy(datasets=("digits",), targets=4)
        >>> [(dataset, model) for dataset, model in study.worlds]
        [('digits', 'basic'), ('digits', 'hybrid')]
    """

    datasets: tuple[str, ...] = ("digits", "mnist")
    models: tuple[str, ...] = ("basic", "hybrid")
    shots: tuple[int, ...] = (1, 4, 16, 64, 256, 1024, 4096, 8192)
    methods: tuple[str, ...] = tuple(STUDY_METHODS)
    throughout: tuple[str, ...] = ("ssd-r",)
    stages: tuple[str, ...] = STAGES
    device: str | None = "fake_torino"
    targets: int = 10
    queries: int = 16
    label: int = 4
    train_size: int = 120
    test_size: int = 200
    settings: Mapping[str, Any] = field(default_factory=lambda: dict(_SMALL), hash=False)
    seed: int = 0

    def __post_init__(self) -> None:
        _check.not_empty(datasets=self.datasets, models=self.models, shots=self.shots)
        for dataset in self.datasets:
            _check.one_of(CLASS_DATASET_NAMES, dataset=dataset)
        for count in self.shots:
            _check.at_least(1, shots=count)
        if list(self.shots) != sorted(set(self.shots)):
            raise InputError(f"shots must ascend without duplicates, got {list(self.shots)}")
        for method in (*self.methods, *self.throughout):
            _check.one_of(tuple(STUDY_METHODS), method=method)
        for stage in self.stages:
            _check.one_of(STAGES, stage=stage)
        _check.at_least(4, targets=self.targets)
        if self.targets % 2:
            raise InputError(f"targets must be even, as halves of a pool are, got {self.targets}")
        _check.at_least(1, queries=self.queries, train_size=self.train_size)
        for dataset, model in self.worlds:
            self.experiment(dataset, model)

    @property
    def worlds(self) -> Iterator[tuple[str, str]]:
        """Every dataset with every model."""
        return ((dataset, model) for dataset in self.datasets for model in self.models)

    def experiment(self, dataset: str, model: str, method: str | None = None) -> Experiment:
        """Return data, model and hyperparameters of one dataset and model.

        Args:
            dataset: The dataset.
            model: The model.
            method: Method of `STUDY_METHODS` whose settings are to hold; None for none.

        Raises:
            InputError: If they are not possible.
        """
        own = {} if method is None else dict(STUDY_METHODS[method][1])
        return Experiment(
            dataset=dataset,
            model=model,
            forget=ForgetRequest(label=self.label),
            train_size=2 * self.train_size,
            test_size=self.test_size,
            settings={**self.settings, **own},
            seed=self.seed,
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return {
            key: list(value) if isinstance(value, tuple) else value
            for key, value in asdict(self).items()
        }

    def target_digest(self, dataset: str, model: str, number: int) -> str:
        """Return a short hash of everything that decides what one target answers."""
        whole = self.to_dict()
        shared = {k: v for k, v in whole.items() if k not in ("datasets", "models", "targets")}
        content = [__version__, shared, dataset, model, number]
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


QUICK_STUDY = ShotStudy(
    datasets=("digits",),
    shots=(1, 16, 256, 4096),
    methods=("ga-r", "ssd", "ssd-unbiased", "rga"),
    throughout=("ssd",),
    targets=4,
    train_size=60,
    test_size=100,
    settings={"model.num_qubits": 4, "model.num_layers": 2, "trainer.epochs": 15},
)
"""A study to see what one is like, and that it runs: a few minutes."""
