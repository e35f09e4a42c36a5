"""Experiments: config → records → results and report, for the command line and for Python."""

from qiskit_qmu.experiments.device_run import cancel, refresh, resume, submit
from qiskit_qmu.experiments.environment import environment
from qiskit_qmu.experiments.experiment import Experiment
from qiskit_qmu.experiments.output import run_experiment, writable_folder, write_report
from qiskit_qmu.experiments.presets import Preset, overridden, preset
from qiskit_qmu.experiments.records import RecordFile
from qiskit_qmu.experiments.run import Record, run_seed
from qiskit_qmu.experiments.saved import (
    ForgetRequest,
    audit_saved,
    observe_saved,
    train_and_save,
    unlearn_saved,
)
from qiskit_qmu.experiments.saved_work import Plan, PlannedWork, cost_rows, plan_saved
from qiskit_qmu.experiments.shot_comparison import ShotComparison
from qiskit_qmu.experiments.shot_output import run_shot_comparison
from qiskit_qmu.experiments.shot_run import compare_shots
from qiskit_qmu.experiments.work import auditing, observing, training, unlearning
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.runs.status import RunStatus, run_status

__all__ = [
    "DeviceRequest",
    "Experiment",
    "ForgetRequest",
    "Plan",
    "PlannedWork",
    "Preset",
    "Record",
    "RecordFile",
    "RunStatus",
    "ShotComparison",
    "audit_saved",
    "auditing",
    "cancel",
    "cost_rows",
    "compare_shots",
    "environment",
    "observe_saved",
    "observing",
    "overridden",
    "plan_saved",
    "preset",
    "refresh",
    "resume",
    "run_experiment",
    "run_seed",
    "run_shot_comparison",
    "run_status",
    "submit",
    "train_and_save",
    "training",
    "unlearn_saved",
    "unlearning",
    "writable_folder",
    "write_report",
]
