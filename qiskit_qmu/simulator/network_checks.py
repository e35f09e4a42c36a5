"""Checks of networks and of their inputs, before any circuit runs."""

import math

import numpy as np
import torch
from qiskit.circuit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.exceptions import QiskitMachineLearningError
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.readout.observables import as_pauli_sum


class NetworkInputError(QiskitMachineLearningError, InputError):
    """Invalid inputs of a network: an error of this package and of Qiskit ML."""

    def __str__(self) -> str:
        return str(self.message)  # (Qiskit's __str__ adds quotes)


class NonFiniteInputError(NetworkInputError):
    """Inputs or weights that are NaN or infinite."""


def check_network(network: NeuralNetwork) -> None:
    """Raise InputError unless a network's circuit, observables and outputs are consistent.

    Args:
        network: An EstimatorQNN or SamplerQNN; other kinds are not checked.
    """
    if isinstance(network, EstimatorQNN):
        checked_observables(network)
    if isinstance(network, EstimatorQNN | SamplerQNN):
        _check_parameters(network)


def checked_observables(network: EstimatorQNN) -> list[SparsePauliOp]:
    """Return a network's observables as Pauli sums.

    Raises:
        InputError: If one is not Hermitian, not finite, zero, or has a different number of qubits
            than the circuit.
    """
    num_qubits = network.circuit.num_qubits
    sums = []
    for position, observable in enumerate(network.observables):
        try:
            pauli_sum = as_pauli_sum(observable)
            if np.iscomplexobj(pauli_sum.coeffs):
                _check.finite(coefficients=pauli_sum.coeffs)
            ObservablesArray.coerce_observable(pauli_sum)
        except (QiskitError, TypeError, ValueError) as error:
            reason = " ".join(str(error).strip("'\"").split())
            raise InputError(
                f"observables must be Hermitian sums of Pauli strings; the one at position "
                f"{position} is not: {reason}"
            ) from error
        if pauli_sum.num_qubits != num_qubits:
            raise InputError(
                f"the observable at position {position} has {pauli_sum.num_qubits} qubits, but the "
                f"circuit has {num_qubits}"
            )
        sums.append(pauli_sum)
    return sums


def check_kinds(network: NeuralNetwork, inputs: torch.Tensor, weights: torch.Tensor) -> None:
    """Raise InputError unless inputs (…, I) and weights (W,) are real, and of a network's size."""
    wanted = network.num_inputs
    if inputs.dim() == 0 or inputs.shape[-1] != wanted:
        raise NetworkInputError(
            f"inputs must have {wanted} values in their last dimension, got a tensor of shape "
            f"{tuple(inputs.shape)}"
        )
    for name, values in (("inputs", inputs), ("weights", weights)):
        if values.is_complex():
            raise NetworkInputError(f"{name} must be real numbers, got dtype {values.dtype}")


def check_finite(inputs: torch.Tensor, weights: torch.Tensor) -> None:
    """Raise InputError if inputs or weights are NaN or infinite.

    Values under a ``torch.func`` transform are not checked: they may belong to many models, and one
    that diverged must not stop the others.
    """
    for name, values in (("inputs", inputs), ("weights", weights)):
        if torch._C._functorch.is_functorch_wrapped_tensor(values):  # noqa: SLF001  (no public way)
            continue
        # One pass in place of five; a sum that is not finite may be an overflow.
        if math.isfinite(values.detach().sum().item()):
            continue
        bad = values.numel() - int(torch.isfinite(values).sum())
        if bad:
            raise NonFiniteInputError(f"{name} must be finite, got {bad} NaN or infinite values")


def _check_parameters(network: EstimatorQNN | SamplerQNN) -> None:
    circuit: QuantumCircuit = network.circuit
    inputs, weights = network.input_params or [], network.weight_params or []
    both = {parameter.name for parameter in set(inputs) & set(weights)}
    if both:
        names = ", ".join(sorted(both))
        raise InputError(f"circuit parameters {names} are both inputs and weights")
    unbound = set(circuit.parameters) - {*inputs, *weights}
    if unbound:
        names = ", ".join(sorted(parameter.name for parameter in unbound))
        raise InputError(f"circuit parameters {names} are neither inputs nor weights")
