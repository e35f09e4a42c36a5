"""Small models compute on one thread, whatever torch is told.

Torch deals the smallest matrix products to its threads and waits for the last one: on a machine
that does other work as well, it waits for longer than it computes.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import torch
from torch.nn.parameter import is_lazy

from qiskit_qmu.backends import connectors_of
from qiskit_qmu.simulator.compiled.blocks import THREADS

_MOST_AMPLITUDES = 2**17
_MOST_PRODUCTS = 2**22


@contextmanager
def small_work_on_one_thread(module: torch.nn.Module, rows: int) -> Iterator[None]:
    """Give torch one thread inside the block, if a module's steps are too small for several.

    Large batches of compiled circuits are still dealt to as many threads as torch had.

    Args:
        module: Any module.
        rows: Rows of a step.
    """
    threads = torch.get_num_threads()
    if threads == 1 or not _is_small(module, rows):
        yield
        return
    token = THREADS.set(threads)
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        THREADS.reset(token)


def _is_small(module: torch.nn.Module, rows: int) -> bool:
    parameters = list(module.parameters())
    # Convolutions use each weight many times.
    if any(is_lazy(parameter) or parameter.dim() > 2 for parameter in parameters):
        return False
    circuits: list[Any] = [
        getattr(each.neural_network, "circuit", None) for each in connectors_of(module)
    ]
    if any(circuit is None for circuit in circuits):
        return False
    amplitudes = rows * 2 ** max((circuit.num_qubits for circuit in circuits), default=0)
    products = rows * sum(parameter.numel() for parameter in parameters)
    return amplitudes <= _MOST_AMPLITUDES and products <= _MOST_PRODUCTS
