"""Relearning: how fast a copy of a model learns the forgotten rows again."""

import math
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import child_seed
from qiskit_qmu.auditing.traces.null_of_oracles import (
    null_of_oracles,
    of_how_many,
    p_value_above,
    stands_out,
)
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.metrics import Interval, difference_interval, mean_interval
from qiskit_qmu.models import QuantumClassifier, as_tensors, clone_module, in_mode
from qiskit_qmu.objectives import HasRowLosses, RowLoss, objective_for
from qiskit_qmu.training import Trainer

Array = NDArray[np.float64]

_BATCHES = 4
"""Batches of an epoch, so that their order matters; the loss is read after each epoch."""


def relearning(
    model: torch.nn.Module,
    split: ForgetSplit,
    oracles: Sequence[torch.nn.Module],
    *,
    trainer: Trainer,
    steps: int = 50,
    rows: int = 20,
    orders: int = 3,
    seed: int = 0,
) -> Finding:
    """Train copies on a few forgotten rows, and compare how their loss falls on other ones.

    Each copy takes about ``steps`` steps of the original's optimiser, with fresh state and small
    batches. What is compared is the mean over the whole course of the loss on rows of the same kind
    that the copy does not train on, the start included; it varies less than the number of steps
    until a level is reached. For a class these are its never-seen rows. For single rows it is the
    other half of the forgotten ones, and the same is done with as many never-seen rows of the same
    classes, which removes what any row of these classes would teach.

    The value is by how much the model's mean loss lies below that of the oracles, in the unit of
    the loss: a head start. It is 0 for a retrained model, and negative where forgetting went too
    far. A QNN relearns a class in a few steps from any start, as its encoder separates it; only
    the difference counts. A logit that was suppressed by a large constant is slow to rise:
    `lifted_bias` finds it.

    The given models are not changed. Circuits run, so a device would be charged for thousands of
    them.

    Args:
        model: The audited model.
        split: The task.
        oracles: At least one retrained model.
        trainer: The trainer of the original, including its objective; neither its number of epochs
            nor its early stopping is used.
        steps: Steps of each copy.
        rows: Most rows to train a copy on, and four times as many to read the loss on.
        orders: Orders of the batches, the same for all models; their results are averaged.
        seed: Seed of the chosen rows and of the orders.

    Returns:
        The finding ``"relearning"``. Its limits come from the rows; those of its null from oracle
        against oracle.

    Raises:
        InputError: If there is no oracle, or there are fewer than four forgotten rows, or
            never-seen ones.
        NonFiniteError: If a copy's loss becomes NaN or infinite.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing.traces import relearning
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=20, learning_rate=0.1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
        >>> finding = relearning(model, split, [oracle], trainer=trainer, orders=1)
        >>> finding.value.low > 0  # nothing was unlearned
        True
    """
    _check.not_empty(oracles=oracles)
    _check.at_least(1, steps=steps, orders=orders)
    _check.at_least(_BATCHES, rows=rows)
    generator = np.random.default_rng(child_seed(seed, "relearning"))
    probes = _probes(split, rows, generator)

    def courses(each: torch.nn.Module) -> list[Array]:
        return [
            np.mean(
                [
                    _course(each, split, *probe, trainer, steps, child_seed(seed, f"order {order}"))
                    for order in range(orders)
                ],
                axis=0,
            )
            for probe in probes
        ]

    own, theirs = courses(model), [courses(oracle) for oracle in oracles]
    value = _head_start(own, theirs)
    # A single oracle is its own reference: the limits of the value are those of the rows.
    spread = [Interval(_lead(each)) for each in theirs]
    middle = null_of_oracles(spread)
    null = (
        Interval(0.0, middle.low - middle.value, middle.high - middle.value)
        if len(oracles) > 1
        else Interval(0.0, 0.0, 0.0)
    )
    p_value = p_value_above(_lead(own), spread)
    beyond = stands_out(value, null, p_value)
    faster = "a head start on" if beyond else "no clear head start on"
    text = (
        f"Over {steps} steps on {len(probes[0][0])} forgotten rows, the mean loss on others of "
        f"them lies {abs(value.value):.3g} {'below' if value.value >= 0 else 'above'} that of "
        f"retrained models: {faster} what they have to learn anew"
    )
    return Finding(
        key="relearning",
        group="model",
        name="head start when the rows are learned again",
        value=value,
        null=null,
        p_value=p_value,
        num_rows=len(own[0]),
        reading=f"{text}. {of_how_many(len(oracles))}".strip(),
    )


