"""What is left of poisoned rows in a model."""

from dataclasses import dataclass
from typing import final

import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.data.poisoning import PoisonedRows
from qiskit_qmu.models import observe


@final
@dataclass(frozen=True, kw_only=True)
class RemainingPoison:
    """What is left of poisoned rows in a model; read each number beside the oracle's.

    Attributes:
        clean_accuracy: Accuracy on the test rows, of which none is poisoned.
        planted: Share of the poisoned rows that the model answers with their planted label: the
            success of label flips. With random features it is the share of noise that it has learnt
            by heart.
        true: Share of the poisoned rows that the model, given their clean features, answers with
            their true label.
    """

    clean_accuracy: float
    planted: float
    true: float


def remaining_poison(model: torch.nn.Module, poisoned: PoisonedRows) -> RemainingPoison:
    """Measure what is left of poisoned rows in a model.

    Args:
        model: Any module that returns logits: poisoned, unlearned, or the oracle.
        poisoned: The rows.

    Raises:
        InputError: If the model returns no logits.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import remaining_poison
        >>> from qiskit_qmu.data import poison
        >>> poisoned = poison(qmu.load_dataset("iris"), "labels", 0.2)
        >>> split, trainer = poisoned.split(), qmu.Trainer(epochs=20, learning_rate=0.05)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
        >>> remaining_poison(oracle, poisoned).true > remaining_poison(oracle, poisoned).planted
        True
    """
    ds = poisoned.dataset
    planted_x, planted_y = (part[poisoned.positions] for part in (ds.x_train, ds.y_train))
    clean, own, true = (
        observe(model, x, y).accuracy
        for x, y in (
            (ds.x_test, ds.y_test),
            (planted_x, planted_y),
            (poisoned.clean_x, poisoned.clean_y),
        )
    )
    if clean is None or own is None or true is None:
        raise InputError("the model returns no logits of classes")
    return RemainingPoison(clean_accuracy=clean, planted=own, true=true)
