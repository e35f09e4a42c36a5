"""AmplitudeScaler: rows as they are, padded, or principal components, as a state of norm one."""

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from qiskit_qmu._check import InputError
from qiskit_qmu.circuits import amplitudes_of_angles
from qiskit_qmu.models.amplitude_scaler import AmplitudeScaler


@pytest.fixture
def rows(generator):
    return generator.normal(3.0, [1.0, 5.0, 0.1, 2.0, 1.0], (40, 5)).astype(np.float32)


def state(scaler: AmplitudeScaler, rows: np.ndarray) -> np.ndarray:
    return amplitudes_of_angles(scaler(torch.tensor(rows)).double()).numpy()


def normalised(rows: np.ndarray, size: int) -> np.ndarray:
    padded = np.pad(rows.astype(np.float64), ((0, 0), (0, size - rows.shape[1])))
    return padded / np.linalg.norm(padded, axis=1, keepdims=True)


@pytest.mark.parametrize("fitted", [False, True])
def test_rows_of_at_most_as_many_values_are_taken_as_they_are(rows, fitted):
    for num_features, num_qubits in ((5, 3), (8, 3), (16, 4)):
        scaler = AmplitudeScaler(num_features, num_qubits)
        if fitted:
            scaler.fit(rows)
        assert scaler.is_fitted == fitted
        expected = normalised(rows, 2**num_qubits)
        np.testing.assert_allclose(state(scaler, rows), expected, atol=1e-6)


def test_longer_rows_are_projected_on_scikit_learns_components(rows):
    for num_features, num_qubits in ((4, 2), (2, 1), (3, 2)):
        scaler = AmplitudeScaler(num_features, num_qubits)
        scaler.fit(rows)
        fitted = PCA(num_features, svd_solver="full").fit(rows.astype(np.float64))
        expected = normalised(fitted.transform(rows.astype(np.float64)), 2**num_qubits)
        np.testing.assert_allclose(state(scaler, rows), expected, atol=1e-5)


def test_images_are_flattened(rows):
    flat, image = AmplitudeScaler(2, 1), AmplitudeScaler(2, 1)
    flat.fit(rows[:, :4])
    image.fit(rows[:, :4].reshape(40, 1, 2, 2))
    x = torch.tensor(rows[:, :4])
    assert torch.equal(flat(x), image(x.reshape(40, 1, 2, 2)))


def test_what_was_fitted_is_forgotten(rows):
    scaler = AmplitudeScaler(2, 1)
    scaler.fit(rows)
    scaler.reset()
    assert not scaler.is_fitted
    assert scaler.projection.shape == (0, 2)


def test_rows_that_do_not_fit_are_refused(rows):
    scaler = AmplitudeScaler(4, 2)
    with pytest.raises(
        InputError, match=r"not fitted yet: .* at most 4 values before training, got 5"
    ):
        scaler(torch.tensor(rows))
    with pytest.raises(InputError, match="training_rows must be an integer of at least 5, got 4"):
        scaler.fit(rows[:4])
    scaler.fit(rows[:, :3])
    with pytest.raises(InputError, match="rows must have 3 values, got 4"):
        scaler(torch.zeros(2, 4))


def test_a_blank_row_is_refused():
    with pytest.raises(InputError, match="1 rows of amplitudes are all zeros"):
        AmplitudeScaler(4, 2)(torch.tensor([[0.0, 0.0, 0.0], [0.0, 1.0, 0.0]]))
