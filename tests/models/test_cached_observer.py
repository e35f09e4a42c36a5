"""Kept answers: the same for the same row, in memory, in a folder and between threads."""

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import repeated_query
from qiskit_qmu.backends import open_backend
from qiskit_qmu.metrics import auroc
from qiskit_qmu.models import BasicQNN, CachedObserver

ROWS = np.linspace(-1, 1, 20).reshape(10, 2)
LABELS = np.arange(10) % 2


@pytest.fixture
def model():
    """Return a model that answers with 8 shots."""
    backend = open_backend("exact", shots=8, seed=1)
    return BasicQNN(num_classes=2, num_qubits=2, num_layers=1, seed=0, backend=backend)


def test_an_answer_is_the_models_and_stays(model):
    served = CachedObserver(model)
    first = served.observe(ROWS, LABELS)
    assert first.shots == 8
    assert (first.counts.sum(axis=1) == 8).all()
    again = served.observe(ROWS[::-1], LABELS[::-1])
    np.testing.assert_array_equal(again.counts, first.counts[::-1])
    np.testing.assert_array_equal(again.logits, first.logits[::-1])
    np.testing.assert_array_equal(again.labels, first.labels[::-1])
    np.testing.assert_array_equal(served.predict_proba(ROWS), first.probabilities)
    np.testing.assert_array_equal(served.predict(ROWS), first.logits.argmax(axis=1))
    assert not np.array_equal(model.observe(ROWS, LABELS).counts, first.counts)
    twice = CachedObserver(model).observe(np.repeat(ROWS[:1], 6, axis=0), np.zeros(6, dtype=int))
    assert len(np.unique(twice.counts, axis=0)) == 1


def test_an_attacker_who_asks_again_learns_nothing(model):
    """Rows of one class around an angle that members answer a little more surely."""
    inside = np.tile([0.55, 0.0], (150, 1)) + np.arange(150)[:, None] * 1e-4
    outside = inside + np.array([0.35, 0.0])
    rows = np.concatenate([inside, outside])
    labels = np.zeros(len(rows), dtype=int)

    def auc(asked, queries):
        answers = [asked.observe(rows, labels) for _ in range(queries)]
        phi = repeated_query(answers, total_shots=8 * queries).logit_confidence
        found = auroc(phi[:150], phi[150:])
        return max(found, 1 - found)

    once, often = auc(model, 1), auc(model, 30)
    assert often > once + 0.15
    served = CachedObserver(model)
    assert auc(served, 30) == pytest.approx(auc(served, 1), abs=1e-9)
    assert abs(auc(served, 1) - once) < 0.12


def test_other_weights_shots_or_rows_are_other_questions(model):
    served = CachedObserver(model)
    served.observe(ROWS, LABELS)
    served.observe(ROWS.astype(np.float32), LABELS)
    served.observe(ROWS + 1e-12, LABELS)  # the model reads single precision
    assert len(served) == 10
    served.observe(ROWS + 1e-4, LABELS)
    assert len(served) == 20
    next(model.parameters()).data += 0.1
    served.observe(ROWS, LABELS)
    assert len(served) == 30
    rounding = CachedObserver(model, decimals=2)
    rounding.observe(ROWS.round(2) + 1e-4, LABELS)
    rounding.observe(ROWS.round(2) - 1e-4, LABELS)
    assert len(rounding) == 10


def test_a_folder_keeps_answers_for_the_next_process(model, tmp_path):
    first = CachedObserver(model, folder=tmp_path / "kept").observe(ROWS, LABELS)
    other = CachedObserver(model, folder=tmp_path / "kept")
    assert len(other) == 10
    np.testing.assert_array_equal(other.observe(ROWS, LABELS).counts, first.counts)
    (file, *_) = sorted((tmp_path / "kept").iterdir())
    file.write_bytes(file.read_bytes()[:-20])
    with pytest.raises(InputError, match="kept answer"):
        CachedObserver(model, folder=tmp_path / "kept").observe(ROWS, LABELS)


@pytest.mark.parametrize("kept", [False, True])
def test_the_least_recently_used_answers_are_dropped(model, tmp_path, kept):
    served = CachedObserver(model, max_rows=4, folder=tmp_path / "kept" if kept else None)
    first = served.observe(ROWS[:4], LABELS[:4])
    served.observe(ROWS[:1], LABELS[:1])
    served.observe(ROWS[4:7], LABELS[4:7])
    assert len(served) == 4
    np.testing.assert_array_equal(served.observe(ROWS[:1], LABELS[:1]).counts, first.counts[:1])
    assert len(served.observe(ROWS, LABELS)) == 10


def test_threads_get_the_same_answers(model):
    served = CachedObserver(model)
    with ThreadPoolExecutor(4) as pool:
        answers = list(pool.map(lambda _: served.observe(ROWS, LABELS).counts, range(8)))
    for counts in answers[1:]:
        np.testing.assert_array_equal(counts, answers[0])


def test_a_limit_of_none_is_refused(model):
    with pytest.raises(InputError, match="max_rows must be an integer of at least 1"):
        CachedObserver(model, max_rows=0)
