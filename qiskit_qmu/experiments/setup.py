"""Setup: the rows, recipes and models of one repetition of an experiment."""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.data import Dataset, ForgetSplit, load_dataset, read_table
from qiskit_qmu.data.sampling import draw_validation
from qiskit_qmu.data.split import split_by_positions
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.presets import Preset
from qiskit_qmu.experiments.steps import fit_arguments, unlearn
from qiskit_qmu.models import BasicQNN, HybridQNN, QuantumClassifier
from qiskit_qmu.training import Progress, Trainer, TrainingHistory
from qiskit_qmu.unlearning import UnlearningResult, UnlearningStrategy, make_strategy


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Setup:
    """One repetition of an experiment with its rows.

    Args:
        experiment: Model, methods and hyperparameters.
        seed: Seed of the repetition.
        dataset: Its rows.
        split: Which of them are forgotten, retained and held out.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import Setup
        >>> setup = Setup.load(qmu.Experiment(dataset="iris", model="basic"), seed=0)
        >>> len(setup.split.forget), setup.strategy("gd").epochs
        (32, 5)
    """

    experiment: Experiment
    seed: int
    dataset: Dataset
    split: ForgetSplit

    @staticmethod
    def load(experiment: Experiment, seed: int, data_dir: str | None = None) -> "Setup":
        """Load the rows of one repetition.

        Raises:
            InputError: If they cannot be read or the forget set is not possible.
        """
        dataset = load_rows(experiment, seed, data_dir)
        split = ForgetSplit.of(
            dataset,
            experiment.request,
            validation_fraction=experiment.validation_fraction,
            seed=seed,
        )
        return Setup(experiment=experiment, seed=seed, dataset=dataset, split=split)

    @staticmethod
    def to_train(experiment: Experiment, seed: int, data_dir: str | None = None) -> "Setup":
        """Load the rows of one repetition for training alone: nothing needs to be forgotten.

        Raises:
            InputError: If they cannot be read.
        """
        if experiment.is_bundled or experiment.forget is not None:
            return Setup.load(experiment, seed, data_dir)
        dataset = load_rows(experiment, seed, data_dir)
        everything = np.arange(len(dataset.y_train))
        validation = draw_validation(
            dataset.train.strata, everything, experiment.validation_fraction, seed=seed
        )
        trained = np.setdiff1d(everything, validation)
        # A split needs a row to forget; which one it is makes no difference to training.
        split = split_by_positions(
            dataset,
            forget=trained[:1],
            retain=trained[1:],
            validation=np.sort(validation),
            label=None,
        )
        return Setup(experiment=experiment, seed=seed, dataset=dataset, split=split)

    def of_seed(self, seed: int, data_dir: str | None = None) -> "Setup":
        """Return another repetition's; of the same seed this one, whose rows are loaded already."""
        return self if seed == self.seed else Setup.load(self.experiment, seed, data_dir)

    @property
    def preset(self) -> Preset:
        """All hyperparameters."""
        return self.experiment.preset(math.prod(self.dataset.input_shape))

    @property
    def trainer(self) -> Trainer:
        """The training recipe of original and oracle."""
        return self.experiment.trainer(math.prod(self.dataset.input_shape))

    def strategy(self, method: str) -> UnlearningStrategy:
        """Return the strategy that a name stands for, with its hyperparameters.

        Raises:
            InputError: If the name or a hyperparameter is unknown, or a value is out of range.
        """
        return make_strategy(method, self.preset.strategies, self.trainer)

    def build_model(self, backend: Backend) -> QuantumClassifier:
        """Return the untrained model.

        Raises:
            InputError: If a hyperparameter is unknown or out of range.
        """
        settings = self.preset.model
        # What the experiment itself decides cannot be a setting: Python refuses it twice.
        shared: dict[str, Any] = {
            "num_classes": self.dataset.num_classes,
            "backend": backend,
            "seed": self.seed,
            "qnn": None,
        }
        try:
            if self.experiment.model == "basic":
                return BasicQNN(**shared, **settings)
            return HybridQNN(**shared, input_shape=self.dataset.input_shape, **settings)
        except TypeError as error:
            raise InputError(f"impossible setting of the model: {error}") from error

    def train(
        self, model: QuantumClassifier, *, progress: Progress | None = None
    ) -> TrainingHistory:
        """Train a model in place on all training rows, those to forget among them.

        Args:
            model: The untrained model.
            progress: Called after each epoch.

        Returns:
            The losses.
        """
        return self.trainer.fit(model, **self.fit_arguments(), progress=progress)

    def fit_arguments(self) -> dict[str, Any]:
        """Return the rows of the original's training and the order of its batches."""
        return fit_arguments(self.split, self.seed)

    def unlearn(self, method: str, model: QuantumClassifier) -> UnlearningResult[QuantumClassifier]:
        """Unlearn the split's rows by a named method; that it changed nothing its result says.

        Raises:
            InputError: If the name or a hyperparameter is unknown, or a value is out of range.
            NonFiniteError: If the method leaves the range of numbers.
        """
        return unlearn(self.strategy(method), method, model, self.split, self.seed)

    def check(self, backends: Iterable[Backend]) -> QuantumClassifier:
        """Build the untrained model and put it on each of some backends, before anything is run.

        Returns:
            The model, on the exact simulator.

        Raises:
            InputError: If the model is not possible, or a backend cannot run it.
        """
        model = self.build_model(open_backend("exact"))
        model.fit_inputs(self.split.retain.x)
        for backend in backends:
            model.on(backend)
        return model


def load_rows(experiment: Experiment, seed: int, data_dir: str | None = None) -> Dataset:
    """Load the training and never-seen rows of one repetition.

    Raises:
        InputError: If they cannot be read.
    """
    if not experiment.is_bundled:
        return read_table(
            experiment.dataset,
            label=experiment.label_column,
            id=experiment.id_column,
            features=experiment.feature_columns,
            test=0.3 if experiment.test is None else experiment.test,
            train_size=experiment.train_size,
            test_size=experiment.test_size,
            seed=seed,
        )
    return load_dataset(
        experiment.dataset,
        train_size=experiment.train_size,
        test_size=experiment.test_size,
        seed=seed,
        data_dir=data_dir,
    )
