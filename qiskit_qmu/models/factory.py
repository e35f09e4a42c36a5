"""Models that a function of the user's makes, named as "package.module:function"."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import Backend, connectors_of
from qiskit_qmu.models.checking import check_returns_logits
from qiskit_qmu.models.factory_call import Factory, FactoryCall
from qiskit_qmu.models.labels import Label
from qiskit_qmu.models.module_classifier import Classifier, as_classifier
from qiskit_qmu.models.outputs import Outputs
from qiskit_qmu.models.state_files import load_state, read_state


def build_from_factory(
    factory: str | Factory,
    input_shape: Sequence[int],
    num_classes: int,
    *,
    outputs: Outputs | None = None,
    labels: Sequence[Label] | None = None,
    preprocess: bool = False,
    settings: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    generator: np.random.Generator | int | None = 0,
) -> Classifier:
    """Let a function make a model, and check what it made before any circuit is run.

    Args:
        factory: A function of input shape and number of classes that returns a torch module with
            TorchConnectors, or its name "package.module:function", which is imported; the current
            folder is looked in first.
        input_shape: Shape of one row, such as (30,) or (1, 28, 28).
        num_classes: Number of classes.
        outputs: What the module returns, see `as_classifier`; where None, logits, refused where
            they look like something else.
        labels: Labels in the order of the classes.
        preprocess: Whether missing values are filled and features standardised before the module
            sees them; see `Preprocessing`.
        settings: Further arguments of the function, by name.
        backend: Where circuits run; as the function decided where None.
        generator: Seed of what the function draws from torch's global generator.

    Returns:
        The module as a classifier that can be saved and drawn anew.

    Raises:
        InputError: If there is no such function, it fails or takes other arguments, or what it
            returns is no torch module, holds no TorchConnector, cannot take such rows, or has not
            one output for each class.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import build_from_factory
        >>> def build(input_shape, num_classes):
        ...     layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        ...     front = torch.nn.Linear(input_shape[0], 2)
        ...     return torch.nn.Sequential(front, layer, torch.nn.Linear(2, num_classes))
        >>> model = build_from_factory(build, (4,), 3, labels=("se", "ve", "vi"))
        >>> model.predict(torch.zeros(5, 4)).shape
        (5,)
    """
    call = FactoryCall.of(factory, input_shape, num_classes, settings)
    module = call.make(as_generator(generator))
    if not connectors_of(module):
        raise InputError(f"{call.title} must return a module with a TorchConnector, got none in it")
    model = as_classifier(module, outputs, labels=labels, preprocess=preprocess)
    model.made_by = call
    classes = check_returns_logits(model, call.rows_for(module))
    if classes != call.num_classes:
        raise InputError(
            f"{call.title} must make a module with {call.num_classes} outputs, one for each class, "
            f"got {classes}"
        )
    return model if backend is None else model.on(backend)


def load_module(
    factory: str | Factory,
    weights: str | Path,
    *,
    input_shape: Sequence[int],
    num_classes: int,
    outputs: Outputs | None = None,
    labels: Sequence[Label] | None = None,
    preprocess: bool = False,
    settings: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
) -> Classifier:
    """Return a module that was trained elsewhere as a classifier.

    Args:
        factory: What makes such modules, as for `build_from_factory`.
        weights: File of its ``state_dict()``: a ``.safetensors`` file, or one that ``torch.save``
            wrote, of which nothing but tensors is read.
        input_shape: Shape of one row.
        num_classes: Number of classes.
        outputs: What the module returns, as for `build_from_factory`.
        labels: Labels in the order of the classes.
        preprocess: Whether missing values are filled and features standardised before the module
            sees them. Fitting them to the training rows is up to the caller:
            ``fit_inputs(model, rows)``. Leave it off for a module that was trained on other rows.
        settings: Further arguments of the factory, by name.
        backend: Where circuits run; as the factory decided where None.

    Raises:
        InputError: If the factory cannot be used, or the file cannot be read, holds other than
            tensors, or tensors of another module.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> def build(input_shape, num_classes):
        ...     layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        ...     return torch.nn.Sequential(layer, torch.nn.Linear(2, num_classes))
        >>> torch.save(build((2,), 3).state_dict(), "weights.pt")
        >>> qmu.load_module(build, "weights.pt", input_shape=(2,), num_classes=3).predict_proba(
        ...     [[0.1, 0.2]]
        ... ).shape
        (1, 3)
    """
    model = build_from_factory(
        factory,
        input_shape,
        num_classes,
        outputs=outputs,
        labels=labels,
        preprocess=preprocess,
        settings=settings,
    )
    load_state(model.module, read_state(weights), weights)
    return model if backend is None else model.on(backend)
