"""RunRecords: the records of one experiment, and by which settings it differs from others."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, final

from qiskit_qmu.evaluation import Kind


class RecordLike(Protocol):
    """The record of one model, as `experiments.Record`."""

    @property
    def row(self) -> Mapping[str, Any]:
        """Its numbers; a row without a method is that of a cell that failed as a whole."""

    @property
    def scores(self) -> Mapping[str, Any] | None:
        """Attack scores behind its ROC curve; None without any."""

    @property
    def history(self) -> Sequence[Mapping[str, float]]:
        """What was measured on the way, step by step."""


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class RunRecords:
    """Records of one experiment, of one seed or several.

    Attributes:
        place: Settings by name, such as ``{"dataset": "iris", "shots": 1000}``, without the seed.
            Runs whose settings are equal are seeds of the same experiment.
        kind: What was forgotten: "class" or "instances".
        records: One per method and seed.
    """

    place: Mapping[str, Any]
    kind: Kind
    records: Sequence[RecordLike]
