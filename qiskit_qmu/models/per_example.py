"""Per-example gradients of any module with a QNN, from one batched call if possible."""

from typing import Any

import torch
from qiskit_machine_learning.connectors import TorchConnector
from qiskit_machine_learning.neural_networks import NeuralNetwork

from qiskit_qmu.backends import needed_part
from qiskit_qmu.models.dry_run import without_circuits
from qiskit_qmu.models.layer_gradients import (
    ROW_GRADIENTS_AT_ONCE,
    has_layer_gradients,
    layer_gradients,
)
from qiskit_qmu.models.learner import Learner
from qiskit_qmu.models.parameters import Part, clone_module, named_parameters
from qiskit_qmu.objectives import CrossEntropy, Objective
from qiskit_qmu.simulator import TorchSimulatorConnector

Gradients = dict[str, torch.Tensor]


def per_example_gradients(
    module: torch.nn.Module,
    rows: torch.Tensor,
    answers: torch.Tensor,
    *,
    part: Part = "all",
    objective: Objective = CrossEntropy(),  # noqa: B008  (it is frozen)
) -> dict[str, torch.Tensor]:
    """Return the gradient of each row's loss, in evaluation mode.

    BasicQNN and HybridQNN on the exact simulator take one pass over the rows: gradients follow from
    what each layer took and gave (Goodfellow, https://arxiv.org/abs/1510.01799). Other modules are
    mapped over them by torch.func.
    A stock TorchConnector is differentiated by its network's own gradient, with the whole batch in
    one call. A module that torch cannot map over rows, because it writes in place, branches on
    values or is random, is differentiated row by row.

    Args:
        module: Any module.
        rows: Rows (n, …).
        answers: Labels (n,), or values (n,) or (n, outputs).
        part: Parameters to differentiate by: "all", "quantum" or "classical".
        objective: What the module learns; called with one row at a time.

    Returns:
        Gradients ``(n, *shape)`` by parameter name; a shared parameter appears once, by its first
        name.

    Raises:
        InputError: If the part is unknown or has no parameters.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import per_example_gradients
        >>> rows, labels = torch.ones(5, 2), torch.tensor([0, 1, 2, 0, 1])
        >>> gradients = per_example_gradients(torch.nn.Linear(2, 3), rows, labels)
        >>> {name: tuple(gradient.shape) for name, gradient in gradients.items()}
        {'weight': (5, 3, 2), 'bias': (5, 3)}
    """
    return PerExampleGradients(module, rows, answers, part=part, objective=objective)(
        rows, answers
    )[0]


class PerExampleGradients:
    """Gradients and losses of single rows, call after call while the parameters move.

    Args:
        module: Any module; each call uses the parameters that it has then.
        rows: A few rows like those of the calls.
        answers: Their labels or values.
        part: Parameters to differentiate by: "all", "quantum" or "classical".
        objective: What the module learns; called with one row at a time.

    Raises:
        InputError: If the part is unknown or has no parameters.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import PerExampleGradients
        >>> rows, labels = torch.ones(5, 2), torch.tensor([0, 1, 2, 0, 1])
        >>> single = PerExampleGradients(torch.nn.Linear(2, 3), rows, labels)
        >>> gradients, losses = single(rows, labels)
        >>> tuple(gradients["bias"].shape), tuple(losses.shape)
        ((5, 3), (5,))
    """

    def __init__(
        self,
        module: torch.nn.Module,
        rows: torch.Tensor,
        answers: torch.Tensor,
        *,
        part: Part = "all",
        objective: Objective = CrossEntropy(),  # noqa: B008  (it is frozen)
    ) -> None:
        self._module, self._objective = module, objective
        self._names = list(named_parameters(module, part))
        with torch.inference_mode(False):
            self._copy = clone_module(module).eval()
        self._run = _row_by_row
        if has_layer_gradients(self._copy, objective):
            self._run = layer_gradients
        elif _can_be_mapped(module, self._names, rows[:2], answers[:2], objective):
            self._copy = _mappable(self._copy)
            self._run = _mapped

    def __call__(self, rows: torch.Tensor, answers: torch.Tensor) -> tuple[Gradients, torch.Tensor]:
        """Return gradients (n, *shape) by parameter name and losses (n,), in evaluation mode."""
        own = dict(self._copy.named_parameters())
        with torch.no_grad():
            for name, parameter in self._module.named_parameters():
                own[name].copy_(parameter)
        if len(rows) == 0:
            return {n: own[n].new_zeros(0, *own[n].shape) for n in self._names}, rows.new_zeros(0)
        return self._run(self._copy, self._names, rows, answers, self._objective)


