"""QuantumModel: base class of all models of this package, whatever they predict."""

from abc import ABC, abstractmethod
from pathlib import Path
from typing import Any, ClassVar, Self

import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu.backends import Backend
from qiskit_qmu.models.files import Description, write_model
from qiskit_qmu.models.observing import observe
from qiskit_qmu.models.parameters import clone_module, parameter_counts
from qiskit_qmu.models.preprocessing import Preprocessing
from qiskit_qmu.objectives import HasRowLosses, Predicts, RowLoss
from qiskit_qmu.observation import Observations


class QuantumModel(torch.nn.Module, ABC):
    """A torch module that can be saved and moved to another backend.

    Args:
        backend: Backend of its circuits; None to keep the networks' own.
        preprocess: Whether rows are imputed and standardised; see `Preprocessing`.

    Attributes:
        predicts: "classes" or "values", which decides the objective: cross-entropy or the squared
            error, see `qiskit_qmu.objectives`.
        score_name: What `score` returns: "accuracy" or "r2".
        backend: Backend of its circuits; None if it keeps the networks' own.
        preprocessing: Imputation and standardisation of rows; None for none.
    """

    predicts: ClassVar[Predicts]
    score_name: ClassVar[str]

    backend: Backend | None
    preprocessing: Preprocessing | None

    def __init__(self, backend: Backend | None, *, preprocess: bool) -> None:
        super().__init__()
        self.backend = backend
        self.preprocessing = Preprocessing() if preprocess else None

    def prepared(self, x: torch.Tensor) -> torch.Tensor:
        """Return rows (n, …) after preprocessing, if there is one."""
        return x if self.preprocessing is None else self.preprocessing(x)

    @abstractmethod
    def on(self, backend: Backend) -> Self:
        """Return a copy with the same weights whose circuits run on another backend."""

    @abstractmethod
    def description(self) -> Description:
        """Return the description from which a saved model is rebuilt, without its weights."""

    @abstractmethod
    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """Return the predicted class or value of each row.

        Args:
            x: Rows (n, …); NaN for missing values if the model has preprocessing.

        Raises:
            InputError: If there are no rows, or a value is infinite or missing.
        """

    @abstractmethod
    def score(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return how good predictions are: accuracy or R².

        Args:
            x: Rows (n, …), as for ``predict``.
            y: Their labels or values.

        Raises:
            InputError: If there are no rows, lengths differ, or a label is unknown.
        """

    def clone(self) -> Self:
        """Return a copy with its own weights on the same backend."""
        return clone_module(self)

    def observe(
        self, x: ArrayLike, y: ArrayLike, objective: RowLoss | HasRowLosses | None = None
    ) -> Observations:
        """Return outputs, labels or values, and circuit outputs on rows.

        Args:
            x: Rows (n, …).
            y: Labels (n,); or values (n,) or (n, outputs).
            objective: What the model learned; cross-entropy or the squared error if None.

        Raises:
            InputError: If there are no rows, lengths differ, or a value is NaN or infinite.
        """
        return observe(self, x, y, objective)

    def parameter_counts(self) -> dict[str, int]:
        """Return the numbers of quantum and classical parameters."""
        return parameter_counts(self)

    def save(self, path: str | Path) -> None:
        """Write weights (safetensors), config (JSON) and circuit (QPY) to a folder.

        Args:
            path: The folder; created if missing.

        Raises:
            InputError: If it cannot be written.
        """
        write_model(self, path)
