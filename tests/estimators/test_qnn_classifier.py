"""The estimator in scikit-learn's hands, and rows that are withdrawn from it."""

import pickle

import numpy as np
import pytest
import torch
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import MinMaxScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError


def _tiny(**options):
    options = {"num_qubits": 2, "num_layers": 1, "epochs": 3, "random_state": 0, **options}
    return qmu.QNNClassifier(**options)


@pytest.fixture(scope="module")
def rows():
    generator = np.random.default_rng(3)
    labels = np.arange(24) % 3
    x = generator.normal(size=(24, 5)) + 2 * np.eye(5)[labels]
    return x, np.array(["ann", "bob", "cy"])[labels]


def test_unfitting_by_retraining_equals_fitting_to_the_others(rows):
    x, names = rows
    classifier = _tiny().fit(x, names)
    before = pickle.dumps(classifier.model_.state_dict())
    scores = classifier.predict_proba(x)
    np.testing.assert_array_equal(_tiny().fit(x, names).predict_proba(x), scores)  # the seed's
    split = classifier.split(x[[5, 2]], names[[5, 2]])
    assert split.forget.indices.tolist() == [2, 5]
    classifier.unfit(x[[5, 2]], names[[5, 2]])
    assert before != pickle.dumps(classifier.model_.state_dict())
    (result,) = classifier.unlearned_
    assert result.usage.gradient_evaluations == 3 * 22
    assert not any(x[5].astype(np.float32).tobytes() in pickle.dumps(p) for p in [classifier])
    # The same as the strategy called by hand on the rows that are left.
    other = _tiny().fit(x, names).model_
    strategy = qmu.unlearning.Retrain(trainer=classifier._trainer())
    generator = qmu._seeds.stream(classifier._seed, "unfit", "0")
    strategy_model = strategy(other, split, generator=generator).model
    np.testing.assert_allclose(
        classifier.predict_proba(x), strategy_model.predict_proba(x.astype(np.float32)), atol=1e-9
    )


def test_rows_that_were_not_fitted_or_are_withdrawn_already_are_refused(rows):
    x, names = rows
    classifier = _tiny(strategy="ga", epochs=1).fit(x, names)
    classifier.unfit(x[:1], names[:1])
    model = classifier.model_
    for bad_x, bad_names, message in (
        (x[:1], names[:1], "not among the fitted rows, or no longer"),
        (x[1:2], names[2:3], "1 of 1 rows with these labels"),
        (x[[1, 1]], names[[1, 1]], "1 of 2 rows"),
        (x[1:2], ["dan"], "dan is none of the fitted classes"),
        (x[1:], names[1:], "at least one row must be left"),
    ):
        with pytest.raises(InputError, match=message):
            classifier.unfit(bad_x, bad_names)
    assert classifier.model_ is model
    with pytest.raises(ValueError, match="features"):
        classifier.unfit(x[:, :3], names)
    observed = classifier.observe(x[:4], names[:4])
    assert observed.labels.tolist() == [0, 1, 2, 0]
    assert observed.num_classes == 3


def test_strategies_are_given_by_name_or_as_they_are(rows):
    x, names = rows
    given = qmu.unlearning.FineTune(epochs=1)
    for strategy in (given, "gd"):
        classifier = _tiny(strategy=strategy, epochs=1).fit(x, names).unfit(x[:2], names[:2])
        assert classifier.unlearned_[0].usage.gradient_evaluations > 0
    with pytest.raises(InputError, match="method must be one of"):
        _tiny(strategy="magic", epochs=1).fit(x, names).unfit(x[:2], names[:2])


def test_it_goes_into_pipelines_and_cross_validation(rows):
    x, names = rows
    scores = cross_val_score(make_pipeline(MinMaxScaler(), _tiny(epochs=1)), x, names, cv=2)
    assert scores.shape == (2,)


def test_rows_of_a_torch_dataset(rows):
    x, names = rows
    numbers = np.unique(names, return_inverse=True)[1]
    pairs = torch.utils.data.TensorDataset(torch.as_tensor(x), torch.as_tensor(numbers))
    ds = qmu.dataset_from_torch(torch.utils.data.Subset(pairs, [3, 1, 2]), iter(pairs))
    np.testing.assert_allclose(ds.x_train, x[[3, 1, 2]].astype(np.float32))
    assert ds.y_test.tolist() == numbers.tolist()
    with pytest.raises(InputError, match="pairs of row and label, got Tensor at 0"):
        qmu.dataset_from_torch(torch.eye(3), pairs)
    with pytest.raises(InputError, match="one shape"):
        qmu.dataset_from_torch([([1.0], 0), ([1.0, 2.0], 0)], pairs)
    with pytest.raises(InputError, match="torch Dataset, got int"):
        qmu.dataset_from_torch(3, pairs)


@pytest.mark.slow
@pytest.mark.ci
@parametrize_with_checks([_tiny(epochs=1, learning_rate=0.1)])
def test_scikit_learns_own_checks(estimator, check):
    if check.func.__name__ in ("check_classifiers_train", "check_classifiers_classes"):
        estimator.set_params(epochs=10)  # they look at what it has learned
    check(estimator)
