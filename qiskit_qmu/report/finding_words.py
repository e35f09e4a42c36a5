"""Findings of an audit in words and numbers, for page and terminal alike."""

import math
from collections.abc import Mapping, Sequence

from qiskit_qmu.evaluation import Finding
from qiskit_qmu.evaluation.columns import NOTHING
from qiskit_qmu.evaluation.finding import FindingGroup
from qiskit_qmu.metrics import Interval

GROUPS: Mapping[FindingGroup, str] = {
    "strategy": "The strategy, over many models",
    "model": "This model",
    "oracles": "The oracles, one against another",
    "retained rows": "Rows that were not withdrawn",
    "four groups": "Forgotten or retained, member or not",
    "slices": "Groups of rows",
    "layers": "Parts of the model",
}
"""Headings of the groups of findings, in the order of a report."""

NULL = "where nothing is left"
"""Heading of the column of nulls."""


def by_group(findings: Sequence[Finding]) -> dict[FindingGroup, tuple[Finding, ...]]:
    """Return findings by their group, in the order of a report; groups without any are left out."""
    found = {name: tuple(each for each in findings if each.group == name) for name in GROUPS}
    return {name: own for name, own in found.items() if own}


def title(finding: Finding) -> str:
    """Return a finding's name as it stands at the start of a line."""
    if finding.group == "slices":
        return finding.name  # that of a column
    first = finding.name[:1]
    return f"{first.upper() if first.isascii() else first}{finding.name[1:]}"


def written(number: float) -> str:
    """Return a number with three decimals, with fewer where it is large or whole, more where tiny.

    Example:
        >>> from qiskit_qmu.report.finding_words import written
        >>> [written(number) for number in (0.5624, 1234.5, 0.00042, 0.0, 11.0)]
        ['0.562', '1,234', '0.00042', '0.000', '11']
    """
    if math.isinf(number):
        return "∞" if number > 0 else "-∞"
    if math.isnan(number):
        return NOTHING
    if abs(number) >= 100 or (abs(number) > 1 and float(number).is_integer()):
        return f"{number:,.0f}"
    return f"{number:.2g}" if 0 < abs(number) < 0.01 else f"{number:.3f}"


def limits(interval: Interval) -> str:
    """Return an interval's limits as text; empty where there are none or they are the number."""
    if not interval.has_limits or interval.low == interval.high:
        return ""
    return f"[{written(interval.low)}, {written(interval.high)}]"


def probability(p_value: float | None) -> str:
    """Return a p-value as text, a dash where there is none."""
    if p_value is None or math.isnan(p_value):
        return NOTHING
    return "<0.001" if p_value < 0.001 else f"{p_value:.3f}"


def stands_out(finding: Finding) -> bool:
    """Return whether a finding's limits exclude its null, and those of its null the finding."""
    value, null = finding.value, finding.null
    if not (value.has_limits and null.known):
        return False
    return value.excludes(null.value) and (value.value not in null)


def farthest_first(findings: Sequence[Finding]) -> tuple[Finding, ...]:
    """Sort findings: those that stand out first, then by p-value and distance from the null."""

    def order(finding: Finding) -> tuple[bool, float, float]:
        p_value = 1.0 if finding.p_value is None else finding.p_value
        distance = abs(finding.value.value - finding.null.value)
        return not stands_out(finding), p_value, -distance

    return tuple(sorted(findings, key=order))


def in_a_line(finding: Finding) -> str:
    """Return a finding beside its null, for a sentence."""
    found = f"{title(finding)}, {number_text(finding.value)}"
    if finding.null.known:
        found += f"; {NULL} {number_text(finding.null)}"
    return found if finding.p_value is None else f"{found}; p {probability(finding.p_value)}"


def number_text(interval: Interval) -> str:
    """Return a number with its limits, for a sentence."""
    return f"{written(interval.value)} {limits(interval)}".strip()
