"""NetworkCircuits: the circuits that a network measures, known before any of them runs."""

from dataclasses import dataclass
from typing import final

import torch
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.interpreted_outcomes import measured_circuit
from qiskit_qmu.simulator.readout.measurement_bases import measured_terms
from qiskit_qmu.simulator.readout.observables import as_pauli_sum


@final
@dataclass(frozen=True, eq=False)
class NetworkCircuits:
    """A network's circuit and how it is measured.

    Attributes:
        circuit: The virtual circuit, with measurements if there are no bases.
        inputs: The parameters that differ from row to row.
        bases: Pauli bases in which its qubits are measured.
    """

    circuit: QuantumCircuit
    inputs: tuple[Parameter, ...]
    bases: tuple[str, ...]

    @staticmethod
    def of(network: NeuralNetwork) -> "NetworkCircuits":
        """Return a network's circuits.

        Raises:
            InputError: If the network is neither an EstimatorQNN nor a SamplerQNN.
        """
        network = known_network(network)
        return NetworkCircuits(
            circuit=measured_circuit(network)
            if isinstance(network, SamplerQNN)
            else network.circuit,
            inputs=tuple(network.input_params or ()),
            bases=measured_bases(network),
        )


def known_network(network: NeuralNetwork) -> EstimatorQNN | SamplerQNN:
    """Return a network whose circuits are known.

    Raises:
        InputError: If it is neither an EstimatorQNN nor a SamplerQNN.
    """
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        got = type(network).__name__
        raise InputError(f"a network must be an EstimatorQNN or a SamplerQNN, got {got}")
    return network


def networks_of(module: torch.nn.Module) -> tuple[NetworkCircuits, ...]:
    """Return the circuits of a module's networks.

    Raises:
        InputError: If it has no TorchConnector, or a network of another kind.
    """
    connectors = connectors_of(module)
    _check.not_empty(connectors=connectors)
    return tuple(NetworkCircuits.of(connector.neural_network) for connector in connectors)


def most_qubits(module: torch.nn.Module) -> int:
    """Return the number of qubits of a module's largest circuit.

    Raises:
        InputError: If it holds no TorchConnector, or a network of another kind.
    """
    return max(int(each.circuit.num_qubits) for each in networks_of(module))


def connectors_of(module: torch.nn.Module) -> list[TorchConnector]:
    """Return the TorchConnectors of a module, itself included.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.backends import connectors_of
        >>> layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        >>> model = torch.nn.Sequential(layer, torch.nn.Linear(2, 2))
        >>> [connector is layer for connector in connectors_of(model)]
        [True]
    """
    return [child for child in module.modules() if isinstance(child, TorchConnector)]


def measured_bases(network: NeuralNetwork) -> tuple[str, ...]:
    """Return the Pauli bases that a network's outputs are measured in.

    Empty for networks other than EstimatorQNN, and for constant observables.
    """
    if not isinstance(network, EstimatorQNN):
        return ()
    _, terms = measured_terms(list(map(as_pauli_sum, network.observables)))
    return tuple(terms)
