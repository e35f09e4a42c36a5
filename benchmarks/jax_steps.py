"""What `steps` does with connectors, of a JAX function of inputs and weights, jitted."""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np

Circuit = Callable[[jax.Array, jax.Array], jax.Array]
Task = Callable[[], object]


def jax_step(circuit: Circuit, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return a training step: the gradients by inputs and weights, of a function of the batch."""

    def loss(x, w):
        return jnp.square(circuit(x, w)).sum()

    return _task(jax.grad(loss, (0, 1)), inputs, weights)


def jax_forward(circuit: Circuit, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return a forward pass of a function of the batch."""
    return _task(circuit, inputs, weights)


def jax_jacobian(circuit: Circuit, inputs: np.ndarray, weights: np.ndarray) -> Task:
    """Return the derivatives by the weights of each row's outputs, of a function of one row."""
    return _task(jax.vmap(jax.jacrev(circuit, 1), (0, None)), inputs, weights)


def jax_ensemble_step(
    circuit: Circuit, inputs: np.ndarray, weights: np.ndarray, *, mapped: bool
) -> Task:
    """Return a training step of many models, weights (models, W), of a function of the batch.

    Args:
        circuit: The function.
        inputs: Inputs of the batch.
        weights: Weights of the models.
        mapped: Whether the models are one vmap, or follow each other in one jitted call.
    """

    def loss(w, x):
        return jnp.square(circuit(x, w)).sum()

    def gradients(x, w):
        if mapped:
            return jax.vmap(jax.grad(loss), (0, None))(w, x)
        return jax.lax.map(lambda own: jax.grad(loss)(own, x), w)

    return _task(gradients, inputs, weights)


def _task(function: Circuit, inputs: np.ndarray, weights: np.ndarray) -> Task:
    x, w = (jnp.asarray(value, jnp.float32) for value in (inputs, weights))
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(x, w))
