"""A compiled program on one device and in one precision: its kernels and their operands."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from qiskit_qmu.simulator.kernels import Angles, Batch, Block, Kernel, Layer, Phase, Product
from qiskit_qmu.simulator.layers import SharedLayers, partial_traces
from qiskit_qmu.simulator.matrices import RunProducts
from qiskit_qmu.simulator.program import BatchStep, LayerStep, PhaseStep, Program


@dataclass(frozen=True)
class Plan:
    """The product state, the dense blocks of all layers, and the kernels in order."""

    product: Product
    layers: SharedLayers
    kernels: tuple[Kernel, ...]

    @property
    def num_kept(self) -> int:
        """States behind kernels with angles, but for the final state."""
        return sum(kernel.has_angles for kernel in self.kernels[:-1])

    def operands(self, angles: Angles) -> list[Any]:
        """Return what each kernel makes of the angles, the same on the way back."""
        layers = self.layers.blocks(angles.shared)
        return [kernel.operand(angles, layers) for kernel in self.kernels]


def build_plan(program: Program, dtype: torch.dtype, device: torch.device) -> Plan:
    """Turn a program's steps into kernels on one device and in one precision."""
    num_shared = program.num_shared_angles
    blocks = [
        Block(
            number=number,
            start=start,
            left=2 ** (program.num_qubits - start - size),
            size=2**size,
            traces=partial_traces(size, dtype, device),
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
        else:
            kernels.append(_phase(step, program, dtype, device))
    product = Product(RunProducts(program.initial, num_shared, dtype, device))
    return Plan(product, SharedLayers(program, dtype, device), tuple(kernels))


def _phase(step: PhaseStep, program: Program, dtype: torch.dtype, device: torch.device) -> Phase:
    real = torch.empty(0, dtype=dtype).real.dtype
    source = constant = None
    if step.source is not None:
        source = torch.as_tensor(step.source, device=device)
    if step.constant is not None:
        constant = torch.as_tensor(step.constant, dtype=dtype, device=device)
    tables = [np.zeros((2**program.num_qubits, 0)), step.shared, step.batched]
    table = np.hstack([table for table in tables if table is not None])
    first_batched = 1 + program.num_shared_angles
    index = [
        *(1 + angle for angle in step.shared_angles),
        *(first_batched + angle for angle in step.batched_angles),
    ]
    return Phase(
        source=source,
        inverse=None if source is None else torch.argsort(source),
        constant=constant,
        table=torch.as_tensor(table, dtype=real, device=device),
        index=torch.as_tensor(index, dtype=torch.int64, device=device),
        per_sample=step.batched is not None,
    )
