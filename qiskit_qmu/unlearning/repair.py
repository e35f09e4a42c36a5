"""The "-r" methods: a strategy, then fine-tuning on the retained rows, in rounds if needed."""

from dataclasses import replace

from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.unlearning import fine_tune
from qiskit_qmu.unlearning.chain import Chain
from qiskit_qmu.unlearning.fine_tune import FineTune
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.repeat import Repeat
from qiskit_qmu.unlearning.strategy import UnlearningStrategy

REPAIR = "repair"
"""Stage of the settings that all repaired methods share: those of FineTune, and ``rounds``."""

# If a class returns in the repair, forget and repair again. Chosen on iris (1, 2), wine (0) and 300
# digits (4, 8), tested on other classes, seeds, sizes and datasets.
_ROUNDS = 4


def repaired(name: str, method: Method) -> Method:
    """Return a method followed by a repair; the name is that of the method without it."""
    return replace(
        method,
        repaired=True,
        summary=f"{name}, followed by a repair on the retained rows",
        needs=method.needs | fine_tune.METHOD.needs,
    )


def with_repair(
    strategy: UnlearningStrategy,
    settings: Settings,
    objective: RowLoss | HasRowLosses | None = None,
) -> UnlearningStrategy:
    """Return a strategy followed by a repair.

    Args:
        strategy: The strategy to forget with.
        settings: Hyperparameters of `FineTune`, and ``rounds``: the largest number of rounds of
            forgetting and repair (1).
        objective: What the model learned.

    Raises:
        InputError: If a value is out of range.
        TypeError: If a hyperparameter is unknown.
    """
    tuning = dict(settings)
    rounds = tuning.pop("rounds", 1)
    chain = Chain((strategy, FineTune(**tuning, objective=objective)))
    if rounds == 1:
        return chain
    return Repeat(strategy=chain, rounds=rounds, objective=objective)


def repair_preset(context: PresetContext) -> Settings:
    """Return the settings of the repair."""
    rate = context.learning_rate
    if context.kind == "class":
        return {"epochs": 5, "learning_rate": rate, "rounds": _ROUNDS}
    return {"epochs": 2, "learning_rate": rate / 2}


def all_repair_settings(settings: Settings) -> Settings:
    """Return all hyperparameters of a repair with their values."""
    tuning = dict(settings)
    rounds = tuning.pop("rounds", 1)
    tuned = FineTune(**tuning)
    names = fine_tune.METHOD.hyperparameters
    return {**{name: getattr(tuned, name) for name in names}, "rounds": rounds}
