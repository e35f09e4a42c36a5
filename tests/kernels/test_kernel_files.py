"""Kernel models in files: the same model again, refused where something was changed."""

import numpy as np
import pytest
from qiskit.circuit.library import z_feature_map
from qiskit_machine_learning.kernels import FidelityQuantumKernel

from qiskit_qmu._check import InputError
from qiskit_qmu.kernels import (
    KernelGaussianProcess,
    KernelRidgeClassifier,
    KernelRidgeRegressor,
    LeastSquaresSVC,
    StatevectorKernel,
    load_kernel_model,
)

GENERATOR = np.random.default_rng(0)
X, NEW = GENERATOR.uniform(0, 1, (12, 2)), GENERATOR.uniform(0, 1, (5, 2))
LABELS = np.array(["low", "high", "middle"] * 4)
VALUES = X.sum(axis=1)


@pytest.mark.parametrize(
    ("model", "y"),
    [
        (KernelRidgeClassifier(StatevectorKernel(z_feature_map(2, reps=1)), alpha=0.1), LABELS),
        (LeastSquaresSVC(alpha=0.2, indefinite="clip"), LABELS),
        (KernelRidgeRegressor(alpha=0.1), np.stack([VALUES, -VALUES], axis=1)),
        (KernelGaussianProcess(alpha=0.1, prior_variance=2.0), VALUES),
    ],
    ids=lambda each: type(each).__name__,
)
def test_a_model_that_is_read_is_the_one_refitted_to_what_is_left(tmp_path, model, y):
    model.fit(X, y).delete([1, 5])
    model.save(tmp_path / "model")
    read = load_kernel_model(tmp_path / "model")
    assert type(read) is type(model)
    assert read.deletions_ == model.deletions_
    assert (read.alpha, read.indefinite) == (model.alpha, model.indefinite)
    read.unfit(X[[7]], y[[7]])
    kept = np.setdiff1d(np.arange(12), [1, 5, 7])
    assert read.rows_.tolist() == kept.tolist()
    refitted = type(model)(**model.get_params(deep=False)).fit(X[kept], y[kept])
    assert np.abs(read.dual_coef_ - refitted.dual_coef_).max() < 1e-10
    assert np.array_equal(read.predict(NEW), refitted.predict(NEW)) or np.allclose(
        read.predict(NEW), refitted.predict(NEW), rtol=0, atol=1e-10
    )


def test_a_measured_matrix_and_a_kernel_of_a_device(tmp_path):
    matrix = StatevectorKernel(z_feature_map(2, reps=1)).evaluate(X)
    model = KernelRidgeRegressor("precomputed", alpha=0.1).fit(matrix, VALUES)
    model.save(tmp_path / "measured")
    with pytest.raises(InputError, match="holds a saved kernel model already"):
        model.save(tmp_path / "measured")
    model.save(tmp_path / "measured", overwrite=True)
    read = load_kernel_model(tmp_path / "measured")
    assert np.allclose(read.predict(matrix), model.predict(matrix), rtol=0, atol=1e-12)
    kernel = FidelityQuantumKernel(feature_map=z_feature_map(2, reps=1))
    model = KernelRidgeRegressor(kernel, alpha=0.1).fit(X[:3], VALUES[:3])
    model.save(tmp_path / "device")
    with pytest.raises(InputError, match=r"a kernel that a file cannot hold; give it as kernel=…"):
        load_kernel_model(tmp_path / "device")
    read = load_kernel_model(tmp_path / "device", kernel=kernel)
    assert np.allclose(read.predict(NEW), model.predict(NEW), rtol=0, atol=1e-12)


def test_what_was_changed_is_refused(tmp_path):
    KernelRidgeRegressor(alpha=0.1).fit(X, VALUES).save(tmp_path / "model")
    index, arrays = (tmp_path / "model" / name for name in ("kernel_model.json", "arrays.npz"))
    whole = index.read_text()
    index.write_text(whole.replace('"alpha": 0.1', '"alpha": 0.9'))
    with pytest.raises(InputError, match="changed"):
        load_kernel_model(tmp_path / "model")
    index.write_text(whole)
    arrays.write_bytes(arrays.read_bytes()[:-1])
    with pytest.raises(InputError, match="changed"):
        load_kernel_model(tmp_path / "model")
    with pytest.raises(InputError, match=r"kernel_model\.json: No such file"):
        load_kernel_model(tmp_path / "nothing")
