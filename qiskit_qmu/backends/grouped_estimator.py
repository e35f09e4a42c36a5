"""Expectation values of many PUBs at once: those of one circuit at the same values share work."""

from abc import abstractmethod
from collections.abc import Iterable, Sequence
from typing import TypeAlias

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

from qiskit_qmu.backends.broadcast import BroadcastSampler
from qiskit_qmu.backends.rotations import RotationCircuit

Request: TypeAlias = tuple[RotationCircuit, NDArray[np.float64], list[SparsePauliOp]]
"""A circuit, rows of its angles (B, A), and observables."""
Estimates: TypeAlias = tuple[NDArray[np.float64], NDArray[np.float64]]
"""Estimated means (O, B), and the variances of these estimates."""


class GroupedEstimator(BaseEstimatorV2):
    """An estimator that measures observables of the same circuit and values together.

    EstimatorQNN sends a PUB for each observable; subclasses get one request for all of them.

    Args:
        sampler: Prepares circuits; its shots are the estimator's, whatever precision is asked for.

    Attributes:
        sampler: Prepares circuits.
    """

    def __init__(self, sampler: BroadcastSampler) -> None:
        self.sampler = sampler

    @property
    def shots(self) -> int | None:
        """Measurements of each circuit in each basis; None for exact values."""
        return self.sampler.shots

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Estimate expectation values of PUBs (circuit, observables, parameter values).

        Args:
            pubs: Circuits, not transpiled, with observables on their own qubits and parameter
                values, broadcast against each other.
            precision: Accepted for the interface; the number of shots is the backend's.

        Returns:
            A job whose result has, per PUB, ``data.evs`` and ``data.stds``.

        Raises:
            InputError: If a circuit is transpiled or measured already (raised by the result).
        """
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        job: PrimitiveJob[PrimitiveResult[PubResult]] = PrimitiveJob(self._run, coerced)
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job

    def expectations(
        self,
        circuit: RotationCircuit,
        angles: NDArray[np.float64],
        observables: Sequence[SparsePauliOp],
        *,
        record: bool = False,
    ) -> Estimates:
        """Estimate observables at rows of angles.

        Args:
            circuit: The circuit, not measured.
            angles: Angles (B, A).
            observables: O Hermitian Pauli sums.
            record: Show the outcomes to those who record the sampler's.

        Returns:
            Estimates (O, B), and the estimated variances of those estimates (O, B).
        """
        return self._estimate([(circuit, angles, list(observables))], record=record)[0]

    @abstractmethod
    def _estimate(self, requests: list[Request], *, record: bool) -> list[Estimates]:
        """Estimate all requests at once, in few jobs."""

    def _run(self, pubs: list[EstimatorPub]) -> PrimitiveResult[PubResult]:
        groups: dict[tuple[int, tuple[int, ...], bytes], _Group] = {}
        members = []
        for pub in pubs:
            values = pub.parameter_values.as_array(pub.circuit.parameters)
            rows = values.reshape(pub.parameter_values.size, pub.circuit.num_parameters)
            key = (id(pub.circuit), rows.shape, rows.tobytes())
            group = groups.setdefault(key, _Group(pub, rows))
            members.append((group, group.add(pub)))
        requests = []
        for group in groups.values():
            circuit = self.sampler.rotations(group.pub.circuit)
            requests.append((circuit, circuit.values(group.rows), group.observables))
        estimates = dict(
            zip(map(id, groups.values()), self._estimate(requests, record=True), strict=True)
        )
        results = []
        for pub, (group, which) in zip(pubs, members, strict=True):
            means, variances = estimates[id(group)]
            row = np.arange(len(group.rows)).reshape(pub.parameter_values.shape)
            row, which = np.broadcast_arrays(row, which)
            results.append(
                PubResult(
                    DataBin(
                        evs=np.asarray(means[which, row]),
                        stds=np.asarray(np.sqrt(variances[which, row])),
                        shape=pub.shape,
                    ),
                    metadata={
                        "target_precision": pub.precision,
                        "shots": self.shots,
                        "circuit_metadata": pub.circuit.metadata,
                    },
                )
            )
        return PrimitiveResult(results, metadata={"version": 2})


class _Group:
    """PUBs of the same circuit and values, with all their observables."""

    def __init__(self, pub: EstimatorPub, rows: NDArray[np.float64]) -> None:
        self.pub, self.rows = pub, rows
        self.observables: list[SparsePauliOp] = []
        self._known: dict[str, int] = {}

    def add(self, pub: EstimatorPub) -> NDArray[np.int64]:
        """Add a PUB's observables; return where each of them stands among the group's."""
        array = pub.observables.sparse_observables_array()
        which = np.zeros(array.shape, dtype=np.int64)
        for position in np.ndindex(array.shape):
            observable = array[position]
            name = repr(observable)
            if name not in self._known:
                self._known[name] = len(self.observables)
                self.observables.append(SparsePauliOp.from_sparse_observable(observable))
            which[position] = self._known[name]
        return which
