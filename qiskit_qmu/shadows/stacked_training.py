"""Several models of one structure trained at once, by stacked weights through one simulation."""

import math
from collections.abc import Sequence

import numpy as np
import torch

from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.models import ShardedClassifier, clone_module, fit_inputs, in_mode
from qiskit_qmu.models.dry_run import without_circuits
from qiskit_qmu.models.learner import Learner
from qiskit_qmu.models.parameters import named_tensors
from qiskit_qmu.objectives import Objective
from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.training import Trainer, batches, make_optimizer

Part = tuple[torch.Tensor, torch.Tensor]
"""Rows (n, …) and their labels or values (n, …)."""

Tensors = dict[str, torch.Tensor]


def can_be_stacked(
    model: torch.nn.Module, trainer: Trainer, objective: Objective, sample: Part
) -> bool:
    """Return whether models of a structure can be trained at once.

    They can where all circuits are simulated exactly, nothing is drawn in a forward pass, nothing
    but parameters is moved by training, no model consists of shards, training is not
    private, and there is no early stopping, which would end each model's training at another epoch.

    Args:
        model: One of them, with everything fitted that is fitted before training.
        trainer: The recipe.
        objective: What is learned.
        sample: A few rows with their labels.
    """
    if trainer.patience is not None or trainer.privacy is not None:
        return False
    if isinstance(model, ShardedClassifier):
        return False
    if not is_exact(model) or _moves_in_training(model):
        return False
    plain = without_circuits(model)
    parameters, constants = _stacked([plain, plain])
    rows, answers = (torch.stack([part, part]) for part in sample)
    try:
        with in_mode(plain, training=True):
            _Gradients(plain, objective)(parameters, constants, rows, answers)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return False
    return True


def is_exact(model: torch.nn.Module) -> bool:
    """Return whether all circuits of a model are simulated exactly by this package's engine."""
    return all(
        isinstance(connector, TorchSimulatorConnector) and connector.program is not None
        for connector in connectors_of(model)
    )


def train_stacked(
    models: Sequence[torch.nn.Module],
    parts: Sequence[Part],
    trainer: Trainer,
    objective: Objective,
    generators: Sequence[np.random.Generator],
) -> None:
    """Train models in place, each on its own rows in an order of its own.

    Each ends with the weights that `Trainer.fit` would give it alone, up to rounding.

    Args:
        models: Modules of one structure for which `can_be_stacked` holds.
        parts: Rows and labels of each; as many for each.
        trainer: The recipe.
        objective: What is learned.
        generators: Order of the batches of each.

    Raises:
        NonFiniteError: If a loss or a weight becomes NaN or infinite.
    """
    for model, (rows, _) in zip(models, parts, strict=True):
        fit_inputs(model, rows)
    parameters, constants = _stacked(models)
    optimizer = make_optimizer(
        trainer.optimizer,
        [torch.nn.Parameter(stack) for stack in parameters.values()],
        trainer.learning_rate,
        weight_decay=trainer.weight_decay,
    )
    trained = dict(zip(parameters, optimizer.param_groups[0]["params"], strict=True))
    base = clone_module(models[0])
    with in_mode(base, training=True):
        gradients = _Gradients(base, objective)
        for epoch in range(1, trainer.epochs + 1):
            orders = [
                list(batches(len(rows), trainer.batch_size, generator))
                for (rows, _), generator in zip(parts, generators, strict=True)
            ]
            for step in zip(*orders, strict=True):
                _step(gradients, trained, constants, parts, step, optimizer)
            _check_finite(trained, trainer, epoch)
    _unstack(models, trained)


def _step(
    gradients: "_Gradients",
    trained: dict[str, torch.nn.Parameter],
    constants: Tensors,
    parts: Sequence[Part],
    step: Sequence[torch.Tensor],
    optimizer: torch.optim.Optimizer,
) -> None:
    rows, answers = (
        torch.stack([part[side][batch] for part, batch in zip(parts, step, strict=True)])
        for side in (0, 1)
    )
    detached = {name: parameter.detach() for name, parameter in trained.items()}
    found = gradients(detached, constants, rows, answers)
    for name, parameter in trained.items():
        parameter.grad = found[name]
    optimizer.step()


class _Gradients:
    """Gradients of the mean loss of each model on a batch of its own."""

    def __init__(self, base: torch.nn.Module, objective: Objective) -> None:
        self._learner = Learner(base, objective)
        self._of_models = torch.func.vmap(torch.func.grad(self._loss))

    def __call__(
        self, parameters: Tensors, constants: Tensors, rows: torch.Tensor, answers: torch.Tensor
    ) -> Tensors:
        found: Tensors = self._of_models(parameters, constants, rows, answers)
        return found

    def _loss(
        self, parameters: Tensors, constants: Tensors, rows: torch.Tensor, answers: torch.Tensor
    ) -> torch.Tensor:
        tensors = {f"module.{name}": t for name, t in {**constants, **parameters}.items()}
        loss: torch.Tensor = torch.func.functional_call(self._learner, tensors, (rows, answers))
        return loss


def _stacked(models: Sequence[torch.nn.Module]) -> tuple[Tensors, Tensors]:
    """Return trainable parameters, and all else that decides the answers, stacked over models."""
    parameters = {
        name: torch.stack([dict(m.named_parameters())[name].detach() for m in models])
        for name, parameter in models[0].named_parameters()
        if parameter.requires_grad
    }
    constants = {
        name: torch.stack([named_tensors(m)[name].detach() for m in models])
        for name in named_tensors(models[0])
        if name not in parameters
    }
    return parameters, constants


def _unstack(models: Sequence[torch.nn.Module], trained: dict[str, torch.nn.Parameter]) -> None:
    with torch.no_grad():
        for number, model in enumerate(models):
            own = dict(model.named_parameters())
            for name, stack in trained.items():
                own[name].copy_(stack[number])


def _moves_in_training(model: torch.nn.Module) -> bool:
    """Return whether a forward pass in training mode moves a buffer, as running means are."""
    return any(getattr(part, "track_running_stats", False) for part in model.modules())


def _check_finite(trained: dict[str, torch.nn.Parameter], trainer: Trainer, epoch: int) -> None:
    for name, stack in trained.items():
        if not math.isfinite(float(stack.detach().sum())):
            raise NonFiniteError(
                f"training left the range of numbers, {name} is not finite after epoch {epoch}: "
                f"lower learning_rate={trainer.learning_rate}"
            )
