"""as_classifier: any module's outputs as logits, and labels as the module's user writes them."""

from collections.abc import Sequence
from typing import Any, ClassVar, Literal, final, get_args

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.models.initialization import reinitialize
from qiskit_qmu.objectives import Predicts

Outputs = Literal["logits", "probabilities", "expectation"]
"""What a module returns: logits, probabilities of the classes, or one value between -1 and 1."""

Label = int | str


@final
class Classifier(torch.nn.Module):
    """A module whose outputs are turned into logits; see `as_classifier`.

    Attributes:
        module: The module.
        outputs: What it returns.
        labels: Labels in the order of the logits; None if they are numbered.
        predicts: "classes", whatever the type of the labels.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> model = qmu.as_classifier(torch.nn.Linear(4, 2), labels=("cat", "dog"))
        >>> model.class_numbers(["dog", "cat", "dog"])
        array([1, 0, 1])
    """

    predicts: ClassVar[Predicts] = "classes"

    def __init__(
        self, module: torch.nn.Module, outputs: Outputs, labels: Sequence[Label] | None
    ) -> None:
        super().__init__()
        self.module = module
        self.outputs = outputs
        self.labels = None if labels is None else tuple(labels)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, classes) of rows (n, …)."""
        outputs: torch.Tensor = self.module(x)
        if self.outputs == "logits":
            return outputs
        if self.outputs == "probabilities" and outputs.dim() == 2 and outputs.shape[1] > 1:
            return _log(outputs)
        value = outputs.reshape(-1, 1)
        positive = value if self.outputs == "probabilities" else (1 + value) / 2
        return torch.cat([_log(1 - positive), _log(positive)], dim=1)

    def class_numbers(self, y: ArrayLike) -> ArrayLike:
        """Return the numbers of the logits that labels (n,) belong to.

        Numbers of logits are taken as they are.

        Raises:
            InputError: If a label is none of the model's.
        """
        given = np.asarray(y.detach().cpu() if isinstance(y, torch.Tensor) else y)
        if self.labels is None or given.ndim != 1 or _are_numbers(given, len(self.labels)):
            return y
        place = {label: number for number, label in enumerate(self.labels)}
        values = given.tolist()
        for value in values:
            _check.one_of(self.labels, label=value)
        return np.array([place[value] for value in values], dtype=np.int64)

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Draw all weights anew, in place."""
        reinitialize(self.module, generator)

    def fit_inputs(self, x: NDArray[np.float32]) -> None:
        """Fit what the module fits to training rows before training."""
        getattr(self.module, "fit_inputs", lambda _rows: None)(x)

    def extra_repr(self) -> str:
        """Return what the outputs are, and the labels."""
        return f"outputs={self.outputs!r}, labels={self.labels!r}"


def as_classifier(
    module: torch.nn.Module,
    outputs: Outputs = "logits",
    *,
    labels: Sequence[Label] | None = None,
) -> Classifier:
    """Turn what a module returns into logits, as training, unlearning and audits take them.

    Args:
        module: Any torch module. It is not copied: the classifier has the same weights.
        outputs: What it returns for rows (n, …):

            - "logits": Scores before the softmax (n, classes). They are taken as they are, even if
              they look like probabilities.
            - "probabilities": (n, classes), or (n, 1) or (n,) for that of class 1. The logits
              are ln p, so that their softmax is p; p is at least the precision of its type (1.2e-7
              for float32), which keeps ln 0 away.
            - "expectation": (n, 1) or (n,), the value v of one observable between -1 and 1. The
              probability of class 1 is (1 + v) / 2, of class 0 (1 - v) / 2.
        labels: Labels in the order of the logits, as you write them: (-1, 1) or ("cat", "dog").
            Training, unlearning and audits then take them in place of 0, 1, …, which stay possible.

    Returns:
        A torch module that returns logits (n, classes).

    Raises:
        InputError: If the module is no torch module, the outputs are unknown, or labels repeat or
            are numbers of other classes than their own.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> module = torch.nn.Sequential(torch.nn.Linear(4, 3), torch.nn.Softmax(dim=1))
        >>> model = qmu.as_classifier(module, outputs="probabilities")
        >>> rows = torch.ones(2, 4)
        >>> torch.allclose(model(rows).softmax(dim=1), module(rows))
        True
    """
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"a model must be a torch module, got {type(module).__name__}")
    _check.one_of(get_args(Outputs), outputs=outputs)
    if labels is not None:
        _check_labels(list(labels), outputs)
    return Classifier(module, outputs, labels)


def _log(probabilities: torch.Tensor) -> torch.Tensor:
    return probabilities.clamp_min(torch.finfo(probabilities.dtype).eps).log()


def _are_numbers(given: NDArray[Any], classes: int) -> bool:
    numeric = given.dtype.kind in "biuf"
    return numeric and bool(((given >= 0) & (given < classes)).all())


def _check_labels(labels: list[Label], outputs: Outputs) -> None:
    if len(set(labels)) < max(2, len(labels)):
        raise InputError(f"labels must be at least two different ones, got {labels}")
    if outputs == "expectation" and len(labels) != 2:
        raise InputError(f"labels of an expectation must be two, got {labels}")
    for number, label in enumerate(labels):
        if label in range(len(labels)) and label != number:
            raise InputError(
                f"labels from 0 to {len(labels) - 1} must stand at their own place, got {labels}"
            )
