"""Misread bits: their error rates, and outcome frequencies corrected for them."""

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
    "misreads of each qubit by itself; misreads of several qubits together are not corrected"
)
"""What readout mitigation corrects, as results say it."""


@final
@dataclass(frozen=True)
class ErrorRate:
    """An estimated rate of misreads.

    Attributes:
        calibration: Qubits that were calibrated together.
        qubit: Whose rate it is.
        held: Of which bit, 0 or 1.
        variance: Variance of the estimate.
    """

    calibration: tuple[int, ...]
    qubit: int | None
    held: int
    variance: float


@final
@dataclass(frozen=True, eq=False)
class ReadoutErrors:
    """How often each bit of a register is misread, whatever the other bits are.

    This is the tensor product noise of Bravyi et al., Mitigating measurement errors in multi-qubit
    experiments, https://arxiv.org/abs/2006.14044. Errors that depend on other bits stay in.

    Attributes:
        prob_meas1_prep0: P(1 is read | 0 is held) of each bit (n,).
        prob_meas0_prep1: P(0 is read | 1 is held) of each bit (n,).
        shots: Measurements that each rate was estimated from; None for exact rates.
        qubits: The device's qubit that is read into each bit, None for none; by default the bit's
            own number.
        calibration: Qubits that were calibrated together.
    """

    prob_meas1_prep0: NDArray[np.float64]
    prob_meas0_prep1: NDArray[np.float64]
    shots: int | None
    qubits: tuple[int | None, ...] = ()
    calibration: tuple[int, ...] = ()

    @property
    def contrast(self) -> NDArray[np.float64]:
        """By how much a bit's ±1 value shrinks when it is read, (n,): 1 without errors."""
        return 1 - self.prob_meas1_prep0 - self.prob_meas0_prep1

    @property
    def unbiased_values(self) -> NDArray[np.float64]:
        """Values (n, 2) for a bit that is read 0 and 1, whose mean is that of the ±1 held."""
        shift = self.prob_meas0_prep1 - self.prob_meas1_prep0
        return np.asarray((np.array([1.0, -1.0]) - shift[:, None]) / self.contrast[:, None])

    @property
    def variances(self) -> NDArray[np.float64]:
        """Variances (n, 2) of the estimated rates of false ones and of false zeros."""
        rates = np.stack([self.prob_meas1_prep0, self.prob_meas0_prep1], axis=1)
        if self.shots is None:
            return np.zeros_like(rates)
        return np.asarray(rates * (1 - rates) / (self.shots - 1))

    def rates(self, bit: int) -> tuple[ErrorRate, ErrorRate]:
        """Return the rates of false ones and of false zeros of a bit."""
        of_ones, of_zeros = self.variances[bit].tolist()
        where = self.calibration, self.qubits[bit] if self.qubits else bit
        return ErrorRate(*where, 0, of_ones), ErrorRate(*where, 1, of_zeros)

    def corrected(self, shares: NDArray[np.float64]) -> NDArray[np.float64]:
        """Return the frequencies (B, 2^n) of what was held, from those of what was read.

        They are unbiased and add up to one, so some may be negative.
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
    """Return the corrected frequencies of all registers, with their correlations.

    Args:
        outcomes: What was read, each register of shape (B,).
        errors: The errors of each register.

    Returns:
        Quasi-probabilities: they add up to one, and some may be negative.

    Raises:
        InputError: If there are more than 16 bits.
    """
    whole = joined(list(outcomes.values()))
    if whole.num_bits > _LARGEST_REGISTER:
        raise InputError(
            f"readout mitigation of outcome frequencies takes at most {_LARGEST_REGISTER} bits, "
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
