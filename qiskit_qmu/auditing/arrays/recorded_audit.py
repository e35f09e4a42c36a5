"""audit_arrays(): an audit of outputs that were recorded anywhere, without a model."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import MembershipAttack
from qiskit_qmu.auditing.arrays.labels import class_numbers
from qiskit_qmu.auditing.arrays.names import OUTPUT_KINDS, models_of
from qiskit_qmu.auditing.arrays.outcomes import Interpret
from qiskit_qmu.auditing.arrays.outputs import observations_of
from qiskit_qmu.auditing.arrays.reading import Recorded, read_recorded
from qiskit_qmu.auditing.arrays.rows import Kind, split_of
from qiskit_qmu.auditing.assembly import assembled_report
from qiskit_qmu.auditing.audit_report import AuditReport
from qiskit_qmu.auditing.auditor import DEFAULT_ATTACKS, Auditor
from qiskit_qmu.auditing.named_attacks import named_attacks
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.evaluation.verdict import MARGIN
from qiskit_qmu.observation import Observations


def audit_arrays(
    source: Any,
    *,
    interpret: Interpret | Callable[[int], int] = "index",
    kind: Kind | None = None,
    margin: float = MARGIN,
    attacks: Sequence[MembershipAttack] = DEFAULT_ATTACKS,
    seed: int = 0,
) -> AuditReport:
    """Audit recorded outputs: of a hardware run, of another framework, of a service.

    A source holds one entry, or one row of a table, for each row of data:

    - ``labels`` (a column ``label``): the true classes, as numbers or names. -1 and 1 are the
      classes 0 and 1.
    - ``member``: 1 for rows that the model was trained on, 0 for others; or ``part``: "forget",
      "retain", "test". Never-seen rows are divided by class.
    - outputs of the audited model, one or several of: ``logits`` and ``probabilities`` (n, classes;
      a single probability is that of class 1), ``expectations`` (one ⟨Z⟩, whose class 1 has the
      probability (1 + ⟨Z⟩)/2; or one for each class), ``counts`` (n, outcomes, or for each row a
      dictionary by bitstring), ``losses``. The first of them in this order decides. In a table they
      are columns ``logit_0``, ``probability_cat``, ``expectation_0``, ``count_01``, ``loss``, or
      ``counts`` with such dictionaries as JSON.
    - the same of other models on the same rows, with ``original_`` or ``oracle_`` in front, and of
      further retrained models with ``oracle2_`` and so on.
    - ``ids`` (a column ``id``) that tell rows apart, and ``shots`` of the circuits, if known.
      Probabilities from shots get half a count for each class, so that none is 0.

    Args:
        source: Path of an NPZ, CSV or Parquet file, a DataFrame, or a mapping of arrays by name.
        interpret: The class of an outcome of ``counts``: its number ("index"), its "parity", its
            number "modulo" the classes, or a function of its number, as in Qiskit ML.
        kind: "class" if a whole class was forgotten, "instances" for single rows. None for "class"
            where the forgotten rows are of one class that no retained row has.
        margin: How far from ½ an AUC may lie where nothing is left.
        attacks: The first gives ``mia_auc``.
        seed: Seed of the attacks.

    Returns:
        The same report as that of `audit`.

    Raises:
        InputError: If something in the source is unknown, missing, not finite, of unequal length or
            out of range; probabilities do not sum to one; all scores are equal; there are no
            members, or members only; or a row is on both sides.

    Example:
        >>> import numpy as np
        >>> import qiskit_qmu as qmu
        >>> rng = np.random.default_rng(0)
        >>> labels, member = rng.integers(0, 2, 400), np.repeat([1, 0], 200)
        >>> confident = (2 * labels - 1) * (1.5 * member + rng.normal(size=400))  # of members
        >>> recorded = {"labels": labels, "member": member, "expectations": np.tanh(confident)}
        >>> report = qmu.audit_arrays(recorded)
        >>> report.forgotten, report.rows[0]["mia_auc"] > 0.8
        ('200 of 200 training rows', True)
    """
    _check.not_empty(attacks=attacks)
    _check.at_least(0, seed=seed)
    recorded = read_recorded(source)
    _check_lengths(recorded)
    labels, names = _labels(recorded)
    present = {
        whose: observations_of(recorded, whose, labels, interpret)
        for whose in models_of(recorded.arrays)
    }
    if "audited" not in present:
        raise InputError(
            f"{recorded.what} must hold outputs of the audited model, one of "
            f"{', '.join(OUTPUT_KINDS)}; got none"
        )
    audited = present["audited"]
    _check_classes(present)
    for whose, seen in present.items():
        if whose.startswith("oracle") and _same(seen, audited):
            raise InputError(
                f"the outputs of {whose} are the audited model's on every row, which no retrained "
                "model has: are its columns mixed up?"
            )
    split = split_of(recorded, audited.labels, audited.num_classes, names, kind)
    if split.forget.ids is None:
        _check_duplicates(present, split)
    return _report(present, split, attacks=attacks, margin=margin, seed=seed)


def _report(
    present: dict[str, Observations],
    split: ForgetSplit,
    *,
    attacks: Sequence[MembershipAttack],
    margin: float,
    seed: int,
) -> AuditReport:
    observed = {_name(whose): _by_part(seen, split) for whose, seen in present.items()}
    auditor = Auditor(
        split,
        observed.get("original"),
        [seen for name, seen in observed.items() if name.startswith("oracle")],
        attacks=named_attacks(attacks),
        fit_on=observed.get("original", observed["audited"]),
        margin=margin,
        seed=seed,
    )
    case = auditor.case(
        auditor.measure(observed["audited"], "audited"),
        unchanged=_same(present.get("original"), present["audited"]),
    )
    return assembled_report(auditor, case, split, observed, margin=margin, seed=seed)


def _name(whose: str) -> str:
    """Return what a report calls a model: its oracles are numbered."""
    if not whose.startswith("oracle"):
        return whose
    return f"oracle {whose.removeprefix('oracle') or 1}"


def _by_part(seen: Observations, split: ForgetSplit) -> SplitObservations:
    parts = {
        name: getattr(split, name).indices
        for name in ("forget", "retain", "test_forget", "test_retain")
    }
    return SplitObservations(
        **{name: seen.take(positions) for name, positions in parts.items() if len(positions)}
    )


def _labels(recorded: Recorded) -> tuple[NDArray[np.int64] | None, tuple[str, ...] | None]:
    labels = recorded.arrays.get("labels")
    if labels is None:
        return None, None
    classes = (recorded.endings.get(kind, ()) for kind in ("logits", "probabilities"))
    return class_numbers(labels, next((each for each in classes if len(each) > 1), ()))


def _check_lengths(recorded: Recorded) -> None:
    lengths = {name: len(array) for name, array in recorded.arrays.items() if array.ndim}
    scalars = [name for name, array in recorded.arrays.items() if not array.ndim]
    if scalars and scalars != ["shots"]:
        raise InputError(f"{scalars[0]} must have one entry for each row, got a single value")
    if len(set(lengths.values())) > 1:
        found = ", ".join(f"{length} {name}" for name, length in lengths.items())
        raise InputError(f"all arrays must have the same length, got {found}")
    if not lengths or not max(lengths.values()):
        raise InputError(f"{recorded.what} has no rows")


def _check_classes(present: dict[str, Observations]) -> None:
    numbers = {whose: seen.num_classes for whose, seen in present.items()}
    for whose, number in numbers.items():
        if number != numbers["audited"]:
            raise InputError(
                f"all models must have the same classes, got {numbers['audited']} of the audited "
                f"model and {number} of the {whose}"
            )


def _check_duplicates(present: dict[str, Observations], split: ForgetSplit) -> None:
    """Refuse a row that is on both sides, as far as outputs can tell.

    Rows with the same outputs on one side show that different rows can have them, as with shots or
    few digits.
    """
    rows = np.hstack(
        [seen.losses[:, None] if seen.logits is None else seen.logits for seen in present.values()]
    )
    labels = present["audited"].strata
    keys = [
        [(int(labels[place]), rows[place].tobytes()) for place in np.concatenate(positions)]
        for positions in (
            [split.forget.indices, split.retain.indices],
            [np.union1d(split.test_forget.indices, split.test_retain.indices)],
        )
    ]
    members, unseen = map(set, keys)
    if len(members) < len(keys[0]) or len(unseen) < len(keys[1]):
        return
    both = members & unseen
    if both:
        raise InputError(
            f"a row is either a member or never seen, got {len(both)} rows that appear as both, "
            "with the same label and outputs; give them ids if they are different rows"
        )


def _same(original: Observations | None, audited: Observations) -> bool:
    """Whether two models gave the same exact answers."""
    if original is None or original.shots is not None or audited.shots is not None:
        return False
    first, second = (
        seen.losses if seen.logits is None else seen.logits for seen in (original, audited)
    )
    return np.array_equal(first, second)
