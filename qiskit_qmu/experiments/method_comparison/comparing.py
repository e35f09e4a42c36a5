"""compare(): what `qmu run` does, for a model and rows of one's own."""

import warnings
from collections.abc import Iterator, Mapping, Sequence
from contextlib import nullcontext
from typing import Any

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.experiments.configuration.config_values import described
from qiskit_qmu.experiments.method_comparison.comparison import Comparison
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.experiments.repetition.repetition import Observer, measure_methods
from qiskit_qmu.experiments.repetition.trained import Trained, train_original
from qiskit_qmu.models import (
    BasicQNN,
    HybridQNN,
    check_module,
    clone_module,
    on_backend,
    parameter_counts,
    reinitialize,
)
from qiskit_qmu.report.evidence import now
from qiskit_qmu.runs.display import progress_display
from qiskit_qmu.runs.progress import RunProgress, part_of, part_of_seeds
from qiskit_qmu.training import Trainer
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import (
    DEFAULT_METHODS,
    PresetContext,
    UnlearningStrategy,
    make_strategy,
    preset_settings,
    summaries,
)
from qiskit_qmu.unlearning.method import Settings

Methods = Sequence[str] | Mapping[str, str | UnlearningStrategy]
"""Names of `qiskit_qmu.unlearning.METHODS`, or strategies and such names by names of your own."""


def compare(
    model: torch.nn.Module,
    split: ForgetSplit,
    *,
    trainer: Trainer,
    methods: Methods = DEFAULT_METHODS,
    train: bool = False,
    seeds: int = 1,
    seed: int = 0,
    oracles: int = 1,
    backend: Backend | None = None,
    progress: bool | RunProgress = True,
) -> Comparison:
    """Unlearn by several methods, and audit each beside the original and a retrained oracle.

    The model that is given is never changed. With each seed the oracle is retrained, every method
    unlearns and the attacks are fitted anew, each from a random stream of its own, so that a method
    has the same numbers whichever others are run; verdicts count in how many methods are judged at
    once. The rows are those of the split for all seeds. All is computed on one thread, so that
    numbers do not depend on the number of cores.

    Args:
        model: Any torch module that the trainer's objective can be computed of and that holds
            TorchConnectors; for classes one that returns logits (see `as_classifier`).
        split: What is forgotten, retained and never seen.
        trainer: The recipe with which the model was trained, or is to be; the oracle is trained
            by it too. Methods that are given by name take its objective.
        methods: Names, such as ``("ssd-r", "rga-r")``, with the hyperparameters of `qmu run` for
            datasets that have none of their own; or a mapping, such as
            ``{"ssd-r": "ssd-r", "mine": GradientAscent(learning_rate=0.01)}``. A strategy named
            "oracle" retrains in place of `Retrain`.
        train: Whether the model is to be trained first. If not, it is taken as it is: it must have
            been trained on ``split.train``, and all seeds share it. If so, with each seed a copy is
            trained from scratch, its weights drawn anew from the family they were made with.
        seeds: Number of repetitions.
        seed: Seed of the first repetition; the others follow it.
        oracles: How many oracles are retrained with each seed. Their mean is the reference, so that
            less depends on the seed of one; with three or more a method may be found "harmful".
        backend: Where trained models are observed, such as a device; if None, where they are.
        progress: True for a bar on a terminal and lines elsewhere; False for nothing; or a function
            that is called with what is being done and the share that is done.

    Returns:
        The result: print it, or see `Comparison`.

    Raises:
        InputError: If a method is unknown, a value is out of range, or the model's answers do not
            fit the objective, such as one that returns no logits for classes.
        NonFiniteError: If the original or the oracle leaves the range of numbers.

    Warns:
        UserWarning: If the original answers its training rows no better than a guess.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> layer = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1).quantum
        >>> model = torch.nn.Sequential(torch.nn.Linear(4, 2), layer, torch.nn.Linear(2, 3))
        >>> trainer = qmu.Trainer(epochs=30, learning_rate=0.1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> mine = qmu.unlearning.FineTune(epochs=1)
        >>> compared = qmu.compare(
        ...     model, split, trainer=trainer, methods={"mine": mine}, progress=False
        ... )
        >>> [row["verdict"] for row in compared.rows if row["method"] == "oracle"]
        ['forgotten']
    """
    _check.at_least(1, seeds=seeds, oracles=oracles)
    _check.at_least(0, seed=seed)
    check_module(model)
    named = _named(methods)
    settings = _preset(model, split, trainer)
    strategies = {
        name: make_strategy(given, settings, trainer) if isinstance(given, str) else given
        for name, given in named.items()
    }
    if backend is not None:
        on_backend(model, backend)  # refused before anything is trained
    observer = _observer(model, trainer, backend)
    records: list[Record] = []
    models: dict[str, torch.nn.Module] = {}
    display = nullcontext(progress) if callable(progress) else progress_display(quiet=not progress)
    with display as shown, one_thread():
        for number in range(seeds):
            for record, made in _repetition(
                Trained(model=clone_module(model)),
                split,
                strategies,
                seed=seed + number,
                trainer=trainer if train else None,
                observer=observer,
                oracles=oracles,
                progress=part_of_seeds(shown, number, seeds),
            ):
                records.append(record)
                if number == 0 and made is not None:
                    models[record.row["method"]] = made
    _warn_of_a_guess(records[0].row, split)
    return Comparison(
        records=tuple(records),
        models=models,
        kind=split.kind,
        config={
            **_described_task(model, split),
            "training": {"trained_here": train, **described(trainer)},
            "strategies": {name: described(strategy) for name, strategy in strategies.items()},
            "seeds": list(range(seed, seed + seeds)),
        },
        finished=now(),
        does={
            "original": summaries()["original"],
            **{
                name: summaries()[given] if isinstance(given, str) else type(given).__name__
                for name, given in named.items()
            },
        },
    )


