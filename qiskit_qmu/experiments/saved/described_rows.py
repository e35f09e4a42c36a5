"""What a saved model's record says of its rows, in short, without reading them."""

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from qiskit_qmu.experiments.saved.provenance import Provenance


def described_rows(content: dict[str, Any], names: Sequence[Any] | None) -> dict[str, Any]:
    """Return the numbers of rows that a model was trained on, and what it has forgotten.

    Args:
        content: Its record.
        names: Names of the classes.

    Returns:
        "rows", None where the record has none, and "forgotten", as JSON values.

    Raises:
        InputError: If the record is damaged.
    """
    if "rows" not in content:
        return {"rows": None, "forgotten": []}
    kept = Provenance.from_dict(content)
    digests = sorted(kept.digests(kept.trained).elements())
    return {
        "rows": {
            "trained": len(kept.trained),
            "known": len(kept.known),
            "validation": len(kept.validation),
            "test": len(kept.rows.test),
            "with_ids": kept.rows.train_ids is not None,
            "digest": hashlib.sha256("".join(digests).encode()).hexdigest()[:16],
        },
        "forgotten": [
            {
                "strategy": step.strategy,
                "rows": len(step.forgotten),
                "label": step.label,
                "class": step.label if step.label is None or names is None else names[step.label],
            }
            for step in kept.deletions
        ],
    }


def bytes_of_files(path: str | Path) -> int:
    """Return the size of all files of a folder."""
    return sum(each.stat().st_size for each in Path(path).iterdir() if each.is_file())
