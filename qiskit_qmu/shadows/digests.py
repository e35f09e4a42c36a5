"""Digests of everything that decides the weights of shadow models."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from types import FunctionType
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, connectors_of
from qiskit_qmu.data import Rows
from qiskit_qmu.models import in_mode, weights_digest
from qiskit_qmu.simulator.compile.content import circuit_content
from qiskit_qmu.training.processes import one_thread


def training_digest(
    untrained: torch.nn.Module,
    sample: torch.Tensor,
    pool: Rows,
    included: NDArray[np.bool_],
    recipe: Any,
    seed: int,
    *,
    exact: bool,
) -> str:
    """Return a short hash of everything that decides the weights of shadow models.

    Args:
        untrained: The first of them before training, with everything fitted to the pool: its
            weights say how they are drawn, and what is not drawn anew.
        sample: A few rows.
        pool: All rows in their order.
        included: Which rows the first two models are trained on, booleans (2, rows).
        recipe: The trainer, and the digest of rows by which it stops.
        seed: Seed of halves, weights and batches.
        exact: Whether the model's answers are the same in each call; those on the sample then tell
            apart modules that differ in what is no tensor.
    """
    return _hash(
        {
            "class": f"{type(untrained).__module__}.{type(untrained).__qualname__}",
            "structure": repr(untrained),
            "trained": [name for name, p in untrained.named_parameters() if p.requires_grad],
            "weights": weights_digest(untrained),
            "answers": _rounded_answers(untrained, sample) if exact else None,
            "networks": [_network_content(c.neural_network) for c in connectors_of(untrained)],
            "backends": _backends_of(untrained),
            "recipe": content_of(recipe),
            "rows": pool.digest(),
            "halves": hashlib.sha256(np.packbits(included).tobytes()).hexdigest(),
            "seed": seed,
        }
    )


def unlearning_digest(
    trained: str,
    strategy: Any,
    audited: NDArray[np.bool_],
    label: int | None,
    validation: Rows | None,
    seed: int,
) -> str:
    """Return a short hash of everything that decides the weights of unlearned shadow models.

    Args:
        trained: The digest of the shadow models.
        strategy: How rows are forgotten.
        audited: Which rows of the pool are forgotten where they were trained on.
        label: The class that is forgotten; None for single rows.
        validation: Rows that the strategy may choose by.
        seed: Seed of the strategy.

    Raises:
        InputError: If the strategy does not say what its settings are.
    """
    return _hash(
        {
            "trained": trained,
            "strategy": content_of(strategy),
            "audited": np.flatnonzero(audited).tolist(),
            "label": label,
            "validation": None if validation is None else validation.digest(),
            "seed": seed,
        }
    )


def content_of(value: Any) -> Any:
    """Return settings as JSON values that are equal in every process.

    Args:
        value: A dataclass of settings, a function, or plain values and tuples of these.

    Raises:
        InputError: If it is an object that does not say what it consists of.
    """
    if isinstance(value, FunctionType):
        code = value.__code__
        inside = [content_of(cell.cell_contents) for cell in value.__closure__ or ()]
        body = hashlib.sha256(code.co_code + repr(code.co_names).encode()).hexdigest()
        constants = [repr(c) for c in code.co_consts if not hasattr(c, "co_code")]
        return [value.__module__, value.__qualname__, body, constants, inside]
    if is_dataclass(value) and not isinstance(value, type):
        own = {field.name: content_of(getattr(value, field.name)) for field in fields(value)}
        return [f"{type(value).__module__}.{type(value).__qualname__}", own]
    if isinstance(value, tuple | list):
        return [content_of(each) for each in value]
    if isinstance(value, Mapping):
        return {str(key): content_of(each) for key, each in value.items()}
    text = repr(value)
    if " at 0x" in text:
        raise InputError(
            f"models cannot be kept in a folder: {type(value).__name__} does not say what its "
            "settings are; make it a dataclass"
        )
    return text


def _hash(content: dict[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _rounded_answers(model: torch.nn.Module, rows: torch.Tensor) -> list[str]:
    with one_thread(), in_mode(model, training=False), torch.no_grad():
        return [f"{float(answer):.2e}" for answer in model(rows).flatten()]


def _backends_of(model: torch.nn.Module) -> list[Any]:
    owned = [getattr(child, "backend", None) for child in model.modules()]
    found = [backend for backend in owned if isinstance(backend, Backend)]
    return [[backend.name, repr(backend.settings())] for backend in found]


def _network_content(network: Any) -> dict[str, Any]:
    observables = getattr(network, "observables", None)
    primitive = getattr(network, "estimator", None) or getattr(network, "sampler", None)
    return {
        "class": type(network).__name__,
        "circuit": repr(circuit_content(network.circuit)),
        "observables": None if observables is None else repr(observables),
        "output_shape": list(np.atleast_1d(network.output_shape).tolist()),
        "primitive": type(primitive).__name__,
    }
