"""Retrain: fresh weights, the original's recipe, retained rows and nothing else."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from tiny_models import basic, hybrid, iris_split, same_weights, sequential, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu.models import reinitialize
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import FineTune, NoOp, Retrain

TRAINER = Trainer(epochs=2, batch_size=8, learning_rate=0.02)


@pytest.mark.parametrize("build", [basic, hybrid, sequential])
def test_it_is_fresh_weights_and_the_trainer_on_retained_rows(build):
    split, model = iris_split(), build()
    getattr(model, "fit_inputs", lambda _x: None)(split.train.x)
    oracle = Retrain(trainer=TRAINER)(model, split, generator=5)
    generator, by_hand = np.random.default_rng(5), build()
    reinitialize(by_hand, generator)
    history = TRAINER.fit(by_hand, split.retain.x, split.retain.y, generator=generator)
    assert same_weights(weights_of(oracle.model), weights_of(by_hand))
    assert oracle.history == tuple({"retain_loss": loss} for loss in history.losses)
    assert oracle.usage.gradient_evaluations == 2 * len(split.retain)
    assert oracle.usage.forward_evaluations == 2 * len(split.retain)


def test_it_does_not_depend_on_the_weights_that_it_is_given():
    split, generator = iris_split(), np.random.default_rng(0)
    first, second = basic(seed=0), basic(seed=1)
    first.fit_inputs(split.train.x)
    second.fit_inputs(generator.normal(size=(50, 4)))
    oracles = [Retrain(trainer=TRAINER)(m, split, generator=2).model for m in (first, second)]
    assert same_weights(*(weights_of(oracle) for oracle in oracles))


def test_components_are_fitted_on_retained_rows_alone():
    split, model = iris_split(), basic()
    model.fit_inputs(split.train.x)
    oracle = Retrain(trainer=TRAINER)(model, split, generator=0).model
    retained = split.retain.x.mean(axis=0)
    np.testing.assert_allclose(oracle.scaler.mean.numpy(), retained, rtol=1e-5)
    assert not np.allclose(model.scaler.mean.numpy(), retained, rtol=1e-2)


def test_early_stopping_looks_at_no_row_of_the_forgotten_class():
    split, model = iris_split(validation_fraction=0.3), hybrid()
    strategy = Retrain(trainer=replace(TRAINER, epochs=6, patience=2))
    own = split.validation.y == split.label
    assert 0 < own.sum() < len(own)
    x = np.where(own[:, None], np.float32(np.nan), split.validation.x)
    poisoned = replace(split, validation=replace(split.validation, x=x))
    clean = strategy(model, split, generator=0)
    assert same_weights(
        weights_of(clean.model), weights_of(strategy(model, poisoned, generator=0).model)
    )


def test_early_stopping_of_single_rows_looks_at_validation_rows():
    split, model = iris_split("instances", validation_fraction=0.3), hybrid()
    trainer = replace(TRAINER, epochs=3, patience=1)
    oracle = Retrain(trainer=trainer)(model, split, generator=1)
    generator, by_hand = np.random.default_rng(1), hybrid()
    by_hand.reinitialize(generator)
    validation = split.validation.x, split.validation.y
    trainer.fit(by_hand, split.retain.x, split.retain.y, generator=generator, validation=validation)
    assert same_weights(weights_of(oracle.model), weights_of(by_hand))


def test_a_model_inside_another_one_forgets_what_it_was_fitted_to():
    split, model = iris_split(), basic()
    TRAINER.fit(model, split.train.x, split.train.y, generator=0)
    wrapped = torch.nn.Sequential(torch.nn.Flatten(), model)
    bare = Retrain(trainer=TRAINER)(model, split, generator=1).model
    oracle = Retrain(trainer=TRAINER)(wrapped, split, generator=1).model
    retained = split.retain.x.mean(axis=0)
    np.testing.assert_allclose(oracle[1].scaler.mean.numpy(), retained, rtol=1e-5)
    assert same_weights(weights_of(oracle[1]), weights_of(bare))


@pytest.mark.parametrize("affine", [True, False, "frozen"])
def test_running_statistics_see_retained_rows_alone(affine):
    norm = torch.nn.BatchNorm1d(4, affine=bool(affine), momentum=None)
    norm.requires_grad_(affine != "frozen")
    split, model = iris_split(), torch.nn.Sequential(norm, sequential())
    trainer = Trainer(epochs=1, batch_size=len(split.train))
    trainer.fit(model, split.train.x, split.train.y, generator=0)
    model.eval()
    oracle = Retrain(trainer=trainer)(model, split, generator=1).model
    # One batch and a cumulative average: the mean of the rows, and nothing else.
    torch.testing.assert_close(oracle[0].running_mean, torch.tensor(split.retain.x.mean(0)))
    assert int(oracle[0].num_batches_tracked) == 1


def test_state_that_nobody_can_reset_is_refused_before_any_circuit():
    class Average(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.register_buffer("seen", torch.zeros(4))

        def forward(self, x):
            if self.training:
                self.seen += 0.1 * (x.mean(0) - self.seen)
            return x - self.seen

    model = torch.nn.Sequential(Average(), sequential(stock=True))
    model[1][1].neural_network.forward = None  # a circuit that runs is an error
    with pytest.raises(InputError, match=r"cannot reset '0.seen' of Average, which training"):
        Retrain(trainer=TRAINER)(model, iris_split(), generator=0)


def test_early_stopping_needs_validation_rows_of_the_split():
    strategy = Retrain(trainer=replace(TRAINER, patience=2))
    with pytest.raises(InputError, match="of a split with a validation_fraction"):
        strategy(hybrid(), iris_split(validation_fraction=0.0), generator=0)


def test_stopping_early_is_told():
    split = iris_split("instances", validation_fraction=0.3)
    trainer = Trainer(epochs=50, batch_size=8, learning_rate=1.0, patience=1)
    result = Retrain(trainer=trainer)(hybrid(), split, generator=0)
    assert len(result.history) < 50
    assert result.stopped == "early stopping"
    best = len(result.history) - 1
    assert result.reason == f"the validation loss was smallest after epoch {best}"


def test_a_pretrained_front_that_was_frozen_is_kept():
    split, model = iris_split(), sequential()
    model[0].requires_grad_(False)
    oracle = Retrain(trainer=TRAINER)(model, split, generator=0).model
    assert torch.equal(oracle[0].weight, model[0].weight)
    assert not torch.equal(oracle[2].weight, model[2].weight)


def test_fine_tuning_is_the_trainer_on_retained_rows_and_nothing_fitted_anew():
    split, model = iris_split(), basic()
    model.fit_inputs(split.train.x)
    tuned = FineTune(epochs=2, batch_size=8, learning_rate=0.02)(model, split, generator=4)
    by_hand = model.clone()
    TRAINER.fit(by_hand, split.retain.x, split.retain.y, generator=4)
    assert same_weights(weights_of(tuned.model), weights_of(by_hand))
    # 9 angles; nothing trainable stands in front of the circuit.
    rows = 2 * len(split.retain)
    assert tuned.usage.gradient_evaluations == tuned.usage.forward_evaluations == rows
    assert tuned.usage.circuits == rows * (1 + 2 * 9)


def test_doing_nothing_costs_nothing():
    split, model = iris_split(), hybrid()
    result = NoOp()(model, split)
    assert same_weights(weights_of(model), weights_of(result.model))
    assert (result.usage.circuits, result.usage.forward_evaluations) == (0, 0)
    assert result.history == ()
    assert (result.stopped, result.changed) == ("nothing to do", False)
