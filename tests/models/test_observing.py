"""observe: arrays of what a model says, and a model that is left as it was."""

import numpy as np
import pytest
import torch
from repeated_layers import Patches, Recurrent
from tiny_models import (
    StockClassifier,
    basic,
    hybrid,
    iris,
    iris_split,
    points,
    same_weights,
    sequential,
    weights_of,
)

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.models import in_mode, observe, on_backend
from qiskit_qmu.unlearning import GradientAscent


@pytest.mark.parametrize("build", [basic, hybrid, sequential])
def test_logits_and_circuit_outputs_are_the_models(build):
    model = build()
    getattr(model, "fit_inputs", lambda _x: None)(iris().x_train)
    seen = observe(model, iris().x_test, iris().y_test)
    x = torch.tensor(iris().x_test)
    with torch.no_grad():
        np.testing.assert_allclose(seen.logits, model(x).numpy(), atol=1e-6)
        circuit = model[1](model[0](x)) if build is sequential else model.quantum(model.angles(x))
    np.testing.assert_allclose(seen.expectations, circuit.numpy(), atol=1e-6)
    assert np.array_equal(seen.labels, iris().y_test)


def test_many_rows_are_taken_in_parts(generator):
    model = hybrid()
    x = generator.normal(size=(1100, 4)).astype(np.float32)
    seen = observe(model, x, np.zeros(1100, dtype=int))
    assert seen.logits.shape == (1100, 3)
    assert seen.expectations.shape == (1100, 3)
    with torch.no_grad():
        np.testing.assert_allclose(seen.logits, model(torch.tensor(x)).numpy(), atol=1e-6)


def test_a_users_stock_model():
    model = StockClassifier()
    seen = observe(model, points().x_test, points().y_test)
    assert seen.logits.shape == (9, 2)
    assert seen.expectations.shape == (9, 2)


def test_a_model_without_a_circuit_has_no_expectations():
    assert observe(torch.nn.Linear(4, 3), iris().x_test, iris().y_test).expectations is None


def test_the_model_is_left_as_it_was_mode_of_each_part_included():
    model = torch.nn.Sequential(
        torch.nn.Linear(4, 4), torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5), torch.nn.Linear(4, 3)
    )
    model.train()
    model[1].eval()
    before = weights_of(model)
    first = observe(model, iris().x_test, iris().y_test)
    assert [part.training for part in model.modules()] == [True, True, False, True, True]
    assert same_weights(before, weights_of(model))
    assert np.array_equal(first.logits, observe(model, iris().x_test, iris().y_test).logits)


def test_modes_come_back_after_an_error():
    model = torch.nn.Sequential(torch.nn.Linear(4, 3)).train()
    with pytest.raises(RuntimeError):
        observe(model, np.zeros((2, 5)), [0, 1])
    assert all(part.training for part in model.modules())
    with in_mode(model, training=False):
        assert not any(part.training for part in model.modules())
    assert all(part.training for part in model.modules())


@pytest.mark.parametrize(
    ("x", "y", "message"),
    [
        ([[np.nan, 0, 0, 0]], [0], "x must be finite, got 1"),
        ([[np.inf, 0, 0, 0]], [0], "x must be finite, got 1"),
        (np.zeros((0, 4)), [], "x must not be empty"),
        (np.zeros((2, 4)), [0], "x and y must have the same length, got 2 and 1"),
        (np.zeros((1, 4)), [3], "labels must lie between 0 and 2, got 3"),
        (np.zeros((1, 4)), [0.5], "labels must hold classes as whole numbers from 0 on, got 0.5"),
    ],
)
def test_rows_that_cannot_be_observed_are_refused(x, y, message):
    with pytest.raises(InputError, match=message):
        observe(hybrid(), x, y)


def test_a_model_whose_weights_are_not_finite_is_refused():
    model = hybrid()
    with torch.no_grad():
        model.head.bias[0] = torch.nan
    with pytest.raises(InputError, match="logits must be finite"):
        model.observe(iris().x_test, iris().y_test)


def _rows_of_patches(rows: int) -> torch.Tensor:
    return torch.linspace(-1, 2, 6 * rows).reshape(rows, 6).sin()


@pytest.mark.parametrize("flat", [False, True])
def test_outputs_of_several_calls_stand_side_by_side(flat):
    model, x = Patches(flat=flat), _rows_of_patches(600)
    seen = observe(model, x, np.zeros(600, dtype=int))
    with torch.no_grad():  # the slow way: row by row, patch by patch
        expected = [
            torch.cat([model.circuit(patch) for patch in row.split(2)]).tolist()
            for row in x[505:520]
        ]
    assert seen.expectations.shape == (600, 6)
    np.testing.assert_allclose(seen.expectations[505:520], expected, atol=1e-6)


