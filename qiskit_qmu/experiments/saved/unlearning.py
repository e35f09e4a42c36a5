"""Unlearns rows from a saved model and saves the result."""

from pathlib import Path
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, open_backend
from qiskit_qmu.backends.versions import package_versions
from qiskit_qmu.data import ForgetRequest, RecordedRows
from qiskit_qmu.data.row_source import RowSource
from qiskit_qmu.deletions import RequestMark
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.saved.model import SavedModel
from qiskit_qmu.experiments.saved.saving import recipe
from qiskit_qmu.models import QuantumModel, write_model
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import UnlearningResult


def unlearn_saved(
    path: str | Path,
    request: ForgetRequest,
    strategy: str,
    out: str | Path,
    *,
    settings: dict[str, Any] | None = None,
    source: RowSource | None = None,
    seed: int = 0,
    backend: Backend | None = None,
) -> UnlearningResult[QuantumModel]:
    """Unlearn rows from a saved model and save the result.

    Args:
        path: Folder of the model.
        request: What to forget.
        strategy: Name of a method, such as "rga-r"; "oracle" retrains.
        out: Folder of the new model.
        settings: Hyperparameters that replace the preset's.
        source: Where the model's rows are now; where None, as the model remembers it. Rows that it
            was made to forget before need not be there.
        seed: Seed of everything random.
        backend: Where the strategy's circuits run; where None, the simulator on which the model was
            trained.

    Returns:
        The strategy's result.

    Raises:
        InputError: If the model or its data cannot be read, or the request is not possible.
        NonFiniteError: If the strategy leaves the range of numbers; nothing is saved then.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import ForgetRequest, train_and_save, unlearn_saved
        >>> settings = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}
        >>> experiment = qmu.Experiment(dataset="iris", model="basic", settings=settings)
        >>> kept = train_and_save(experiment, "trained")
        >>> result = unlearn_saved("trained", ForgetRequest(label=1), "gd", "unlearned")
        >>> result.stopped, qmu.load_model("unlearned").config.num_qubits
        ('done', 2)
    """
    _check.at_least(0, seed=seed)
    if Path(out).resolve() == Path(path).resolve():
        raise InputError(f"{out} is the folder of the model itself; choose another")
    saved = SavedModel.to_unlearn(path, strategy, seed, source=source, backend=backend)
    return unlearn_and_save(saved, saved.setup(request, seed, settings), strategy, out)


def unlearn_and_save(
    saved: SavedModel,
    setup: Setup,
    strategy: str,
    out: str | Path,
    mark: RequestMark | None = None,
) -> UnlearningResult[QuantumModel]:
    """Unlearn rows from a model that was read, and save the result.

    Args:
        saved: The model, from `SavedModel.to_unlearn`.
        setup: What to forget, from `SavedModel.setup`.
        strategy: Name of a method.
        out: Folder of the new model.
        mark: The deletion request that this answers, for `qiskit_qmu.verify`; None for none.

    Raises:
        InputError: If the folder cannot be written.
        NonFiniteError: If the strategy leaves the range of numbers; nothing is saved then.
    """
    with one_thread():
        result = setup.unlearn(strategy, saved.model)
    own = saved.model.backend or open_backend("exact")
    split = setup.split.to_dict()
    provenance = {
        **saved.provenance.after(
            RecordedRows.of(setup.split.forget), label=setup.split.label, strategy=strategy
        ),
        **({} if mark is None else {"request": mark.to_dict()}),
        "experiment": recipe(saved.experiment),
        "forget": setup.experiment.request.to_dict(),
        **{name: split[name] for name in ("forgotten", "forgotten_ids", "skipped_ids", "notes")},
        "settings": setup.preset.strategies,
        "seed": setup.seed,
        "backend": own.name,
        "shots": own.shots,
        "backend_settings": own.settings(),
        "history": list(result.history),
        "stopped": result.stopped,
        "reason": result.reason,
        "strength": None if result.choice is None else result.choice.to_dict(),
        "largest_change": result.largest_change,
        "usage": result.usage.to_dict(),
        "seconds": result.seconds,
        "versions": package_versions("torch", "numpy"),
    }
    write_model(result.model, out, provenance=provenance)
    return result
