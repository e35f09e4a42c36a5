"""One step of differentially private descent: sample, clip, add noise."""

import numpy as np
import torch

from qiskit_qmu.models import PerExampleGradients
from qiskit_qmu.models.dry_run import count_gradients
from qiskit_qmu.training.privacy import PrivacySpent


def poisson_batch(rows: int, rate: float, generator: np.random.Generator) -> torch.Tensor:
    """Return the positions of a batch that takes each row with a probability; possibly none."""
    return torch.as_tensor(np.flatnonzero(generator.random(rows) < rate))


def clipped(gradients: dict[str, torch.Tensor], norm: float) -> dict[str, torch.Tensor]:
    """Return gradients (n, …) of rows, scaled down to an L2 norm over all parameters."""
    squares = [g.flatten(1).double().square().sum(1) for g in gradients.values()]
    lengths = torch.stack(squares).sum(0).sqrt()
    factors = (norm / lengths.clamp_min(torch.finfo(torch.float64).tiny)).clamp_max(1.0)
    return {
        name: g * factors.to(g.dtype).reshape(-1, *[1] * (g.ndim - 1))
        for name, g in gradients.items()
    }


def set_private_gradient(
    model: torch.nn.Module,
    gradients: PerExampleGradients,
    rows: torch.Tensor,
    answers: torch.Tensor,
    spent: PrivacySpent,
    batch_size: float,
    generator: np.random.Generator,
) -> float:
    """Set the noisy gradient of a batch as that of a model's parameters.

    Args:
        model: The model.
        gradients: Gradients of its rows.
        rows: Rows (n, …) of the batch; n may be 0.
        answers: Their labels or values.
        spent: Noise and clipping norm.
        batch_size: Expected rows of a batch, by which the sum is divided.
        generator: Draws the noise.

    Returns:
        The sum of the losses of the rows.
    """
    chosen = {n: p for n, p in model.named_parameters() if p.requires_grad}
    total = {name: torch.zeros_like(p) for name, p in chosen.items()}
    loss = 0.0
    if len(rows):
        count_gradients(model, rows)
        found, losses = gradients(rows, answers)
        loss = float(losses.double().sum())
        total |= {n: g.sum(0) for n, g in clipped(found, spent.clipping_norm).items()}
    deviation = spent.noise_multiplier * spent.clipping_norm
    for name, parameter in chosen.items():
        noise = generator.normal(0.0, deviation, tuple(parameter.shape))
        parameter.grad = (total[name] + torch.as_tensor(noise).to(parameter)) / batch_size
    return loss
