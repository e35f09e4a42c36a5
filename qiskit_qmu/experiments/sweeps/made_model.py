"""A trained or unlearned model as plain values, which go to other processes and into files."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, final

import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._files import (
    arrays_to_bytes,
    entry,
    new_folder,
    read_arrays,
    read_sealed_json,
    reading,
    write_file,
    write_sealed_json,
)
from qiskit_qmu.backends import Backend, Usage
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.experiments.configuration.setup import Setup
from qiskit_qmu.experiments.configuration.steps import unlearn
from qiskit_qmu.experiments.repetition.repetition import Unlearn
from qiskit_qmu.experiments.repetition.run import KeptModels
from qiskit_qmu.experiments.repetition.trained import Trained, train_original
from qiskit_qmu.models import clone_module, training_rows
from qiskit_qmu.models.training_rows import note_digests
from qiskit_qmu.runs.progress import RunProgress, no_progress
from qiskit_qmu.shadows.kept_weights import Weights, put_weights, weights_of
from qiskit_qmu.unlearning import StrengthChoice, UnlearningResult, UnlearningStrategy

_WHAT = "a model of a sweep"


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class MadeModel:
    """The weights of a model, and what making it took.

    Attributes:
        weights: Parameters and buffers by name; none where there is an error.
        facts: Cost, history, why it ended, and the digests of the rows that it was trained on.
        error: What went wrong where training or unlearning left the range of numbers, else None.
    """

    weights: Weights
    facts: Mapping[str, Any]
    error: str | None = None

    @staticmethod
    def of(made: Trained | UnlearningResult[torch.nn.Module]) -> "MadeModel":
        """Return what a training or a strategy made."""
        facts: dict[str, Any] = {
            "usage": None if made.usage is None else asdict(made.usage),
            "seconds": made.seconds,
            "history": list(made.history),
            "stopped": made.stopped,
            "largest_change": made.largest_change,
            "choice": None if made.choice is None else asdict(made.choice),
            "trained_on": sorted(training_rows(made.model) or ()),
        }
        if isinstance(made, UnlearningResult):
            facts |= {"reason": made.reason, "notes": list(made.notes)}
        return MadeModel(weights=weights_of(made.model), facts=facts)

    def write(self, folder: Path) -> None:
        """Write it as a folder, whole or not at all."""
        with new_folder(folder) as unfinished:
            write_sealed_json(
                unfinished / "made.json", {"facts": dict(self.facts), "error": self.error}
            )
            write_file(unfinished / "weights.npz", arrays_to_bytes(self.weights))

    @staticmethod
    def read(folder: Path) -> "MadeModel":
        """Read what `write` wrote.

        Raises:
            InputError: If it is damaged.
        """
        content = read_sealed_json(folder / "made.json", _WHAT)
        with reading(folder, _WHAT):
            facts = entry(content, "facts", dict)
        weights = read_arrays(folder / "weights.npz", _WHAT)
        return MadeModel(weights=weights, facts=facts, error=content.get("error"))

    def put_into(self, model: torch.nn.Module) -> dict[str, Any]:
        """Give a model the weights, and return what making it took.

        Raises:
            NonFiniteError: If there is no model.
        """
        if self.error is not None:
            raise NonFiniteError(self.error)
        put_weights(model, self.weights)
        note_digests(model, self.facts["trained_on"])
        usage, choice = self.facts["usage"], self.facts["choice"]
        return {
            "model": model,
            "usage": None if usage is None else _usage(usage),
            "seconds": self.facts["seconds"],
            "history": tuple(self.facts["history"]),
            "stopped": self.facts["stopped"],
            "largest_change": self.facts["largest_change"],
            "choice": None if choice is None else _choice(choice),
        }


def make_original(setup: Setup, progress: RunProgress = no_progress) -> MadeModel:
    """Train the original of a repetition."""
    split, seed = setup.split, setup.seed
    try:
        with training_backend(setup.experiment, seed) as backend:
            model = setup.build_model(backend)
            made = train_original(model, split, setup.trainer, seed=seed, progress=progress)
            return MadeModel.of(made)
    except NonFiniteError as error:
        return MadeModel(weights={}, facts={}, error=str(error))


def make_unlearned(
    setup: Setup, method: str, original: MadeModel, progress: RunProgress = no_progress
) -> MadeModel:
    """Unlearn the rows of a repetition by one method."""
    progress(f"method {method}", 0.0)
    try:
        with training_backend(setup.experiment, setup.seed) as backend:
            model = setup.build_model(backend)
            original.put_into(model)
            strategy = setup.strategy(method)
            return MadeModel.of(unlearn(strategy, method, model, setup.split, setup.seed))
    except NonFiniteError as error:
        return MadeModel(weights={}, facts={}, error=str(error))


def kept_models(setup: Setup, original: MadeModel, made: Mapping[str, MadeModel]) -> KeptModels:
    """Return a repetition's models from what was made of it, for `run_seed`.

    Args:
        setup: The repetition.
        original: Its original.
        made: Oracle and unlearned models by method.
    """

    def models(backend: Backend) -> tuple[Trained, Unlearn]:
        model = setup.build_model(backend)

        def kept(
            _strategy: UnlearningStrategy,
            method: str,
            model: torch.nn.Module,
            _split: ForgetSplit,
            _seed: int,
        ) -> UnlearningResult[torch.nn.Module]:
            own = made[method]
            facts = own.put_into(clone_module(model))
            notes = tuple(own.facts["notes"])
            return UnlearningResult(**facts, reason=own.facts["reason"], notes=notes)

        return Trained(**original.put_into(model)), kept

    return models


def _choice(fields: Mapping[str, Any]) -> StrengthChoice:
    return StrengthChoice(**{**fields, "trials": tuple(fields["trials"])})


def _usage(fields: Mapping[str, Any]) -> Usage:
    requests = tuple((circuits, times) for circuits, times in fields["requests"])
    return Usage(**{**fields, "requests": requests})
