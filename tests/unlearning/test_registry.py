"""The registry: presets with their values, every setting, methods of one's own, worst cases."""

from dataclasses import dataclass, fields, replace

import numpy as np
import pytest
from tiny_models import iris_split

from qiskit_qmu._check import InputError
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    METHODS,
    Chain,
    FineTune,
    GradientAscent,
    Method,
    NoOp,
    PresetContext,
    RelativeGradientAscent,
    Repeat,
    Retrain,
    UnlearningStrategy,
    all_settings,
    make_strategy,
    preset_settings,
    summaries,
)

CLASS = PresetContext(
    dataset="iris", model="basic", kind="class", learning_rate=0.03, epochs=60, batch_size=16
)


def test_presets_of_a_class_follow_the_rate_of_training():
    rate = 0.2 * 0.03
    presets = preset_settings(CLASS)
    expected = {
        "gd": {"epochs": 5, "learning_rate": 0.03},
        "ga": {"optimizer": "sgd", "learning_rate": rate},
        "ga-r": {"optimizer": "sgd", "learning_rate": rate},
        "ssd": {},
        "ssd-r": {},
        "rga": {"learning_rate": rate},
        "rga-r": {"learning_rate": rate},
        "unlikelihood": {"epochs": 6, "batch_size": 8, "learning_rate": 0.03},
        "repair": {
            "epochs": 6,
            "batch_size": 8,
            "learning_rate": 0.03,
            "rounds": 4,
            "forget_weight": 1.0,
        },
    }
    assert {stage: presets[stage] for stage in expected} == expected
    assert not presets.keys() & {"noop", "oracle"}  # there is nothing to set


@pytest.mark.parametrize(
    ("model", "rate", "ga", "rga"),
    [
        (
            "hybrid",
            0.005,
            {"optimizer": "sgd", "learning_rate": 0.003, "max_epochs": 40},
            {"alpha": 5.0, "learning_rate": 0.01, "max_epochs": 10},
        ),
        (
            "basic",
            0.03,
            {"learning_rate": 0.003, "max_epochs": 10},
            {"alpha": 2.0, "learning_rate": 0.01, "max_epochs": 10},
        ),
        (
            "a model of one's own",
            0.01,
            {"learning_rate": 0.001, "max_epochs": 10},
            {"learning_rate": 0.002},
        ),
    ],
)
def test_presets_of_rows_follow_the_model(model, rate, ga, rga):
    presets = preset_settings(replace(CLASS, model=model, kind="instances", learning_rate=rate))
    assert presets["ga"] == presets["ga-r"] == pytest.approx(ga)
    assert presets["rga"] == presets["rga-r"] == pytest.approx(rga)
    assert presets["repair"] == {"epochs": 2, "learning_rate": rate / 2}


@pytest.mark.parametrize("kind", ["class", "instances"])
@pytest.mark.parametrize("model", ["basic", "hybrid", "a model of one's own"])
def test_a_model_trained_with_small_steps_is_unlearned_with_small_steps(model, kind):
    own = replace(CLASS, model=model, kind=kind)
    presets, smaller = (preset_settings(replace(own, learning_rate=rate)) for rate in (0.03, 0.003))
    steps = {name for name, method in METHODS.items() if "learning_rate" in method.hyperparameters}
    steps.remove("natural-ga")  # whose steps have a length in the space of states
    assert {name: smaller[name]["learning_rate"] for name in steps} == pytest.approx(
        {name: presets[name]["learning_rate"] / 10 for name in steps}
    )


def test_every_setting_of_every_method_has_a_value():
    settings = all_settings(preset_settings(CLASS))
    for name, method in METHODS.items():
        assert set(settings[name]) == {f.name for f in fields(method.strategy)} - {
            "trainer",
            "objective",
            *method.fixed,
        }
    assert settings["rga"]["alpha"] is None
    assert settings["ga"]["learning_rate"] == pytest.approx(0.006)
    assert settings["repair"] == {
        "epochs": 6,
        "batch_size": 8,
        "learning_rate": 0.03,
        "optimizer": "adam",
        "parameters": "all",
        "rounds": 4,
        "forget_weight": 1.0,
    }


@dataclass(frozen=True, kw_only=True)
class Halve(UnlearningStrategy):
    """A strategy of a user's own, with nothing but what it must have."""

    factor: float = 0.5

    def __call__(self, model, split, *, generator=None):
        return NoOp()(model, split, generator=generator)


def test_a_row_without_a_preset_is_complete_and_the_registry_is_not_changed():
    methods = {**METHODS, "halve": Method(strategy=Halve, summary="weights are halved")}
    assert make_strategy("halve", {}, Trainer(), methods=methods) == Halve()
    given = {"halve": {"factor": 0.1}}
    assert make_strategy("halve", given, Trainer(), methods=methods).factor == 0.1
    assert preset_settings(CLASS, methods=methods)["halve"] == {}
    assert all_settings({}, methods=methods)["halve"] == {"factor": 0.5}
    assert summaries(methods)["halve"] == "weights are halved"
    assert Halve().worst_case() == Halve()
    assert Halve().stopping_passes(iris_split()) == []
    with pytest.raises(InputError, match=r"method must be one of .*; got 'halve'"):
        make_strategy("halve", {}, Trainer())
    with pytest.raises(TypeError):
        METHODS["halve"] = methods["halve"]


def test_unknown_hyperparameters_are_refused():
    for settings in ({"ga": {"speed": 1}}, {"oracle": {"trainer": Trainer()}}):
        with pytest.raises(InputError, match=r"does not accept these settings"):
            make_strategy(next(iter(settings)), settings, Trainer())


def test_worst_cases_never_stop_early():
    ascent = GradientAscent(max_epochs=3)
    endless = ascent.worst_case()
    assert (endless.max_epochs, endless.loss_threshold) == (3, np.finfo(float).max)
    assert endless.confidence_threshold == 0.0
    assert RelativeGradientAscent().worst_case().loss_threshold == np.finfo(float).max
    trainer = Trainer(epochs=9, patience=2)
    assert Retrain(trainer=trainer).worst_case().trainer == replace(trainer, patience=9)
    tuned = FineTune()
    assert tuned.worst_case() is tuned
    assert Trainer().worst_case() == Trainer()
    chain = Chain((ascent, tuned))
    assert chain.worst_case() == Chain((endless, tuned))
    repeat = Repeat(strategy=chain, rounds=2)
    assert repeat.worst_case() == Repeat(strategy=chain.worst_case(), rounds=2, stop_early=False)


def test_passes_that_only_tell_when_to_stop():
    """Single rows stop at the loss of the validation rows, unless a threshold is given."""
    split, of_class = iris_split("instances"), iris_split("class")
    rows = len(split.validation)
    assert rows > 0
    assert GradientAscent().stopping_passes(split) == [rows]
    assert GradientAscent().stopping_passes(of_class) == []
    assert GradientAscent(loss_threshold=2.0).stopping_passes(split) == []
    chain = Chain((GradientAscent(), FineTune(), RelativeGradientAscent()))
    assert chain.stopping_passes(split) == [rows, rows]
    assert Repeat(strategy=chain, rounds=3).stopping_passes(split) == [rows] * 6
    assert Repeat(strategy=chain, rounds=3, again="last").stopping_passes(split) == [rows] * 4
