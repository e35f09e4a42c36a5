"""Size of a job's inputs, as IBM's client-side Sampler encodes them."""

import copy
import io
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import final

import numpy as np
from numpy.typing import NDArray
from qiskit import qpy
from qiskit.circuit import QuantumCircuit

from qiskit_qmu.backends.cost.networks import NetworkCircuits
from qiskit_qmu.backends.gradients.rules import DerivativeRule
from qiskit_qmu.backends.transpilation.rotations import RotationCircuit

_OPTIONS_BYTES = 1500
"""Bytes of a job's options and JSON frame, measured on encoded examples."""

_FORWARD_ROWS = 64
_GRADIENT_CIRCUITS = 128
_GRADIENT_ROWS = 4


@final
@dataclass(frozen=True, kw_only=True)
class Payload:
    """Bytes of a job's inputs.

    Circuits are sent as zlib-compressed QPY and each array of angles as zlib-compressed float64,
    both in Base64 (quantum_program_to_2_0 of qiskit_ibm_runtime). Shifted rows of angles differ
    in one place from the row before, so they compress far better than rows of a forward pass.

    Attributes:
        job: Bytes of a job without angles.
        forward: Bytes of the angles of one circuit of a forward pass.
        gradient: Bytes of the angles of one circuit of a gradient.
    """

    job: float
    forward: float
    gradient: float


def payload_of(
    network: NetworkCircuits,
    rotations: RotationCircuit,
    circuits: Sequence[QuantumCircuit],
    rule: DerivativeRule,
) -> Payload:
    """Encode a small forward pass and a small gradient at random angles.

    Args:
        network: The network's circuits.
        rotations: The circuit with one parameter per rotation.
        circuits: The transpiled circuits, one per measurement basis.
        rule: How gradients are measured.
    """
    rows = _made_up_rows(network, _FORWARD_ROWS)
    shifted: list[NDArray[np.float64]] = []

    def outputs_at(angles: NDArray[np.float64]) -> NDArray[np.float64]:
        shifted.append(angles)
        return np.zeros((len(angles), 1))

    # A copy, because it must not advance the random stream of SPSA's directions.
    wanted = np.flatnonzero(rotations.depends.any(axis=0)).tolist()
    copy.deepcopy(rule).jacobian(
        rotations, _gradient_rows(rows, rotations, rule), wanted, outputs_at
    )
    return Payload(
        job=_OPTIONS_BYTES + _encoded_circuits(circuits),
        forward=_bytes_per_row(rotations.values(rows)),
        gradient=_bytes_per_row(np.concatenate(shifted)),
    )


def _gradient_rows(
    rows: NDArray[np.float64], rotations: RotationCircuit, rule: DerivativeRule
) -> NDArray[np.float64]:
    """Return enough rows for the weights, equal in all of them, to contribute little."""
    circuits = max(1, rule.circuits_per_row(len(rotations.angles)))
    return rows[: max(_GRADIENT_ROWS, _GRADIENT_CIRCUITS // circuits)]


def _made_up_rows(network: NetworkCircuits, count: int) -> NDArray[np.float64]:
    """Return parameter values (count, P) in single precision, as torch gives them."""
    generator = np.random.default_rng(0)
    parameters = list(network.circuit.parameters)
    rows = np.repeat(generator.normal(size=(1, len(parameters))), count, axis=0)
    varying = [column for column, p in enumerate(parameters) if p in network.inputs]
    rows[:, varying] = generator.normal(size=(count, len(varying)))
    return rows.astype(np.float32).astype(np.float64)


def _encoded_circuits(circuits: Sequence[QuantumCircuit]) -> float:
    file = io.BytesIO()
    qpy.dump(list(circuits), file)
    return _encoded(file.getvalue())


def _bytes_per_row(angles: NDArray[np.float64]) -> float:
    return _encoded(angles.tobytes()) / max(1, len(angles))


def _encoded(data: bytes) -> float:
    """Return the size after zlib and Base64."""
    return len(zlib.compress(data)) * 4 / 3
