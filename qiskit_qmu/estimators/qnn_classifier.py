"""QNNClassifier: a quantum neural network as an estimator of scikit-learn that can unlearn."""

from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils import check_random_state
from sklearn.utils.validation import check_is_fitted, validate_data

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import stream
from qiskit_qmu.backends import Backend
from qiskit_qmu.circuits import Encoding, most_features
from qiskit_qmu.data import ForgetSplit, Rows, withdrawn_positions
from qiskit_qmu.data.validated_classes import validated_classes
from qiskit_qmu.models import BasicQNN
from qiskit_qmu.observation import Observations
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import (
    PresetContext,
    UnlearningResult,
    UnlearningStrategy,
    make_strategy,
    preset_settings,
)


@final
class QNNClassifier(ClassifierMixin, BaseEstimator):
    """A `BasicQNN` with its trainer, for pipelines, searches and cross-validation.

    Rows with more features than the circuit encodes are reduced to principal components, as part
    of the model. The training rows are kept, since withdrawn rows are found among them, and
    strategies read the others.

    Args:
        num_qubits: Qubits.
        num_layers: Layers of the ansatz.
        encoding: "ry", "rx-ry-rz", "zz" or "amplitude".
        standardize: Whether features are standardised first.
        epochs: Passes over the rows.
        batch_size: Rows per step.
        learning_rate: Step size of Adam.
        strategy: How ``unfit`` removes rows: a name of `qiskit_qmu.unlearning.METHODS`, with its
            preset, or a strategy. "oracle" retrains without them, which is exact; the others are
            cheaper, and an audit shows whether they worked.
        backend: Backend of the circuits; the exact simulator if None.
        random_state: Seed of weights, batches and strategies: an integer, a `RandomState`, or None
            for other ones each time.

    Attributes:
        classes_: Labels, in order.
        n_features_in_: Features of a row.
        model_: The trained `BasicQNN`, for strategies, attacks and audits.
        history_: The `TrainingHistory` of ``fit``.
        unlearned_: The `UnlearningResult` of each ``unfit`` since ``fit``.

    Example:
        >>> import qiskit_qmu as qmu
        >>> iris = qmu.load_dataset("iris")
        >>> names = iris.train.strata.astype(str)
        >>> classifier = qmu.QNNClassifier(2, epochs=5, learning_rate=0.1, random_state=0)
        >>> classifier.fit(iris.x_train, names).predict_proba(iris.x_test).shape
        (45, 3)
        >>> withdrawn = classifier.unfit(iris.x_train[:3], names[:3])
        >>> len(classifier.unlearned_), classifier.score(iris.x_test, iris.y_test.astype(str)) > 0.5
        (1, True)
    """

    def __init__(
        self,
        num_qubits: int = 4,
        num_layers: int = 2,
        *,
        encoding: Encoding = "ry",
        standardize: bool = True,
        epochs: int = 20,
        batch_size: int = 32,
        learning_rate: float = 0.05,
        strategy: str | UnlearningStrategy = "oracle",
        backend: Backend | None = None,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.num_qubits = num_qubits
        self.num_layers = num_layers
        self.encoding = encoding
        self.standardize = standardize
        self.epochs = epochs
        self.batch_size = batch_size
        self.learning_rate = learning_rate
        self.strategy = strategy
        self.backend = backend
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Train a new model.

        Args:
            X: Rows (n, features), finite.
            y: Labels (n,), of at least two classes.

        Raises:
            InputError: If a hyperparameter is out of range, or there is one class only.
            NonFiniteError: If training diverges.
        """
        rows, self.classes_, numbers = validated_classes(self, X, y, np.float32)
        self._seed = int(check_random_state(self.random_state).randint(2**31 - 1))
        most = min(most_features(self.encoding, self.num_qubits), *rows.shape)
        model = BasicQNN(
            num_features=most,
            num_classes=len(self.classes_),
            num_qubits=self.num_qubits,
            num_layers=self.num_layers,
            backend=self.backend,
            seed=self._seed,
            encoding=self.encoding,
            preprocess=self.standardize,
        ).double()
        self._rows, self._numbers = rows, numbers.astype(np.int64)
        self.history_ = self._trainer().fit(
            model, rows, self._numbers, generator=stream(self._seed, "batches")
        )
        self.model_ = model
        self.unlearned_: list[UnlearningResult[Any]] = []
        return self

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the most probable label (m,) of rows (m, features)."""
        numbers = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[numbers])

    def predict_proba(self, X: ArrayLike) -> NDArray[np.float64]:  # noqa: N803
        """Return probabilities (m, classes), as in ``classes_``, of rows (m, features)."""
        check_is_fitted(self)
        return self.model_.predict_proba(self._checked(X))

    def observe(self, X: ArrayLike, y: ArrayLike) -> Observations:  # noqa: N803
        """Return logits, labels and circuit outputs of rows, for attacks and audits.

        Args:
            X: Rows (m, features).
            y: Their labels, of ``classes_``.

        Raises:
            InputError: If a label is unknown.
        """
        check_is_fitted(self)
        return self.model_.observe(self._checked(X), self._class_numbers(y))

    def split(self, X: ArrayLike, y: ArrayLike) -> ForgetSplit:  # noqa: N803
        """Return the task of withdrawing fitted rows, for strategies and audits of ``model_``.

        Args:
            X: Withdrawn rows (m, features), each as it was fitted.
            y: Their labels.

        Raises:
            InputError: If a row with this label was not fitted, or is withdrawn already, or no row
                would be left.
        """
        check_is_fitted(self)
        x, numbers = self._checked(X), self._class_numbers(y)
        positions = withdrawn_positions(x, numbers, self._rows, self._numbers)
        if len(positions) == len(self._rows):
            raise InputError(f"at least one row must be left, got all {len(positions)} withdrawn")
        rows = Rows(x=self._rows, y=self._numbers, indices=np.arange(len(self._rows)))
        nothing = rows.take(np.zeros(0, dtype=np.int64))
        return ForgetSplit(
            kind="instances",
            label=None,
            num_classes=len(self.classes_),
            forget=rows.take(np.sort(positions)),
            retain=rows.take(np.setdiff1d(rows.indices, positions)),
            validation=nothing,
            test_forget=nothing,
            test_retain=nothing,
        )

    def unfit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Remove the influence of fitted rows from the model, by ``strategy``.

        The rows are gone from the estimator afterwards; whether the model has forgotten them is for
        an audit to say, unless it was retrained.

        Args:
            X: Withdrawn rows (m, features), each as it was fitted.
            y: Their labels.

        Raises:
            InputError: If a row with this label was not fitted, or is withdrawn already, or no row
                would be left. The model then stays as it was.
        """
        split = self.split(X, y)
        generator = stream(self._seed, "unfit", str(len(self.unlearned_)))
        result = self._strategy()(self.model_, split, generator=generator)
        self.model_ = result.model
        self._rows, self._numbers = split.retain.x, split.retain.y
        self.unlearned_.append(result)
        return self

    def _trainer(self) -> Trainer:
        return Trainer(
            epochs=self.epochs, batch_size=self.batch_size, learning_rate=self.learning_rate
        )

    def _strategy(self) -> UnlearningStrategy:
        if not isinstance(self.strategy, str):
            return self.strategy
        trainer = self._trainer()
        context = PresetContext.of_training(trainer, model="basic", kind="instances")
        return make_strategy(self.strategy, preset_settings(context), trainer)

    def _checked(self, x: ArrayLike) -> NDArray[np.float32]:
        return np.asarray(validate_data(self, x, dtype=np.float32, reset=False))

    def _class_numbers(self, y: ArrayLike) -> NDArray[np.int64]:
        labels = np.asarray(y)
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise InputError(f"label {labels[~known][0]} is none of the fitted classes")
        return np.searchsorted(self.classes_, labels).astype(np.int64)
