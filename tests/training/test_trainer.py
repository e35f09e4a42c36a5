"""Trainer against hand-written torch loops, and early stopping on rows that no step saw."""

import pickle
import re

import numpy as np
import pytest
import torch
from tiny_models import basic, hybrid, iris, iris_split, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.training import Trainer, TrainingHistory, batches


@pytest.fixture
def rows(generator):
    x = generator.normal(size=(23, 3)).astype(np.float32)
    return x, generator.integers(0, 2, 23)


def _linear(seed=0):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return torch.nn.Linear(3, 2)


def _loop(model, optimizer, x, y, epochs, size, seed):
    """Train as torch's tutorials do, with NumPy's permutations for batches."""
    generator = np.random.default_rng(seed)
    losses = []
    for _ in range(epochs):
        order, total = generator.permutation(len(x)), 0.0
        for start in range(0, len(x), size):
            batch = order[start : start + size]
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x[batch]), y[batch])
            loss.backward()
            optimizer.step()
            total += loss.item() * len(batch)
        losses.append(total / len(x))
    return losses


@pytest.mark.parametrize("name", ["adam", "sgd"])
@pytest.mark.parametrize("weight_decay", [0.0, 0.1])
def test_it_is_the_loop_that_one_would_write(rows, name, weight_decay):
    x, y = rows
    ours, theirs = _linear(), _linear()
    trainer = Trainer(
        epochs=4, batch_size=5, learning_rate=0.1, optimizer=name, weight_decay=weight_decay
    )
    history = trainer.fit(ours, x, y, generator=3)
    if name == "adam":
        optimizer = torch.optim.Adam(theirs.parameters(), lr=0.1, weight_decay=weight_decay)
    else:
        optimizer = torch.optim.SGD(
            theirs.parameters(), lr=0.1, momentum=0.9, weight_decay=weight_decay
        )
    losses = _loop(theirs, optimizer, torch.tensor(x), torch.tensor(y), 4, 5, seed=3)
    for own, other in zip(ours.parameters(), theirs.parameters(), strict=True):
        torch.testing.assert_close(own, other, atol=1e-7, rtol=1e-6)
    assert history.losses == pytest.approx(losses)
    assert history.steps == 4 * 5  # 23 rows are four batches of 5 and one of 3
    assert history.best_epoch == 4
    assert history.validation_losses == ()


def test_batches_come_from_the_generator():
    drawn = [batch.tolist() for batch in batches(7, 3, np.random.default_rng(1))]
    order = np.random.default_rng(1).permutation(7).tolist()
    assert drawn == [order[:3], order[3:6], order[6:]]


@pytest.mark.parametrize("build", [basic, hybrid])
def test_the_same_generator_gives_the_same_weights(build):
    def trained(generator):
        model = build()
        Trainer(epochs=1).fit(model, iris().x_train, iris().y_train, generator=generator)
        return weights_of(model)

    first = trained(1)
    assert same_weights(first, trained(np.random.default_rng(1)))
    assert not same_weights(first, trained(2))


def test_a_probabilities_readout_learns():
    model = basic(readout="probabilities")
    trainer = Trainer(epochs=25, batch_size=16, learning_rate=0.05)
    history = trainer.fit(model, iris().x_train, iris().y_train, generator=0)
    assert history.losses[-1] < 0.6 * history.losses[0]
    # Guessing the largest class of three is right for a third.
    assert model.observe(iris().x_test, iris().y_test).accuracy > 0.7


