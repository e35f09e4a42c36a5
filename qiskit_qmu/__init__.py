"""Quantum machine unlearning and membership-privacy audits for Qiskit.

    import qiskit_qmu as qmu

    ds = qmu.load_dataset("digits")
    split = qmu.ForgetSplit.by_class(ds, label=4)
    model = qmu.HybridQNN(input_shape=ds.input_shape)
    trainer = qmu.Trainer()
    trainer.fit(model, split.train.x, split.train.y, generator=0)
    oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
    unlearned = qmu.unlearning.SelectiveDampening()(model, split).model
    print(qmu.audit(unlearned, split, oracle=oracle, original=model))

Names are imported on first use, so that `import qiskit_qmu` is quick.
"""

from importlib import import_module
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from qiskit_qmu import (
        attacks,
        auditing,
        backends,
        certified,
        data,
        deletions,
        estimators,
        kernels,
        metrics,
        models,
        objectives,
        shadows,
        simulator,
        unlearning,
    )
    from qiskit_qmu.auditing import AuditReport, audit, audit_arrays, audit_power
    from qiskit_qmu.backends import Backend, Usage, open_backend
    from qiskit_qmu.circuits import QNNCircuit, qnn_circuit
    from qiskit_qmu.data import (
        Dataset,
        ForgetSplit,
        Rows,
        dataset_from_arrays,
        dataset_from_torch,
        load_dataset,
        read_table,
    )
    from qiskit_qmu.deletions import verify
    from qiskit_qmu.estimators import QNNClassifier
    from qiskit_qmu.experiments import (
        Comparison,
        DeletionRequest,
        Experiment,
        SweepResult,
        compare,
        request_deletion,
        run_experiment,
        save_model,
        sweep,
        tabulate,
    )
    from qiskit_qmu.models import (
        BasicQNN,
        HybridQNN,
        ShardedClassifier,
        as_classifier,
        as_regressor,
        build_from_factory,
        from_qiskit_classifier,
        load_model,
        load_module,
        observe,
        to_qiskit_classifier,
    )
    from qiskit_qmu.observation import Observations
    from qiskit_qmu.report import ResultTables, RunRecords
    from qiskit_qmu.training import Privacy, Trainer, TrainingHistory

__version__ = version("qiskit-qmu")

_MODULES = {
    "attacks",
    "auditing",
    "backends",
    "certified",
    "circuits",
    "data",
    "deletions",
    "estimators",
    "experiments",
    "kernels",
    "metrics",
    "models",
    "objectives",
    "observation",
    "report",
    "shadows",
    "simulator",
    "training",
    "unlearning",
}
_HOMES = {
    "AuditReport": "auditing",
    "Backend": "backends",
    "BasicQNN": "models",
    "Comparison": "experiments",
    "Dataset": "data",
    "Experiment": "experiments",
    "ForgetSplit": "data",
    "HybridQNN": "models",
    "InputError": "_check",
    "Observations": "observation",
    "Privacy": "training",
    "QNNCircuit": "circuits",
    "QNNClassifier": "estimators",
    "ResultTables": "report",
    "Rows": "data",
    "RunRecords": "report",
    "ShardedClassifier": "models",
    "SweepResult": "experiments",
    "Trainer": "training",
    "TrainingHistory": "training",
    "Usage": "backends",
    "as_classifier": "models",
    "as_regressor": "models",
    "audit": "auditing",
    "audit_arrays": "auditing",
    "audit_power": "auditing",
    "build_from_factory": "models",
    "compare": "experiments",
    "dataset_from_arrays": "data",
    "dataset_from_torch": "data",
    "from_qiskit_classifier": "models",
    "load_dataset": "data",
    "load_model": "models",
    "load_module": "models",
    "observe": "models",
    "open_backend": "backends",
    "qnn_circuit": "circuits",
    "DeletionRequest": "experiments",
    "request_deletion": "experiments",
    "run_experiment": "experiments",
    "read_table": "data",
    "save_model": "experiments",
    "sweep": "experiments",
    "tabulate": "experiments",
    "to_qiskit_classifier": "models",
    "verify": "deletions",
}

__all__ = sorted({"__version__", *_MODULES, *_HOMES})  # noqa: PLE0605  (a list, sorted returns one)


def __getattr__(name: str) -> Any:
    if name in _MODULES:
        return import_module(f"qiskit_qmu.{name}")
    if name in _HOMES:
        return getattr(import_module(f"qiskit_qmu.{_HOMES[name]}"), name)
    raise AttributeError(f"module 'qiskit_qmu' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
