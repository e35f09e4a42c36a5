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

    With shots, each classical register is a BitArray, and all registers of one shot come from the
    same measurement. An exact sampler (``shots=None``) returns `OutcomeProbabilities` instead,
    unless the PUB or the run specifies shots. Algorithms that divide counts by their sum, such as
    QAOA, are exact with it; those whose result depends on the number of shots, such as amplitude
    estimation with its confidence interval, need shots, for example ``shots=1024``. Idle qubits
    cost nothing. Bits that are never written are 0.

    Gates run by their definition, as on Aer and on devices: a ``PauliEvolutionGate`` with terms
    that do not commute runs as the product formula of its ``synthesis``, not as the exact
    exponential that Qiskit's ``Statevector`` and ``StatevectorEstimator`` use.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Default number of shots, if neither the PUB nor the run sets one; None for exact
            probabilities.
        seed: Seed of the shots. Runs draw from one stream in turn: no two runs see the same noise,
            and the same seed reproduces the whole sequence.
        device: Device of the states.
        memory_budget: Bytes that states may use at a time; rows are split into chunks that fit.

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
        """Shots if neither the PUB nor the run sets them; None for exact probabilities."""
        return self.shots

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample PUBs (circuit, parameter values, shots).

        Args:
            pubs: Measured circuits with parameter values.
            shots: Shots of PUBs that set none; None for the sampler's.

        Returns:
            A job whose result has, per PUB, one field for each classical register; ``join_data``
            concatenates them.

        Raises:
            InputError: If a circuit cannot be simulated, measures inside another instruction, or a
                parameter value is not finite.
            ValueError: If a PUB is not valid, with Qiskit's own message.
        """
        default = self.shots if shots is None else shots
        coerced = [SamplerPub.coerce(pub, default) for pub in pubs]
        if any(not pub.circuit.cregs for pub in coerced):
            warnings.warn(
                "a circuit without classical registers has an empty result",
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
                f"classical register {name!r} clashes with an attribute of DataBin; rename it"
            )


def _result(pub: SamplerPub, fields: RegisterFields) -> SamplerPubResult:
    kind = ExactSamplerPubResult if pub.shots is None else SamplerPubResult
    return kind(
        DataBin(**fields, shape=pub.shape),
        metadata={"shots": pub.shots, "circuit_metadata": pub.circuit.metadata},
    )
