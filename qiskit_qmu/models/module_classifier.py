"""as_classifier: any torch module as a classifier of this package."""

from collections.abc import Callable, Sequence
from typing import Any, Self, final, get_args

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend
from qiskit_qmu.models.backend_transfer import on_backend
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.factory_call import FactoryCall
from qiskit_qmu.models.files import Description
from qiskit_qmu.models.initialization import reinitialize
from qiskit_qmu.models.labels import Label, check_labels
from qiskit_qmu.models.network_files import is_network, network_circuit, network_to_dict
from qiskit_qmu.models.outputs import Outputs, logits_of
from qiskit_qmu.models.parameters import clone_module


@final
class Classifier(QuantumClassifier):
    """A module whose outputs are turned into logits; see `as_classifier`.

    Attributes:
        module: The module.
        outputs: What it returns; None where that was not declared: logits, unless they look like
            something else.
        labels: Labels in the order of the logits; None where they are numbered.
        made_by: The factory that makes such modules; None where it is not known.
        preprocessing: What fills missing values and standardises features; None for nothing.
        backend: Where its circuits run; None where they run as its maker decided.
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

    def raw_outputs(self, x: torch.Tensor) -> torch.Tensor:
        """Return what the module returns for rows (n, …)."""
        outputs: torch.Tensor = self.module(self.prepared(x))
        return outputs

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return logits (n, classes) of rows (n, …)."""
        return logits_of(self.raw_outputs(x), self.outputs or "logits")

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Draw all weights anew, in place, and forget what was fitted to training rows.

        Where the factory is known, weights and buffers are those of a module that it makes;
        parameters that need no gradient keep their values.
        """
        if self.preprocessing is not None:
            self.preprocessing.reinitialize(generator)
        if self.made_by is None:
            reinitialize(self.module, generator)
        else:
            _take_over(self.module, self.made_by.make(generator))

    def on(self, backend: Backend) -> Self:
        """Return a copy with the same weights whose circuits run on another backend."""
        moved = clone_module(self)
        moved.module = on_backend(moved.module, backend)
        moved.backend = backend
        return moved

    def check_labels(self, labels: NDArray[np.int64]) -> None:
        """Refuse nothing: how many classes there are the module says."""

    def description(self) -> Description:
        """Return what a saved model is built from again, but its weights."""
        config: dict[str, Any] = {
            "kind": "module",
            "outputs": self.outputs,
            "labels": None if self.labels is None else list(self.labels),
            "preprocess": self.preprocessing is not None,
            "factory": None if self.made_by is None else self.made_by.to_dict(),
        }
        if self.made_by is None:
            if not is_network(self.module):
                raise InputError(
                    "a saved model must say how its module is made: give the factory, as in "
                    "as_classifier(module, factory=build, input_shape=(4,), num_classes=3)"
                )
            config |= {"kind": "network", "network": network_to_dict(self.module)}
        return Description(config=config, circuit=network_circuit(self.module))

    def extra_repr(self) -> str:
        """Return what the outputs are, and the labels."""
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
            - None: Logits, refused where they look like one of the others.
        labels: Labels in the order of the logits, as you write them: (-1, 1) or ("cat", "dog").
            Training, unlearning and audits then take them in place of 0, 1, …, which stay possible.
        preprocess: Whether the classifier fills missing values of table rows and standardises
            their features before the module sees them; see `Preprocessing`.
        factory: What makes such modules, a function of input shape and number of classes, or its
            name "package.module:function". A saved model is built by it again; one whose module is
            a single TorchConnector needs none.
        input_shape: Shape of one row, for the factory.
        num_classes: Number of classes, for the factory.

    Returns:
        A torch module that returns logits (n, classes).

    Raises:
        InputError: If the module is no torch module, the outputs are unknown, labels repeat or
            are numbers of other classes than their own, or the factory cannot be used.

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
            raise InputError(f"labels of an expectation must be two, got {list(labels)}")
    made_by = None
    if factory is not None:
        if input_shape is None or num_classes is None:
            raise InputError("a factory needs input_shape and num_classes, which it is called with")
        made_by = FactoryCall.of(factory, input_shape, num_classes)
    return Classifier(module, outputs, labels, preprocess=preprocess, made_by=made_by)


def _take_over(module: torch.nn.Module, fresh: torch.nn.Module) -> None:
    """Copy weights and buffers of a new module into one that was made alike."""
    parameters, buffers = dict(fresh.named_parameters()), dict(fresh.named_buffers())
    with torch.no_grad():
        for name, parameter in module.named_parameters():
            if parameter.requires_grad:
                parameter.copy_(parameters[name])
        for name, buffer in module.named_buffers():
            if buffer.shape == buffers[name].shape:
                buffer.copy_(buffers[name])
            else:  # fitted to rows, and as large as they were
                owner, _, attribute = name.rpartition(".")
                setattr(module.get_submodule(owner), attribute, buffers[name].to(buffer))
