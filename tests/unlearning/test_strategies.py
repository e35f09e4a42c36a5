"""What holds for every method of the registry, for every option, and on every kind of model."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, replace
from functools import cache

import numpy as np
import pytest
import torch
from tiny_models import (
    StockClassifier,
    basic,
    hybrid,
    iris_split,
    point_split,
    same_weights,
    sequential,
    weights_of,
)

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Usage, connectors_of, open_backend
from qiskit_qmu.data import ForgetSplit, Rows, load_dataset
from qiskit_qmu.models import named_parameters
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    METHODS,
    Chain,
    ChosenStrength,
    FineTune,
    FineTuneLastLayers,
    FisherRegularizedAscent,
    GradientAscent,
    LabelFreeDampening,
    NegGradPlus,
    NewtonStep,
    NoOp,
    RelativeGradientAscent,
    ResetAnsatzLayers,
    Retrain,
    RetrainLastLayers,
    Scrub,
    SelectiveDampening,
    SimilarLabels,
    UnlearningResult,
    UnlearningStrategy,
    WithinBudget,
    make_strategy,
)

# That a search finds nothing to dampen on an untrained model is no fault here.
pytestmark = [
    pytest.mark.filterwarnings("ignore::qiskit_qmu.unlearning.UnchangedWarning"),
    pytest.mark.filterwarnings("ignore::qiskit_qmu.unlearning.TargetMissedWarning"),
]

# Whatever has such a hyperparameter takes few and small steps.
QUICK = {
    "epochs": 1,
    "max_epochs": 1,
    "batch_size": 4,
    "confidence_threshold": 0.0,
    "stop_when_forgotten": False,
    "max_iterations": 2,
    "anchors": 8,
    "permutations": 2,
}
SETTINGS = {
    name: {key: value for key, value in QUICK.items() if key in method.hyperparameters}
    for name, method in METHODS.items()
}
SETTINGS["repair"] = {"epochs": 1, "batch_size": 4}
SETTINGS["rga"]["alpha"] = SETTINGS["rga-r"]["alpha"] = 0.5
for stage in ("ssd", "ssd-r"):
    SETTINGS[stage] |= {"alpha": 0.5, "dampening": 0.1}
for stage in ("scrub", "scrub-r"):
    SETTINGS[stage] |= {"epochs": 2, "forget_epochs": 1}
STRATEGIES = {
    name: make_strategy(name, SETTINGS, Trainer(epochs=1, batch_size=4))
    for name, method in METHODS.items()
    # (No plain model will do for shards: test_retrain_shards.py; oracle-2 is the oracle.)
    if "shards" not in method.needs and name != "oracle-2"
}
NOT_RANDOM = {"noop", "ssd", "lf-ssd", "newton"}
RANDOM = STRATEGIES.keys() - NOT_RANDOM
HEAD_ALONE = {"cf-k", "eu-k"}
"""What differentiates no circuit, because it changes only the layer behind it."""

TUNE_ASCENT = {"max_epochs": 1, "batch_size": 4, "loss_threshold": 99.0}
ASCENT, TUNE = SETTINGS["ga"], {"epochs": 1, "batch_size": 4}
OPTIONS = {
    "gd sgd": FineTune(**TUNE, optimizer="sgd"),
    "gd quantum": FineTune(**TUNE, parameters="quantum"),
    "gd classical": FineTune(**TUNE, parameters="classical"),
    "ga sgd": GradientAscent(**ASCENT, optimizer="sgd"),
    "ga quantum": GradientAscent(**ASCENT, parameters="quantum"),
    "ga classical": GradientAscent(**ASCENT, parameters="classical"),
    "ssd chosen": SelectiveDampening(alpha=1.0),
    "ssd all": SelectiveDampening(alpha=0.5, dampening=0.1, reference="all"),
    "ssd quantum": SelectiveDampening(alpha=0.1, dampening=0.05, parameters="quantum"),
    "ssd classical": SelectiveDampening(alpha=0.5, dampening=0.1, parameters="classical"),
    "rga importance": RelativeGradientAscent(**ASCENT, scaling="importance"),
    "rga quantum": RelativeGradientAscent(**ASCENT, alpha=0.1, parameters="quantum"),
    "rga classical": RelativeGradientAscent(**ASCENT, parameters="classical"),
    "ewc hqml": FisherRegularizedAscent(**ASCENT, variant="hqml"),
    "q-mul hqml": SimilarLabels(**TUNE, variant="hqml"),
    "scrub hqml": Scrub(epochs=1, batch_size=4, variant="hqml"),
    "cf-k hqml": FineTuneLastLayers(**TUNE, variant="hqml"),
    "eu-k hqml": RetrainLastLayers(**TUNE, variant="hqml"),
    "newton retained": NewtonStep(gradient="retained", max_iterations=2),
    "reset alone": ResetAnsatzLayers(**TUNE, relearn="reset"),
    "ga chosen": ChosenStrength(strategy=GradientAscent(**TUNE_ASCENT), trials=2),
    "gd limited": WithinBudget(strategy=FineTune(**TUNE), max_gradient_evaluations=10),
    "a family in turn": Chain(
        (NegGradPlus(**TUNE, stop_when_forgotten=False), RetrainLastLayers(**TUNE, layers=2),
         LabelFreeDampening(), ResetAnsatzLayers(**TUNE))
    ),
    "all in turn": Chain(
        (Retrain(trainer=Trainer(**TUNE)), SelectiveDampening(alpha=0.5, dampening=0.1),
         RelativeGradientAscent(**ASCENT), GradientAscent(**ASCENT), FineTune(**TUNE), NoOp())
    ),
}  # fmt: skip
UNCHANGED = {"noop", "ssd chosen"}
"""What changes nothing, or not on every model."""

MODELS = {
    "basic": lambda: _fitted(basic(seed=3)),
    "hybrid": lambda: hybrid(seed=3),
    "probabilities": lambda: _fitted(basic(seed=3, readout="probabilities")),
    "sequential": sequential,
    "stock": StockClassifier,
}

CHAINS = ("all in turn", "a family in turn")

# Every method and option on one model, and one strategy of each family in turn on every model.
RUNS = [
    *((name, "hybrid") for name in (*STRATEGIES, *OPTIONS)),
    *((chain, model) for chain in CHAINS for model in MODELS if model != "hybrid"),
]


@cache
def row_split() -> ForgetSplit:
    """Forget five of 20 rows: enough for several batches of what is forgotten and retained."""
    rows = load_dataset("iris", train_size=20, test_size=10, seed=0)
    return ForgetSplit.by_indices(rows, [0, 3, 5, 8, 13], validation_fraction=0.1, seed=0)


def _fitted(model):
    model.fit_inputs(iris_split().train.x)
    return model


@dataclass(frozen=True)
class Run:
    """A strategy's run on a model in evaluation mode."""

    name: str
    model: torch.nn.Module
    before: dict
    result: UnlearningResult
    global_states_kept: bool

    @property
    def strategy(self) -> UnlearningStrategy:
        return (STRATEGIES | OPTIONS)[self.name]


