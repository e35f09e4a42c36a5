"""Networks of both kinds over our primitives or Qiskit's own, for the connectors' tests."""

import numpy as np
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.gradients import (
    ParamShiftEstimatorGradient,
    ParamShiftSamplerGradient,
)
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN
from qiskit_machine_learning.primitives import QMLSampler

from qiskit_qmu.circuits import qnn_circuit
from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
)

QNN = qnn_circuit(2, 3, 2, rotations=("rx", "rz"), entangling_gate="cx")
OBSERVABLES = [SparsePauliOp(label) for label in ("ZII", "IZI", "XYZ")]
WEIGHTS = np.random.default_rng(1).uniform(-2, 2, len(QNN.weights))


def expectations(
    estimator=None, *, input_gradients: bool = True, observables=OBSERVABLES, qnn=QNN
) -> EstimatorQNN:
    estimator = TorchEstimator() if estimator is None else estimator
    exact = isinstance(estimator, TorchEstimator) and estimator.shots is None
    gradient = TorchEstimatorGradient if exact else ParamShiftEstimatorGradient
    return EstimatorQNN(
        circuit=qnn.circuit,
        observables=observables,
        input_params=qnn.inputs,
        weight_params=qnn.weights,
        estimator=estimator,
        gradient=gradient(estimator),
        default_precision=0.0,
        input_gradients=input_gradients,
    )


def probabilities(
    sampler=None, *, interpret=None, output_shape=None, input_gradients: bool = True
) -> SamplerQNN:
    sampler = TorchSampler() if sampler is None else sampler
    exact = isinstance(sampler, TorchSampler) and sampler.shots is None
    gradient = TorchSamplerGradient if exact else ParamShiftSamplerGradient
    return SamplerQNN(
        circuit=QNN.circuit,
        input_params=QNN.inputs,
        weight_params=QNN.weights,
        sampler=sampler,
        gradient=gradient(sampler),
        interpret=interpret,
        output_shape=output_shape,
        input_gradients=input_gradients,
    )


def interpreted(sampler=None) -> SamplerQNN:
    return probabilities(sampler, interpret=lambda outcome: outcome % 3, output_shape=3)


def two_dimensional(sampler=None) -> SamplerQNN:
    return probabilities(
        sampler, interpret=lambda outcome: (outcome % 2, outcome // 2), output_shape=(2, 4)
    )


STOCK = {
    expectations: StatevectorEstimator,
    probabilities: QMLSampler,
    interpreted: QMLSampler,
    two_dimensional: QMLSampler,
}
