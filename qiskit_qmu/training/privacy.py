"""Privacy: what differentially private training (DP-SGD) adds, and what it guarantees.

M. Abadi et al., Deep Learning with Differential Privacy, CCS 2016,
https://arxiv.org/abs/1607.00133. Accounting is that of Google's dp-accounting.
"""

import logging
import math
from dataclasses import asdict, dataclass
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError

SMALLEST_NOISE, LARGEST_NOISE = 0.1, 1000.0
"""Noise multipliers between which a target epsilon is searched."""


@final
@dataclass(frozen=True, kw_only=True)
class PrivacySpent:
    """The guarantee of a training: adding or removing one row changes it by (epsilon, delta).

    It covers the weights, not the losses, and one training: of several on the same rows, as in a
    search of hyperparameters, the guarantees add up. The noise of shots earns no credit.

    Attributes:
        epsilon: Upper bound; infinite without noise.
        delta: Probability with which the bound may fail.
        noise_multiplier: Deviation of the noise in units of the clipping norm.
        clipping_norm: Largest L2 norm of a row's gradient.
        sampling_rate: Probability with which a row is in a batch.
        steps: Optimiser steps.
        fitted_to_rows: Whether the model also holds preprocessing that was fitted to the rows,
            such as scaling or principal components, which the guarantee does not cover.

    Example:
        >>> import qiskit_qmu as qmu
        >>> privacy = qmu.Privacy(noise_multiplier=0.0, delta=1e-5)
        >>> privacy.spent(rows=1000, batch_size=32, epochs=2).epsilon
        inf
    """

    epsilon: float
    delta: float
    noise_multiplier: float
    clipping_norm: float
    sampling_rate: float
    steps: int
    fitted_to_rows: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values; None for an infinite epsilon."""
        bounded = math.isfinite(self.epsilon)
        return {**asdict(self), "epsilon": self.epsilon if bounded else None}

    def __str__(self) -> str:
        text = f"(ε = {self.epsilon:.3g}, δ = {self.delta:g})"
        if self.fitted_to_rows:
            text += ", not counting preprocessing that was fitted to the training rows"
        return text


@final
@dataclass(frozen=True, kw_only=True)
class Privacy:
    """Differentially private training: clipped gradients of single rows, noise, random batches.

    A batch takes each row with probability batch_size / rows (Poisson sampling, which the
    accounting assumes); it may be empty. The gradient of each row is scaled down to the clipping
    norm C; noise of deviation noise_multiplier · C is added to each value of their sum, which is
    divided by batch_size. The noise is drawn from the trainer's generator, a pseudo-random one that
    is not cryptographic: the guarantee holds against those who do not know its seed.

    Attributes:
        noise_multiplier: Deviation of the noise in units of the clipping norm.
        epsilon: Target, in place of the noise multiplier: the least noise that meets it is used.
        clipping_norm: Largest L2 norm of a row's gradient, over all trained parameters.
        delta: Probability with which the guarantee may fail; less than 1 / rows.

    Raises:
        InputError: If not exactly one of noise multiplier and epsilon is given, or a value is out
            of range.

    Example:
        >>> import qiskit_qmu as qmu
        >>> iris = qmu.load_dataset("iris")
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> privacy = qmu.Privacy(noise_multiplier=0.0, clipping_norm=0.5)
        >>> trainer = qmu.Trainer(epochs=1, privacy=privacy)
        >>> history = trainer.fit(model, iris.x_train, iris.y_train, generator=0)
        >>> history.privacy.epsilon, history.privacy.steps
        (inf, 4)
    """

    noise_multiplier: float | None = None
    epsilon: float | None = None
    clipping_norm: float = 1.0
    delta: float = 1e-5

    def __post_init__(self) -> None:
        if (self.noise_multiplier is None) == (self.epsilon is None):
            raise InputError(
                "private training takes either a noise multiplier or a target epsilon, got "
                f"noise_multiplier={self.noise_multiplier} and epsilon={self.epsilon}"
            )
        if self.noise_multiplier is not None:
            _check.non_negative(noise_multiplier=self.noise_multiplier)
        if self.epsilon is not None:
            _check.positive(epsilon=self.epsilon)
        _check.positive(clipping_norm=self.clipping_norm, delta=self.delta)

    def spent(self, rows: int, batch_size: int, epochs: int) -> PrivacySpent:
        """Return the guarantee of a training, with the noise that a target takes.

        Args:
            rows: Training rows.
            batch_size: Expected rows of a batch.
            epochs: Passes over the rows.

        Raises:
            InputError: If delta is not below 1 / rows, no noise in range meets the target, or
                dp-accounting is missing.
        """
        if self.delta >= 1 / rows:
            raise InputError(f"delta must be less than 1 / {rows} training rows, got {self.delta}")
        rate = min(1.0, batch_size / rows)
        steps = epochs * math.ceil(rows / batch_size)
        noise = self.noise_multiplier
        if noise is None:
            noise = _noise_for(self.epsilon or 0.0, rate, steps, self.delta)
        return PrivacySpent(
            epsilon=subsampled_gaussian_epsilon(noise, rate, steps, self.delta),
            delta=self.delta,
            noise_multiplier=noise,
            clipping_norm=self.clipping_norm,
            sampling_rate=rate,
            steps=steps,
        )


def subsampled_gaussian_epsilon(
    noise_multiplier: float, sampling_rate: float, steps: int, delta: float
) -> float:
    """Return epsilon of steps of the Gaussian mechanism on Poisson-sampled batches.

    It must not be read as that of shuffled or fixed batches, which are not amplified that way.

    Args:
        noise_multiplier: Deviation of the noise in units of the sensitivity.
        sampling_rate: Probability with which a row is in a batch.
        steps: Number of batches.
        delta: Probability with which the bound may fail.

    Returns:
        An upper bound by privacy loss distributions; infinite without noise.

    Raises:
        InputError: If dp-accounting is missing.

    Example:
        >>> from qiskit_qmu.training import subsampled_gaussian_epsilon
        >>> subsampled_gaussian_epsilon(0.0, 0.1, 100, 1e-5)
        inf
    """
    if noise_multiplier == 0.0:
        return math.inf
    accountant = _accounting().pld.PLDAccountant()
    accountant.compose(_event(noise_multiplier, sampling_rate, steps))
    return float(accountant.get_epsilon(delta))


def _noise_for(epsilon: float, sampling_rate: float, steps: int, delta: float) -> float:
    """Return the least noise multiplier, to 0.5 %, that meets a target.

    Rényi accounting is quick and never below the tight bound: it brackets the search.
    """

    def quick(noise: float) -> float:
        accountant = _accounting().rdp.RdpAccountant()
        return float(accountant.compose(_event(noise, sampling_rate, steps)).get_epsilon(delta))

    high = 1.0
    while quick(high) > epsilon:
        high *= 2
        if high > LARGEST_NOISE:
            raise InputError(
                f"no noise multiplier up to {LARGEST_NOISE:g} gives epsilon {epsilon} at delta "
                f"{delta} in {steps} steps"
            )
    while high > SMALLEST_NOISE and quick(high / 2) <= epsilon:
        high /= 2
    low = high / 2
    while high > 1.005 * low:
        middle = (low * high) ** 0.5
        if subsampled_gaussian_epsilon(middle, sampling_rate, steps, delta) <= epsilon:
            high = middle
        else:
            low = middle
    return high


def _event(noise_multiplier: float, sampling_rate: float, steps: int) -> Any:
    library = _accounting()
    step = library.GaussianDpEvent(noise_multiplier)
    if sampling_rate < 1.0:
        step = library.PoissonSampledDpEvent(sampling_rate, step)
    return library.SelfComposedDpEvent(step, steps)


def _accounting() -> Any:
    # It warns of single orders that do not converge, which are left out of the minimum.
    logging.getLogger("absl").setLevel(logging.ERROR)
    try:
        import dp_accounting
        import dp_accounting.pld
        import dp_accounting.rdp
    except ImportError as error:
        raise InputError(
            "the accounting of private training needs dp-accounting: "
            "pip install 'qiskit_qmu[privacy]'"
        ) from error
    return dp_accounting
