"""Modules that run one quantum layer several times for a row."""

import torch
from tiny_models import torch_network

from qiskit_qmu.simulator import TorchSimulatorConnector


class Patches(torch.nn.Module):
    """A quanvolution: the layer runs on each 1×2 patch of a row of six values."""

    def __init__(self, *, patches_first: bool = False, flat: bool = False) -> None:
        super().__init__()
        self.patches_first, self.flat = patches_first, flat
        self.circuit = TorchSimulatorConnector(torch_network(), [0.1, 0.2, 0.3, 0.4])
        self.head = torch.nn.utils.skip_init(torch.nn.Linear, 6, 2)
        with torch.no_grad():
            self.head.weight.copy_(torch.linspace(-1, 1, 12).reshape(2, 6))
            self.head.bias.zero_()

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        patches = x.unflatten(1, (3, 2))
        if self.patches_first:
            outputs = self.circuit(patches.transpose(0, 1)).transpose(0, 1)
        elif self.flat:
            outputs = self.circuit(patches.flatten(0, 1)).unflatten(0, (len(x), 3))
        else:
            outputs = self.circuit(patches)
        return self.head(outputs.flatten(1))


class Recurrent(torch.nn.Module):
    """One layer for three steps, each of which takes the output of the one before."""

    def __init__(self) -> None:
        super().__init__()
        self.circuit = TorchSimulatorConnector(torch_network(), [0.1, 0.2, 0.3, 0.4])

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        state = torch.zeros_like(x[:, :2])
        for step in x.unflatten(1, (3, 2)).unbind(1):
            state = self.circuit(state + step)
        return 3 * state
