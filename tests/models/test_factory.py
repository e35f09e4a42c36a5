"""Users' own models: made by a factory, checked before any circuit runs, saved and loaded."""

import json
import sys

import numpy as np
import pytest
import safetensors.torch
import torch
from own_factories import build
from scipy.special import softmax
from tiny_models import few_iris, iris_split, same_weights, weights_of

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.models import (
    Classifier,
    build_from_factory,
    clone_module,
    load_model,
    load_module,
)
from qiskit_qmu.models.training_rows import forget_training_rows
from qiskit_qmu.unlearning import Retrain

X, Y = few_iris().x_train, few_iris().y_train
TRAINER = qmu.Trainer(epochs=1, learning_rate=0.05)


@pytest.fixture(scope="module")
def trained():
    """A classifier of the good factory that has seen rows with a gap."""
    model = build_from_factory(
        "own_factories:build",
        (4,),
        3,
        labels=("setosa", "versicolor", "virginica"),
        preprocess=True,
        settings={"width": 2},
        backend=open_backend("exact"),
    )
    rows = X.copy()
    rows[3, 1] = np.nan
    TRAINER.fit(model, rows, Y, generator=0)
    return model


@pytest.mark.parametrize(
    ("factory", "options", "message"),
    [
        ("own_factories.build", {}, "a factory must be named package.module:function"),
        ("no_such_file:build", {}, "no module 'no_such_file' for no_such_file:build"),
        ("own_factories:biuld", {}, "no function 'biuld' in module own_factories .it has build"),
        ("own_factories:NUMBER", {}, "must be a function, got int"),
        ("own_factories:build", {"settings": {"depth": 2}}, "unexpected keyword argument 'depth'"),
        ("own_factories:nothing", {}, "must return a torch module, got NoneType"),
        (
            "own_factories:classical",
            {},
            "own_factories:classical has no TorchConnector",
        ),
        ("own_factories:narrow", {}, "with 3 outputs, one per class, got 2"),
        ("own_factories:images_only", {}, r"fails on rows of shape \(4,\): RuntimeError: .*conv2d"),
        ("own_factories:broken", {}, r"raised KeyError: 'depth' \(own_factories.py, line 6\d\)"),
        ("own_factories:probabilities", {}, "--outputs probabilities"),
        ("own_factories:single_value", {}, "--outputs expectation"),
        ("own_factories:single_value", {"outputs": "expectation"}, "two classes, got 3"),
        ("own_factories:build", {"outputs": "probabilities"}, "must lie between 0 and 1"),
        ("own_factories:build", {"labels": ("a", "b")}, "one for each of the 3 classes"),
    ],
)
def test_what_cannot_be_used_is_refused_in_one_line(factory, options, message):
    with pytest.raises(InputError, match=message) as refusal:
        build_from_factory(factory, (4,), 3, **options)
    assert "\n" not in str(refusal.value)


def test_a_module_in_the_current_folder_is_found_and_its_faults_are_named(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "mine_today.py").write_text("import os\n\nx = 1 / 0\n")
    with pytest.raises(InputError, match=r"ZeroDivisionError.*\(mine_today.py, line 3\)"):
        build_from_factory("mine_today:build", (4,), 3)
    (tmp_path / "mine_too.py").write_text("from own_factories import build\n")
    assert build_from_factory("mine_too:build", (4,), 3).num_classes == 3


def test_declared_outputs_become_logits():
    model = build_from_factory("own_factories:probabilities", (4,), 3, outputs="probabilities")
    rows = torch.as_tensor(X[:5])
    model.eval()
    np.testing.assert_allclose(
        model.predict_proba(rows), model.module(rows).detach().numpy(), atol=1e-6
    )
    signs = build_from_factory(
        "own_factories:single_value", (4,), 2, outputs="expectation", labels=(-1, 1)
    ).eval()
    values = signs.module(rows).detach().numpy()[:, 0]
    np.testing.assert_allclose(signs.predict_proba(rows)[:, 1], (1 + values) / 2, atol=1e-6)
    np.testing.assert_array_equal(signs.predict(rows), np.where(values > 0, 1, -1))


def test_prediction_is_that_of_the_logits_in_evaluation_mode(trained):
    rows = X.copy()
    rows[0] = np.nan
    observed = trained.observe(rows, Y)
    assert trained.predict(rows).tolist() == [
        trained.labels[number] for number in observed.logits.argmax(1)
    ]
    np.testing.assert_allclose(
        trained.predict_proba(rows), softmax(observed.logits, axis=1), atol=1e-12
    )
    named = np.array(trained.labels)[Y]
    assert trained.score(rows, Y) == trained.score(rows, named) == observed.accuracy
    assert trained.training  # as it was