def _repetition(
    original: Trained,
    split: ForgetSplit,
    strategies: Mapping[str, UnlearningStrategy],
    *,
    seed: int,
    trainer: Trainer | None,
    observer: Observer,
    oracles: int,
    progress: RunProgress,
) -> Iterator[tuple[Record, torch.nn.Module | None]]:
    """Train the original if there is a trainer, and measure all methods."""
    start = 0.0
    if trainer is not None:
        start = 1 / (len(strategies) + 1)
        reinitialize(original.model, stream(seed, "weights"))
        original = train_original(
            original.model, split, trainer, seed=seed, progress=part_of(progress, 0.0, start)
        )
    yield from measure_methods(
        original,
        split,
        strategies,
        seed=seed,
        observer=observer,
        oracles=oracles,
        progress=part_of(progress, start, 1.0),
    )


def _named(methods: Methods) -> dict[str, str | UnlearningStrategy]:
    """Return what is to be run by name, the oracle first."""
    if isinstance(methods, str):
        raise InputError(f"methods must be several names or a mapping, got {methods!r}")
    named: dict[str, str | UnlearningStrategy] = {"oracle": "oracle"}
    named |= methods if isinstance(methods, Mapping) else {name: name for name in methods}
    _check.not_empty(methods=methods)
    if "original" in named:
        raise InputError('"original" names the model itself; choose another name for a method')
    for given in named.values():
        if isinstance(given, type) or not (isinstance(given, str) or callable(given)):
            raise InputError(f"a method must be a name or a strategy, got {given!r}")
    return named


def _preset(model: torch.nn.Module, split: ForgetSplit, trainer: Trainer) -> dict[str, Settings]:
    """Return the hyperparameters of methods that are given by name."""
    family = _FAMILIES.get(type(model), "own")
    return preset_settings(PresetContext.of_training(trainer, model=family, kind=split.kind))


_FAMILIES: dict[type[torch.nn.Module], str] = {BasicQNN: "basic", HybridQNN: "hybrid"}


def _observer(model: torch.nn.Module, trainer: Trainer, backend: Backend | None) -> Observer:
    home = getattr(model, "backend", None) if backend is None else backend
    known = home if isinstance(home, Backend) else None
    return Observer(
        device=backend,
        objective=trainer.objective,
        backend_name=None if known is None else known.name,
        shots=None if known is None else known.shots,
    )


def _warn_of_a_guess(row: Mapping[str, Any], split: ForgetSplit) -> None:
    """Warn where the original knows no more of its training rows than how often classes occur."""
    labels = split.train.y
    if row.get("r2_retain_train") is not None:
        found, guess, name = row["r2_retain_train"], 0.0, "R²"
    elif row.get("acc_retain_train") is not None:
        sizes = len(split.forget), len(split.retain)
        found = np.average([row["acc_forget_train"], row["acc_retain_train"]], weights=sizes)
        guess, name = np.unique(labels, return_counts=True)[1].max() / len(labels), "accuracy"
    else:
        return
    if found <= guess:
        warnings.warn(
            f"the model answers its training rows no better than a guess ({name} {found:.2f}, and "
            f"{guess:.2f} without looking at a row): train it first, or pass train=True",
            stacklevel=3,
        )


def _described_task(model: torch.nn.Module, split: ForgetSplit) -> dict[str, Any]:
    """Return what is known of a model and its rows, as JSON values."""
    rows = split.to_dict()
    counts = {f"{part}_parameters": count for part, count in parameter_counts(model).items()}
    return {
        "model": {"class": type(model).__name__, **counts},
        "data": {"row_shape": list(split.retain.x.shape[1:]), **rows},
    }
