"""The "-r" methods: a strategy, then a repair on the retained rows, in rounds if needed."""

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning import fine_tune, unlikelihood
from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.fine_tune import FineTune
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.repeat import Again, Repeat
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.unlikelihood import Unlikelihood

REPAIR = "repair"
"""Stage of the settings that all repaired methods share: those of `FineTune`, ``rounds``, and
``forget_weight``: 0 for a repair on the retained rows alone, as in the QMU paper; more for one that
also keeps forgotten rows from being classified correctly again, see `Unlikelihood`."""

# If a class returns in the repair, repair again.
_ROUNDS = 4


def repaired(name: str, method: Method) -> Method:
    """Return a method followed by a repair; the name is that of the method without it."""
    return replace(
        method,
        repaired=True,
        summary=f"{name}, followed by a repair on the retained rows",
        needs=method.needs | fine_tune.METHOD.needs | {"forgotten rows"},
    )


def with_repair(
    strategy: UnlearningStrategy,
    settings: Settings,
    objective: RowLoss | HasRowLosses | None = None,
) -> UnlearningStrategy:
    """Return a strategy followed by a repair.

    Args:
        strategy: The strategy to forget with.
        settings: Hyperparameters of `FineTune`; ``forget_weight`` (0), with which the repair is an
            `Unlikelihood` that holds a class down; and ``rounds``: the largest number of rounds of
            forgetting and repair (1). A repair that forgets is repeated alone.
        objective: What the model learned.

    Raises:
        InputError: If a value is out of range.
        TypeError: If a hyperparameter is unknown.
    """
    tuning = dict(settings)
    rounds = tuning.pop("rounds", 1)
    chain = Chain((strategy, _repair({**tuning, "objective": objective})))
    if rounds == 1:
        return chain
    again: Again = "last" if tuning.get("forget_weight") else "all"
    return Repeat(strategy=chain, rounds=rounds, again=again, objective=objective)


def _repair(settings: Mapping[str, Any]) -> FineTune | Unlikelihood:
    tuning = dict(settings)
    weight = tuning.pop("forget_weight", 0.0)
    if weight == 0:
        return FineTune(**tuning)
    return Unlikelihood(**tuning, forget_weight=weight)


def repair_preset(context: PresetContext) -> Settings:
    """Return the settings of the repair.

    Retained rows alone do not say that the forgotten class is not to come back: their gradient
    towards it vanishes as soon as it is unlikely on them, and what they share with it returns.
    """
    if context.kind == "class":
        return {**unlikelihood.short_training(context), "forget_weight": 1.0, "rounds": _ROUNDS}
    return {"epochs": 2, "learning_rate": context.learning_rate / 2}


def all_repair_settings(settings: Settings) -> Settings:
    """Return all hyperparameters of a repair with their values."""
    tuning = dict(settings)
    own = {"rounds": tuning.pop("rounds", 1), "forget_weight": tuning.get("forget_weight", 0.0)}
    tuned = _repair(tuning)
    return {**{name: getattr(tuned, name) for name in fine_tune.METHOD.hyperparameters}, **own}
