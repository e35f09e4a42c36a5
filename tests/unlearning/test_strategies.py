"""One table over all strategies and kinds of model: what holds for every one of them."""

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
from qiskit_qmu.data import Rows
from qiskit_qmu.models import named_parameters
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    Chain,
    FineTune,
    GradientAscent,
    NoOp,
    RelativeGradientAscent,
    Retrain,
    SelectiveDampening,
    UnlearningResult,
    UnlearningStrategy,
)

# That a search finds nothing to dampen on an untrained model is no fault here.
pytestmark = pytest.mark.filterwarnings("ignore::qiskit_qmu.unlearning.UnchangedWarning")

ASCENT = {"max_epochs": 1, "batch_size": 4, "confidence_threshold": 0.0}
TUNE = {"epochs": 1, "batch_size": 4}


@dataclass(frozen=True)
class Case:
    """A strategy and what is to be expected of it."""

    strategy: UnlearningStrategy
    is_random: bool = True
    changes: bool | None = True
    """None: it depends on the model."""


CASES = {
    "noop": Case(NoOp(), is_random=False, changes=False),
    "retrain": Case(Retrain(trainer=Trainer(**TUNE))),
    "gd": Case(FineTune(**TUNE)),
    "gd sgd": Case(FineTune(**TUNE, optimizer="sgd")),
    "gd quantum": Case(FineTune(**TUNE, parameters="quantum")),
    "gd classical": Case(FineTune(**TUNE, parameters="classical")),
    "ga": Case(GradientAscent(**ASCENT)),
    "ga sgd": Case(GradientAscent(**ASCENT, optimizer="sgd")),
    "ga quantum": Case(GradientAscent(**ASCENT, parameters="quantum")),
    "ga classical": Case(GradientAscent(**ASCENT, parameters="classical")),
    "ssd": Case(SelectiveDampening(alpha=0.5, dampening=0.1), is_random=False),
    "ssd chosen": Case(SelectiveDampening(alpha=1.0), is_random=False, changes=None),
    "ssd all": Case(
        SelectiveDampening(alpha=0.5, dampening=0.1, reference="all"), is_random=False
    ),
    "ssd quantum": Case(
        SelectiveDampening(alpha=0.1, dampening=0.05, parameters="quantum"), is_random=False
    ),
    "ssd classical": Case(
        SelectiveDampening(alpha=0.5, dampening=0.1, parameters="classical"), is_random=False
    ),
    "rga": Case(RelativeGradientAscent(**ASCENT, alpha=0.5)),
    "rga importance": Case(RelativeGradientAscent(**ASCENT, scaling="importance")),
    "rga quantum": Case(RelativeGradientAscent(**ASCENT, alpha=0.1, parameters="quantum")),
    "rga classical": Case(RelativeGradientAscent(**ASCENT, parameters="classical")),
    "ga-r": Case(Chain((GradientAscent(**ASCENT), FineTune(**TUNE)))),
    "chain of all": Case(
        Chain((SelectiveDampening(alpha=0.5, dampening=0.1), RelativeGradientAscent(**ASCENT),
               GradientAscent(**ASCENT), FineTune(**TUNE), NoOp()))
    ),
}  # fmt: skip

MODELS = {
    "basic": lambda: _fitted(basic(seed=3)),
    "hybrid": lambda: hybrid(seed=3),
    "probabilities": lambda: _fitted(basic(seed=3, readout="probabilities")),
    "sequential": sequential,
    "stock": StockClassifier,
}

# Every strategy on one model, and one strategy of every family on every model.
FAMILIES = ("retrain", "gd", "ga", "ssd", "rga")
PAIRS = [
    (name, model)
    for model in MODELS
    for name in (CASES if model == "hybrid" else FAMILIES)
]  # fmt: skip


def _fitted(model):
    model.fit_inputs(iris_split().train.x)
    return model


def _split_for(model):
    return point_split() if isinstance(model, StockClassifier) else iris_split("instances")


@dataclass(frozen=True)
class Run:
    """A strategy's run on a model in evaluation mode."""

    case: Case
    model: torch.nn.Module
    before: dict
    result: UnlearningResult
    global_states_kept: bool


