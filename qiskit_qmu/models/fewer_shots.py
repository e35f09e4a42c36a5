"""Observations at fewer shots, subsampled from a run with many; and runs split into several."""

from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import ReadoutErrors, connectors_of
from qiskit_qmu.backends.primitives.recorded_counts import sampler_of
from qiskit_qmu.models.circuit_classifier import CircuitClassifier
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.dry_run import no_circuits
from qiskit_qmu.models.module_classifier import Classifier
from qiskit_qmu.models.outcome_outputs import measured_basis, outputs_of
from qiskit_qmu.models.tensors import placement
from qiskit_qmu.observation import Observations

_ROUNDING = 1e-4
"""Largest difference between outputs that is attributed to single precision."""


def with_fewer_shots(
    model: QuantumClassifier,
    observations: Observations,
    shots: int,
    generator: np.random.Generator,
) -> Observations:
    """Return a model's observations with a subset of their shots.

    Shots are drawn without replacement, so the result has exactly the distribution of a run with
    fewer shots: one run at the largest number serves every smaller one. Results from the same run
    share shots, so they are not independent of each other.

    If the backend mitigates readout errors, the same calibration corrects the outputs again.

    Args:
        model: The observed model, on the same backend.
        observations: Its observations, with counts.
        shots: Shots of each row, at most the observed number.
        generator: Random generator of the subset.

    Raises:
        InputError: If there are no counts, or too few shots, or the outputs do not match the
            counts because they were mitigated differently from the model's backend.

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
    model: QuantumClassifier,
    observations: Observations,
    runs: int,
    generator: np.random.Generator,
) -> list[Observations]:
    """Split the shots of one run into several runs, each shot in one of them.

    The runs are independent of each other, as if each had been executed separately.

    Args:
        model: The observed model.
        observations: Its observations, with counts.
        runs: Number of runs; the shots must be a multiple of it.
        generator: Random generator of the split.

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
        raise InputError(f"{available} shots cannot be split evenly into {runs} runs")
    parts = []
    for _ in range(runs):
        counts = _drawn(left, shots, generator)
        left = left - counts
        parts.append(_observed(model, labels, counts, shots))
    return parts


def _counts_of(
    model: QuantumClassifier, observations: Observations
) -> tuple[NDArray[np.int64], int, NDArray[np.int64]]:
    """Return counts, shots and labels, after checking that the outputs match the counts."""
    if observations.counts is None or observations.shots is None:
        raise InputError(
            "the observations have no counts; observe the model with shots in one measurement basis"
        )
    if observations.labels is None or observations.row_losses is not None:
        raise InputError(
            "losses at fewer shots can be computed for the cross-entropy of classes only"
        )
    _check_outputs(observations, _outputs(model, observations.counts, _readout_errors(model)))
    _check_logits(model, observations)
    return observations.counts, observations.shots, observations.labels


def _drawn(
    counts: NDArray[np.int64], shots: int, generator: np.random.Generator
) -> NDArray[np.int64]:
    return np.array([generator.multivariate_hypergeometric(row, shots) for row in counts])


def _observed(
    model: QuantumClassifier, labels: NDArray[np.int64], counts: NDArray[np.int64], shots: int
) -> Observations:
    outputs = _outputs(model, counts, _readout_errors(model))
    logits = _logits(model, outputs)
    return Observations(
        logits=logits,
        labels=labels,
        expectations=outputs,
        counts=counts,
        shots=shots,
    )


def _logits(model: QuantumClassifier, outputs: NDArray[np.float64]) -> NDArray[Any]:
    """Return the logits that a model makes of its circuit's outputs."""
    dtype, device = placement(model)
    answers = torch.as_tensor(np.array(outputs), dtype=dtype, device=device)
    with torch.no_grad():
        if isinstance(model, CircuitClassifier):
            return np.asarray(model.head(answers).cpu().numpy())
        last = connectors_of(model)[-1]

        def stand_in(connector: TorchConnector, inputs: torch.Tensor) -> torch.Tensor:
            shape = (*inputs.shape[:-1], *connector.neural_network.output_shape)
            return answers.reshape(shape) if connector is last else inputs.new_zeros(shape)

        with no_circuits(model, stand_in) as dry:
            return np.asarray(dry(_some_rows(model, len(outputs))).cpu().numpy())


def _some_rows(model: QuantumClassifier, count: int) -> torch.Tensor:
    """Return rows that a model takes; what they hold does not reach the logits."""
    call = model.made_by if isinstance(model, Classifier) else None
    if call is not None:
        rows = call.rows_for(model)[:1]
    else:
        dtype, device = placement(model)
        inputs = connectors_of(model)[-1].neural_network.num_inputs
        rows = torch.zeros((1, inputs), dtype=dtype, device=device)
    return rows.expand(count, *rows.shape[1:])


def _check_logits(model: QuantumClassifier, observations: Observations) -> None:
    """Raise InputError unless the logits follow from the circuit's outputs alone."""
    observed = observations.logits
    if isinstance(model, CircuitClassifier) or observations.expectations is None:
        return
    if observed is None:
        raise InputError("the observations have no logits")
    difference = np.abs(_logits(model, observations.expectations) - observed).max()
    if difference > _ROUNDING * max(1.0, float(np.abs(observed).max())):
        raise InputError(
            "fewer shots follow from one run only where a model's answers come from the outputs of "
            f"its last circuit alone, got a difference of {difference:.2g}"
        )


def _readout_errors(model: QuantumClassifier) -> ReadoutErrors | None:
    """Return the readout errors that a model's outputs are corrected for; None for none."""
    connector = connectors_of(model)[-1]
    sampler = sampler_of(connector)
    if sampler is None or sampler.readout is None:
        return None
    network: Any = connector.neural_network
    circuit = sampler.rotations(network.circuit)
    if isinstance(network, EstimatorQNN):
        circuit = sampler.measured(circuit, measured_basis(network))
    if not sampler.is_calibrated(circuit):
        where = "backend" if model.backend is None else model.backend.name
        raise InputError(
            f"observations must come from the model's backend, got some and a {where} "
            "that has not calibrated its readout"
        )
    errors: ReadoutErrors = next(iter(sampler.readout_errors(circuit).values()))
    return errors


def _outputs(
    model: QuantumClassifier, counts: NDArray[np.int64], errors: ReadoutErrors | None
) -> NDArray[np.float64]:
    network = connectors_of(model)[-1].neural_network
    frequencies = counts / counts.sum(axis=1, keepdims=True)
    return outputs_of(network, frequencies if errors is None else errors.corrected(frequencies))


def _check_outputs(observations: Observations, outputs: NDArray[np.float64]) -> None:
    """Raise InputError unless the counts of all shots give the observed outputs."""
    if observations.expectations is None:
        return
    difference = np.abs(outputs - observations.expectations).max()
    if difference > _ROUNDING:
        raise InputError(
            f"the outputs of the observations differ by {difference:.2g} from those computed from "
            "their counts on the model's backend; was the error mitigation different?"
        )
