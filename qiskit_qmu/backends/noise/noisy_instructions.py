"""NoisyInstructions: keeps the instructions that a noise model acts on through transpilation."""

from collections.abc import Iterator, Sequence
from typing import Any, final

import numpy as np
from qiskit.circuit import (
    Barrier,
    Delay,
    Measure,
    Operation,
    QuantumCircuit,
    Reset,
)
from qiskit.circuit.library import Initialize, UnitaryGate, get_standard_gate_name_mapping
from qiskit.exceptions import QiskitError
from qiskit.quantum_info import Operator

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.transpilation.rotations import TWO_TERM, is_symbolic

_KEPT = "kept "
"""Label, before a number, of the barrier that stands for a noisy instruction."""

_QUIET = "part of a noisy gate"
"""Label of the rotations that a noisy gate is decomposed into: the noise follows the last one."""

_WITHOUT_EFFECT = ("barrier", "if_else", "for_loop", "while_loop", "switch_case", "box")
_DROPPED = ("id", "unitary", "delay")
"""Instructions that a pass manager may drop, whatever basis it translates to."""


@final
class NoisyInstructions:
    """The instructions that an Aer noise model names, by name or by label.

    A pass manager drops identities and labels, merges gates and resynthesizes unitaries, and would
    lose the noise defined for them. So each of them is replaced by a barrier while the circuit is
    transpiled. Instructions that the noise model does not name are translated to its basis gates.

    Aer looks up an instruction by its label if it has one, otherwise by its name. Measurements
    need no such protection: no pass manager drops them.

    Args:
        noise_model: A ``qiskit_aer.noise.NoiseModel``.
        keep: Whether to keep the instructions. False is for a pass manager that moves qubits:
            circuits that would lose noise to it are then refused.

    Raises:
        InputError: If a part of the noise model can have no effect.
    """

    def __init__(self, noise_model: Any, *, keep: bool = True) -> None:
        # Aer has no public access to these tables; the tests compare with what Aer does.
        tables = (noise_model._default_quantum_errors, noise_model._local_quantum_errors)  # noqa: SLF001
        self._names = frozenset(tables[0]) | frozenset(tables[1])
        self._passes = tuple(noise_model._custom_noise_passes)  # noqa: SLF001
        self._keep = keep
        for name in _WITHOUT_EFFECT:
            if name in self._names:
                raise InputError(
                    f"the noise model has noise on {name!r}, which would have no effect; noise "
                    "applies to gates, delays, resets and measurements"
                )
        for qubits in noise_model._local_readout_errors:  # noqa: SLF001
            if len(qubits) > 1:
                raise InputError(
                    f"joint readout error on qubits {qubits} is not supported; define readout "
                    "errors for single qubits"
                )

    def written(self, circuit: QuantumCircuit) -> QuantumCircuit:
        """Return a circuit with all noisy instructions at its top level, none inside other gates.

        A gate that is decomposed into rotations, because it has an unbound parameter, is followed
        by an identity that carries its noise.

        Raises:
            InputError: If noise is defined for a labelled measurement: Aer goes by its name only.
        """
        written = circuit.copy_empty_like()
        for instruction in circuit.data:
            for operation, place in self._opened(instruction.operation):
                qubits = [instruction.qubits[i] for i in place]
                written.append(operation, qubits, instruction.clbits)
        return written

    def sealed(self, circuit: QuantumCircuit) -> tuple[QuantumCircuit, list[Operation]]:
        """Return a circuit with barriers for its noisy instructions, and these in order."""
        kept: list[Operation] = []
        return (self._sealed(circuit, kept) if self._keep else circuit), kept

    def restored(
        self, written: QuantumCircuit, transpiled: QuantumCircuit, kept: Sequence[Operation]
    ) -> QuantumCircuit:
        """Return a transpiled circuit with its noisy instructions back in their places.

        Args:
            written: The circuit that was transpiled.
            transpiled: The pass manager's output.
            kept: Its noisy instructions.

        Raises:
            InputError: If the pass manager removed instructions that have noise.
        """
        if self._keep:
            return _restored(transpiled, kept)
        lost = self._special(written) - self._special(transpiled)
        if lost:
            raise InputError(
                f"the pass manager removes {', '.join(map(repr, sorted(lost)))} and with it the "
                "noise defined for it (without pass_manager, noisy instructions are kept)"
            )
        return transpiled

    def _names_it(self, operation: Operation) -> bool:
        own = {operation.name, getattr(operation, "label", None)}
        return bool(self._names & own) or any(
            isinstance(operation, ops) if (ops := getattr(each, "_ops", ())) else True
            for each in self._passes
        )

    def _opened(self, operation: Operation) -> Iterator[tuple[Operation, Sequence[int]]]:
        """Yield an operation, or the operations it consists of, with their qubits' positions."""
        everywhere = range(operation.num_qubits)
        if isinstance(operation, Measure):
            if operation.label in self._names:
                raise InputError(
                    f"noise on measurements labelled {operation.label!r} has no effect: Aer looks "
                    "up measurements by the name 'measure' only"
                )
            yield operation, everywhere
        elif getattr(operation, "blocks", ()):
            yield operation.replace_blocks(map(self.written, operation.blocks)), everywhere
        elif self._names_it(operation):
            yield from ((each, everywhere) for each in self._noisy(operation))
        elif self._holds_noisy(operation):
            definition = operation.definition
            for instruction in definition.data:
                inner = [definition.find_bit(qubit).index for qubit in instruction.qubits]
                for each, place in self._opened(instruction.operation):
                    yield each, [inner[i] for i in place]
        else:
            yield operation, everywhere

    def _noisy(self, operation: Operation) -> Iterator[Operation]:
        label = getattr(operation, "label", None)
        if is_symbolic(operation) and getattr(operation, "base_class", None) not in TWO_TERM:
            quiet = operation.to_mutable()
            quiet.label = _QUIET
            yield quiet
            yield UnitaryGate(np.eye(2**operation.num_qubits), label=label or operation.name)
        elif _is_native(operation):
            yield operation
        else:
            yield UnitaryGate(_matrix(operation), label=label or operation.name)

    def _holds_noisy(self, operation: Operation) -> bool:
        """Return whether a custom gate has a noisy one in its definition."""
        if isinstance(operation, UnitaryGate) or _is_native(operation):
            return False
        definition = getattr(operation, "definition", None)
        return definition is not None and any(
            self._names_it(each.operation) or self._holds_noisy(each.operation)
            for each in definition.data
        )

    def _sealed(self, circuit: QuantumCircuit, kept: list[Operation]) -> QuantumCircuit:
        sealed = circuit.copy_empty_like()
        for instruction in circuit.data:
            operation = instruction.operation
            if getattr(operation, "blocks", ()):
                blocks = [self._sealed(block, kept) for block in operation.blocks]
                operation = operation.replace_blocks(blocks)
            elif not isinstance(operation, Measure) and (
                self._names_it(operation) or getattr(operation, "label", None) == _QUIET
            ):
                kept.append(operation)
                operation = Barrier(operation.num_qubits, label=f"{_KEPT}{len(kept) - 1}")
            sealed.append(operation, instruction.qubits, instruction.clbits)
        return sealed

    def _special(self, circuit: QuantumCircuit) -> set[str]:
        """Return the noisy names in a circuit that are not among a pass manager's basis gates."""
        found = set()
        for instruction in circuit.data:
            name = instruction.label or instruction.name
            if name in self._names and (name in _DROPPED or name not in _STANDARD):
                found.add(name)
        return found


