"""Shadow models: halves, equality of stacked and single training, and kept weights."""

import joblib
import numpy as np
import pytest
import torch

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.models import clone_module, largest_change, reinitialize
from qiskit_qmu.objectives import CrossEntropy
from qiskit_qmu.shadows import complementary_halves, shadow_models, train_shadows
from qiskit_qmu.shadows.digests import content_of
from qiskit_qmu.shadows.stacked_training import can_be_stacked

TRAINER = qmu.Trainer(epochs=2, batch_size=8, learning_rate=0.05)


def _iris(rows=41):
    return qmu.load_dataset("iris").train.take(range(rows))


def _model(**options):
    return qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1, **options)


def test_halves_are_complementary_and_uniform():
    included = complementary_halves(400, 7, np.random.default_rng(0))
    assert (included.sum(axis=1) == 3).all()
    assert not (included[::2] & included[1::2]).any()
    # One row of seven is in neither of a pair.
    assert ((~included[::2] & ~included[1::2]).sum(axis=1) == 1).all()
    np.testing.assert_allclose(included.mean(axis=0), 3 / 7, atol=0.08)
    # No row is left out twice before all were left out once.
    assert complementary_halves(14, 7, np.random.default_rng(1)).sum(axis=0).tolist() == [6] * 7
    with pytest.raises(InputError, match="even number"):
        complementary_halves(3, 7, np.random.default_rng(0))


@pytest.mark.parametrize(
    "trainer",
    [
        TRAINER,
        qmu.Trainer(epochs=2, batch_size=7, learning_rate=0.05, optimizer="sgd", weight_decay=0.01),
    ],
)
def test_stacked_models_are_those_that_are_trained_alone(trainer):
    pool, model = _iris(), _model()
    shadows = train_shadows(model, pool, count=4, trainer=trainer, seed=3)
    for number, shadow in enumerate(shadows.models):
        alone = clone_module(model)
        reinitialize(alone, stream(3, "shadows", str(number), "weights"))
        half = pool.take(np.flatnonzero(shadows.included[number]))
        trainer.fit(alone, half.x, half.y, generator=stream(3, "shadows", str(number), "batches"))
        assert largest_change(shadow, alone) < 1e-5
    assert largest_change(*shadows.models[:2]) > 0.1


def test_what_cannot_be_stacked_is_trained_one_by_one(monkeypatch):
    def refused(*_):
        raise AssertionError("stacked")

    monkeypatch.setattr(shadow_models, "train_stacked", refused)
    noisy = _model(backend=qmu.open_backend("exact", shots=50, seed=0))
    moving = torch.nn.Sequential(_model(), torch.nn.BatchNorm1d(3))
    drawing = torch.nn.Sequential(_model(), torch.nn.Dropout(0.5))
    for model in (noisy, moving, drawing):
        shadows = train_shadows(model, _iris(12), count=2, trainer=TRAINER)
        assert len(shadows.models) == 2
    rows = torch.zeros(2, 4), torch.zeros(2, dtype=torch.int64)
    model = _model()
    model.fit_inputs(_iris().x)
    assert can_be_stacked(model, TRAINER, CrossEntropy(), rows)
    early = qmu.Trainer(patience=1)
    assert not can_be_stacked(model, early, CrossEntropy(), rows)


def test_kept_models_are_not_trained_again(tmp_path, monkeypatch):
    pool = _iris()
    first = train_shadows(_model(), pool, count=2, trainer=TRAINER, folder=tmp_path)
    calls = []
    train = shadow_models._trained
    monkeypatch.setattr(
        shadow_models,
        "_trained",
        lambda models, *rest: (calls.append(len(models)), train(models, *rest))[1],
    )
    again = train_shadows(_model(), pool, count=2, trainer=TRAINER, folder=tmp_path)
    assert calls == []
    for one, other in zip(first.models, again.models, strict=True):
        assert largest_change(one, other) == 0.0
    np.testing.assert_array_equal(first.references().scores, again.references().scores)
    more = train_shadows(_model(), pool, count=4, trainer=TRAINER, folder=tmp_path)
    assert calls == [2]
    assert largest_change(first.models[1], more.models[1]) == 0.0
    # The order of rows decides which of them a model was trained on.
    other = {
        "order": (_model(), pool.take(range(len(pool))[::-1]), {}),
        "seed": (_model(), pool, {"seed": 1}),
        "circuit": (_model(encoding="zz"), pool, {}),
        "audited": (_model(), pool, {"audited": range(8)}),
        "shots": (_model(backend=qmu.open_backend("exact", shots=9, seed=0)), pool, {}),
        "number": (torch.nn.Sequential(_model(), Scaled(2.0)), pool, {}),
        "other number": (torch.nn.Sequential(_model(), Scaled(3.0)), pool, {}),
    }
    for model, rows, options in other.values():
        calls.clear()
        train_shadows(model, rows, count=2, trainer=TRAINER, folder=tmp_path, **options)
        assert sum(calls) == 2


class Scaled(torch.nn.Module):
    """A layer with a setting that is no tensor, and that its repr does not show."""

    def __init__(self, factor):
        super().__init__()
        self.factor = factor

    def forward(self, x):
        return self.factor * x


def test_models_are_the_same_from_other_processes():
    alone = train_shadows(_model(), _iris(), count=2, trainer=qmu.Trainer(epochs=1))
    told = []
    with joblib.parallel_config(backend="threading", n_jobs=2):
        shared = train_shadows(
            _model(),
            _iris(),
            count=2,
            trainer=qmu.Trainer(epochs=1),
            progress=lambda task, share: told.append((task, share)),
        )
    assert largest_change(alone.models[1], shared.models[1]) == 0.0
    assert told[-1] == ("training shadow models, 2 of 2 done", 1.0)


def test_settings_are_told_apart_and_unknown_ones_refused():
    def close(power):
        return lambda model, x, y: (model(x).squeeze(-1) - y).abs() ** power

    first, same, other = close(1), close(1), close(2)
    assert content_of(first) == content_of(same) != content_of(other)
    ascent = qmu.unlearning.GradientAscent(objective=first)
    assert content_of(ascent) != content_of(qmu.unlearning.GradientAscent(objective=other))
    with pytest.raises(InputError, match="make it a dataclass"):
        content_of(object())


def test_the_given_model_stays_as_it_is():
    model = _model()
    before = clone_module(model)
    train_shadows(model, _iris(), count=2, trainer=TRAINER)
    assert largest_change(model, before) == 0.0
