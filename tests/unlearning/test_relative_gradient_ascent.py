"""RGA: which parameters may move, and how far, for Fisher diagonals that are given."""

import pytest
import torch
from tiny_models import basic, iris_split, sequential

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Usage
from qiskit_qmu.unlearning import GradientAscent, RelativeGradientAscent
from qiskit_qmu.unlearning import relative_gradient_ascent as module

ONE_STEP = {"batch_size": 100, "max_epochs": 1, "confidence_threshold": 0.0}
FORGET = {"2.bias": [8.0, 1e-31, 3.0], "1.weight": [5.0, 1.0, 0.0, 4.0]}
RETAIN = {"2.bias": [1.0, 1e-36, 3.0], "1.weight": [0.0, 2.0, 0.0, 1.0]}
# Ratios 8, none (of rounding errors), 1 and ∞, ½, none, 4; all other parameters have none.


@pytest.fixture
def given_diagonals(monkeypatch):
    split = iris_split()

    def diagonal(network, rows, *, part, objective):
        values = FORGET if len(rows) == len(split.forget) else RETAIN
        return {
            name: torch.tensor(values.get(name, [0.0] * p.numel())).double().reshape(p.shape)
            for name, p in network.named_parameters()
        }, Usage()

    assert len(split.forget) != len(split.retain)
    monkeypatch.setattr(module, "fisher_diagonal", diagonal)
    return split


def _moves(strategy, model, split):
    after = dict(strategy(model, split, generator=0).model.named_parameters())
    return {n: (after[n] - p).detach() for n, p in model.named_parameters()}


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_only_masked_parameters_move_and_they_move_as_in_ascent(given_diagonals, optimizer):
    model = sequential()
    options = {**ONE_STEP, "optimizer": optimizer, "learning_rate": 0.1}
    free = _moves(GradientAscent(**options), model, given_diagonals)
    masked = _moves(RelativeGradientAscent(alpha=3.0, **options), model, given_diagonals)
    chosen = {"2.bias": [1, 0, 0], "1.weight": [1, 0, 0, 1]}
    for name, move in masked.items():
        mask = torch.tensor(chosen.get(name, 0.0))
        torch.testing.assert_close(move, free[name] * mask, atol=1e-7, rtol=1e-5)
        assert bool((move[mask.bool()] != 0).all()) if name in chosen else not bool(move.any())


@pytest.mark.parametrize("optimizer", ["adam", "sgd"])
def test_importance_scales_every_update(given_diagonals, optimizer):
    model = sequential()
    options = {**ONE_STEP, "optimizer": optimizer, "learning_rate": 0.1}
    free = _moves(GradientAscent(**options), model, given_diagonals)
    strategy = RelativeGradientAscent(alpha=4.0, scaling="importance", **options)
    scales = {"2.bias": [1.0, 0.0, 0.25], "1.weight": [1.0, 0.125, 0.0, 1.0]}
    for name, move in _moves(strategy, model, given_diagonals).items():
        expected = free[name] * torch.tensor(scales.get(name, 0.0))
        torch.testing.assert_close(move, expected, atol=1e-7, rtol=1e-5)


def test_the_share_that_may_move_is_told(given_diagonals):
    strategy = RelativeGradientAscent(alpha=3.0, **ONE_STEP)
    first = strategy(sequential(), given_diagonals, generator=0).history[0]
    assert first == {"updated_share": pytest.approx(3 / 23)}  # 10 + 4 + 9 parameters


def test_where_no_ratio_is_above_alpha_the_largest_may_move(given_diagonals):
    strategy = RelativeGradientAscent(alpha=1e300, **ONE_STEP)
    moves = _moves(strategy, sequential(), given_diagonals)
    assert {name for name, move in moves.items() if bool(move.any())} == {"1.weight"}
    assert torch.nonzero(moves["1.weight"]).tolist() == [[0]]


def test_without_alpha_a_quarter_of_the_parameters_may_move(monkeypatch):
    """However small their ratios: here 1/23, 2/23, … 23/23 in the order of the parameters."""
    split, network = iris_split(), sequential()
    sizes = {name: p.numel() for name, p in network.named_parameters()}
    ratios = dict(
        zip(sizes, (torch.arange(1.0, 24.0) / 23).split(list(sizes.values())), strict=True)
    )

    def diagonal(network, rows, *, part, objective):
        forget = len(rows) == len(split.forget)
        return {
            name: (ratios[name] if forget else torch.ones(p.numel())).double().reshape(p.shape)
            for name, p in network.named_parameters()
        }, Usage()

    monkeypatch.setattr(module, "fisher_diagonal", diagonal)
    result = RelativeGradientAscent(**ONE_STEP)(network, split, generator=0)
    assert result.history[0] == {"updated_share": pytest.approx(5 / 23)}
    moves = torch.cat(
        [
            (p - before).detach().flatten()
            for p, before in zip(result.model.parameters(), network.parameters(), strict=True)
        ]
    )
    assert torch.nonzero(moves).flatten().tolist() == [18, 19, 20, 21, 22]


def test_a_mask_holds_over_many_steps_although_adam_has_momentum(given_diagonals):
    options = {"batch_size": 2, "max_epochs": 4, "confidence_threshold": 0.0}
    moves = _moves(RelativeGradientAscent(alpha=3.0, **options), sequential(), given_diagonals)
    assert not bool(moves["0.weight"].any())
    assert torch.nonzero(moves["2.bias"]).tolist() == [[0]]


def test_cost_by_hand():
    split, model = iris_split(), basic()
    model.fit_inputs(split.train.x)
    forget, retain = len(split.forget), len(split.retain)
    result = RelativeGradientAscent(**ONE_STEP)(model, split, generator=0)
    # The two diagonals, one loss on all forgotten rows, and one step on them.
    assert result.usage.gradient_evaluations == (forget + retain) + forget
    assert result.usage.forward_evaluations == (forget + retain) + 2 * forget
    assert result.usage.circuits == 3 * forget + retain + (2 * forget + retain) * 2 * 9


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"alpha": 0.0}, "alpha must be positive, got 0.0"),
        ({"alpha": "x"}, "alpha must be a number, got 'x'"),
        ({"scaling": "soft"}, "scaling must be one of hard, importance; got 'soft'"),
        ({"learning_rate": -1.0}, "learning_rate must be positive"),
    ],
)
def test_bad_hyperparameters_are_refused(options, message):
    with pytest.raises(InputError, match=message):
        RelativeGradientAscent(**options)
