"""The registry of methods by name.

A strategy's file describes it as a `Method`; its row here gives the name. A custom strategy can be
used in Python directly, or by name in a custom mapping::

    methods = {**METHODS, "shrink": Method(strategy=Shrink, summary="weights shrink")}
    make_strategy("shrink", {}, Trainer(), methods=methods)

`METHODS` itself is never changed.
"""

from collections.abc import Mapping
from types import MappingProxyType

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    adversarial_uniform,
    anchored_targets,
    bad_teacher,
    entanglement_pruning,
    fine_tune,
    fine_tune_last_layers,
    fisher_regularized_ascent,
    fubini_study_ascent,
    gradient_ascent,
    label_complement,
    label_free_dampening,
    natural_gradient_ascent,
    neg_grad_plus,
    newton_step,
    no_op,
    noisy_fine_tune,
    relative_gradient_ascent,
    reset_ansatz_layers,
    retrain,
    retrain_last_layers,
    retrain_shards,
    saliency_unlearning,
    scrub,
    selective_dampening,
    shapley_ascent,
    similar_labels,
    sparse_fine_tune,
    unlikelihood,
)
from qiskit_qmu.unlearning.chosen_strength import ChosenStrength
from qiskit_qmu.unlearning.method import Method, PresetContext, Settings
from qiskit_qmu.unlearning.repair import (
    REPAIR,
    all_repair_settings,
    repair_preset,
    repaired,
    with_repair,
)
from qiskit_qmu.unlearning.strategy import UnlearningStrategy
from qiskit_qmu.unlearning.strength_search import strengths
from qiskit_qmu.unlearning.within_budget import WithinBudget

METHODS: Mapping[str, Method] = MappingProxyType(
    {
        "noop": no_op.METHOD,
        "oracle": retrain.METHOD,
        "oracle-2": retrain.SECOND,
        "gd": fine_tune.METHOD,
        "ga": gradient_ascent.METHOD,
        "ga-r": repaired("ga", gradient_ascent.METHOD),
        "ssd": selective_dampening.METHOD,
        "ssd-r": repaired("ssd", selective_dampening.METHOD),
        "rga": relative_gradient_ascent.METHOD,
        "rga-r": repaired("rga", relative_gradient_ascent.METHOD),
        "ewc": fisher_regularized_ascent.METHOD,
        "neggrad": neg_grad_plus.METHOD,
        "neggrad-r": repaired("neggrad", neg_grad_plus.METHOD),
        "lf-ssd": label_free_dampening.METHOD,
        "lf-ssd-r": repaired("lf-ssd", label_free_dampening.METHOD),
        "unlikelihood": unlikelihood.METHOD,
        "q-mul": similar_labels.METHOD,
        "lca": label_complement.METHOD,
        "adv-uniform": adversarial_uniform.METHOD,
        "salun": saliency_unlearning.METHOD,
        "anchored": anchored_targets.METHOD,
        "scrub": scrub.METHOD,
        "scrub-r": scrub.REWOUND,
        "bad-teacher": bad_teacher.METHOD,
        "noisy-ft": noisy_fine_tune.METHOD,
        "l1-ft": sparse_fine_tune.METHOD,
        "cf-k": fine_tune_last_layers.METHOD,
        "eu-k": retrain_last_layers.METHOD,
        "newton": newton_step.METHOD,
        "newton-r": repaired("newton", newton_step.METHOD),
        "reset-k": reset_ansatz_layers.METHOD,
        "fs-mask": fubini_study_ascent.METHOD,
        "natural-ga": natural_gradient_ascent.METHOD,
        "dew-p": entanglement_pruning.METHOD,
        "shapley": shapley_ascent.METHOD,
        "shapley-r": repaired("shapley", shapley_ascent.METHOD),
        "sisa": retrain_shards.METHOD,
    }
)
"""All methods by name, with their classes, summaries and presets."""

STRENGTH = "strength"
"""Stage of the settings that all methods with a strength share: ``trials`` to choose it by, 0 for
the strength of the preset, and ``max_passes`` of all trials over the training rows; None for half
of the epochs of the original training, so that the search is cheaper than retraining."""

_STRENGTH: Settings = {"trials": 0, "max_passes": None}

BUDGET = "budget"
"""Stage of the settings that all methods but the oracle share: ``max_gradient_evaluations``."""

_BUDGET: Settings = {"max_gradient_evaluations": None}

DEFAULT_METHODS = ("oracle", "gd", "ga", "ga-r", "ssd", "ssd-r", "rga", "rga-r")
"""The methods of the QMU paper. `NoOp` is not among them: the row of the original shows its result.
"""