def test_rows_with_gaps_need_a_preprocessing():
    model = build_from_factory(build, (4,), 3)
    with pytest.raises(InputError, match="x must be finite"):
        model.predict([[0.1, 0.2, np.nan, 0.4]])


def test_saved_and_loaded_it_is_the_same(trained, tmp_path):
    trained.save(tmp_path / "m")
    loaded = load_model(tmp_path / "m")
    assert isinstance(loaded, Classifier)
    assert same_weights(weights_of(trained), weights_of(loaded))
    assert loaded.module[2] is loaded.module[3]
    np.testing.assert_array_equal(trained.predict_proba(X), loaded.predict_proba(X))
    assert loaded.predict(X).dtype.kind == "U"
    sampled = load_model(tmp_path / "m", backend=open_backend("exact", shots=50, seed=0))
    assert sampled.observe(X[:2], Y[:2]).counts.sum(1).tolist() == [50, 50]
    content = json.loads((tmp_path / "m" / "model.json").read_text())
    assert content["config"]["factory"]["name"] == "own_factories:build"


def test_a_changed_factory_is_said_and_one_that_is_gone_refused(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    file = tmp_path / "mine_later.py"
    file.write_text(
        "import own_factories\n\ndef build(*shapes):\n    return own_factories.build(*shapes)\n"
    )
    model = build_from_factory("mine_later:build", (4,), 3)
    model.save("m")
    file.write_text(file.read_text() + "\n# another line\n")
    with pytest.warns(UserWarning, match="mine_later.py.* has changed since the model was saved"):
        load_model("m")
    monkeypatch.delitem(sys.modules, "mine_later")
    file.unlink()
    with pytest.raises(InputError, match="no module 'mine_later' for mine_later:build"):
        load_model("m")


def test_a_module_of_unknown_make_is_not_saved(tmp_path):
    model = qmu.as_classifier(torch.nn.Linear(4, 3))
    with pytest.raises(InputError, match="factory=build"):
        model.save(tmp_path / "m")


def test_retraining_starts_from_a_new_module_of_the_factory(trained):
    """Weights, running statistics and scaling are those of a module that saw retained rows only."""
    split = iris_split("class")
    trained = clone_module(trained)
    forget_training_rows(trained)  # (one has a gap, and the split holds some out)
    first, second = (Retrain(trainer=TRAINER)(trained, split, generator=1) for _ in range(2))
    assert same_weights(weights_of(first.model), weights_of(second.model))
    batches = -(-len(split.retain) // TRAINER.batch_size)
    assert int(first.model.module[1].num_batches_tracked) == batches
    np.testing.assert_allclose(first.model.preprocessing.mean, split.retain.x.mean(0), rtol=1e-5)


def test_a_seed_decides_the_weights_also_of_lazy_layers():
    one, two, other = (
        build_from_factory("own_factories:lazy", (4,), 3, generator=seed) for seed in (0, 0, 1)
    )
    assert same_weights(weights_of(one), weights_of(two))
    assert not same_weights(weights_of(one), weights_of(other))


@pytest.mark.parametrize("kind", ["pt", "safetensors"])
def test_weights_from_elsewhere(kind, tmp_path):
    torch.manual_seed(5)
    module = build((4,), 3)
    file = tmp_path / f"weights.{kind}"
    if kind == "pt":
        torch.save(module.state_dict(), file)
    else:
        safetensors.torch.save_model(module, file)
    model = load_module(build, file, input_shape=(4,), num_classes=3)
    module.eval()
    torch.testing.assert_close(model.eval()(torch.as_tensor(X)), module(torch.as_tensor(X)))


def test_weights_that_are_not_the_modules_are_refused(tmp_path):
    file, state = tmp_path / "weights.pt", build((4,), 3).state_dict()
    given = {"input_shape": (4,), "num_classes": 3}
    for content, message in [
        (build((4,), 3), "has objects other than tensors"),
        ({**state, "9.weight": torch.ones(1)}, "has, unlike the module, 9.weight"),
        ({n: t for n, t in state.items() if n != "0.bias"}, "lacks 0.bias"),
        ({**state, "0.bias": torch.ones(3)}, r"0.bias must have shape \(2,\), got \(3,\)"),
        ({**state, "0.bias": torch.full((2,), torch.nan)}, "0.bias must be finite"),
        ([1, 2], "tensors by name"),
    ]:
        torch.save(content, file)
        with pytest.raises(InputError, match=message):
            load_module(build, file, **given)
    file.write_text("no weights")
    with pytest.raises(InputError, match=r"weights\.pt must hold"):
        load_module(build, file, **given)
    with pytest.raises(InputError, match="no file"):
        load_module(build, tmp_path / "gone.pt", **given)
