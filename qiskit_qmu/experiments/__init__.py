"""Experiments: config → records → results and report, for the command line and for Python."""

from qiskit_qmu.experiments.environment import environment
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.methods import DEFAULT_METHODS, METHODS, make_strategy
from qiskit_qmu.experiments.output import run_experiment, writable_folder, write_report
from qiskit_qmu.experiments.presets import Preset, overridden, preset
from qiskit_qmu.experiments.records import RecordFile
from qiskit_qmu.experiments.run import Record, run_seed
from qiskit_qmu.experiments.saved import (
    ForgetRequest,
    audit_saved,
    train_and_save,
    unlearn_saved,
)

__all__ = [
    "DEFAULT_METHODS",
    "METHODS",
    "Experiment",
    "ForgetRequest",
    "Preset",
    "Record",
    "RecordFile",
    "audit_saved",
    "environment",
    "make_strategy",
    "overridden",
    "preset",
    "run_experiment",
    "run_seed",
    "train_and_save",
    "unlearn_saved",
    "writable_folder",
    "write_report",
]
