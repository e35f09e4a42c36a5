"""BasicQNN: what is fitted to training rows, and how often."""

import math

import numpy as np
import pytest
import torch
from tiny_models import basic, iris, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.models import BasicQNN
from qiskit_qmu.training import Trainer


def test_components_are_fitted_on_the_rows_of_the_first_training_only():
    model = basic()
    first, second = iris().x_train[:50], iris().x_train[50:]
    Trainer(epochs=1).fit(model, first, iris().y_train[:50], generator=0)
    np.testing.assert_allclose(model.scaler.mean.numpy(), first.mean(axis=0), rtol=1e-5)
    fitted = {name: tensor.clone() for name, tensor in model.scaler.named_buffers()}
    Trainer(epochs=1).fit(model, second, iris().y_train[50:], generator=0)
    assert same_weights(fitted, dict(model.scaler.named_buffers()))


def test_rows_held_out_for_early_stopping_are_not_fitted():
    x, y = iris().x_train, iris().y_train
    model = basic()
    Trainer(epochs=1, patience=1, validation_fraction=0.5).fit(model, x, y, generator=0)
    held_out = np.random.default_rng(0).permutation(len(x))[: round(0.5 * len(x))]
    expected = np.delete(x, held_out, axis=0).mean(axis=0)
    np.testing.assert_allclose(model.scaler.mean.numpy(), expected, rtol=1e-5)


def test_reinitialising_forgets_what_was_fitted(generator):
    model = basic()
    model.fit_inputs(iris().x_train)
    before = weights_of(model)
    model.reinitialize(generator)
    assert not model.scaler.is_fitted
    assert not torch.equal(before["quantum.weight"], model.quantum.weight)
    assert float(model.quantum.weight.detach().abs().max()) <= 0.1


@pytest.mark.parametrize(("encoding", "largest"), [("ry", math.pi / 2), ("zz", math.pi / 4)])
def test_encodings_keep_rows_where_they_are_told_apart(encoding, largest):
    model = basic(encoding=encoding)
    model.fit_inputs(iris().x_train)
    angles = model.angles(torch.tensor(iris().x_train))
    centre = math.pi / 2 if encoding == "ry" else 0.0
    assert float((angles - centre).abs().max()) == pytest.approx(largest)


def test_more_features_than_qubits_are_refused():
    with pytest.raises(InputError, match=r"num_features must be at most num_qubits \(3\), got 4"):
        BasicQNN(4, 3, 3, 1)


def test_rows_with_too_few_values_are_refused_before_training():
    model = BasicQNN(4, 3, 4, 1)
    with pytest.raises(InputError, match=r"at least num_features \(4\) values, got 2"):
        Trainer(epochs=1).fit(model, np.zeros((9, 2)), np.zeros(9, dtype=int))
