"""Gradient rules for devices: parameter shift and SPSA."""

from collections.abc import Callable, Sequence
from typing import Protocol, get_args

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._seeds import CopiesDrawAnew
from qiskit_qmu.backends.options import GradientRule
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit

_LARGEST_REQUEST_ENTRIES = 2**24

OutputFunction = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Rows of angles (B, A) to the outputs (B, O) measured there."""


class DerivativeRule(Protocol):
    """Computes derivatives from outputs at other angles."""

    def jacobian(
        self,
        circuit: RotationCircuit,
        rows: NDArray[np.float64],
        wanted: Sequence[int],
        outputs_at: OutputFunction,
    ) -> NDArray[np.float64]:
        """Return the derivatives (B, O, P) of outputs by circuit parameters.

        Args:
            circuit: The circuit whose angles are changed.
            rows: Parameter values (B, P).
            wanted: Columns of the requested parameters; the others stay zero.
            outputs_at: Measures outputs at rows of angles.
        """
        ...

    def circuits_per_row(self, num_angles: int) -> int:
        """Return the circuits of one row's gradient in one measurement basis."""
        ...

    def rows_at_once(self, num_angles: int, all_angles: int) -> int | None:
        """Return how many rows' gradients are requested at once; None for any number.

        Args:
            num_angles: Angles to differentiate by.
            all_angles: Angles of the circuit.
        """
        ...


class ParameterShift:
    """Half the difference of outputs at each angle shifted by ±π/2.

    Schuld et al., Evaluating analytic gradients on quantum hardware,
    https://arxiv.org/abs/1811.11184. A parameter of several rotations is differentiated through
    each of them.
    """

    def jacobian(
        self,
        circuit: RotationCircuit,
        rows: NDArray[np.float64],
        wanted: Sequence[int],
        outputs_at: OutputFunction,
    ) -> NDArray[np.float64]:
        """Return the derivatives (B, O, P)."""
        columns = list(wanted)
        shifted = np.flatnonzero(circuit.depends[:, columns].any(axis=1))
        rows_at_once = self.rows_at_once(len(shifted), len(circuit.angles))
        parts = []
        for start in range(0, len(rows), rows_at_once):
            own = rows[start : start + rows_at_once]
            angles = np.repeat(circuit.values(own)[:, None], 2 * len(shifted), axis=1)
            angles = angles.reshape(len(own), len(shifted), 2, len(circuit.angles))
            place = np.arange(len(shifted))
            angles[:, place, 0, shifted] += np.pi / 2
            angles[:, place, 1, shifted] -= np.pi / 2
            outputs = outputs_at(angles.reshape(-1, len(circuit.angles)))
            up, down = np.moveaxis(outputs.reshape(len(own), len(shifted), 2, -1), 2, 0)
            slopes = circuit.slopes(own)[:, shifted]
            chained = np.zeros((len(own), outputs.shape[-1], rows.shape[1]))
            chained[:, :, columns] = np.einsum(
                "bao,bap->bop", (up - down) / 2, slopes[..., columns]
            )
            parts.append(chained)
        return np.concatenate(parts)

    def circuits_per_row(self, num_angles: int) -> int:
        """Return two circuits for each angle."""
        return 2 * num_angles

    def rows_at_once(self, num_angles: int, all_angles: int) -> int:
        """Return the number of rows whose table of shifted angles fits in memory."""
        entries = 2 * max(1, num_angles) * max(1, all_angles)
        return max(1, _LARGEST_REQUEST_ENTRIES // entries)


class SimultaneousPerturbation(CopiesDrawAnew):
    """SPSA: all requested parameters perturbed at once by ±ε with random signs.

    Spall, Multivariate stochastic approximation using a simultaneous perturbation gradient
    approximation, 1992, https://doi.org/10.1109/9.119632. The estimate is unbiased up to order ε²,
    and its spread grows with the number of parameters, while its cost of two circuits per direction
    does not.

    Args:
        epsilon: Step ε in radians. Shot noise of an output is divided by 2ε, so it must not be
            tiny.
        directions: Directions averaged for each row.
        generator: Source of the directions.

    Raises:
        InputError: If a number is out of range.
    """

    def __init__(
        self, generator: np.random.Generator, *, epsilon: float = 0.1, directions: int = 1
    ) -> None:
        _check.positive(epsilon=epsilon)
        _check.at_least(1, directions=directions)
        self._epsilon, self._directions, self._generator = epsilon, directions, generator

    def jacobian(
        self,
        circuit: RotationCircuit,
        rows: NDArray[np.float64],
        wanted: Sequence[int],
        outputs_at: OutputFunction,
    ) -> NDArray[np.float64]:
        """Return the estimated derivatives (B, O, P)."""
        (generator,) = self._generator.spawn(1)
        columns = list(wanted)
        signs = np.zeros((len(rows), self._directions, 1, rows.shape[1]))
        signs[..., columns] = generator.choice(
            [-1.0, 1.0], size=(len(rows), self._directions, 1, len(columns))
        )
        steps = self._epsilon * np.concatenate([signs, -signs], axis=2)
        moved = (rows[:, None, None] + steps).reshape(-1, rows.shape[1])
        outputs = outputs_at(circuit.values(moved))
        up, down = np.moveaxis(outputs.reshape(len(rows), self._directions, 2, -1), 2, 0)
        slopes = (up - down) / (2 * self._epsilon)
        estimate: NDArray[np.float64] = np.einsum("bdo,bdp->bop", slopes, signs[:, :, 0])
        return estimate / self._directions

    def circuits_per_row(self, num_angles: int) -> int:
        """Return two circuits for each direction, if there is an angle to differentiate by."""
        return 2 * self._directions if num_angles else 0

    def rows_at_once(self, num_angles: int, all_angles: int) -> None:
        """Return no limit: a row has few circuits."""
        return


def make_rule(
    name: GradientRule, generator: np.random.Generator, *, epsilon: float = 0.1, directions: int = 1
) -> DerivativeRule:
    """Return a gradient rule by name.

    Args:
        name: "parameter-shift" or "spsa".
        generator: Source of SPSA's directions.
        epsilon: Step of SPSA, in radians.
        directions: Directions averaged by SPSA for each row.

    Raises:
        InputError: If the name is unknown or a number is out of range.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.backends import make_rule
        >>> generator = np.random.default_rng(0)
        >>> make_rule("parameter-shift", generator).circuits_per_row(num_angles=10)
        20
        >>> make_rule("spsa", generator).circuits_per_row(num_angles=10)
        2
    """
    _check.one_of(get_args(GradientRule), gradient=name)
    spsa = SimultaneousPerturbation(generator, epsilon=epsilon, directions=directions)
    return spsa if name == "spsa" else ParameterShift()
