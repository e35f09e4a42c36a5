"""Preprocessing against scikit-learn's own pipeline."""

import numpy as np
import pytest
import torch
from sklearn.impute import SimpleImputer
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

from qiskit_qmu._check import InputError
from qiskit_qmu.models import Preprocessing, fit_inputs, reinitialize


def table(seed, rows=60):
    """Numbers of several scales with gaps, a constant, a one-hot pair and a rare category."""
    rng = np.random.default_rng(seed)
    numbers = rng.normal([0, 1000, -5e-3], [1, 250, 1e-3], (rows, 3))
    numbers[rng.random((rows, 3)) < 0.2] = np.nan
    hot = (rng.random(rows) < 0.3).astype(float)
    rare = (np.arange(rows) == 0).astype(float)
    return np.column_stack([numbers, np.full(rows, 7.0), hot, 1 - hot, rare]).astype(np.float32)


def test_rows_are_those_of_scikit_learns_pipeline():
    train, test = table(0), table(1)
    pipeline = make_pipeline(SimpleImputer(strategy="median"), StandardScaler()).fit(train)
    preprocessing = Preprocessing()
    preprocessing.fit_inputs(train)
    for rows in (train, test):
        expected = pipeline.transform(rows)
        np.testing.assert_allclose(
            preprocessing(torch.tensor(rows)), expected, rtol=1e-4, atol=1e-5
        )


def test_a_feature_that_no_training_row_has_is_zero_and_harms_no_later_row():
    train = table(0)
    train[:, 1] = np.nan
    preprocessing = Preprocessing()
    preprocessing.fit_inputs(train)
    rows = preprocessing(torch.tensor(train))
    assert rows.isfinite().all()
    assert (rows[:, [1, 3]] == 0).all()


def test_it_is_fitted_once_and_forgets_when_weights_are_drawn_anew():
    model = torch.nn.Sequential(Preprocessing(), torch.nn.Linear(7, 2))
    fit_inputs(model, torch.tensor(table(0)))
    before = model[0].mean.clone()
    fit_inputs(model, torch.tensor(table(1)))
    assert torch.equal(model[0].mean, before)
    reinitialize(model, np.random.default_rng(0))
    assert not model[0].is_fitted
    fit_inputs(model, torch.tensor(table(1)))
    assert not torch.equal(model[0].mean, before)


def test_images_and_rows_of_another_width_are_refused():
    preprocessing = Preprocessing()
    with pytest.raises(InputError, match="shape"):
        preprocessing.fit_inputs(np.zeros((3, 1, 8, 8), np.float32))
    preprocessing.fit_inputs(table(0))
    with pytest.raises(InputError, match="must have 7 features"):
        preprocessing(torch.zeros(2, 6))
