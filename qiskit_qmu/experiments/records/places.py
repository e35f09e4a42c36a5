"""Where an experiment stands among others: its settings by name, without the seed."""

from collections.abc import Sequence
from typing import Any

from qiskit_qmu.data.named_datasets import classes_of
from qiskit_qmu.experiments.configuration.experiment import Experiment
from qiskit_qmu.experiments.records.records import Record
from qiskit_qmu.report import RunRecords

_FIRST = ("dataset", "model", "forget", "backend", "shots")
_LEFT_OUT = ("methods", "seed", "seeds", "source_digest", "settings")


def place_of(experiment: Experiment) -> dict[str, Any]:
    """Return everything that decides an experiment's numbers but its seed, by name.

    Of what experiments rarely set, only what differs from the default is there.
    Methods are left out, since each has the numbers that it has without the others, unless the
    models are trained with shots: then those of a method follow those of the methods before it.
    """
    fields = experiment.to_dict()
    fields |= {"dataset": _dataset(experiment), "forget": _forgotten(experiment)}
    others = {
        name: fields[name]
        for name, default in _DEFAULTS.items()
        if name not in (*_FIRST, *_LEFT_OUT) and fields[name] != default
    }
    if experiment.backend == "exact" and experiment.shots is not None:
        others["methods"] = experiment.methods
    return {**{name: fields[name] for name in _FIRST}, **others, **experiment.settings}


_DEFAULTS = Experiment().to_dict()


def records_of(experiment: Experiment, records: Sequence[Record]) -> RunRecords:
    """Return records with where their experiment stands."""
    return RunRecords(place=place_of(experiment), kind=experiment.kind, records=tuple(records))


def _dataset(experiment: Experiment) -> str:
    if experiment.is_bundled or experiment.source_digest is None:
        return experiment.dataset_name
    return f"{experiment.dataset_name} (SHA-256 {experiment.source_digest[:8]})"


def _forgotten(experiment: Experiment) -> str:
    """Return what an experiment forgets, in a few words."""
    given = experiment.request.to_dict()
    if given.keys() == {"label"}:
        names = classes_of(experiment.dataset) if experiment.is_bundled else None
        label = given["label"]
        return f"class {names[label] if names and label in range(len(names)) else label}"
    if given.keys() == {"fraction"}:
        return f"{100 * given['fraction']:g} % of the rows"
    return " ".join(f"{name}={_short(value)}" for name, value in given.items())


def _short(value: Any) -> str:
    text = ",".join(map(str, value)) if isinstance(value, list) else str(value)
    if len(text) <= _FEW:
        return text
    return f"{len(value)} rows" if isinstance(value, list | str) else f"{text[:_FEW]}…"


_FEW = 24
