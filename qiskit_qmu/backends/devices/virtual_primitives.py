"""Primitives that accept virtual circuits only, as every backend does."""

from collections.abc import Iterable
from typing import Any, final

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import QuantumCircuit
from qiskit.primitives import (
    EstimatorPubLike,
    PrimitiveJob,
    PrimitiveResult,
    PubResult,
    SamplerPubLike,
    SamplerPubResult,
)
from qiskit.primitives.containers.estimator_pub import EstimatorPub
from qiskit.primitives.containers.sampler_pub import SamplerPub

from qiskit_qmu.backends.gradients.rules import DerivativeRule
from qiskit_qmu.backends.readout.outcomes import RegisterData
from qiskit_qmu.backends.transpilation.rotations import check_virtual
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
)


@final
class VirtualEstimator(TorchEstimator):
    """A TorchEstimator for virtual circuits."""

    def run(
        self, pubs: Iterable[EstimatorPubLike], *, precision: float | None = None
    ) -> PrimitiveJob[PrimitiveResult[PubResult]]:
        """Estimate expectation values like TorchEstimator, but reject transpiled circuits.

        Raises:
            InputError: If a circuit was already transpiled, or cannot be simulated.
        """
        coerced = [EstimatorPub.coerce(pub, precision) for pub in pubs]
        for pub in coerced:
            check_virtual(pub.circuit)
        return super().run(coerced, precision=precision)


@final
class VirtualSampler(TorchSampler):
    """A TorchSampler for virtual circuits, whose results have a register ``meas``."""

    def run(
        self, pubs: Iterable[SamplerPubLike], *, shots: int | None = None
    ) -> PrimitiveJob[PrimitiveResult[SamplerPubResult]]:
        """Sample circuits like TorchSampler, but reject transpiled ones.

        Raises:
            InputError: If a circuit was already transpiled, or cannot be simulated.
        """
        coerced = [SamplerPub.coerce(pub, shots) for pub in pubs]
        for pub in coerced:
            check_virtual(pub.circuit)
        return super().run(coerced, shots=shots)

    def _run(self, *arguments: Any) -> PrimitiveResult[SamplerPubResult]:
        result = super()._run(*arguments)
        return PrimitiveResult([_with_meas(own) for own in result], metadata=result.metadata)


def _with_meas(result: SamplerPubResult) -> SamplerPubResult:
    data = RegisterData(**dict(result.data.items()), shape=result.data.shape)
    return type(result)(data, metadata=result.metadata)


@final
class VirtualEstimatorGradient(TorchEstimatorGradient):
    """A TorchEstimatorGradient for virtual circuits.

    Args:
        estimator: Runs the circuits.
        rule: Rule by which usage counts a gradient, however it is computed.
    """

    def __init__(self, estimator: VirtualEstimator, rule: DerivativeRule) -> None:
        super().__init__(estimator)
        self.rule = rule

    def _jacobian(self, circuit: QuantumCircuit, *arguments: Any) -> NDArray[np.float64]:
        check_virtual(circuit)
        return super()._jacobian(circuit, *arguments)


@final
class VirtualSamplerGradient(TorchSamplerGradient):
    """A TorchSamplerGradient for virtual circuits.

    Args:
        sampler: Runs the circuits.
        rule: Rule by which usage counts a gradient, however it is computed.
    """

    def __init__(self, sampler: VirtualSampler, rule: DerivativeRule) -> None:
        super().__init__(sampler)
        self.rule = rule

    def _jacobian(self, circuit: QuantumCircuit, *arguments: Any) -> NDArray[np.float64]:
        check_virtual(circuit)
        return super()._jacobian(circuit, *arguments)
