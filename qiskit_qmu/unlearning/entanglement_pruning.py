"""EntanglementPruning (DEW-P): angles of little entanglement-weighted information are set to 0."""

from dataclasses import dataclass
from functools import partial
from typing import Literal, final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.backends import ConnectorCost, Usage, connectors_of
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import named_parameters
from qiskit_qmu.unlearning.concurrence import coupled_pairs, layer_concurrence
from qiskit_qmu.unlearning.descent import Plan, Tensors, Terms, checked_rows, scaled_step
from qiskit_qmu.unlearning.descent_strategy import DescentStrategy
from qiskit_qmu.unlearning.method import Method, descent_preset
from qiskit_qmu.unlearning.quantum_fisher import circuit_inputs, quantum_fisher_information
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module
from qiskit_qmu.unlearning.strategy import Work


@final
@dataclass(frozen=True, kw_only=True)
class EntanglementPruning(DescentStrategy):
    """Set the angles with the smallest w_k F_k to 0, and train the others on the retained rows.

    F_k is the quantum Fisher information of the angle for the forgotten rows, and w_k the
    concurrence behind its ansatz layer: the mean, over rows, of the pairs of qubits that the
    layer's entangling gates couple; 1 where nothing is entangled. DEW-P (entanglement-weighted
    pruning), https://arxiv.org/abs/2608.17069, proposed for removing a client from federated
    training. Pruned angles stay 0 in the training.

    The angles with the smallest score are those that matter *least* to the forgotten rows; that is
    the paper's choice. ``prune="most"`` removes those that matter most. On the paper's own models
    random pruning with the same training was as good, and so was doing nothing.

    Deviations: any circuit and any number of clients; the training is a descent by steps on the
    retained rows instead of ten iterations of L-BFGS; classical parameters are not pruned, and
    trained if ``parameters`` includes them.

    Cost beside the training, on a device: one overlap of states for each angle of a forgotten row,
    and nine circuits of two-qubit tomography for each coupled pair of each layer.

    Attributes:
        share: Share of the angles to prune, at least one.
        prune: "least" or "most" for the angles with the smallest or largest scores.

    The other attributes are those of `DescentStrategy`; ``parameters`` must include the angles.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=1)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=2, rotations=("ry",))
        >>> model.fit_inputs(split.train.x)
        >>> strategy = qmu.unlearning.EntanglementPruning(share=0.25, epochs=1)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> int((unlearned.quantum.weight == 0).sum())  # of 4 angles
        1
    """

    epochs: int = 10
    share: float = 0.2
    prune: Literal["least", "most"] = "least"

    def __post_init__(self) -> None:
        super().__post_init__()
        _check.positive(share=self.share)
        _check.between(0.0, 1.0, share=self.share)
        _check.one_of(("least", "most"), prune=self.prune)

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the range of the share; see `DescentStrategy`."""
        return (Range(name="share", value=self.share, low=0.05, high=0.8, stronger="high"),)

    def plan(self, work: Work[Module], split: ForgetSplit, generator: np.random.Generator) -> Plan:
        """Return the loss of the retained rows after pruning; see `DescentStrategy`.

        Raises:
            InputError: If there are no trainable angles.
        """
        x, y, objective = checked_rows(work.model, split.retain, self.objective)
        scores = self._scores(work, split)
        kept = self._prune(work.model, scores)

        def loss(batch: Tensors) -> tuple[torch.Tensor, Terms]:
            found = objective.mean_loss(work.model, *batch)
            return found, {"retain_loss": found}

        return Plan(loss=loss, sets=((x, y),), step=partial(scaled_step, scales=kept))

    def _scores(self, work: Work[Module], split: ForgetSplit) -> dict[str, torch.Tensor]:
        """Return w_k F_k of each circuit's angles."""
        model = work.model
        allowed = {id(p): n for n, p in named_parameters(model, self.parameters).items()}
        connectors = {
            c: allowed[id(c.weight)] for c in connectors_of(model) if id(c.weight) in allowed
        }
        if not connectors:
            raise InputError(
                "EntanglementPruning needs trainable angles, got none in parameters="
                f"{self.parameters!r}"
            )
        information, cost = quantum_fisher_information(model, split.forget)
        inputs, _ = circuit_inputs(model, split.forget)
        scores = {}
        for connector, name in connectors.items():
            rows = inputs[connector].detach().double().cpu().numpy()
            weights = connector.weight.detach().double().cpu().numpy()
            entanglement = layer_concurrence(connector.neural_network, rows, weights)
            scores[name] = information[name] * torch.as_tensor(entanglement)
            circuits = 9 * len(rows) * coupled_pairs(connector.neural_network)
            shots = ConnectorCost.of(connector).forward_shots
            cost += Usage(circuits=circuits, executions=circuits * shots, requests=((circuits, 1),))
        work.meter.add(cost)
        return scores

    def _prune(
        self, model: torch.nn.Module, scores: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Set angles to 0; return 0 for each pruned angle and 1 for all that may be trained."""
        every = torch.cat(list(scores.values()))
        count = max(1, int(self.share * len(every)))
        chosen = torch.ones_like(every)
        chosen[every.topk(count, largest=self.prune == "most").indices] = 0.0
        parts = chosen.split([len(own) for own in scores.values()])
        kept = {}
        with torch.no_grad():
            for name, own in zip(scores, parts, strict=True):
                parameter = model.get_parameter(name)
                kept[name] = own.to(parameter)
                parameter.mul_(kept[name])
        return kept


METHOD = Method(
    strategy=EntanglementPruning,
    summary="angles of little entanglement-weighted information are set to 0, the others trained",
    group="quantum",
    needs=frozenset({"forgotten rows", "retained rows", "gradients"}),
    preset=descent_preset,
)
