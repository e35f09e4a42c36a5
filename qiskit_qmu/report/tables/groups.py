"""Runs grouped by the settings that vary between them; the seeds of a group are averaged."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import Kind, MethodSummary, aggregate
from qiskit_qmu.evaluation.method_summary import Row
from qiskit_qmu.report.tables.run_records import RecordLike, RunRecords

_NAMES = {
    "forget": "forgotten",
    "shots": "shots per circuit",
    "train_size": "training rows",
    "test_size": "test rows",
}
"""Names of settings, where those of the options would be mistaken for those of numbers."""

_PLAIN = ("dataset", "model", "forgotten", "backend")
"""Settings whose values say what they are."""

_ABSENT = {"shots": "exact values"}
"""What a setting without a value is called, where it is not the default."""


@final
@dataclass(frozen=True, eq=False)
class Group:
    """All seeds of one experiment.

    Attributes:
        place: Names and values of the settings that vary between groups, in words.
        kind: What was forgotten.
        records: One per method and seed.
        failures: Seed and error of each repetition that failed as a whole.
    """

    place: Mapping[str, str]
    kind: Kind
    records: tuple[RecordLike, ...]
    failures: tuple[tuple[int, str], ...]

    @property
    def label(self) -> str:
        """Where it stands, in words; empty where nothing varies."""
        return ", ".join(f"{name} {value}" for name, value in self.place.items())

    @property
    def short_label(self) -> str:
        """Where it stands, without names that go without saying."""
        return ", ".join(
            value if name in _PLAIN else f"{name} {value}" for name, value in self.place.items()
        )

    @property
    def rows(self) -> list[Row]:
        """One row of numbers per method and seed."""
        return [record.row for record in self.records]

    @cached_property
    def summaries(self) -> tuple[MethodSummary, ...]:
        """One summary per method; none where every seed failed."""
        return aggregate(self.rows) if self.records else ()


@final
@dataclass(frozen=True, eq=False)
class Grouping:
    """What runs have in common, and where they differ.

    Attributes:
        common: Settings that all share, in words.
        axes: Names of the settings that vary.
        groups: One for each combination of values that occurs, ordered by the axes: numbers by
            size, words as they come.
    """

    common: Mapping[str, str]
    axes: tuple[str, ...]
    groups: tuple[Group, ...]


def group_runs(runs: Iterable[RunRecords]) -> Grouping:
    """Group runs by the settings that vary between them.

    Runs whose settings are equal are put together: their seeds, and their methods. A record that is
    there twice counts once.

    Raises:
        InputError: If there is no record, or two records of the same experiment, method and seed
            differ.
    """
    listed = list(runs)
    if not any(run.records for run in listed):
        raise InputError("there are no records to report")
    names = list(dict.fromkeys(name for run in listed for name in run.place))
    values = {name: {_hashable(run.place.get(name)) for run in listed} for name in names}
    varying = [name for name in names if len(values[name]) > 1]
    found: dict[tuple[Any, ...], list[RunRecords]] = {}
    for run in listed:
        place = (*(_hashable(run.place.get(name)) for name in varying), run.kind)
        found.setdefault(place, []).append(run)
    return Grouping(
        common={
            _name(name): _in_words(name, listed[0].place[name])
            for name in names
            if name not in varying and listed[0].place[name] is not None
        },
        axes=tuple(map(_name, varying)),
        groups=tuple(_group(found[place], varying) for place in _ordered(list(found))),
    )


def _ordered(places: Sequence[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    """Return places ordered by their first value, then by their second, and so on."""
    ranks = []
    for values in zip(*places, strict=True):
        own = list(dict.fromkeys(values))
        if all(isinstance(value, int | float | None) for value in own):
            own.sort(key=lambda value: -math.inf if value is None else value)
        ranks.append({value: rank for rank, value in enumerate(own)})

    def rank(place: tuple[Any, ...]) -> list[int]:
        return [ranks[axis][value] for axis, value in enumerate(place)]

    return sorted(places, key=rank)


def _group(runs: Sequence[RunRecords], varying: Sequence[str]) -> Group:
    place = {_name(name): _in_words(name, runs[0].place.get(name)) for name in varying}
    records: dict[tuple[str, Any], RecordLike] = {}
    failures: dict[int, str] = {}
    for record in (record for run in runs for record in run.records):
        method, seed = record.row["method"], record.row.get("seed")
        if not method:
            failures[record.row["seed"]] = record.row["error"]
            continue
        kept = records.setdefault((method, seed), record)
        if kept.row.get("weights_sha256") != record.row.get("weights_sha256"):
            where = ", ".join(f"{name} {value}" for name, value in place.items())
            raise InputError(
                f"two records of {method}, seed {seed}{where and f', {where}'}, are of different "
                "models; report them one at a time"
            )
    return Group(place, runs[0].kind, tuple(records.values()), tuple(failures.items()))


def _name(setting: str) -> str:
    return _NAMES.get(setting, setting)


def _in_words(name: str, value: Any) -> str:
    if value is None:
        return _ABSENT.get(name, "default")
    if isinstance(value, int) and not isinstance(value, bool):
        return f"{value:,}"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    if isinstance(value, Mapping):
        return " ".join(f"{key}={own}" for key, own in value.items())
    return str(value)


def _hashable(value: Any) -> Any:
    return value if isinstance(value, str | int | float | None) else repr(value)