@cache
def run_of(name: str, model_name: str = "hybrid") -> Run:
    model, strategy = MODELS[model_name]().eval(), (STRATEGIES | OPTIONS)[name]
    split = point_split() if model_name == "stock" else row_split()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    return Run(
        name=name,
        model=model,
        before=weights_of(model),
        result=strategy(model, split, generator=np.random.default_rng(7)),
        global_states_kept=torch.equal(torch_state, torch.get_rng_state())
        and np.array_equal(numpy_state, np.random.get_state()[1]),  # noqa: NPY002
    )


@pytest.fixture(params=RUNS, ids=" on ".join)
def run(request):
    return run_of(*request.param)


def _weights(name, split, seed=7):
    return weights_of(STRATEGIES[name](MODELS["hybrid"](), split, generator=seed).model)


def test_the_given_model_is_unchanged_bit_for_bit(run):
    assert same_weights(run.before, weights_of(run.model))
    _check_ready(run.model)
    assert run.global_states_kept


def test_the_returned_model_is_new_ready_and_on_the_same_network(run):
    model = run.result.model
    assert type(model) is type(run.model)
    assert not {id(p) for p in model.parameters()} & {id(p) for p in run.model.parameters()}
    for old, new in zip(connectors_of(run.model), connectors_of(model), strict=True):
        assert old is not new
        assert old.neural_network is new.neural_network
    assert getattr(model, "backend", None) is getattr(run.model, "backend", None)
    _check_ready(model)
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights_of(model).values())


def _check_ready(model):
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(part.training for part in model.modules())
    assert not any(connector._forward_hooks for connector in connectors_of(model))


def test_only_the_chosen_part_changes(run):
    part = getattr(run.strategy, "parameters", "all")
    chosen = named_parameters(run.model, part).keys()
    changed = {
        name
        for name, parameter in run.result.model.named_parameters()
        if not torch.equal(parameter, run.before[name])
    }
    assert changed <= chosen
    assert changed or run.name in UNCHANGED
    assert not changed or run.name != "noop"


