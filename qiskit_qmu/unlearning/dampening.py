"""Dampening of parameters, and angles wrapped before it, shared by SSD and its label-free form."""

import math

import torch
from qiskit.circuit import Parameter
from qiskit.circuit.library import PhaseGate, RXGate, RYGate, RZGate
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu.backends import connectors_of

_PERIODIC = {RXGate, RYGate, RZGate, PhaseGate}


def weights_of(model: torch.nn.Module) -> dict[str, torch.Tensor]:
    """Return copies of all parameters, by name."""
    return {name: p.detach().clone() for name, p in model.named_parameters()}


def replace_unchanged(
    model: torch.nn.Module, old: dict[str, torch.Tensor], new: dict[str, torch.Tensor]
) -> None:
    """Write new values to parameters that still have the old ones."""
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            parameter.copy_(torch.where(parameter == old[name], new[name], parameter))


def wrap_angles(model: torch.nn.Module) -> None:
    """Wrap angles to [-π, π] in place, if that does not change the outcome of any circuit.

    An angle and the same angle plus 2π give the same gate but would be dampened differently. Angles
    that need no gradient are not changed.
    """
    for connector in connectors_of(model):
        if not connector.weight.requires_grad:
            continue
        periodic = _is_periodic(connector) & (connector.weight.abs() > math.pi)
        with torch.no_grad():
            wrapped = math.pi - torch.remainder(math.pi - connector.weight, 2 * math.pi)
            connector.weight.copy_(torch.where(periodic, wrapped, connector.weight))


def _is_periodic(connector: TorchConnector) -> torch.Tensor:
    """Return which weights are used only as plain angles of one-qubit rotations."""
    network = connector.neural_network
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        return torch.zeros(network.num_weights, dtype=torch.bool)
    weights = list(network.weight_params or ())
    bare: dict[Parameter, bool] = {}
    for instruction in network.circuit.data:
        kind = getattr(instruction.operation, "base_class", None)
        for expression in instruction.params:
            for parameter in getattr(expression, "parameters", ()):
                plain = expression == parameter and kind in _PERIODIC
                bare[parameter] = bare.get(parameter, True) and plain
    return torch.tensor([bare.get(weight, False) for weight in weights])


def dampen(
    model: torch.nn.Module,
    original: dict[str, torch.Tensor],
    forget: dict[str, torch.Tensor],
    reference: dict[str, torch.Tensor],
    alpha: float,
    strength: float,
) -> float:
    """Write dampened parameters into the model; return the share that was dampened."""
    parameters = dict(model.named_parameters())
    selected_count, count = 0, 0
    with torch.no_grad():
        for name, own in forget.items():
            selected = own > alpha * reference[name]
            ratio = strength * reference[name] / own.clamp_min(torch.finfo().tiny)
            factor = torch.where(selected, ratio.clamp_max(1.0), 1.0)
            parameters[name].copy_(original[name] * factor.to(original[name].dtype))
            selected_count += int(selected.sum())
            count += selected.numel()
    return selected_count / count
