"""What a pass would take, told without running it, beside the meter of a real pass."""

import pytest
import torch
from repeated_layers import Patches, Recurrent

from qiskit_qmu.backends import metered
from qiskit_qmu.models import forward_usage, gradient_usage, named_parameters


class Unused(Recurrent):
    """A call whose output nobody reads has no gradient."""

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        self.circuit(x[:, :2])
        return 3 * self.circuit(x[:, 2:4])


class WithFront(torch.nn.Module):
    """A trainable layer in front of patches: their inputs are differentiated too."""

    def __init__(self) -> None:
        super().__init__()
        self.front = torch.nn.Linear(6, 6)
        self.patches = Patches(flat=True)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.patches(self.front(x))


MODELS = [Patches, lambda: Patches(flat=True), lambda: Patches(patches_first=True), Recurrent,
          Unused, WithFront]  # fmt: skip


@pytest.mark.parametrize("part", ["all", "quantum", "classical"])
@pytest.mark.parametrize("build", MODELS)
def test_it_is_what_the_meter_counts(build, part):
    module, x = build(), torch.rand(5, 6)
    if part == "classical" and build in (Recurrent, Unused):
        pytest.skip("there is nothing classical in it")
    chosen = {id(p) for p in named_parameters(module, part).values()}
    said = gradient_usage(module, x[:1], [5], part)
    for parameter in module.parameters():
        parameter.requires_grad_(id(parameter) in chosen)
    with metered(module) as meter:
        module(x).sum().backward()
    assert said == meter.usage
    with metered(module) as meter, torch.no_grad():
        module(x)
    assert forward_usage(module, x[:1], [5]) == meter.usage
    assert meter.usage.circuits >= 10


def test_nothing_runs_and_nothing_stays():
    module = Patches().train()
    with metered(module) as meter:
        said = forward_usage(module, torch.rand(1, 6), [7, 7])
        gradient_usage(module, torch.rand(1, 6), [7], "all")
    assert said.requests == ((21, 2),)
    assert meter.usage.circuits == 0
    assert module.training
    assert "forward" not in vars(module.circuit)


class Compiled(torch.nn.Module):
    """What torch.compile returns, as far as it matters here."""

    def __init__(self, module: torch.nn.Module) -> None:
        super().__init__()
        self._orig_mod = module

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        raise AssertionError("would be compiled anew")


def test_a_compiled_module_is_not_compiled_anew():
    row = torch.rand(1, 6)
    assert forward_usage(Compiled(Patches()), row, [4]) == forward_usage(Patches(), row, [4])
