"""Oracles: the models that never saw the forgotten rows, given or trained here."""

from collections.abc import Callable, Sequence

import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetSplit, row_digests
from qiskit_qmu.models import check_module, clone_module, training_rows
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import Retrain

Oracles = torch.nn.Module | Sequence[torch.nn.Module] | int
"""One model, several, or how many to train."""

DEFAULT_ORACLES = 4
"""Oracles that are trained where a trainer is known and no oracle is given."""

AuditProgress = Callable[[str, float], None]
"""Called with what is being done and the share of the whole that is done, 0 to 1."""


def oracle_models(
    oracles: Oracles | None,
    *,
    like: torch.nn.Module,
    split: ForgetSplit,
    trainer: Trainer | None = None,
    seed: int = 0,
    progress: AuditProgress | None = None,
) -> tuple[torch.nn.Module, ...]:
    """Return oracles, trained here where a number is given.

    Args:
        oracles: One model, several, or a number to train. None for `DEFAULT_ORACLES` where there
            is a trainer, and none otherwise.
        like: A model of the kind to train; its weights are drawn anew.
        split: The task.
        trainer: The recipe of the original.
        seed: Seed of weights and batches; oracle k is the same however many are trained.
        progress: Called before each training.

    Raises:
        InputError: If a number is given without a trainer, or it is less than one.
        NonFiniteError: If training leaves the range of numbers.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import oracle_models
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> trainer = qmu.Trainer(epochs=1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> len(oracle_models(2, like=model, split=split, trainer=trainer))
        2
    """
    if oracles is None:
        oracles = () if trainer is None else DEFAULT_ORACLES
    if isinstance(oracles, torch.nn.Module):
        return (oracles,)
    if isinstance(oracles, Sequence):
        return tuple(oracles)
    _check.at_least(1, oracles=oracles)
    if trainer is None:
        raise InputError(
            f"training {oracles} oracles needs the recipe of the original: pass trainer=…"
        )
    check_module(like)
    like = clone_module(like)
    forget_training_rows(like)  # (it may be a model that was retrained without forgotten rows)
    trained = []
    for number in range(oracles):
        if progress is not None:
            progress(f"training oracle {number + 1} of {oracles}", number / oracles)
        generator = stream(seed, "oracles", str(number))
        trained.append(Retrain(trainer=trainer)(like, split, generator=generator).model)
    return tuple(trained)


def trained_on_forgotten(oracles: Sequence[torch.nn.Module], split: ForgetSplit) -> str:
    """Say which oracle was trained on forgotten rows, by the digests that it carries.

    Args:
        oracles: The models.
        split: The task; forgotten rows that equal a retained one do not count.

    Returns:
        A clause; empty where none is known to have seen one.
    """
    carried = [training_rows(oracle) for oracle in oracles]
    if not any(carried):
        return ""
    retained = row_digests(split.retain.x, split.retain.y)
    forgotten = set(row_digests(split.forget.x, split.forget.y)) - set(retained)
    for number, seen in enumerate(carried, start=1):
        count = len(forgotten & (seen or set()))
        if count:
            who = "the oracle" if len(oracles) == 1 else f"oracle {number} of {len(oracles)}"
            return f"{who} was trained on {count} of the {len(forgotten)} forgotten rows"
    return ""
