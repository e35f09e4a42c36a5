"""A network's outputs from the shares of its circuit's outcomes, without running it again."""

import numpy as np
from numpy.typing import NDArray
from qiskit_machine_learning.neural_networks import EstimatorQNN, NeuralNetwork

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.cost.networks import known_network
from qiskit_qmu.simulator.interpreted_outcomes import output_places
from qiskit_qmu.simulator.readout.measurement_bases import measured_terms
from qiskit_qmu.simulator.readout.observables import as_pauli_sum


def outputs_of(network: NeuralNetwork, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a network's outputs (n, outputs) from the shares (n, 2^bits) of its outcomes.

    Raises:
        InputError: If its observables are measured in several bases.
    """
    known = known_network(network)
    outcomes = np.arange(frequencies.shape[1])
    if not isinstance(known, EstimatorQNN):
        size = int(np.prod(known.output_shape))
        return frequencies @ np.eye(size)[output_places(known, len(outcomes))]
    constants, bases = measured_terms([as_pauli_sum(each) for each in known.observables])
    if len(bases) > 1:
        raise InputError(f"observables must be measured in one basis, got {', '.join(bases)}")
    values = np.tile(constants, (len(outcomes), 1))
    for row, mask, coefficient in next(iter(bases.values()), []):
        odd = np.bitwise_count(outcomes & mask).astype(np.int64) & 1
        values[:, row] += coefficient * (1 - 2 * odd)
    return frequencies @ values


def measured_basis(network: EstimatorQNN) -> str:
    """Return the basis that all observables of a network are measured in.

    Raises:
        InputError: If there are several.
    """
    _, bases = measured_terms([as_pauli_sum(each) for each in network.observables])
    if len(bases) != 1:
        raise InputError(f"observables must be measured in one basis, got {', '.join(bases)}")
    return next(iter(bases))
