"""Sweeps: an experiment over a grid, each model made once, each cell kept as soon as it is done."""

from qiskit_qmu.experiments.sweeps.folder import kept_cells
from qiskit_qmu.experiments.sweeps.grid import Cell, grid_cells
from qiskit_qmu.experiments.sweeps.plan import sweep_plan
from qiskit_qmu.experiments.sweeps.result import SweepResult
from qiskit_qmu.experiments.sweeps.sweeping import run_sweep, sweep

__all__ = ["Cell", "SweepResult", "grid_cells", "kept_cells", "run_sweep", "sweep", "sweep_plan"]
