"""Small data and small models of every kind that strategies and audits must take."""

from functools import cache

import numpy as np
import torch
from qiskit.circuit.library import real_amplitudes, z_feature_map
from qiskit.primitives import StatevectorEstimator
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.gradients import ParamShiftEstimatorGradient
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu.data import Dataset, ForgetSplit, dataset_from_arrays, load_dataset
from qiskit_qmu.models import BasicQNN, HybridQNN, reinitialize
from qiskit_qmu.simulator import TorchEstimator, TorchEstimatorGradient, TorchSimulatorConnector


@cache
def iris() -> Dataset:
    """105 training rows of four values, three classes."""
    return load_dataset("iris", seed=0)


@cache
def few_iris() -> Dataset:
    """40 training rows of iris."""
    return load_dataset("iris", train_size=40, test_size=20, seed=0)


@cache
def points(rows: int = 9) -> Dataset:
    """A few points of the plane in two classes, for circuits that are slow to run."""
    generator = np.random.default_rng(5)
    labels = np.arange(rows) % 2
    x = generator.normal(labels[:, None], 0.4, (rows, 2))
    return dataset_from_arrays(x, labels, x + 0.1, labels)


def basic(seed: int = 0, **options) -> BasicQNN:
    """A BasicQNN for iris on 3 qubits; it is not fitted yet."""
    return BasicQNN(
        **{
            "num_features": 3,
            "num_classes": 3,
            "num_qubits": 3,
            "num_layers": 2,
            "seed": seed,
            **options,
        }
    )


def hybrid(seed: int = 0, **options) -> HybridQNN:
    """A HybridQNN for iris on 3 qubits."""
    return HybridQNN(
        **{
            "input_shape": (4,),
            "num_classes": 3,
            "num_qubits": 3,
            "num_layers": 1,
            "seed": seed,
            **options,
        }
    )


def two_qubit_network(estimator=None, gradient=None) -> EstimatorQNN:
    """An EstimatorQNN of 2 inputs, 4 weights and 2 outputs, by default over Qiskit's own."""
    inputs, ansatz = z_feature_map(2, reps=1), real_amplitudes(2, reps=1)
    estimator = estimator or StatevectorEstimator()
    return EstimatorQNN(
        circuit=inputs.compose(ansatz),
        observables=[SparsePauliOp("IZ"), SparsePauliOp("ZI")],
        input_params=inputs.parameters,
        weight_params=ansatz.parameters,
        estimator=estimator,
        gradient=gradient or ParamShiftEstimatorGradient(estimator),
        default_precision=0.0,  # Qiskit ML's default adds noise
        input_gradients=True,
    )


def torch_network() -> EstimatorQNN:
    """The same network over the batched statevector."""
    estimator = TorchEstimator()
    return two_qubit_network(estimator, TorchEstimatorGradient(estimator))


class StockClassifier(torch.nn.Module):
    """A user's own module: Qiskit's estimator in Qiskit ML's connector, and a linear head."""

    def __init__(self, network: EstimatorQNN | None = None, num_classes: int = 2) -> None:
        super().__init__()
        network = network or two_qubit_network()
        self.circuit = TorchConnector(network, np.zeros(network.num_weights))
        self.head = torch.nn.utils.skip_init(torch.nn.Linear, 2, num_classes)
        reinitialize(self, np.random.default_rng(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.circuit(x))


def sequential(num_features: int = 4, num_classes: int = 3, *, stock: bool = False):
    """An nn.Sequential with dense layers in front of and behind the circuit."""
    connect = TorchConnector if stock else TorchSimulatorConnector
    network = torch_network()
    model = torch.nn.Sequential(
        torch.nn.utils.skip_init(torch.nn.Linear, num_features, 2),
        connect(network, np.zeros(network.num_weights)),
        torch.nn.utils.skip_init(torch.nn.Linear, 2, num_classes),
    )
    reinitialize(model, np.random.default_rng(0))
    return model


def iris_split(kind: str = "class", validation_fraction: float = 0.1) -> ForgetSplit:
    """Forget class 1 of a few rows of iris, or single rows."""
    options = {"validation_fraction": validation_fraction, "seed": 0}
    if kind == "class":
        return ForgetSplit.by_class(few_iris(), 1, **options)
    return ForgetSplit.by_indices(few_iris(), [0, 3, 5, 8, 13, 21], **options)


def point_split() -> ForgetSplit:
    """Forget two points."""
    return ForgetSplit.by_indices(points(), [0, 1], validation_fraction=0.25)


def weights_of(module: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of all parameters and buffers."""
    return {name: tensor.detach().clone() for name, tensor in module.state_dict().items()}


def same_weights(first: dict[str, torch.Tensor], second: dict[str, torch.Tensor]) -> bool:
    """Tell whether all tensors are equal, bit for bit."""
    return first.keys() == second.keys() and all(
        torch.equal(first[name], second[name]) for name in first
    )
