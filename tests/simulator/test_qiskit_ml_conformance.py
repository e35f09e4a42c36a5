"""Qiskit ML's own tests, unchanged, with our classes in place of theirs.

They need a checkout of Qiskit ML, as its tests are not installed: set the environment variable
QISKIT_ML_SOURCE to its folder. They need ddt and sparse too, which the tests use themselves.
"""

import importlib.util
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = os.environ.get("QISKIT_ML_SOURCE")
MISSING = [name for name in ("ddt", "sparse") if importlib.util.find_spec(name) is None]
PROGRAM = Path(__file__).with_name("qiskit_ml_substitution.py")

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        SOURCE is None, reason="set QISKIT_ML_SOURCE to a checkout of qiskit-machine-learning"
    ),
    pytest.mark.skipif(bool(MISSING), reason=f"Qiskit ML's tests need {' and '.join(MISSING)}"),
]

ONLY_THEIRS = "QMLEstimator and QMLSampler have attributes that no other primitive has"

# For each module of tests: which may fail, the error that they must fail with, and why.
DIFFERENT: dict[str, list[tuple[str, str, str]]] = {
    "gradients.test_estimator_gradient": [],
    "gradients.test_sampler_gradient": [],
    "gradients.test_qgt": [],
    "gradients.test_qfi": [("test_precision", "None != 0.1", ONLY_THEIRS)],
    "neural_networks.test_estimator_qnn": [],
    "neural_networks.test_sampler_qnn": [
        (
            "test_no_parameters",
            "invalid index to scalar variable",
            "exact results of no parameters cannot be asked for their first row",
        )
    ],
    "neural_networks.test_effective_dimension": [],
    "connectors.test_cpu_torch_connector": [
        (
            "test_estimator_qnn",
            "Arrays are not almost equal",
            "they expect the same noise from every run of a seed; ours goes on from run to run",
        )
    ],
    "connectors.test_cpu_torch_networks": [],
    "state_fidelities.test_compute_uncompute": [],
    "kernels.test_fidelity_qkernel": [],
    "algorithms.classifiers.test_neural_network_classifier": [],
    "algorithms.classifiers.test_fidelity_quantum_kernel_qsvc": [],
    "algorithms.regressors.test_fidelity_quantum_kernel_qsvr": [],
    "algorithms.regressors.test_neural_network_regressor": [],
    "algorithms.regressors.test_vqr": [],
    "primitives.test_estimator": [("test", "False is not true", ONLY_THEIRS)],
    "primitives.test_sampler": [
        ("test", "has no attribute 'get_probabilities'", ONLY_THEIRS),
    ],
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
    """Every failure is listed, and everything listed fails."""
    found = outcomes(module)
    assert any(state == "passed" for state, _ in found.values())
    failures = {name: error for name, (state, error) in found.items() if state == "failed"}
    listed = [
        {n for n, error in failures.items() if re.search(name, n) and text in error}
        for name, text, _ in DIFFERENT[module]
    ]
    assert set(failures) == set().union(*listed), failures
    assert all(listed), "an entry of the list is out of date"
