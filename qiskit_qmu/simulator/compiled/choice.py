"""Decides which engine runs the steps of a network: compiled kernels or the torch engine."""

import json
import os
from dataclasses import dataclass
from importlib import resources
from typing import Literal

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu.simulator.compile.program import DenseStep, Program
from qiskit_qmu.simulator.compiled.blocks import BlockRunner
from qiskit_qmu.simulator.compiled.loading import load_kernels
from qiskit_qmu.simulator.compiled.operations import (
    LARGEST_TABLES,
    NetworkReadout,
    OperationList,
    readout_size,
    table_bytes,
)
from qiskit_qmu.simulator.compiled.step import CompiledStep
from qiskit_qmu.simulator.engine.simulation import Simulation, StateReadout

ENGINES = ("torch", "compiled")
ENGINE_VARIABLE = "QISKIT_QMU_ENGINE"

_LARGEST_DENSE = 32


def wanted_engine(engine: str | None) -> str:
    """Return the engine that was asked for, else that of the variable QISKIT_QMU_ENGINE.

    Without either it is "compiled".

    Raises:
        InputError: If there is no such engine.
    """
    name = (os.environ.get(ENGINE_VARIABLE) or "compiled") if engine is None else engine
    _check.one_of(ENGINES, engine=name)
    return name


@dataclass(frozen=True)
class EngineChoice:
    """Which engine runs a network's steps; decided when the network is made, and never changed.

    Attributes:
        engine: "compiled" or "torch".
        reason: Why, in a few words.
    """

    engine: str
    reason: str

    def __str__(self) -> str:
        return f"{self.engine} engine: {self.reason}"


def choose_engine(
    program: Program,
    readout: NetworkReadout,
    engine: str | None,
    work: Literal["steps", "final states"] = "steps",
) -> EngineChoice:
    """Return which engine runs a circuit on a CPU.

    Args:
        program: The compiled circuit.
        readout: Its observables, or the output that each basis state adds to.
        engine: "compiled" or "torch"; None for the variable QISKIT_QMU_ENGINE, else "compiled".
        work: What it computes: a network's steps, or states from which outcomes are drawn.
    """
    if wanted_engine(engine) == "torch":
        return EngineChoice("torch", "as asked for")
    largest = largest_qubits(work)
    if program.num_qubits > largest:
        return EngineChoice("torch", f"faster above {largest} qubits")
    size = table_bytes(program, *readout_size(readout))
    if size > LARGEST_TABLES or _largest_dense(program) > _LARGEST_DENSE:
        return EngineChoice("torch", "the circuit needs too large tables")
    if load_kernels("float32") is None:
        return EngineChoice("torch", "LLVM cannot compile the kernels here")
    return EngineChoice("compiled", f"faster up to {largest} qubits")


def compiled_step(
    simulation: Simulation, readout: NetworkReadout, by_torch: StateReadout, dtype: torch.dtype
) -> CompiledStep | None:
    """Return the compiled step of a circuit and its readout; None if there are no kernels."""
    real: type[np.floating] = np.float64 if dtype == torch.complex128 else np.float32
    kernels = load_kernels(np.dtype(real).name)
    if kernels is None:
        return None
    program = simulation.program
    operations = OperationList(program)
    runner = BlockRunner(
        kernels=kernels,
        tables=operations.tables(real),
        readout=operations.readout(readout, real),
        place=operations.place,
        num_qubits=program.num_qubits,
        num_shared=program.num_shared_angles,
        num_outputs=readout_size(readout)[1],
        prepared=bool(program.prepared),
    )
    return CompiledStep(runner, simulation.plan, by_torch)


def largest_qubits(work: str) -> int:
    """Return the qubits up to which kernels are faster; bench_compiled_engine.py measures it."""
    folder = resources.files("qiskit_qmu.simulator.compiled")
    table = json.loads((folder / "measured.json").read_text(encoding="utf-8"))
    return int(table["largest_qubits"][work])


def _largest_dense(program: Program) -> int:
    return max(
        (len(step.matrix) for step in program.steps if isinstance(step, DenseStep)), default=0
    )