@pytest.mark.parametrize("part", ["quantum", "classical"])
@pytest.mark.parametrize("name", [n for n in STRATEGIES if hasattr(STRATEGIES[n], "parameters")])
def test_either_part_alone_may_change(name, part):
    model, strategy = MODELS["hybrid"](), replace(STRATEGIES[name], parameters=part)
    if name in {"reset-k", "dew-p"} and part == "classical":
        with pytest.raises(InputError, match="needs trainable angles"):
            strategy(model, row_split(), generator=7)
        return
    result = strategy(model, row_split(), generator=7)
    moved = {
        key
        for key, parameter in result.model.named_parameters()
        if not torch.equal(parameter, model.get_parameter(key))
    }
    assert moved
    assert moved <= named_parameters(model, part).keys()


@pytest.mark.parametrize(
    "name", [name for name, method in METHODS.items() if "classes" in method.needs]
)
def test_what_needs_classes_refuses_values(name):
    split = row_split()
    rows = {part: getattr(split, part) for part in ("forget", "retain", "validation")}
    values = {part: replace(own, y=own.y.astype(np.float64)) for part, own in rows.items()}
    with pytest.raises(InputError, match="requires a model that predicts classes"):
        STRATEGIES[name](torch.nn.Linear(4, 1), replace(split, **values), generator=0)


def test_history_usage_and_time_are_told(run):
    result = run.result
    assert isinstance(result.usage, Usage)
    assert isinstance(result.history, tuple)
    assert all(np.isfinite(value) for step in result.history for value in step.values())
    needs = METHODS[run.name].needs if run.name in METHODS else {"gradients"}
    differentiated = "gradients" in needs and run.name not in HEAD_ALONE
    assert (result.usage.gradient_evaluations > 0) == differentiated
    assert result.usage.executions == 0
    assert result.seconds > 0
    with pytest.raises(FrozenInstanceError):
        result.seconds = 0


@pytest.mark.parametrize("name", sorted(STRATEGIES.keys() - {"oracle", "noop"}))
def test_a_budget_is_never_exceeded(name):
    """It is one less than what the strategy takes."""
    most = max(1, run_of(name).result.usage.gradient_evaluations - 1)
    limited = WithinBudget(strategy=STRATEGIES[name], max_gradient_evaluations=most)
    result = limited(MODELS["hybrid"](), row_split(), generator=7)
    assert result.usage.gradient_evaluations <= most
    if name not in HEAD_ALONE:
        assert result.stopped == "limit"
        assert "budget" in result.reason
        assert f"max_gradient_evaluations={most} leaves" in result.reason


@pytest.mark.parametrize("name", STRATEGIES)
def test_the_generator_decides_the_weights(name):
    """A seed does what a generator of that seed does, in whichever mode the model is."""
    split = row_split()
    repeated = STRATEGIES[name](MODELS["hybrid"](), split, generator=7)
    first = run_of(name).result
    assert same_weights(weights_of(first.model), weights_of(repeated.model))
    assert first.usage == repeated.usage
    other = _weights(name, split, seed=8)
    same = same_weights(weights_of(first.model), other)
    assert same or name not in NOT_RANDOM
    assert not same or name not in RANDOM


def test_strategies_are_values():
    strategies = [*STRATEGIES.values(), *OPTIONS.values()]
    assert len(set(strategies)) == len(strategies)
    for strategy in strategies:
        twin = pickle.loads(pickle.dumps(strategy))
        assert twin == strategy
        assert hash(twin) == hash(strategy)
        assert repr(twin) == repr(strategy)
        assert type(strategy).__name__ in repr(strategy)
        assert isinstance(strategy, UnlearningStrategy)
        with pytest.raises(FrozenInstanceError):
            strategy.epochs = 99


@pytest.mark.parametrize("name", STRATEGIES)
def test_what_was_frozen_before_stays_frozen_and_as_it_is(name):
    model = hybrid(seed=3)
    model.front.requires_grad_(False)
    model.head.bias.requires_grad_(False)
    before = weights_of(model)
    after = STRATEGIES[name](model, row_split(), generator=0).model
    for (key, old), new in zip(model.named_parameters(), after.parameters(), strict=True):
        assert old.requires_grad == new.requires_grad, key
        assert new.requires_grad or torch.equal(new, before[key]), key


def _poisoned(split, *parts):
    rows = {part: getattr(split, part) for part in parts}
    return replace(split, **{part: _without_values(own) for part, own in rows.items()})


def _without_values(rows: Rows) -> Rows:
    return replace(rows, x=np.full_like(rows.x, np.nan))


PARTS = {"forgotten rows": "forget", "retained rows": "retain", "validation rows": "validation"}


