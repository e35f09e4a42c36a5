"""Names of methods to strategies; the one place where strings name them."""

from collections.abc import Callable
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.experiments.presets import Preset
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    Chain,
    FineTune,
    GradientAscent,
    NoOp,
    RelativeGradientAscent,
    Repeat,
    Retrain,
    SelectiveDampening,
    UnlearningStrategy,
)

Settings = dict[str, dict[str, Any]]


def _repaired(strategy: UnlearningStrategy, settings: Settings) -> UnlearningStrategy:
    repair = dict(settings["repair"])
    rounds = repair.pop("rounds", 1)
    chain = Chain((strategy, FineTune(**repair)))
    return chain if rounds == 1 else Repeat(strategy=chain, rounds=rounds)


METHODS: dict[str, Callable[[Settings, Trainer], UnlearningStrategy]] = {
    "noop": lambda _s, _t: NoOp(),
    "oracle": lambda _s, t: Retrain(trainer=t),
    "gd": lambda s, _t: FineTune(**s["gd"]),
    "ga": lambda s, _t: GradientAscent(**s["ga"]),
    "ga-r": lambda s, _t: _repaired(GradientAscent(**s["ga-r"]), s),
    "ssd": lambda s, _t: SelectiveDampening(**s["ssd"]),
    "ssd-r": lambda s, _t: _repaired(SelectiveDampening(**s["ssd-r"]), s),
    "rga": lambda s, _t: RelativeGradientAscent(**s["rga"]),
    "rga-r": lambda s, _t: _repaired(RelativeGradientAscent(**s["rga-r"]), s),
}

DEFAULT_METHODS = ("oracle", "gd", "ga", "ga-r", "ssd", "ssd-r", "rga", "rga-r")


def make_strategy(method: str, preset: Preset, trainer: Trainer) -> UnlearningStrategy:
    """Return the strategy that a name stands for.

    Args:
        method: One of `METHODS`.
        preset: Its hyperparameters.
        trainer: The recipe of the original model, for the oracle.

    Raises:
        InputError: If the name or a hyperparameter is unknown, or a value is out of range.
    """
    _check.one_of(tuple(METHODS), method=method)
    try:
        return METHODS[method](preset.strategies, trainer)
    except TypeError as error:
        raise InputError(f"settings of {method} must be its hyperparameters: {error}") from error
