"""TorchSampler: measurement outcomes from the batched statevector, as a SamplerV2 primitive."""

import warnings
from collections.abc import Iterable
from functools import partial

import numpy as np
from qiskit.primitives import (
    BaseSamplerV2,
    DataBin,
    PrimitiveJob,
    PrimitiveResult,
    SamplerPubLike,
    SamplerPubResult,
)
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.primitive import StatevectorPrimitive
from qiskit_qmu.simulator.pubs.circuit_groups import CircuitGroup, PubError, group_pubs
from qiskit_qmu.simulator.pubs.pub_outcomes import RegisterFields, sample_group
from qiskit_qmu.simulator.readout.outcome_probabilities import ExactSamplerPubResult
from qiskit_qmu.simulator.readout.registers import register_qubits


class TorchSampler(StatevectorPrimitive, BaseSamplerV2):
    """Measurement outcomes of any circuit with final measurements, as shots or probabilities.

    With shots, each classical register is a BitArray, and the registers of one shot belong to one
    measurement. An exact sampler (``shots=None``) hands out `OutcomeProbabilities` in their place,
    unless the PUB or the run asks for shots. Algorithms that divide counts by their number, such as
    QAOA, are exact with it; those whose result depends on how many shots were drawn, such as
    amplitude estimation with its confidence interval, need ``shots=1024`` or so. Idle qubits cost
    nothing. Bits that are never written are 0.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Default number of shots, where neither the PUB nor the run sets one; None for exact
            probabilities.
        seed: Seed of the shots. Runs draw from one stream, one after the other: no two runs see the
            same noise, and the same seed reproduces the whole sequence.
        device: Where the states live.
        memory_budget: Bytes that states may take at a time; rows are cut into chunks that fit.

    Example:
        >>> from qiskit import QuantumCircuit
        >>> from qiskit_qmu.simulator import TorchSampler
        >>> circuit = QuantumCircuit(2)
        >>> _ = circuit.x(0)
        >>> circuit.measure_all()
        >>> TorchSampler(shots=100, seed=0).run([circuit]).result()[0].data.meas.get_counts()
        {'01': 100}
        >>> TorchSampler().run([circuit]).result()[0].data.meas.get_counts()
        {'01': 1.0}
    """

    _kind = "sampler"

    @property
    def default_shots(self) -> int | None:
        """Shots where neither the PUB nor the run sets them; None for exact probabilities."""
        return self.shots

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample PUBs (circuit, parameter values, shots).

        Args:
            pubs: Measured circuits with parameter values.
            shots: Shots of PUBs that set none; None for the sampler's.

        Returns:
            A job whose result has, per PUB, one field for each classical register; its
            ``join_data`` puts them together.

        Raises:
            InputError: If a circuit cannot be simulated, measures inside of another instruction,
                or a parameter value is not finite.
            ValueError: If a PUB is not valid, with Qiskit's own message.
        """
        default = self.shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, default) for pub in pubs]
        if any(not pub.circuit.cregs for pub in coerced):
            warnings.warn(
                "a circuit has no classical registers, so its result will be empty",
                UserWarning,
                stacklevel=2,
            )
        groups = group_pubs(coerced, self.cache)
        for group in groups:
            _check_registers(group)
        return self._submit(partial(self._run, coerced, groups))

    def _run(
        self,
        pubs: list[SamplerPub],
        groups: list[CircuitGroup],
        generator: np.random.Generator,
    ) -> PrimitiveResult[SamplerPubResult]:
        fields: dict[int, RegisterFields] = {}
        for group in groups:
            fields |= sample_group(group, pubs, self.cache, generator)
        results = [_result(pub, fields[position]) for position, pub in enumerate(pubs)]
        return PrimitiveResult(results, metadata={"version": 2})


def _check_registers(group: CircuitGroup) -> None:
    try:
        registers = register_qubits(group.active.circuit)
    except InputError as error:
        raise PubError(str(error)) from error
    for name in registers:
        if hasattr(DataBin, name):
            raise PubError(
                f"classical register {name!r} has the name of an attribute of DataBin; rename it"
            )


def _result(pub: SamplerPub, fields: RegisterFields) -> SamplerPubResult:
    kind = ExactSamplerPubResult if pub.shots is None else SamplerPubResult
    return kind(
        DataBin(**fields, shape=pub.shape),
        metadata={"shots": pub.shots, "circuit_metadata": pub.circuit.metadata},
    )
