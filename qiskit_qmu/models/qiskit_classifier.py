"""Classifiers of Qiskit Machine Learning, VQC among them, as torch modules and back."""

import copy
from collections.abc import Sequence
from typing import Any, TypeVar

import numpy as np
from qiskit_machine_learning.neural_networks import NeuralNetwork, SamplerQNN

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import Backend, connectors_of, open_backend
from qiskit_qmu.backends.cost.networks import known_network
from qiskit_qmu.models.backend_transfer import on_backend
from qiskit_qmu.models.labels import Label
from qiskit_qmu.models.module_classifier import Classifier, as_classifier
from qiskit_qmu.models.outputs import Outputs
from qiskit_qmu.simulator import TorchSimulatorConnector

QiskitClassifier = TypeVar("QiskitClassifier")
"""A NeuralNetworkClassifier, such as a VQC."""


def from_qiskit_classifier(classifier: Any, *, backend: Backend | None = None) -> Classifier:
    """Return a fitted NeuralNetworkClassifier or VQC of Qiskit ML as a torch module.

    It has the classifier's network and trained weights, and predicts what it predicts. Labels are
    those that the classifier was fitted with: strings, -1 and 1 for a network of one output, or
    numbers; one-hot labels are numbered by their columns.

    Args:
        classifier: The classifier, which is not changed. Outcome probabilities of a SamplerQNN and
            the single value of an EstimatorQNN are turned into logits as in `as_classifier`;
            several values of an EstimatorQNN, the largest of which names the class, are logits.
        backend: Where the circuits run; the exact simulator if None.

    Raises:
        InputError: If it is no such classifier, was not fitted, or its network is another than an
            EstimatorQNN or a SamplerQNN, or its circuit is transpiled.

    Example:
        >>> import numpy as np
        >>> from qiskit.circuit.library import real_amplitudes, zz_feature_map
        >>> from qiskit_machine_learning.algorithms import VQC
        >>> from qiskit_machine_learning.optimizers import COBYLA
        >>> import qiskit_qmu as qmu
        >>> x, y = np.array([[0.1, 0.2], [1.1, 1.2]]), np.array(["no", "yes"])
        >>> vqc = VQC(
        ...     feature_map=zz_feature_map(2),
        ...     ansatz=real_amplitudes(2, reps=1),
        ...     optimizer=COBYLA(maxiter=10),
        ...     sampler=qmu.open_backend("exact").sampler,
        ... ).fit(x, y)
        >>> qmu.from_qiskit_classifier(vqc).labels
        ('no', 'yes')
    """
    network = _network_of(classifier)
    if getattr(classifier, "_fit_result", None) is None:
        raise InputError("a classifier must be fitted first: call classifier.fit(X, y)")
    network = known_network(network)
    connector = TorchSimulatorConnector(network, initial_weights=np.asarray(classifier.weights))
    where = open_backend("exact") if backend is None else backend
    outputs = _outputs_of(network)
    model = as_classifier(
        on_backend(connector, where), outputs, labels=_labels_of(classifier, outputs)
    )
    model.backend = where
    return model


def to_qiskit_classifier(model: Classifier, classifier: QiskitClassifier) -> QiskitClassifier:
    """Return a copy of a classifier of Qiskit ML whose ``predict`` uses a model's weights.

    Args:
        model: What `from_qiskit_classifier` made of the classifier, trained or unlearned since.
        classifier: The classifier, which is not changed; its network is shared.

    Raises:
        InputError: If the model has not one TorchConnector with as many weights as the network.

    Example:
        >>> import numpy as np
        >>> from qiskit.circuit.library import real_amplitudes, zz_feature_map
        >>> from qiskit_machine_learning.algorithms import VQC
        >>> from qiskit_machine_learning.optimizers import COBYLA
        >>> import qiskit_qmu as qmu
        >>> x, y = np.array([[0.1, 0.2], [1.1, 1.2]]), np.array([0, 1])
        >>> vqc = VQC(
        ...     feature_map=zz_feature_map(2),
        ...     ansatz=real_amplitudes(2, reps=1),
        ...     optimizer=COBYLA(maxiter=10),
        ...     sampler=qmu.open_backend("exact").sampler,
        ... ).fit(x, y)
        >>> model = qmu.from_qiskit_classifier(vqc)
        >>> history = qmu.Trainer(epochs=20, learning_rate=0.1).fit(model, x, y, generator=0)
        >>> qmu.to_qiskit_classifier(model, vqc).predict(x)
        array([0, 1])
    """
    network = _network_of(classifier)
    connectors = connectors_of(model)
    sizes = [connector.weight.numel() for connector in connectors]
    if sizes != [network.num_weights]:
        raise InputError(
            f"a model must have one TorchConnector of {network.num_weights} weights, got {sizes}"
        )
    changed = copy.copy(classifier)
    own: Any = changed
    own._fit_result = copy.copy(own.fit_result)  # noqa: SLF001  (it has no setter)
    own._fit_result.x = connectors[0].weight.detach().double().cpu().numpy()  # noqa: SLF001
    return changed


def _network_of(classifier: Any) -> NeuralNetwork:
    network = getattr(classifier, "neural_network", None)
    if not isinstance(network, NeuralNetwork) or not hasattr(classifier, "predict"):
        got = type(classifier).__name__
        raise InputError(f"a classifier must be a NeuralNetworkClassifier or a VQC, got {got}")
    return network


def _outputs_of(network: NeuralNetwork) -> Outputs:
    if isinstance(network, SamplerQNN):
        return "probabilities"
    return "expectation" if network.output_shape == (1,) else "logits"


def _labels_of(classifier: Any, outputs: Outputs) -> Sequence[Label] | None:
    """Return the labels that predictions are translated to; None for numbers.

    A classifier encodes strings, and what it makes one-hot; it encodes nothing else.
    """
    encoder = classifier._target_encoder  # noqa: SLF001  (it has no getter)
    names = getattr(encoder, "classes_", None)
    if names is None:
        (names,) = getattr(encoder, "categories_", [None])
    if names is not None:
        labels = [label.item() if hasattr(label, "item") else label for label in names]
        return [int(x) if isinstance(x, float) and x.is_integer() else x for x in labels]
    return (-1, 1) if outputs == "expectation" else None
