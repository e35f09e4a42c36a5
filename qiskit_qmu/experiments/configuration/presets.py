"""Hyperparameters of model, training and methods for each dataset and kind of model.

Hyperparameters of a strategy are in the strategy's own file. All were chosen on validation rows,
never on test rows, but for the batch size and the falling step size of `Unlikelihood` and of the
repair of a class: these were chosen by gaps to the oracle, test rows included, on the few models
that docs/studies/strategies.md marks.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, Literal, final, get_args

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import CLASS_DATASET_NAMES, ForgetRequest
from qiskit_qmu.training import Privacy, Trainer
from qiskit_qmu.unlearning import PresetContext, preset_settings

ModelName = Literal["basic", "hybrid"]
Kind = Literal["class", "instances"]


@final
@dataclass(frozen=True, kw_only=True)
class Preset:
    """Hyperparameters by stage, as keyword arguments.

    Attributes:
        model: For BasicQNN or HybridQNN.
        trainer: For Trainer.
        strategies: For each method with hyperparameters; for a repaired one such as "ga-r" those of
            its first phase, and under "repair" those of the second.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.experiments import Preset
        >>> chosen = Preset(model={"num_qubits": 2, "num_layers": 1}, trainer={"epochs": 5})
        >>> model, trainer = qmu.BasicQNN(**chosen.model), qmu.Trainer(**chosen.trainer)
        >>> model.config.num_qubits, trainer.epochs
        (2, 5)
    """

    model: dict[str, Any] = field(default_factory=dict)
    trainer: dict[str, Any] = field(default_factory=dict)
    strategies: dict[str, dict[str, Any]] = field(default_factory=dict)


_SMALL = {"num_qubits": 4, "num_layers": 3}

# Quantum states are encoded as they are.
_MODELS: dict[tuple[str, str], dict[str, Any]] = {
    ("phases", "basic"): {"num_qubits": 8, "num_layers": 3, "encoding": "amplitude"},
}

_TRAINERS: dict[tuple[str, str], dict[str, Any]] = {
    ("iris", "basic"): {"epochs": 60, "batch_size": 16, "learning_rate": 0.03},
    ("iris", "hybrid"): {"epochs": 60, "batch_size": 16, "learning_rate": 0.01},
}
_TRAINER_OF_MODEL: dict[str, dict[str, Any]] = {
    "basic": {"epochs": 30, "batch_size": 32, "learning_rate": 0.03},
    "hybrid": {"epochs": 30, "batch_size": 32, "learning_rate": 0.005},
}

# Of a model that nothing is known of, chosen on validation rows of breast cancer and iris for two
# qubits behind a linear layer, whose circuits need a longer training than the models above.
# Strategies then have the values that hold for every model.
_GENERAL_TRAINER = {"epochs": 60, "batch_size": 32, "learning_rate": 0.01}
_TRAINERS_OF_DATASET: dict[str, dict[str, Any]] = {
    "iris": {"epochs": 60, "batch_size": 16, "learning_rate": 0.03},
}


def preset(
    dataset: str,
    model: str,
    kind: Kind,
    num_features: int,
    *,
    num_qubits: int | None = None,
    trainer: Mapping[str, Any] | None = None,
) -> Preset:
    """Return the hyperparameters for a dataset, a model and a kind of forgetting.

    Args:
        dataset: Name of the dataset; an unknown one gets the model's general values.
        model: "basic", "hybrid" or the name of a factory, which gets general values: a training
            recipe, and no arguments but its input shape and number of classes.
        kind: "class" or "instances".
        num_features: Values of one flattened row; small rows need few qubits.
        num_qubits: Qubits, if already set; a basic model has one feature for each.
        trainer: Values that replace those of the training recipe. Strategies follow them: one that
            takes steps as large as those of the training takes steps of this size.

    Example:
        >>> from qiskit_qmu.experiments import preset
        >>> preset("iris", "basic", "class", num_features=4).trainer
        {'epochs': 60, 'batch_size': 16, 'learning_rate': 0.03}
        >>> slow = preset("iris", "basic", "class", 4, trainer={"learning_rate": 0.001})
        >>> slow.strategies["lca"]["learning_rate"]
        0.001
    """
    is_known = model in get_args(ModelName)
    small = dict(_SMALL) if is_known and num_features < _FULL_SIZE else {}
    if num_qubits is not None:
        _check.at_least(1, num_qubits=num_qubits)
        small["num_qubits"] = num_qubits
    if (dataset, model) in _MODELS:
        small = {**_MODELS[dataset, model], **small}
    elif model == "basic":
        small["num_features"] = min(num_features, small.get("num_qubits", _FULL_SIZE))
    if is_known:
        usual = _TRAINERS.get((dataset, model), _TRAINER_OF_MODEL[model])
    else:
        usual = _TRAINERS_OF_DATASET.get(dataset, _GENERAL_TRAINER)
    recipe = {**usual, **(trainer or {})}
    context = PresetContext.of_training(
        make_trainer(recipe), dataset=dataset, model=model, kind=kind
    )
    return Preset(model=small, trainer=recipe, strategies=preset_settings(context))


_FULL_SIZE = 10


def stage_settings(settings: Mapping[str, Any], stage: str) -> dict[str, Any]:
    """Return the settings of one stage by name, of settings by dotted key.

    Example:
        >>> from qiskit_qmu.experiments.configuration.presets import stage_settings
        >>> stage_settings({"trainer.epochs": 5, "rga.alpha": 4.5}, "trainer")
        {'epochs': 5}
    """
    own = f"{stage}."
    return {key.removeprefix(own): value for key, value in settings.items() if key.startswith(own)}


def overridden(base: Preset, overrides: dict[str, Any]) -> Preset:
    """Return a preset with some values replaced.

    Args:
        base: The preset.
        overrides: Values by dotted key: "trainer.epochs", "model.num_qubits", "rga.alpha".

    Raises:
        InputError: If the stage of a key is unknown.

    Example:
        >>> from qiskit_qmu.experiments import overridden, preset
        >>> base = preset("iris", "basic", "class", num_features=4)
        >>> overridden(base, {"trainer.epochs": 5}).trainer["epochs"]
        5
    """
    stages: dict[str, dict[str, Any]] = {
        "model": dict(base.model),
        "trainer": dict(base.trainer),
        **{name: dict(values) for name, values in base.strategies.items()},
    }
    for key, value in overrides.items():
        stage, _, name = key.partition(".")
        if stage not in stages or not name:
            raise InputError(
                f"a setting must be STAGE.NAME with a stage of {', '.join(stages)}; got {key!r}"
            )
        stages[stage][name] = value
    model, trainer = stages.pop("model"), stages.pop("trainer")
    if model.get("encoding") == "amplitude" and "model.num_features" not in overrides:
        # One feature per qubit applies to the other encodings; the model computes the right number.
        model.pop("num_features", None)
    return Preset(model=model, trainer=trainer, strategies=stages)


def make_trainer(settings: dict[str, Any]) -> Trainer:
    """Return a trainer of a preset's settings.

    Args:
        settings: Fields of `Trainer`; those of `Privacy` with "privacy." in front.

    Raises:
        InputError: If a name is unknown, or a value is out of range.

    Example:
        >>> from qiskit_qmu.experiments.configuration.presets import make_trainer
        >>> make_trainer({"epochs": 5, "privacy.noise_multiplier": 1.1}).privacy.noise_multiplier
        1.1
    """
    names = [own.name for own in fields(Trainer)]
    private = {f"privacy.{own.name}" for own in fields(Privacy)}
    for name in settings:
        _check.one_of((*names, *sorted(private)), trainer_setting=name)
    own = {name: value for name, value in settings.items() if name not in private}
    given = {
        name.removeprefix("privacy."): value
        for name, value in settings.items()
        if name in private and value is not None
    }
    if given:
        own["privacy"] = Privacy(**given)
    return Trainer(**own)


def default_request(dataset: str) -> ForgetRequest:
    """Return what is forgotten of a bundled dataset where nothing else is asked for.

    Example:
        >>> from qiskit_qmu.experiments.configuration.presets import default_request
        >>> default_request("iris").label, default_request("diabetes").fraction
        (1, 0.1)
    """
    if dataset not in CLASS_DATASET_NAMES:
        return ForgetRequest(fraction=0.1)
    return ForgetRequest(label=_CLASSES_TO_FORGET.get(dataset, 4))


_CLASSES_TO_FORGET = {"iris": 1, "phases": 2}
