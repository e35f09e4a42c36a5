"""Readout errors: their rates, and outcome frequencies corrected for them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.readout.outcomes import Outcomes, frequencies, joined
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities

_LARGEST_REGISTER = 16


MITIGATED_ERRORS = (
    "independent readout errors of each qubit; correlated readout errors are not corrected"
)
"""What readout mitigation corrects, as stated in results."""


@final
@dataclass(frozen=True)
class ErrorRate:
    """An estimated readout error rate.

    Attributes:
        calibration: Qubits that were calibrated together.
        qubit: The qubit.
        held: The prepared state, 0 or 1.
        variance: Variance of the estimate.
    """

    calibration: tuple[int, ...]
    qubit: int | None
    held: int
    variance: float


@final
@dataclass(frozen=True, eq=False)
class ReadoutErrors:
    """Readout error rates of each bit of a register, independent of the other bits.

    This is the tensor product noise of Bravyi et al., Mitigating measurement errors in multi-qubit
    experiments, https://arxiv.org/abs/2006.14044. Correlated errors are not corrected.

    Attributes:
        prob_meas1_prep0: P(1 is read | 0 was prepared) of each bit (n,).
        prob_meas0_prep1: P(0 is read | 1 was prepared) of each bit (n,).
        shots: Measurements that each rate was estimated from; None for exact rates.
        qubits: The device's qubit that is read into each bit (None if unused); by default the
            bit's own index.
        calibration: Qubits that were calibrated together.
    """

    prob_meas1_prep0: NDArray[np.float64]
    prob_meas0_prep1: NDArray[np.float64]
    shots: int | None
    qubits: tuple[int | None, ...] = ()
    calibration: tuple[int, ...] = ()

    @property
    def contrast(self) -> NDArray[np.float64]:
        """Factor by which readout shrinks a bit's ±1 value, (n,): 1 without errors."""
        return 1 - self.prob_meas1_prep0 - self.prob_meas0_prep1

    @property
    def unbiased_values(self) -> NDArray[np.float64]:
        """Values (n, 2) of a bit read as 0 and as 1, whose mean is that of the prepared ±1."""
        shift = self.prob_meas0_prep1 - self.prob_meas1_prep0
        return np.asarray((np.array([1.0, -1.0]) - shift[:, None]) / self.contrast[:, None])

    @property
    def variances(self) -> NDArray[np.float64]:
        """Variances (n, 2) of the estimates of P(1 | 0) and P(0 | 1)."""
        rates = np.stack([self.prob_meas1_prep0, self.prob_meas0_prep1], axis=1)
        if self.shots is None:
            return np.zeros_like(rates)
        return np.asarray(rates * (1 - rates) / (self.shots - 1))

    def rates(self, bit: int) -> tuple[ErrorRate, ErrorRate]:
        """Return P(1 | 0) and P(0 | 1) of a bit."""
        of_ones, of_zeros = self.variances[bit].tolist()
        where = self.calibration, self.qubits[bit] if self.qubits else bit
        return ErrorRate(*where, 0, of_ones), ErrorRate(*where, 1, of_zeros)

    def corrected(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the frequencies (B, 2^n) corrected for readout errors.

        They are unbiased and sum to one, so some may be negative.
        """
        for bit, (ones, zeros) in enumerate(
            zip(self.prob_meas1_prep0, self.prob_meas0_prep1, strict=True)
        ):
            confusion = np.array([[1 - ones, ones], [zeros, 1 - zeros]])
            shares = on_one_bit(shares, bit, np.linalg.inv(confusion))
        return shares

    @staticmethod
    def joined(parts: Sequence["ReadoutErrors"]) -> "ReadoutErrors":
        """Return the errors of several registers as one, the first one lowest."""
        return ReadoutErrors(
            np.concatenate([part.prob_meas1_prep0 for part in parts]),
            np.concatenate([part.prob_meas0_prep1 for part in parts]),
            parts[0].shots,
            tuple(qubit for part in parts for qubit in part.qubits),
            parts[0].calibration,
        )


def on_one_bit(
    shares: NDArray[np.float64], bit: int, matrix: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return shares (B, 2^n) of outcomes after a linear map (from, to) of one bit."""
    view = shares.reshape(len(shares), -1, 2, 2**bit)
    return np.asarray(np.einsum("baij,ik->bakj", view, matrix).reshape(shares.shape))


def mitigated(outcomes: Outcomes, errors: Mapping[str, ReadoutErrors]) -> Outcomes:
    """Return the corrected joint frequencies of all registers.

    Args:
        outcomes: Measured outcomes, each register of shape (B,).
        errors: The errors of each register.

    Returns:
        Quasi-probabilities: they sum to one, and some may be negative.

    Raises:
        InputError: If there are more than 16 bits.
    """
    whole = joined(list(outcomes.values()))
    if whole.num_bits > _LARGEST_REGISTER:
        raise InputError(
            f"readout mitigation of outcome frequencies supports at most {_LARGEST_REGISTER} bits, "
            f"got {whole.num_bits}"
        )
    joint = ReadoutErrors.joined([errors[name] for name in outcomes]).corrected(frequencies(whole))
    corrected: Outcomes = {}
    start = 0
    for name, register in outcomes.items():
        stop = start + register.num_bits
        corrected[name] = OutcomeProbabilities(joint, register.num_bits, range(start, stop))
        start = stop
    return corrected
