"""Dampening of parameters, and angles wrapped before it, shared by SSD and its label-free form."""

import math
from typing import Any, Literal

import torch
from qiskit.circuit import Parameter
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.models import initial_weights
from qiskit_qmu.simulator.compile.active_qubits import active_qubits
from qiskit_qmu.simulator.compile.affine import affine
from qiskit_qmu.simulator.compile.elementary_gates import ParityRotation, PauliRotation
from qiskit_qmu.simulator.compile.unrolling import unroll

Towards = Literal["zero", "initial"]
"""What dampened parameters shrink towards: 0, or the weights that training began with."""

Weights = dict[str, torch.Tensor]
"""Values by parameter name."""


def target_of(model: torch.nn.Module, towards: Towards) -> Weights | None:
    """Return the values to shrink towards; None for 0.

    Raises:
        InputError: If they are not known.
    """
    if towards == "zero":
        return None
    found = initial_weights(model)
    if found is None:
        raise InputError(
            "the initial weights of the model are not known: only a model that Trainer trained in "
            'this process has them; use towards="zero"'
        )
    return found


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


def wrap_angles(model: torch.nn.Module, towards: Weights | None = None) -> None:
    """Move angles by whole periods to within half a period of a target, in place.

    That changes the outcome of no circuit. An angle and the same angle plus 2π give the same gate
    but would be dampened differently; angles of controlled rotations have a period of 4π. Angles
    that need no gradient are not changed.

    Args:
        model: Any module.
        towards: The targets by parameter name; 0 if None.
    """
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    for connector in connectors_of(model):
        if not connector.weight.requires_grad:
            continue
        weight = connector.weight.detach()
        target = (
            torch.zeros_like(weight) if towards is None else towards[names[id(connector.weight)]]
        )
        period = _periods(connector).to(weight)
        far = (weight - target).abs() > period / 2
        wrapped = period / 2 - torch.remainder(period / 2 - (weight - target), period)
        with torch.no_grad():
            connector.weight.copy_(torch.where(far, target + wrapped, weight))


def _periods(connector: TorchConnector) -> torch.Tensor:
    """Return the period of each weight: 2π, 4π, or infinite where neither is known to be one.

    The weight is in rotations by c times itself and something else; these repeat, up to a global
    phase, after 2π / c.
    """
    network = connector.neural_network
    periods = torch.full((network.num_weights,), math.inf)
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        return periods
    try:
        gates = list(unroll(active_qubits(network.circuit).circuit))
    except InputError:  # the simulator cannot run it
        return periods
    factors: dict[Parameter, list[float]] = {}
    for gate in gates:
        if isinstance(gate, PauliRotation | ParityRotation):
            slopes = _slopes(gate.angle)
        else:
            angles = getattr(gate, "angles", ())
            slopes = {p: math.inf for angle in angles for p in getattr(angle, "parameters", ())}
        for parameter, slope in slopes.items():
            factors.setdefault(parameter, []).append(slope)
    for place, weight in enumerate(network.weight_params or ()):
        for turns in (1, 2):
            if all((turns * factor).is_integer() for factor in factors.get(weight, [math.inf])):
                periods[place] = 2 * math.pi * turns
                break
    return periods


def _slopes(angle: Any) -> dict[Parameter, float]:
    """Return the derivative of an angle by each of its parameters; infinite where it varies."""
    form = affine(angle)
    if form is None:
        return dict.fromkeys(angle.parameters, math.inf)
    coefficients, _ = form
    return coefficients


def dampen(
    model: torch.nn.Module,
    original: dict[str, torch.Tensor],
    forget: dict[str, torch.Tensor],
    reference: dict[str, torch.Tensor],
    alpha: float,
    strength: float,
    towards: Weights | None = None,
) -> float:
    """Write dampened parameters into the model; return the share that was dampened.

    Args:
        model: The model to write to.
        original: Its values before, wrapped.
        forget: Importance for the forgotten rows.
        reference: Importance for the others.
        alpha: Ratio of importance above which a parameter is dampened.
        strength: λ.
        towards: Values to shrink towards; 0 if None.
    """
    parameters = dict(model.named_parameters())
    selected_count, count = 0, 0
    with torch.no_grad():
        for name, own in forget.items():
            selected = own > alpha * reference[name]
            ratio = strength * reference[name] / own.clamp_min(torch.finfo().tiny)
            factor = torch.where(selected, ratio.clamp_max(1.0), 1.0)
            factor = factor.to(original[name].dtype)
            if towards is None:
                parameters[name].copy_(original[name] * factor)
            else:
                target = towards[name].to(original[name])
                parameters[name].copy_(target + (original[name] - target) * factor)
            selected_count += int(selected.sum())
            count += selected.numel()
    return selected_count / count
