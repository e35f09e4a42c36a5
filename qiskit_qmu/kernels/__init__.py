"""Models on quantum kernels from which rows are deleted exactly, without a new circuit.

A kernel model is the solution of linear equations in the kernel matrix of its training rows, so
that it can be solved again without a row: the result equals refitting, and every entry that it
needs was measured before. `KernelRidgeRegressor`, `KernelRidgeClassifier`, `LeastSquaresSVC` and
`KernelGaussianProcess` follow scikit-learn (``fit``, ``predict``, ``score``) and add ``delete`` and
``unfit``. They take the kernels of Qiskit ML on any backend, `StatevectorKernel`, or a matrix that
was measured elsewhere. ``save`` writes a fitted model to a folder, `load_kernel_model` reads it.

Exact is not private: who holds the model before and after can tell which row was deleted, and the
model holds its remaining rows in clear; see `qiskit_qmu.auditing.most_changed`. The kernel's own
settings, such as scaling of features or trained angles, must not come from rows that may be
withdrawn: deletion does not reach them.
"""

from qiskit_qmu.kernels.deletion import Deletion
from qiskit_qmu.kernels.gaussian_process import KernelGaussianProcess
from qiskit_qmu.kernels.kernel_classifier import KernelClassifier
from qiskit_qmu.kernels.kernel_model import KernelModel
from qiskit_qmu.kernels.kernel_ridge import KernelRidgeClassifier, KernelRidgeRegressor
from qiskit_qmu.kernels.least_squares_svm import LeastSquaresSVC
from qiskit_qmu.kernels.loading import load_kernel_model
from qiskit_qmu.kernels.regularized_system import Indefinite, RegularizedSystem
from qiskit_qmu.kernels.statevector_kernel import StatevectorKernel

__all__ = [
    "Deletion",
    "Indefinite",
    "KernelClassifier",
    "KernelGaussianProcess",
    "KernelModel",
    "KernelRidgeClassifier",
    "KernelRidgeRegressor",
    "LeastSquaresSVC",
    "RegularizedSystem",
    "StatevectorKernel",
    "load_kernel_model",
]
