"""A small dense network for two classes, trained in plain NumPy without a framework."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import final

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

# Adam as published, https://arxiv.org/abs/1412.6980
_FIRST_DECAY, _SECOND_DECAY, _TINY = 0.9, 0.999, 1e-8


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class DenseNetwork:
    """Three dense layers with ReLU activations and a single log-odds output."""

    layers: tuple[tuple[Array, Array], ...]
    """Weights (inputs, outputs) and biases (outputs,) of each layer."""

    def log_odds(self, inputs: Array) -> Array:
        """Return the log-odds of class 1, shape (n,), for inputs of shape (n, columns)."""
        return _forward(self.layers, inputs, None)[-1][:, 0]


def train_network(
    inputs: Array,
    targets: Array,
    *,
    hidden: int,
    dropout: float,
    learning_rate: float,
    batch_size: int,
    epochs: int,
    generator: np.random.Generator,
) -> DenseNetwork:
    """Train a network by Adam on the binary cross-entropy.

    Args:
        inputs: Standardised inputs, shape (n, columns).
        targets: 0 or 1, shape (n,).
        hidden: Width of both hidden layers.
        dropout: Dropout rate of the first hidden layer.
        learning_rate: Learning rate of Adam.
        batch_size: Rows per step.
        epochs: Passes over the rows.
        generator: Draws the initial weights, the order of the rows and the dropout.

    Returns:
        The trained network.
    """
    sizes = (inputs.shape[1], hidden, hidden, 1)
    # One flat array holds all parameters, so that a step of Adam is a few vector operations.
    parameters = _initial(sizes, generator)
    layers, gradient = _layers(parameters, sizes), np.empty_like(parameters)
    slots = _layers(gradient, sizes)
    first, second = np.zeros_like(parameters), np.zeros_like(parameters)
    step = 0
    for _ in range(epochs):
        order = generator.permutation(len(inputs))
        for start in range(0, len(order), batch_size):
            rows = order[start : start + batch_size]
            kept = generator.random((len(rows), hidden)) >= dropout
            write_gradients(slots, layers, inputs[rows], targets[rows], kept / (1 - dropout))
            step += 1
            first += (1 - _FIRST_DECAY) * (gradient - first)
            second += (1 - _SECOND_DECAY) * (gradient**2 - second)
            root = np.sqrt(second / (1 - _SECOND_DECAY**step)) + _TINY
            parameters -= learning_rate / (1 - _FIRST_DECAY**step) * first / root
    return DenseNetwork(layers=tuple(layers))


def write_gradients(
    slots: Sequence[tuple[Array, Array]],
    layers: Sequence[tuple[Array, Array]],
    inputs: Array,
    targets: Array,
    mask: Array,
) -> None:
    """Write the gradient of the mean binary cross-entropy into ``slots``.

    Args:
        slots: Arrays shaped like ``layers``, overwritten.
        layers: Weights and biases.
        inputs: Inputs, shape (n, columns).
        targets: 0 or 1, shape (n,).
        mask: Factors of the first hidden layer, shape (n, hidden): 0 where it is dropped.
    """
    activations = _forward(layers, inputs, mask)
    log_odds = activations[-1][:, 0]
    error = ((sigmoid(log_odds) - targets) / len(targets))[:, None]
    for index in reversed(range(len(layers))):
        activation = activations[index]
        np.matmul(activation.T, error, out=slots[index][0])
        error.sum(axis=0, out=slots[index][1])
        if index:
            error = (error @ layers[index][0].T) * (activation > 0)
            if index == 1:
                error *= mask


def sigmoid(log_odds: Array) -> Array:
    """Return probabilities, without overflow for large log-odds."""
    return np.exp(-np.logaddexp(0.0, -log_odds))


def _forward(
    layers: Sequence[tuple[Array, Array]], inputs: Array, mask: Array | None
) -> list[Array]:
    """Return the input of every layer and, last, the output."""
    activations = [inputs]
    for index, (weights, biases) in enumerate(layers):
        values = activations[-1] @ weights + biases
        if index < len(layers) - 1:
            values = np.maximum(values, 0.0)
        if index == 0 and mask is not None:
            values *= mask
        activations.append(values)
    return activations


def _initial(sizes: Sequence[int], generator: np.random.Generator) -> Array:
    """Draw weights and biases from ±1/√inputs, torch's default for a linear layer."""
    return np.concatenate(
        [
            generator.uniform(-1, 1, size=(inputs + 1) * outputs) / inputs**0.5
            for inputs, outputs in pairwise(sizes)
        ]
    )


def _layers(flat: Array, sizes: Sequence[int]) -> list[tuple[Array, Array]]:
    """Return views of a flat array as weights and biases."""
    views, start = [], 0
    for inputs, outputs in pairwise(sizes):
        split, end = start + inputs * outputs, start + (inputs + 1) * outputs
        views.append((flat[start:split].reshape(inputs, outputs), flat[split:end]))
        start = end
    return views
