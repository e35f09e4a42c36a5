"""A fidelity kernel matrix takes at most 1/20 of the time of Qiskit ML's statevector kernel.

The ZZ feature map of six features, 60 rows.
"""

import numpy as np
from qiskit.circuit.library import zz_feature_map
from qiskit_machine_learning.kernels import FidelityStatevectorKernel

from benchmarks.tables import check_ratio, times
from benchmarks.timing import medians
from qiskit_qmu.kernels import StatevectorKernel

OURS = "StatevectorKernel"
QISKIT_ML = "Qiskit ML FidelityStatevectorKernel"


def test_kernel_matrix(light: bool, record) -> None:
    features, rows = (2, 4) if light else (6, 60)
    x = np.random.default_rng(0).uniform(0, 1, size=(rows, features))
    ours = StatevectorKernel(zz_feature_map(features))
    theirs = FidelityStatevectorKernel(feature_map=zz_feature_map(features))
    np.testing.assert_allclose(ours.evaluate(x), theirs.evaluate(x), atol=1e-10)
    tasks = {OURS: lambda: ours.evaluate(x), QISKIT_ML: lambda: theirs.evaluate(x)}
    seconds = medians(tasks, 1 if light else 5)
    record(times(f"Kernel matrix, {features} qubits, {rows} rows", seconds, OURS))
    if not light:
        check_ratio(seconds, OURS, {QISKIT_ML: 20})
