"""DeviceBackend: a backend over one sampler, for simulators, fake backends and devices."""

from collections.abc import Callable, Sequence
from typing import Any, final

import numpy as np
from qiskit.primitives import BaseSamplerV2
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends.backend import Backend
from qiskit_qmu.backends.cost.cost_model import CostModel, cost_model_of
from qiskit_qmu.backends.cost.networks import NetworkCircuits
from qiskit_qmu.backends.gradients.device_connector import DeviceConnector
from qiskit_qmu.backends.gradients.measured_gradients import (
    MeasuredEstimatorGradient,
    MeasuredSamplerGradient,
)
from qiskit_qmu.backends.gradients.rules import make_rule
from qiskit_qmu.backends.jobs.resumable_sampler import ResumableSampler
from qiskit_qmu.backends.noise.noisy_instructions import NoisyInstructions
from qiskit_qmu.backends.options import DeviceOptions
from qiskit_qmu.backends.primitives.broadcast_estimator import BroadcastEstimator
from qiskit_qmu.backends.primitives.broadcast_sampler import BroadcastSampler
from qiskit_qmu.backends.primitives.grouped_estimator import GroupedEstimator
from qiskit_qmu.backends.readout.readout_errors import MITIGATED_ERRORS
from qiskit_qmu.backends.transpilation.transpilers import Transpiler
from qiskit_qmu.backends.usage import Usage
from qiskit_qmu.backends.versions import package_versions


@final
class DeviceBackend(Backend):
    """A backend over one sampler primitive, with the same shots for values and gradients.

    Args:
        name: Name of the device.
        sampler: Any SamplerV2 that accepts the transpiled circuits. With ``shots=None`` it must
            return exact probabilities.
        transpiler: Transpiles circuits for the sampler.
        options: Shots, seed, gradient rule and mitigation.
        estimator: Makes the estimator over the sampler.
        noisy: Instructions that transpilation must keep; None for none.
    """

    def __init__(
        self,
        name: str,
        sampler: BaseSamplerV2,
        transpiler: Transpiler,
        options: DeviceOptions,
        *,
        estimator: Callable[[BroadcastSampler], GroupedEstimator] = BroadcastEstimator,
        noisy: NoisyInstructions | None = None,
    ) -> None:
        self.name = name
        self.shots = options.shots
        self.precision = 0.0
        self._options = options
        self._transpiler = transpiler
        self.sampler: BroadcastSampler = BroadcastSampler(
            sampler,
            transpiler,
            shots=options.shots,
            max_executions_per_job=options.max_executions_per_job,
            readout_mitigation=options.readout_mitigation,
            noisy=noisy,
        )
        self.estimator: GroupedEstimator = estimator(self.sampler)

        self.rule, sampler_rule = (
            make_rule(
                options.gradient,
                stream(options.seed or 0, "directions", readout),
                epsilon=options.spsa_epsilon,
                directions=options.spsa_directions,
            )
            for readout in ("estimator", "sampler")
        )
        self.estimator_gradient = MeasuredEstimatorGradient(self.estimator, self.rule)
        self.sampler_gradient = MeasuredSamplerGradient(self.sampler, sampler_rule)

    @property
    def executed(self) -> Usage:
        """Circuits and shots sent to the device so far."""
        return self.sampler.executed

    @property
    def resumable_sampler(self) -> ResumableSampler:
        """The jobs of this backend's run.

        Raises:
            InputError: If its jobs are not recorded.
        """
        return self.sampler.resumable_sampler

    def connector(self, network: NeuralNetwork, weights: np.ndarray) -> TorchConnector:
        """Connect a network to torch; only gradients that are needed are measured.

        Raises:
            InputError: If its circuit is too wide for the device, or it returns probabilities,
                which the device's estimator cannot mitigate.
        """
        if isinstance(network, SamplerQNN) and not isinstance(self.estimator, BroadcastEstimator):
            raise InputError(
                "resilience_level applies to IBM's Estimator, but a SamplerQNN (readout "
                '"probabilities") needs a Sampler'
            )
        if isinstance(network, EstimatorQNN | SamplerQNN):
            self._transpiler.check(network.circuit.num_qubits)
        return DeviceConnector(network, initial_weights=weights)

    def settings(self) -> dict[str, Any]:
        """Return all settings that results depend on, as JSON values; no secrets.

        With readout mitigation, they include the error rates of all qubits calibrated so far.
        """
        readout, options = self.sampler.readout, self._options
        spsa = ("spsa_epsilon", "spsa_directions") if options.gradient == "spsa" else ()
        return {
            "backend": self.name,
            "shots": self.shots,
            "seed": options.seed or 0,
            "gradient": options.gradient,
            "optimization_level": None if options.pass_manager else options.level,
            **{name: getattr(options, name) for name in spsa},
            "mitigation": None if readout is None else "readout",
            "mitigated_errors": None if readout is None else MITIGATED_ERRORS,
            "readout_calibrations": [] if readout is None else readout.to_list(),
            "versions": package_versions(),
            **(self.resumable_sampler.service.settings() if self.sampler.keeps_jobs else {}),
        }

    def cost_model(self, networks: Sequence[NetworkCircuits]) -> CostModel:
        """Return the device's cost model for networks; circuits are transpiled but not sent."""
        return cost_model_of(
            networks,
            self.sampler,
            self.rule,
            backend=self.name,
            max_executions_per_job=self.sampler.max_executions_per_job,
            timing=self._transpiler.timing,
        )

    def close(self) -> None:
        """Stop waiting for jobs; the ledger can then be opened again."""
        self.sampler.close()