def test_outputs_of_a_recurrent_layer():
    model, x = Recurrent(), _rows_of_patches(4)
    seen = observe(model, x, [0, 1, 0, 1])
    assert seen.expectations.shape == (4, 3 * 2)
    np.testing.assert_allclose(3 * seen.expectations[:, 4:], seen.logits, atol=1e-6)


def test_outputs_that_cannot_be_told_apart_are_left_out():
    first, x = Patches(patches_first=True), _rows_of_patches(3)
    seen = observe(first, x, [0, 1, 0])
    assert seen.expectations is None
    np.testing.assert_allclose(seen.logits, observe(Patches(), x, [0, 1, 0]).logits, atol=1e-6)


def test_counts_belong_to_one_call_for_each_row():
    model = on_backend(Patches(), open_backend("exact", shots=20))
    seen = observe(model, _rows_of_patches(4), [0, 1, 0, 1])
    assert seen.counts is None
    assert seen.expectations.shape == (4, 6)


@pytest.mark.parametrize("build", [basic, hybrid])
def test_double_precision(build):
    single, double = build(), build()
    x = iris().x_train
    for model in (single, double.double()):
        getattr(model, "fit_inputs", lambda _x: None)(x)
    seen = observe(double, x, iris().y_train)
    np.testing.assert_allclose(seen.logits, single.observe(x, iris().y_train).logits, atol=1e-5)
    moved = double.on(open_backend("exact"))
    np.testing.assert_allclose(moved.observe(x, iris().y_train).logits, seen.logits, atol=1e-12)
    with torch.no_grad():  # of rows that single precision would round
        fine = x[:2] + np.float64(1e-9)
        expected = double(torch.tensor(fine)).numpy()
    np.testing.assert_array_equal(observe(double, fine, [0, 1]).logits, expected)


class Autoencoder(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.encode, self.decode = torch.nn.Linear(4, 2), torch.nn.Linear(2, 4)

    def forward(self, x):
        return self.decode(self.encode(x))


class Reconstruction:
    predicts = "nothing"

    def row_losses(self, model, x, y):
        return (model.decode(model.encode(x)) - x).square().mean(1)


def test_a_model_that_predicts_nothing_has_losses_and_one_stratum():
    """Rows of an autoencoder are not told apart by classes that it was never given."""
    model, rows = Autoencoder(), iris()
    seen = observe(model, rows.x_test, rows.y_test, Reconstruction())
    x = torch.tensor(rows.x_test)
    with torch.no_grad():
        np.testing.assert_allclose(seen.losses, (model(x) - x).square().mean(1), rtol=1e-5)
    assert seen.logits is seen.labels is seen.outputs is None
    assert not seen.strata.any()
    np.testing.assert_array_equal(seen.membership_score, -seen.losses)
    moved = GradientAscent(loss_threshold=50.0, max_epochs=1, objective=Reconstruction())
    assert moved(model, iris_split("instances"), generator=0).changed


def test_a_loss_of_ones_own_on_classes_keeps_logits_and_labels():
    model, rows = sequential(), iris()

    def focal(model, x, y):
        ln_p = torch.log_softmax(model(x), 1).gather(1, y[:, None])[:, 0]
        return -((1 - ln_p.exp()) ** 2) * ln_p

    seen, plain = (
        observe(model, rows.x_test, rows.y_test, focal),
        observe(model, rows.x_test, rows.y_test),
    )
    np.testing.assert_array_equal(seen.logits, plain.logits)
    np.testing.assert_array_equal(seen.strata, rows.y_test)
    p = plain.confidence
    np.testing.assert_allclose(seen.losses, -((1 - p) ** 2) * np.log(p), rtol=1e-4)
    np.testing.assert_array_equal(seen.membership_score, -seen.losses)


@pytest.mark.parametrize(
    ("y", "objective", "message"),
    [
        (np.zeros(3), None, r"the shape \(3, 2\), but the targets \(3,\)"),
        (np.zeros((3, 4)), None, r"\(3, 2\), but the targets \(3, 4\)"),
        ([0, 1, 2], None, "labels must lie between 0 and 1, got 2"),
        (np.zeros(3), lambda model, x, _y: model(x).mean(), r"one loss per row, .*got \(\)"),
        (np.zeros(3), "mse", "an objective must be a function"),
    ],
)
def test_answers_that_do_not_fit_are_refused(y, objective, message):
    with pytest.raises(InputError, match=message):
        observe(torch.nn.Linear(2, 2), np.zeros((3, 2)), y, objective)