_STANDARD = get_standard_gate_name_mapping()
_AER_LACKS = {
    "c3sx", "ccz", "ch", "crx", "cry", "crz", "cs", "csdg", "cswap", "csx", "cu", "cu1", "cu3",
    "dcx", "iswap", "rcccx", "rccx", "xx_minus_yy", "xx_plus_yy",
}  # fmt: skip
"""Standard gates that some Aer methods know by their matrices only."""


def _is_native(operation: Operation) -> bool:
    """Return whether Aer simulates an operation as it is."""
    if isinstance(operation, UnitaryGate | Initialize | Barrier | Delay | Measure | Reset):
        return True
    own = _STANDARD.get(operation.name)
    kind = getattr(operation, "base_class", type(operation))
    return own is not None and kind is own.base_class and operation.name not in _AER_LACKS


def _matrix(operation: Operation) -> Any:
    try:
        return Operator(operation).data
    except QiskitError as error:
        raise InputError(
            f"the noise model has noise on {operation.name!r}, which is not a unitary gate, reset, "
            "delay or measurement"
        ) from error


def _restored(circuit: QuantumCircuit, kept: Sequence[Operation]) -> QuantumCircuit:
    restored = circuit.copy_empty_like()
    for instruction in circuit.data:
        operation = instruction.operation
        if getattr(operation, "blocks", ()):
            operation = operation.replace_blocks([_restored(b, kept) for b in operation.blocks])
        elif instruction.label is not None and instruction.label.startswith(_KEPT):
            operation = kept[int(instruction.label.removeprefix(_KEPT))]
        restored.append(operation, instruction.qubits, instruction.clbits)
    return restored
