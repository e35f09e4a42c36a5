"""Evidence in a report's words: when it was done, and which rows were forgotten."""

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

_FEW = 50
"""Names that are listed; more are counted, with a digest."""


def forgotten_evidence(split: Mapping[str, Any]) -> dict[str, Any]:
    """Return which rows were forgotten, and the digests of all parts.

    Args:
        split: What `ForgetSplit.to_dict` gives.
    """
    rows, digests = split["rows"], split["digests"]
    return {
        "forgotten": split["forgotten"],
        "ids": few_or_digest(split["forgotten_ids"]),
        "notes": split["notes"],
        **{
            f"{part.replace('_', ', ')}": f"{rows[part]} rows, SHA-256 {digests[part]}"
            for part in rows
            if rows[part]
        },
    }


def now() -> str:
    """Return date and time in UTC, to the second."""
    return datetime.now(UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def few_or_digest(names: Sequence[str] | None) -> Any:
    """Return names, or of many their number and the SHA-256 of the sorted names, one a line."""
    if names is None or len(names) <= _FEW:
        return names
    digest = hashlib.sha256("\n".join(sorted(names)).encode()).hexdigest()
    return f"{len(names)}, SHA-256 of the sorted list, one a line: {digest}"
