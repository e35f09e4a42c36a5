"""Observations at fewer shots, drawn from one run at many; and one run split into several."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import BroadcastSampler, ReadoutErrors
from qiskit_qmu.models.circuit_classifier import CircuitClassifier
from qiskit_qmu.models.quantum_layer import output_size
from qiskit_qmu.observation import Observations

_ROUNDING = 1e-4
"""Largest difference between outputs that is put down to single precision."""


def with_fewer_shots(
    model: CircuitClassifier,
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

    Example:
        >>> import numpy as np
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import with_fewer_shots
        >>> backend = qmu.open_backend("exact", shots=1000, seed=0)
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1, backend=backend)
        >>> observed = model.observe([[0.1, 0.2]], [0])
        >>> with_fewer_shots(model, observed, 100, np.random.default_rng(0)).shots
        100
    """
    _check.at_least(1, shots=shots)
    counts, available, labels = _counts_of(model, observations)
    if shots > available:
        raise InputError(f"shots must be at most {available}, got {shots}")
    return _observed(model, labels, _drawn(counts, shots, generator), shots)


def split_shots(
    model: CircuitClassifier,
    observations: Observations,
    runs: int,
    generator: np.random.Generator,
) -> list[Observations]:
    """Return several runs made of the shots of one, each shot in one of them.

    The runs are independent of each other, as if the device had been asked for each.

    Args:
        model: The model that was observed.
        observations: What it answered, with counts.
        runs: Number of runs; the shots must be a multiple of it.
        generator: Source of the deal.

    Raises:
        InputError: If there are no counts, or the shots cannot be split evenly.

    Example:
        >>> import numpy as np
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.models import split_shots
        >>> backend = qmu.open_backend("exact", shots=1000, seed=0)
        >>> model = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1, backend=backend)
        >>> runs = split_shots(model, model.observe([[0.1, 0.2]], [0]), 4, np.random.default_rng(0))
        >>> [run.shots for run in runs]
        [250, 250, 250, 250]
    """
    _check.at_least(1, runs=runs)
    left, available, labels = _counts_of(model, observations)
    shots, rest = divmod(available, runs)
    if rest or not shots:
        raise InputError(f"shots must be a multiple of {runs} runs, got {available}")
    parts = []
    for _ in range(runs):
        counts = _drawn(left, shots, generator)
        left = left - counts
        parts.append(_observed(model, labels, counts, shots))
    return parts


def _counts_of(
    model: CircuitClassifier, observations: Observations
) -> tuple[NDArray[np.int64], int, NDArray[np.int64]]:
    """Return counts and shots, from which the outputs must follow, and labels."""
    if observations.counts is None or observations.shots is None:
        raise InputError("observations must have counts, got none")
    if observations.labels is None or observations.row_losses is not None:
        raise InputError(
            "losses at fewer shots follow from counts for the cross-entropy of classes only"
        )
    _check_outputs(observations, _outputs(model, observations.counts, _readout_errors(model)))
    return observations.counts, observations.shots, observations.labels


def _drawn(
    counts: NDArray[np.int64], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    return np.array([generator.multivariate_hypergeometric(row, shots) for row in counts])


def _observed(
    model: CircuitClassifier, labels: NDArray[np.int64], counts: NDArray[np.int64], shots: int
) -> Observations:
    outputs = _outputs(model, counts, _readout_errors(model))
    with torch.no_grad():
        weight = model.head.weight
        logits = model.head(torch.as_tensor(outputs, dtype=weight.dtype, device=weight.device))
    return Observations(
        logits=logits.cpu().numpy(),
        labels=labels,
        expectations=outputs,
        counts=counts,
        shots=shots,
    )


def _readout_errors(model: CircuitClassifier) -> ReadoutErrors | None:
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
    model: CircuitClassifier, counts: NDArray[np.int64], errors: ReadoutErrors | None
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


def outputs_of(model: CircuitClassifier, frequencies: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the circuit's outputs (n, outputs) from the shares (n, 2^qubits) of its outcomes."""
    outcomes = np.arange(frequencies.shape[1])
    if model.config.readout == "expectation":
        signs = 1 - 2 * ((outcomes[:, None] >> np.arange(model.config.num_qubits)) & 1)
        return frequencies @ signs
    size = output_size(model.config.num_qubits, "probabilities")
    return frequencies @ np.eye(size)[outcomes % size]
