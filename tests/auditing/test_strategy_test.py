"""Tests of a strategy over shadow models, and what they add to an audit."""

import numpy as np
import pytest

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import PoolPlaces, shadow_pool, strategy_test
from qiskit_qmu.shadows import train_shadows

TRAINER = qmu.Trainer(epochs=1, batch_size=16)
KEYS = [
    "strategy_auc",
    "strategy_auc_before",
    "retained_auc_before",
    "retained_auc_after",
    "klom",
    "epsilon_estimate",
    "rows_seen",
    "strategy_accuracy",
]


def _model():
    return qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)


def test_an_audit_tests_the_strategy_over_shadow_models():
    split = qmu.ForgetSplit.by_indices(qmu.load_dataset("iris"), [3, 50, 7, 90, 14])
    pool = shadow_pool(split)
    places = PoolPlaces.of(split, pool)
    original = _model()
    TRAINER.fit(original, split.train.x, split.train.y, generator=0)
    shadows = train_shadows(original, pool, count=6, trainer=TRAINER, audited=places.audited)
    strategy = qmu.unlearning.NoOp()
    told = []
    report = qmu.audit(
        original,
        split,
        original=original,
        trainer=TRAINER,
        oracles=2,
        shadows=shadows,
        strategy=strategy,
        progress=lambda _task, share: told.append(share),
    )
    assert told == sorted(told)
    found = {finding.key: finding for finding in report.findings}
    assert set(KEYS) | {"model_auc"} <= set(found)
    # Nothing was done.
    assert found["strategy_auc"].value == found["strategy_auc_before"].value
    assert found["retained_auc_after"].value == found["retained_auc_before"].value
    assert found["strategy_auc"].num_rows == 10
    assert [row.position for row in report.per_row] == split.forget.indices.tolist()
    assert not any(row.seen_by for row in report.per_row)
    assert "cannot name a single one" in found["rows_seen"].reading


def test_a_pool_holds_the_rows_of_the_task_once():
    dataset = qmu.load_dataset("digits", train_size=60, test_size=80)
    split = qmu.ForgetSplit.by_fraction(dataset, fraction=0.2, seed=0)
    pool = shadow_pool(split)
    assert len(pool) == 120
    places = PoolPlaces.of(split, pool)
    np.testing.assert_array_equal(pool.x[places.forgotten], split.forget.x)
    assert not set(places.forgotten) & set(places.controls)
    # As many controls of each class as are forgotten.
    np.testing.assert_array_equal(np.bincount(pool.y[places.controls]), np.bincount(split.forget.y))
    with pytest.raises(InputError, match="1 of 12 are not in it"):
        PoolPlaces.of(split, pool.take(np.delete(np.arange(120), places.forgotten[3])))


def test_a_class_is_forgotten_in_all_of_its_rows():
    split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
    pool = shadow_pool(split)
    places = PoolPlaces.of(split, pool)
    np.testing.assert_array_equal(places.audited, np.flatnonzero(pool.y == 2))
    shadows = train_shadows(_model(), pool, count=6, trainer=TRAINER, audited=places.audited)
    kinds = []

    class Recording:
        def __call__(self, model, split, *, generator):
            kinds.append((split.kind, split.label, set(split.retain.y.tolist())))
            return qmu.unlearning.NoOp()(model, split, generator=generator)

    strategy_test(shadows, Recording(), places.audited, label=2)
    assert kinds == [("class", 2, {0, 1})] * 6
    with pytest.raises(InputError, match="all rows of the pool of class 2"):
        strategy_test(shadows, Recording(), range(10), label=2)


def test_too_few_models_are_refused():
    pool = qmu.load_dataset("iris").train.take(range(20))
    shadows = train_shadows(_model(), pool, count=2, trainer=TRAINER)
    with pytest.raises(InputError, match="at least 6"):
        strategy_test(shadows, qmu.unlearning.NoOp(), range(8))


@pytest.mark.slow
def test_retraining_leaves_nothing_and_doing_nothing_all():
    # Few rows and many parameters, so that single rows are seen.
    dataset = qmu.load_dataset("digits", train_size=160, test_size=10, seed=0)
    model = qmu.BasicQNN(num_classes=10, num_qubits=5, num_layers=4)
    trainer = qmu.Trainer(epochs=60, batch_size=16, learning_rate=0.05)
    shadows = train_shadows(model, dataset.train, count=16, trainer=trainer, audited=range(60))
    found = strategy_test(shadows, qmu.unlearning.Retrain(trainer=trainer), range(60))
    assert not found["strategy_auc"].value.excludes(0.5)
    assert not any(row.seen_by for row in found.per_row)
    assert found["strategy_auc_before"].value.low > 0.55
    assert found["strategy_auc_before"].p_value < 0.001
    for key in ("klom", "epsilon_estimate"):
        assert found[key].p_value > 0.01
    untouched = strategy_test(shadows, qmu.unlearning.NoOp(), range(60))
    assert untouched["strategy_auc"].value == found["strategy_auc_before"].value
    assert untouched["epsilon_estimate"].p_value < 0.01
    assert untouched["strategy_auc"].null.low < 0.5 < untouched["strategy_auc"].null.high
