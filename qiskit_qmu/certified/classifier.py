"""CertifiedClassifier: a frozen circuit with a convex head, and removal within (ε, δ)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Self, final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import expit
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted, validate_data

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._files import reading
from qiskit_qmu.certified.bounded_features import bounded_features
from qiskit_qmu.certified.files import read_classifier, write_classifier
from qiskit_qmu.certified.gaussian_mechanism import largest_ratio
from qiskit_qmu.certified.held_rows import HeldRows
from qiskit_qmu.certified.ledger import Action, Ledger
from qiskit_qmu.certified.perturbed_logistic import Array, Weights, noise_generator, remove, train
from qiskit_qmu.data import withdrawn_positions
from qiskit_qmu.data.validated_classes import validated_classes
from qiskit_qmu.data.withdrawn import checked_positions


@final
class CertifiedClassifier(HeldRows, ClassifierMixin, BaseEstimator):
    """Logistic regression on frozen features, from which rows are removed with a certificate.

    It minimises Σ ln(1 + exp(−y wᵀφ)) + λn/2 ‖w‖² + bᵀw with a random b ~ N(0, σ²I), one such
    objective for each class against all others. Features φ are scaled to norm one or less, with a
    constant. ``unfit`` removes rows by a Newton step, which leaves a gradient of at most a known
    norm; as long as the noise hides that, the weights are (ε, δ)-indistinguishable from those of
    training without the rows: for every set of weights S, P(unlearned ∈ S) ≤ e^ε·P(retrained ∈ S)
    + δ, and the other way round. ``ledger_`` adds up the norms, and a removal that would exceed the
    budget retrains instead, with new noise. Guo et al., Certified Data Removal from Machine
    Learning Models, 2020, Algorithm 1 and Theorem 3, https://arxiv.org/abs/1911.03030; the norm is
    bounded as in `perturbed_logistic.remove`, and ε follows from `gaussian_delta`.

    What the certificate says, and what it does not:

    - It is about weights, and holds if the circuit, its scaling and the hyperparameters were chosen
      without the rows, and if b is secret. b is not stored; any ``random_state`` but None gives it
      away, so leave it None for a model that is published.
    - As in the source, requests must not be chosen by looking at published weights, and the
      gradient that is left is taken to be independent of b.
    - ``classes_`` keeps the label of a class whose rows are all removed.
    - It compares with retraining. Who holds the model before and after can still tell which row
      left.

    Args:
        features: A function of rows (n, features) to values (n, k), such as a `FrozenCircuit`; rows
            as they are if None.
        regularization: λ, above zero.
        noise: σ, above zero. More noise pays for more removals, and costs accuracy.
        epsilon: ε that is never exceeded.
        delta: δ, between 0 and 1; well below one over the number of rows.
        random_state: Seed of b; None for entropy from the operating system.

    Attributes:
        classes_: Labels of ``fit``, in order.
        coef_: Weights (1, k + 1) of two classes, or (classes, k + 1); the last is the constant's.
        ledger_: The `Ledger`.
        n_features_in_: Features of a row.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.certified import CertifiedClassifier, FrozenCircuit
        >>> iris = qmu.load_dataset("iris")
        >>> circuit = FrozenCircuit(num_features=4, num_qubits=3, scale=0.5)
        >>> model = CertifiedClassifier(circuit, noise=0.5, regularization=0.01, random_state=0)
        >>> model = model.fit(iris.x_train, iris.y_train)
        >>> model = model.unfit(iris.x_train[:1], iris.y_train[:1])
        >>> [entry.action for entry in model.ledger_.entries], 0 < model.ledger_.spent <= 1
        (['trained', 'removed'], True)
    """

    def __init__(
        self,
        features: Callable[[Any], Any] | None = None,
        *,
        regularization: float = 1e-2,
        noise: float = 1.0,
        epsilon: float = 1.0,
        delta: float = 1e-5,
        random_state: int | np.random.RandomState | None = None,
    ) -> None:
        self.features = features
        self.regularization = regularization
        self.noise = noise
        self.epsilon = epsilon
        self.delta = delta
        self.random_state = random_state

    def fit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Compute the features and train.

        Args:
            X: Rows (n, features), finite.
            y: Labels (n,), of at least two classes.

        Raises:
            InputError: If a hyperparameter is out of range, there is one class only, or what is
                left after training exceeds the budget already.
        """
        _check.positive(regularization=self.regularization, noise=self.noise)
        rows, self.classes_, numbers = validated_classes(self, X, y, np.float64)
        self._rows, self._numbers = rows, numbers
        self._features = self._features_of(rows)
        self.ledger_ = Ledger(
            epsilon=self.epsilon,
            delta=self.delta,
            noise=self.noise,
            budget=self.noise * largest_ratio(self.epsilon, self.delta),
            entries=(),
        )
        self._train("trained", removed=0)
        return self

    def unfit(self, X: ArrayLike, y: ArrayLike) -> Self:  # noqa: N803
        """Remove fitted rows: by a Newton step, or by retraining if the budget does not allow it.

        No circuit runs but for the features of the withdrawn rows, which were kept. Rows withdrawn
        together cost one step.

        Args:
            X: Withdrawn rows (m, features), each as it was fitted.
            y: Their labels.

        Raises:
            InputError: If a row with this label was not fitted, or is removed already, or no row
                would be left. The model then stays as it was.
        """
        check_is_fitted(self)
        labels = np.asarray(y)
        known = np.isin(labels, self.classes_)
        if not known.all():
            raise InputError(f"label {labels[~known][0]} is none of the fitted classes")
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        return self.delete(
            withdrawn_positions(
                rows, np.searchsorted(self.classes_, labels), self._rows, self._numbers
            )
        )

    def delete(self, rows: ArrayLike) -> Self:
        """Remove rows that are given by their positions; see ``unfit``.

        Args:
            rows: Positions (m,) among the rows that are left, in the order of ``fit``.

        Raises:
            InputError: If a position is not there or given twice, or no row would be left. The
                model then stays as it was.
        """
        check_is_fitted(self)
        gone = checked_positions(rows, len(self._rows))
        kept = np.setdiff1d(np.arange(len(self._rows)), gone)
        signs, removed = self._signs()[:, kept], self._signs()[:, gone]
        heads = [
            remove(
                head,
                self._features[gone],
                removed[number],
                self._features[kept],
                signs[number],
                self.regularization,
            )
            for number, head in enumerate(self._heads)
        ]
        self._rows, self._numbers = self._rows[kept], self._numbers[kept]
        self._features = self._features[kept]
        if _total(heads) <= self.ledger_.budget:
            self._publish(heads, "removed", removed=len(gone))
        else:
            self._train("retrained", removed=len(gone))
        return self

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the fitted classifier to a folder, with checksums; ``load`` reads it.

        The files hold the ledger, the weights and the remaining rows in clear. They hold neither b
        nor ``random_state``, from which it could be computed: a loaded classifier that retrains
        draws b from the operating system. A function of yours for features cannot be kept.

        Args:
            path: The folder; made if missing.
            overwrite: Replace a classifier that it holds, atomically.

        Raises:
            InputError: If it holds a classifier, or cannot be written.
        """
        check_is_fitted(self)
        arguments = self.get_params(deep=False)
        del arguments["features"], arguments["random_state"]
        content = {
            "arguments": arguments,
            "inputs": int(self.n_features_in_),
            "ledger": self.ledger_.to_dict(),
            "residuals": [head.residual for head in self._heads],
        }
        arrays = {
            "classes": self.classes_,
            "coef": self.coef_,
            "rows": self._rows,
            "numbers": self._numbers,
            "features": self._features,
        }
        write_classifier(path, content, arrays, self.features, overwrite=overwrite)

    @classmethod
    def load(cls, path: str | Path, *, features: Callable[[Any], Any] | None = None) -> Self:
        """Return the classifier that ``save`` wrote, with its ledger.

        Args:
            path: The folder.
            features: What turns rows into features; required where it was a function of yours.

        Raises:
            InputError: If a file is missing, was changed or is of another version, or the features
                are missing.
        """
        content, arrays, found = read_classifier(path, features)
        with reading(path, "a saved classifier"):
            self = cls(found, **content["arguments"])
            self.n_features_in_ = content["inputs"]
            self.classes_, self.coef_ = arrays["classes"], arrays["coef"]
            self._rows, self._numbers = arrays["rows"], arrays["numbers"]
            self._features = arrays["features"]
            self._heads = [
                Weights(weights, residual)
                for weights, residual in zip(self.coef_, content["residuals"], strict=True)
            ]
            self.ledger_ = Ledger.from_dict(content["ledger"])
        return self

    def decision_function(self, X: ArrayLike) -> Array:  # noqa: N803
        """Return wᵀφ: (m,) of two classes, positive for the second, or (m, classes).

        Args:
            X: Rows (m, features).
        """
        check_is_fitted(self)
        rows = validate_data(self, X, dtype=np.float64, reset=False)
        outputs = self._features_of(rows) @ self.coef_.T
        return outputs if len(self.coef_) > 1 else outputs[:, 0]

    def predict_proba(self, X: ArrayLike) -> Array:  # noqa: N803
        """Return probabilities (m, classes): each class against all others, normalised.

        Args:
            X: Rows (m, features).
        """
        outputs = self.decision_function(X)
        if outputs.ndim == 1:
            return np.column_stack([expit(-outputs), expit(outputs)])
        chances = expit(outputs)
        return np.asarray(chances / chances.sum(axis=1, keepdims=True))

    def predict(self, X: ArrayLike) -> NDArray[Any]:  # noqa: N803
        """Return the most probable label (m,) of rows (m, features)."""
        numbers = self.predict_proba(X).argmax(axis=1)
        return np.asarray(self.classes_[numbers])

    def _features_of(self, rows: Array) -> Array:
        return bounded_features(rows if self.features is None else self.features(rows), len(rows))

    def _signs(self) -> Array:
        """Return y (heads, n): 1 for the rows of a head's class, -1 for others."""
        numbers = np.arange(len(self.classes_)) if len(self.classes_) > 2 else np.array([1])
        return np.where(self._numbers == numbers[:, None], 1.0, -1.0)

    def _train(self, action: Action, *, removed: int) -> None:
        heads = []
        generator = noise_generator(self.random_state, len(self.ledger_.entries))
        for signs in self._signs():
            noise: Array = generator.normal(0.0, self.noise, (self._features.shape[1],))
            heads.append(train(self._features, signs, self.regularization, noise))
        if _total(heads) > self.ledger_.budget:
            raise InputError(
                f"training leaves a gradient of {_total(heads):.2g}, more than the "
                f"{self.ledger_.budget:.2g} that noise={self.noise} hides; take more noise, or a "
                "larger epsilon or delta"
            )
        self._publish(heads, action, removed=removed)

    def _publish(self, heads: list[Weights], action: Action, *, removed: int) -> None:
        self._heads = heads
        self.coef_ = np.stack([head.weights for head in heads])
        self.ledger_ = self.ledger_.after(
            action, removed=removed, remaining=len(self._rows), residual=_total(heads)
        )


def _total(heads: list[Weights]) -> float:
    """Return the norm of all heads' residuals, which are hidden together by all heads' noise."""
    return float(np.linalg.norm([head.residual for head in heads])) * (1 + 1e-12)
