"""forget_feature: a feature's influence on a model removed, beside models trained without it."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import final

import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import open_backend
from qiskit_qmu.data import ForgetRequest, ForgetSplit, feature_split
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.setup import Setup, load_rows
from qiskit_qmu.experiments.configuration.steps import unlearn
from qiskit_qmu.metrics import jensen_shannon
from qiskit_qmu.models import observe
from qiskit_qmu.models.parameters import Module
from qiskit_qmu.training import Trainer
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import Retrain, UnlearningStrategy


@final
@dataclass(frozen=True, kw_only=True)
class FeatureRow:
    """One model beside the oracle, which was trained with the feature held at its mean.

    Attributes:
        method: "original", "oracle", "oracle, another seed", or the name of a strategy.
        accuracy: Accuracy on test rows without the feature, minus the oracle's.
        divergence: Mean Jensen–Shannon divergence from the oracle's outputs on these rows, nats.
        influence: What the feature still changes if it is fed to the model: mean divergence of its
            own outputs on test rows with the feature from those without, nats.
        cost: Gradient evaluations relative to retraining.
    """

    method: str
    accuracy: float
    divergence: float
    influence: float
    cost: float


def forget_feature(
    model: Module,
    split: ForgetSplit,
    strategies: Mapping[str, UnlearningStrategy],
    *,
    trainer: Trainer,
    seed: int = 0,
) -> tuple[FeatureRow, ...]:
    """Let strategies forget a feature, and compare each with a model trained without it.

    From then on rows come without the feature: where it stood is the training rows' mean. What it
    left in the weights is removed where a model answers such rows as the oracle does. "oracle,
    another seed" shows which differences are chance. A feature that a model encodes on a qubit of
    its own is that qubit's input.

    Args:
        model: A model that predicts classes, trained on ``split.forget``. It is not changed.
        split: What `feature_split` returns.
        strategies: Strategies by name, such as `FineTune`, which goes on training without the
            feature, or `NegGradPlus`, which also ascends on rows with it.
        trainer: The recipe with which the model was trained.
        seed: Seed of strategies and oracles.

    Raises:
        InputError: If the model predicts no classes.
        NonFiniteError: If a strategy or an oracle leaves the range of numbers.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.data import feature_split
        >>> from qiskit_qmu.experiments import forget_feature
        >>> split = feature_split(qmu.load_dataset("iris"), "petal width (cm)")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2, learning_rate=0.05)
        >>> history = trainer.fit(model, split.forget.x, split.forget.y, generator=0)
        >>> tuned = {"gd": qmu.unlearning.FineTune(epochs=1)}
        >>> rows = forget_feature(model, split, tuned, trainer=trainer)
        >>> [row.method for row in rows]
        ['original', 'oracle', 'oracle, another seed', 'gd']
        >>> rows[1].divergence, rows[3].cost
        (0.0, 0.5)
    """
    _check.at_least(0, seed=seed)
    _require_classes(split)
    with one_thread():
        oracles = [
            Retrain(trainer=trainer)(model, split, generator=stream(seed, "oracle", str(number)))
            for number in (1, 2)
        ]
        retraining = oracles[0].usage.gradient_evaluations
        results = {
            name: unlearn(each, name, model, split, seed) for name, each in strategies.items()
        }
        models = {
            "original": (model, 0),
            "oracle": (oracles[0].model, retraining),
            "oracle, another seed": (oracles[1].model, retraining),
            **{name: (r.model, r.usage.gradient_evaluations) for name, r in results.items()},
        }
        return tuple(
            _row(name, own, oracles[0].model, split, spent / retraining)
            for name, (own, spent) in models.items()
        )


def forget_feature_of(
    experiment: Experiment, name: str, *, data_dir: str | None = None
) -> tuple[FeatureRow, ...]:
    """Train the model of an experiment, and let its methods forget a feature.

    Args:
        experiment: Rows, model, methods and hyperparameters; which rows it forgets does not matter.
        name: The column to forget.
        data_dir: Folder of image files.

    Raises:
        InputError: If the rows cannot be read, or no feature has that name.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import forget_feature_of
        >>> tiny = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(
        ...     dataset="iris", model="basic", methods=("gd",), settings=tiny
        ... )
        >>> forget_feature_of(experiment, "petal width (cm)")[-1].method
        'gd'
    """
    experiment = replace(experiment, forget=ForgetRequest(fraction=0.5))  # (presets of rows)
    ds = load_rows(experiment, experiment.seed, data_dir)
    split = feature_split(
        ds, name, validation_fraction=experiment.validation_fraction, seed=experiment.seed
    )
    _require_classes(split)
    setup = Setup(experiment=experiment, seed=experiment.seed, dataset=ds, split=split)
    model: torch.nn.Module = setup.build_model(open_backend("exact"))
    with one_thread():
        setup.trainer.fit(
            model,
            split.forget.x,
            split.forget.y,
            generator=stream(experiment.seed, "original", "batches"),
            validation=split.validation,
        )
    methods = [method for method in experiment.methods if method != "oracle"]
    return forget_feature(
        model,
        split,
        {method: setup.strategy(method) for method in methods},
        trainer=setup.trainer,
        seed=experiment.seed,
    )


def _require_classes(split: ForgetSplit) -> None:
    if split.num_classes is None:
        raise InputError("forgetting a feature needs a model that predicts classes")


def _row(
    name: str, model: torch.nn.Module, oracle: torch.nn.Module, split: ForgetSplit, cost: float
) -> FeatureRow:
    with_it, without = split.test_forget, split.test_retain
    own, its = (observe(each, without.x, without.y) for each in (model, oracle))
    fed = observe(model, with_it.x, with_it.y)
    return FeatureRow(
        method=name,
        accuracy=own.accuracy - its.accuracy,
        divergence=jensen_shannon(own.probabilities, its.probabilities),
        influence=jensen_shannon(fed.probabilities, own.probabilities),
        cost=cost,
    )
