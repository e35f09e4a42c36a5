"""Preprocessing: imputation and standardisation of table rows, as part of a model."""

import warnings
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError


@final
class Preprocessing(torch.nn.Module):
    """Fills missing values with medians and standardises features, as in scikit-learn.

    It uses ``SimpleImputer(strategy="median", keep_empty_features=True)`` and ``StandardScaler()``,
    fitted to the rows of the first training; later training keeps the fit, and retraining refits to
    the retained rows. Features that are constant, or missing in all training rows, become 0.

    Attributes:
        medians: Replacement of a missing value of each feature (features,).
        mean: Mean of each feature (features,), after imputation.
        scale: Standard deviation of each feature (features,); 1 for constant features.

    Example:
        >>> import torch
        >>> from qiskit_qmu.models import Preprocessing
        >>> rows = torch.tensor([[1.0, 10.0], [3.0, torch.nan], [5.0, 30.0]])
        >>> preprocessing = Preprocessing()
        >>> preprocessing.fit_inputs(rows.numpy())
        >>> preprocessing.medians
        tensor([ 3., 20.])
        >>> preprocessing(torch.tensor([[3.0, torch.nan]]))
        tensor([[0., 0.]])
    """

    medians: torch.Tensor
    mean: torch.Tensor
    scale: torch.Tensor

    def __init__(self) -> None:
        super().__init__()
        for name in ("medians", "mean", "scale"):
            self.register_buffer(name, torch.zeros(0))

    @property
    def is_fitted(self) -> bool:
        """Whether it was fitted to training rows, or loaded from a fitted one."""
        return len(self.mean) > 0

    def fit_inputs(self, x: NDArray[np.float32]) -> None:
        """Fit to training rows (n, features), with NaN for missing values, unless already fitted.

        Raises:
            InputError: If the rows are not flat.
        """
        if self.is_fitted:
            return
        if x.ndim != 2:
            raise InputError(
                f"rows to preprocess must have the shape (rows, features), got {x.shape}"
            )
        from sklearn.impute import SimpleImputer  # (slow to load)
        from sklearn.preprocessing import StandardScaler

        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about empty and constant features
            filled = imputer.fit_transform(x)
            scaler = StandardScaler().fit(filled)
            medians = imputer.transform(np.full((1, x.shape[1]), np.nan))[0]
        for name, values in {
            "medians": medians,
            "mean": scaler.mean_,
            "scale": scaler.scale_,
        }.items():
            setattr(self, name, torch.as_tensor(values).to(getattr(self, name)))

    def reinitialize(self, generator: np.random.Generator) -> None:
        """Reset the fit; nothing is random."""
        for name in ("medians", "mean", "scale"):
            setattr(self, name, getattr(self, name).new_zeros(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return standardised rows (n, features); unchanged rows before it is fitted.

        Raises:
            InputError: If the number of features differs from that of the training rows.
        """
        if not self.is_fitted:
            return x
        if x.shape[1:] != self.mean.shape:
            raise InputError(
                f"rows must have {len(self.mean)} features, got shape {tuple(x.shape[1:])}"
            )
        filled = torch.where(torch.isnan(x), self.medians, x)
        return (filled - self.mean) / self.scale


def takes_missing(module: torch.nn.Module) -> bool:
    """Return whether a module fills missing values itself."""
    return any(isinstance(part, Preprocessing) for part in module.modules())
