"""Observations at fewer shots, drawn from those of one run at many."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import BroadcastSampler, ReadoutErrors
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.quantum_layer import output_size
from qiskit_qmu.observation import Observations

_ROUNDING = 1e-4
"""Largest difference between outputs that is put down to single precision."""


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

    Where the backend mitigates readout errors, the same calibration corrects the outputs again.

    Args:
        model: The model that was observed, on the backend on which it was.
        observations: What it answered, with counts.
        shots: Shots of each row, at most as many as there are.
        generator: Source of the draw.

    Raises:
        InputError: If there are no counts, or fewer shots than asked for, or the outputs do not
            follow from the counts: they were mitigated otherwise than on the model's backend.
    """
    _check.at_least(1, shots=shots)
    if observations.counts is None or observations.shots is None:
        raise InputError("observations must have counts, got none")
    if shots > observations.shots:
        raise InputError(f"shots must be at most {observations.shots}, got {shots}")
    errors = _readout_errors(model)
    _check_outputs(observations, _outputs(model, observations.counts, errors))
    counts = np.array(
        [generator.multivariate_hypergeometric(row, shots) for row in observations.counts]
    )
    outputs = _outputs(model, counts, errors)
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


def _readout_errors(model: QuantumClassifier) -> ReadoutErrors | None:
    """Return the readout errors that a model's outputs are corrected for; None for none."""
    sampler = model.backend.sampler
    if not isinstance(sampler, BroadcastSampler) or sampler.readout is None:
        return None
    network: Any = model.quantum.neural_network
    circuit = sampler.rotations(network.circuit)
    if model.config.readout == "expectation":
        circuit = sampler.measured(circuit, "Z" * model.config.num_qubits)
    if not sampler.is_calibrated(circuit):
        raise InputError(
            f"observations must come from the model's backend, got some and a {model.backend.name} "
            "that has not calibrated its readout"
        )
    return sampler.readout_errors(circuit)["meas"]


def _outputs(
    model: QuantumClassifier, counts: NDArray[np.int64], errors: ReadoutErrors | None
) -> NDArray[np.float64]:
    frequencies = counts / counts.sum(axis=1, keepdims=True)
    return outputs_of(model, frequencies if errors is None else errors.corrected(frequencies))


def _check_outputs(observations: Observations, outputs: NDArray[np.float64]) -> None:
    """Raise InputError unless all shots together give the outputs that were observed."""
    if observations.expectations is None:
        return
    difference = np.abs(outputs - observations.expectations).max()
    if difference > _ROUNDING:
        raise InputError(
            "observations must have outputs that follow from their counts on the model's backend "
            f"(was their error mitigation another?), got a difference of {difference:.2g}"
        )


def outputs_of(model: QuantumClassifier, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the circuit's outputs (n, outputs) from the shares (n, 2^qubits) of its outcomes."""
    outcomes = np.arange(frequencies.shape[1])
    if model.config.readout == "expectation":
        signs = 1 - 2 * ((outcomes[:, None] >> np.arange(model.config.num_qubits)) & 1)
        return frequencies @ signs
    size = output_size(model.config.num_qubits, "probabilities")
    return frequencies @ np.eye(size)[outcomes % size]
