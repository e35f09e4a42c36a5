"""What a run would do: everything is checked and counted, and no circuit is run."""

from contextlib import nullcontext
from dataclasses import asdict
from typing import Any

import torch

from qiskit_qmu.auditing import observed_parts
from qiskit_qmu.data import Rows
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.experiment_backends import observing_backend
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.models import as_tensors, forward_usage, gradient_usage, parameter_counts
from qiskit_qmu.objectives import objective_for

RunPlan = dict[str, Any]


def training_plan(experiment: Experiment, data_dir: str | None = None) -> RunPlan:
    """Return what `train_and_save` would do.

    Args:
        experiment: What to train.
        data_dir: Where image files lie.

    Returns:
        Rows, model, recipe and circuits as JSON values. Circuits are those that a device would run;
        early stopping may need fewer.

    Raises:
        InputError: If the data cannot be read, or the model or the recipe is not possible.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import training_plan
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 2}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> training_plan(experiment)["training_circuits"]  # 2 epochs · 95 rows · (1 + 2 · 2)
        950
    """
    setup = Setup.to_train(experiment, experiment.seed, data_dir)
    return setup_plan(setup, setup.check([]))


def run_plan(experiment: Experiment, data_dir: str | None = None) -> RunPlan:
    """Return what `run_experiment` would do.

    What the methods take depends on the trained model, and is not in it: see `saved_workloads`.

    Args:
        experiment: What to run.
        data_dir: Where image files lie.

    Returns:
        The plan of a training, the methods, and the circuits that observe all models, each for one
        seed.

    Raises:
        InputError: If the data cannot be read, the rows cannot be forgotten, or the backend cannot
            run the model.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import run_plan
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1}
        >>> experiment = qmu.Experiment(
        ...     dataset="iris", model="basic", methods=("ga",), settings=settings
        ... )
        >>> run_plan(experiment)["observing_circuits"]  # 3 models · (95 + 45) rows
        420
    """
    with observing_backend(experiment, experiment.seed) or nullcontext() as device:
        setup = Setup.load(experiment, experiment.seed, data_dir)
        model = setup.check([] if device is None else [device])
    for method in experiment.all_methods:
        setup.strategy(method)
    models = 1 + len(experiment.all_methods)
    return {
        **setup_plan(setup, model),
        "forget": len(setup.split.forget),
        "notes": list(setup.split.notes),
        "methods": list(experiment.all_methods),
        "seeds": experiment.seeds,
        "backend": experiment.backend,
        "observing_circuits": models * circuits_of_observing(setup, model),
        "shots": experiment.shots,
    }


def setup_plan(setup: Setup, model: torch.nn.Module) -> RunPlan:
    """Return what one training takes; see `training_plan`."""
    trainer, rows = setup.trainer, setup.split.train
    row = _one_row(model, rows)
    circuits = len(rows) * gradient_usage(model, row, [1], "all").circuits
    if trainer.patience is not None:
        circuits += len(setup.split.validation) * forward_usage(model, row, [1]).circuits
    return {
        "dataset": setup.dataset.name,
        "rows": {
            "train": len(rows),
            "validation": len(setup.split.validation),
            "test": len(setup.dataset.test),
        },
        "num_classes": setup.dataset.num_classes,
        "model": setup.experiment.model,
        "parameters": parameter_counts(model),
        "trainer": {name: value for name, value in asdict(trainer).items() if name != "objective"},
        "training_circuits": trainer.epochs * circuits,
    }


def circuits_of_observing(setup: Setup, model: torch.nn.Module) -> int:
    """Return the circuits that observe one model on all rows of an audit."""
    parts = observed_parts(setup.split)
    row = _one_row(model, setup.split.forget)
    return sum(map(len, parts)) * forward_usage(model, row, [1]).circuits


def _one_row(model: torch.nn.Module, rows: Rows) -> torch.Tensor:
    predicts = objective_for(None, model, rows.y).predicts
    return as_tensors(model, rows.x[:1], rows.y[:1], predicts)[0]
