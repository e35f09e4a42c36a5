"""What became of a method besides its numbers: whether it passed, changed anything, or failed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Literal

Row = Mapping[str, Any]

Outcome = Literal["passed", "failed", "unknown"]
"""What the verdicts of all seeds come to: forgotten with every seed; not forgotten with at least
one; or none of them failed, but not all could be tested."""

_PASSED = "forgotten"
UNKNOWN = ("unresolved", "invalid oracle")
"""Verdicts of an audit that cannot tell."""

_MEANT_TO_CHANGE_NOTHING = ("original", "noop")


def outcome(rows: Sequence[Row]) -> Outcome | None:
    """Return what a method's verdicts come to over its seeds; None if nothing was judged.

    One seed with which it failed is enough to fail: a deletion is asked for once.
    """
    found = verdicts(rows)
    if not found:
        return None
    if passes(rows) == len(rows):
        return "passed"
    return "failed" if found.keys() - {_PASSED, *UNKNOWN} else "unknown"


def passes(rows: Sequence[Row]) -> int:
    """Return the number of seeds with which a method forgot, by its verdict, changing the model."""
    return verdicts(rows).get(_PASSED, 0)


def decided_by(rows: Sequence[Row]) -> str:
    """Return the key of the column that decided; empty where seeds differ or none did."""
    keys = {str(row.get("decided_by") or "") for row in rows}
    return keys.pop() if len(keys) == 1 else ""


def verdicts(rows: Sequence[Row]) -> dict[str, int]:
    """Return a method's verdicts with the number of seeds of each, the most frequent first."""
    return dict(Counter(filter(None, map(_verdict, rows))).most_common())


def remarks(rows: Sequence[Row]) -> tuple[str, ...]:
    """Say of one method that it failed or changed nothing, with the number of seeds.

    Args:
        rows: Its rows, one for each seed.

    Returns:
        One phrase for each thing that happened; none where all went well.
    """
    counts = Counter(remark for row in rows if (remark := _remark(row)))
    return tuple(
        remark if count == len(rows) else f"{remark} ({count} of {len(rows)} seeds)"
        for remark, count in counts.most_common()
    )


def remarks_by_method(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Return the remarks of every method that there is something to say of.

    Args:
        rows: Result rows, one for each method and seed.

    Returns:
        Remarks by method, in the order of the rows.
    """
    named = {method: remarks(own) for method, own in _by_method(rows).items()}
    return {method: own for method, own in named.items() if own}


def _by_method(rows: Sequence[Row]) -> dict[str, list[Row]]:
    groups: dict[str, list[Row]] = {}
    for row in rows:
        groups.setdefault(str(row["method"]), []).append(row)
    return groups


def strengths(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return the strengths that a method chose and what was tried, with the seed where several."""
    given = [(row.get("seed"), str(row["strength"]["text"])) for row in rows if row.get("strength")]
    if len(rows) == 1:
        return tuple(text for _, text in given)
    return tuple(f"seed {seed}: {text}" for seed, text in given)


def strengths_by_method(rows: Sequence[Row]) -> dict[str, tuple[str, ...]]:
    """Return the strengths that methods chose, of those that chose one.

    Args:
        rows: Result rows, one for each method and seed.
    """
    named = {method: strengths(own) for method, own in _by_method(rows).items()}
    return {method: own for method, own in named.items() if own}


def reasons(rows: Sequence[Row]) -> tuple[str, ...]:
    """Return what a method's verdicts rest on, with the seed where there are several.

    What several seeds have in common, such as the advice after the numbers, is said once.

    Example:
        >>> from qiskit_qmu.evaluation.outcomes import reasons
        >>> rows = [{"seed": k, "verdict_reason": f"AUC 0.5{k}: too few rows"} for k in range(2)]
        >>> reasons(rows)
        ('seed 0: AUC 0.50', 'seed 1: AUC 0.51', 'seeds 0, 1: too few rows')
    """
    given = [(row.get("seed"), str(row["verdict_reason"])) for row in rows if _reason(row)]
    if len(rows) == 1 or len({reason for _, reason in given}) == 1:
        return tuple(dict.fromkeys(reason for _, reason in given))
    advised: dict[str, list[Any]] = {}
    for seed, reason in given:
        advised.setdefault(reason.partition(": ")[2], []).append(seed)
    common = {advice: own for advice, own in advised.items() if advice and len(own) > 1}
    said: dict[str, list[Any]] = {}
    for seed, reason in given:
        numbers, _, advice = reason.partition(": ")
        said.setdefault(numbers if advice in common else reason, []).append(seed)
    return tuple(f"{_seeds(own)}: {text}" for text, own in (*said.items(), *common.items()))


def _seeds(seeds: Sequence[Any]) -> str:
    return f"seed{'s' if len(seeds) > 1 else ''} {', '.join(map(str, seeds))}"


def stops(rows: Sequence[Row]) -> str:
    """Return why a method stopped, the reasons of several seeds joined; empty where not known."""
    return "; ".join(dict.fromkeys(str(row["stopped"]) for row in rows if row.get("stopped")))


def _verdict(row: Row) -> str:
    if not _remark(row):
        return str(row.get("verdict") or "")
    return "failed" if row.get("error") else "unchanged"


def _remark(row: Row) -> str:
    if row.get("error"):
        return f"failed: {row['error']}"
    if row.get("largest_change") == 0 and row["method"] not in _MEANT_TO_CHANGE_NOTHING:
        reason = row.get("stopped")
        return f"changed nothing: {reason}" if reason else "changed nothing"
    return ""


def _reason(row: Row) -> bool:
    return bool(row.get("verdict_reason")) and not _remark(row)
