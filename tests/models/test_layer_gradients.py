"""Gradients of single rows by layers, against those that torch.func finds."""

import pytest
import torch
from tiny_models import basic, hybrid, sequential

from qiskit_qmu._check import InputError
from qiskit_qmu.models import (
    HybridQNN,
    PerExampleGradients,
    named_parameters,
    per_example_gradients,
)
from qiskit_qmu.models.layer_gradients import has_layer_gradients, layer_gradients
from qiskit_qmu.models.parameters import clone_module
from qiskit_qmu.models.per_example import _mapped
from qiskit_qmu.objectives import CrossEntropy, OwnObjective, SquaredError


def _images() -> HybridQNN:
    return HybridQNN(input_shape=(2, 8, 6), num_classes=3, num_qubits=3, num_layers=2)


@pytest.mark.parametrize("part", ["all", "quantum", "classical"])
@pytest.mark.parametrize("make", [basic, hybrid, _images])
def test_gradients_are_those_of_mapped_rows(make, part, generator):
    model = make()
    rows = generator.normal(size=(5, *(model.config.input_shape or (3,))))
    model.fit_inputs(rows.astype("float32"))
    model = clone_module(model).double().eval()
    assert has_layer_gradients(model, CrossEntropy())
    x, y = torch.tensor(rows), torch.tensor([0, 2, 1, 1, 0])
    names = list(named_parameters(model, part))
    found, losses = layer_gradients(model, names, x, y, CrossEntropy())
    expected, expected_losses = _mapped(model, names, x, y, CrossEntropy())
    assert list(found) == names
    torch.testing.assert_close(found, expected, atol=1e-12, rtol=1e-10)
    torch.testing.assert_close(losses, expected_losses, atol=1e-12, rtol=1e-10)


def test_a_dense_layer_may_take_lines_of_a_row(generator):
    model = HybridQNN(input_shape=(1, 4, 4), num_classes=3, num_qubits=2, num_layers=1)
    model.front = torch.nn.Sequential(
        torch.nn.Linear(4, 2), torch.nn.Flatten(), torch.nn.Linear(8, 2)
    )
    model = model.double().eval()
    x, y = torch.tensor(generator.normal(size=(3, 1, 4, 4))), torch.tensor([0, 2, 1])
    arguments = model, list(named_parameters(model)), x, y, CrossEntropy()
    assert has_layer_gradients(model, CrossEntropy())
    torch.testing.assert_close(layer_gradients(*arguments), _mapped(*arguments))


def test_more_rows_than_are_taken_at_once(generator):
    model = hybrid().eval()
    x = torch.tensor(generator.normal(size=(300, 4)), dtype=torch.float32)
    y = torch.zeros(300, dtype=torch.long)
    names = list(named_parameters(model))
    whole, losses = layer_gradients(model, names, x, y, CrossEntropy())
    last, own = layer_gradients(model, names, x[254:], y[254:], CrossEntropy())
    assert losses.shape == (300,)
    torch.testing.assert_close(losses[254:], own)
    for name in names:
        torch.testing.assert_close(whole[name][254:], last[name], atol=1e-6, rtol=1e-5)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_gradients_where_autograd_is_off(mode, generator):
    x = torch.tensor(generator.normal(size=(3, 4)), dtype=torch.float32)
    y = torch.tensor([0, 2, 1])
    expected = per_example_gradients(hybrid(), x, y)
    with mode():
        model, rows = hybrid(), x.clone()
        assert has_layer_gradients(model, CrossEntropy())
        found = per_example_gradients(model, rows, y)
    torch.testing.assert_close(found, expected)


def test_what_does_not_reach_the_loss_has_gradient_zero(generator):
    model = hybrid().eval()
    model.auxiliary = torch.nn.Linear(4, 2)
    model.quantum.neural_network.input_gradients = False
    assert has_layer_gradients(model, CrossEntropy())
    x, y = torch.tensor(generator.normal(size=(3, 4)), dtype=torch.float32), torch.tensor([0, 2, 1])
    found = per_example_gradients(model, x, y)
    for name, gradient in found.items():
        assert gradient.shape == (3, *dict(model.named_parameters())[name].shape)
        assert bool(gradient.any()) == name.startswith(("head", "quantum")), name
    none, losses = PerExampleGradients(model, x, y)(x[:0], y[:0])
    assert none["head.bias"].shape == (0, 3)
    assert losses.shape == (0,)


def _in_place() -> HybridQNN:
    model = hybrid()
    model.front[1] = torch.nn.ReLU(inplace=True)
    return model


def _hooked() -> HybridQNN:
    model = hybrid()
    model.head.register_forward_hook(lambda _layer, _given, out: out - out.mean(0))
    return model


def _tied() -> HybridQNN:
    model = hybrid(num_classes=4)
    model.head = torch.nn.Linear(3, 4)
    model.front[2] = torch.nn.Linear(32, 3)
    model.front = torch.nn.Sequential(*model.front, torch.nn.Linear(3, 4), torch.nn.Linear(4, 3))
    model.front[3].weight = model.head.weight
    return model


def _replaced() -> HybridQNN:
    model = hybrid()
    angles = model.angles
    model.angles = lambda x: angles(x) - angles(x).mean(0)
    return model


def _twice() -> HybridQNN:
    model = hybrid()
    layer = torch.nn.Linear(3, 3)
    model.front = torch.nn.Sequential(*model.front, layer, layer)
    return model


def _circular() -> HybridQNN:
    model = _images()
    model.front[0] = torch.nn.Conv2d(2, 8, 3, padding=1, padding_mode="circular")
    return model


@pytest.mark.parametrize(
    "make",
    [
        _in_place,
        _hooked,
        _replaced,
        _tied,
        _twice,
        _circular,
        sequential,
        lambda: hybrid(encoding="zz"),
        lambda: torch.nn.Sequential(hybrid(), torch.nn.BatchNorm1d(3)),
    ],
)
def test_what_has_no_rule_or_mixes_rows_is_left_to_torch(make):
    assert not has_layer_gradients(make().eval(), CrossEntropy())


def test_losses_of_others_may_mix_rows():
    assert has_layer_gradients(hybrid(), SquaredError())
    mixed = OwnObjective(lambda model, x, _y: model(x).sum(1) - model(x).mean(), "nothing")
    assert not has_layer_gradients(hybrid(), mixed)


def test_a_circuit_without_rows_of_its_own_says_so():
    layer = hybrid(encoding="zz").quantum
    with pytest.raises(InputError, match="at most 0 rows at once, got 2 rows"):
        layer.row_outputs(torch.zeros(2, 3), layer.weight.expand(2, -1))
