"""audit_power(): what an audit of so many rows and models can show, before anything is trained."""

from dataclasses import asdict, dataclass
from typing import Any, final

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.metrics import (
    detectable_auc,
    equivalence_margin,
    models_needed,
    models_needed_for_equivalence,
    rows_needed,
    rows_needed_for_equivalence,
)

FEWEST_SHADOWS = 6
"""Shadow models without which a strategy is not tested."""


@final
@dataclass(frozen=True, kw_only=True)
class TestPower:
    """What one test of an audit can show.

    Attributes:
        name: What is tested.
        num_models: Models over which it is averaged.
        num_members: Members in each.
        num_nonmembers: Never-seen rows beside them.
        smallest_auc: Smallest AUC above ½ that is told from ½; as far below ½ likewise.
        smallest_margin: Smallest margin around ½ within which an AUC of ½ is shown to lie.
    """

    __test__ = False  # (no test of pytest's)

    name: str
    num_models: int
    num_members: int
    num_nonmembers: int
    smallest_auc: float
    smallest_margin: float


@final
@dataclass(frozen=True, kw_only=True)
class PowerPlan:
    """What an audit can show, and what it would take to show an AUC of ½ within a margin.

    Attributes:
        num_withdrawn: Withdrawn rows.
        num_never_seen: Never-seen rows to compare them with.
        margin: How far from ½ an AUC may lie where nothing is left.
        power: Probability with which each number is reached.
        tests: The audited model's own test, and with shadow models the strategy's.
        rows_for_margin: Withdrawn rows by which one model's test shows ½ within the margin; None if
            no number is enough beside these never-seen rows.
        models_for_margin: Shadow models by which the strategy's test does; None likewise.
        rows_for_leak: Withdrawn rows by which one model's test shows a leak of ½ plus the margin.
        models_for_leak: Shadow models by which the strategy's test does.
    """

    num_withdrawn: int
    num_never_seen: int
    margin: float
    power: float
    tests: tuple[TestPower, ...]
    rows_for_margin: int | None
    models_for_margin: int | None
    rows_for_leak: int | None
    models_for_leak: int | None

    def to_dict(self) -> dict[str, Any]:
        """Return the plan as JSON values."""
        return {**asdict(self), "tests": [asdict(test) for test in self.tests]}

    def __str__(self) -> str:
        width = max(len(test.name) for test in self.tests)
        lines = [
            f"{self.num_withdrawn} withdrawn rows beside {self.num_never_seen} never-seen ones; "
            f"95 % intervals, reached with a probability of {self.power:g}",
            "",
            f"{'test of':<{width}}  smallest AUC detected  margin shown around ½",
            *(
                f"{test.name:<{width}}  {test.smallest_auc:21.3f}  {test.smallest_margin:21.3f}"
                for test in self.tests
            ),
            "",
            f"to show that the AUC lies within {self.margin:g} of ½, if nothing is left:",
            f"  {_rows(self.rows_for_margin)}; {_models(self.models_for_margin)}",
            f"to detect a leak with an AUC of {0.5 + self.margin:g}:",
            f"  {_rows(self.rows_for_leak)}; {_models(self.models_for_leak)}",
        ]
        return "\n".join(lines)


_FEWEST_SHADOWS = 6


def audit_power(
    num_withdrawn: int,
    num_never_seen: int,
    *,
    num_shadows: int = 0,
    margin: float = 0.05,
    power: float = 0.8,
) -> PowerPlan:
    """Say what an audit can show before anything is trained.

    The audited model's own test compares all withdrawn rows with the never-seen ones. The test of a
    strategy takes the withdrawn rows and as many never-seen ones like them: each shadow model was
    trained on half of these rows and made to forget it, and never saw the other half.

    Args:
        num_withdrawn: Withdrawn rows, at least 2.
        num_never_seen: Never-seen rows of the same classes.
        num_shadows: Shadow models; 0 for none.
        margin: How far from ½ an AUC may lie where nothing is left, between 0 and ½, both excluded.
        power: Probability with which each number is reached, between 0 and 1, both excluded.

    Raises:
        InputError: If a number is out of range.

    Example:
        >>> import qiskit_qmu as qmu
        >>> plan = qmu.audit_power(90, 500, num_shadows=32)
        >>> [round(test.smallest_auc, 3) for test in plan.tests], plan.models_for_margin
        ([0.591, 0.532], 20)
    """
    _check.at_least(2, num_withdrawn=num_withdrawn)
    _check.at_least(1, num_never_seen=num_never_seen)
    if num_shadows and (num_shadows % 2 or num_shadows < _FEWEST_SHADOWS):
        raise InputError(
            f"shadow models come in pairs, at least {_FEWEST_SHADOWS} of them; got {num_shadows}"
        )
    for name, value, most in (("margin", margin, 0.5), ("power", power, 1)):
        _check.number(**{name: value})
        if not 0 < value < most:
            raise InputError(f"{name} must lie between 0 and {most}, both excluded; got {value}")
    side, leak = rows_of_a_side(num_withdrawn, num_never_seen), 0.5 + margin
    tests = [_test("the audited model", 1, num_withdrawn, num_never_seen, power)]
    if num_shadows:
        name = f"the strategy, over {num_shadows} shadow models"
        tests.append(_test(name, num_shadows, side, side, power))
    return PowerPlan(
        num_withdrawn=num_withdrawn,
        num_never_seen=num_never_seen,
        margin=margin,
        power=power,
        tests=tuple(tests),
        rows_for_margin=rows_needed_for_equivalence(
            margin, num_nonmembers=num_never_seen, power=power
        ),
        models_for_margin=shadows_needed(
            models_needed_for_equivalence(margin, side, side, mutual=True, power=power)
        ),
        rows_for_leak=rows_needed(leak, num_nonmembers=num_never_seen, power=power),
        models_for_leak=shadows_needed(models_needed(leak, side, side, mutual=True, power=power)),
    )


def rows_of_a_side(num_withdrawn: int, num_never_seen: int) -> int:
    """Return how many rows each shadow model was made to forget in the test of a strategy.

    It never saw as many others: they are halves of the withdrawn rows and as many like them.
    """
    return (num_withdrawn + min(num_withdrawn, num_never_seen)) // 2


def shadows_needed(models: int | None) -> int | None:
    """Return a number of shadow models that can be trained: an even one, at least 6."""
    return None if models is None else max(models + models % 2, FEWEST_SHADOWS)


def _test(name: str, models: int, members: int, others: int, power: float) -> TestPower:
    mutual = models > 1
    return TestPower(
        name=name,
        num_models=models,
        num_members=members,
        num_nonmembers=others,
        smallest_auc=detectable_auc(members, others, num_models=models, mutual=mutual, power=power),
        smallest_margin=equivalence_margin(
            members, others, num_models=models, mutual=mutual, power=power
        ),
    )


def _rows(number: int | None) -> str:
    if number is None:
        return "one model never does beside these never-seen rows"
    return f"one model needs {number:,} withdrawn rows"


def _models(number: int | None) -> str:
    if number is None:
        return "no number of shadow models is enough"
    return f"these rows need {number:,} shadow models"
