"""ShapleyAscent: ascent on the layers that contribute most to the answers on forgotten rows."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part, named_parameters
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ansatz_layers import layers_of_weights
from qiskit_qmu.unlearning.ascent import StopAt, class_preset
from qiskit_qmu.unlearning.ascent_strategy import AscentStrategy
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.quantum_fisher import measured_ratios
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.stopping import performance
from qiskit_qmu.unlearning.strategy import working_copy

Groups = list[dict[str, torch.Tensor]]
"""For each group the 0/1 masks of its parameters, by name."""

_UPDATED_SHARE = 0.25


@final
@dataclass(frozen=True, kw_only=True)
class ShapleyAscent(AscentStrategy):
    """``θ_i ← θ_i + η s_i ∂_i L(D_u)`` with ``s_i = min(1, |φ_g(i)| F_u,i / (α F_r,i))``.

    φ_g is the Shapley value of the parameter's group in a game whose value is minus the loss on the
    forgotten rows with the parameters of absent groups set to 0, by L. S. Shapley, A Value for
    n-Person Games, 1953. Groups are the ansatz layers of each circuit, and each other layer. F is
    the quantum Fisher information of an angle, and the empirical one of any other parameter; α is
    the value that a quarter of the products exceeds.

    A Shapley and quantum Fisher unlearner that stops at the oracle's performance is mentioned in
    surveys, without text or code that can be read: this is a reconstruction. It stops as
    `GradientAscent` does, by validation rows; the oracle is not used.

    Values are estimated from random orders of the groups (Castro, Gómez and Tejada, Polynomial
    calculation of the Shapley value based on sampling, 2009), from the given generator. Their sum
    is exact in each order.

    Cost beside the ascent: a forward pass of the forgotten rows for each group of each order, and
    on a device one overlap of states for each angle of a training row.

    Attributes:
        permutations: Orders of the groups to draw.
        learning_rate: Step size η.
        batch_size: Forgotten rows per step.
        max_epochs: Largest number of passes over the forgotten rows.
        optimizer: "adam", or "sgd" with momentum 0.9.
        loss_threshold: As in `GradientAscent`.
        confidence_threshold: As in `GradientAscent`.
        stop_at: As in `GradientAscent`.
        depth: As in `GradientAscent`.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=2)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> strategy = qmu.unlearning.ShapleyAscent(permutations=2, max_epochs=1)
        >>> history = strategy(model, split, generator=0).history
        >>> list(history[0])  # of the circuit, the head and two dense layers
        ['shapley_0', 'shapley_1', 'shapley_2', 'shapley_3']
    """

    permutations: int = 8
    learning_rate: float = 2e-2
    batch_size: int = 16
    max_epochs: int = 100
    optimizer: Optimizer = "adam"
    loss_threshold: float | None = None
    confidence_threshold: float | None = None
    stop_at: StopAt = "original"
    depth: float = 1.0
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        _check.at_least(1, permutations=self.permutations)
        super().__post_init__()

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`.

        Raises:
            InputError: If a circuit is unknown; see `quantum_fisher_information`.
        """
        generator = as_generator(generator)
        with working_copy(model, self, split) as work:
            part, objective = self.parameters, self.objective
            ratios = measured_ratios(work, split, part=part, objective=objective)
            groups = parameter_groups(work.model, part)
            shares = shapley_values(
                _game(work.model, groups, split, objective),
                len(groups),
                self.permutations,
                generator,
            )
            work.history.append({f"shapley_{g}": float(v) for g, v in enumerate(shares)})
            scales = _scales(groups, shares, ratios, work.model)
            self.ascent().run(work, split, generator, scales)
        return work.result()


def parameter_groups(model: torch.nn.Module, part: Part) -> Groups:
    """Return the groups of parameters: each circuit's ansatz layers, and each other layer.

    Args:
        model: Any module.
        part: The parameters to group.

    Raises:
        InputError: If the ansatz layers of a circuit are unknown.
    """
    circuits = {id(connector.weight): connector for connector in connectors_of(model)}
    groups: dict[tuple[str, int], dict[str, torch.Tensor]] = {}
    for name, parameter in named_parameters(model, part).items():
        if id(parameter) in circuits:
            layers = torch.as_tensor(layers_of_weights(circuits[id(parameter)].neural_network))
            for layer in range(int(layers.max()) + 1):
                groups[name, layer] = {name: (layers == layer).to(parameter)}
        else:
            own = groups.setdefault((name.rpartition(".")[0], -1), {})
            own[name] = torch.ones_like(parameter)
    return list(groups.values())


def shapley_values(
    value: Callable[[frozenset[int]], float],
    count: int,
    permutations: int,
    generator: np.random.Generator,
) -> np.ndarray:
    """Return the mean contribution (count,) of each player, over random orders of all.

    Args:
        value: Value of a coalition.
        count: Number of players.
        permutations: Number of orders.
        generator: Draws the orders.
    """
    known: dict[frozenset[int], float] = {}

    def worth(players: frozenset[int]) -> float:
        if players not in known:
            known[players] = value(players)
        return known[players]

    total = np.zeros(count)
    for _ in range(permutations):
        present: frozenset[int] = frozenset()
        for player in generator.permutation(count):
            joined = present | {int(player)}
            total[player] += worth(joined) - worth(present)
            present = joined
    return total / permutations


def _game(
    model: torch.nn.Module,
    groups: Groups,
    split: ForgetSplit,
    objective: RowLoss | HasRowLosses | None,
) -> Callable[[frozenset[int]], float]:
    given = {name: model.get_parameter(name).detach().clone() for group in groups for name in group}

    def value(players: frozenset[int]) -> float:
        present = {name: torch.zeros_like(own) for name, own in given.items()}
        for player in players:
            for name, mask in groups[player].items():
                present[name] += mask
        try:
            with torch.no_grad():
                for name, own in given.items():
                    model.get_parameter(name).copy_(own * present[name])
            return -performance(model, split.forget, objective).loss
        finally:
            with torch.no_grad():
                for name, own in given.items():
                    model.get_parameter(name).copy_(own)

    return value


def _scales(
    groups: Groups, shares: np.ndarray, ratios: dict[str, torch.Tensor], model: torch.nn.Module
) -> dict[str, torch.Tensor]:
    found = {name: torch.zeros_like(own) for name, own in ratios.items()}
    for group, share in zip(groups, shares, strict=True):
        for name, mask in group.items():
            found[name] += mask.double().cpu() * abs(float(share)) * ratios[name]
    every = torch.cat([own.flatten() for own in found.values()])
    alpha = float(every.topk(max(1, int(_UPDATED_SHARE * len(every)))).values[-1])
    alpha = alpha or float(every.max()) or 1.0
    return {
        name: (own / alpha).clamp_max(1.0).to(model.get_parameter(name))
        for name, own in found.items()
    }


METHOD = Method(
    strategy=ShapleyAscent,
    summary="gradient ascent on the layers that contribute most to the forgotten rows' answers",
    group="quantum",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
    preset=class_preset,
)
