"""One table over all strategies and kinds of model: what holds for every one of them."""

import pickle
from dataclasses import FrozenInstanceError, dataclass, replace

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
from qiskit_qmu.data import ForgetSplit, Rows
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
    "ssd chosen": Case(SelectiveDampening(), is_random=False, changes=None),
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
    "sequential": lambda: sequential(stock=True),
    "stock": StockClassifier,
}


def _fitted(model):
    model.fit_inputs(iris_split().train.x)
    return model


def _split_for(model):
    return point_split() if isinstance(model, StockClassifier) else iris_split("instances")


@dataclass(frozen=True)
class Run:
    """A strategy's run on a model that is partly frozen and in a mode of its own."""

    case: Case
    model: torch.nn.Module
    before: dict
    result: UnlearningResult
    repeated: UnlearningResult
    other_seed: UnlearningResult
    global_states_kept: bool


@pytest.fixture(
    scope="module",
    params=[(name, model) for model in MODELS for name in CASES],
    ids=" on ".join,
)
def run(request):
    case, model = CASES[request.param[0]], MODELS[request.param[1]]()
    model.eval()
    split = _split_for(model)
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    before = weights_of(model)
    return Run(
        case=case,
        model=model,
        before=before,
        result=case.strategy(model, split, generator=np.random.default_rng(7)),
        repeated=(repeated := case.strategy(model, split, generator=7)),
        # Two points are one batch, whose order does not matter.
        other_seed=repeated
        if isinstance(model, StockClassifier)
        else case.strategy(model, split, generator=8),
        global_states_kept=torch.equal(torch_state, torch.get_rng_state())
        and np.array_equal(numpy_state, np.random.get_state()[1]),  # noqa: NPY002
    )


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


def test_the_generator_decides_the_weights(run):
    weights = weights_of(run.result.model)
    assert same_weights(weights, weights_of(run.repeated.model))
    if not isinstance(run.model, StockClassifier) or not run.case.is_random:
        assert same_weights(weights, weights_of(run.other_seed.model)) != run.case.is_random
    if run.case.changes is not None:
        assert same_weights(weights, run.before) != run.case.changes


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
    assert result.usage == run.repeated.usage
    assert (result.usage.gradient_evaluations > 0) == (
        run.case.changes is not False and not _needs_no_circuit_gradient(run)
    )
    assert result.usage.shots == 0
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


@pytest.mark.parametrize("kind", ["class", "instances"])
@pytest.mark.parametrize("name", CASES)
def test_test_rows_are_never_looked_at(name, kind):
    split, strategy, model = iris_split(kind), CASES[name].strategy, hybrid(seed=3)
    poisoned = replace(
        split, test_forget=_poisoned(split.test_forget), test_retain=_poisoned(split.test_retain)
    )
    clean = strategy(model, split, generator=0)
    assert same_weights(
        weights_of(clean.model), weights_of(strategy(model, poisoned, generator=0).model)
    )


@pytest.mark.parametrize("name", sorted(CASES.keys() - {"ssd chosen"}))
def test_validation_rows_are_not_trained_on(name):
    # Only thresholds and the search for α and λ may look at them; here neither is asked for.
    split, strategy, model = iris_split("instances"), CASES[name].strategy, hybrid(seed=3)
    poisoned = replace(split, validation=_poisoned(split.validation))
    clean = strategy(model, split, generator=0)
    assert same_weights(
        weights_of(clean.model), weights_of(strategy(model, poisoned, generator=0).model)
    )


@pytest.mark.parametrize("name", ["retrain", "gd", "gd sgd", "gd quantum", "gd classical"])
def test_the_oracle_and_fine_tuning_never_see_a_forgotten_row(name):
    split, strategy, model = iris_split(), CASES[name].strategy, MODELS["basic"]()
    poisoned = replace(split, forget=_poisoned(split.forget))
    clean = strategy(model, split, generator=0)
    assert same_weights(
        weights_of(clean.model), weights_of(strategy(model, poisoned, generator=0).model)
    )


@pytest.mark.parametrize("name", ["ga", "ga sgd", "ga quantum", "ga classical"])
def test_gradient_ascent_needs_no_retained_row(name):
    split, strategy, model = iris_split(), CASES[name].strategy, hybrid(seed=3)
    poisoned = replace(split, retain=_poisoned(split.retain))
    clean = strategy(model, split, generator=0)
    assert same_weights(
        weights_of(clean.model), weights_of(strategy(model, poisoned, generator=0).model)
    )


@pytest.mark.parametrize("name", ["retrain", "gd", "ga", "ssd", "rga importance"])
def test_with_shots_gradients_come_from_measurements(name):
    model = _fitted(basic(seed=3, num_layers=1, backend=open_backend("exact", shots=20)))
    split = iris_split("instances")
    split = replace(split, retain=split.retain.take(range(5)))
    result = CASES[name].strategy(model, split, generator=0)
    assert result.usage.shots == 20 * result.usage.circuits > 0
    assert all(bool(torch.isfinite(tensor).all()) for tensor in weights_of(result.model).values())


@pytest.mark.parametrize("name", CASES)
def test_only_torch_modules_are_taken(name):
    with pytest.raises(InputError, match="a model must be a torch module, got str"):
        CASES[name].strategy("model", iris_split(), generator=0)


@pytest.mark.parametrize(
    "strategy", [FineTune, GradientAscent, SelectiveDampening, RelativeGradientAscent]
)
def test_parts_are_checked_as_soon_as_a_strategy_is_made(strategy):
    with pytest.raises(InputError, match="parameters must be one of all, quantum, classical"):
        strategy(parameters="head")
    with pytest.raises(InputError, match="must have quantum parameters, got none"):
        strategy(parameters="quantum")(torch.nn.Linear(4, 3), iris_split(), generator=0)


def test_running_means_do_not_learn_from_forgotten_rows():
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(4), torch.nn.Dropout(0.5), sequential())
    split: ForgetSplit = iris_split()
    result = GradientAscent(**ASCENT)(model, split, generator=0)
    assert torch.equal(result.model[0].running_mean, torch.zeros(4))
    assert all(part.training for part in result.model.modules())


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
