"""Saves the network of a TorchConnector as JSON values and a circuit, and rebuilds it."""

from dataclasses import dataclass
from typing import Any, final

import numpy as np
import torch
from qiskit.circuit import Parameter, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry
from qiskit_qmu.backends import Backend, connectors_of
from qiskit_qmu.backends.cost.networks import known_network
from qiskit_qmu.simulator.interpreted_outcomes import measured_circuit, output_places
from qiskit_qmu.simulator.readout.observables import as_pauli_sum

_MOST_BITS = 16


@final
@dataclass(frozen=True)
class OutcomeTable:
    """Maps outcomes to outputs by a table; unlike a closure, it can be pickled.

    Attributes:
        places: Flat index of the output of each outcome.
        shape: Shape of the outputs.
    """

    places: tuple[int, ...]
    shape: tuple[int, ...]

    def __call__(self, outcome: int) -> int | tuple[int, ...]:
        """Return the output of an outcome."""
        place = tuple(int(i) for i in np.unravel_index(self.places[outcome], self.shape))
        return place[0] if len(place) == 1 else place


def is_network(module: torch.nn.Module) -> bool:
    """Return whether a module is a connector whose network can be saved as JSON values."""
    if not isinstance(module, TorchConnector):
        return False
    network = module.neural_network
    return isinstance(network, EstimatorQNN) or (
        isinstance(network, SamplerQNN) and measured_circuit(network).num_clbits <= _MOST_BITS
    )


def network_circuit(module: torch.nn.Module) -> QuantumCircuit | None:
    """Return the circuit of a module with exactly one network; None otherwise."""
    connectors = connectors_of(module)
    if len(connectors) != 1:
        return None
    network = connectors[0].neural_network
    return network.circuit if isinstance(network, EstimatorQNN | SamplerQNN) else None


def network_to_dict(module: torch.nn.Module) -> dict[str, Any]:
    """Return a connector's network as JSON values, without circuit and weights."""
    network = known_network(_network_of(module))
    shared = {
        "inputs": [parameter.name for parameter in network.input_params or ()],
        "weights": [parameter.name for parameter in network.weight_params or ()],
        "input_gradients": bool(network.input_gradients),
    }
    if isinstance(network, EstimatorQNN):
        sums = [as_pauli_sum(observable) for observable in network.observables]
        return {"observables": [_pauli_terms(each) for each in sums], **shared}
    places = output_places(network, 2 ** measured_circuit(network).num_clbits)
    return {"places": places.tolist(), "output_shape": list(network.output_shape), **shared}


def network_from(
    values: dict[str, Any], circuit: QuantumCircuit, backend: Backend
) -> TorchConnector:
    """Return the connector described by `network_to_dict`, on a backend.

    Raises:
        InputError: If the values do not describe a network of the circuit.
    """
    by_name = {parameter.name: parameter for parameter in circuit.parameters}
    shared: dict[str, Any] = {
        "circuit": circuit,
        "input_params": _chosen(values, "inputs", by_name),
        "weight_params": _chosen(values, "weights", by_name),
        "input_gradients": entry(values, "input_gradients", bool),
    }
    network: NeuralNetwork
    if "observables" in values:
        network = EstimatorQNN(
            observables=[_pauli_sum(terms) for terms in entry(values, "observables", list)],
            estimator=backend.estimator,
            gradient=backend.estimator_gradient,
            default_precision=backend.precision,
            **shared,
        )
    else:
        shape = tuple(checked(size, int, "a size") for size in entry(values, "output_shape", list))
        places = tuple(checked(place, int, "a place") for place in entry(values, "places", list))
        network = SamplerQNN(
            sampler=backend.sampler,
            gradient=backend.sampler_gradient,
            interpret=OutcomeTable(places, shape),
            output_shape=shape,
            **shared,
        )
    return backend.connector(network, np.zeros(network.num_weights))


def _network_of(module: torch.nn.Module) -> NeuralNetwork:
    if not isinstance(module, TorchConnector):
        raise InputError(f"expected a TorchConnector, got {type(module).__name__}")
    return module.neural_network


def _pauli_terms(observable: SparsePauliOp) -> list[list[Any]]:
    return [
        [label, float(np.real(coefficient)), float(np.imag(coefficient))]
        for label, coefficient in observable.to_list()
    ]


def _pauli_sum(terms: Any) -> SparsePauliOp:
    return SparsePauliOp.from_list(
        [
            (label, complex(real, imaginary))
            for label, real, imaginary in checked(terms, list, "terms")
        ]
    )


def _chosen(values: dict[str, Any], name: str, by_name: dict[str, Parameter]) -> list[Parameter]:
    names = entry(values, name, list)
    unknown = [each for each in names if each not in by_name]
    if unknown:
        raise InputError(f"{name} has a parameter that is not in the circuit: {unknown[0]}")
    return [by_name[each] for each in names]
