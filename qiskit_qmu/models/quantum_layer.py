"""A QNN circuit on a backend as a torch layer."""

from dataclasses import dataclass
from typing import Any, Literal, final, get_args

import numpy as np
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu import _check
from qiskit_qmu.backends import Backend
from qiskit_qmu.circuits import QNNCircuit

Readout = Literal["expectation", "probabilities"]
"""⟨Z⟩ of every qubit (EstimatorQNN), or probabilities of groups of outcomes (SamplerQNN)."""


@final
@dataclass(frozen=True)
class Remainder:
    """Groups outcomes by their remainder; unlike a lambda, it can be pickled.

    Attributes:
        divisor: Number of groups.
    """

    divisor: int

    def __call__(self, outcome: int) -> int:
        """Return the group of an outcome."""
        return outcome % self.divisor


def quantum_layer(
    qnn: QNNCircuit, readout: Readout, backend: Backend, weights: np.ndarray
) -> TorchConnector:
    """Connect a circuit to torch.

    Args:
        qnn: The circuit with its parameters.
        readout: "expectation" or "probabilities".
        backend: Backend of the circuit.
        weights: Initial angles (W,), in radians.

    Returns:
        A connector with inputs (…, features) and outputs (…, `output_size(...)`).

    Raises:
        InputError: If the readout is unknown, or the backend is none.
    """
    _check.one_of(get_args(Readout), readout=readout)
    if not hasattr(backend, "estimator_gradient"):
        raise _check.InputTypeError(f"backend must be opened by open_backend, got {backend!r}")
    shared: dict[str, Any] = {
        "input_params": qnn.inputs,
        "weight_params": qnn.weights,
        "input_gradients": True,
    }
    num_qubits = qnn.circuit.num_qubits
    if readout == "expectation":
        network = EstimatorQNN(
            circuit=qnn.circuit,
            observables=pauli_z(num_qubits),
            estimator=backend.estimator,
            gradient=backend.estimator_gradient,
            default_precision=backend.precision,
            **shared,
        )
        return backend.connector(network, weights)
    # SamplerQNN 0.9.1 misreads every register except that of measure_all().
    measured = qnn.circuit.copy()
    measured.measure_all()
    size = output_size(num_qubits, readout)
    sampler_network = SamplerQNN(
        circuit=measured,
        sampler=backend.sampler,
        gradient=backend.sampler_gradient,
        interpret=Remainder(size),
        output_shape=size,
        **shared,
    )
    return backend.connector(sampler_network, weights)


def output_size(num_qubits: int, readout: Readout) -> int:
    """Return the number of outputs: one per qubit, or the next odd number of outcome groups.

    Outcomes are grouped by their remainder. With an odd divisor every qubit matters, whereas the
    remainder by a power of two would ignore the high ones.
    """
    return num_qubits if readout == "expectation" else num_qubits + 1 - num_qubits % 2


def pauli_z(num_qubits: int) -> list[SparsePauliOp]:
    """Return Z of each qubit."""
    return [
        SparsePauliOp.from_sparse_list([("Z", [qubit], 1.0)], num_qubits)
        for qubit in range(num_qubits)
    ]
