"""Networks that compute in NumPy, as differentiable torch functions."""

from typing import Any, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch.autograd.function import once_differentiable

FloatArray = NDArray[np.float64]
"""Inputs, weights, outputs or derivatives, in double precision."""


class NumpyNetwork(Protocol):
    """A network that takes and returns NumPy arrays of double precision."""

    def values(self, inputs: FloatArray, weights: FloatArray) -> FloatArray:
        """Return the outputs, flat, (B, O) of inputs (B, I) and weights (W,)."""
        ...

    def jacobian(
        self, inputs: FloatArray, weights: FloatArray, needs: tuple[bool, bool]
    ) -> tuple[FloatArray, FloatArray]:
        """Return the derivatives (B, O, I) by inputs and (B, O, W) by weights.

        Derivatives that are not needed may be zero or missing.
        """
        ...


def differentiable_outputs(
    network: NumpyNetwork, inputs: torch.Tensor, weights: torch.Tensor, num_outputs: int
) -> torch.Tensor:
    """Return outputs (B, O) that can be differentiated once, in the precision of the weights.

    Only the Jacobians that torch needs are computed, and nothing if there are no rows.

    Args:
        network: Computes outputs and Jacobians.
        inputs: Inputs (B, I).
        weights: Weights (W,).
        num_outputs: Number O of outputs.
    """
    outputs: torch.Tensor = _NumpyFunction.apply(network, inputs, weights, num_outputs)
    return outputs


class _NumpyFunction(torch.autograd.Function):
    """Outputs by the network, gradients by its Jacobian."""

    @staticmethod
    def forward(
        ctx: Any,
        network: NumpyNetwork,
        inputs: torch.Tensor,
        weights: torch.Tensor,
        num_outputs: int,
    ) -> torch.Tensor:
        """Evaluate the network."""
        ctx.network = network
        ctx.save_for_backward(inputs, weights)
        values = np.zeros((0, num_outputs))
        if len(inputs):
            values = network.values(_array(inputs), _array(weights))
        return torch.as_tensor(values, dtype=weights.dtype, device=weights.device)

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[torch.Tensor | None, ...]:
        """Compute the Jacobian and contract it."""
        inputs, weights = ctx.saved_tensors
        needs = ctx.needs_input_grad[1:3]
        gradients = [torch.zeros_like(inputs), torch.zeros_like(weights)]
        if len(inputs):
            slopes = ctx.network.jacobian(_array(inputs), _array(weights), needs)
            for place, rule in enumerate(("bo,boi->bi", "bo,bow->w")):
                if needs[place]:
                    pulled_back = np.einsum(rule, _array(gradient), slopes[place])
                    gradients[place] = torch.as_tensor(pulled_back).to(gradients[place])
        kept = (g if need else None for g, need in zip(gradients, needs, strict=True))
        return None, *kept, None


def _array(tensor: torch.Tensor) -> FloatArray:
    return tensor.detach().cpu().double().numpy()
