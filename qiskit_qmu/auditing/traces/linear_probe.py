"""Linear probe: whether the circuit's outputs still tell a forgotten class from the others."""

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator
from qiskit_qmu.attacks.attack import assign_folds
from qiskit_qmu.auditing.traces.forgotten_class import forgotten_class
from qiskit_qmu.auditing.traces.null_of_oracles import (
    null_of_oracles,
    of_how_many,
    p_value_above,
    stands_out,
)
from qiskit_qmu.evaluation import Finding, SplitObservations
from qiskit_qmu.metrics import Interval, auroc_interval
from qiskit_qmu.observation import Observations, concatenate
from qiskit_qmu.observation.class_scores import log_odds

Array = NDArray[np.float64]


def linear_probe(
    observed: SplitObservations,
    oracles: Sequence[SplitObservations] = (),
    *,
    original: SplitObservations | None = None,
    untrained: SplitObservations | None = None,
    folds: int = 5,
    regularization: float = 1.0,
    generator: np.random.Generator | int = 0,
) -> tuple[Finding, ...]:
    """Fit a linear classifier to the quantum layer's outputs on never-seen rows of all classes.

    The classifier is multinomial logistic regression, as the head of a model is; every row is
    scored by a fit on the other folds. The value is the AUC with which its log-odds of the
    forgotten class rank rows of that class above the others. Outputs are centred and divided by one
    number, so a rotation of them changes nothing.

    The encoding alone may separate the classes, and an untrained network often does so as well as a
    trained one. The value must therefore be compared with that of retrained models, never with ½.

    Args:
        observed: Outputs of the audited model on a task that forgets one class.
        oracles: Outputs of retrained models.
        original: Outputs of the model before unlearning.
        untrained: Outputs of the same model with redrawn weights.
        folds: Number of folds; fewer if the class has fewer rows.
        regularization: L2 regularisation relative to the sum of losses (1/C in scikit-learn).
        generator: Random generator or seed of the folds, which are the same for all models.

    Returns:
        The finding ``"probe"``, and ``"probe_original"`` and ``"probe_untrained"`` where these
        outputs are given, all with the oracles' null.

    Raises:
        InputError: If more than one class is forgotten, there are fewer than two never-seen rows of
            it or none of another class, or a model has no outputs of circuits.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import observe_split
        >>> from qiskit_qmu.auditing.traces import linear_probe
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model = qmu.BasicQNN(num_classes=3, num_qubits=2, num_layers=1)
        >>> history = qmu.Trainer(epochs=1).fit(model, split.train.x, split.train.y, generator=0)
        >>> (finding,) = linear_probe(observe_split(model, split))
        >>> finding.value.value  # separable, although the model has barely been trained
        1.0
    """
    _check.at_least(2, folds=folds)
    _check.positive(regularization=regularization)
    label = forgotten_class(observed)
    rows = _never_seen(observed)
    labels = rows.strata
    folds = min(folds, int(np.sum(labels == label)))
    if folds < 2 or folds == len(labels) or (labels == label).all():
        raise InputError(
            "a linear probe needs at least two never-seen rows of the forgotten class, and rows of "
            "another one"
        )
    of_row = assign_folds(labels, folds, as_generator(generator))

    def probed(model: SplitObservations) -> tuple[Interval, float]:
        return _probed(_outputs(_never_seen(model)), labels, label, of_row, regularization)

    value, accuracy = probed(observed)
    of_oracles = [probed(oracle) for oracle in oracles]
    null = null_of_oracles([auc for auc, _ in of_oracles], minimum=0.0, maximum=1.0)
    p_value = p_value_above(value.value, [auc for auc, _ in of_oracles])
    text = f"A linear classifier tells the class from the others with AUC {value.value:.3f}"
    reading = f"{text} (balanced accuracy {accuracy:.3f})"
    beyond = stands_out(value, null, p_value)
    if beyond is not None:
        theirs = float(np.mean([share for _, share in of_oracles]))
        retrained = f"retrained models ({null.value:.3f}; balanced accuracy {theirs:.3f})"
        reading += f", {'better' if beyond else 'no better'} than on {retrained}"
    references = {"original": original, "untrained": untrained}
    others = {name: probed(given) for name, given in references.items() if given is not None}
    return (
        Finding(
            key="probe",
            group="model",
            name="linear probe of the circuit's outputs for the class",
            value=value,
            null=null,
            p_value=p_value,
            num_rows=len(labels),
            reading=f"{reading}. {of_how_many(len(oracles))}".strip(),
        ),
        *(
            Finding(
                key=f"probe_{name}",
                group="model",
                name=f"the same probe on the {name} model",
                value=auc,
                null=null,
                num_rows=len(labels),
                reading=f"AUC {auc.value:.3f}, balanced accuracy {share:.3f}: {_ROLES[name]}.",
            )
            for name, (auc, share) in others.items()
        ),
    )


_ROLES = {
    "original": "what doing nothing gives",
    "untrained": "what the encoding and the form of the circuit give without any training",
}


def _never_seen(observed: SplitObservations) -> Observations:
    parts = [part for part in (observed.test_forget, observed.test_retain) if part is not None]
    if not parts:
        raise InputError("a linear probe needs never-seen rows")
    return concatenate(*parts)


def _outputs(rows: Observations) -> Array:
    if rows.expectations is None:
        raise InputError("a linear probe needs outputs of circuits, which the observations lack")
    return rows.expectations


def _probed(
    outputs: Array,
    labels: NDArray[np.int64],
    label: int,
    of_row: NDArray[np.int64],
    regularization: float,
) -> tuple[Interval, float]:
    """Return the AUC of one class against the others, and the balanced accuracy."""
    # Imported late: importing scikit-learn takes most of a second.
    from sklearn.linear_model import LogisticRegression

    centred = outputs - outputs.mean(axis=0)
    scale = math.sqrt(float(np.mean(centred**2))) or 1.0
    inputs = centred / scale
    scores = np.empty(len(labels))
    for fold in range(int(of_row.max()) + 1):
        held_out = of_row == fold
        fit = LogisticRegression(C=1 / regularization, max_iter=2000, tol=1e-6)
        fit.fit(inputs[~held_out], labels[~held_out])
        if len(fit.classes_) == 2:
            decision = np.outer(fit.decision_function(inputs[held_out]), [-0.5, 0.5])
        else:
            decision = fit.decision_function(inputs[held_out])
        column = int(np.searchsorted(fit.classes_, label))
        scores[held_out] = log_odds(decision, np.full(int(held_out.sum()), column))
    inside = labels == label
    named = scores > 0
    balanced = float((named[inside].mean() + (~named[~inside]).mean()) / 2)
    return auroc_interval(scores[inside], scores[~inside]), balanced
