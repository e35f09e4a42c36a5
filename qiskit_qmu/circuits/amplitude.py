"""AmplitudeEncoding: a gate that prepares real amplitudes by rotations about Y."""

from collections.abc import Sequence
from typing import final

from qiskit.circuit import Gate, Operation, QuantumCircuit
from qiskit.circuit.parameterexpression import ParameterValueType

from qiskit_qmu._check import InputError

_NAME = "amplitude_encoding"


@final
class AmplitudeEncoding(Gate):
    """Prepares a real state of n qubits from ``|0…0>`` by 2^n - 1 RY and 2^n - n - 1 CZ gates.

    The tree of uniformly controlled rotations of Möttönen et al., Transformation of quantum states
    using uniformly controlled rotations, https://arxiv.org/abs/quant-ph/0407010, each in Gray-code
    order. The last CZ of each uniformly controlled rotation is omitted: these CZ commute to the
    end, where they only flip signs of amplitudes, which `amplitude_angles` accounts for.

    The angles are those of the RY gates themselves, one parameter per gate, so that the
    parameter-shift rule holds for each; `amplitude_angles` computes them from data.

    Args:
        angles: Angles (2^n - 1,) of the RY gates in the order of the circuit, in radians; numbers
            or parameters.
        label: Label in drawings, instead of the name.

    Raises:
        InputError: If the number of angles is not 2^n - 1 with n of at least 1.

    Example:
        >>> import torch
        >>> from qiskit.quantum_info import Statevector
        >>> from qiskit_qmu.circuits import AmplitudeEncoding, amplitude_angles
        >>> encoding = AmplitudeEncoding(amplitude_angles(torch.tensor([3.0, 0, 0, 4])).tolist())
        >>> Statevector.from_instruction(encoding).probabilities().round(2)
        array([0.36, 0.  , 0.  , 0.64])
        >>> dict(encoding.definition.count_ops())
        {'ry': 3, 'cz': 1}
    """

    def __init__(self, angles: Sequence[ParameterValueType], label: str | None = None) -> None:
        num_qubits = len(angles).bit_length()
        if not angles or len(angles) != 2**num_qubits - 1:
            raise InputError(
                f"amplitude encoding needs 2^n - 1 angles with n of at least 1, got {len(angles)}"
            )
        super().__init__(_NAME, num_qubits, list(angles), label=label)

    def _define(self) -> None:
        # From the highest qubit down: each is rotated by angles that depend on all above it.
        definition = QuantumCircuit(self.num_qubits, name=self.name)
        angles = iter(self.params)
        for target in reversed(range(self.num_qubits)):
            for step in range(1, 2 ** (self.num_qubits - 1 - target) + 1):
                definition.ry(next(angles), target)
                # The bit in which the Gray codes of step - 1 and step differ.
                control = target + (step & -step).bit_length()
                if control < self.num_qubits:
                    definition.cz(control, target)
        self.definition = definition


def as_amplitude_encoding(operation: Operation) -> AmplitudeEncoding | None:
    """Return an operation as an amplitude encoding, or None if it is not one.

    A circuit read from a QPY file has a plain gate with the name and the definition of an amplitude
    encoding, which counts as one.

    Args:
        operation: Any operation of a circuit.

    Example:
        >>> from qiskit.circuit import Gate
        >>> from qiskit_qmu.circuits import AmplitudeEncoding, as_amplitude_encoding
        >>> read = Gate("amplitude_encoding", 1, [0.5])  # as read from a QPY file
        >>> read.definition = AmplitudeEncoding([0.5]).definition
        >>> type(as_amplitude_encoding(read)).__name__
        'AmplitudeEncoding'
        >>> as_amplitude_encoding(Gate("other", 1, [0.5])) is None
        True
    """
    if isinstance(operation, AmplitudeEncoding):
        return operation
    if not isinstance(operation, Gate) or operation.name != _NAME:
        return None
    if not operation.params or len(operation.params) != 2**operation.num_qubits - 1:
        return None
    encoding = AmplitudeEncoding(operation.params)
    return encoding if operation.definition == encoding.definition else None
