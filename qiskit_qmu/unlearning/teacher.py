"""Outputs of a teacher, and how far a student is from them; shared by distillation strategies."""

import torch

from qiskit_qmu.models import ROWS_AT_ONCE, in_mode


def outputs_of(model: torch.nn.Module, x: torch.Tensor) -> torch.Tensor:
    """Return a model's outputs (n, …) of rows (n, …), in evaluation mode and without gradient."""
    with in_mode(model, training=False), torch.no_grad():
        return torch.cat([model(rows) for rows in x.split(ROWS_AT_ONCE)])


def divergence(
    teacher: torch.Tensor, student: torch.Tensor, temperature: float = 1.0
) -> torch.Tensor:
    """Return the mean Kullback–Leibler divergence T² KL(teacher ‖ student), in nats.

    Args:
        teacher: Logits (n, classes).
        student: Logits (n, classes).
        temperature: T, by which both are divided; T² keeps the size of the gradient.

    Example:
        >>> import torch
        >>> from qiskit_qmu.unlearning.teacher import divergence
        >>> divergence(torch.tensor([[0.0, 0.0]]), torch.tensor([[0.0, 1.0986]]))  # ½ ln(4/3)
        tensor(0.1438)
    """
    target = torch.log_softmax(teacher / temperature, dim=1)
    own = torch.log_softmax(student / temperature, dim=1)
    kl = torch.nn.functional.kl_div(own, target, reduction="batchmean", log_target=True)
    return temperature**2 * kl


def distance_to_targets(targets: torch.Tensor, student: torch.Tensor) -> torch.Tensor:
    """Return the mean cross-entropy −Σ_c t_c ln p_c, in nats.

    Args:
        targets: Probabilities (n, classes).
        student: Logits (n, classes).
    """
    return -(targets * torch.log_softmax(student, dim=1)).sum(1).mean()
