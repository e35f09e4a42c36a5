"""Auditor: one task with its references, against which any number of models is measured."""

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import final

import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.attacks import LossAttack, MembershipAttack, attack_key
from qiskit_qmu.auditing.paper_protocol import PaperProtocol, paper_protocol
from qiskit_qmu.auditing.split_rows import observe_split
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import (
    RESULTS,
    Column,
    Evidence,
    Measurement,
    Scores,
    SplitObservations,
    Verdict,
    judge,
    measure,
)
from qiskit_qmu.evaluation.attack_columns import AUC
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
        oracles: Models retrained without the forgotten rows; one so far.
        attacks: Attacks by the keys of their columns; the one of ``"mia_auc"`` decides verdicts.
        columns: Columns to measure.
        objective: What the models learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.
        fit_on: Model or outputs to fit the paper's attack to if there is no original; None to skip
            that attack.
        seed: Seed of the attacks.

    Raises:
        InputError: If there is more than one oracle.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model, trainer = torch.nn.Linear(4, 3), qmu.Trainer(epochs=40, learning_rate=0.1)
        >>> history = trainer.fit(model, split.train.x, split.train.y, generator=0)
        >>> oracle = qmu.unlearning.Retrain(trainer=trainer)(model, split, generator=1).model
        >>> auditor = qmu.auditing.Auditor(split, model, [oracle])
        >>> [auditor.judge(auditor.measure(each)).name for each in (model, oracle)]
        ['remembered', 'forgotten']
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
        seed: int = 0,
    ) -> None:
        if len(oracles) > 1:
            raise InputError(f"an audit supports one oracle, got {len(oracles)}")
        self._split = split
        self._attacks = {AUC.key: LossAttack()} if attacks is None else dict(attacks)
        self._columns = columns
        self._objective = objective
        self._seed = seed
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
    def oracle(self) -> Measurement | None:
        """The measurement of the oracle; None without one."""
        return self._measured(self._oracles[0], "oracle") if self._oracles else None

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
        if any(observed is oracle for oracle in self._oracles) and self.oracle is not None:
            return self.oracle
        return self._measured(observed, name, exact)

    def judge(self, measured: Measurement, *, unchanged: bool = False) -> Verdict:
        """Judge a model against the original and the oracle.

        Args:
            measured: Its measurement.
            unchanged: Whether all weights of an unlearned model equal the original's.
        """
        return judge(
            measured, self.oracle, self._split.kind, original=self.original, unchanged=unchanged
        )

    @cached_property
    def _paper(self) -> PaperProtocol | None:
        if self._fit_on is None:
            return None
        return paper_protocol(self._fit_on, self._split, stream(self._seed, "paper attack"))

    def _measured(
        self, observed: SplitObservations, name: str, exact: SplitObservations | None = None
    ) -> Measurement:
        evidence = Evidence(
            observed=observed,
            oracle=next(iter(self._oracles), None),
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


def named_attacks(attacks: Sequence[MembershipAttack]) -> dict[str, MembershipAttack]:
    """Name attacks by their registered keys, or by their class, numbered if there are several.

    Args:
        attacks: At least one attack.

    Returns:
        The attacks by the keys of their columns: ``"mia_auc"`` the first, and ``"mia_auc_NAME"``.

    Example:
        >>> from qiskit_qmu.attacks import ClassifierAttack, EntropyAttack, LossAttack
        >>> from qiskit_qmu.auditing import named_attacks
        >>> list(named_attacks([LossAttack(), ClassifierAttack(), EntropyAttack()]))
        ['mia_auc', 'mia_auc_ClassifierAttack', 'mia_auc_entropy']
    """
    kinds = [type(attack).__name__ for attack in attacks[1:]]
    names = [
        kind if kinds.count(kind) == 1 else f"{kind}_{kinds[: position + 1].count(kind)}"
        for position, kind in enumerate(kinds)
    ]
    registered = [attack_key(attack) for attack in attacks[1:]]
    # The first takes the key of LossAttack, and an attack given twice is numbered.
    free = [key if key != AUC.key and registered.count(key) == 1 else None for key in registered]
    keys = [key or f"{AUC.key}_{name}" for key, name in zip(free, names, strict=True)]
    return dict(zip([AUC.key, *keys], attacks, strict=True))
