"""Checks that saved models match: an unlearned one, its predecessors, and an oracle."""

from pathlib import Path

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu._files import reading
from qiskit_qmu.experiments.saved.provenance import Provenance
from qiskit_qmu.models import load_provenance


def deletions_since(model: Provenance, path: str | Path, original: str | Path) -> int:
    """Return the first of a model's deletions that an original has not undergone.

    Args:
        model: Provenance of the model.
        path: Its folder, for messages.
        original: Folder of the model before that deletion.

    Raises:
        InputError: If the model has forgotten nothing, or the original's rows differ from those of
            the model before each of its deletions. An original without digests is assumed to have
            the rows before the first.
    """
    if not model.deletions:
        raise InputError(f"{path} has not forgotten anything yet: unlearn it first")
    before = _provenance_of(original, model)
    known = before.digests(before.known)
    for step in reversed(range(len(model.deletions))):
        if model.digests(model.known_before(step)) == known:
            return step
    if known == model.digests(model.known):
        raise InputError(f"{original} was not trained on the rows that {path} has forgotten")
    raise InputError(f"{original} was not trained on the same rows as {path}")


def check_oracle(model: Provenance, path: str | Path, oracle: str | Path, first: int) -> None:
    """Raise InputError unless an oracle was trained on exactly the rows that a model retains.

    Args:
        model: Provenance of the model.
        path: Its folder, for messages.
        oracle: Folder of the oracle.
        first: The first of the model's deletions whose rows the oracle must not have seen.

    Raises:
        InputError: If it was trained on other rows, or ever saw a row that was forgotten.
    """
    own = _provenance_of(oracle, model)
    known = own.digests(own.known)
    if known != model.digests(model.known):
        if own.digests(own.trained) == model.digests(model.trained):
            raise InputError(f"{oracle} has not forgotten the same rows as {path}")
        raise InputError(f"{oracle} was not trained on the same rows as {path}")
    forgotten = np.concatenate([step.forgotten for step in model.deletions[first:]])
    seen = own.digests(own.seen) - known
    count = (seen & model.digests(forgotten)).total()
    if count:
        raise InputError(
            f"{oracle} is not an oracle: it was trained on {count} of the rows that {path} has "
            "forgotten; retrain one with --strategy oracle"
        )


def _provenance_of(path: str | Path, beside: Provenance) -> Provenance:
    """Return a model's provenance; a model without a record is assumed to know all rows."""
    content = load_provenance(path)
    if "rows" not in content:
        everything = beside.trained.tolist()
        content = {
            "rows": beside.rows.to_dict(),
            "train_indices": everything,
            "validation_indices": [],
        }
    with reading(path, "a saved model"):
        return Provenance.from_dict(content)