def _can_be_mapped(
    module: torch.nn.Module,
    names: list[str],
    rows: torch.Tensor,
    answers: torch.Tensor,
    objective: Objective,
) -> bool:
    """Try without circuits, to avoid wasting device time."""
    try:
        _mapped(without_circuits(module), names, rows, answers, objective)
    except (RuntimeError, TypeError, ValueError, IndexError):
        return False
    return True


def _mapped(
    module: torch.nn.Module,
    names: list[str],
    rows: torch.Tensor,
    answers: torch.Tensor,
    objective: Objective,
) -> tuple[Gradients, torch.Tensor]:
    learner = Learner(module, objective).eval()
    constants = {
        **{name: p.detach() for name, p in learner.named_parameters()},
        **dict(learner.named_buffers()),
    }
    chosen = {name: constants.pop(f"module.{name}") for name in names}

    def loss_of_row(parameters: Gradients, row: torch.Tensor, answer: torch.Tensor) -> torch.Tensor:
        given = {f"module.{name}": value for name, value in parameters.items()}
        one = (row.unsqueeze(0), answer.unsqueeze(0))
        loss: torch.Tensor = torch.func.functional_call(learner, {**constants, **given}, one)
        return loss

    gradient = torch.func.vmap(
        torch.func.grad_and_value(loss_of_row),
        in_dims=(None, 0, 0),
        chunk_size=ROW_GRADIENTS_AT_ONCE,
    )
    gradients, losses = gradient(chosen, rows, answers)
    return {name: value.detach() for name, value in gradients.items()}, losses.detach()


def _row_by_row(
    module: torch.nn.Module,
    names: list[str],
    rows: torch.Tensor,
    answers: torch.Tensor,
    objective: Objective,
) -> tuple[Gradients, torch.Tensor]:
    for name, parameter in module.named_parameters():
        parameter.requires_grad_(name in names)
    chosen = [dict(module.named_parameters())[name] for name in names]
    gradients, losses = [], []
    for row, answer in zip(rows.split(1), answers.split(1), strict=True):
        with torch.enable_grad():
            value = objective.mean_loss(module, row, answer)
        losses.append(value.detach())
        gradients.append(
            torch.autograd.grad(value, chosen, allow_unused=True, materialize_grads=True)
        )
    stacked = map(torch.stack, zip(*gradients, strict=True))
    return dict(zip(names, stacked, strict=True)), torch.stack(losses)


def _mappable(module: torch.nn.Module) -> torch.nn.Module:
    """Replace connectors that torch.func cannot map over."""
    if isinstance(module, TorchConnector):
        exact = isinstance(module, TorchSimulatorConnector) and module.program is not None
        return module if exact else _MappableConnector(module)
    # A child with two names must be replaced under both, which named_children() hides.
    for name, child in list(module._modules.items()):  # noqa: SLF001
        if child is not None:
            setattr(module, name, _mappable(child))
    return module


