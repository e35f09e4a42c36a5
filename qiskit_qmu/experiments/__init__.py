"""Experiments: from a config to records, results and a report, for command line and Python."""

from qiskit_qmu.backends.versions import environment
from qiskit_qmu.data import ForgetRequest, RowSource, RowsWarning
from qiskit_qmu.evaluation import ShotPlan, ShotTarget
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.configuration.plan import run_plan, training_plan
from qiskit_qmu.experiments.configuration.presets import Preset, overridden, preset
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.configuration.workload import (
    audit_workload,
    observation_workload,
    training_workload,
    unlearning_workload,
)
from qiskit_qmu.experiments.deletion_requests.answer import DeletionResult
from qiskit_qmu.experiments.deletion_requests.deleting import plan_deletion, request_deletion
from qiskit_qmu.experiments.deletion_requests.request import DeletionRequest
from qiskit_qmu.experiments.devices.run import cancel, refresh, resume
from qiskit_qmu.experiments.devices.submission import submission_plan, submit
from qiskit_qmu.experiments.exact import (
    delete_exactly,
    describe_exact,
    load_exact,
    predict_exact,
    train_exact,
)
from qiskit_qmu.experiments.forgotten_feature import (
    FeatureRow,
    forget_feature,
    forget_feature_of,
)
from qiskit_qmu.experiments.method_comparison.comparing import compare
from qiskit_qmu.experiments.method_comparison.comparison import Comparison
from qiskit_qmu.experiments.method_comparison.output import run_experiment, write_report
from qiskit_qmu.experiments.method_comparison.tabulating import tabulate
from qiskit_qmu.experiments.poisoned_rows import write_poisoned
from qiskit_qmu.experiments.records.records import Record, RecordFile
from qiskit_qmu.experiments.records.writable import writable_folder
from qiskit_qmu.experiments.repetition.run import run_seed
from qiskit_qmu.experiments.reproduce import (
    PROTOCOLS,
    Reproduction,
    reproduce,
    reproduction_plan,
)
from qiskit_qmu.experiments.saved import (
    audit_saved,
    observe_saved,
    train_and_save,
    unlearn_saved,
)
from qiskit_qmu.experiments.saved.description import describe_model
from qiskit_qmu.experiments.saved.importing import import_weights
from qiskit_qmu.experiments.saved.prediction import predict_saved
from qiskit_qmu.experiments.saved.predictions import PredictedScores, PredictedValues, Predictions
from qiskit_qmu.experiments.saved.saving import save_model
from qiskit_qmu.experiments.saved.shadows import ShadowRequest
from qiskit_qmu.experiments.saved.weights_audit import audit_weights
from qiskit_qmu.experiments.saved.workload import (
    PlannedWorkload,
    SavedWorkloads,
    cost_rows,
    saved_workloads,
)
from qiskit_qmu.experiments.sequence import (
    SequenceRow,
    UnlearningSequence,
    unlearn_in_sequence,
)
from qiskit_qmu.experiments.shots.comparison import ShotComparison
from qiskit_qmu.experiments.shots.output import run_saved_shots, run_shot_comparison
from qiskit_qmu.experiments.shots.plan import shots_plan
from qiskit_qmu.experiments.shots.planning import (
    plan_run_shots,
    plan_saved_shots,
    plan_shots,
    shot_plan_cost,
    write_shot_plan,
)
from qiskit_qmu.experiments.shots.run import compare_shots
from qiskit_qmu.experiments.shots.saved import SavedShots
from qiskit_qmu.experiments.shots.study import ShotStudy, ShotStudyResult, run_shot_study
from qiskit_qmu.experiments.sweeps import (
    Cell,
    SweepResult,
    grid_cells,
    run_sweep,
    sweep,
    sweep_plan,
)
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.runs.status import RunStatus, run_status

__all__ = [
    "Cell",
    "Comparison",
    "DeletionRequest",
    "DeletionResult",
    "DeviceRequest",
    "Experiment",
    "FeatureRow",
    "ForgetRequest",
    "SavedWorkloads",
    "PlannedWorkload",
    "PredictedScores",
    "PredictedValues",
    "Predictions",
    "PROTOCOLS",
    "Preset",
    "Record",
    "RecordFile",
    "Reproduction",
    "RowSource",
    "ShadowRequest",
    "RowsWarning",
    "RunStatus",
    "SequenceRow",
    "Setup",
    "ShotComparison",
    "ShotStudy",
    "ShotStudyResult",
    "SweepResult",
    "UnlearningSequence",
    "audit_saved",
    "audit_weights",
    "audit_workload",
    "cancel",
    "compare",
    "delete_exactly",
    "describe_exact",
    "load_exact",
    "predict_exact",
    "train_exact",
    "cost_rows",
    "describe_model",
    "ShotPlan",
    "ShotTarget",
    "grid_cells",
    "compare_shots",
    "plan_run_shots",
    "plan_saved_shots",
    "plan_shots",
    "write_shot_plan",
    "environment",
    "forget_feature",
    "forget_feature_of",
    "observe_saved",
    "observation_workload",
    "overridden",
    "save_model",
    "saved_workloads",
    "plan_deletion",
    "predict_saved",
    "preset",
    "refresh",
    "reproduce",
    "reproduction_plan",
    "request_deletion",
    "resume",
    "run_experiment",
    "run_plan",
    "run_seed",
    "run_shot_comparison",
    "run_shot_study",
    "shot_plan_cost",
    "run_saved_shots",
    "SavedShots",
    "run_sweep",
    "run_status",
    "shots_plan",
    "submission_plan",
    "submit",
    "sweep",
    "sweep_plan",
    "tabulate",
    "import_weights",
    "train_and_save",
    "training_plan",
    "training_workload",
    "unlearn_in_sequence",
    "unlearn_saved",
    "unlearning_workload",
    "writable_folder",
    "write_poisoned",
    "write_report",
]
