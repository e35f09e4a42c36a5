"""GroupedEstimator: expectation values of many PUBs at once, with shared measurements."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias, final

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
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.readout.readout_errors import MITIGATED_ERRORS
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit
from qiskit_qmu.simulator.estimator import shots_of_precision
from qiskit_qmu.simulator.readout.distinct_observables import DistinctObservables

MeansAndVariances: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Estimated means (O, B), and the variances of these estimates."""


@final
@dataclass(frozen=True, eq=False)
class EstimationRequest:
    """Observables of one circuit at the same rows of angles.

    Attributes:
        circuit: The circuit.
        angles: Rows of its angles (B, A).
        observables: O Hermitian Pauli sums that share outcomes.
        shots: Measurements of each row in each basis; None for exact values.
    """

    circuit: RotationCircuit
    angles: NDArray[np.float64]
    observables: Sequence[SparsePauliOp]
    shots: int | None


class GroupedEstimator(BaseEstimatorV2):
    """An estimator that measures observables of the same circuit and values together.

    EstimatorQNN sends one PUB per observable of a circuit at the same values. Such PUBs share
    their shots; their metadata list the others ("shares_shots_with", positions in the job). PUBs
    with the same observable have separate shots, so equal PUBs are repetitions.

    With shots, a positive precision of a PUB or a run takes ``ceil(1 / precision²)`` shots instead
    of the estimator's own, as in IBM's primitives; ``EstimatorQNN`` requests its
    ``default_precision`` of 1/64, 4096 shots, in every run unless it is built with
    ``default_precision=0.0``. Exact values (``shots=None``) meet every precision.

    Args:
        sampler: Prepares circuits; its shots are the estimator's.

    Attributes:
        sampler: Prepares circuits.
    """

    def __init__(self, sampler: BroadcastSampler) -> None:
        self.sampler = sampler

    @property
    def shots(self) -> int | None:
        """Measurements of each circuit in each basis; None for exact values."""
        return self.sampler.shots

    @property
    def default_precision(self) -> float:
        """Precision of PUBs and runs that do not specify theirs: 0 for exact values."""
        return 0.0 if self.shots is None else self.shots**-0.5

    def shots_for(self, precision: float) -> int | None:
        """Return the shots that a precision takes; None for exact values.

        Args:
            precision: Target standard error; 0 for the estimator's own shots.

        Raises:
            InputError: If it is negative or needs too many shots.
        """
        return shots_of_precision(precision, self.shots)

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Estimate expectation values of PUBs (circuit, observables, parameter values).

        Args:
            pubs: Circuits, not transpiled, with observables on their own qubits and parameter
                values, broadcast against each other.
            precision: Precision of PUBs that do not specify their own; see the class.

        Returns:
            A job whose result has, per PUB, ``data.evs`` and their standard errors ``data.stds``:
            zero for exact values, NaN for a single shot, whose error is unknown. The metadata
            contain the target precision, the shots of each circuit, and the PUBs that share them.

        Raises:
            InputError: If a precision needs too many shots, or a circuit is already transpiled or
                measured before its end (raised by the result).
        """
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        shots = [self.shots_for(pub.precision or 0.0) for pub in coerced]
        job: PrimitiveJob[PrimitiveResult[PubResult]] = PrimitiveJob(self._run, coerced, shots)
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job

    def expectations(
        self,
        circuit: RotationCircuit,
        angles: NDArray[np.float64],
        observables: Sequence[SparsePauliOp],
        *,
        record: bool = False,
    ) -> MeansAndVariances:
        """Estimate observables at rows of angles.

        Args:
            circuit: The circuit, not measured.
            angles: Angles (B, A).
            observables: O Hermitian Pauli sums.
            record: Whether recordings of the sampler see the outcomes.

        Returns:
            MeansAndVariances (O, B), and the estimated variances of those estimates (O, B).
        """
        request = EstimationRequest(circuit, angles, list(observables), self.shots)
        return self._estimate([request], record=record)[0]

    @abstractmethod
    def _estimate(
        self, requests: list[EstimationRequest], *, record: bool
    ) -> list[MeansAndVariances]:
        """Estimate all requests at once, in few jobs."""

    def _run(self, pubs: list[EstimatorPub], shots: list[int | None]) -> PrimitiveResult[PubResult]:
        groups = _grouped(pubs, shots)
        requests = []
        for group in groups:
            circuit = self.sampler.rotations(group.pub.circuit)
            angles = circuit.values(group.rows)
            requests.append(EstimationRequest(circuit, angles, group.observables, group.shots))
        results: dict[int, PubResult] = {}
        for group, estimates in zip(groups, self._estimate(requests, record=True), strict=True):
            for position in group.members:
                results[position] = self._result(pubs[position], position, group, estimates)
        return PrimitiveResult([results[i] for i in range(len(pubs))], metadata={"version": 2})

    def _result(
        self, pub: EstimatorPub, position: int, group: "_Group", estimates: MeansAndVariances
    ) -> PubResult:
        means, variances = estimates
        row = np.arange(len(group.rows)).reshape(pub.parameter_values.shape)
        row, which = np.broadcast_arrays(row, group.members[position])
        data = DataBin(
            evs=np.asarray(means[which, row]),
            stds=np.asarray(np.sqrt(variances[which, row])),
            shape=pub.shape,
        )
        precision = pub.precision or 0.0
        metadata: dict[str, Any] = {
            "target_precision": precision or (0.0 if group.shots is None else group.shots**-0.5),
            "shots": group.shots,
            "circuit_metadata": pub.circuit.metadata,
        }
        others = [other for other in group.members if other != position]
        if others and group.shots is not None:
            metadata["shares_shots_with"] = others
        if self.sampler.readout is not None:
            metadata["readout_mitigation"] = MITIGATED_ERRORS
        return PubResult(data, metadata=metadata)


class _Group:
    """PUBs of the same circuit and values with different observables, which share outcomes."""

    def __init__(self, pub: EstimatorPub, rows: NDArray[np.float64], shots: int | None) -> None:
        self.pub, self.rows, self.shots = pub, rows, shots
        self.members: dict[int, NDArray[np.int64]] = {}
        self._distinct = DistinctObservables()

    @property
    def observables(self) -> list[SparsePauliOp]:
        """All observables, each once."""
        return self._distinct.operators

    def takes(self, pub: EstimatorPub) -> bool:
        """Return whether a PUB may join: none of its observables is in the group yet."""
        return not self._distinct.has_any_of(pub.observables)

    def add(self, position: int, pub: EstimatorPub) -> None:
        """Add a PUB's observables, and record their positions in the group."""
        self.members[position] = self._distinct.numbers(pub.observables)


def _grouped(pubs: Sequence[EstimatorPub], shots: Sequence[int | None]) -> list[_Group]:
    """Return PUBs in groups that share outcomes, ordered by their first members."""
    groups: list[_Group] = []
    alike: dict[object, list[_Group]] = {}
    for position, (pub, own_shots) in enumerate(zip(pubs, shots, strict=True)):
        values = pub.parameter_values.as_array(pub.circuit.parameters)
        rows = values.reshape(pub.parameter_values.size, pub.circuit.num_parameters)
        key = (id(pub.circuit), rows.shape, rows.tobytes(), own_shots)
        candidates = alike.setdefault(key, [])
        # Exact values are the same for every PUB that requests them.
        group = next((g for g in candidates if own_shots is None or g.takes(pub)), None)
        if group is None:
            group = _Group(pub, rows, own_shots)
            candidates.append(group)
            groups.append(group)
        group.add(position, pub)
    return groups
