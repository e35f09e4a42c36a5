"""Small models train, forget and are observed on one thread, and the caller's number comes back."""

import pytest
import torch

import qiskit_qmu as qmu
from qiskit_qmu.data import dataset_from_arrays
from qiskit_qmu.models.small_work import small_work_on_one_thread
from qiskit_qmu.simulator.compiled.blocks import THREADS


@pytest.fixture(autouse=True)
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def model():
    return qmu.BasicQNN(num_classes=2, num_qubits=2, num_layers=1)


X, Y = [[0.0, 0.1], [0.2, 0.3], [0.4, 0.5]], [0, 1, 1]


class Recorded:
    """Cross-entropy that notes the threads of torch and of the kernels."""

    predicts = "classes"

    def __init__(self):
        self.threads = set()

    def row_losses(self, model, x, y):
        self.threads.add((torch.get_num_threads(), THREADS.get()))
        return torch.nn.functional.cross_entropy(model(x), y, reduction="none")


@pytest.mark.parametrize("work", ["train", "unlearn", "observe"])
def test_torch_has_one_thread_and_kernels_have_all(model, work):
    own = Recorded()
    if work == "train":
        qmu.Trainer(epochs=1, objective=own).fit(model, X, Y, generator=0)
    elif work == "observe":
        qmu.observe(model, X, Y, own)
    else:
        rows = dataset_from_arrays(X, Y, X, Y)
        split = qmu.ForgetSplit.by_indices(rows, [0])
        qmu.unlearning.FineTune(epochs=1, objective=own)(model, split, generator=0)
    assert (1, 2) in own.threads
    assert torch.get_num_threads() == 2
    assert THREADS.get() is None


def test_threads_come_back_after_an_error(model):
    with pytest.raises(ValueError, match="1 inside"), small_work_on_one_thread(model, 3):
        raise ValueError(f"{torch.get_num_threads()} inside")
    assert torch.get_num_threads() == 2


def test_large_work_keeps_its_threads(model):
    convolution = torch.nn.Conv2d(1, 2, 3)
    for module, rows in ((model, 2**16), (torch.nn.Linear(1000, 1000), 32), (convolution, 1)):
        with small_work_on_one_thread(module, rows):
            assert torch.get_num_threads() == 2