def test_the_global_random_states_are_left_alone(rows):
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    model = torch.nn.Sequential(torch.nn.Dropout(0.5), _linear())
    Trainer(epochs=2, patience=1).fit(model, *rows, generator=0, validation=rows)
    Trainer(epochs=1).fit(hybrid(), iris().x_train, iris().y_train, generator=0)
    assert torch.equal(torch_state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002


def test_dropout_depends_on_the_generator(rows):
    def trained(seed):
        model = torch.nn.Sequential(torch.nn.Dropout(0.5), _linear())
        # One batch of all rows: its order does not matter, dropout alone does.
        Trainer(epochs=1, batch_size=23).fit(model, *rows, generator=seed)
        return weights_of(model)

    torch.rand(3)
    first = trained(0)
    torch.rand(3)
    assert same_weights(first, trained(0))
    assert not same_weights(first, trained(1))


def test_parameters_without_gradient_stay_fixed(rows):
    model = torch.nn.Sequential(torch.nn.Linear(3, 3), _linear())
    model[0].requires_grad_(False)
    before = weights_of(model)
    Trainer(epochs=1, weight_decay=0.5).fit(model, *rows, generator=0)
    assert torch.equal(before["0.weight"], model[0].weight)
    assert not torch.equal(before["1.weight"], model[1].weight)


def test_modes_of_all_parts_come_back(rows):
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(3), _linear()).eval()
    model[1].train()
    Trainer(epochs=1).fit(model, *rows, generator=0)
    assert [part.training for part in model.modules()] == [False, False, True]
    assert int(model[0].num_batches_tracked) == 1  # it did train in training mode


def test_a_part_in_evaluation_mode_inside_a_module_in_training_mode_stays_in_it(rows):
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(3), torch.nn.BatchNorm1d(3), _linear())
    model[0].eval()
    Trainer(epochs=2, patience=1).fit(model, *rows, generator=0, validation=rows)
    assert [part.training for part in model.modules()] == [True, False, True, True]
    assert [int(model[i].num_batches_tracked) for i in (0, 1)] == [0, 2]


def test_progress_is_told_after_each_epoch(rows):
    told = []
    history = Trainer(epochs=3).fit(
        _linear(), *rows, generator=0, progress=lambda *values: told.append(values)
    )
    assert told == [(1, 3, history.losses[0]), (2, 3, history.losses[1]), (3, 3, history.losses[2])]


class _Bowl(torch.nn.Module):
    """Logits (w, 0) for every row; it keeps what it is shown in training mode."""

    def __init__(self, start=0.0):
        super().__init__()
        self.w = torch.nn.Parameter(torch.tensor([start]))
        self.shown = []

    def forward(self, x):
        if self.training:
            self.shown.append(x.clone())
        return torch.stack([self.w.expand(len(x)), torch.zeros(len(x))], dim=1)


def test_early_stopping_goes_back_to_the_best_epoch():
    # Training rows pull w up. The validation loss of three rows of class 0 and one of class 1 is
    # smallest at ln 3 = 1.0986 and grows after it.
    x, y = np.zeros((8, 1)), np.zeros(8, dtype=int)
    held = np.zeros((4, 1)), np.array([0, 0, 0, 1])
    model = _Bowl()
    trainer = Trainer(epochs=100, batch_size=8, learning_rate=0.2, patience=2)
    history = trainer.fit(model, x, y, generator=0, validation=held)
    best = int(np.argmin(history.validation_losses)) + 1
    assert history.best_epoch == best
    assert len(history.losses) == best + 2
    # Steps of Adam on a gradient of one sign are about 0.2: 1.0 or 1.2 is nearest.
    assert float(model.w.detach()) == pytest.approx(np.log(3), abs=0.15)
    again = _Bowl()
    Trainer(epochs=best, batch_size=8, learning_rate=0.2).fit(again, x, y, generator=0)
    assert torch.equal(model.w, again.w)


@pytest.mark.parametrize("validation", [None, "no rows"])
def test_early_stopping_holds_out_no_row_in_secret(validation):
    # The rows of a model's training set are all members: an audit takes them for such.
    split = iris_split(validation_fraction=0.0)
    model = _linear()
    given = split.validation if validation else None
    with pytest.raises(InputError, match=r"validation=split.validation of a split"):
        Trainer(patience=1).fit(model, np.zeros((20, 3)), np.zeros(20, int), validation=given)
    assert same_weights(weights_of(model), weights_of(_linear()))


def test_a_splits_validation_rows_will_do():
    split = iris_split("instances")
    trainer, given = Trainer(epochs=2, patience=1), split.validation
    models = hybrid(), hybrid()
    for model, validation in zip(models, (given, (given.x, given.y)), strict=True):
        trainer.fit(model, split.train.x, split.train.y, generator=0, validation=validation)
    assert same_weights(*map(weights_of, models))


