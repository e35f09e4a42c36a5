"""U-LiRA: null and planted signals, and the rows that each shadow model forgets."""

import numpy as np
import pytest
from scipy.stats import binom

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import BaVarIA, LiRA, References
from qiskit_qmu.shadows import (
    complementary_halves,
    leave_one_out_attack,
    train_shadows,
    unlearn_shadows,
)


def _references(shift, seed, models=8, rows=60):
    generator = np.random.default_rng(seed)
    included = complementary_halves(models, rows, generator)
    scores = generator.normal(0, 2, rows) + generator.normal(size=(models, rows))
    return References(scores=scores + shift * included, included=included)


@pytest.mark.parametrize(("attack", "models", "runs"), [(LiRA(), 6, 200), (BaVarIA(), 12, 60)])
def test_intervals_contain_one_half_where_nothing_is_to_be_seen(attack, models, runs):
    missed = sum(
        leave_one_out_attack(_references(0.0, seed, models), attack).auc.excludes(0.5)
        for seed in range(runs)
    )
    assert binom.sf(missed - 1, runs, 0.05) > 0.001


def test_a_planted_signal_is_measured():
    found = leave_one_out_attack(_references(1.0, 0, models=32, rows=400))
    # The best attack, which knows the rows' means, has Φ(1/√2) = 0.760.
    assert found.auc.low < 0.76
    assert found.auc.value == pytest.approx(0.75, abs=0.02)
    assert found.members.tolist() == [200] * 32


def test_models_are_attacked_in_pairs():
    with pytest.raises(InputError, match="at least 6"):
        leave_one_out_attack(_references(0.0, 0, models=4))


def test_every_model_forgets_its_share_of_the_audited_rows():
    pool = qmu.load_dataset("iris").train.take(range(30))
    model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
    trainer = qmu.Trainer(epochs=1, batch_size=8)
    shadows = train_shadows(model, pool, count=2, trainer=trainer)
    splits = []

    class Recording:
        def __call__(self, model, split, *, generator):
            splits.append(split)
            return qmu.unlearning.NoOp()(model, split, generator=generator)

    audited = [4, 1, 7, 20, 22]
    references = unlearn_shadows(shadows, Recording(), audited).references()
    np.testing.assert_array_equal(references.included, shadows.included[:, audited])
    np.testing.assert_array_equal(references.scores, shadows.references().rows(audited).scores)
    for number, split in enumerate(splits):
        trained = np.flatnonzero(shadows.included[number])
        np.testing.assert_array_equal(split.forget.indices, np.intersect1d(trained, audited))
        np.testing.assert_array_equal(split.retain.indices, np.setdiff1d(trained, audited))


@pytest.mark.slow
def test_retraining_hides_what_the_original_shows():
    # Few rows and many parameters, so that single rows are seen.
    dataset = qmu.load_dataset("digits", train_size=160, test_size=10, seed=0)
    model = qmu.BasicQNN(num_classes=10, num_qubits=5, num_layers=4)
    trainer = qmu.Trainer(epochs=60, batch_size=16, learning_rate=0.05)
    shadows = train_shadows(model, dataset.train, count=16, trainer=trainer)
    audited = range(60)
    before = leave_one_out_attack(shadows.references().rows(audited)).auc
    assert before.low > 0.52
    retrain = qmu.unlearning.Retrain(trainer=trainer)
    after = leave_one_out_attack(unlearn_shadows(shadows, retrain, audited).references()).auc
    assert not after.excludes(0.5)
