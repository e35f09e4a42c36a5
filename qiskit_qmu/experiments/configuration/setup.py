"""Setup: the rows, hyperparameters and models of one repetition of an experiment."""

import math
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, final

from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.data import Dataset, ForgetSplit, load_dataset, read_table
from qiskit_qmu.data.sampling import draw_validation
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.model_building import build_model, check_classes
from qiskit_qmu.experiments.configuration.presets import Preset
from qiskit_qmu.experiments.configuration.steps import fit_arguments, unlearn
from qiskit_qmu.models import QuantumClassifier, QuantumModel, as_tensors, fit_inputs
from qiskit_qmu.objectives import objective_for
from qiskit_qmu.training import Progress, Trainer, TrainingHistory
from qiskit_qmu.unlearning import UnlearningResult, UnlearningStrategy, make_strategy
from qiskit_qmu.unlearning.result import Module as Model


class TableWarning(UserWarning):
    """What was decided when a table was read, such as that a constant column is left out."""


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
            InputError: If they cannot be read or the forget set is invalid.
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
        """Load the rows of one repetition for training only, without rows to forget.

        Raises:
            InputError: If they cannot be read.
        """
        if experiment.is_bundled or experiment.forget is not None:
            return Setup.load(experiment, seed, data_dir)
        dataset = load_rows(experiment, seed, data_dir)
        validation = draw_validation(
            dataset.train, dataset.train, experiment.validation_fraction, seed=seed
        )
        trained = dataset.train.without(validation)
        # A split needs a row to forget; the choice has no effect on training.
        first = trained.take([0])
        split = ForgetSplit.of_rows(
            dataset,
            forget=first,
            retain=trained.without(first),
            validation=validation,
            label=None,
        )
        return Setup(experiment=experiment, seed=seed, dataset=dataset, split=split)

    def of_seed(self, seed: int, data_dir: str | None = None) -> "Setup":
        """Return another repetition; for the same seed this one, whose rows are already loaded."""
        return self if seed == self.seed else Setup.load(self.experiment, seed, data_dir)

    @property
    def preset(self) -> Preset:
        """All hyperparameters."""
        return self.experiment.preset(math.prod(self.dataset.input_shape))

    @property
    def trainer(self) -> Trainer:
        """The trainer of original and oracle."""
        return self.experiment.trainer(math.prod(self.dataset.input_shape))

    def strategy(self, method: str) -> UnlearningStrategy:
        """Return the strategy with a name, with its hyperparameters.

        Raises:
            InputError: If the name or a hyperparameter is unknown, or a value is out of range.
        """
        return make_strategy(method, self.preset.strategies, self.trainer)

    def build_model(self, backend: Backend) -> QuantumModel:
        """Return the untrained model, of classes or of values.

        Raises:
            InputError: If a hyperparameter is unknown or out of range, or a factory cannot be used.
        """
        return build_model(self.experiment, self.dataset, self.preset.model, backend, self.seed)

    def build_classifier(self, backend: Backend, what: str) -> QuantumClassifier:
        """Return the untrained model of what only classifiers can do.

        Args:
            backend: Where circuits run.
            what: What needs classes, for the error.

        Raises:
            InputError: As of `build_model`, and if there are values to predict.
        """
        check_classes(self.dataset, what)
        model = self.build_model(backend)
        assert isinstance(model, QuantumClassifier)
        return model

    def train(self, model: QuantumModel, *, progress: Progress | None = None) -> TrainingHistory:
        """Train a model in place on all training rows, including those to forget.

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

    def unlearn(self, method: str, model: Model) -> UnlearningResult[Model]:
        """Unlearn the split's rows by a named method; its result reports if nothing changed.

        Raises:
            InputError: If the name or a hyperparameter is unknown, or a value is out of range.
            NonFiniteError: If the method diverges.
        """
        return unlearn(self.strategy(method), method, model, self.split, self.seed)

    def check(self, backends: Iterable[Backend]) -> QuantumModel:
        """Build the untrained model and put it on each of some backends, before anything is run.

        Returns:
            The model, on the exact simulator.

        Raises:
            InputError: If the model cannot be built, or a backend cannot run it.
        """
        model = self.build_model(open_backend("exact"))
        objective = objective_for(self.trainer.objective, model, self.split.retain.y)
        rows, _ = as_tensors(model, self.split.retain.x, self.split.retain.y, objective.predicts)
        fit_inputs(model, rows)
        for backend in backends:
            model.on(backend)
        return model


def load_rows(experiment: Experiment, seed: int, data_dir: str | None = None) -> Dataset:
    """Load the training and test rows of one repetition.

    What was decided when a file was read is said by a `TableWarning`.

    Raises:
        InputError: If they cannot be read.
    """
    if not experiment.is_bundled:
        dataset = read_table(
            experiment.dataset,
            label=experiment.label_column,
            id=experiment.id_column,
            features=experiment.feature_columns,
            task=experiment.task,
            separator=experiment.separator,
            decimal=experiment.decimal,
            encoding=experiment.text_encoding,
            test=0.3 if experiment.test is None else experiment.test,
            train_size=experiment.train_size,
            test_size=experiment.test_size,
            seed=seed,
        )
        for remark in dataset.remarks:
            warnings.warn(f"{experiment.dataset}: {remark}", TableWarning, stacklevel=2)
        return dataset
    return load_dataset(
        experiment.dataset,
        train_size=experiment.train_size,
        test_size=experiment.test_size,
        seed=seed,
        data_dir=data_dir,
    )
