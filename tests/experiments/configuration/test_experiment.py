"""Experiment: what it refuses, what it stands for, and presets for all it can name."""

import itertools
import pickle
from dataclasses import replace

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.data import CLASS_DATASET_NAMES, ForgetRequest
from qiskit_qmu.experiments import Experiment, Setup, overridden, preset
from qiskit_qmu.experiments.configuration.experiment_backends import training_backend
from qiskit_qmu.models import BasicQNN, HybridQNN
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    METHODS,
    Chain,
    RelativeGradientAscent,
    Repeat,
    UnlearningStrategy,
    Unlikelihood,
    make_strategy,
)


def built(experiment):
    """Return its untrained model."""
    return Setup.load(experiment, 0).build_model(open_backend("exact"))


KINDS = {"class": {}, "instances": {"forget": ForgetRequest(fraction=0.1)}}


@pytest.mark.parametrize(
    ("dataset", "model", "kind"),
    list(itertools.product(CLASS_DATASET_NAMES, ("basic", "hybrid"), KINDS)),
)
def test_presets_are_valid_for_all_that_can_be_named(dataset, model, kind):
    experiment = Experiment(dataset=dataset, model=model, **KINDS[kind])
    assert experiment.kind == kind
    for num_features in (4, 64, 784):
        chosen, trainer = experiment.preset(num_features), experiment.trainer(num_features)
        assert isinstance(trainer, Trainer)
        for method in METHODS:
            assert isinstance(make_strategy(method, chosen.strategies, trainer), UnlearningStrategy)


@pytest.mark.parametrize("name", ["basic", "hybrid"])
def test_small_rows_get_small_models(name):
    experiment = Experiment(dataset="iris", model=name)
    model = built(experiment)
    assert isinstance(model, {"basic": BasicQNN, "hybrid": HybridQNN}[name])
    assert model.config.num_qubits == 4
    assert model.config.num_classes == 3


def test_settings_reach_model_trainer_and_strategies():
    settings = {
        "model.num_layers": 1,
        "model.rotations": ["rx", "rz", "rx"],
        "trainer.epochs": 7,
        "rga-r.alpha": 4.5,
        "rga-r.parameters": "quantum",
        "repair.epochs": 9,
    }
    experiment = Experiment(dataset="iris", model="basic", settings=settings)
    trainer = experiment.trainer(4)
    assert trainer.epochs == 7
    repeated = make_strategy("rga-r", experiment.preset(4).strategies, trainer)
    assert isinstance(repeated, Repeat)
    chain = repeated.strategy
    assert isinstance(chain, Chain)
    ascent, repair = chain.strategies
    assert isinstance(ascent, RelativeGradientAscent)
    assert (ascent.alpha, ascent.parameters) == (4.5, "quantum")
    assert isinstance(repair, Unlikelihood)
    assert (repair.epochs, repair.forget_weight) == (9, 1.0)
    assert make_strategy("oracle", experiment.preset(4).strategies, trainer).trainer is trainer
    model = built(experiment)
    assert (model.config.num_layers, model.config.rotations) == (1, ("rx", "rz", "rx"))


@pytest.mark.parametrize("model", ["hybrid", "user_models:make_model"])
def test_strategies_follow_the_training_that_was_asked_for(model):
    training = {"epochs": 20, "learning_rate": 0.0007, "batch_size": 48}
    settings = {f"trainer.{name}": value for name, value in training.items()}
    experiment = Experiment(dataset="iris", model=model, settings=settings)
    chosen = experiment.preset(4).strategies
    assert chosen["lca"]["learning_rate"] == 0.0007
    assert chosen["unlikelihood"] == {"epochs": 2, "learning_rate": 0.0007, "batch_size": 24}
    # What is said of a strategy itself still has the last word.
    settings["lca.learning_rate"] = 0.5
    asked = replace(experiment, settings=settings).preset(4).strategies
    assert asked == {**chosen, "lca": {**chosen["lca"], "learning_rate": 0.5}}


@pytest.mark.parametrize("name", ["basic", "hybrid"])
def test_amplitude_encoding_takes_its_own_number_of_features(name):
    settings = {"model.encoding": "amplitude"}
    experiment = Experiment(dataset="iris", model=name, settings=settings)
    model = built(experiment)
    assert (model.config.num_qubits, model.config.num_features) == (4, 16)


