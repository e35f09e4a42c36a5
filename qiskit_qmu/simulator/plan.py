"""A compiled program on one device and in one precision: its kernels and their operands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qiskit_qmu.circuits import amplitudes_of_angles, unit_amplitudes
from qiskit_qmu.simulator.kernels import (
    Angles,
    Batch,
    Block,
    DenseGate,
    Kernel,
    Layer,
    Phase,
    Rotations,
)
from qiskit_qmu.simulator.layers import SharedLayers
from qiskit_qmu.simulator.matrices import RunProducts
from qiskit_qmu.simulator.parities import Parities
from qiskit_qmu.simulator.product_state import Amplitudes, EncodedAmplitudes, ProductState
from qiskit_qmu.simulator.program import (
    BatchStep,
    DenseStep,
    LayerStep,
    ParityTerm,
    PhaseStep,
    Prepared,
    Program,
)


@dataclass(frozen=True)
class Plan:
    """The product state, the dense blocks of all layers, and the kernels in order.

    Attributes:
        product: What it starts from.
        layers: Angles to the matrices of all layers.
        kernels: The steps.
        state_bytes: Size of one state.
    """

    product: ProductState
    layers: SharedLayers
    kernels: tuple[Kernel, ...]
    state_bytes: int

    @property
    def num_kept(self) -> int:
        """States behind kernels with angles, but for the final state."""
        return sum(kernel.has_angles for kernel in self.kernels[:-1])

    def operands(self, angles: Angles, dense: Sequence[torch.Tensor]) -> list[Any]:
        """Return what each kernel makes of the angles and of the layers' matrices."""
        layers = self.layers.blocks(dense)
        return [kernel.operand(angles, layers) for kernel in self.kernels]


def build_plan(program: Program, dtype: torch.dtype, device: torch.device) -> Plan:
    """Turn a program's steps into kernels on one device and in one precision."""
    num_shared = program.num_shared_angles
    blocks = [
        Block(
            number=number,
            left=2 ** (program.num_qubits - start - size),
            size=2**size,
        )
        for number, (start, size) in enumerate(program.blocks)
    ]
    kernels: list[Kernel] = []
    for step in program.steps:
        if isinstance(step, LayerStep):
            kernels.append(Layer(step.index, tuple(blocks[number] for number in step.blocks)))
        elif isinstance(step, BatchStep):
            qubits = tuple(sorted(step.runs))
            runs = [step.runs[qubit] for qubit in qubits]
            kernels.append(Batch(RunProducts(runs, num_shared, dtype, device), qubits))
        elif isinstance(step, DenseStep):
            matrix = torch.tensor(step.matrix, dtype=dtype, device=device)
            kernels.append(DenseGate(matrix, step.qubits))
        else:
            kernels.append(_phase(step, program, dtype, device))
    product = _product_state(program, dtype, device)
    layers = SharedLayers(program, dtype, device)
    state_bytes = dtype.itemsize * 2**program.num_qubits
    return Plan(product, layers, tuple(kernels), state_bytes)


def _product_state(program: Program, dtype: torch.dtype, device: torch.device) -> ProductState:
    grouped = [qubit for prepared in program.prepared for qubit in prepared.qubits]
    single = [qubit for qubit in range(program.num_qubits) if qubit not in grouped]
    groups = [_group(prepared, program, dtype, device) for prepared in program.prepared]
    order = [*grouped, *single]
    states = np.arange(2**program.num_qubits)
    source = sum(((states >> qubit) & 1) << place for place, qubit in enumerate(order))
    runs = [program.initial[qubit] for qubit in single]
    return ProductState(
        runs=RunProducts(runs, program.num_shared_angles, dtype, device),
        qubits=tuple(single),
        groups=tuple(groups),
        source=torch.as_tensor(source, device=device) if order != sorted(order) else None,
    )


def _group(
    prepared: Prepared, program: Program, dtype: torch.dtype, device: torch.device
) -> Amplitudes | EncodedAmplitudes:
    if prepared.amplitudes is not None:
        return Amplitudes(torch.as_tensor(prepared.amplitudes, dtype=dtype, device=device))
    first = 1 + program.num_shared_angles
    index = torch.as_tensor([first + angle for angle in prepared.angles], device=device)
    amplitudes_of = unit_amplitudes if prepared.are_amplitudes else amplitudes_of_angles
    return EncodedAmplitudes(index, dtype, amplitudes_of)


def _phase(step: PhaseStep, program: Program, dtype: torch.dtype, device: torch.device) -> Phase:
    source = constant = None
    if step.source is not None:
        source = torch.as_tensor(step.source, device=device)
    if step.constant is not None:
        constant = torch.as_tensor(step.constant, dtype=dtype, device=device)

    def rotations(terms: list[ParityTerm], first: int) -> Rotations | None:
        if not terms:
            return None
        index = torch.as_tensor([first + term.angle for term in terms], device=device)
        real = torch.empty(0, dtype=dtype).real.dtype
        masks = [term.mask for term in terms]
        return Rotations(index, Parities(masks, program.num_qubits, real, device))

    return Phase(
        source=source,
        inverse=None if source is None else torch.argsort(source),
        constant=constant,
        shared=rotations([term for term in step.terms if not term.batched], 1),
        batched=rotations(
            [term for term in step.terms if term.batched], 1 + program.num_shared_angles
        ),
    )
