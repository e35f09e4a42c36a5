"""How much work a request for a device is, before anything is sent."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np

from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import ExactBackend, Rule, Work
from qiskit_qmu.experiments.saved import ForgetRequest, SavedModel
from qiskit_qmu.experiments.work import auditing, observing, unlearning
from qiskit_qmu.experiments.workers import one_thread
from qiskit_qmu.runs.request import DeviceRequest
from qiskit_qmu.unlearning import make_strategy


def work_of(
    request: DeviceRequest, models: Mapping[str, str | Path], rule: Rule | None = None
) -> Work:
    """Return what a request takes; unlearning is rehearsed on the exact simulator.

    Args:
        request: What to do.
        models: Folders of saved models, as `submit` takes them.
        rule: How the device measures gradients.

    Raises:
        InputError: If a model or its data cannot be read, or the request is not possible.
    """
    saved = SavedModel.read(models["model"], request.data_dir, ExactBackend(rule=rule))
    if request.task == "observe":
        sizes = {"train": len(saved.trained), "test": len(saved.dataset.test)}
        rows = sum(sizes.values()) if request.rows == "all" else sizes[request.rows]
        return observing(saved.model, saved.dataset.x_train, rows)
    if request.task == "attack":
        forgotten = np.asarray(saved.provenance.get("forgotten_indices", []), dtype=np.int64)
        split = saved.split(forgotten, saved.provenance.get("forgotten_label"))
        return auditing([saved.model] * len(models), split)
    return _unlearning(request, saved.still_known())


def forget_request(request: DeviceRequest) -> ForgetRequest:
    """Return which rows a request to unlearn asks to forget."""
    return ForgetRequest(label=request.label, fraction=request.fraction, indices=request.indices)


def _unlearning(request: DeviceRequest, saved: SavedModel) -> Work:
    asked, strategy = forget_request(request), request.strategy or ""
    experiment = saved.experiment_for(asked, request.settings)
    num_features = int(np.prod(saved.dataset.input_shape))
    method = make_strategy(
        strategy, experiment.preset(num_features).strategies, experiment.trainer(num_features)
    )
    split = saved.split(asked.chosen(saved.dataset, saved.trained, request.seed), request.label)
    with one_thread():
        return unlearning(method, saved.model, split, generator=stream(request.seed, strategy))
