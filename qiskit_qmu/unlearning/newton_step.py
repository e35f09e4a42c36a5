"""NewtonStep: one influence-function step with exact Hessian–vector products."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, final, get_args

import numpy as np
import torch

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import ROWS_AT_ONCE, Part, in_mode
from qiskit_qmu.objectives import HasRowLosses, Objective, RowLoss
from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.unlearning.descent import Tensors, checked_rows
from qiskit_qmu.unlearning.method import Method
from qiskit_qmu.unlearning.ranges import Range
from qiskit_qmu.unlearning.result import Module, UnlearningResult
from qiskit_qmu.unlearning.strategy import UnlearningStrategy, working_copy

_Function = Callable[[torch.Tensor], torch.Tensor]


@final
@dataclass(frozen=True, kw_only=True)
class NewtonStep(UnlearningStrategy):
    """θ ← θ + s (H + λ)⁻¹ g, with the Hessian H of the mean loss of the retained rows.

    g is the part of the forgotten rows in the gradient of the original training, ``|D_u|/|D_r|``
    ∇L(D_u): the influence of these rows to first order, Koh and Liang, Understanding Black-box
    Predictions via Influence Functions, https://arxiv.org/abs/1703.04730. Products with H are
    exact, by differentiating twice; the system is solved by conjugate gradients, which end early
    where H + λ turns out not to be positive definite. No guarantee follows for a model whose loss
    is not convex.

    It is a step of first order in the share of the forgotten rows, for a few of them: a whole class
    is hardly forgotten by it.

    Second derivatives need an exact simulator: `TorchSimulatorConnector`, no shots.

    Attributes:
        gradient: "forgotten" for g as above; "retained" for −∇L(D_r), a Newton step of training on
            the retained rows, equal to it at a stationary point of the original training.
        damping: λ. It must exceed minus the smallest eigenvalue of H for a full solution.
        strength: s, the length of the step in units of the full one.
        max_iterations: Largest number of conjugate gradient steps, each of two gradient evaluations
            of every retained row.
        parameters: Which parameters may change.
        objective: What the model learned: a row loss, see `qiskit_qmu.objectives`. None for
            cross-entropy if labels are class numbers, and squared error if they are floats.

    Example:
        >>> import qiskit_qmu as qmu
        >>> split = qmu.ForgetSplit.by_indices(qmu.load_dataset("iris"), [3, 14])
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> history = qmu.Trainer(epochs=5).fit(model, split.train.x, split.train.y, generator=0)
        >>> result = qmu.unlearning.NewtonStep(damping=1.0, max_iterations=5)(model, split)
        >>> result.changed, len(result.history) <= 6
        (True, True)
    """

    gradient: Literal["forgotten", "retained"] = "forgotten"
    damping: float = 0.1
    strength: float = 1.0
    max_iterations: int = 10
    parameters: Part = "all"
    objective: RowLoss | HasRowLosses | None = None

    def __post_init__(self) -> None:
        _check.one_of(("forgotten", "retained"), gradient=self.gradient)
        _check.positive(damping=self.damping, strength=self.strength)
        _check.at_least(1, max_iterations=self.max_iterations)
        _check.one_of(get_args(Part), parameters=self.parameters)

    def __call__(
        self,
        model: Module,
        split: ForgetSplit,
        *,
        generator: np.random.Generator | int | None = None,
    ) -> UnlearningResult[Module]:
        """Return the unlearned model; see `UnlearningStrategy`. This is deterministic.

        Raises:
            InputError: If the model's circuits have no second derivatives.
        """
        _check_differentiable_twice(model)
        with working_copy(model, self, split) as work, in_mode(work.model, training=False):
            x, y, objective = checked_rows(work.model, split.retain, self.objective)
            chosen = [p for p in work.model.parameters() if p.requires_grad]
            if self.gradient == "forgotten":
                own_x, own_y, _ = checked_rows(work.model, split.forget, self.objective)
                share = len(own_x) / len(x)
                right = share * _gradient(objective, work.model, chosen, (own_x, own_y))
            else:
                right = -_gradient(objective, work.model, chosen, (x, y))

            def product(vector: torch.Tensor) -> torch.Tensor:
                hessian = _hessian_product(objective, work.model, chosen, (x, y), vector)
                return hessian + self.damping * vector

            step, residuals = _conjugate_gradients(product, right, self.max_iterations)
            work.history += [{"residual": residual} for residual in residuals]
            parts = (self.strength * step).split([p.numel() for p in chosen])
            with torch.no_grad():
                for parameter, part in zip(chosen, parts, strict=True):
                    parameter.add_(part.reshape(parameter.shape).to(parameter))
        return work.result()

    def ranges(self, kind: str) -> tuple[Range, ...]:
        """Return the ranges of step length and damping; see `UnlearningStrategy`."""
        return (
            Range(
                name="strength", value=self.strength, low=0.1, high=30.0, log=True, stronger="high"
            ),
            Range(
                name="damping", value=self.damping, low=1e-3, high=10.0, log=True, stronger="low"
            ),
        )

    def worst_case(self) -> "NewtonStep":
        """Return the strategy: conjugate gradients take no more than ``max_iterations``."""
        return self


def _check_differentiable_twice(model: torch.nn.Module) -> None:
    for connector in connectors_of(model):
        exact = isinstance(connector, TorchSimulatorConnector) and connector.program is not None
        if not exact:
            raise InputError(
                "NewtonStep needs second derivatives, which only circuits on the exact simulator "
                f"without shots have; got a {type(connector).__name__} without them"
            )


def _chunks(rows: Tensors) -> list[Tensors]:
    return list(zip(*(tensor.split(ROWS_AT_ONCE) for tensor in rows), strict=True))


def _gradient(
    objective: Objective,
    model: torch.nn.Module,
    chosen: list[torch.nn.Parameter],
    rows: Tensors,
) -> torch.Tensor:
    """Return the gradient of the mean loss as a vector, in float64."""
    total = torch.zeros(())
    for part in _chunks(rows):
        loss = objective.mean_loss(model, *part)
        found = torch.autograd.grad(loss, chosen, allow_unused=True, materialize_grads=True)
        total = total + len(part[0]) / len(rows[0]) * _vector(found)
    return total


def _hessian_product(
    objective: Objective,
    model: torch.nn.Module,
    chosen: list[torch.nn.Parameter],
    rows: Tensors,
    vector: torch.Tensor,
) -> torch.Tensor:
    """Return the product of the Hessian of the mean loss with a vector, in float64."""
    total = torch.zeros(())
    for part in _chunks(rows):
        loss = objective.mean_loss(model, *part)
        first = torch.autograd.grad(
            loss, chosen, create_graph=True, allow_unused=True, materialize_grads=True
        )
        slope = (_vector(first) * vector).sum()
        found = torch.autograd.grad(slope, chosen, allow_unused=True, materialize_grads=True)
        total = total + len(part[0]) / len(rows[0]) * _vector(found)
    return total


def _vector(tensors: tuple[torch.Tensor, ...]) -> torch.Tensor:
    return torch.cat([tensor.flatten().double() for tensor in tensors])


def _conjugate_gradients(
    product: _Function, right: torch.Tensor, max_iterations: int
) -> tuple[torch.Tensor, list[float]]:
    """Solve A v = b for a symmetric A; end at a direction along which A is not positive.

    Args:
        product: Returns A v.
        right: b.
        max_iterations: Largest number of products.

    Returns:
        The solution so far, b itself if the first direction fails, and the norms of the residuals.
    """
    solution, residual = torch.zeros_like(right), right.clone()
    direction = residual
    size = residual.square().sum()
    residuals = [float(size.sqrt())]
    for _ in range(max_iterations):
        if float(size.sqrt()) <= _TOLERANCE * residuals[0]:
            break
        applied = product(direction)
        curvature = (direction * applied).sum()
        if not bool(torch.isfinite(curvature)):
            raise NonFiniteError("the Hessian has NaN or infinite values")
        if float(curvature) <= 0:
            return (solution if len(residuals) > 1 else right), residuals
        length = size / curvature
        solution = solution + length * direction
        residual = residual - length * applied
        new_size = residual.square().sum()
        direction = residual + new_size / size * direction
        size = new_size
        residuals.append(float(size.sqrt()))
    return solution, residuals


_TOLERANCE = 1e-3
"""Residual, relative to the first, at which the system counts as solved."""


METHOD = Method(
    strategy=NewtonStep,
    summary="one influence-function step with exact Hessian–vector products",
    group="second order",
    needs=frozenset({"forgotten rows", "retained rows", "gradients"}),
)
