"""The quantum Fisher information of a model's angles, averaged over rows."""

from collections import defaultdict

import numpy as np
import torch
from numpy.typing import NDArray
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import EstimatorQNN, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import ConnectorCost, Usage, connectors_of, metered
from qiskit_qmu.data import ForgetSplit, Rows
from qiskit_qmu.models import Part, clone_module, in_mode, named_parameters
from qiskit_qmu.models.dry_run import no_circuits, zeros
from qiskit_qmu.models.tensors import as_row_tensor
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.simulator.readout.quantum_fisher import state_fisher_information
from qiskit_qmu.unlearning.budget import spend
from qiskit_qmu.unlearning.fisher import fisher_diagonal
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work

_DEAD = 1e-9
"""Information, relative to the largest, below which a parameter has none."""


def quantum_fisher_information(
    module: torch.nn.Module, rows: Rows, *, diagonal: bool = True
) -> tuple[dict[str, torch.Tensor], Usage]:
    """Return the quantum Fisher information of a model's trainable angles; labels are not used.

    F_kl = 4 Re(⟨∂_kψ|∂_lψ⟩ − ⟨∂_kψ|ψ⟩⟨ψ|∂_lψ⟩) of the state ψ that a circuit prepares, before any
    observable is measured: an angle may move the state and no output. The states are pure and
    computed exactly by the simulator, whatever the model runs on: noise and shots are not part of
    it, and a device is sent nothing. The usage is what a device would take: an overlap of states
    for each angle of a row, four for each pair of angles (Mari, Bromley and Killoran,
    https://arxiv.org/abs/2008.06517), and forward passes where one circuit feeds another.

    Args:
        module: Any module with TorchConnectors.
        rows: The rows.
        diagonal: Whether to return the diagonals alone.

    Returns:
        By the name of each circuit's weights (W,), the mean over the rows in float64: the diagonal
        (W,), or the matrix (W, W). Runs of one circuit for the same row are added. And the cost.

    Raises:
        InputError: If a circuit is unknown because its network is neither an EstimatorQNN nor a
            SamplerQNN.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.unlearning import quantum_fisher_information
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.HybridQNN(input_shape=(4,), num_classes=3, num_qubits=2, num_layers=1)
        >>> found, usage = quantum_fisher_information(model, split.forget)
        >>> {name: tuple(values.shape) for name, values in found.items()}
        {'quantum.weight': (2,)}
        >>> usage.circuits, len(split.forget)  # one overlap for each angle of a row
        (70, 35)
    """
    seen, usage = circuit_inputs(module, rows)
    names = {id(p): n for n, p in module.named_parameters() if p.requires_grad}
    found: dict[str, torch.Tensor] = {}
    for connector, inputs in seen.items():
        name = names.get(id(connector.weight))
        if name is None:
            continue
        spend(len(inputs))
        information = torch.as_tensor(_of_connector(connector, inputs, diagonal=diagonal))
        information = information * (len(inputs) / len(rows))
        found[name] = found[name] + information if name in found else information
        usage += _overlaps(connector, len(inputs), diagonal=diagonal)
    return found, usage


def importance(
    module: torch.nn.Module,
    rows: Rows,
    *,
    part: Part = "all",
    objective: RowLoss | HasRowLosses | None = None,
) -> tuple[dict[str, torch.Tensor], Usage]:
    """Return the quantum Fisher diagonal of angles, and the empirical one of other parameters.

    Args:
        module: Any module to which the objective applies.
        rows: Rows with labels or values.
        part: Parameters to use: "all", "quantum" or "classical".
        objective: What the module learned.

    Returns:
        The diagonals in float64 by parameter name, in the module's order, and their cost.

    Raises:
        InputError: If the part is unknown or has no parameters, or a circuit is unknown.
    """
    wanted = named_parameters(module, part)
    angles = {id(connector.weight) for connector in connectors_of(module)}
    found: dict[str, torch.Tensor] = {}
    usage = Usage()
    if any(id(p) in angles for p in wanted.values()):
        found, usage = quantum_fisher_information(module, rows)
    if any(id(p) not in angles for p in wanted.values()):
        others, cost = fisher_diagonal(module, rows, part="classical", objective=objective)
        found, usage = {**found, **others}, usage + cost
    return {name: found[name] for name in wanted}, usage