def make_strategy(
    method: str,
    settings: Mapping[str, Settings],
    trainer: Trainer,
    *,
    methods: Mapping[str, Method] = METHODS,
) -> UnlearningStrategy:
    """Return the strategy with a name.

    Args:
        method: One of the methods.
        settings: Hyperparameters that differ from the defaults, by stage: the name of a method,
            "repair" for the repair in all repaired ones, or "strength" with the number of "trials"
            by which every method that has a strength chooses it, see `ChosenStrength`, or "budget"
            with the "max_gradient_evaluations" of every method but the oracle.
        trainer: The trainer of the original model, which also trains the oracle.
        methods: The methods by name.

    Raises:
        InputError: If the name or a hyperparameter is unknown, or a value is out of range.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning import make_strategy
        >>> strategy = make_strategy("ga-r", {"ga-r": {"max_epochs": 5}}, qmu.Trainer())
        >>> [type(stage).__name__ for stage in strategy.strategies]
        ['GradientAscent', 'FineTune']
        >>> repair = {"forget_weight": 1.0}  # as in the preset of a class
        >>> strategy = make_strategy("ga-r", {"repair": repair}, qmu.Trainer())
        >>> [type(stage).__name__ for stage in strategy.strategies]
        ['GradientAscent', 'Unlikelihood']
    """
    _check.one_of(tuple(methods), method=method)
    row = methods[method]
    try:
        strategy = row.build(settings.get(method, {}), trainer)
        if row.repaired:
            strategy = with_repair(strategy, settings.get(REPAIR, {}), trainer.objective)
        strategy = _with_choice(strategy, settings.get(STRENGTH, {}), trainer)
        return _within_budget(strategy, settings.get(BUDGET, {}), "trainer" in row.needs)
    except TypeError as error:
        raise InputError(f"{method} does not accept these settings: {error}") from error


def _with_choice(
    strategy: UnlearningStrategy, settings: Settings, trainer: Trainer
) -> UnlearningStrategy:
    """Return a strategy that chooses its strength, if asked for and it has one."""
    given = _known(settings, _STRENGTH, "the choice of a strength")
    _check.at_least(0, trials=given["trials"])
    if not given["trials"] or not strengths(strategy, "class"):
        return strategy
    if given["max_passes"] is None:
        given["max_passes"] = trainer.epochs / 2
    return ChosenStrength(strategy=strategy, objective=trainer.objective, **given)


def _within_budget(
    strategy: UnlearningStrategy, settings: Settings, is_reference: bool
) -> UnlearningStrategy:
    """Return a strategy within the budget, if there is one."""
    most = _known(settings, _BUDGET, "the budget")["max_gradient_evaluations"]
    if most is None or is_reference:
        return strategy
    return WithinBudget(strategy=strategy, max_gradient_evaluations=most)


def _known(settings: Settings, known: Settings, stage: str) -> Settings:
    """Return all settings of a stage."""
    for name in settings:
        if name not in known:
            raise TypeError(f"{name!r} ({stage} has {', '.join(known)})")
    return {**known, **settings}


def preset_settings(
    context: PresetContext, *, methods: Mapping[str, Method] = METHODS
) -> dict[str, Settings]:
    """Return the preset of every method that has hyperparameters, by stage as for `make_strategy`.

    Args:
        context: What presets depend on.
        methods: The methods by name.

    Example:
        >>> from qiskit_qmu.unlearning import PresetContext, preset_settings
        >>> context = PresetContext(dataset="iris", model="basic", kind="class", learning_rate=0.03)
        >>> presets = preset_settings(context)
        >>> presets["ga"]
        {'optimizer': 'sgd', 'learning_rate': 0.006}
    """
    presets = {
        name: method.preset(context) for name, method in methods.items() if method.hyperparameters
    }
    return {**presets, REPAIR: repair_preset(context), STRENGTH: {}, BUDGET: {}}


def all_settings(
    settings: Mapping[str, Settings],
    *,
    methods: Mapping[str, Method] = METHODS,
) -> dict[str, Settings]:
    """Return all hyperparameters of every method, given or default, by stage.

    Args:
        settings: Hyperparameters that differ from the defaults, as for `make_strategy`.
        methods: The methods by name.

    Raises:
        InputError: If a value is out of range.

    Example:
        >>> from qiskit_qmu.unlearning import all_settings
        >>> settings = all_settings({"ga": {"learning_rate": 0.01}})
        >>> settings["ga"]["learning_rate"], settings["ga"]["batch_size"]
        (0.01, 16)
    """
    found: dict[str, Settings] = {}
    for name, method in methods.items():
        strategy = method.build(settings.get(name, {}), Trainer())
        found[name] = {key: getattr(strategy, key) for key in method.hyperparameters}
    return {
        **found,
        REPAIR: all_repair_settings(settings.get(REPAIR, {})),
        STRENGTH: {**_STRENGTH, **settings.get(STRENGTH, {})},
        BUDGET: {**_BUDGET, **settings.get(BUDGET, {})},
    }


def markdown_table(methods: Mapping[str, Method] = METHODS) -> str:
    """Return the methods by group with what they do and may use, as a table in Markdown.

    Example:
        >>> from qiskit_qmu.unlearning import METHODS, markdown_table
        >>> print(markdown_table({"cf-k": METHODS["cf-k"]}))
        | name | group | what it does | uses rows |
        |---|---|---|---|
        | `cf-k` | last layers | the last layers are fine-tuned on the retained rows | retained |
    """
    lines = ["| name | group | what it does | uses rows |", "|---|---|---|---|"]
    for group in dict.fromkeys(method.group for method in methods.values()):
        for name, method in methods.items():
            if method.group == group:
                rows = sorted(n.removesuffix(" rows") for n in method.needs if n.endswith(" rows"))
                used = ", ".join(rows) or "none"
                lines.append(f"| `{name}` | {group} | {method.summary} | {used} |")
    return "\n".join(lines)


def summaries(methods: Mapping[str, Method] = METHODS) -> dict[str, str]:
    """Return the one-line summary of each method in reports, including "original".

    Example:
        >>> from qiskit_qmu.unlearning import summaries
        >>> summaries()["ssd"]
        'selective synaptic dampening'
    """
    return {
        "original": methods["noop"].summary,
        **{name: method.summary for name, method in methods.items()},
    }
