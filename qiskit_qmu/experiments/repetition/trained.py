"""Trained: a model, and what making it took."""

from dataclasses import dataclass
from time import perf_counter
from typing import final

import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Usage, metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.experiments.configuration.steps import fit_arguments
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import StrengthChoice, UnlearningResult


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class Trained:
    """A model, and what making it took; None for what is not known.

    Attributes:
        model: The model.
        usage: Circuits, shots and gradient evaluations.
        seconds: Wall-clock time.
        history: What was measured on the way, step by step.
        stopped: Why it ended.
        largest_change: Largest absolute difference of a weight from the original's.
        choice: The strength that was chosen, if one was.
    """

    model: torch.nn.Module
    usage: Usage | None = None
    seconds: float | None = None
    history: tuple[dict[str, float], ...] = ()
    stopped: str | None = None
    largest_change: float = 0.0
    choice: StrengthChoice | None = None

    @staticmethod
    def of(result: UnlearningResult[torch.nn.Module]) -> "Trained":
        """Return what a strategy made.

        Raises:
            InputError: If it is no result of a strategy.
        """
        if not isinstance(result, UnlearningResult):
            raise InputError(
                f"a strategy must return an UnlearningResult, got a {type(result).__name__}"
            )
        return Trained(
            model=result.model,
            usage=result.usage,
            seconds=result.seconds,
            history=result.history,
            stopped=result.stopped,
            largest_change=result.largest_change,
            choice=result.choice,
        )


def train_original(
    model: torch.nn.Module,
    split: ForgetSplit,
    trainer: Trainer,
    *,
    seed: int,
    progress: RunProgress = no_progress,
) -> Trained:
    """Train a model in place on all training rows of a split, those to forget among them.

    Args:
        model: The untrained model.
        split: The task.
        trainer: The recipe.
        seed: Seed of the repetition.
        progress: Called before the training and after each epoch.

    Raises:
        NonFiniteError: If it leaves the range of numbers.
    """
    task = "training the original"
    progress(task, 0.0)
    started = perf_counter()
    with metered(model) as meter:
        history = trainer.fit(
            model,
            **fit_arguments(split, seed),
            progress=lambda epoch, epochs, _loss: progress(task, epoch / epochs),
        )
    return Trained(
        model=model,
        usage=meter.usage,
        seconds=perf_counter() - started,
        history=tuple({"train_loss": loss} for loss in history.losses),
        stopped="done" if len(history.losses) == trainer.epochs else "early stopping",
    )
