"""What training rows leave in a model beside its weights: fitted before, kept, reset or refused."""

import numpy as np
import pytest
import torch
from sklearn.preprocessing import StandardScaler
from tiny_models import basic, iris, sequential, torch_network

from qiskit_qmu._check import InputError
from qiskit_qmu.models import check_resettable, fit_inputs, kept_state, reinitialize
from qiskit_qmu.models.angle_scaler import AngleScaler
from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.training import Trainer

ROWS = torch.tensor(iris().x_train)


class Shifted(torch.nn.Module):
    """A part that says itself how it starts, and is fitted to what reaches it."""

    def __init__(self):
        super().__init__()
        self.register_buffer("shift", torch.zeros(4))

    def reinitialize(self, generator):
        self.shift = torch.zeros(4)

    def fit_inputs(self, x):
        self.shift = torch.tensor(x.mean(axis=0))

    def forward(self, x):
        return x - self.shift


def test_parts_are_fitted_to_what_reaches_them_in_the_order_of_the_forward_pass():
    front, inner, second = torch.nn.Linear(4, 4), Shifted(), Shifted()
    model = torch.nn.ModuleDict({"second": second, "inner": inner, "front": front})
    model.forward = lambda x: second(2 * inner(front(x)) + 1)
    fit_inputs(model, ROWS)
    torch.testing.assert_close(inner.shift, front(ROWS).mean(0).detach())
    torch.testing.assert_close(second.shift, torch.ones(4), atol=1e-5, rtol=0)
    assert not any(part._forward_pre_hooks for part in model.modules())


def test_fitting_runs_no_circuit_behind_the_last_part_and_sees_all_rows():
    model = torch.nn.Sequential(torch.nn.Flatten(), basic())

    def refuse(*_):
        raise AssertionError("a circuit ran")

    model[1].quantum.register_forward_hook(refuse)
    many = ROWS.repeat(8, 1)  # more rows than pass at once
    fit_inputs(model, many)
    np.testing.assert_allclose(model[1].scaler.mean, many.mean(0), rtol=1e-5)


def test_a_part_that_is_never_reached_is_left_alone():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4))
    model[0].unused = Shifted()
    fit_inputs(model, ROWS)
    assert torch.equal(model[0].unused.shift, torch.zeros(4))


def test_a_bare_scaler_is_fitted_in_training_and_forgets():
    network = torch_network()
    model = torch.nn.Sequential(
        AngleScaler(2, 1.0), TorchSimulatorConnector(network), torch.nn.Linear(2, 3)
    )
    Trainer(epochs=1).fit(model, iris().x_train, iris().y_train, generator=0)
    np.testing.assert_allclose(model[0].mean, iris().x_train.mean(axis=0), rtol=1e-5)
    reinitialize(model, np.random.default_rng(0))
    assert not model[0].is_fitted


@pytest.mark.parametrize("affine", [True, False, "frozen"])
def test_running_statistics_start_afresh(affine):
    norm = torch.nn.BatchNorm1d(4, affine=bool(affine))
    norm.requires_grad_(affine != "frozen")
    model = torch.nn.Sequential(norm, sequential())
    Trainer(epochs=1).fit(model, iris().x_train, iris().y_train, generator=0)
    assert int(norm.num_batches_tracked) == 4
    reinitialize(model, np.random.default_rng(0))
    assert int(norm.num_batches_tracked) == 0
    assert torch.equal(norm.running_mean, torch.zeros(4))
    assert torch.equal(norm.running_var, torch.ones(4))


def test_statistics_that_were_frozen_by_eval_are_pretrained():
    norm = torch.nn.BatchNorm1d(4)
    with torch.no_grad():
        norm.running_mean.fill_(3.0)
        norm.weight.fill_(5.0)
    model = torch.nn.Sequential(norm.eval(), sequential())
    reinitialize(model, np.random.default_rng(0))
    assert torch.equal(norm.running_mean, torch.full((4,), 3.0))
    assert torch.equal(norm.weight, torch.ones(4))  # still trained, so still drawn anew


class Moving(torch.nn.Module):
    """A part with a mean of its own that follows what it sees in training."""

    def __init__(self, kind):
        super().__init__()
        if kind == "buffer":
            self.register_buffer("seen", torch.zeros(4))
        else:
            self.seen = torch.zeros(4)

    def forward(self, x):
        if self.training:
            self.seen = 0.9 * self.seen + 0.1 * x.detach().mean(0)
        return x - self.seen


def test_what_training_moves_and_nobody_can_reset_is_refused():
    spectral = torch.nn.utils.spectral_norm(torch.nn.Linear(4, 4))
    for part, name, kind in [
        (Moving("buffer"), "0.seen", "Moving"),
        (Moving("tensor"), "0.seen", "Moving"),
        (spectral, "0.weight_", "Linear"),
    ]:
        model = torch.nn.Sequential(part, sequential())
        before = {n: t.clone() for n, t in model.state_dict().items()}
        with pytest.raises(InputError, match=f"cannot reset '{name}.*of {kind}, which training"):
            check_resettable(model, ROWS)
        assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())


def test_an_estimator_of_scikit_learn_is_refused():
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), sequential())
    model[0].scaler = StandardScaler().fit(ROWS)
    with pytest.raises(InputError, match=r"cannot reset '0.scaler' of Linear, which may be"):
        check_resettable(model, ROWS)


def test_other_buffers_are_named_unless_they_say_they_are_constant():
    constant, unknown = torch.nn.Identity(), torch.nn.Identity()
    constant.register_buffer("shift", torch.ones(4), persistent=False)
    unknown.register_buffer("shift", torch.ones(4))
    known = torch.nn.BatchNorm1d(4), Shifted(), sequential()
    check_resettable(torch.nn.Sequential(constant, *known), ROWS)
    with pytest.warns(UserWarning, match=r"retraining keeps 1.shift from the trained model"):
        check_resettable(torch.nn.Sequential(constant, unknown, *known), ROWS)


@pytest.mark.parametrize("training", [True, False])
def test_kept_state_holds_every_buffer_and_every_mode(training):
    model = torch.nn.Sequential(torch.nn.BatchNorm1d(4), Moving("buffer"), torch.nn.Dropout())
    model.register_buffer("own", torch.zeros(1))
    model.train(training)
    before = {n: t.clone() for n, t in model.state_dict().items()}
    with kept_state(model):
        assert model[2].training
        model(ROWS)
        model[1].seen = torch.ones(4)  # as a module may that does not ask for its mode
        model.own += 1
    assert all(torch.equal(before[n], t) for n, t in model.state_dict().items())
    assert all(part.training == training for part in model.modules())
