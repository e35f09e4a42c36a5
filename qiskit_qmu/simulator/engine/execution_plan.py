"""A compiled program on one device and in one precision: its kernels and their operands."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qiskit_qmu.circuits import amplitudes_of_angles, unit_amplitudes
from qiskit_qmu.simulator.compile.program import (
    BatchStep,
    DenseStep,
    LayerStep,
    ParityTerm,
    PhaseStep,
    PreparedQubits,
    Program,
)
from qiskit_qmu.simulator.engine.gate_kernels import (
    BatchKernel,
    DenseKernel,
    LayerKernel,
    QubitBlock,
)
from qiskit_qmu.simulator.engine.layers import SharedLayers
from qiskit_qmu.simulator.engine.matrices import RunProducts
from qiskit_qmu.simulator.engine.parities import Parities
from qiskit_qmu.simulator.engine.phase_kernel import ParityRotations, PhaseKernel
from qiskit_qmu.simulator.engine.product_state import (
    EncodedAmplitudes,
    FixedAmplitudes,
    ProductState,
)
from qiskit_qmu.simulator.engine.sweep_arrays import Angles

Kernel = LayerKernel | BatchKernel | PhaseKernel | DenseKernel


@dataclass(frozen=True)
class ExecutionPlan:
    """The product state, the dense blocks of all layers, and the kernels in order.

    Attributes:
        product: The initial state.
        layers: Maps angles to the matrices of all layers.
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
        """Return the operand of each kernel, from the angles and the layers' matrices."""
        layers = self.layers.blocks(dense)
        return [kernel.operand(angles, layers) for kernel in self.kernels]


def build_plan(program: Program, dtype: torch.dtype, device: torch.device) -> ExecutionPlan:
    """Turn a program's steps into kernels on one device and in one precision."""
    num_shared = program.num_shared_angles
    blocks = [
        QubitBlock(
            number=number,
            left=2 ** (program.num_qubits - start - size),
            size=2**size,
        )
        for number, (start, size) in enumerate(program.blocks)
    ]
    kernels: list[Kernel] = []
    for step in program.steps:
        if isinstance(step, LayerStep):
            kernels.append(LayerKernel(step.index, tuple(blocks[number] for number in step.blocks)))
        elif isinstance(step, BatchStep):
            qubits = tuple(sorted(step.runs))
            runs = [step.runs[qubit] for qubit in qubits]
            kernels.append(BatchKernel(RunProducts(runs, num_shared, dtype, device), qubits))
        elif isinstance(step, DenseStep):
            matrix = torch.tensor(step.matrix, dtype=dtype, device=device)
            kernels.append(DenseKernel(matrix, step.qubits))
        else:
            kernels.append(_phase(step, program, dtype, device))
    product = _product_state(program, dtype, device)
    layers = SharedLayers(program, dtype, device)
    state_bytes = dtype.itemsize * 2**program.num_qubits
    return ExecutionPlan(product, layers, tuple(kernels), state_bytes)


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
    prepared: PreparedQubits, program: Program, dtype: torch.dtype, device: torch.device
) -> FixedAmplitudes | EncodedAmplitudes:
    if prepared.amplitudes is not None:
        return FixedAmplitudes(torch.as_tensor(prepared.amplitudes, dtype=dtype, device=device))
    first = 1 + program.num_shared_angles
    index = torch.as_tensor([first + angle for angle in prepared.angles], device=device)
    amplitudes_of = unit_amplitudes if prepared.are_amplitudes else amplitudes_of_angles
    return EncodedAmplitudes(index, dtype, amplitudes_of)


def _phase(
    step: PhaseStep, program: Program, dtype: torch.dtype, device: torch.device
) -> PhaseKernel:
    source = constant = None
    if step.source is not None:
        source = torch.as_tensor(step.source, device=device)
    if step.constant is not None:
        constant = torch.as_tensor(step.constant, dtype=dtype, device=device)

    def rotations(terms: list[ParityTerm], first: int) -> ParityRotations | None:
        if not terms:
            return None
        index = torch.as_tensor([first + term.angle for term in terms], device=device)
        real = torch.empty(0, dtype=dtype).real.dtype
        masks = [term.mask for term in terms]
        return ParityRotations(index, Parities(masks, program.num_qubits, real, device))

    return PhaseKernel(
        source=source,
        inverse=None if source is None else torch.argsort(source),
        constant=constant,
        shared=rotations([term for term in step.terms if not term.batched], 1),
        batched=rotations(
            [term for term in step.terms if term.batched], 1 + program.num_shared_angles
        ),
    )
