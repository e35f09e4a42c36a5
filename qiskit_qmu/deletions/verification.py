"""verify: whether a model's weights, its request log and its deletion reports belong together."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any, final

from qiskit_qmu._check import InputError
from qiskit_qmu._files import FileError, entry, read_bytes, read_set, reading
from qiskit_qmu.deletions.factory_source import source_remarks
from qiskit_qmu.deletions.log_entry import LogEntry, RequestMark
from qiskit_qmu.deletions.model_folder import LOG, MODEL, PAGE, REPORT, earlier_report, weights_of
from qiskit_qmu.deletions.request_log import RequestLog

_WHAT = "a saved model"

LIMITS = (
    "This shows accidents and changes of single files. It shows no forgery: there is no signature, "
    "so whoever rewrites weights, reports and the whole log can make them match again. Keep the "
    "hash of the log's last entry elsewhere, and give it with --head."
)
"""What a verification cannot show."""


@final
@dataclass(frozen=True, kw_only=True)
class Verification:
    """What a verification found.

    Attributes:
        model: Folder of the model.
        problems: What was tampered with, each in a line that names the file; empty if all files
            belong together.
        requests: The deletion requests that made the model, oldest first; empty if none did.
        made_of_it: Requests that were made of the model itself since.
        head: Hash of the log's last entry; None where there is no log.
        remarks: What else is to be known, though all files belong together, such as that the code
            of the model's factory has changed.
    """

    model: str
    problems: tuple[str, ...] = ()
    requests: tuple[LogEntry, ...] = ()
    made_of_it: tuple[LogEntry, ...] = ()
    head: str | None = None
    remarks: tuple[str, ...] = ()

    @property
    def ok(self) -> bool:
        """Whether all files belong together."""
        return not self.problems

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON values, without salts."""
        return {
            "model": self.model,
            "ok": self.ok,
            "problems": list(self.problems),
            "requests": [_shown(own) for own in self.requests],
            "made_of_it": [_shown(own) for own in self.made_of_it],
            "head": self.head,
            "remarks": list(self.remarks),
            "limits": LIMITS,
        }


def verify(model: str | Path, *, head: str | None = None) -> Verification:
    """Check that a model's weights, request log and deletion reports belong together.

    Each entry of the log holds the hash of the entry before it, the digests of the weights before
    and after, and those of the report and of the audit. There is no signature: whoever rewrites all
    of these files consistently is not noticed, unless ``head`` was kept elsewhere.

    Args:
        model: Folder of the model.
        head: Hash of an entry that must be in the log, as it was printed when that entry was the
            last one.

    Returns:
        What was found.

    Raises:
        InputError: If the folder holds no model.

    Example:
        >>> import qiskit_qmu as qmu
        >>> qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).save("trained")
        >>> found = qmu.verify("trained")
        >>> found.ok, found.requests
        (True, ())
    """
    folder = Path(model)
    if not (folder / MODEL).exists():
        raise InputError(f"{folder} holds no saved model")
    try:
        content, files = read_set(folder, MODEL, _WHAT)
        with reading(folder / MODEL, _WHAT):
            mark = RequestMark.of(entry(content, "provenance", dict))
            remarks = source_remarks(content.get("config") or {})
        log = RequestLog.read(folder)
    except InputError as error:
        return Verification(model=str(folder), problems=(str(error),))
    weights = hashlib.sha256(weights_of(files) or b"").hexdigest()
    try:
        made_by = _made_by(mark, log)
        requests = () if made_by is None else log.lineage(made_by)
    except InputError as error:
        return Verification(model=str(folder), problems=(f"{folder}: {error}",), head=log.head)
    problems = [*_chain_problems(requests), *_file_problems(folder, requests)]
    made_of_it = log.of_model(made_by)
    problems += [
        f"{LOG}: request {own.number} was made of a model with other weights"
        for own in made_of_it
        if own.before != weights
    ]
    if made_by is None and log.entries and not made_of_it:
        problems.append(f"{LOG} is that of another model")
    if head is not None and head not in [own.hash for own in log.entries]:
        problems.append(f"{LOG} has no entry {head}: it was rewritten, or cut short")
    return Verification(
        model=str(folder),
        problems=tuple(f"{folder}: {problem}" for problem in problems),
        requests=requests,
        made_of_it=made_of_it,
        head=log.head,
        remarks=remarks,
    )


def _made_by(mark: RequestMark | None, log: RequestLog) -> LogEntry | None:
    """Return the request that made the model.

    Raises:
        InputError: If the model says so and the log does not hold it.
    """
    if mark is None:
        return None
    if not 0 < mark.number <= len(log.entries):
        have = f"ends after request {len(log.entries)}" if log.entries else "is missing"
        raise InputError(f"{LOG} {have}, and request {mark.number} made the model")
    found = log.entries[mark.number - 1]
    if found.previous != mark.previous:
        raise InputError(f"{LOG} was replaced: the model was made after other requests")
    return found


def _chain_problems(requests: tuple[LogEntry, ...]) -> Iterator[str]:
    for first, second in pairwise(requests):
        if weights_of(first.files) != second.before:
            yield (
                f"{LOG}: request {second.number} was made of other weights than request "
                f"{first.number} left"
            )


def _file_problems(folder: Path, requests: tuple[LogEntry, ...]) -> Iterator[str]:
    """Compare the model's files with its own request's, and earlier reports with theirs."""
    for own in requests[:-1]:
        for name in (REPORT, PAGE):
            yield from _problems_of(folder, earlier_report(own.number, name), name, own)
    for own in requests[-1:]:
        for name in own.files:
            yield from _problems_of(folder, Path(name), name, own)


def _problems_of(folder: Path, path: Path, name: str, own: LogEntry) -> Iterator[str]:
    try:
        content = read_bytes(folder / path, "a file of a deletion request")
    except FileError:
        yield f"{path.as_posix()} of request {own.number} is missing or cannot be read"
        return
    except InputError as error:
        yield str(error)
        return
    if hashlib.sha256(content).hexdigest() != own.files.get(name):
        yield f"{path.as_posix()} was changed after request {own.number} ({own.time})"


def _shown(own: LogEntry) -> dict[str, Any]:
    return {
        "number": own.number,
        "time": own.time,
        "model": own.model,
        "rows": own.rows,
        "strategy": own.strategy,
        "verdict": own.verdict,
        "hash": own.hash,
    }
