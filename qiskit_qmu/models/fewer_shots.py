"""Observations at fewer shots, drawn from those of one run at many."""

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.quantum_layer import output_size
from qiskit_qmu.observation import Observations


def with_fewer_shots(
    model: QuantumClassifier,
    observations: Observations,
    shots: int,
    generator: np.random.Generator,
) -> Observations:
    """Return what a model would have answered from some of the shots that it was observed with.

    Shots are drawn without replacement, so the result has exactly the distribution of a run with
    fewer shots: one run at the largest number serves every smaller one. Results that come from the
    same run share shots, so they are not independent of each other.

    Args:
        model: The model that was observed.
        observations: What it answered, with counts.
        shots: Shots of each row, at most as many as there are.
        generator: Source of the draw.

    Raises:
        InputError: If there are no counts, or fewer shots than asked for.
    """
    _check.at_least(1, shots=shots)
    if observations.counts is None or observations.shots is None:
        raise InputError("observations must have counts, got none")
    if shots > observations.shots:
        raise InputError(f"shots must be at most {observations.shots}, got {shots}")
    counts = np.array(
        [generator.multivariate_hypergeometric(row, shots) for row in observations.counts]
    )
    outputs = outputs_of(model, counts / shots)
    with torch.no_grad():
        weight = model.head.weight
        logits = model.head(torch.as_tensor(outputs, dtype=weight.dtype, device=weight.device))
    return Observations(
        logits=logits.cpu().numpy(),
        labels=observations.labels,
        expectations=outputs,
        counts=counts,
        shots=shots,
    )


def outputs_of(model: QuantumClassifier, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the circuit's outputs (n, outputs) from the shares (n, 2^qubits) of its outcomes."""
    outcomes = np.arange(frequencies.shape[1])
    if model.config.readout == "expectation":
        signs = 1 - 2 * ((outcomes[:, None] >> np.arange(model.config.num_qubits)) & 1)
        return frequencies @ signs
    size = output_size(model.config.num_qubits, "probabilities")
    return frequencies @ np.eye(size)[outcomes % size]
