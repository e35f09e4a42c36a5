"""Models built by a user's function, named "package.module:function"."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import Backend, connectors_of
from qiskit_qmu.models.checking import check_returns_logits
from qiskit_qmu.models.factory_call import Factory, FactoryCall
from qiskit_qmu.models.labels import Label, check_labels
from qiskit_qmu.models.module_classifier import Classifier, as_classifier
from qiskit_qmu.models.outputs import Outputs
from qiskit_qmu.models.regressor import Regressor
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
    """Build a model with a function, and check it before any circuit runs.

    Args:
        factory: A function of input shape and number of classes that returns a torch module with
            TorchConnectors, or its name "package.module:function", which is imported, from the
            current folder first.
        input_shape: Shape of one row, such as (30,) or (1, 28, 28).
        num_classes: Number of classes.
        outputs: Kind of the module's outputs, see `as_classifier`; None for logits, with an error
            if they look otherwise.
        labels: Labels in the order of the classes.
        preprocess: Whether missing values are filled and features standardised before they reach
            the module; see `Preprocessing`.
        settings: Further arguments of the function, by name.
        backend: Backend of the circuits; None to keep the networks' own.
        generator: Seed of torch's global generator while the function runs.

    Returns:
        The module as a classifier that can be saved and reinitialised.

    Raises:
        InputError: If there is no such function, it fails or takes other arguments, or it does not
            return a torch module with a TorchConnector that accepts such rows and has one output
            per class.

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
    if labels is not None:
        check_labels(labels, num_classes)
    call = FactoryCall.of(factory, input_shape, num_classes, settings)
    module = _made(call, generator)
    model = as_classifier(module, outputs, labels=labels, preprocess=preprocess)
    model.made_by = call
    if outputs == "expectation" and num_classes != 2:
        raise InputError(f"outputs='expectation' is an answer to two classes, got {num_classes}")
    classes = _checked_classes(model, call)
    if classes != call.num_classes:
        raise InputError(
            f"{call.title} must return a module with {call.num_classes} outputs, one per class, "
            f"got {classes}"
        )
    return model if backend is None else model.on(backend)


def _checked_classes(model: Classifier, call: FactoryCall) -> int:
    """Return the number of classes that a model answers with; refuse undeclared outputs."""
    try:
        return check_returns_logits(model, call.rows_for(model))
    except InputError as error:
        if model.outputs is not None:
            raise InputError(f"{call.title}: {error}") from error
        raise InputError(
            f"{call.title}: {error}; on the command line declare --outputs probabilities or "
            "--outputs expectation"
        ) from error


def build_regressor(
    factory: str | Factory,
    input_shape: Sequence[int],
    num_values: int = 1,
    *,
    preprocess: bool = False,
    settings: Mapping[str, Any] | None = None,
    backend: Backend | None = None,
    generator: np.random.Generator | int | None = 0,
) -> Regressor:
    """Build a model that predicts values with a function, and check it before any circuit runs.

    Args:
        factory: A function of input shape and number of values, as for `build_from_factory`.
        input_shape: Shape of one row.
        num_values: Number of values of each row.
        preprocess: Whether missing values are filled and features standardised first.
        settings: Further arguments of the function, by name.
        backend: Backend of the circuits; None to keep the networks' own.
        generator: Seed of torch's global generator while the function runs.

    Raises:
        InputError: If there is no such function, it fails or takes other arguments, or it does not
            return a torch module with a TorchConnector that accepts such rows.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models.factory import build_regressor
        >>> def build(input_shape, num_values):
        ...     layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        ...     return torch.nn.Sequential(layer, torch.nn.Linear(2, num_values))
        >>> build_regressor(build, (2,))(torch.zeros(5, 2)).shape
        torch.Size([5, 1])
    """
    call = FactoryCall.of(factory, input_shape, num_values, settings)
    model = Regressor(_made(call, generator), preprocess=preprocess, made_by=call)
    return model if backend is None else model.on(backend)


def _made(call: FactoryCall, generator: np.random.Generator | int | None) -> torch.nn.Module:
    module = call.make(as_generator(generator))
    if not connectors_of(module):
        raise InputError(f"the module returned by {call.title} has no TorchConnector")
    return module


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
    """Load a module that was trained elsewhere as a classifier.

    Args:
        factory: The factory of such modules, as for `build_from_factory`.
        weights: File of its ``state_dict()``: a ``.safetensors`` file, or one written by
            ``torch.save``, from which only tensors are read.
        input_shape: Shape of one row.
        num_classes: Number of classes.
        outputs: Kind of the module's outputs, as for `build_from_factory`.
        labels: Labels in the order of the classes.
        preprocess: Whether missing values are filled and features standardised before they reach
            the module. The caller must fit them to the training rows with
            ``fit_inputs(model, rows)``. Do not use it for a module trained on other rows.
        settings: Further arguments of the factory, by name.
        backend: Backend of the circuits; None to keep the networks' own.

    Raises:
        InputError: If the factory cannot be used, or the file cannot be read, or has anything but
            the module's tensors.

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
