"""Tasks of a sweep on a Ray cluster.

joblib's backend for Ray returns results only when all of them are there, and fails as soon as one
of its workers is lost, so Ray's own tasks are used: Ray starts a task of a lost worker again.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from typing import Any

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.training.processes import one_thread

_RETRIES = 3
_AHEAD = 2
"""Tasks sent per core, of which one waits: arguments take memory of the cluster."""


@contextmanager
def open_ray() -> Iterator[Any]:
    """Connect to the cluster that ``RAY_ADDRESS`` names, or that of this machine.

    A process that is connected already stays so.

    Yields:
        The module ``ray``.

    Raises:
        InputError: If there is no cluster, or the package is missing.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError("a Ray cluster needs ray: pip install 'qiskit_qmu[ray]'") from error
    if ray.is_initialized():
        yield ray
        return
    address = os.environ.get("RAY_ADDRESS", "auto")
    try:
        ray.init(address, log_to_driver=False, logging_level=logging.ERROR)
    except (ConnectionError, ValueError) as error:
        raise InputError(
            f"no Ray cluster found at {address}; start one with ray start --head, or name its "
            "address in RAY_ADDRESS"
        ) from error
    try:
        yield ray
    finally:
        ray.shutdown()


def ray_results_of(
    ray: Any, function: Callable[..., Any], tasks: Sequence[tuple[Any, ...]]
) -> Iterator[tuple[int, Any]]:
    """Call a function with several tuples of arguments, each call on one core of the cluster.

    Args:
        ray: What `open_ray` yields.
        function: What is called; the workers import it.
        tasks: Its arguments for each call.

    Yields:
        The number of a call, from 0, and its result, as soon as it is there.

    Raises:
        RunError: If workers are lost again and again.
    """
    call = ray.remote(num_cpus=1, max_retries=_RETRIES)(_on_one_thread)
    numbers = iter(range(len(tasks)))
    waiting: dict[Any, int] = {}
    while True:
        places = _AHEAD * max(1, int(ray.cluster_resources().get("CPU", 0)))
        for number in islice(numbers, max(0, places - len(waiting))):
            waiting[call.remote(function, tasks[number])] = number
        if not waiting:
            return
        done, _ = ray.wait(list(waiting))
        yield waiting.pop(done[0]), _result(ray, done[0])


def _on_one_thread(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    with one_thread():
        return function(*arguments)


def _result(ray: Any, reference: Any) -> Any:
    try:
        return ray.get(reference)
    except ray.exceptions.RayTaskError as error:
        raise error.cause from error
    except ray.exceptions.RayError as error:
        raise RunError(
            "a Ray worker was lost again and again, possibly for lack of memory; the same command "
            "resumes"
        ) from error
