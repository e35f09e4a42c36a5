"""Workloads: the amount of work of a task, before it runs on a device.

The workload of observations follows from the number of rows. Training is rehearsed: the same code
runs on the exact simulator, and its circuits are counted as a device would run them. Methods with
data-dependent stopping (gradient ascent at a loss, training at a validation loss) may stop earlier
or later under shots and noise: for those the rehearsal is an estimate, and the worst case an upper
bound.
"""

import copy
import warnings
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import add

import numpy as np
import torch
from numpy.typing import ArrayLike

from qiskit_qmu import _check
from qiskit_qmu.auditing import observed_parts
from qiskit_qmu.backends import (
    ConnectorCost,
    DerivativeRule,
    ExactBackend,
    Workload,
    connectors_of,
    metered,
)
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import ROWS_AT_ONCE, as_tensors, forward_usage, on_backend
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import TargetMissedWarning, UnchangedWarning, UnlearningStrategy


def observation_workload(model: torch.nn.Module, x: ArrayLike, rows: int | None = None) -> Workload:
    """Return the work of observing a model.

    Args:
        model: Any module; a circuit that runs several times for a row is counted as often.
        x: Rows (n, …) like those to observe; the first is passed through the model without running
            circuits.
        rows: Number of rows to observe; the length of ``x`` if None.

    Raises:
        InputError: If there are no rows, or the model has no EstimatorQNN or SamplerQNN.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import observation_workload
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)
        >>> work = observation_workload(model, [[0.1, 0.2]], rows=500)
        >>> work.usage.circuits
        500
    """
    example = np.asarray(x)
    rows = len(example) if rows is None else rows
    _check.at_least(1, rows=rows)
    portions = [min(ROWS_AT_ONCE, rows - start) for start in range(0, rows, ROWS_AT_ONCE)]
    return _forward_passes(model, example, portions)


def audit_workload(models: Iterable[torch.nn.Module], split: ForgetSplit) -> Workload:
    """Return the work of observing models on all rows of a split; attacks need nothing else.

    Args:
        models: The audited model and, if any, the original and the oracle.
        split: The task.

    Raises:
        InputError: If there are no models, or one has no EstimatorQNN or SamplerQNN.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import audit_workload
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> audit_workload([model, model], split).usage.forward_evaluations  # 2 · (105 + 45)
        300
    """
    rows = sum(map(len, observed_parts(split)))
    works = [observation_workload(model, split.forget.x, rows) for model in models]
    _check.not_empty(models=works)
    return reduce(add, works)


def training_workload(
    trainer: Trainer,
    model: torch.nn.Module,
    x: ArrayLike,
    y: ArrayLike,
    *,
    generator: np.random.Generator | int | None = None,
    validation: Rows | tuple[ArrayLike, ArrayLike] | None = None,
    rule: DerivativeRule | None = None,
    worst_case: bool = False,
) -> Workload:
    """Return the work of training, by a rehearsal on the exact simulator.

    With early stopping it is the work without noise; the worst case is an upper bound.

    Args:
        trainer: The trainer.
        model: The initial model, which is not changed.
        x: Rows (n, …).
        y: Labels (n,).
        generator: Order of the batches, as for `Trainer.fit`; a generator is copied, not advanced.
        validation: Rows and labels for early stopping.
        rule: How gradients are measured; that of the model's own backend if None.
        worst_case: Whether to count all epochs.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import training_workload
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=2)
        >>> work = training_workload(trainer, model, iris.x_train, iris.y_train, generator=0)
        >>> work.usage.gradient_evaluations  # 2 · 105
        210
    """
    rehearsed = _on_simulator(model, rule)
    recipe = trainer.worst_case() if worst_case else trainer
    with metered(rehearsed) as meter:
        recipe.fit(rehearsed, x, y, generator=copy.deepcopy(generator), validation=validation)
    return Workload.on(rehearsed, meter.usage)


def unlearning_workload(
    strategy: UnlearningStrategy,
    model: torch.nn.Module,
    split: ForgetSplit,
    *,
    generator: np.random.Generator | int | None = None,
    rule: DerivativeRule | None = None,
    worst_case: bool = False,
) -> Workload:
    """Return the work of unlearning, by a rehearsal on the exact simulator.

    For a strategy with data-dependent stopping it is the work without noise; the worst case is an
    upper bound, known for this package's strategies.

    Args:
        strategy: The strategy.
        model: The model, which is not changed.
        split: The task.
        generator: Random generator of the strategy; it is copied, not advanced.
        rule: How gradients are measured; that of the model's own backend if None.
        worst_case: Whether to ignore data-dependent stopping.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import unlearning_workload
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.FineTune(epochs=3)
        >>> work = unlearning_workload(strategy, model, split, generator=0)
        >>> work.usage.gradient_evaluations, len(split.retain)
        (210, 70)
    """
    rehearsed = _on_simulator(model, rule)
    with warnings.catch_warnings():
        # A rehearsal estimates the cost; the run itself warns if nothing changes.
        warnings.simplefilter("ignore", UnchangedWarning)
        warnings.simplefilter("ignore", TargetMissedWarning)
        if not worst_case:
            usage = strategy(rehearsed, split, generator=copy.deepcopy(generator)).usage
            return Workload.on(rehearsed, usage)
        all_steps = strategy.worst_case()(rehearsed, split, generator=copy.deepcopy(generator))
    searches = [rows for rows in strategy.stopping_passes(split) if rows]
    passes = _forward_passes(rehearsed, split.forget.x, searches)
    return Workload.on(rehearsed, all_steps.usage) + passes


def _forward_passes(model: torch.nn.Module, x: ArrayLike, portions: Sequence[int]) -> Workload:
    """Return the work of forward passes with given numbers of rows."""
    row, _ = as_tensors(model, np.asarray(x)[:1], [0])
    return Workload.on(model, forward_usage(model, row, portions))


def _on_simulator(model: torch.nn.Module, rule: DerivativeRule | None) -> torch.nn.Module:
    """Return a copy on the exact simulator whose gradients are counted by a device's rule."""
    connectors = connectors_of(model)
    _check.not_empty(connectors=connectors)
    counted_by = ConnectorCost.of(connectors[0]).rule if rule is None else rule
    return on_backend(model, ExactBackend(rule=counted_by))
