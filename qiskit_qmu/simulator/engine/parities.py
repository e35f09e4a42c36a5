"""Parities of basis states over sets of qubits, without a table over all basis states.

The parity of a basis state over some qubits is χ(s) = ±1, the eigenvalue of a string of Z. It is
the product of one over the high and one over the low half of the qubits, so two small tables of
2^(n/2) columns serve any number of strings.
"""

import math
from collections.abc import Sequence

import numpy as np
import torch

from qiskit_qmu.simulator.compile.parity_masks import parity_sign
from qiskit_qmu.simulator.engine.matrices import multiply


class Parities:
    """The parities χ_k of K sets of qubits, as a linear map and its transpose.

    Args:
        masks: The sets, bit q for qubit q.
        num_qubits: Number of qubits n.
        dtype: Real type of the values.
        device: Their device.
    """

    def __init__(
        self, masks: Sequence[int], num_qubits: int, dtype: torch.dtype, device: torch.device
    ) -> None:
        low = num_qubits // 2
        highs = sorted({mask >> low for mask in masks})
        lows = sorted({mask & (2**low - 1) for mask in masks})
        self._high = _signs(highs, num_qubits - low, dtype, device)
        self._low = _signs(lows, low, dtype, device)
        index = [
            highs.index(mask >> low) * len(lows) + lows.index(mask & (2**low - 1)) for mask in masks
        ]
        self._index = torch.as_tensor(index, dtype=torch.int64, device=device)

    def __len__(self) -> int:
        return len(self._index)

    def spread(self, coefficients: torch.Tensor) -> torch.Tensor:
        """Return Σ_k c_k χ_k(s), (M, 2^n, …), of coefficients (M, K, …)."""
        models, _, *rest = coefficients.shape
        (highs, high), (lows, low) = self._high.shape, self._low.shape
        columns = math.prod(rest)
        pairs = coefficients.new_zeros(models, highs * lows, *rest)
        pairs = pairs.index_add(1, self._index, coefficients)
        by_high = multiply(self._high.T, pairs.reshape(models, highs, lows * columns))
        both = multiply(self._low.T, by_high.reshape(models * high, lows, columns))
        return both.reshape(models, high * low, *rest)

    def gather(self, values: torch.Tensor) -> torch.Tensor:
        """Return Σ_s v(s) χ_k(s), (M, K, …), of values (M, 2^n, …)."""
        models, _, *rest = values.shape
        (highs, high), (lows, low) = self._high.shape, self._low.shape
        columns = math.prod(rest)
        by_high = multiply(self._high, values.reshape(models, high, low * columns))
        both = multiply(self._low, by_high.reshape(models * highs, low, columns))
        return both.reshape(models, highs * lows, *rest).index_select(1, self._index)


def _signs(
    masks: list[int], num_qubits: int, dtype: torch.dtype, device: torch.device
) -> torch.Tensor:
    signs = [parity_sign(num_qubits, mask) for mask in masks]
    return torch.as_tensor(np.array(signs).reshape(len(masks), -1), dtype=dtype, device=device)
