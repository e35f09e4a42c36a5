"""A split that is not of the rows that a model was trained on is named, with the remedy."""

import pytest
from tiny_models import basic, iris

import qiskit_qmu as qmu
from qiskit_qmu.data import ForgetRequest, RowsWarning
from qiskit_qmu.models import training_rows
from qiskit_qmu.unlearning import FineTune, Retrain

TRAINER = qmu.Trainer(epochs=1, batch_size=105)


def _trained():
    """Return a model, the rows that it was trained on, and those held out."""
    held_out = iris().train.take(range(0, 105, 10))
    rows = iris().train.without(held_out)
    model = basic()
    TRAINER.fit(model, rows.x, rows.y, generator=0)
    return model, rows, held_out


def test_rows_that_were_not_trained_on_and_validation_rows_that_were():
    model, _, _ = _trained()
    asked = ForgetRequest(indices=(0, 1, 10))  # 0 and 10 were held out
    other = qmu.ForgetSplit.of(iris(), asked, validation_fraction=0.1)
    said = (
        r"which 2 of 3 forgotten rows were not trained on and \d+ of 1\d validation rows were "
        r"trained on; .*ForgetSplit.of_trained_rows"
    )
    with pytest.warns(RowsWarning, match=said) as warned:
        FineTune(epochs=1)(model, other)
    assert [each.filename for each in warned] == [__file__]
    with pytest.warns(RowsWarning, match=said) as warned:  # once, not for each oracle as well
        qmu.audit(model, other, original=model, trainer=TRAINER, oracles=2)
    assert [each.filename for each in warned] == [__file__]


def test_nothing_is_said_of_sequences_retrained_models_or_rows_that_the_model_cannot_compare():
    model, rows, held_out = _trained()
    first = qmu.ForgetSplit.of_trained_rows(iris(), ForgetRequest(indices=(1, 2)), rows, held_out)
    oracle = Retrain(trainer=TRAINER)(model, first).model
    qmu.audit(oracle, first, trainer=TRAINER, oracles=1)
    for reached in (oracle, FineTune(epochs=1)(model, first).model):
        request = ForgetRequest(indices=(3,))
        then = qmu.ForgetSplit.of_trained_rows(iris(), request, first.retain, held_out)
        FineTune(epochs=1)(reached, then)
    again = FineTune(epochs=1)(FineTune(epochs=1)(basic(), first).model, first)  # known to none
    assert training_rows(again.model) is None
    qmu.unlearning.Chain((Retrain(trainer=TRAINER), FineTune(epochs=1)))(model, first)
    scaled = basic()
    TRAINER.fit(scaled, rows.x / 2, rows.y, generator=0)
    FineTune(epochs=1)(scaled, first)
