"""Classifiers with a budget in files: weights, rows and ledger go on where they were."""

import json

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.certified import CertifiedClassifier, FrozenCircuit

GENERATOR = np.random.default_rng(0)
X = GENERATOR.normal(size=(60, 3))
Y = np.where(X[:, 0] > 0, "yes", "no")
CIRCUIT = FrozenCircuit(num_features=3, num_qubits=2)


def test_a_ledger_goes_on_where_it_was(tmp_path):
    model = CertifiedClassifier(CIRCUIT, noise=0.5, regularization=0.01, random_state=0).fit(X, Y)
    model.unfit(X[:1], Y[:1]).save(tmp_path / "model")
    with pytest.raises(InputError, match="holds a saved certified classifier already"):
        model.save(tmp_path / "model")
    model.save(tmp_path / "model", overwrite=True)
    read = CertifiedClassifier.load(tmp_path / "model")
    assert read.ledger_ == model.ledger_
    assert np.array_equal(read.predict_proba(X), model.predict_proba(X))
    for own in (read, model):
        own.unfit(X[1:3], Y[1:3])
    assert np.array_equal(read.coef_, model.coef_)
    assert read.ledger_ == model.ledger_
    # b follows from the seed, which must not be in the file.
    assert read.random_state is None
    content = json.loads((tmp_path / "model" / "certified_classifier.json").read_text())
    assert "random_state" not in json.dumps(content)


def test_functions_must_be_given_and_changes_are_refused(tmp_path):
    path = tmp_path / "model"
    CertifiedClassifier(np.tanh, noise=5.0, regularization=0.01).fit(X, Y).save(path)
    with pytest.raises(InputError, match="a function of yours; give it as features=…"):
        CertifiedClassifier.load(path)
    assert CertifiedClassifier.load(path, features=np.tanh).classes_.tolist() == ["no", "yes"]
    index = path / "certified_classifier.json"
    index.write_text(index.read_text().replace('"epsilon": 1.0', '"epsilon": 9.0'))
    with pytest.raises(InputError, match="changed"):
        CertifiedClassifier.load(path, features=np.tanh)