class _MappableConnector(torch.nn.Module):
    """A TorchConnector's network behind functions with rules for torch.func.vmap."""

    def __init__(self, connector: TorchConnector) -> None:
        super().__init__()
        self._network = connector.neural_network
        self.weight = connector.weight

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the outputs (…, *output_shape) of inputs (…, num_inputs)."""
        flat = x.reshape(-1, x.shape[-1])
        outputs: torch.Tensor = _Outputs.apply(self._network, flat, self.weight)
        return outputs.reshape(*x.shape[:-1], *self._network.output_shape)


class _Outputs(torch.autograd.Function):
    """Outputs (n, …) of a network at inputs (n, I) and weights (W,)."""

    @staticmethod
    def forward(network: NeuralNetwork, x: torch.Tensor, weight: torch.Tensor) -> torch.Tensor:
        """Run the network's forward pass."""
        outputs = network.forward(x.detach().cpu().numpy(), weight.detach().cpu().numpy())
        return torch.as_tensor(outputs, dtype=weight.dtype, device=weight.device)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: torch.Tensor) -> None:
        """Keep inputs and weights."""
        ctx.network, x, weight = inputs
        ctx.save_for_backward(x, weight)

    @staticmethod
    def backward(ctx: Any, gradient: torch.Tensor) -> tuple[None, torch.Tensor, torch.Tensor]:
        """Contract the network's Jacobian with the gradient, summed over the rows."""
        x, weight = ctx.saved_tensors
        _, inputs, weights = ctx.needs_input_grad
        network = needed_part(ctx.network, inputs=inputs, weights=weights)
        by_inputs, by_weights = _Contraction.apply(network, x, weight, gradient)
        return None, by_inputs, by_weights.sum(0)

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        network: NeuralNetwork,
        x: torch.Tensor,
        weight: torch.Tensor,
    ) -> tuple[torch.Tensor, int]:
        """Run all mapped rows as one batch."""
        folded = _fold(x, in_dims[1], info.batch_size)
        outputs = _Outputs.apply(network, folded, weight)
        return outputs.unflatten(0, (info.batch_size, -1)), 0


class _Contraction(torch.autograd.Function):
    """Gradients (n, I) and (n, W), row by row, from gradients (n, …) of the outputs."""

    @staticmethod
    def forward(
        network: NeuralNetwork, x: torch.Tensor, weight: torch.Tensor, gradient: torch.Tensor
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Run the network's backward pass."""
        by_inputs, by_weights = network.backward(
            x.detach().cpu().numpy(), weight.detach().cpu().numpy()
        )
        flat = gradient.flatten(1)

        def contract(jacobian: Any, size: int) -> torch.Tensor:
            if jacobian is None:  # a network without input gradients
                return flat.new_zeros(len(flat), size)
            tensor = torch.as_tensor(jacobian, dtype=flat.dtype, device=flat.device)
            tensor = tensor.reshape(len(flat), -1, size)
            return torch.einsum("no,nos->ns", flat, tensor)

        return contract(by_inputs, x.shape[-1]), contract(by_weights, len(weight))

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Any) -> None:
        """Save nothing: there is no second derivative."""

    @staticmethod
    def backward(ctx: Any, *gradients: torch.Tensor) -> Any:
        """Raise an error: Qiskit ML has no second derivatives."""
        raise NotImplementedError("second derivatives of this network are not supported")

    @staticmethod
    def vmap(
        info: Any,
        in_dims: tuple[int | None, ...],
        network: NeuralNetwork,
        x: torch.Tensor,
        weight: torch.Tensor,
        gradient: torch.Tensor,
    ) -> tuple[tuple[torch.Tensor, torch.Tensor], tuple[int, int]]:
        """Differentiate all mapped rows as one batch."""
        size = info.batch_size
        results = _Contraction.apply(
            network, _fold(x, in_dims[1], size), weight, _fold(gradient, in_dims[3], size)
        )
        by_inputs, by_weights = (result.unflatten(0, (size, -1)) for result in results)
        return (by_inputs, by_weights), (0, 0)


def _fold(tensor: torch.Tensor, dim: int | None, size: int) -> torch.Tensor:
    """Merge a mapped dimension into the rows."""
    if dim is None:
        return tensor.expand(size, *tensor.shape).flatten(0, 1)
    return tensor.movedim(dim, 0).flatten(0, 1)