_Probe = tuple[Rows, Rows]
"""Rows to train a copy on, and rows to read its loss on."""


def _probes(split: ForgetSplit, rows: int, generator: np.random.Generator) -> list[_Probe]:
    """Return one probe for a class; for single rows one of forgotten and one of unseen rows."""
    least = {"forgotten": split.forget, "never-seen": split.test_forget}
    if split.kind == "class" and not len(split.test_forget):
        del least["never-seen"]
    for kind, part in least.items():
        if len(part) < _BATCHES:
            raise InputError(
                f"relearning needs at least {_BATCHES} {kind} rows to train and test copies on, "
                f"got {len(part)}"
            )
    if split.kind == "class" and len(split.test_forget):
        chosen = _shuffled(split.forget, generator).take(range(min(rows, len(split.forget))))
        return [(chosen, _shuffled(split.test_forget, generator, 4 * rows))]
    if split.kind == "class":
        return [_halved(_shuffled(split.forget, generator), rows)]
    forgotten = _shuffled(split.forget, generator)
    return [_halved(part, rows) for part in (forgotten, _matched(forgotten, split, generator))]


def _matched(forgotten: Rows, split: ForgetSplit, generator: np.random.Generator) -> Rows:
    """Return never-seen rows in the order of the classes of the forgotten ones, where there are."""
    pool = _shuffled(split.test_forget, generator)
    strata, used = pool.strata, np.zeros(len(pool), dtype=bool)
    chosen = []
    for stratum in forgotten.strata:
        free = np.flatnonzero(~used & (strata == stratum))
        if len(free):
            used[free[0]] = True
            chosen.append(int(free[0]))
    # Without rows of these classes, any others.
    return pool.take(chosen) if len(chosen) >= _BATCHES else pool


def _shuffled(part: Rows, generator: np.random.Generator, most: int | None = None) -> Rows:
    return part.take(generator.permutation(len(part))[:most])


def _halved(part: Rows, rows: int) -> _Probe:
    half = min(rows, len(part) // 2)
    return part.take(range(half)), part.take(range(half, min(len(part), half + 4 * rows)))


def _course(
    model: torch.nn.Module,
    split: ForgetSplit,
    trained: Rows,
    read: Rows,
    trainer: Trainer,
    steps: int,
    seed: int,
) -> Array:
    """Return each row's mean loss (rows,) over the training of a copy, by the trapezoidal rule."""
    copy = clone_module(model)
    if isinstance(copy, QuantumClassifier) and trainer.objective is None:
        copy.check_labels(as_tensors(copy, split.train.x, split.train.y)[1].cpu().numpy())
    batch_size = min(trainer.batch_size, math.ceil(len(trained) / _BATCHES))
    epochs = math.ceil(steps / math.ceil(len(trained) / batch_size))
    losses = [_losses(copy, read, trainer.objective)]
    replace(trainer, epochs=epochs, batch_size=batch_size, patience=None).fit(
        copy,
        trained.x,
        trained.y,
        generator=seed,
        progress=lambda *_: losses.append(_losses(copy, read, trainer.objective)),
    )
    table = np.array(losses)
    return np.asarray((table[0] / 2 + table[1:-1].sum(axis=0) + table[-1] / 2) / epochs)


def _losses(model: torch.nn.Module, rows: Rows, given: RowLoss | HasRowLosses | None) -> Array:
    objective = objective_for(given, model, rows.y)
    x, y = as_tensors(model, rows.x, rows.y, objective.predicts)
    with in_mode(model, training=False), torch.no_grad():
        return np.asarray(objective.row_losses(model, x, y).double().cpu().numpy())


def _lead(courses: Sequence[Array]) -> float:
    """Return how low the loss is: of a class, or of forgotten rows beside never-seen ones."""
    means = [float(course.mean()) for course in courses]
    return -means[0] if len(means) == 1 else means[1] - means[0]


def _head_start(own: Sequence[Array], theirs: Sequence[Sequence[Array]]) -> Interval:
    """Return the lead over the oracles' mean, with limits from the rows."""
    gains = [
        mean_interval(np.mean([oracle[probe] for oracle in theirs], axis=0) - course)
        for probe, course in enumerate(own)
    ]
    return gains[0] if len(gains) == 1 else difference_interval(gains[0], gains[1])
