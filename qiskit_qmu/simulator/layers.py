"""Layers of shared one-qubit gates as dense blocks, with the derivatives of the blocks."""

from typing import Any

import torch

from qiskit_qmu.simulator.matrices import RunProducts, kronecker_matrices
from qiskit_qmu.simulator.program import Program


class SharedLayers:
    """Angles to the dense matrices of every layer and block of a program.

    Args:
        program: The compiled circuit.
        dtype: Complex type of the matrices.
        device: Where they live.
    """

    def __init__(self, program: Program, dtype: torch.dtype, device: torch.device) -> None:
        self._shape = (len(program.layers), program.num_qubits)
        self._blocks = program.blocks
        runs = [run for layer in program.layers for run in layer]
        self._products = RunProducts(runs, dtype, device)
        depth = self._products.depth
        angles = torch.full((depth, *self._shape), program.num_shared_angles)
        for layer, runs_of_layer in enumerate(program.layers):
            for qubit, run in enumerate(runs_of_layer):
                for slot, factor in enumerate(run):
                    if factor.matrix is None:
                        angles[slot, layer, qubit] = factor.angle
        # Which angle each slot holds; the number of angles, one too high, where it holds none.
        self._angles = angles.to(device)

    def __call__(self, shared_angles: torch.Tensor) -> list[torch.Tensor]:
        """Return one tensor (layers, 2^size, 2^size) for each block."""
        if self._shape[0] == 0:
            return list(self.matrices(shared_angles))
        blocks: tuple[torch.Tensor, ...] = _DenseBlocks.apply(self, shared_angles)
        return list(blocks)

    def matrices(self, shared_angles: torch.Tensor) -> tuple[torch.Tensor, ...]:
        """Return the blocks by plain tensor operations."""
        matrices = self._products.shared(shared_angles).reshape(*self._shape, 2, 2)
        return tuple(
            kronecker_matrices(matrices[:, start : start + size]) for start, size in self._blocks
        )

    def derivatives(self, shared_angles: torch.Tensor) -> list[tuple[torch.Tensor, torch.Tensor]]:
        """Return, for each block, its derivatives and whose they are.

        Returns:
            For each block the derivatives (layers, K, 2^size, 2^size) by the K gates in it, and the
            index (layers, K) of each gate's angle, the number of angles where there is no gate.
        """
        matrices = self._products.shared(shared_angles).reshape(*self._shape, 2, 2)
        depth, num_layers = self._products.depth, self._shape[0]
        slopes = self._products.derivatives(shared_angles).reshape(depth, *self._shape, 2, 2)
        results = []
        for start, size in self._blocks:
            own = matrices[:, start : start + size]
            varied = own.reshape(num_layers, 1, 1, size, 2, 2).repeat(1, depth, size, 1, 1, 1)
            for position in range(size):
                varied[:, :, position, position] = slopes[:, :, start + position].transpose(0, 1)
            angles = self._angles[:, :, start : start + size].transpose(0, 1)
            results.append((kronecker_matrices(varied).flatten(1, 2), angles.flatten(1, 2)))
        return results


class _DenseBlocks(torch.autograd.Function):
    """The blocks, with a backward pass that is one matrix product.

    The derivatives of a block are the same for all samples, so the gradients of many examples at
    once cost one product with them, where differentiating the Kronecker products would repeat the
    whole chain for each example.
    """

    generate_vmap_rule = True

    @staticmethod
    def forward(layers: SharedLayers, angles: torch.Tensor) -> tuple[torch.Tensor, ...]:  # type: ignore[override]
        """Return the blocks."""
        return layers.matrices(angles)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Keep the angles."""
        layers, angles = inputs
        ctx.layers = layers
        ctx.save_for_backward(angles)

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> tuple[None, torch.Tensor]:  # type: ignore[override]
        """Return Re Σ conj(gradient) dBlock/dangle for each angle."""
        (angles,) = ctx.saved_tensors
        total = angles.new_zeros(len(angles) + 1)
        derivatives = ctx.layers.derivatives(angles)
        for gradient, (derivative, index) in zip(gradients, derivatives, strict=True):
            # Re Σ conj(g) d is the dot product of real and imaginary parts. Layer by layer, because
            # under vmap the examples of one layer then are the rows of one product.
            pairs = zip(_parts(derivative), _parts(gradient), strict=True)
            slopes = torch.stack([slope @ own for slope, own in pairs])
            total = total.index_add(0, index.flatten(), slopes.flatten())
        return None, total[:-1]


def _parts(matrices: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(matrices.contiguous()).flatten(-3)
