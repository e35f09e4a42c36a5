"""Training by gradient descent."""

from qiskit_qmu.training.descent import Optimizer, batches, make_optimizer, mean_loss
from qiskit_qmu.training.history import TrainingHistory
from qiskit_qmu.training.privacy import Privacy, PrivacySpent, subsampled_gaussian_epsilon
from qiskit_qmu.training.trainer import LARGEST_LEARNING_RATE, Progress, Trainer

__all__ = [
    "LARGEST_LEARNING_RATE",
    "Optimizer",
    "Privacy",
    "PrivacySpent",
    "Progress",
    "Trainer",
    "TrainingHistory",
    "batches",
    "subsampled_gaussian_epsilon",
    "make_optimizer",
    "mean_loss",
]
