"""What page and terminal show of an audit."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, Protocol

from qiskit_qmu.evaluation import Finding, Kind, RowFinding

PROTOCOLS = "What published protocols would report"
"""Heading of such numbers."""


class PublishedNumbers(Protocol):
    """What published protocols would report, beside its controls; its text is a table."""

    def in_lines(self) -> Mapping[str, Any]:
        """Return one line for each number, by its name."""

    def in_short(self) -> str:
        """Return one line for each number, with the most important controls."""


class AuditRecord(Protocol):
    """The parts of an audit that are shown; see `qiskit_qmu.auditing.AuditReport`."""

    @property
    def rows(self) -> Sequence[Mapping[str, Any]]:
        """One row of numbers for each model."""

    @property
    def scores(self) -> Sequence[Mapping[str, Any]]:
        """Attack scores behind each row's curve."""

    @property
    def kind(self) -> Kind:
        """What was forgotten: a class or instances."""

    @property
    def forgotten(self) -> str:
        """The same in words."""

    @property
    def forgotten_ids(self) -> Sequence[str] | None:
        """Ids of the forgotten rows."""

    @property
    def verdict(self) -> str:
        """The verdict, in a word or two."""

    @property
    def reason(self) -> str:
        """The numbers that it rests on."""

    @property
    def decided_by(self) -> str:
        """Key of the column or finding that decided."""

    @property
    def findings(self) -> Sequence[Finding]:
        """Tests beside their nulls."""

    @property
    def per_row(self) -> Sequence[RowFinding]:
        """What was found of each withdrawn row."""

    @property
    def skipped(self) -> Mapping[str, str]:
        """Tests of the model that were not run, by name, with the reason."""

    @property
    def margin(self) -> float:
        """How far from the null a number may lie where nothing is left."""

    @property
    def notes(self) -> Sequence[str]:
        """What must be known of the rows."""

    @property
    def explained(self) -> Literal["short", "full"]:
        """How much of the published protocols' numbers the text shows."""

    @property
    def subject(self) -> Mapping[str, Any]:
        """Which model was audited: its name, how it was made, and where it was observed."""

    @property
    def protocols(self) -> PublishedNumbers | None:
        """What published protocols would report; None unless it was asked for."""