def test_validation_rows_are_not_trained_on_and_all_others_are():
    x, y = np.arange(20, dtype=float)[:, None], np.zeros(20, dtype=int)
    model = _Bowl()
    validation = (np.full((3, 1), 99.0), np.zeros(3, dtype=int))
    Trainer(epochs=1, patience=1).fit(model, x, y, generator=0, validation=validation)
    assert set(torch.cat(model.shown).flatten().int().tolist()) == set(range(20))


def test_without_patience_validation_rows_are_not_looked_at():
    model = _Bowl()
    x, y = np.zeros((4, 1)), np.zeros(4, dtype=int)
    history = Trainer(epochs=2).fit(model, x, y, generator=0, validation=(x, y))
    assert history.validation_losses == ()


def test_a_trainer_is_a_value():
    trainer = Trainer(epochs=3)
    assert trainer == pickle.loads(pickle.dumps(trainer))
    assert hash(trainer) == hash(Trainer(epochs=3))
    assert "epochs=3" in repr(trainer)
    with pytest.raises(AttributeError):
        trainer.epochs = 4
    assert TrainingHistory(losses=(1.0,), validation_losses=(), best_epoch=1, steps=2).steps == 2


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"learning_rate": -0.1}, "learning_rate must be positive, got -0.1"),
        ({"learning_rate": float("nan")}, "learning_rate must be positive, got nan"),
        ({"learning_rate": 1e31}, "learning_rate must lie between 0.0 and 1e.30, got 1e.31"),
        ({"learning_rate": "fast"}, "learning_rate must be a number, got 'fast'"),
        ({"epochs": 0}, "epochs must be an integer of at least 1, got 0"),
        ({"epochs": 2.5}, "epochs must be an integer of at least 1, got 2.5"),
        ({"epochs": "abc"}, "epochs must be an integer of at least 1, got 'abc'"),
        ({"batch_size": 0}, "batch_size must be an integer of at least 1, got 0"),
        ({"optimizer": "adagrad"}, "optimizer must be one of adam, sgd; got 'adagrad'"),
        ({"weight_decay": -1}, "weight_decay must not be negative, got -1"),
        ({"patience": 0}, "patience must be an integer of at least 1, got 0"),
    ],
)
def test_bad_hyperparameters_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        Trainer(**options)


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[np.nan] * 3], [0], "x must be finite, got 3 missing values .*preprocess=True"),
        ([[np.nan, np.inf, 0]], [0], "x must be finite, got 2 NaN or infinite values"),
        ([[np.inf, 0, 0]], [0], "x must be finite, got 1"),
        (np.zeros((0, 3)), [], "x must not be empty"),
        (np.zeros((2, 3)), [0], "x and y must have the same length, got 2 and 1"),
        (np.zeros((1, 3)), [2], "labels must lie between 0 and 1, got 2"),
        (np.zeros((1, 3)), [-1], "labels must hold classes as whole numbers from 0 on, got -1"),
        (np.zeros((1, 3)), [0.5], r"the shape \(1, 2\), but the targets \(1,\); if"),
        (np.zeros((1, 3)), [[0]], r"labels must be one-dimensional, got shape \(1, 1\)"),
    ],
)
def test_bad_rows_are_refused(x, y, message):
    model = _linear()
    before = weights_of(model)
    with pytest.raises(InputError, match=message):
        Trainer(epochs=1).fit(model, x, y, generator=0)
    assert same_weights(before, weights_of(model))


def test_a_loss_that_is_no_number_is_an_error():
    # Adam's steps have the learning rate's size: two layers of 1e30 overflow to ∞ - ∞.
    model = torch.nn.Sequential(_linear(), torch.nn.Linear(2, 2))
    message = "the loss is nan at step 2 of epoch 1: lower learning_rate=1e+30"
    with pytest.raises(NonFiniteError, match=re.escape(message)):
        Trainer(batch_size=2, learning_rate=1e30).fit(model, np.ones((4, 3)), [0, 1, 0, 1])


def test_a_weight_that_is_no_number_after_the_last_step_is_an_error():
    trainer = Trainer(epochs=1, learning_rate=1e5, optimizer="sgd")  # × gradients of 1e38
    with pytest.raises(
        NonFiniteError, match="weight is NaN or infinite after the last step: lower"
    ):
        trainer.fit(_linear(), np.full((2, 3), 1e38), [0, 1], generator=0)


