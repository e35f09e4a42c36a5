"""TorchEstimator: expectation values from the batched statevector, as an EstimatorV2 primitive."""

import math
from collections.abc import Iterable
from functools import partial

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives import (
    BaseEstimatorV2,
    DataBin,
    EstimatorPubLike,
    PrimitiveJob,
    PrimitiveResult,
    PubResult,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.primitive import StatevectorPrimitive
from qiskit_qmu.simulator.pubs.circuit_groups import CircuitGroup, group_pubs
from qiskit_qmu.simulator.pubs.pub_expectations import ValuesAndVariances, estimate_group

_MOST_SHOTS = 2**53


class TorchEstimator(StatevectorPrimitive, BaseEstimatorV2):
    """Expectation values of any unitary circuit, exact or from a number of shots.

    An exact estimator (``shots=None``) meets every precision, so values are exact whatever
    precision is requested. With shots, a positive precision of a PUB or a run takes
    ``ceil(1 / precision²)`` shots instead of the estimator's own, as in IBM's primitives; note
    that ``EstimatorQNN`` requests its ``default_precision`` of 1/64, 4096 shots, in every run
    unless it is built with ``default_precision=0.0``.

    Each binding is measured in as few bases as qubit-wise commutation allows, with all shots in
    each basis, so that observables in one basis share their shots. PUBs of one run share them too
    if they have the same circuit object, bindings and shots, and no observable in common; an
    observable that is requested again is measured again. Idle qubits cost nothing, and final
    measurements are ignored.

    Gates run by their definition, as on Aer and on devices: a ``PauliEvolutionGate`` with terms
    that do not commute runs as the product formula of its ``synthesis``, not as the exact
    exponential that Qiskit's ``Statevector`` and ``StatevectorEstimator`` use.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Measurements of each binding in each basis; None for exact values.
        seed: Seed of the shots. Runs draw from one stream in turn: no two runs see the same noise,
            and the same seed reproduces the whole sequence.
        device: Device of the states.
        memory_budget: Bytes that states may use at a time; rows are split into chunks that fit.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit.circuit import Parameter
        >>> from qiskit_qmu.simulator import TorchEstimator
        >>> circuit = QuantumCircuit(1)
        >>> _ = circuit.ry(Parameter("a"), 0)
        >>> result = TorchEstimator().run([(circuit, "Z", [[0.0], [3.141592653589793]])]).result()
        >>> result[0].data.evs.round(6).tolist()
        [1.0, -1.0]
    """

    _kind = "estimator"

    @property
    def default_precision(self) -> float:
        """Target standard error, for ±1 outcomes, of a run without a precision; 0.0 if exact."""
        return 0.0 if self.shots is None else float(self.shots**-0.5)

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Estimate expectation values of PUBs (circuit, observables, parameter values, precision).

        Args:
            pubs: Circuits with observables and parameter values, broadcast against each other.
            precision: Precision of PUBs that set none; see the class.

        Returns:
            A job whose result has, per PUB, ``data.evs`` and their standard errors ``data.stds``:
            zero for exact values, NaN for a single shot, whose error is unknown. The metadata
            contain the target precision, and the number of shots if there were any.

        Raises:
            InputError: If a circuit cannot be simulated, a parameter value is not finite or a
                precision needs too many shots.
            ValueError: If a PUB is not valid, with Qiskit's own message.
        """
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        shots = [self.shots_for(pub.precision or 0.0) for pub in coerced]
        groups = group_pubs(coerced, self.cache)
        return self._submit(partial(self._run, coerced, shots, groups))

    def shots_for(self, precision: float) -> int | None:
        """Return the shots that a precision takes; None for exact values.

        Args:
            precision: Target standard error; 0 for the estimator's own shots.

        Raises:
            InputError: If it is negative or needs too many shots.
        """
        return shots_of_precision(precision, self.shots)

    def _run(
        self,
        pubs: list[EstimatorPub],
        shots: list[int | None],
        groups: list[CircuitGroup],
        generator: np.random.Generator,
    ) -> PrimitiveResult[PubResult]:
        estimates: dict[int, ValuesAndVariances] = {}
        for group in groups:
            estimates |= estimate_group(group, pubs, shots, self.cache, generator)
        results = [
            _result(pub, shots[position], *estimates[position]) for position, pub in enumerate(pubs)
        ]
        return PrimitiveResult(results, metadata={"version": 2})


def shots_of_precision(precision: float, default: int | None) -> int | None:
    """Return the shots that an estimator takes for a precision; None for exact values.

    Args:
        precision: Target standard error; 0 for the default shots.
        default: Shots of the estimator; None for exact values, which meet every precision.

    Raises:
        InputError: If the precision is negative or needs too many shots.

    Example:
        >>> shots_of_precision(0.1, default=4096)
        100
        >>> shots_of_precision(0.0, default=4096)
        4096
    """
    _check.non_negative(precision=precision)
    if default is None or precision == 0:
        return default
    needed = 1 / precision**2
    if needed > _MOST_SHOTS:
        raise InputError(
            f"precision={precision} needs more than {_MOST_SHOTS:,} shots; choose a larger one"
        )
    # The precision of 100 shots takes 100, however its square was rounded.
    whole = round(needed)
    return whole if math.isclose(needed, whole, rel_tol=1e-12) else math.ceil(needed)


def _result(
    pub: EstimatorPub,
    shots: int | None,
    values: NDArray[np.float64],
    variances: NDArray[np.float64],
) -> PubResult:
    precision = pub.precision or 0.0
    if shots is not None:
        precision = precision or shots**-0.5
    metadata = {"target_precision": precision, "circuit_metadata": pub.circuit.metadata}
    data = DataBin(
        evs=values.reshape(pub.shape), stds=np.sqrt(variances).reshape(pub.shape), shape=pub.shape
    )
    return PubResult(data, metadata if shots is None else {**metadata, "shots": shots})
