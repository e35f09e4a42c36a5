"""The layers of a circuit's ansatz, by weight."""

from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Parameter, ParameterExpression
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.simulator.compile.elementary_gates import ParityRotation, PauliRotation
from qiskit_qmu.simulator.compile.unrolling import unroll


@final
@dataclass
class _Qubit:
    layer: int = 0
    rotated: bool = False
    entangled: bool = False


def layers_of_weights(network: NeuralNetwork) -> NDArray[np.int64]:
    """Return the layer (weights,) of each weight, from 0.

    On each qubit a new layer begins with a rotation by weights that follows an entangling gate
    which in turn follows such a rotation. A weight that several gates use is in the first of their
    layers.

    Args:
        network: An EstimatorQNN or SamplerQNN.

    Raises:
        InputError: If it is another network, or a weight is in none of its gates.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning.ansatz_layers import layers_of_weights
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=2, rotations=("ry",))
        >>> layers_of_weights(model.quantum.neural_network)
        array([0, 0, 1, 1])
    """
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        got = type(network).__name__
        raise InputError(f"ansatz layers require an EstimatorQNN or SamplerQNN, got {got}")
    weights = {weight: place for place, weight in enumerate(network.weight_params or ())}
    found: dict[int, int] = {}
    qubits = [_Qubit() for _ in range(network.circuit.num_qubits)]
    for gate in unroll(network.circuit):
        if isinstance(gate, PauliRotation):
            _rotate(qubits[gate.qubit], _used(gate.angle, weights), found)
            continue
        touched = [qubits[q] for q in gate.qubits] if hasattr(gate, "qubits") else []
        if isinstance(gate, ParityRotation):
            for qubit in touched:
                _rotate(qubit, _used(gate.angle, weights), found)
        if len(touched) > 1:
            for qubit in touched:
                qubit.entangled = qubit.rotated
    missing = [weight.name for weight, place in weights.items() if place not in found]
    if missing:
        raise InputError(f"the weight {missing[0]} is in no rotation of the circuit")
    return np.array([found[place] for place in range(len(weights))], dtype=np.int64)


def _used(angle: object, weights: dict[Parameter, int]) -> list[int]:
    if not isinstance(angle, ParameterExpression):
        return []
    return [weights[parameter] for parameter in angle.parameters if parameter in weights]


def _rotate(qubit: _Qubit, places: list[int], found: dict[int, int]) -> None:
    if not places:
        return
    qubit.layer += qubit.entangled
    qubit.rotated, qubit.entangled = True, False
    for place in places:
        found[place] = min(found.get(place, qubit.layer), qubit.layer)
