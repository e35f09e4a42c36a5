"""as_regressor: wraps any torch module as a model of this package that predicts values."""

from collections.abc import Callable, Sequence
from typing import ClassVar, final

import numpy as np
import torch
from numpy.typing import ArrayLike, NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu.data import as_values
from qiskit_qmu.models.factory_call import FactoryCall
from qiskit_qmu.models.module_model import ModuleModel
from qiskit_qmu.models.observing import predicted
from qiskit_qmu.objectives import Predicts


@final
class Regressor(ModuleModel):
    """A module whose outputs are values to predict; see `as_regressor`.

    Attributes:
        module: The module.
        made_by: The factory of such modules; None if unknown.
        preprocessing: Imputation and standardisation of rows; None for none.
        backend: Backend of its circuits; None if it keeps the networks' own.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> patients = qmu.load_dataset("diabetes")
        >>> model = qmu.as_regressor(torch.nn.Linear(10, 1), preprocess=True)
        >>> trainer = qmu.Trainer(epochs=30, learning_rate=0.05)
        >>> history = trainer.fit(model, patients.x_train, patients.y_train, generator=0)
        >>> model.predict(patients.x_test).shape, model.score(patients.x_test, patients.y_test) > 0
        ((142,), True)
    """

    predicts: ClassVar[Predicts] = "values"
    score_name: ClassVar[str] = "r2"

    def __init__(
        self, module: torch.nn.Module, *, preprocess: bool = False, made_by: FactoryCall | None
    ) -> None:
        super().__init__(None, preprocess=preprocess)
        self.module = module
        self.made_by = made_by

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        """Return the values (n,) or (n, outputs) of rows (n, …), as the module returns them."""
        return self.raw_outputs(x)

    def predict(self, x: ArrayLike) -> NDArray[np.float64]:
        """Return the predicted values (n,), or (n, outputs) of several, of rows.

        Args:
            x: Rows (n, …); NaN for missing values if the model has preprocessing.

        Raises:
            InputError: If there are no rows, or a value is infinite or missing.
        """
        values = predicted(self, x)
        return values[:, 0] if values.shape[1:] == (1,) else values

    def score(self, x: ArrayLike, y: ArrayLike) -> float:
        """Return R², the share of the values' variance that is predicted; over several, the mean.

        Args:
            x: Rows (n, …), as for ``predict``.
            y: Their values.

        Raises:
            InputError: If there are no rows, or shapes differ.
        """
        found, targets = self.predict(x), np.asarray(as_values("y", y), dtype=np.float64)
        if found.shape != targets.shape:
            raise InputError(
                f"the model predicts values {found.shape}, got targets {targets.shape}"
            )
        from sklearn.metrics import r2_score  # (slow to load)

        return float(r2_score(targets, found))


def as_regressor(
    module: torch.nn.Module,
    *,
    preprocess: bool = False,
    factory: str | Callable[..., torch.nn.Module] | None = None,
    input_shape: Sequence[int] | None = None,
    num_values: int = 1,
) -> Regressor:
    """Wrap a module that predicts values, so that it can be saved, retrained and audited.

    It learns the squared error unless a trainer has another objective. Values are learned as they
    are: they must lie where the module's outputs can.

    Args:
        module: Any torch module that returns values (n, values), or (n,) for a single one, such as
            a TorchConnector of an EstimatorQNN. It is not copied.
        preprocess: Whether missing values of table rows are filled and features standardised before
            they reach the module; see `Preprocessing`.
        factory: A function of input shape and number of values that returns such modules, or its
            name "package.module:function", with which a saved model is rebuilt. Not needed for a
            module that is a single TorchConnector.
        input_shape: Shape of one row, for the factory.
        num_values: Number of values of each row, for the factory.

    Raises:
        InputError: If the module is not a torch module, or the factory cannot be used.

    Example:
        >>> import qiskit_qmu as qmu
        >>> layer = qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
        >>> qmu.as_regressor(layer).predict([[0.1, 0.2]]).shape  # two observables, two values
        (1, 2)
    """
    if not isinstance(module, torch.nn.Module):
        raise InputError(f"a model must be a torch module, got {type(module).__name__}")
    made_by = None
    if factory is not None:
        if input_shape is None:
            raise InputError("a factory needs input_shape as an argument")
        _check.at_least(1, num_values=num_values)
        made_by = FactoryCall.of(factory, input_shape, num_values)
    return Regressor(module, preprocess=preprocess, made_by=made_by)