@pytest.fixture(scope="module", params=PAIRS, ids=" on ".join)
def run(request):
    case, model = CASES[request.param[0]], MODELS[request.param[1]]()
    model.eval()
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    return Run(
        case=case,
        model=model,
        before=weights_of(model),
        result=case.strategy(model, _split_for(model), generator=np.random.default_rng(7)),
        global_states_kept=torch.equal(torch_state, torch.get_rng_state())
        and np.array_equal(numpy_state, np.random.get_state()[1]),  # noqa: NPY002
    )


@cache
def clean(name, kind="instances", seed=7):
    """Return the weights that a strategy gives on the hybrid model."""
    result = CASES[name].strategy(MODELS["hybrid"](), iris_split(kind), generator=seed)
    return weights_of(result.model), result.usage


def _on_other_rows(name, split):
    return weights_of(CASES[name].strategy(MODELS["hybrid"](), split, generator=7).model)


def test_the_given_model_is_unchanged_bit_for_bit(run):
    assert same_weights(run.before, weights_of(run.model))
    assert all(parameter.requires_grad for parameter in run.model.parameters())
    assert all(parameter.grad is None for parameter in run.model.parameters())
    assert not any(part.training for part in run.model.modules())
    assert not any(connector._forward_hooks for connector in connectors_of(run.model))


def test_the_returned_model_is_new_and_on_the_same_network(run):
    model = run.result.model
    assert type(model) is type(run.model)
    assert not {id(p) for p in model.parameters()} & {id(p) for p in run.model.parameters()}
    for old, new in zip(connectors_of(run.model), connectors_of(model), strict=True):
        assert old is not new
        assert old.neural_network is new.neural_network
    assert getattr(model, "backend", None) is getattr(run.model, "backend", None)


def test_the_returned_model_is_ready_for_use(run):
    model = run.result.model
    assert all(parameter.requires_grad for parameter in model.parameters())
    assert all(parameter.grad is None for parameter in model.parameters())
    assert not any(part.training for part in model.modules())
    assert not any(connector._forward_hooks for connector in connectors_of(model))
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights_of(model).values())


@pytest.mark.parametrize("name", CASES)
def test_the_generator_decides_the_weights(name):
    weights, usage = clean(name)
    repeated = CASES[name].strategy(
        MODELS["hybrid"](), iris_split("instances"), generator=np.random.default_rng(7)
    )
    assert same_weights(weights, weights_of(repeated.model))
    assert usage == repeated.usage
    assert same_weights(weights, clean(name, seed=8)[0]) != CASES[name].is_random


def test_the_global_random_states_are_left_alone(run):
    assert run.global_states_kept


def test_only_the_chosen_part_changes(run):
    part = getattr(run.case.strategy, "parameters", "all")
    chosen = named_parameters(run.model, part).keys()
    changed = {
        name
        for name, parameter in run.result.model.named_parameters()
        if not torch.equal(parameter, run.before[name])
    }
    assert changed <= chosen
    if run.case.changes is not None:
        assert bool(changed) == run.case.changes


def test_history_usage_and_time_are_told(run):
    result = run.result
    assert isinstance(result.usage, Usage)
    assert isinstance(result.history, tuple)
    assert all(np.isfinite(value) for step in result.history for value in step.values())
    assert (result.usage.gradient_evaluations > 0) == (
        run.case.changes is not False and not _needs_no_circuit_gradient(run)
    )
    assert result.usage.executions == 0
    assert result.seconds > 0
    with pytest.raises(FrozenInstanceError):
        result.seconds = 0


def _needs_no_circuit_gradient(run):
    """Tell whether all that changes stands behind the circuit."""
    front = isinstance(run.model, torch.nn.Sequential) or hasattr(run.model, "front")
    return getattr(run.case.strategy, "parameters", "all") == "classical" and not front


@pytest.mark.parametrize("name", CASES)
def test_a_strategy_is_a_value(name):
    strategy = CASES[name].strategy
    twin = pickle.loads(pickle.dumps(strategy))
    assert twin == strategy
    assert hash(twin) == hash(strategy)
    assert repr(twin) == repr(strategy)
    assert type(strategy).__name__ in repr(strategy)
    assert isinstance(strategy, UnlearningStrategy)
    assert len({case.strategy for case in CASES.values()}) == len(CASES)
    with pytest.raises(FrozenInstanceError):
        strategy.epochs = 99