def test_a_number_of_features_that_was_asked_for_is_kept():
    settings = {"model.encoding": "amplitude", "model.num_features": 3}
    experiment = Experiment(dataset="iris", model="basic", settings=settings)
    model = built(experiment)
    assert model.config.num_features == 3


def test_a_repaired_form_has_its_own_ascent():
    chosen = overridden(preset("digits", "basic", "class", 64), {"ga-r.confidence_threshold": 0.01})
    base = chosen.strategies
    plain = make_strategy("ga", base, Trainer())
    deep = make_strategy("ga-r", base, Trainer()).strategy.strategies[0]
    assert plain.confidence_threshold is None
    assert deep.confidence_threshold == 0.01


def test_the_oracle_comes_first_and_each_method_once():
    experiment = Experiment(methods=("ga", "oracle", "ga", "noop"))
    assert experiment.all_methods == ("oracle", "ga", "noop")


def test_what_is_forgotten():
    def split(forget=None, **options):
        return Setup.load(Experiment(forget=forget, **options), 0).split

    base = {"dataset": "iris", "validation_fraction": 0.0}
    assert split(**base).label == 1
    assert split(ForgetRequest(label=2), **base).label == 2
    rows = split(ForgetRequest(fraction=0.2), **base)
    assert (rows.kind, len(rows.forget)) == ("instances", 21)
    assert split(ForgetRequest(indices=(4, 2)), **base).forget.indices.tolist() == [2, 4]
    assert split().label == 4


def test_seeds_draw_their_own_rows():
    first = Setup.load(Experiment(dataset="iris"), 0)
    assert first.of_seed(0) is first  # its rows are loaded once
    again, other = Setup.load(first.experiment, 0), first.of_seed(1)
    assert first.split.to_dict() == again.split.to_dict()
    assert first.split.to_dict()["digests"] != other.split.to_dict()["digests"]


def test_an_experiment_is_a_value():
    assert Experiment(dataset="iris") == Experiment(dataset="iris", forget=ForgetRequest(label=1))
    named = Experiment(dataset="iris", forget=ForgetRequest(label="versicolor"))
    assert named == Experiment(dataset="iris")
    experiment = Experiment(dataset="iris", settings={"ga.learning_rate": 0.1}, methods=("ga",))
    twin = Experiment.from_dict(experiment.to_dict())
    assert twin == experiment == pickle.loads(pickle.dumps(experiment))
    assert hash(twin) == hash(experiment)
    assert twin.digest() == experiment.digest()
    with pytest.raises(AttributeError):
        experiment.seed = 3


