"""The tasks of a run on a device: checks, expected workload, and execution."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import DerivativeRule, DeviceBackend, ExactBackend, Workload
from qiskit_qmu.evaluation import interval_row
from qiskit_qmu.experiments.configuration.workload import audit_workload, observation_workload
from qiskit_qmu.experiments.saved import audit_saved, observe_saved, unlearn_saved
from qiskit_qmu.experiments.saved.lineage import check_oracle, deletions_since
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.workload import method_workload
from qiskit_qmu.metrics import binomial_interval, mean_interval
from qiskit_qmu.models import load_model
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import METHODS


def check_request(request: DeviceRequest, models: Mapping[str, str | Path]) -> None:
    """Check a request's method and models.

    Raises:
        InputError: If the method is unknown, or a model is missing or cannot be read.
    """
    if request.task == "unlearn":
        _check.one_of(tuple(METHODS), strategy=request.strategy)
    needed = {"model", "original"} if request.task == "attack" else {"model"}
    missing = sorted(needed - models.keys())
    if missing:
        raise InputError(f"{request.task} needs further models: {', '.join(missing)}")
    for source in models.values():
        load_model(source)


def expected_workload(
    request: DeviceRequest, models: Mapping[str, str | Path], rule: DerivativeRule | None = None
) -> Workload:
    """Return the workload of a request; unlearning is rehearsed on the exact simulator.

    Args:
        request: The task.
        models: Folders of saved models, as for `submit`.
        rule: How the device measures gradients.

    Raises:
        InputError: If a model or its data cannot be read, or the request is not possible.
    """
    source, exact = request.source, ExactBackend(rule=rule)
    attacks = request.task == "attack"
    saved = SavedModel.read(models["model"], exact, source=source, with_forgotten=attacks)
    if request.task == "observe":
        sizes = {"train": len(saved.trained), "test": len(saved.dataset.test)}
        rows = sum(sizes.values()) if request.rows == "all" else sizes[request.rows]
        return observation_workload(saved.model, saved.dataset.x_train, rows)
    if attacks:
        first = deletions_since(saved.provenance, models["model"], models["original"])
        if "oracle" in models:
            check_oracle(saved.provenance, models["model"], models["oracle"], first)
        return audit_workload([saved.model] * len(models), saved.forgotten_split(first))
    strategy, forget = request.what_to_unlearn()
    setup = saved.setup(forget, request.seed, request.settings)
    with one_thread():
        return method_workload(setup, saved.model, strategy)


def run_task(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    """Execute a task and write its result.

    Args:
        models: Folder of the copied models.
        request: The task.
        backend: Backend to run circuits on.
        out: Folder of the result.

    Returns:
        A summary of the result, as JSON values.
    """
    return _TASKS[request.task](models, request, backend, out)


def _observe(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    observed, indices = observe_saved(
        models / "model", rows=request.rows, source=request.source, backend=backend
    )
    observed.save(out / "observations.npz")
    if observed.num_classes is None:
        found = interval_row({"loss": mean_interval(observed.losses)})
    else:
        correct = int((observed.predictions == observed.labels).sum())
        found = interval_row({"accuracy": binomial_interval(correct, len(observed))})
    return {"rows": request.rows, "indices": indices, **found}


def _attack(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    oracle = models / "oracle"
    report = audit_saved(
        models / "model",
        original=models / "original",
        oracle=oracle if oracle.exists() else None,
        source=request.source,
        seed=request.seed,
        backend=backend,
    )
    report.to_json(out / "audit.json")
    report.to_html(out / "audit.html")
    return {"verdict": str(report.verdict), "notes": list(report.notes)}


def _unlearn(
    models: Path, request: DeviceRequest, backend: DeviceBackend, out: Path
) -> dict[str, Any]:
    strategy, forget = request.what_to_unlearn()
    result = unlearn_saved(
        models / "model",
        forget,
        strategy,
        out / "model",
        settings=request.settings,
        source=request.source,
        seed=request.seed,
        backend=backend,
    )
    return {"strategy": strategy, "steps": len(result.history), "notes": list(result.notes)}


_TASKS = {"observe": _observe, "attack": _attack, "unlearn": _unlearn}
