"""Relearning: how fast a copy of a model learns the forgotten rows again."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import child_seed
from qiskit_qmu.auditing.traces.lifted_bias import lift
from qiskit_qmu.auditing.traces.null_of_oracles import (
    null_of_oracles,
    p_value_above,
    stands_out,
)
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.evaluation import Finding
from qiskit_qmu.metrics import UNKNOWN, Interval, difference_interval, mean_interval
from qiskit_qmu.models import (
    QuantumClassifier,
    as_tensors,
    clone_module,
    in_mode,
    named_parameters,
    observe,
)
from qiskit_qmu.objectives import objective_for
from qiskit_qmu.training import Trainer

Array = NDArray[np.float64]

_MOST_RETAINED = 1000
"""Most retained rows by which the logit of a class is lifted."""

_BATCHES = 4
"""Least batches of an epoch, so that their order matters (2 of fewer than 8 rows); the loss is read
after each epoch."""

_FEWEST = 8
"""Fewest rows of a kind: half of them to train a copy on."""


def relearning(
    model: torch.nn.Module,
    split: ForgetSplit,
    oracles: Sequence[torch.nn.Module],
    *,
    trainer: Trainer,
    steps: int = 50,
    rows: int = 20,
    orders: int = 2,
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
    the difference counts. A logit that was merely suppressed would make a class seem lost, so all
    copies answer with the logit of the class lifted as `lifted_bias` does, from where they start.

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
        against oracle, so it has none with one oracle.

    Raises:
        InputError: If there is no oracle, a model has nothing to train, or there are fewer than
            eight forgotten rows, or for single rows fewer than eight never-seen ones.
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
    _check.at_least(_FEWEST // 2, rows=rows)
    for each in (model, *oracles):
        named_parameters(each)  # which refuses a model without any
    generator = np.random.default_rng(child_seed(seed, "relearning"))
    probes = _probes(split, rows, generator)

    def courses(each: torch.nn.Module) -> list[Array]:
        bias = _level(each, split)
        return [
            np.mean(
                [
                    _course(
                        _copy(each, split, bias),
                        *probe,
                        trainer,
                        steps,
                        child_seed(seed, f"order {order}"),
                    )
                    for order in range(orders)
                ],
                axis=0,
            )
            for probe in probes
        ]

    own, theirs = courses(model), [courses(oracle) for oracle in oracles]
    value = _head_start(own, theirs)
    spread = [Interval(_lead(each)) for each in theirs]
    null = _null(spread)
    p_value = p_value_above(_lead(own), spread)
    beyond = stands_out(value, null, p_value)
    side = "below" if value.value >= 0 else "above"
    text = (
        f"Over {steps} steps on {len(probes[0][0])} forgotten rows, the mean loss on others of "
        f"them lies {abs(value.value):.3g} {side} that of retrained models"
    )
    if beyond is None:
        text += ". With one oracle, nothing is known of how much retrained models differ"
    else:
        text += ": a head start" if beyond else ": no clear head start"
    return Finding(
        key="relearning",
        group="model",
        name="head start when the rows are learned again",
        value=value,
        null=null,
        p_value=p_value,
        num_rows=len(own[0]),
        reading=f"{text}.",
    )


_Probe = tuple[Rows, Rows]
"""Rows to train a copy on, and rows to read its loss on."""


def _probes(split: ForgetSplit, rows: int, generator: np.random.Generator) -> list[_Probe]:
    """Return one probe for a class; for single rows one of forgotten and one of unseen rows."""
    needed = {"forgotten": split.forget}
    if split.kind == "instances":
        needed["never-seen"] = split.test_forget
    for kind, part in needed.items():
        if len(part) < _FEWEST:
            raise InputError(
                f"relearning needs at least {_FEWEST} {kind} rows to train and test copies on, got "
                f"{len(part)}"
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
    return pool.take(chosen) if len(chosen) >= _FEWEST else pool


def _shuffled(part: Rows, generator: np.random.Generator, most: int | None = None) -> Rows:
    return part.take(generator.permutation(len(part))[:most])


def _halved(part: Rows, rows: int) -> _Probe:
    half = min(rows, len(part) // 2)
    return part.take(range(half)), part.take(range(half, min(len(part), half + 4 * rows)))


def _course(
    copy: torch.nn.Module, trained: Rows, read: Rows, trainer: Trainer, steps: int, seed: int
) -> Array:
    """Return each row's mean loss (rows,) over the training of a copy, by the trapezoidal rule."""
    batches = _BATCHES if len(trained) >= 2 * _BATCHES else 2
    batch_size = min(trainer.batch_size, len(trained) // batches)
    # Batches of equal size: a batch normalisation fails on one of a single row.
    trained = trained.take(range(len(trained) // batch_size * batch_size))
    epochs = math.ceil(steps * batch_size / len(trained))
    objective = objective_for(trainer.objective, copy, read.y)
    x, y = as_tensors(copy, read.x, read.y, objective.predicts)

    def losses() -> Array:
        with in_mode(copy, training=False), torch.no_grad():
            return np.asarray(objective.row_losses(copy, x, y).double().cpu().numpy())

    course = [losses()]
    replace(trainer, epochs=epochs, batch_size=batch_size, patience=None).fit(
        copy,
        trained.x,
        trained.y,
        generator=seed,
        progress=lambda *_: course.append(losses()),
    )
    table = np.array(course)
    return np.asarray((table[0] / 2 + table[1:-1].sum(axis=0) + table[-1] / 2) / epochs)


def _level(model: torch.nn.Module, split: ForgetSplit) -> float:
    """Return what is added to the logit of a forgotten class; nothing for single rows."""
    if split.kind == "instances":
        return 0.0
    retain = split.retain.take(range(min(_MOST_RETAINED, len(split.retain))))
    return lift(observe(model, retain.x, retain.y), int(split.forget.y[0]))


def _copy(model: torch.nn.Module, split: ForgetSplit, bias: float) -> torch.nn.Module:
    """Return a copy to train; for a class one that answers with its logit lifted."""
    copy = clone_module(model)
    if split.kind == "instances":
        return copy
    if isinstance(copy, QuantumClassifier):  # copies see one class, the model saw all
        copy.check_labels(np.asarray(copy.class_numbers(split.train.y), dtype=np.int64))
    label = int(split.forget.y[0])

    def lifted(_model: torch.nn.Module, _arguments: Any, logits: torch.Tensor) -> torch.Tensor:
        constant = torch.zeros_like(logits[:1])
        constant[:, label] = bias
        return logits + constant

    copy.register_forward_hook(lifted)
    return copy


def _null(leads: Sequence[Interval]) -> Interval:
    """Return the lead of one more oracle over the mean of these; unknown with only one."""
    if len(leads) < 2:
        return UNKNOWN
    middle = null_of_oracles(leads)
    return Interval(0.0, middle.low - middle.value, middle.high - middle.value)


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
