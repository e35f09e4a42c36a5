"""Work on several processes, each on one thread.

Sums of floats depend on how many threads share them, and training amplifies the difference: on one
thread numbers are the same however many cores there are. The matrices of ten qubits are too small
to gain from threads; several models at once gain from processes.
"""

import multiprocessing
import os
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import joblib
import torch
from joblib.externals.loky.process_executor import TerminatedWorkerError
from threadpoolctl import threadpool_limits

from qiskit_qmu._errors import RunError

Result = TypeVar("Result")


def results_of(
    function: Callable[..., Result],
    arguments: Iterable[tuple[Any, ...]],
    *,
    count: int,
    workers: int | None,
    advice: str,
) -> Iterator[tuple[int, Result]]:
    """Call a function with several tuples of arguments, each call on one thread.

    Args:
        function: What is called, by name where it runs in other processes.
        arguments: Its arguments for each call.
        count: How many calls there are; a single one needs no other process.
        workers: Processes; None for what `joblib.parallel_config` says, and without it the calling
            process.
        advice: What the user can do where a process was killed.

    Yields:
        The number of a call, from 0, and its result, in order of completion.

    Raises:
        RunError: If one of the processes was ended from outside.
    """
    tasks = (joblib.delayed(_numbered)(n, function, each) for n, each in enumerate(arguments))
    # (Arrays that are mapped from files cannot be written to, of which torch warns.)
    parallel = joblib.Parallel(
        n_jobs=workers if count > 1 else 1,
        return_as="generator_unordered",
        batch_size=1,
        max_nbytes=None,
    )
    try:
        yield from parallel(tasks)
    except TerminatedWorkerError as error:
        raise RunError(
            f"a worker process was killed, possibly for lack of memory; {advice}"
        ) from error


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside the block."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        with threadpool_limits(limits=1):
            yield
    finally:
        torch.set_num_threads(threads)


def _numbered(
    number: int, function: Callable[..., Result], arguments: tuple[Any, ...]
) -> tuple[int, Result]:
    _end_with_parent()
    with one_thread():
        return number, function(*arguments)


def _end_with_parent() -> None:
    """Let this process end soon after the one that started it, also where that was killed."""
    parent = multiprocessing.parent_process()
    if parent is None or any(thread.name == _WATCH for thread in threading.enumerate()):
        return
    # What joblib starts on POSIX does not know when its parent ends; only the system does.
    is_alive = parent.is_alive if os.name == "nt" else lambda: os.getppid() == parent.pid
    threading.Thread(target=_end_without, args=(is_alive,), name=_WATCH, daemon=True).start()


_WATCH = "end with parent"


def _end_without(is_alive: Callable[[], bool]) -> None:
    while is_alive():
        time.sleep(0.5)
    os._exit(1)
