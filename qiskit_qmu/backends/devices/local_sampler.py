"""LocalSampler: simulates a device's circuits on the qubits they use."""

from collections.abc import Callable, Iterable
from typing import Any, Protocol, final

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import (
    BaseSamplerV2,
    BitArray,
    DataBin,
    PrimitiveJob,
    PrimitiveResult,
    SamplerPubLike,
    SamplerPubResult,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import CopiesDrawAnew
from qiskit_qmu.backends.readout.outcomes import Outcomes
from qiskit_qmu.backends.transpilation.compact_circuit import CompactCircuit
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities
from qiskit_qmu.simulator.readout.registers import register_bytes
from qiskit_qmu.simulator.shots.draws import draw_outcomes


class CircuitEngine(Protocol):
    """Simulates one circuit at rows of angles."""

    def probabilities(
        self, circuit: QuantumCircuit, angles: NDArray[np.float64], *, single: bool = False
    ) -> NDArray[np.float64] | None:
        """Return the probabilities (B, 2^n) of reading each basis state of all qubits.

        The circuit has no measurements. None if the method cannot compute them. Single precision,
        if faster, suffices for drawing shots: its errors are far below shot noise.
        """
        ...

    def counts(
        self, circuit: QuantumCircuit, angles: NDArray[np.float64], shots: int, seed: int
    ) -> list[dict[str, int]]:
        """Return outcomes of a measured circuit, {bit string of all classical bits: count}."""
        ...


@final
class LocalSampler(CopiesDrawAnew, BaseSamplerV2):
    """A local sampler, for circuits as wide as a device that use few of its qubits.

    If the engine can compute a circuit's outcome probabilities, they are computed once and any
    number of shots is drawn from them.

    Args:
        engine: Returns the engine for some of the device's qubits.
        generator: Source of the shots; each run has its own stream.
        compact: Drop idle qubits; otherwise qubits keep their indices.
    """

    def __init__(
        self,
        engine: Callable[[tuple[int, ...]], CircuitEngine],
        generator: np.random.Generator,
        *,
        compact: bool = True,
    ) -> None:
        self._engine = engine
        self._generator = generator
        self._compact = compact

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample PUBs of transpiled circuits.

        Args:
            pubs: Measured circuits with parameter values.
            shots: Measurements of each row; None for exact probabilities, which are returned as
                `OutcomeProbabilities`.
        """
        coerced = [SamplerPub.coerce(pub, shots) for pub in pubs]
        (generator,) = self._generator.spawn(1)
        job: PrimitiveJob[PrimitiveResult[SamplerPubResult]] = PrimitiveJob(
            self._run, coerced, generator
        )
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job

    def skip(self, runs: int) -> None:
        """Skip the noise of so many runs."""
        self._generator.spawn(runs)

    def _run(
        self, pubs: list[SamplerPub], generator: np.random.Generator
    ) -> PrimitiveResult[SamplerPubResult]:
        results = []
        for pub in pubs:
            values = pub.parameter_values.as_array(pub.circuit.parameters)
            rows = values.reshape(pub.parameter_values.size, pub.circuit.num_parameters)
            outcomes = self._sample(pub.circuit, rows, pub.shots, generator)
            shaped = {name: register.reshape(pub.shape) for name, register in outcomes.items()}
            results.append(SamplerPubResult(DataBin(**shaped, shape=pub.shape)))
        return PrimitiveResult(results)

    def _sample(
        self,
        circuit: QuantumCircuit,
        rows: NDArray[np.float64],
        shots: int | None,
        generator: np.random.Generator,
    ) -> dict[str, Any]:
        compact = CompactCircuit.of(circuit, keep_all=not self._compact)
        engine = self._engine(compact.qubits)
        if compact.unmeasured is not None:
            probabilities = engine.probabilities(compact.unmeasured, rows, single=shots is not None)
            if probabilities is not None:
                return _read(compact, probabilities, shots, generator)
        if shots is None:
            raise InputError(
                "this circuit needs shots: the simulation method cannot compute its exact "
                "probabilities"
            )
        seed = int(generator.integers(2**31))
        counts = engine.counts(compact.measured, rows, shots, seed)
        return _registers(circuit, counts, shots, generator)


def _read(
    compact: CompactCircuit,
    probabilities: NDArray[np.float64],
    shots: int | None,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Return the registers' outcomes, exact or sampled, from probabilities (B, 2^n)."""
    weights = np.clip(probabilities, 0.0, None)
    if shots is None:
        weights = weights / weights.sum(axis=1, keepdims=True)
        return {
            name: OutcomeProbabilities(weights, len(qubits), qubits)
            for name, qubits in compact.registers.items()
        }
    drawn = draw_outcomes(weights, shots, *generator.spawn(2))
    return {
        name: BitArray(register_bytes(len(compact.qubits), qubits)[drawn], len(qubits))
        for name, qubits in compact.registers.items()
    }


def _registers(
    circuit: QuantumCircuit,
    counts: list[dict[str, int]],
    shots: int,
    generator: np.random.Generator,
) -> Outcomes:
    """Return BitArrays (B,) from counts of bit strings: registers apart by spaces, last first."""
    order = [generator.permutation(shots) for _ in counts]
    # A register without bits does not appear in the strings.
    sized = [register for register in reversed(circuit.cregs) if register.size]
    outcomes: Outcomes = {}
    for register in circuit.cregs:
        if not register.size:
            outcomes[register.name] = BitArray(np.zeros((len(counts), shots, 0), np.uint8), 0)
            continue
        rows = []
        for row, own in zip(counts, order, strict=True):
            words = [
                word.split()[sized.index(register)]
                for word, count in row.items()
                for _ in range(count)
            ]
            rows.append(BitArray.from_samples([words[i] for i in own], register.size).array)
        outcomes[register.name] = BitArray(np.array(rows), register.size)
    return outcomes
