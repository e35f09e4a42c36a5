"""BasicQNN: what is fitted to training rows, and how often."""

import math

import numpy as np
import pytest
import torch
from tiny_models import basic, iris, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.circuits import amplitudes_of_angles
from qiskit_qmu.data import Dataset, dataset_from_arrays, load_dataset
from qiskit_qmu.models import BasicQNN, HybridQNN
from qiskit_qmu.training import Trainer


def only_first_two(x: np.ndarray, y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return x[y < 2], y[y < 2]


def learned(model: BasicQNN, data: Dataset, epochs: int) -> float:
    """Return the test accuracy of a trained model."""
    trainer = Trainer(epochs=epochs, batch_size=16, learning_rate=0.05)
    trainer.fit(model, data.x_train, data.y_train, generator=0)
    logits = model.observe(data.x_test, data.y_test).logits
    return float((logits.argmax(axis=1) == data.y_test).mean())


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
    model, validation = basic(), (x[60:], y[60:])
    Trainer(epochs=1, patience=1).fit(model, x[:60], y[:60], generator=0, validation=validation)
    np.testing.assert_allclose(model.scaler.mean.numpy(), x[:60].mean(axis=0), rtol=1e-5)


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


@pytest.mark.parametrize(("encoding", "features"), [("ry", 3), ("zz", 3), ("amplitude", 8)])
def test_by_default_there_are_as_many_features_as_the_encoding_holds(encoding, features):
    model = BasicQNN(num_classes=3, num_qubits=3, num_layers=1, encoding=encoding)
    assert model.config.num_features == features


def test_the_encoding_of_the_papers_code_has_256_amplitudes_on_8_qubits():
    model = BasicQNN(num_qubits=8, encoding="amplitude", num_layers=1)
    assert model.config.num_features == 256
    assert len(model.qnn.inputs) == 255
    rows = torch.rand(2, 1, 16, 16, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        amplitudes = amplitudes_of_angles(model.angles(rows))
    expected = rows.flatten(1) / rows.flatten(1).norm(dim=1, keepdim=True)
    torch.testing.assert_close(amplitudes, expected, rtol=0, atol=1e-6)


def test_more_amplitudes_than_there_are_are_refused():
    with pytest.raises(
        InputError, match=r"num_features must be at most 2\^num_qubits \(8\), got 9"
    ):
        BasicQNN(9, 3, 3, 1, encoding="amplitude")


def test_amplitude_encoding_on_shots_is_about_the_exact_one():
    exact = basic(encoding="amplitude", seed=2)
    sampled = exact.on(open_backend("exact", shots=4000, seed=1))
    angles = exact.angles(torch.tensor(iris().x_train[:8, :3]))
    with torch.no_grad():
        error = (sampled.quantum(angles) - exact.quantum(angles)).abs().max()
    # Deviation at most 1/√4000 = 0.016 for each of 24 numbers: above 6 of it with p < 1e-7.
    assert 0 < float(error) < 6 / 4000**0.5


def test_iris_is_learned_from_two_qubits():
    """Four values on 2 qubits, three classes."""
    model = BasicQNN(num_classes=3, num_qubits=2, num_layers=4, encoding="amplitude")
    assert learned(model, iris(), epochs=25) > 0.85


def test_digits_are_learned_from_sixteen_amplitudes():
    """Digits 0 and 1, 16 components on 4 qubits."""
    digits = load_dataset("digits", seed=0, train_size=600, test_size=400)
    binary = dataset_from_arrays(
        *only_first_two(digits.x_train, digits.y_train),
        *only_first_two(digits.x_test, digits.y_test),
    )
    model = BasicQNN(num_classes=2, num_qubits=4, num_layers=2, encoding="amplitude")
    assert model.config.num_features == 16
    assert learned(model, binary, epochs=8) > 0.85


def test_rows_with_too_few_values_are_refused_before_training():
    model = BasicQNN(4, 3, 4, 1)
    with pytest.raises(InputError, match=r"at least num_features \(4\) values, got 2"):
        Trainer(epochs=1).fit(model, np.zeros((9, 2)), np.zeros(9, dtype=int))


@pytest.mark.parametrize("build", [BasicQNN, lambda **options: HybridQNN((4,), **options)])
def test_a_model_that_was_not_told_its_classes_is_not_trained_on_fewer(build):
    x, y = iris().x_train, iris().y_train
    shape = {"num_qubits": 4, "num_layers": 1}
    trainer = Trainer(epochs=1)
    model = build(**shape)
    before = weights_of(model)
    message = r"has 10 classes by default, but the labels have 3: .*\(num_classes=3\)"
    with pytest.raises(InputError, match=message):
        trainer.fit(model, x, y, generator=0)
    assert same_weights(before, weights_of(model))
    trainer.fit(model, x[:20], np.arange(20) % 10, generator=0)  # it has seen its ten now
    trainer.fit(model.clone(), x, y, generator=0)
    trainer.fit(build(num_classes=10, **shape), x, y, generator=0)  # as its user wants it
