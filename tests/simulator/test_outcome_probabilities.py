"""Exact outcome probabilities in place of counts, alone and inside a stock SamplerQNN."""

import numpy as np
import pytest
from qiskit.circuit import Parameter
from qiskit.quantum_info import Statevector
from qiskit_machine_learning.neural_networks import SamplerQNN
from random_circuits import random_circuit

from qiskit_qmu.simulator import OutcomeProbabilities, TorchSampler

A = Parameter("a")


def test_outcome_probabilities_are_read_like_a_bit_array():
    weights = np.array([[[0.5, 0.5, 0, 0], [0, 0, 0, 1]], [[1, 0, 0, 0], [0.25] * 4]])
    outcomes = OutcomeProbabilities(weights, 2)
    assert (outcomes.shape, outcomes.ndim, outcomes.size) == ((2, 2), 2, 4)
    assert outcomes.get_int_counts((0, 0)) == {0: 0.5, 1: 0.5}
    assert outcomes.get_counts((0, 1)) == {"11": 1.0}
    assert outcomes.get_counts((1, 1)) == {"00": 0.25, "01": 0.25, "10": 0.25, "11": 0.25}
    assert outcomes.get_int_counts() == {0: 1.75 / 4, 1: 0.75 / 4, 2: 0.25 / 4, 3: 1.25 / 4}


@pytest.mark.parametrize("interpret", [None, lambda k: k % 3, lambda k: (k % 2, k // 2)])
def test_a_stock_sampler_qnn_reads_exact_probabilities(interpret, generator):
    """The probabilities of outcomes, summed by hand over what interpret makes of them."""
    circuit = random_circuit(generator, 2, 6)
    circuit.ry(A, 0)
    shape = {None: (4,)}.get(interpret, (3,) if interpret and interpret(3) == 0 else (2, 2))
    network = SamplerQNN(
        circuit=circuit,
        sampler=TorchSampler(),
        input_params=[A],
        interpret=interpret,
        output_shape=None if interpret is None else shape,
    )
    rows = generator.uniform(-3, 3, (5, 1))
    expected = np.zeros((5, *shape))
    for i, (value,) in enumerate(rows):
        weights = Statevector(circuit.assign_parameters([value])).probabilities()
        for outcome, weight in enumerate(weights):
            key = outcome if interpret is None else interpret(outcome)
            expected[(i, *np.atleast_1d(key))] += weight
    np.testing.assert_allclose(network.forward(rows, []), expected, rtol=0, atol=1e-12)
