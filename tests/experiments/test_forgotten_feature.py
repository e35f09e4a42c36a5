"""Forgetting a feature: the same rows with its mean, and the numbers beside the oracle."""

import numpy as np
import pandas as pd
import pytest
from tiny_models import basic, few_iris

from qiskit_qmu import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import dataset_from_arrays, feature_split, read_table, without_feature
from qiskit_qmu.experiments import forget_feature
from qiskit_qmu.metrics import jensen_shannon
from qiskit_qmu.models import reinitialize
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import FineTune

WIDTH = "petal width (cm)"
TRAINER = Trainer(epochs=2, learning_rate=0.1)


def test_the_oracle_is_trained_on_rows_with_the_mean():
    ds = few_iris()
    split = feature_split(ds, WIDTH, validation_fraction=0.1)
    assert np.array_equal(split.forget.x, np.delete(ds.x_train, split.validation.indices, axis=0))
    model = basic()
    TRAINER.fit(model, split.forget.x, split.forget.y, generator=0)
    strategy = FineTune(epochs=1)
    rows = forget_feature(model, split, {"gd": strategy}, trainer=TRAINER, seed=7)
    original, oracle, second, tuned = rows

    x, x_test = split.forget.x.copy(), ds.x_test.copy()
    x[:, 3] = x_test[:, 3] = ds.x_train[:, 3].mean()
    alone = basic()
    generator = stream(7, "oracle", "1")
    reinitialize(alone, generator)
    TRAINER.fit(alone, x, split.forget.y, generator=generator)
    own, its = (each.observe(x_test, ds.y_test) for each in (model, alone))
    assert original.divergence == pytest.approx(
        jensen_shannon(own.probabilities, its.probabilities)
    )
    assert original.accuracy == pytest.approx(own.accuracy - its.accuracy)
    assert (oracle.accuracy, oracle.divergence, oracle.cost, tuned.cost) == (0, 0, 1, 0.5)
    assert second.divergence > 0
    # Its principal components do not point along a column that never varied.
    assert original.influence > 1e-4 > oracle.influence


def test_a_category_becomes_its_shares_and_a_missing_number_the_mean(tmp_path):
    frame = pd.DataFrame(
        {
            "region": ["EU", "EU", "EU", "US"] * 5,
            "age": [1.0, 3.0, np.nan, 5.0] * 5,
            "label": ["a", "b"] * 10,
        }
    )
    frame.to_csv(tmp_path / "rows.csv", index=False)
    ds = read_table(tmp_path / "rows.csv", label="label", test=0.2)
    region = without_feature(ds, "region")
    share = (ds.column("region") == "EU").mean()
    np.testing.assert_allclose(region.x_test[:, :2], [[share, 1 - share]] * 4, rtol=1e-6)
    assert np.array_equal(region.x_train[:, 2], ds.x_train[:, 2], equal_nan=True)
    age = without_feature(ds, "age").x_train[:, 2]
    assert (age == np.float32(np.nanmean(ds.column("age")))).all()
    with pytest.raises(InputError, match="feature must be one of"):
        without_feature(ds, "ages")
    with pytest.raises(InputError, match="no named features"):
        without_feature(dataset_from_arrays([[1.0], [2.0]], [0, 1], [[1.0]], [1]), "age")
