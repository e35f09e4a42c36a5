"""as_classifier: wraps any torch module as a classifier of this package."""

import math
from collections.abc import Callable, Sequence
from typing import Any, final, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.factory_call import FactoryCall
from qiskit_qmu.models.labels import Label, check_labels
from qiskit_qmu.models.module_model import ModuleModel
from qiskit_qmu.models.outputs import Outputs, logits_of


@final
class Classifier(ModuleModel, QuantumClassifier):
    """A module whose outputs are turned into logits; see `as_classifier`.

    Attributes:
        module: The module.
        outputs: Kind of its outputs; None if not declared: logits, unless they look otherwise.
        labels: Labels in the order of the logits; None if they are numbers.
        made_by: The factory of such modules; None if unknown.
        preprocessing: Imputation and standardisation of rows; None for none.
        backend: Backend of its circuits; None if it keeps the networks' own.
        predicts: "classes", whatever the type of the labels.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> model = qmu.as_classifier(torch.nn.Linear(4, 2), labels=("cat", "dog"))
        >>> model.class_numbers(["dog", "cat", "dog"])
        array([1, 0, 1])
        >>> model.predict([[0.0, 0.0, 0.0, 0.0]]).item() in ("cat", "dog")
        True
    """

    def __init__(
        self,
        module: torch.nn.Module,
        outputs: Outputs | None,
        labels: Sequence[Label] | None,
        *,
        preprocess: bool = False,
        made_by: FactoryCall | None = None,
    ) -> None:
        super().__init__(labels, None, preprocess=preprocess)
        self.module = module
        self.outputs = outputs
        self.made_by = made_by

    @property
    def num_classes(self) -> int:
        """Number of classes.

        Raises:
            InputError: If nothing says it: no labels, no factory and more than one circuit layer.
        """
        if self.made_by is not None:
            return self.made_by.num_classes
        if self.labels is not None:
            return len(self.labels)
        if isinstance(self.module, TorchConnector):
            return max(2, math.prod(self.module.neural_network.output_shape))
        raise InputError("a module without labels and factory does not say how many classes it has")

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, classes) of rows (n, …)."""
        return logits_of(self.raw_outputs(x), self.outputs or "logits")

    def check_labels(self, labels: NDArray[np.int64]) -> None:
        """Do nothing: the module determines the number of classes."""

    def own_description(self) -> dict[str, Any]:
        """Return the kind of outputs and the labels."""
        return {
            "outputs": self.outputs,
            "labels": None if self.labels is None else list(self.labels),
        }

    def extra_repr(self) -> str:
        """Return the kind of outputs and the labels."""
        return f"outputs={self.outputs!r}, labels={self.labels!r}"


def as_classifier(
    module: torch.nn.Module,
    outputs: Outputs | None = "logits",
    *,
    labels: Sequence[Label] | None = None,
    preprocess: bool = False,
    factory: str | Callable[..., torch.nn.Module] | None = None,
    input_shape: Sequence[int] | None = None,
    num_classes: int | None = None,
) -> Classifier:
    """Wrap a module so that it returns logits, as training, unlearning and audits require.

    Args:
        module: Any torch module. It is not copied: the classifier shares its weights.
        outputs: Kind of its outputs for rows (n, …):

            - "logits": Scores before the softmax (n, classes). They are used unchanged, even if
              they look like probabilities.
            - "probabilities": (n, classes), or (n, 1) or (n,) for that of class 1. The logits
              are ln p, so that their softmax is p; p is clipped to the precision of its type
              (1.2e-7 for float32) to avoid ln 0.
            - "expectation": (n, 1) or (n,), the value v of one observable between -1 and 1. The
              probability of class 1 is (1 + v) / 2, of class 0 (1 - v) / 2.
            - None: Logits, with an error if they look like one of the others.
        labels: Labels in the order of the logits, such as (-1, 1) or ("cat", "dog"). Training,
            unlearning and audits then accept them as well as 0, 1, ….
        preprocess: Whether the classifier fills missing values of table rows and standardises
            their features before they reach the module; see `Preprocessing`.
        factory: A function of input shape and number of classes that returns such modules, or its
            name "package.module:function", with which a saved model is rebuilt. Not needed for a
            module that is a single TorchConnector.
        input_shape: Shape of one row, for the factory.
        num_classes: Number of classes, for the factory.

    Returns:
        A torch module that returns logits (n, classes).

    Raises:
        InputError: If the module is not a torch module, the kind of outputs is unknown, labels
            have duplicates or are indices of other classes, or the factory cannot be used.

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
    if outputs is not None:
        _check.one_of(get_args(Outputs), outputs=outputs)
    if labels is not None:
        check_labels(labels)
        if outputs == "expectation" and len(labels) != 2:
            raise InputError(f"an expectation has two classes, got the labels {list(labels)}")
    made_by = None
    if factory is not None:
        if input_shape is None or num_classes is None:
            raise InputError("a factory needs input_shape and num_classes as arguments")
        made_by = FactoryCall.of(factory, input_shape, num_classes)
    return Classifier(module, outputs, labels, preprocess=preprocess, made_by=made_by)