def importance_ratios(
    forget: dict[str, torch.Tensor], retain: dict[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """Return I_u / I_r of each parameter, 0 for one that has no importance for forgotten rows."""
    ratios = {}
    for name, own in forget.items():
        floor = _DEAD * float(torch.maximum(own.max(), retain[name].max()))
        kept = retain[name].clamp_min(max(floor, torch.finfo(own.dtype).tiny))
        ratios[name] = torch.where(own > floor, own / kept, 0.0)
    return ratios


def measured_ratios(
    work: Work[Module],
    split: ForgetSplit,
    *,
    part: Part,
    objective: RowLoss | HasRowLosses | None,
) -> dict[str, torch.Tensor]:
    """Return I_u / I_r of a working copy's parameters, and count what measuring them takes.

    Args:
        work: The working copy.
        split: Its forgotten and retained rows.
        part: As for `importance`.
        objective: What the module learned.
    """
    forget, cost = importance(work.model, split.forget, part=part, objective=objective)
    retain, other_cost = importance(work.model, split.retain, part=part, objective=objective)
    work.meter.add(cost + other_cost)
    return importance_ratios(forget, retain)


def circuit_inputs(
    module: torch.nn.Module, rows: Rows
) -> tuple[dict[TorchConnector, torch.Tensor], Usage]:
    """Return the inputs (calls · rows, I) of each circuit, running circuits only where needed.

    Args:
        module: Any module with TorchConnectors.
        rows: The rows.

    Returns:
        The inputs by connector, and the cost.
    """
    copy = clone_module(module)
    found, usage = _inputs(copy, as_row_tensor(module, rows.x))
    own = dict(zip(connectors_of(copy), connectors_of(module), strict=True))
    return {own[connector]: inputs for connector, inputs in found.items()}, usage


def _inputs(
    module: torch.nn.Module, x: torch.Tensor
) -> tuple[dict[TorchConnector, torch.Tensor], Usage]:
    seen: dict[TorchConnector, list[torch.Tensor]] = defaultdict(list)

    def note(connector: TorchConnector, inputs: torch.Tensor) -> torch.Tensor:
        seen[connector].append(inputs.reshape(-1, inputs.shape[-1]))
        return zeros(connector, inputs)

    def run(rows: torch.Tensor) -> None:
        seen.clear()
        with no_circuits(module, note) as dry, torch.no_grad():
            dry(rows)

    run(x[:1])
    usage = Usage()
    if sum(map(len, seen.values())) <= 1:
        run(x)
    else:  # the outputs of one circuit may be inputs of another
        seen.clear()
        handles = [
            connector.register_forward_hook(
                lambda own, given, _: seen[own].append(given[0].reshape(-1, given[0].shape[-1]))
            )
            for connector in connectors_of(module)
        ]
        with in_mode(module, training=False), torch.no_grad(), metered(module) as meter:
            module(x)
        for handle in handles:
            handle.remove()
        usage = meter.usage
    return {connector: torch.cat(parts) for connector, parts in seen.items()}, usage


def _of_connector(
    connector: TorchConnector, inputs: torch.Tensor, *, diagonal: bool
) -> NDArray[np.float64]:
    network = connector.neural_network
    if not isinstance(network, EstimatorQNN | SamplerQNN):
        raise InputError(
            "the quantum Fisher information requires an EstimatorQNN or SamplerQNN, got "
            f"{type(network).__name__}"
        )
    given = inputs.detach().double().cpu().numpy()
    weights = connector.weight.detach().double().cpu().numpy()
    place = {parameter: column for column, parameter in enumerate(network.circuit.parameters)}
    values = np.zeros((len(given), len(place)))
    for parameters, of in (
        (network.input_params or (), given),
        (network.weight_params or (), np.tile(weights, (len(given), 1))),
    ):
        for column, parameter in enumerate(parameters):
            if parameter in place:
                values[:, place[parameter]] = of[:, column]
    used = [(k, place[w]) for k, w in enumerate(network.weight_params or ()) if w in place]
    mine = [k for k, _ in used]
    information = state_fisher_information(
        network.circuit, values, [column for _, column in used], diagonal=diagonal
    )
    if diagonal:
        whole = np.zeros(len(weights))
        whole[mine] = information
        return whole
    matrix = np.zeros((len(weights), len(weights)))
    matrix[np.ix_(mine, mine)] = information
    return matrix


def _overlaps(connector: TorchConnector, rows: int, *, diagonal: bool) -> Usage:
    cost = ConnectorCost.of(connector)
    angles = cost.weight_angles
    circuits = rows * (angles if diagonal else angles * (2 * angles - 1))
    return Usage(
        gradient_evaluations=rows,
        circuits=circuits,
        executions=circuits * cost.shots,
        requests=((circuits, 1),) if circuits else (),
    )