def test_a_validation_loss_that_is_no_number_is_an_error():
    held = np.full((2, 3), 3e38), np.array([0, 1])  # their sum overflows
    model = _linear()
    with torch.no_grad():
        model.weight.copy_(torch.tensor([[1.0, 1.0, 1.0], [1.0, 1.0, 1.0]]))
    with pytest.raises(NonFiniteError, match="the loss is nan after epoch 1 on the validation"):
        Trainer(epochs=2, patience=1).fit(
            model, np.ones((4, 3)), np.zeros(4, int), validation=held, generator=0
        )


def test_early_stopping_brings_back_buffers_that_are_not_saved_too():
    class Counting(_Bowl):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(1), persistent=False)

        def forward(self, x):
            self.seen += self.training
            return super().forward(x)

    x, y = np.zeros((4, 1)), np.zeros(4, dtype=int)
    held = np.zeros((1, 1)), np.array([1])  # training makes them worse from the first step on
    model = Counting()
    history = Trainer(epochs=9, patience=3).fit(model, x, y, generator=0, validation=held)
    assert (history.best_epoch, len(history.losses)) == (1, 4)
    assert float(model.seen) == 1


def test_lazy_layers_get_their_shape_in_training():
    model = torch.nn.Sequential(torch.nn.LazyLinear(3), torch.nn.LazyLinear(3))
    Trainer(epochs=1).fit(model, iris().x_train, iris().y_train, generator=0)
    assert (model[0].in_features, model[1].in_features) == (4, 3)


def test_a_linear_regression_is_that_of_least_squares(generator):
    """Gradient descent on the squared error of a linear module ends at numpy's least squares."""
    x = generator.normal(size=(40, 3))
    y = x @ [0.5, -1.0, 2.0] + 0.3 + 0.1 * generator.normal(size=40)
    model = torch.nn.Linear(3, 1).double()  # outputs (n, 1) for targets (n,)
    history = Trainer(epochs=300, batch_size=40, learning_rate=0.05).fit(model, x, y, generator=0)
    solution, residuals, *_ = np.linalg.lstsq(np.column_stack([x, np.ones(40)]), y, rcond=None)
    found = [*model.weight.detach()[0], model.bias.detach()[0]]
    np.testing.assert_allclose(found, solution, atol=1e-3)
    assert history.losses[-1] == pytest.approx(residuals[0] / 40, rel=1e-4)


def test_a_loss_of_ones_own_is_learned(generator):
    """The constant with the least absolute error is the median, with the squared error the mean."""
    y = np.array([0.0, 0.0, 0.1, 1.0, 5.0])
    ends = {}
    for objective in (None, lambda model, x, y: (model(x).squeeze(1) - y).abs()):
        model = torch.nn.Linear(1, 1, bias=True)
        trainer = Trainer(epochs=400, batch_size=5, learning_rate=0.02, objective=objective)
        trainer.fit(model, np.zeros((5, 1)), y, generator=generator)
        ends[objective is None] = model.bias.item()
    assert ends[True] == pytest.approx(y.mean(), abs=0.02)
    assert ends[False] == pytest.approx(np.median(y), abs=0.05)


def test_early_stopping_by_the_loss_of_values():
    model = torch.nn.Linear(1, 1)
    held = np.ones((1, 1)), np.array([-9.0])  # training on y = 9 makes it worse
    trainer = Trainer(epochs=9, patience=2, optimizer="sgd", learning_rate=0.01)
    history = trainer.fit(model, np.ones((4, 1)), np.full(4, 9.0), generator=0, validation=held)
    assert (history.best_epoch, len(history.losses)) == (1, 3)
    output = model(torch.ones(1, 1)).item()
    assert history.validation_losses[0] == pytest.approx((output + 9) ** 2, rel=1e-5)


def test_floats_train_a_classifier_on_classes():
    model, data = basic(), iris()
    same = basic()
    Trainer(epochs=1).fit(model, data.x_train, data.y_train.astype(float), generator=0)
    Trainer(epochs=1).fit(same, data.x_train, data.y_train, generator=0)
    assert same_weights(weights_of(model), weights_of(same))