@pytest.mark.parametrize("name", STRATEGIES)
def test_rows_that_a_method_does_not_need_are_not_looked_at(name):
    split, needs = row_split(), METHODS[name].needs
    unneeded = [part for need, part in PARTS.items() if need not in needs]
    poisoned = _poisoned(split, "test_forget", "test_retain", *unneeded)
    assert same_weights(weights_of(run_of(name).result.model), _weights(name, poisoned))


@pytest.mark.parametrize("name", ["oracle", "ga", "ssd", "rga"])
def test_validation_rows_are_not_looked_at_where_nothing_is_chosen_by_them(name):
    poisoned = _poisoned(row_split(), "validation")
    assert same_weights(weights_of(run_of(name).result.model), _weights(name, poisoned))


@pytest.mark.parametrize("strategy", [STRATEGIES["oracle"], OPTIONS["ssd chosen"]])
def test_nor_are_test_rows_where_a_class_is_forgotten(strategy):
    split = iris_split("class")
    first, second = (
        strategy(MODELS["hybrid"](), own, generator=7).model
        for own in (split, _poisoned(split, "test_forget", "test_retain"))
    )
    assert same_weights(weights_of(first), weights_of(second))


@pytest.mark.parametrize("name", ["oracle", "gd", "ga", "ssd", "rga", "neggrad", "scrub"])
def test_with_shots_gradients_come_from_measurements(name):
    model = _fitted(basic(seed=3, num_layers=1, backend=open_backend("exact", shots=20)))
    split = row_split()
    split = replace(split, retain=split.retain.take(range(5)))
    result = STRATEGIES[name](model, split, generator=0)
    assert result.usage.executions == 20 * result.usage.circuits > 0
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights_of(result.model).values())


def test_only_torch_modules_are_taken():
    with pytest.raises(InputError, match="a model must be a torch module, got str"):
        FineTune()("model", iris_split(), generator=0)


@pytest.mark.parametrize(
    "strategy", [FineTune, GradientAscent, SelectiveDampening, RelativeGradientAscent]
)
def test_parts_are_checked_as_soon_as_a_strategy_is_made(strategy):
    with pytest.raises(InputError, match="parameters must be one of all, quantum, classical"):
        strategy(parameters="head")
    with pytest.raises(InputError, match="has no trainable quantum parameters"):
        strategy(parameters="quantum")(torch.nn.Linear(4, 3), iris_split(), generator=0)


class _Average(torch.nn.Module):
    """Keeps a mean of what it sees, in whatever mode."""

    def __init__(self):
        super().__init__()
        self.register_buffer("seen", torch.zeros(4))

    def forward(self, x):
        self.seen = 0.9 * self.seen + 0.1 * x.detach().mean(0)
        return x


def _with_state():
    norms = [torch.nn.BatchNorm1d(4), torch.nn.BatchNorm1d(4, affine=False)]
    model = torch.nn.Sequential(*norms, _Average(), torch.nn.BatchNorm1d(4), sequential())
    Trainer(epochs=1).fit(model, iris_split().train.x, iris_split().train.y, generator=0)
    model[3].eval()
    return model


FOLLOWING = {"gd", "gd classical"} | {n for n, m in METHODS.items() if m.repaired}
"""What trains on retained rows, and may change more than quantum parameters."""


@pytest.mark.parametrize("name", sorted({*STRATEGIES, "gd quantum", "gd classical"} - {"oracle"}))
def test_running_statistics_follow_retained_rows_alone_and_only_where_they_may(name):
    model, split = _with_state(), iris_split()
    result = (STRATEGIES | OPTIONS)[name](model, split, generator=0)
    moved = {
        key.split(".")[0]
        for key, buffer in result.model.named_buffers()
        if not torch.equal(buffer, model.get_buffer(key))
    }
    # Layers frozen in evaluation mode stay.
    assert moved == ({"0", "1", "2"} if name in FOLLOWING else set())
    assert [p.training for p in result.model.modules()] == [p.training for p in model.modules()]


@pytest.mark.parametrize("name", ["oracle", "gd", "ga", "ssd", "rga", "noop", "scrub", "newton"])
def test_a_model_in_double_precision_stays_in_it(name):
    """It goes where the same model in single precision goes."""
    single, double = hybrid(seed=3), hybrid(seed=3).double()
    split = iris_split()
    strategy = STRATEGIES[name]
    expected = strategy(single, split, generator=0).model
    unlearned = strategy(double, split, generator=0).model
    for (key, own), other in zip(unlearned.named_parameters(), expected.parameters(), strict=True):
        assert own.dtype == torch.float64
        torch.testing.assert_close(own.float(), other, atol=2e-3, rtol=0, msg=key)
