"""Auditor: one task with its references, against which any number of models is measured."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import LossAttack, MembershipAttack
from qiskit_qmu.auditing.oracle_agreement import oracle_agreement
from qiskit_qmu.auditing.oracle_checks import mean_measurement, oracle_fault
from qiskit_qmu.auditing.paper_protocol import PaperProtocol, paper_protocol
from qiskit_qmu.auditing.split_rows import observe_split
from qiskit_qmu.auditing.traces import lifted_bias
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import (
    RESULTS,
    Beside,
    Case,
    Column,
    Evidence,
    Finding,
    Measurement,
    Scores,
    SplitObservations,
    Verdict,
    judge,
    judge_together,
    measure,
)
from qiskit_qmu.evaluation.columns import AUC
from qiskit_qmu.evaluation.oracle_ratio import oracle_ratio
from qiskit_qmu.evaluation.verdict import MARGIN
from qiskit_qmu.objectives import HasRowLosses, RowLoss

Audited = torch.nn.Module | SplitObservations
"""A model, or its outputs on the rows of the split."""

DEFAULT_ATTACKS: tuple[MembershipAttack, ...] = (LossAttack(),)


@final
class Auditor:
    """Measures models on one task, all against the same original and the same oracles.

    A model that was already observed can be given as its outputs, which are not computed again.
    Each measurement uses its own random streams, so results do not depend on the order of
    measurements.

    Args:
        split: The task.
        original: The model before unlearning; the paper's attack is fitted to it.
        oracles: Models retrained without the forgotten rows. Their mean is the reference; what
            they have beside each other is what a model has of which nothing is left.
        attacks: Attacks by the keys of their columns; the one of ``"mia_auc"`` decides verdicts.
        columns: Columns to measure.
        objective: What the models learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.
        fit_on: Model or outputs to fit the paper's attack to if there is no original; None to skip
            that attack.
        margin: How far from ½ an AUC, or above the oracles' an accuracy on a forgotten class, may
            lie where nothing is left.
        never_saw: Whether the oracles are known never to have seen the forgotten rows; if not, an
            attack that finds these rows in an oracle makes it an invalid one.
        fault: Why the oracles are none, where that is known beforehand.
        seed: Seed of the attacks.

    Raises:
        InputError: If the margin does not lie between 0 and ½.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model, trainer = torch.nn.Linear(4, 3), qmu.Trainer(epochs=40, learning_rate=0.1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
        >>> auditor = qmu.auditing.Auditor(split, model, [oracle])
        >>> # 35 rows of a class are too few to show that nothing is left.
        >>> [auditor.judge(auditor.measure(each)).name for each in (model, oracle)]
        ['remembered', 'unresolved']
    """

    def __init__(
        self,
        split: ForgetSplit,
        original: Audited | None = None,
        oracles: Sequence[Audited] = (),
        *,
        attacks: Mapping[str, MembershipAttack] | None = None,
        columns: Sequence[Column] = RESULTS,
        objective: RowLoss | HasRowLosses | None = None,
        fit_on: Audited | None = None,
        margin: float = MARGIN,
        never_saw: bool = False,
        fault: str = "",
        seed: int = 0,
    ) -> None:
        _check.between(0, 0.5, margin=margin)
        self._split = split
        self._attacks = {AUC.key: LossAttack()} if attacks is None else dict(attacks)
        self._columns = columns
        self._objective = objective
        self._seed = seed
        self._margin = margin
        self._never_saw = never_saw
        self._fault = fault
        self._original = None if original is None else self.observe(original)
        self._oracles = [self.observe(oracle) for oracle in oracles]
        self._fit_on = self._original if fit_on is None else self.observe(fit_on)

    def observe(self, model: Audited) -> SplitObservations:
        """Return a model's outputs on the rows of the split."""
        if isinstance(model, SplitObservations):
            return model
        return observe_split(model, self._split, self._objective)

    @cached_property
    def original(self) -> Measurement | None:
        """The measurement of the original; None without one."""
        return None if self._original is None else self._measured(self._original, "original")

    @cached_property
    def oracles(self) -> tuple[Measurement, ...]:
        """The measurement of each oracle beside the others; of a single one beside itself."""
        names = ("oracle", *(f"oracle {number}" for number in range(2, len(self._oracles) + 1)))
        return tuple(
            self._measured(oracle, name) for oracle, name in zip(self._oracles, names, strict=False)
        )

    @cached_property
    def oracle(self) -> Measurement | None:
        """What the oracles have on average; None without one."""
        return mean_measurement(self.oracles) if self._oracles else None

    @cached_property
    def beside(self) -> Beside:
        """What models are judged beside."""
        return Beside(
            kind=self._split.kind,
            oracle=self.oracle,
            original=self.original,
            margin=self._margin,
            invalid=self._fault
            or oracle_fault(self.oracles, self._split.kind, never_saw=self._never_saw),
        )

    def measure(
        self, model: Audited, name: str = "audited", *, exact: SplitObservations | None = None
    ) -> Measurement:
        """Measure a model.

        Args:
            model: The model, or its outputs.
            name: Name of the random stream of its attacks.
            exact: Its exact outputs, for the divergence from them.

        Returns:
            Its values with their intervals.
        """
        observed = self.observe(model)
        if observed is self._original and self.original is not None:
            return self.original
        for oracle, measured in zip(self._oracles, self.oracles, strict=True):
            if observed is oracle:
                return measured
        return self._measured(observed, name, exact)

    def judge(
        self,
        measured: Measurement,
        *,
        unchanged: bool = False,
        findings: Sequence[Finding] = (),
    ) -> Verdict:
        """Judge a model alone against the original and the oracles.

        Args:
            measured: Its measurement.
            unchanged: Whether all weights of an unlearned model equal the original's.
            findings: What was found beside what `findings` computes.
        """
        case = self.case(measured, unchanged=unchanged, findings=findings)
        return judge(case, self.beside)

    def judge_together(self, cases: Mapping[str, Case]) -> dict[str, Verdict]:
        """Judge several models, with everything that was tested of them corrected for.

        Args:
            cases: What `case` makes, by name.
        """
        return judge_together(cases, self.beside)

    def case(
        self,
        measured: Measurement,
        *,
        unchanged: bool = False,
        findings: Sequence[Finding] = (),
    ) -> Case:
        """Return a model with all that was found of it, as `judge_together` takes it.

        Args:
            measured: Its measurement.
            unchanged: Whether all weights of an unlearned model equal the original's.
            findings: What was found beside what `findings` computes; it replaces that of its key.
        """
        own = {finding.key: finding for finding in (*self.findings(measured), *findings)}
        return Case(measured=measured, unchanged=unchanged, findings=tuple(own.values()))

    def findings(self, measured: Measurement) -> tuple[Finding, ...]:
        """Return what further tests of a model's outputs find, each beside the oracles.

        Args:
            measured: Its measurement.
        """
        observed = measured.evidence.observed
        if not self._oracles or self._is_reference(measured):
            return ()
        found = [oracle_ratio(observed, self._original, self._oracles)]
        if self._split.kind == "class" and _has_one_class(observed):
            found.append(lifted_bias(observed, self._oracles, generator=self._seed))
        return tuple(finding for finding in found if finding is not None)

    def _is_reference(self, measured: Measurement) -> bool:
        return any(measured is each for each in (self.original, self.oracle, *self.oracles))

    def agreement(self, case: Case) -> Finding | None:
        """Return how many oracles alone give the verdict that they give together.

        Args:
            case: The model.

        Returns:
            The finding ``"oracle_agreement"``; None with fewer than two oracles.
        """
        return oracle_agreement(
            case, self.beside, self._oracles, self.oracles, columns=self._columns
        )

    @cached_property
    def _paper(self) -> PaperProtocol | None:
        if self._fit_on is None:
            return None
        return paper_protocol(self._fit_on, self._split, stream(self._seed, "paper attack"))

    def _measured(
        self, observed: SplitObservations, name: str, exact: SplitObservations | None = None
    ) -> Measurement:
        others = [oracle for oracle in self._oracles if oracle is not observed]
        evidence = Evidence(
            observed=observed,
            oracles=tuple(self._oracles if len(others) == 0 else others),
            exact=exact,
            scores=self._scores(observed, name),
            called=None if self._paper is None else self._paper.called(observed),
        )
        return measure(evidence, self._columns)

    def _scores(self, observed: SplitObservations, name: str) -> dict[str, Scores]:
        control = observed.test_forget
        if control is None:
            return {}
        generator = stream(self._seed, "attack", name)
        return {
            key: attack.scores(
                observed.forget, control, generator=generator, known_members=observed.retain
            )
            for key, attack in self._attacks.items()
        }


def _has_one_class(observed: SplitObservations) -> bool:
    labels, retain = observed.forget.labels, observed.retain
    return (
        labels is not None
        and len(np.unique(labels)) == 1
        and retain is not None
        and len(retain) > 1
    )
