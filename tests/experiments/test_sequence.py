"""Requests one after another: whom each model is compared with, on which rows."""

import numpy as np
import pytest
from tiny_models import basic, few_iris

from qiskit_qmu import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import ForgetRequest, ForgetSplit
from qiskit_qmu.experiments import unlearn_in_sequence
from qiskit_qmu.metrics import jensen_shannon
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import FineTune, NoOp, Retrain

TRAINER = Trainer(epochs=2, learning_rate=0.1)
ROWS = [ForgetRequest(indices=(1, 5, 7)), ForgetRequest(indices=(0, 2))]


@pytest.fixture(scope="module")
def trained():
    ds, held_out = few_iris(), (30, 38)
    left = np.setdiff1d(np.arange(40), held_out)
    model = basic()
    TRAINER.fit(model, ds.x_train[left], ds.y_train[left], generator=0)
    return model, ds, held_out, left


def test_the_second_request_is_answered_by_the_model_of_the_first(trained):
    model, ds, held_out, left = trained
    strategy = FineTune(epochs=1)
    found = unlearn_in_sequence(
        model, ds, ROWS, strategy=strategy, trainer=TRAINER, validation=held_out, seed=3
    )
    current = model
    for number, request in enumerate(ROWS, start=1):
        left = np.setdiff1d(left, request.indices)
        split = ForgetSplit.of_rows(
            ds,
            forget=ds.train.at(request.indices),
            retain=ds.train.at(left),
            validation=ds.train.at(held_out),
            label=None,
        )
        current = strategy(current, split, generator=stream(3, f"request {number}")).model
    oracle = Retrain(trainer=TRAINER)(model, split, generator=stream(3, "oracle", "2a")).model

    gone = [0, 1, 2, 5, 7]
    own, its = (each.observe(ds.x_train[gone], ds.y_train[gone]) for each in (current, oracle))
    last = found.rows[-2]
    assert (last.request, last.method, last.forgotten) == (2, "unlearned", 5)
    assert last.forget == np.mean(own.logits.argmax(1) == ds.y_train[gone]) - np.mean(
        its.logits.argmax(1) == ds.y_train[gone]
    )
    assert last.js_forget == pytest.approx(jensen_shannon(own.probabilities, its.probabilities))
    assert last.cost == (35 + 33) / (2 * 35 + 2 * 33)
    assert list(found.to_frame()["method"][:3]) == ["original", "unlearned", "oracle, another seed"]


def test_doing_nothing_is_the_original_and_a_class_leaves_the_test_rows(trained):
    model, ds, held_out, left = trained
    found = unlearn_in_sequence(
        model,
        ds,
        [ForgetRequest(label=1), ForgetRequest(label=2)],
        strategy=NoOp(),
        trainer=TRAINER,
        validation=held_out,
    )
    for original, unlearned in zip(found.rows[::3], found.rows[1::3], strict=True):
        assert (original.forget, original.js_retain) == (unlearned.forget, unlearned.js_retain)
        assert unlearned.cost == 0
    # Test rows of class 0 alone are left.
    test = ForgetSplit.by_class(ds, label=0).test_forget
    rows = ds.train.at(left)
    split = ForgetSplit.of_rows(
        ds,
        forget=rows.where(rows.y == 2),
        retain=rows.where(rows.y == 0),
        validation=ds.train.at(held_out),
        label=2,
    )
    oracle = Retrain(trainer=TRAINER)(model, split, generator=stream(0, "oracle", "2a")).model
    own, its = (each.observe(test.x, test.y).accuracy for each in (model, oracle))
    assert found.rows[-3].test == own - its


def test_rows_are_withdrawn_once(trained):
    model, ds, held_out, _ = trained
    with pytest.raises(InputError, match="got 5"):
        unlearn_in_sequence(
            model,
            ds,
            [ROWS[0], ForgetRequest(indices=(5,))],
            strategy=NoOp(),
            trainer=TRAINER,
            validation=held_out,
        )
