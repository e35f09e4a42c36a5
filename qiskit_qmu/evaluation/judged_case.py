"""JudgedCase: what speaks for and against one model, and the verdict that follows from it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import final

from qiskit_qmu.evaluation.columns import AUC, PAPER_EXCESS
from qiskit_qmu.evaluation.finding import Finding
from qiskit_qmu.evaluation.measure import Measurement
from qiskit_qmu.evaluation.resolution import RETRAIN, what_would_resolve
from qiskit_qmu.evaluation.suspicion import (
    BEFORE,
    STRATEGY,
    TRACES,
    Suspicion,
    forgetting_tests,
    is_trace,
    knowledge_test,
    suspicions,
    trace_in_words,
    within,
)
from qiskit_qmu.evaluation.tested_number import TestedNumber
from qiskit_qmu.evaluation.utility import UtilityLoss, utility_loss
from qiskit_qmu.evaluation.verdict import Beside, Case, Verdict
from qiskit_qmu.metrics import Interval


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class JudgedCase:
    """A model with all that speaks for and against it; made by ``of``."""

    case: Case
    beside: Beside
    oracle: Measurement
    utility: UtilityLoss | None
    tests: Mapping[str, TestedNumber]
    findings: Mapping[str, Finding]
    suspected: list[Suspicion] = field(default_factory=list)

    @staticmethod
    def of(case: Case, beside: Beside) -> "JudgedCase":
        """Weigh a model beside its oracle, without which there is nothing to weigh."""
        oracle = beside.oracle
        if oracle is None:
            raise AssertionError
        findings = {finding.key: finding for finding in case.findings}
        tests = _tests(case.measured, beside, oracle)
        oracles = case.measured.evidence.oracles
        return JudgedCase(
            case=case,
            beside=beside,
            oracle=oracle,
            utility=utility_loss(case.measured, oracles, beside.original),
            tests=tests,
            findings=findings,
            suspected=suspicions(
                list(tests.values()), findings, beside.margin, of_class=beside.kind == "class"
            ),
        )

    def loss_suspected(self) -> list[Suspicion]:
        """Return the loss of utility as a suspicion; none where it cannot be measured."""
        if self.utility is None:
            return []
        loss = self.utility.loss
        return [
            Suspicion(
                fault="utility lost",
                key=self.utility.column.key,
                number=loss.interval,
                p_value=loss.p_value,
                text=self.utility.text,
            )
        ]

    def verdict(self, faults: list[Suspicion]) -> Verdict:
        """Return the verdict by what was confirmed against the model, the first of it."""
        if faults:
            worst = faults[0]
            return Verdict(
                name=worst.fault,
                reason=worst.text,
                decided_by=worst.key,
                number=worst.number,
                p_value=worst.p_value,
            )
        if self.utility is not None and self.utility.is_open:
            return Verdict(
                name="unresolved",
                reason=f"{self.utility.text}: whether more than {self.utility.loss.high} is lost "
                "needs more never-seen rows to retain, or more oracles",
                decided_by=self.utility.column.key,
                number=self.utility.loss.interval,
            )
        passed = self._equivalent()
        if passed is None:
            return self._unresolved()
        return self._doing_nothing_passes(passed) or self._still_inside(passed) or passed

    def _equivalent(self) -> Verdict | None:
        """Return "forgotten" by what shows that nothing is left beyond the margin."""
        strategy = self.findings.get(STRATEGY)
        if strategy is not None and within(strategy.value, self.beside.margin):
            own = self.tests.get(AUC.key)
            agrees = own is None or _overlap(own.interval, strategy.value)
            if not agrees:
                return None
            return Verdict(
                name="forgotten",
                reason=f"{strategy.name}: AUC {strategy.value} lies within {self.beside.margin} of "
                f"½; the model's own tests agree: {self._listed()}",
                decided_by=STRATEGY,
                number=strategy.value,
            )
        if self.tests and all(test.is_nothing for test in self.tests.values()):
            key, last = list(self.tests.items())[-1]
            return Verdict(
                name="forgotten", reason=self._passed(), decided_by=key, number=last.interval
            )
        return None

    def _passed(self) -> str:
        margin = self.beside.margin
        if self.beside.kind == "class":
            (test,) = self.tests.values()
            traces = _traces(self.case.measured, self.oracle, margin)
            reason = (
                f"accuracy on the forgotten rows is {test.interval} above the oracle's, at most "
                f"{margin} by its interval"
            )
            return f"{reason}, but {traces}" if traces else reason
        return f"every test shows an AUC within {margin} of ½: {self._listed()}"

    def _listed(self) -> str:
        return " and ".join(map(str, self.tests.values()))

    def _doing_nothing_passes(self, passed: Verdict) -> Verdict | None:
        """Return "unresolved" where the test does not tell the model from one that was left."""
        original, margin = self.beside.original, self.beside.margin
        if original is None:
            return Verdict(
                name="unresolved",
                reason=f"{passed.reason}; without the model before unlearning nobody can tell "
                "whether there was anything to forget: give original",
                decided_by=passed.decided_by,
                number=passed.number,
            )
        before = self.findings.get(BEFORE)
        if passed.decided_by == STRATEGY and before is not None:
            passes, shown = within(before.value, margin), f"{before.name}: AUC {before.value}"
        else:
            tests = _tests(original, self.beside, self.oracle)
            passes = bool(tests) and all(test.is_nothing for test in tests.values())
            shown = " and ".join(map(str, tests.values()))
        if not passes:
            return None
        return Verdict(
            name="unresolved",
            reason=f"doing nothing passes the same test: there was no more than {margin} to forget "
            f"(original: {shown})",
            decided_by=passed.decided_by,
            number=passed.number,
        )

    def _still_inside(self, passed: Verdict) -> Verdict | None:
        """Return "unresolved" where a class may be suppressed, which too few oracles can tell."""
        found = [self.findings[key] for key in TRACES if key in self.findings]
        trace = next((finding for finding in found if is_trace(finding)), None)
        if trace is None or self.beside.kind != "class":
            return None
        return Verdict(
            name="unresolved",
            reason=f"{passed.reason}, and {trace_in_words(trace)}: whether the class is only "
            "suppressed takes more oracles (four, for example), which show how much retrained "
            "models differ",
            decided_by=trace.key,
            number=trace.value,
        )

    def _unresolved(self) -> Verdict:
        if not self.tests:
            return Verdict(
                name="unresolved",
                reason=f"fewer than two rows, or never-seen ones, can be compared; {RETRAIN}",
            )
        key, last = list(self.tests.items())[-1]
        evidence = self.case.measured.evidence
        advice = what_would_resolve(
            evidence, self.beside.kind, self.beside.margin, has_strategy=STRATEGY in self.findings
        )
        return Verdict(
            name="unresolved",
            reason=f"{self._listed()} neither shows a leak nor that it lies within "
            f"{self.beside.margin}: {advice}",
            decided_by=key,
            number=last.interval,
        )


def _tests(measured: Measurement, beside: Beside, oracle: Measurement) -> dict[str, TestedNumber]:
    if beside.kind == "instances":
        return forgetting_tests(measured, oracle[AUC.key], beside.margin)
    test = knowledge_test(measured, beside.margin)
    return {} if test is None else {test.key: test}


def _traces(measured: Measurement, oracle: Measurement, margin: float) -> str:
    """Say what still tells rows of a class that were trained on from never-seen ones."""
    tests = forgetting_tests(measured, oracle[AUC.key], margin)
    found = [f"{test} excludes ½" for test in tests.values() if test.interval.excludes(0.5)]
    excess, own = measured[PAPER_EXCESS.key], oracle[PAPER_EXCESS.key]
    if excess is not None and excess.excludes(0.0) and not (own and own.excludes(0.0)):
        found.append(f"the paper's attack calls them members {excess} more often than the control")
    return " and ".join(found)


def _overlap(first: Interval, second: Interval) -> bool:
    return first.low <= second.high and second.low <= first.high
