"""load_kernel_model: kernel models from their folders."""

from pathlib import Path

from qiskit_qmu import _check
from qiskit_qmu._files import entry, reading
from qiskit_qmu.kernels.gaussian_process import KernelGaussianProcess
from qiskit_qmu.kernels.kernel_matrices import Kernel
from qiskit_qmu.kernels.kernel_model import KernelModel
from qiskit_qmu.kernels.kernel_ridge import KernelRidgeClassifier, KernelRidgeRegressor
from qiskit_qmu.kernels.least_squares_svm import LeastSquaresSVC
from qiskit_qmu.kernels.model_file import INDEX, read_kernel_model

_MODELS: dict[str, type[KernelModel]] = {
    each.__name__: each
    for each in (
        KernelGaussianProcess,
        KernelRidgeClassifier,
        KernelRidgeRegressor,
        LeastSquaresSVC,
    )
}


def load_kernel_model(path: str | Path, *, kernel: Kernel = None) -> KernelModel:
    """Return the model that `KernelModel.save` wrote.

    Its linear system is solved again from the kernel matrix, without a circuit.

    Args:
        path: The folder.
        kernel: The kernel for new rows. Only needed, and then required, where the model was fitted
            with one that a file cannot hold: one of a device, or a function.

    Raises:
        InputError: If a file is missing, was changed or is of another version, or the kernel is
            missing.

    Example:
        >>> from qiskit_qmu.kernels import KernelRidgeRegressor, load_kernel_model
        >>> model = KernelRidgeRegressor(alpha=0.1).fit([[0.1], [0.5], [0.9]], [1.0, 2.0, 3.0])
        >>> model.save("kernel")
        >>> load_kernel_model("kernel").unfit([[0.5]], [2.0]).rows_.tolist()
        [0, 2]
    """
    content, arrays, found = read_kernel_model(path, kernel)
    with reading(Path(path) / INDEX, "a saved kernel model"):
        name = entry(content, "model", str)
        _check.one_of(tuple(_MODELS), model=name)
        return _MODELS[name].restored(content, arrays, found)
