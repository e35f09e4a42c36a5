"""Shokri's shadow classifier: learned on other models, applied to one, and to an audit."""

import dataclasses

import numpy as np
import pytest
import torch

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import ATTACKS, LossAttack, ShadowClassifierAttack
from qiskit_qmu.metrics import auroc
from qiskit_qmu.observation import Observations


def _model(generator, included, labels, leak):
    """Outputs of a model on rows: members' true logit is higher by the leak."""
    logits = generator.normal(scale=2.0, size=(len(labels), 3))
    logits[np.arange(len(labels)), labels] += 1.0 + leak * included
    return Observations(logits, labels)


def _shadows(generator, leak, models=4, rows=150):
    labels = generator.integers(0, 3, rows)
    included = np.array([generator.permutation(rows) < rows // 2 for _ in range(models + 1)])
    answers = [_model(generator, own, labels, leak) for own in included]
    return answers[:-1], included[:-1], answers[-1], included[-1]


@pytest.mark.parametrize("hidden", [0, 4])
def test_what_shadow_models_show_is_seen_in_the_target(hidden, generator):
    shadows, included, target, members = _shadows(generator, leak=2.0)
    fitted = ShadowClassifierAttack(hidden=hidden).fit(shadows, included, seed=0)
    found = auroc(*fitted.scores(target.take(members), target.take(~members)))
    # The score alone knows the direction and is all that differs.
    known = auroc(*LossAttack().scores(target.take(members), target.take(~members)))
    assert found == pytest.approx(known, abs=0.08)
    assert found > 0.65


def test_it_learns_a_direction_for_each_class(generator):
    """Members have the larger logit 0 whatever their class; of class 1 that lowers the score."""
    labels = np.repeat([0, 1], 100)
    included = np.array([np.tile([True, False], 100), np.tile([False, True], 100)])
    answers = [
        Observations(np.column_stack([own, generator.normal(size=200)]), labels) for own in included
    ]
    fitted = ShadowClassifierAttack(features="membership_score", regularization=0.01)
    odds = fitted.fit(answers, included).log_odds
    low, high = (Observations(np.full((2, 2), [z, 0.0]), [0, 1]) for z in (-2.0, 2.0))
    # With the true label's score alone, one direction for both classes would see nothing.
    assert (high.membership_score - low.membership_score).tolist() == [4.0, -4.0]
    assert ((odds(high) - odds(low)) > 0).all()


def test_without_a_signal_it_sees_nothing(generator):
    shadows, included, target, members = _shadows(generator, leak=0.0, rows=600)
    fitted = ShadowClassifierAttack().fit(shadows, included)
    found = auroc(*fitted.scores(target.take(members), target.take(~members)))
    assert abs(found - 0.5) < 4 * 0.024  # four deviations at 300 and 300 rows


def test_an_audit_reads_a_fitted_classifier_and_every_attack_on_one_model(generator):
    split = qmu.ForgetSplit.by_fraction(qmu.load_dataset("iris"), fraction=0.2, seed=0)
    model = torch.nn.Linear(4, 3)
    shadows, included, *_ = _shadows(generator, leak=1.0)
    fitted = ShadowClassifierAttack().fit(shadows, included)
    own = {key: column.attack for key, column in ATTACKS.items() if not column.needs.counts}
    del own["mia_auc_outputs"]
    report = qmu.audit(model, split, attacks=[*own.values(), fitted])
    found = report.rows[0]
    assert all(found[key] is not None for key in (*own, "mia_auc_FittedShadowClassifier"))


def test_what_does_not_fit_is_refused(generator):
    shadows, included, target, _ = _shadows(generator, leak=1.0)
    attack = ShadowClassifierAttack()
    with pytest.raises(InputError, match="booleans of the shape"):
        attack.fit(shadows, included[:2])
    with pytest.raises(InputError, match="no class has both rows"):
        attack.fit(shadows, np.ones_like(included))
    fitted = attack.fit(shadows, included)
    with pytest.raises(InputError, match="4 feature columns, got 3"):
        fitted.log_odds(Observations([[1.0, 0.0]], [0]))
    with pytest.raises(dataclasses.FrozenInstanceError):
        fitted.scale = None
    with pytest.raises(InputError, match="needs classes"):
        attack.fit([Observations(row_losses=[1.0])], [[True]])
    assert (fitted.log_odds(dataclasses.replace(target, labels=target.labels)) != 0).all()
