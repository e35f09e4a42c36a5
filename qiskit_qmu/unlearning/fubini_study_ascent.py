"""FubiniStudyAscent: gradient ascent on the angles whose states the forgotten rows move most."""

from dataclasses import dataclass
from typing import final

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import Part
from qiskit_qmu.objectives import HasRowLosses, RowLoss
from qiskit_qmu.training import Optimizer
from qiskit_qmu.unlearning.ascent import StopAt, class_preset
from qiskit_qmu.unlearning.ascent_strategy import AscentStrategy
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.quantum_fisher import measured_ratios
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import working_copy


@final
@dataclass(frozen=True, kw_only=True)
class FubiniStudyAscent(AscentStrategy):
    """θ_i ← θ_i + η m_i ∂_i L(D_u), the mask m by the quantum Fisher information of angles.

    As `RelativeGradientAscent` with the ratio of the quantum Fisher information of an angle for the
    forgotten and for the retained rows (four times the Fubini–Study metric's diagonal, see
    `quantum_fisher_information`) in place of that of the loss gradients. It needs no labels, and it
    tells which angles move the state, not which ones move the outputs. Other parameters have no
    such information: they are selected by the empirical Fisher information, among themselves.

    The metric is that of J. J. Meyer, https://arxiv.org/abs/2103.15191; no publication proposes
    this mask.
    The first rotations of a circuit have the same information for every row: their ratio is 1.

    Cost beside the ascent, on a device: one overlap of states for each angle of a training row.

    Attributes:
        share: Share of the angles, and of the other parameters, that may change; at least one each.
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
        >>> strategy = qmu.unlearning.FubiniStudyAscent(parameters="quantum", max_epochs=2)
        >>> unlearned = strategy(model, split, generator=0).model
        >>> int((unlearned.quantum.weight != model.quantum.weight).sum())  # of 2 angles
        1
    """

    share: float = 0.5
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
        _check.positive(share=self.share)
        _check.between(0.0, 1.0, share=self.share)
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
        with working_copy(model, self, split) as work:
            ratios = measured_ratios(work, split, part=self.parameters, objective=self.objective)
            scales = self._mask(work.model, ratios)
            self.ascent().run(work, split, as_generator(generator), scales)
        return work.result()

    def own_ranges(self) -> tuple[Range, ...]:
        """Return the range of the mask; see `AscentStrategy`."""
        share = Range(name="share", value=self.share, low=0.05, high=1.0)
        return (share,)

    def _mask(
        self, model: torch.nn.Module, ratios: dict[str, torch.Tensor]
    ) -> dict[str, torch.Tensor]:
        """Return 1 for the angles, and the other parameters, with the largest ratios."""
        angles = {id(connector.weight) for connector in connectors_of(model)}
        quantum = [name for name in ratios if id(model.get_parameter(name)) in angles]
        mask: dict[str, torch.Tensor] = {}
        for names in (quantum, [name for name in ratios if name not in quantum]):
            if names:
                every = torch.cat([ratios[name].flatten() for name in names])
                chosen = torch.zeros_like(every)
                chosen[every.topk(max(1, int(self.share * len(every)))).indices] = 1.0
                parts = chosen.split([ratios[name].numel() for name in names])
                for name, own in zip(names, parts, strict=True):
                    mask[name] = own.reshape(ratios[name].shape).to(model.get_parameter(name))
        return mask


METHOD = Method(
    strategy=FubiniStudyAscent,
    summary="gradient ascent on the angles that move the states of the forgotten rows most",
    group="quantum",
    needs=frozenset({"forgotten rows", "retained rows", "validation rows", "gradients"}),
    preset=class_preset,
)
