"""U-LiRA: null and planted signals, and the rows that each shadow model forgets."""

import signal
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import pytest
from scipy.stats import binom

import qiskit_qmu as qmu
import qiskit_qmu.shadows.unlearned as unlearned_module
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


def test_kept_unlearned_models_belong_to_rows_in_their_order(tmp_path):
    pool = qmu.load_dataset("iris").train.take(range(40))
    model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
    trainer = qmu.Trainer(epochs=1, batch_size=8)
    calls = []

    @dataclass(frozen=True)
    class Counting:
        rate: float = 0.1

        def __call__(self, model, split, *, generator):
            calls.append(len(split.forget))
            strategy = qmu.unlearning.FineTune(epochs=1, learning_rate=self.rate)
            return strategy(model, split, generator=generator)

    def unlearned(rows, audited, strategy, **options):
        calls.clear()
        shadows = train_shadows(model, rows, count=2, trainer=trainer, folder=tmp_path)
        return unlearn_shadows(shadows, strategy, audited, **options).references()

    first = unlearned(pool, [4, 1, 7, 20], Counting())
    assert len(calls) == 2
    # The same rows audited in another order: the same models, scores in the order asked for.
    again = unlearned(pool, [20, 7, 1, 4], Counting())
    assert calls == []
    np.testing.assert_array_equal(again.scores, first.scores[:, ::-1])
    others = {
        "rows": (pool.take(range(40)[::-1]), [4, 1, 7, 20], Counting()),
        "audited": (pool, [4, 1, 7, 21], Counting()),
        "strategy": (pool, [4, 1, 7, 20], Counting(rate=0.2)),
    }
    for rows, audited, strategy in others.values():
        unlearned(rows, audited, strategy)
        assert len(calls) == 2
    unlearned(pool, [4, 1, 7, 20], Counting(), seed=1)
    assert len(calls) == 2


def test_retrained_and_tuned_models_are_the_same_one_by_one(monkeypatch):
    iris = qmu.load_dataset("iris")
    pool, unseen = iris.train.take(range(30, 70)), iris.test.take(range(9))
    model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
    trainer = qmu.Trainer(epochs=2, batch_size=8, learning_rate=0.05)
    shadows = train_shadows(model, pool, count=4, trainer=trainer, audited=range(10))
    strategies = (
        qmu.unlearning.Retrain(trainer=trainer),
        qmu.unlearning.FineTune(epochs=2, batch_size=8, learning_rate=0.1),
    )

    def scores(strategy):
        return unlearn_shadows(shadows, strategy, range(10), validation=unseen).references().scores

    stacked = [scores(each) for each in strategies]
    monkeypatch.setattr(unlearned_module, "can_retrain_stacked", lambda *_: False)
    for each, found in zip(strategies, stacked, strict=True):
        np.testing.assert_allclose(found, scores(each), atol=1e-4)


KILLED = """
import os, signal, sys
import qiskit_qmu as qmu
from qiskit_qmu.shadows import train_shadows, unlearn_shadows

pool = qmu.load_dataset("iris").train.take(range(40))
model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
trainer = qmu.Trainer(epochs=1, batch_size=8)
last = sys.argv[1]

def end_itself(task, share):
    if task == last:
        os.kill(os.getpid(), signal.SIGKILL)

shadows = train_shadows(model, pool, count=18, trainer=trainer, folder="kept", progress=end_itself)
strategy = qmu.unlearning.FineTune(epochs=1)
unlearn_shadows(shadows, strategy, range(10), progress=end_itself)
"""


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such signal")
def test_a_killed_run_resumes_with_equal_results(tmp_path):
    pool = qmu.load_dataset("iris").train.take(range(40))
    model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
    trainer, strategy = qmu.Trainer(epochs=1, batch_size=8), qmu.unlearning.FineTune(epochs=1)

    def scores(folder, told):
        shadows = train_shadows(
            model, pool, count=18, trainer=trainer, folder=folder, progress=told
        )
        return unlearn_shadows(shadows, strategy, range(10), progress=told).references().scores

    for last in (
        "training shadow models, 16 of 18 done",
        "unlearning shadow models, 5 of 18 done",
    ):
        done = subprocess.run(
            [sys.executable, "-c", KILLED, last], cwd=tmp_path, capture_output=True, check=False
        )
        assert done.returncode == -signal.SIGKILL, done.stderr
    told = []
    resumed = scores(tmp_path / "kept", lambda task, _: told.append(task))
    assert told[0] == "training shadow models, 18 of 18 done"
    assert told[1] == "unlearning shadow models, 5 of 18 done"
    np.testing.assert_array_equal(resumed, scores(None, lambda *_: None))
