"""The batched torch statevector as Qiskit primitives, gradients and a TorchConnector.

`TorchEstimator` and `TorchSampler` are V2 primitives for any unitary circuit;
`TorchEstimatorGradient` and `TorchSamplerGradient` differentiate a whole batch in one call inside
stock `EstimatorQNN` and `SamplerQNN`; `TorchSimulatorConnector` is a `TorchConnector` that
differentiates through the statevector directly.
"""

from qiskit_qmu.simulator.compile.fusion import compile_program
from qiskit_qmu.simulator.estimator import TorchEstimator
from qiskit_qmu.simulator.gradients import TorchEstimatorGradient, TorchSamplerGradient
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities
from qiskit_qmu.simulator.sampler import TorchSampler
from qiskit_qmu.simulator.simulator_connector import TorchSimulatorConnector

__all__ = [
    "OutcomeProbabilities",
    "TorchEstimator",
    "TorchEstimatorGradient",
    "TorchSampler",
    "TorchSamplerGradient",
    "TorchSimulatorConnector",
    "compile_program",
]
