"""The entanglement that a circuit's layers leave between the qubits which their gates couple."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from qiskit.circuit import Gate, Measure, QuantumCircuit
from qiskit.quantum_info import SparsePauliOp
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork, SamplerQNN

from qiskit_qmu.simulator import TorchEstimator
from qiskit_qmu.simulator.compile.instructions import does_nothing
from qiskit_qmu.unlearning.ansatz_layers import layers_of_weights

Pair = tuple[int, int]

_LABELS = [first + second for first in "IXYZ" for second in "IXYZ"]
_PAULIS = {"I": np.eye(2), "X": np.array([[0, 1], [1, 0]]), "Y": np.array([[0, -1j], [1j, 0]]),
           "Z": np.diag([1, -1])}  # fmt: skip
_FLIP = np.kron(_PAULIS["Y"], _PAULIS["Y"])


def concurrence(states: NDArray[np.complex128]) -> NDArray[np.float64]:
    """Return the concurrence of two-qubit states (…, 4, 4), from 0 (separable) to 1 (Bell states).

    W. K. Wootters, Entanglement of Formation of an Arbitrary State of Two Qubits,
    https://arxiv.org/abs/quant-ph/9709029: max(0, λ₁ − λ₂ − λ₃ − λ₄) with the square roots λ, in
    descending order, of the eigenvalues of ρ (Y ⊗ Y) ρ* (Y ⊗ Y).

    Args:
        states: Density matrices, mixed or pure.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.unlearning.concurrence import concurrence
        >>> bell = np.array([1, 0, 0, 1]) / np.sqrt(2)
        >>> float(concurrence(np.outer(bell, bell)).round(6))
        1.0
    """
    products = states @ _FLIP @ states.conj() @ _FLIP
    roots = np.sort(np.sqrt(np.abs(np.linalg.eigvals(products).real)), axis=-1)
    return np.asarray(np.maximum(0.0, 2 * roots[..., -1] - roots.sum(axis=-1)))


@final
@dataclass(frozen=True, eq=False)
class _Layer:
    """A layer's end in the circuit, and the pairs of qubits that it couples."""

    until: int
    pairs: frozenset[Pair]


def layer_concurrence(
    network: NeuralNetwork, inputs: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Return for each weight (W,) how entangled the state is behind the weight's ansatz layer.

    It is the mean concurrence, over rows, of the pairs of qubits that the layer's entangling gates
    couple: of each pair's own state, the others traced out. A gate on more than two qubits couples
    all their pairs. A layer without entangling gates is judged by the pairs of the one before; if
    there is none, its concurrence is 0. Where nothing is ever entangled, each weight gets 1.

    Args:
        network: An EstimatorQNN or SamplerQNN.
        inputs: Rows (B, I).
        weights: Weights (W,).

    Raises:
        InputError: If the network is of another kind.
    """
    layers = layers_of_weights(network)
    assert isinstance(network, EstimatorQNN | SamplerQNN)
    circuit = _flat(network.circuit)
    found = _layers(circuit, network, layers)
    if not any(layer.pairs for layer in found):
        return np.ones(len(layers))
    by_layer = np.array(
        [
            _mean_concurrence(network, circuit, layer, inputs, weights) if layer.pairs else 0.0
            for layer in found
        ]
    )
    return by_layer[layers]


def coupled_pairs(network: NeuralNetwork) -> int:
    """Return how many pairs of qubits `layer_concurrence` looks at, over all layers."""
    layers = layers_of_weights(network)
    assert isinstance(network, EstimatorQNN | SamplerQNN)
    return sum(len(each.pairs) for each in _layers(_flat(network.circuit), network, layers))


def _layers(
    circuit: QuantumCircuit, network: EstimatorQNN | SamplerQNN, layers: NDArray[np.int64]
) -> list[_Layer]:
    of_weight = dict(zip(network.weight_params or (), layers.tolist(), strict=True))
    count = int(layers.max()) + 1
    pairs: list[set[Pair]] = [set() for _ in range(count)]
    ends = [0] * count
    current = -1
    for place, instruction in enumerate(circuit.data):
        used = {p for value in instruction.params for p in getattr(value, "parameters", ())}
        of_gate = [of_weight[parameter] for parameter in used if parameter in of_weight]
        current = max([current, *of_gate])
        if current < 0:
            continue
        mine = max(of_gate) if of_gate else current
        ends[mine] = place + 1
        qubits = sorted(circuit.find_bit(qubit).index for qubit in instruction.qubits)
        pairs[mine] |= {(a, b) for a in qubits for b in qubits if a < b}
    for layer in range(1, count):
        pairs[layer] = pairs[layer] or pairs[layer - 1]
        ends[layer] = max(ends[layer], ends[layer - 1])
    return [_Layer(end, frozenset(own)) for end, own in zip(ends, pairs, strict=True)]


def _mean_concurrence(
    network: EstimatorQNN | SamplerQNN,
    circuit: QuantumCircuit,
    layer: _Layer,
    inputs: NDArray[np.float64],
    weights: NDArray[np.float64],
) -> float:
    part = circuit.copy_empty_like()
    for instruction in circuit.data[: layer.until]:
        part.append(instruction)
    values = dict(zip(network.input_params or (), inputs.T, strict=True))
    trained = network.weight_params or ()
    values |= {w: np.full(len(inputs), v) for w, v in zip(trained, weights, strict=True)}
    rows = np.stack([values[parameter] for parameter in part.parameters], axis=1)
    pairs = sorted(layer.pairs)
    observables = [
        [SparsePauliOp.from_sparse_list([(label, [b, a], 1.0)], circuit.num_qubits)]
        for a, b in pairs
        for label in _LABELS
    ]
    result = TorchEstimator().run([(part, observables, rows)]).result()[0]
    expectations = np.asarray(result.data.evs).reshape(len(pairs), len(_LABELS), len(inputs))
    products = np.array([np.kron(_PAULIS[label[0]], _PAULIS[label[1]]) for label in _LABELS])
    states = np.einsum("plr,lij->prij", expectations, products) / 4
    return float(concurrence(states).mean())


def _flat(circuit: QuantumCircuit) -> QuantumCircuit:
    """Return a circuit with the boxes that hold several gates opened, without measurements."""
    flat = circuit.copy_empty_like()
    for operation, qubits in _gates(circuit, list(circuit.qubits)):
        flat.append(operation, qubits)
    return flat


def _gates(circuit: QuantumCircuit, qubits: list) -> Iterator[tuple]:  # type: ignore[type-arg]
    for instruction in circuit.data:
        operation = instruction.operation
        own = [qubits[circuit.find_bit(qubit).index] for qubit in instruction.qubits]
        if isinstance(operation, Measure) or does_nothing(operation):
            continue
        boxed = operation.base_class is Gate or not isinstance(operation, Gate)
        definition = operation.definition if boxed and operation.name != "reset" else None
        if definition is not None and len(definition.data) > 1:
            yield from _gates(definition, own)
        else:
            yield operation, own
