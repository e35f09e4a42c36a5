"""Chain: the same as one strategy after the other, each with fresh optimiser state."""

import numpy as np
import pytest
from tiny_models import hybrid, iris_split, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.unlearning import (
    Chain,
    FineTune,
    GradientAscent,
    NoOp,
    SelectiveDampening,
    UnchangedWarning,
)

ASCENT = GradientAscent(max_epochs=2, batch_size=5, optimizer="sgd", confidence_threshold=0.0)
TUNE = FineTune(epochs=2, batch_size=8, optimizer="sgd", learning_rate=0.01)


@pytest.mark.parametrize("strategies", [(ASCENT, TUNE), (TUNE, TUNE), (ASCENT, NoOp(), ASCENT)])
def test_it_is_one_after_the_other(strategies):
    split, model, generator = iris_split(), hybrid(), np.random.default_rng(3)
    chained = Chain(strategies)(model, split, generator=3)
    results, current = [], model
    for strategy in strategies:
        results.append(strategy(current, split, generator=generator))
        current = results[-1].model
    assert same_weights(weights_of(chained.model), weights_of(current))
    assert chained.history == sum((result.history for result in results), ())
    total = results[0].usage
    for result in results[1:]:
        total += result.usage
    assert chained.usage == total


def test_momentum_of_the_ascent_does_not_leak_into_the_repair():
    # A repair with a vanishing step leaves the ascended weights; leaked momentum would not.
    split, model = iris_split(), hybrid()
    frozen_repair = FineTune(epochs=1, optimizer="sgd", learning_rate=1e-30)
    alone = ASCENT(model, split, generator=1).model
    with pytest.warns(UnchangedWarning, match="FineTune changed nothing"):
        repaired = Chain((ASCENT, frozen_repair))(model, split, generator=1).model
    assert same_weights(weights_of(alone), weights_of(repaired))


def test_a_list_of_strategies_and_a_chain_in_a_chain_will_do():
    split, model = iris_split(), hybrid()
    flat = Chain([ASCENT, TUNE, ASCENT])(model, split, generator=0)
    nested = Chain((Chain((ASCENT, TUNE)), ASCENT))(model, split, generator=0)
    assert same_weights(weights_of(flat.model), weights_of(nested.model))
    assert hash(Chain([ASCENT])) == hash(Chain((ASCENT,)))


def test_links_may_change_other_parts():
    split, model = iris_split(), hybrid()
    head_only = FineTune(epochs=1, parameters="classical")
    after = Chain((SelectiveDampening(alpha=0.1, dampening=0.1, parameters="quantum"), head_only))(
        model, split, generator=0
    ).model
    assert all(parameter.requires_grad for parameter in after.parameters())
    assert not same_weights(weights_of(model), weights_of(after))


def test_an_empty_chain_is_refused():
    with pytest.raises(InputError, match="a Chain needs at least one strategy"):
        Chain(())
