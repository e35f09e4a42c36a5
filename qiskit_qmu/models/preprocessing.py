"""Missing values and scales of table rows, fitted to training rows, as part of a model."""

import warnings
from typing import final

import numpy as np
import torch
from numpy.typing import NDArray

from qiskit_qmu._check import InputError


@final
class Preprocessing(torch.nn.Module):
    """Fills missing values with medians and standardises features, as in scikit-learn.

    The numbers come from ``SimpleImputer(strategy="median", keep_empty_features=True)`` and
    ``StandardScaler()``, fitted to the rows of the first training; later training keeps them, and
    retraining fits them anew to the retained rows. A constant feature becomes 0, and so does one
    that no training row has.

    Attributes:
        medians: What stands for a missing value of each feature (features,).
        mean: Mean of each feature (features,), missing values filled.
        scale: Standard deviation of each feature (features,); 1 where the feature is constant.

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
        """Whether it was fitted to training rows, or loaded with what was fitted."""
        return len(self.mean) > 0

    def fit_inputs(self, x: NDArray[np.float32]) -> None:
        """Fit to training rows (n, features), NaN where a value is missing, unless it is fitted.

        Raises:
            InputError: If the rows are not flat.
        """
        if self.is_fitted:
            return
        if x.ndim != 2:
            raise InputError(f"rows to preprocess must have shape (rows, features), got {x.shape}")
        from sklearn.impute import SimpleImputer  # (takes longer to load than torch)
        from sklearn.preprocessing import StandardScaler

        imputer = SimpleImputer(strategy="median", keep_empty_features=True)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of features that no row has, and of constant ones
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
        """Forget what was fitted; nothing is drawn."""
        for name in ("medians", "mean", "scale"):
            setattr(self, name, getattr(self, name).new_zeros(0))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return standardised rows (n, features); before it is fitted, the rows as they are.

        Raises:
            InputError: If the rows have another number of features than the training rows.
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
    """Tell whether a module fills missing values itself."""
    return any(isinstance(part, Preprocessing) for part in module.modules())