def test_more_seeds_continue_the_same_experiment_and_nothing_else_does():
    base = Experiment(dataset="iris")
    assert Experiment(dataset="iris", seeds=5).digest() == base.digest()
    for change in (
        {"seed": 1},
        {"methods": ("ga",)},
        {"shots": 10},
        {"model": "basic"},
        {"settings": {"ga.learning_rate": 0.1}},
        {"validation_fraction": 0.2},
    ):
        assert Experiment(**{"dataset": "iris", **change}).digest() != base.digest()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (
            {"dataset": "cifar"},
            "dataset must be one of digits, iris, diabetes, phases, mnist",
        ),
        (
            {"dataset": "diabetes"},
            "is a classifier, but diabetes has a regression target",
        ),
        ({"model": "big"}, "model must be one of basic, hybrid, package.module:factory; got 'big'"),
        ({"seeds": 0}, "seeds must be an integer of at least 1, got 0"),
        ({"seeds": 2.0}, "seeds must be an integer of at least 1, got 2.0"),
        ({"seeds": "two"}, "seeds must be an integer of at least 1, got 'two'"),
        ({"seed": -1}, "seed must be an integer of at least 0, got -1"),
        ({"shots": 0}, "shots must be an integer of at least 1, got 0"),
        ({"validation_fraction": 0.6}, "validation_fraction must lie between 0.0 and 0.5"),
        ({"validation_fraction": "x"}, "validation_fraction must be a number, got 'x'"),
        ({"methods": ()}, "methods must not be empty"),
        ({"methods": ("magic",)}, "method must be one of .*; got 'magic'"),
        ({"settings": {"magic.epochs": 1}}, "a setting must be STAGE.NAME with a stage of model"),
        ({"settings": {"trainer": 1}}, "a setting must be STAGE.NAME"),
        ({"settings": {"trainer.epoch": 1}}, "got 'epoch'; did you mean epochs"),
        ({"settings": {"rga.beta": 1}}, "does not accept these settings: 'beta'"),
        ({"settings": {"trainer.epochs": "abc"}}, "epochs must be an integer of at least 1"),
        ({"settings": {"trainer.epochs": None}}, "epochs must be an integer of at least 1"),
        ({"settings": {"trainer.learning_rate": -1}}, "learning_rate must be positive, got -1"),
        ({"settings": {"rga.alpha": "x"}}, "alpha must be a number, got 'x'"),
        ({"settings": {"ga.learning_rate": [1]}}, "learning_rate must be a number, got"),
        ({"settings": {"ssd.reference": 3}}, "reference must be one of retain, all; got 3"),
        ({"settings": {"gd.parameters": "head"}}, "parameters must be one of all"),
        # A method that is not run must not hide a mistake.
        (
            {"methods": ("noop",), "settings": {"ga.speed": 1}},
            "does not accept these settings: 'speed'",
        ),
    ],
)
def test_what_is_not_possible_is_refused(options, message):
    with pytest.raises(InputError, match=message):
        Experiment(**options)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"model.num_qubits": "x"}, "num_qubits must be an integer of at least 1, got 'x'"),
        ({"model.num_qubits": 0}, "must be an integer of at least 1, got 0"),
        ({"model.encoding": "angle"}, "encoding must be one of"),
        ({"model.depth": 3}, "has no setting 'depth'"),
        ({"model.rotations": 5}, "does not accept these settings: "),
        ({"model.seed": 5}, "does not take from settings 'seed'"),
        ({"model.backend": "aer"}, "does not take from settings 'backend'"),
        ({"model.qnn": 1}, "does not take from settings 'qnn'"),
        ({"model.num_classes": 2}, "does not take from settings 'num_classes'"),
    ],
)
@pytest.mark.parametrize("name", ["basic", "hybrid"])
def test_models_that_are_not_possible_are_refused(name, settings, message):
    with pytest.raises(InputError, match=message):
        built(Experiment(dataset="iris", model=name, settings=settings))


@pytest.mark.parametrize(
    "values",
    [[], None, {"depth": 3}, {"settings": None}, {"forget": {"label": 1, "fraction": 0.1}}],
)
def test_what_is_no_experiment_is_refused(values):
    with pytest.raises(InputError):
        Experiment.from_dict(values)


def test_unknown_methods_are_refused():
    with pytest.raises(InputError, match="method must be one of noop, oracle, oracle-2, gd"):
        make_strategy("forget", {}, Trainer())


def test_overriding_does_not_change_the_base():
    base = preset("iris", "basic", "class", 4)
    changed = overridden(base, {"trainer.epochs": 1, "ga.max_epochs": 3})
    assert changed.trainer["epochs"] == 1
    assert changed.strategies["ga"]["max_epochs"] == 3
    assert base == preset("iris", "basic", "class", 4)


@pytest.mark.parametrize(("row", "qubits", "features"), [(64, 6, 6), (64, 12, 12), (4, 6, 4)])
def test_a_basic_model_has_as_many_features_as_the_qubits_that_were_asked_for(
    row, qubits, features
):
    experiment = Experiment(model="basic", settings={"model.num_qubits": qubits})
    model = BasicQNN(**experiment.preset(row).model, num_classes=2)
    assert (model.config.num_qubits, model.config.num_features) == (qubits, features)
    own = {"model.num_qubits": qubits, "model.num_features": 3}
    assert Experiment(model="basic", settings=own).preset(row).model["num_features"] == 3


def test_each_use_of_a_simulator_has_shots_of_its_own_and_repeats_them():
    experiment = Experiment(shots=10)
    purposes = [(), ("unlearning", "ssd", "0"), ("unlearning", "oracle", "0"), ("audit", "0")]
    seeds = [training_backend(experiment, 0, *own).settings()["seed"] for own in purposes]
    assert len(set(seeds)) == len(seeds)
    assert seeds == [training_backend(experiment, 0, *own).settings()["seed"] for own in purposes]
