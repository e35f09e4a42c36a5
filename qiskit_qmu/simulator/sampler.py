"""TorchSampler: measurement outcomes from the batched statevector, as a SamplerV2 primitive."""

import math
from collections.abc import Iterable

import numpy as np
import torch
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

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.cache import SimulationCache
from qiskit_qmu.simulator.observables import probabilities
from qiskit_qmu.simulator.shots import outcome_counts


class OutcomeProbabilities:
    """Exact outcome probabilities of one classical register, read like a BitArray.

    Attributes:
        probabilities: (…, 2^num_bits), bit 0 of the register the lowest.
        num_bits: Bits of the register.
    """

    def __init__(self, probabilities: NDArray[np.float64], num_bits: int) -> None:
        self.probabilities = probabilities
        self.num_bits = num_bits
        self.num_shots = None

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the PUB's bindings."""
        return self.probabilities.shape[:-1]

    @property
    def ndim(self) -> int:
        """Number of dimensions of the PUB's bindings."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """Number of bindings."""
        return math.prod(self.shape)

    def get_int_counts(self, loc: int | tuple[int, ...] | None = None) -> dict[int, float]:
        """Return {outcome: probability} at one binding, or the mean over all."""
        if loc is None:
            weights = self.probabilities.reshape(-1, 2**self.num_bits).mean(axis=0)
        else:
            weights = self.probabilities[loc]
        return {int(i): float(weights[i]) for i in np.flatnonzero(weights)}

    def get_counts(self, loc: int | tuple[int, ...] | None = None) -> dict[str, float]:
        """Return {bit string: probability} at one binding, or the mean over all."""
        counts = self.get_int_counts(loc)
        return {format(key, f"0{self.num_bits}b"): value for key, value in counts.items()}


class TorchSampler(BaseSamplerV2):
    """Measurement outcomes of any unitary circuit with final measurements.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Default number of shots; None for exact probabilities, which are handed out as
            `OutcomeProbabilities` in place of a BitArray.
        seed: Seed of the shots; the stream goes on from run to run.
        device: Where the states live.
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
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample PUBs (circuit, parameter values, shots).

        Args:
            pubs: Measured circuits with parameter values.
            shots: Shots of PUBs that do not say their own; None for the sampler's.

        Returns:
            A job whose result has, per PUB, one field for each classical register.

        Raises:
            InputError: If a circuit is not measured or cannot be simulated (raised by the job's
                result).
        """
        default = self.shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, default) for pub in pubs]
        # Jobs run in threads: each has its own stream, so that their order does not matter.
        (generator,) = self._generator.spawn(1)
        job: PrimitiveJob[PrimitiveResult[SamplerPubResult]] = PrimitiveJob(
            self._run, coerced, generator
        )
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job

    def _run(
        self, pubs: list[SamplerPub], generator: np.random.Generator
    ) -> PrimitiveResult[SamplerPubResult]:
        results = [self._sample(pub, generator) for pub in pubs]
        return PrimitiveResult(results, metadata={"version": 2})

    def _sample(self, pub: SamplerPub, generator: np.random.Generator) -> SamplerPubResult:
        circuit = pub.circuit
        values = pub.parameter_values.as_array(circuit.parameters)
        rows = values.reshape(pub.parameter_values.size, circuit.num_parameters)
        states = self.cache.states(circuit, rows)
        registers = measured_qubits(circuit)
        if pub.shots is None:
            fields = _exact_fields(states, registers, pub.shape)
        else:
            outcomes = _shuffled_outcomes(states, pub.shots, generator)
            fields = {
                name: _bit_array(outcomes, qubits, pub.shape) for name, qubits in registers.items()
            }
        return SamplerPubResult(
            DataBin(**fields, shape=pub.shape),
            metadata={"shots": pub.shots, "circuit_metadata": circuit.metadata},
        )


def measured_qubits(circuit: QuantumCircuit) -> dict[str, list[int | None]]:
    """Return, for each classical register, the qubit that each of its bits holds at the end.

    Args:
        circuit: A circuit with final measurements.

    Returns:
        Register names to one qubit index per bit, None for a bit that is never written.

    Raises:
        InputError: If the circuit measures nothing, or measures inside of another instruction.
    """
    for instruction in circuit.data:
        if instruction.clbits and instruction.name != "measure":
            raise InputError(
                "measurements must stand in the circuit itself, got classical bits in instruction "
                f"{instruction.name!r}"
            )
    source = {
        instruction.clbits[0]: circuit.find_bit(instruction.qubits[0]).index
        for instruction in circuit.data
        if instruction.operation.name == "measure"
    }
    if not source:
        raise InputError("a sampled circuit must have measurements, got none")
    return {register.name: [source.get(bit) for bit in register] for register in circuit.cregs}


def register_values(states: NDArray[np.int64], qubits: list[int | None]) -> NDArray[np.int64]:
    """Return the integer that a register holds after basis states were measured."""
    bits = ((states >> q) & 1 if q is not None else states & 0 for q in qubits)
    value = np.zeros_like(states)
    for position, bit in enumerate(bits):
        value |= bit << position
    return value


def _exact_fields(
    states: torch.Tensor, registers: dict[str, list[int | None]], shape: tuple[int, ...]
) -> dict[str, OutcomeProbabilities]:
    weights = probabilities(states).double().cpu().numpy()
    fields = {}
    for name, qubits in registers.items():
        values = register_values(np.arange(len(weights)), qubits)
        merged = np.zeros((2 ** len(qubits), weights.shape[1]))
        np.add.at(merged, values, weights)
        fields[name] = OutcomeProbabilities(merged.T.reshape(*shape, len(merged)), len(qubits))
    return fields


def _shuffled_outcomes(
    states: torch.Tensor, shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    """Return measured basis states (B, shots) in random order."""
    counts = outcome_counts(states, shots, generator)
    basis = np.arange(counts.shape[1])
    rows = np.array([np.repeat(basis, row) for row in counts], dtype=np.int64)
    return generator.permuted(rows.reshape(len(counts), shots), axis=1)


def _bit_array(
    outcomes: NDArray[np.int64], qubits: list[int | None], shape: tuple[int, ...]
) -> BitArray:
    values = register_values(outcomes, qubits)
    num_bytes = max(1, -(-len(qubits) // 8))
    shifts = 8 * np.arange(num_bytes - 1, -1, -1)
    packed = ((values[..., None] >> shifts) & 0xFF).astype(np.uint8)
    return BitArray(packed.reshape(*shape, outcomes.shape[1], num_bytes), len(qubits))
