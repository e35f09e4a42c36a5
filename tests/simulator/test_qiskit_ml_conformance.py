"""Qiskit ML's own tests, unchanged, with our classes in place of theirs.

They need a checkout of Qiskit ML, as its tests are not installed: set the environment variable
QISKIT_ML_SOURCE to its folder. They need ddt and sparse too, which the tests use themselves.
"""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = os.environ.get("QISKIT_ML_SOURCE")
MISSING = [name for name in ("ddt", "sparse") if importlib.util.find_spec(name) is None]
PROGRAM = Path(__file__).parents[1] / "support" / "qiskit_ml_substitution.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        SOURCE is None, reason="set QISKIT_ML_SOURCE to a checkout of qiskit-machine-learning"
    ),
    pytest.mark.skipif(bool(MISSING), reason=f"Qiskit ML's tests need {' and '.join(MISSING)}"),
]

ONLY_THEIRS = "QMLEstimator and QMLSampler have metadata and methods that no other primitive has"
SAME_NOISE = "it wants the same noise from every run of a seed; ours goes on from run to run"

# For each module of tests: those that fail, the error that they fail with, and why.
DIFFERENT: dict[str, dict[str, tuple[str, str]]] = {
    "gradients.test_estimator_gradient": {},
    "gradients.test_sampler_gradient": {},
    "gradients.test_qgt": {},
    "gradients.test_qfi": {},
    "neural_networks.test_estimator_qnn": {},
    "neural_networks.test_sampler_qnn": {},
    "neural_networks.test_effective_dimension": {},
    "connectors.test_cpu_torch_connector": {
        f"TestCPUTorchConnector.test_estimator_qnn_{case}": (
            "Arrays are not almost equal",
            SAME_NOISE,
        )
        for case in ("1__1__None_", "2", "3__2__None_", "4", "5")
    },
    "connectors.test_cpu_torch_networks": {},
    "state_fidelities.test_compute_uncompute": {},
    "kernels.test_fidelity_qkernel": {
        "TestFidelityQuantumKernel.test_max_circuits_per_job "
        "[Check when max_circuits_per_job = 1]": (
            "Mismatched elements: 14 / 16",
            "it compares bit by bit; rows that run together and alone differ in the last bits",
        )
    },
    "kernels.test_trainable_fidelity_qkernel": {},
    "kernels.algorithms.test_fidelity_qkernel_trainer": {},
    "algorithms.inference.test_qbayesian": {},
    "algorithms.classifiers.test_neural_network_classifier": {},
    "algorithms.classifiers.test_fidelity_quantum_kernel_qsvc": {},
    "algorithms.classifiers.test_fidelity_quantum_kernel_pegasos_qsvc": {},
    "algorithms.classifiers.test_qsvc": {},
    "algorithms.classifiers.test_vqc": {},
    "algorithms.classifiers.test_pegasos_qsvc": {},
    "algorithms.regressors.test_fidelity_quantum_kernel_qsvr": {},
    "algorithms.regressors.test_qsvr": {},
    "algorithms.regressors.test_neural_network_regressor": {},
    "algorithms.regressors.test_vqr": {},
    "primitives.test_estimator": {
        "TestQMLEstimator.test_exact_mode_is_deterministic_and_ignores_precision": (
            "False is not true",
            ONLY_THEIRS,
        ),
        "TestQMLEstimator.test_input_output_formats": ("False is not true", ONLY_THEIRS),
    },
    "primitives.test_sampler": {
        f"TestQMLSampler.test_{name}": ("has no attribute 'get_probabilities'", ONLY_THEIRS)
        for name in (
            "exact_mode_ignores_shots_override",
            "exact_mode_join_data_matches_statevector_probabilities",
            "exact_mode_probabilities_and_dyadic_counts",
            "input_output_parameter_sweep_shape",
        )
    },
}


def outcomes(module: str) -> dict[str, tuple[str, str]]:
    """Return what became of each test: passed, skipped or failed, and the error."""
    done = subprocess.run(
        [sys.executable, "-W", "ignore", PROGRAM, SOURCE, "ours", f"test.{module}"],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout.splitlines()[-1])


@pytest.mark.parametrize("module", DIFFERENT)
def test_only_what_is_listed_differs(module):
    """Every test and sub-test that fails is listed by its name, and everything listed fails."""
    found = outcomes(module)
    assert any(state == "passed" for state, _ in found.values())
    failures = {
        name.removeprefix(f"test.{module}."): error
        for name, (state, error) in found.items()
        if state == "failed"
    }
    listed = DIFFERENT[module]
    assert failures.keys() == listed.keys(), failures
    for name, (text, _) in listed.items():
        assert text in failures[name]
