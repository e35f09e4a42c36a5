"""TorchEstimator: expectation values from the batched statevector, as an EstimatorV2 primitive."""

from collections.abc import Iterable

import numpy as np
import torch
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

from qiskit_qmu import _check
from qiskit_qmu.simulator.cache import SimulationCache
from qiskit_qmu.simulator.observables import PauliSums
from qiskit_qmu.simulator.shots import sampled_expectations


class TorchEstimator(BaseEstimatorV2):
    """Expectation values of any unitary circuit, exact or from a number of shots.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Measurements of each circuit in each measurement basis; None for exact values.
            Commuting observables of one PUB share their shots.
        seed: Seed of the shots. The stream goes on from run to run: no two runs see the same noise,
            and the same seed repeats the whole sequence.
        device: Where the states live.

    An exact estimator meets every precision, so ``precision`` is ignored; with shots their number
    is what was asked for here.
    """

    def __init__(
        self,
        *,
        dtype: torch.dtype = torch.complex128,
        shots: int | None = None,
        seed: int | np.random.Generator | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        _check.one_of((torch.complex64, torch.complex128), dtype=dtype)
        if shots is not None:
            _check.at_least(1, shots=shots)
        self.shots = shots
        self.cache = SimulationCache(dtype, device)
        self._generator = np.random.default_rng(seed)

    def next_stream(self) -> np.random.Generator:
        """Return a source of shots that no run has used or will use."""
        return self._generator.spawn(1)[0]

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Estimate expectation values of PUBs (circuit, observables, parameter values).

        Args:
            pubs: Circuits with observables and parameter values, broadcast against each other.
            precision: Accepted and met; see the class.

        Returns:
            A job whose result has, per PUB, ``data.evs`` and ``data.stds``.

        Raises:
            InputError: If a circuit cannot be simulated (raised by the job's result).
        """
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        # Jobs run in threads: each has its own stream, so that their order does not matter.
        (generator,) = self._generator.spawn(1)
        job: PrimitiveJob[PrimitiveResult[PubResult]] = PrimitiveJob(self._run, coerced, generator)
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job

    def _run(
        self, pubs: list[EstimatorPub], generator: np.random.Generator
    ) -> PrimitiveResult[PubResult]:
        # PUBs that share circuit and values, as EstimatorQNN sends one for each observable, share
        # one simulation.
        states: dict[tuple[int, int, bytes], torch.Tensor] = {}
        results = []
        for pub in pubs:
            values = pub.parameter_values.as_array(pub.circuit.parameters)
            rows = values.reshape(pub.parameter_values.size, pub.circuit.num_parameters)
            key = (id(pub.circuit), len(rows), rows.tobytes())
            if key not in states:
                states[key] = self.cache.states(pub.circuit, rows)
            results.append(self._estimate(pub, states[key], generator))
        return PrimitiveResult(results, metadata={"version": 2})

    def _estimate(
        self, pub: EstimatorPub, states: torch.Tensor, generator: np.random.Generator
    ) -> PubResult:
        unique, which = _unique_observables(pub)
        row_index = np.arange(states.shape[1]).reshape(pub.parameter_values.shape)
        row_index, which = np.broadcast_arrays(row_index, which)
        values = np.zeros(pub.shape)
        variances = np.zeros(pub.shape)
        if self.shots is None:
            table = _exact(unique, states)
            values = table[which, row_index]
        else:
            means, errors = sampled_expectations(unique, states, self.shots, generator)
            values, variances = means[which, row_index], errors[which, row_index]
        return PubResult(
            DataBin(evs=np.asarray(values), stds=np.asarray(np.sqrt(variances)), shape=pub.shape),
            metadata={
                "target_precision": pub.precision,
                "shots": self.shots,
                "circuit_metadata": pub.circuit.metadata,
            },
        )


def _exact(observables: list[SparsePauliOp], states: torch.Tensor) -> NDArray[np.float64]:
    sums = PauliSums(observables, states.dtype, states.device)
    return sums(states).cpu().numpy().astype(np.float64)


def _unique_observables(pub: EstimatorPub) -> tuple[list[SparsePauliOp], NDArray[np.int64]]:
    """Return the distinct observables of a PUB and, in its observables' shape, which is where."""
    array = pub.observables.sparse_observables_array()
    unique: dict[str, int] = {}
    operators: list[SparsePauliOp] = []
    which = np.zeros(array.shape, dtype=np.int64)
    for position in np.ndindex(array.shape):
        observable = array[position]
        name = repr(observable)
        if name not in unique:
            unique[name] = len(operators)
            operators.append(SparsePauliOp.from_sparse_observable(observable))
        which[position] = unique[name]
    return operators, which
