"""AngleScaler: components of the training rows, two standard deviations to the largest angle."""

import math

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from qiskit_qmu._check import InputError
from qiskit_qmu.models.angle_scaler import AngleScaler


@pytest.fixture
def rows(generator):
    return generator.normal(3.0, [1.0, 5.0, 0.1, 2.0], (40, 4)).astype(np.float32)


def test_angles_are_scikit_learns_components_scaled_to_two_deviations(rows):
    scaler = AngleScaler(2, math.pi / 2, centre=1.0)
    scaler.fit(rows)
    components = PCA(2, svd_solver="full").fit_transform(rows.astype(np.float64))
    expected = components / components.std(axis=0) / 2 * math.pi / 2
    clipped = np.clip(expected, -math.pi / 2, math.pi / 2) + 1.0
    np.testing.assert_allclose(scaler(torch.tensor(rows)).numpy(), clipped, atol=1e-5)


def test_as_many_values_as_features_are_scaled_one_by_one(rows):
    scaler = AngleScaler(4, 1.0)
    scaler.fit(rows)
    expected = np.clip((rows - rows.mean(axis=0)) / rows.std(axis=0) / 2, -1, 1)
    np.testing.assert_allclose(scaler(torch.tensor(rows)).numpy(), expected, atol=1e-5)


def test_no_row_is_turned_past_the_largest_angle(rows):
    scaler = AngleScaler(3, 0.7, centre=0.2)
    scaler.fit(rows)
    angles = scaler(torch.tensor(1e6 * rows))
    assert float((angles - 0.2).abs().max()) == pytest.approx(0.7)


def test_a_constant_column_is_no_division_by_zero():
    scaler = AngleScaler(2, 1.0)
    rows = np.array([[1, 5], [2, 5], [3, 5]], dtype=np.float32)
    scaler.fit(rows)
    angles = scaler(torch.tensor(rows))
    assert torch.equal(angles[:, 1], torch.zeros(3))
    assert bool(torch.isfinite(angles).all())


def test_images_are_flattened(rows):
    flat, image = AngleScaler(2, 1.0), AngleScaler(2, 1.0)
    flat.fit(rows)
    image.fit(rows.reshape(40, 1, 2, 2))
    x = torch.tensor(rows)
    assert torch.equal(flat(x), image(x.reshape(40, 1, 2, 2)))


def test_before_fitting_only_angles_are_taken():
    scaler = AngleScaler(3, 1.0)
    angles = torch.tensor([[0.1, -9.0, 2.0]])
    assert not scaler.is_fitted
    assert torch.equal(scaler(angles), angles)
    with pytest.raises(InputError, match=r"not fitted yet: .* got 4"):
        scaler(torch.zeros(1, 4))


def test_rows_that_do_not_fit_are_refused(rows):
    scaler = AngleScaler(4, 1.0)
    with pytest.raises(InputError, match=r"at least num_features \(4\) values, got 3"):
        scaler.fit(rows[:, :3])
    with pytest.raises(InputError, match="training_rows must be an integer of at least 5, got 4"):
        scaler.fit(rows[:4])
    scaler.fit(rows)
    with pytest.raises(InputError, match="rows must have 4 values, got 5"):
        scaler(torch.zeros(2, 5))
