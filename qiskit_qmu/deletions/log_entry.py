"""LogEntry: one deletion request, as a line of a model's request log."""

import hashlib
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import checked, entry, read_sealed_line, sealed_line

FORMAT = 1


@final
@dataclass(frozen=True, kw_only=True)
class RequestMark:
    """What a model that a request made says of it; kept in its provenance.

    Attributes:
        number: Number of the request.
        previous: Hash of the log's entry before it; None if it is the first.
    """

    number: int
    previous: str | None

    @staticmethod
    def of(provenance: Mapping[str, Any]) -> "RequestMark | None":
        """Return the mark in a model's provenance; None if no request made it.

        Raises:
            InputError: If it is something else.
        """
        given = provenance.get("request")
        if given is None:
            return None
        previous = checked(given, dict, "request").get("previous")
        if previous is not None:
            checked(previous, str, "previous")
        return RequestMark(number=entry(given, "number", int), previous=previous)

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        return asdict(self)


@final
@dataclass(frozen=True, kw_only=True)
class LogEntry:
    """One deletion request.

    Attributes:
        number: Its number in the log, from 1.
        time: When it was done, in UTC.
        previous: Hash of the entry before it; None if it is the first.
        parent: Hash of the entry that made the model that the request was made of; None if that
            model was made by no request.
        request: Digest of what was asked: model, rows, method, settings, seed and audit.
        rows: Number of rows that were withdrawn.
        strategy: The method.
        verdict: The audit's.
        model: Name of the new model's folder.
        salt: Salt of the digests in the report.
        before: SHA-256 of the weights before.
        files: SHA-256 of each file of the new model, its report and its audit, by name.
    """

    number: int
    time: str
    previous: str | None
    parent: str | None
    request: str
    rows: int
    strategy: str
    verdict: str
    model: str
    salt: str
    before: str
    files: Mapping[str, str]

    def line(self) -> str:
        """Return the entry as a line of the log, with a checksum, without the line break."""
        return sealed_line({"format": FORMAT, **asdict(self)})

    @property
    def hash(self) -> str:
        """SHA-256 of the line: what the next entry holds as ``previous``."""
        return hashlib.sha256(self.line().encode()).hexdigest()

    @staticmethod
    def from_line(line: bytes) -> "LogEntry":
        """Return the entry that `line` wrote.

        Raises:
            InputError: If it was changed, or is of another version.
        """
        content = read_sealed_line(line)
        if content.pop("format", None) != FORMAT:
            raise InputError(f"it was written by another version, this one reads format {FORMAT}")
        for name in ("previous", "parent"):
            if content.get(name) is not None:
                entry(content, name, str)
        for name in ("number", "rows"):
            entry(content, name, int)
        for name in ("time", "request", "strategy", "verdict", "model", "salt", "before"):
            entry(content, name, str)
        files = entry(content, "files", dict)
        if not all(isinstance(digest, str) for digest in files.values()):
            raise InputError("digests of files must be text")
        if content.keys() != {own.name for own in fields(LogEntry)}:
            raise InputError("it has other fields than an entry")
        return LogEntry(**content)
