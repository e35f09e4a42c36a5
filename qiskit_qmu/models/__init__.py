"""Quantum classifiers and regressors, and tools for any torch module with a QNN."""

from qiskit_qmu.models.backend_transfer import on_backend
from qiskit_qmu.models.basic import BasicQNN
from qiskit_qmu.models.cached_observer import CachedObserver
from qiskit_qmu.models.checking import check_answers, check_module, check_returns_logits
from qiskit_qmu.models.circuit_classifier import CircuitClassifier
from qiskit_qmu.models.classifier import QuantumClassifier
from qiskit_qmu.models.config import ClassifierConfig
from qiskit_qmu.models.dry_run import forward_usage, gradient_usage
from qiskit_qmu.models.factory import build_from_factory, load_module
from qiskit_qmu.models.factory_call import FactoryWarning, import_factory, is_factory_name
from qiskit_qmu.models.fewer_shots import split_shots, with_fewer_shots
from qiskit_qmu.models.files import load_provenance, write_model
from qiskit_qmu.models.fitting import check_resettable, fit_inputs, kept_state
from qiskit_qmu.models.hybrid import HybridQNN
from qiskit_qmu.models.initial_weights import (
    initial_weights,
    note_initial_weights,
    note_unknown_initial_weights,
)
from qiskit_qmu.models.initialization import reinitialize
from qiskit_qmu.models.kept_outputs import kept_outputs
from qiskit_qmu.models.loading import load_model
from qiskit_qmu.models.mode import in_mode
from qiskit_qmu.models.module_classifier import Classifier, as_classifier
from qiskit_qmu.models.module_model import ModuleModel
from qiskit_qmu.models.observing import ROWS_AT_ONCE, answered, observe
from qiskit_qmu.models.outputs import Outputs
from qiskit_qmu.models.parameters import (
    Part,
    clone_module,
    largest_change,
    named_parameters,
    parameter_counts,
)
from qiskit_qmu.models.per_example import PerExampleGradients, per_example_gradients
from qiskit_qmu.models.preprocessing import Preprocessing
from qiskit_qmu.models.qiskit_classifier import from_qiskit_classifier, to_qiskit_classifier
from qiskit_qmu.models.quantum_model import QuantumModel
from qiskit_qmu.models.regressor import Regressor, as_regressor
from qiskit_qmu.models.sharded import ShardedClassifier
from qiskit_qmu.models.state_files import load_state, read_state
from qiskit_qmu.models.tensors import as_tensors
from qiskit_qmu.models.training_rows import note_training_rows, training_rows
from qiskit_qmu.models.weights_digest import weights_digest

__all__ = [
    "FactoryWarning",
    "ROWS_AT_ONCE",
    "BasicQNN",
    "CachedObserver",
    "CircuitClassifier",
    "Classifier",
    "ClassifierConfig",
    "HybridQNN",
    "ModuleModel",
    "Outputs",
    "Part",
    "PerExampleGradients",
    "Preprocessing",
    "QuantumClassifier",
    "QuantumModel",
    "Regressor",
    "ShardedClassifier",
    "answered",
    "as_classifier",
    "as_regressor",
    "as_tensors",
    "build_from_factory",
    "check_answers",
    "check_module",
    "check_resettable",
    "check_returns_logits",
    "clone_module",
    "split_shots",
    "fit_inputs",
    "forward_usage",
    "from_qiskit_classifier",
    "gradient_usage",
    "import_factory",
    "in_mode",
    "is_factory_name",
    "initial_weights",
    "kept_outputs",
    "note_initial_weights",
    "note_unknown_initial_weights",
    "kept_state",
    "largest_change",
    "load_model",
    "load_module",
    "load_state",
    "load_provenance",
    "named_parameters",
    "note_training_rows",
    "observe",
    "on_backend",
    "parameter_counts",
    "per_example_gradients",
    "read_state",
    "reinitialize",
    "write_model",
    "to_qiskit_classifier",
    "training_rows",
    "weights_digest",
    "with_fewer_shots",
]