@pytest.mark.parametrize("name", CASES)
def test_what_was_frozen_before_stays_frozen_and_as_it_is(name):
    model = hybrid(seed=3)
    model.front.requires_grad_(False)
    model.head.bias.requires_grad_(False)
    before, strategy = weights_of(model), CASES[name].strategy
    after = strategy(model, iris_split("instances"), generator=0).model
    for (key, old), new in zip(model.named_parameters(), after.parameters(), strict=True):
        assert old.requires_grad == new.requires_grad, key
        assert new.requires_grad or torch.equal(new, before[key]), key


def _poisoned(rows: Rows) -> Rows:
    return replace(rows, x=np.full_like(rows.x, np.nan))


@pytest.mark.parametrize(
    ("name", "kind"),
    [*((name, "instances") for name in CASES), ("retrain", "class"), ("ssd chosen", "class")],
)
def test_rows_that_are_not_trained_on_are_not_looked_at(name, kind):
    split = iris_split(kind)
    unseen = {part: _poisoned(getattr(split, part)) for part in ("test_forget", "test_retain")}
    if name != "ssd chosen":  # the search for α and λ, and thresholds, may look at these
        unseen["validation"] = _poisoned(split.validation)
    assert same_weights(clean(name, kind)[0], _on_other_rows(name, replace(split, **unseen)))


@pytest.mark.parametrize("name", ["retrain", "gd"])
def test_the_oracle_and_fine_tuning_never_see_a_forgotten_row(name):
    split = iris_split("instances")
    poisoned = replace(split, forget=_poisoned(split.forget))
    assert same_weights(clean(name)[0], _on_other_rows(name, poisoned))


def test_gradient_ascent_needs_no_retained_row():
    split = iris_split("instances")
    poisoned = replace(split, retain=_poisoned(split.retain))
    assert same_weights(clean("ga")[0], _on_other_rows("ga", poisoned))


@pytest.mark.parametrize("name", ["retrain", "gd", "ga", "ssd", "rga importance"])
def test_with_shots_gradients_come_from_measurements(name):
    model = _fitted(basic(seed=3, num_layers=1, backend=open_backend("exact", shots=20)))
    split = iris_split("instances")
    split = replace(split, retain=split.retain.take(range(5)))
    result = CASES[name].strategy(model, split, generator=0)
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
    with pytest.raises(InputError, match="must have quantum parameters, got none"):
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


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"retrain"}))
def test_running_statistics_follow_retained_rows_alone_and_only_where_they_may(name):
    model, split, strategy = _with_state(), iris_split(), CASES[name].strategy
    result = strategy(model, split, generator=0)
    moved = {
        key.split(".")[0]
        for key, buffer in result.model.named_buffers()
        if not torch.equal(buffer, model.get_buffer(key))
    }
    # Layers frozen in evaluation mode stay, and all layers where nothing classical may change.
    assert moved == ({"0", "1", "2"} if _trains_all_or_classical(strategy) else set())
    assert [p.training for p in result.model.modules()] == [p.training for p in model.modules()]


def _trains_all_or_classical(strategy):
    links = strategy.strategies if isinstance(strategy, Chain) else (strategy,)
    return any(isinstance(link, FineTune) and link.parameters != "quantum" for link in links)


@pytest.mark.parametrize("name", ["retrain", "gd", "ga", "ssd", "rga", "noop"])
def test_a_model_in_double_precision_stays_in_it(name):
    """It goes where the same model in single precision goes."""
    single, double = hybrid(seed=3), hybrid(seed=3).double()
    split = iris_split()
    strategy = CASES[name].strategy
    expected = strategy(single, split, generator=0).model
    unlearned = strategy(double, split, generator=0).model
    for (key, own), other in zip(unlearned.named_parameters(), expected.parameters(), strict=True):
        assert own.dtype == torch.float64
        torch.testing.assert_close(own.float(), other, atol=2e-3, rtol=0, msg=key)
