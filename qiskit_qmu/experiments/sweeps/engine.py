"""Where the work of a sweep is computed: processes of this machine, a Dask or a Ray cluster."""

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any, TypeVar, final

import joblib

from qiskit_qmu import _check
from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.experiments.sweeps.ray_tasks import open_ray, ray_results_of
from qiskit_qmu.training.processes import results_of

Result = TypeVar("Result")

_ADVICE = "the same command resumes, and needs least memory with --workers 1"

Task = tuple[Any, ...]
Compute = Callable[[Callable[..., Any], Sequence[Task]], Iterator[tuple[int, Any]]]


@final
class Engine:
    """Computes tasks, each on one thread of a process of its own; made by `open_engine`.

    Args:
        compute: Calls a function with several tuples of arguments, and yields the number of a
            call and its result as soon as it is there.
    """

    def __init__(self, compute: Compute) -> None:
        self._compute = compute

    def results_of(
        self, function: Callable[..., Result], tasks: Sequence[Task]
    ) -> Iterator[tuple[int, Result]]:
        """Call a function with several tuples of arguments.

        A task whose worker was killed is computed again: what is called must depend on its
        arguments alone.

        Yields:
            The number of a call, from 0, and its result, as soon as it is there.

        Raises:
            RunError: If workers are lost again and again.
        """
        yield from self._compute(function, tasks)


@contextmanager
def open_engine(cluster: str | None = None, workers: int | None = None) -> Iterator[Engine]:
    """Open what computes the tasks of a sweep.

    Args:
        cluster: None for processes of this machine; "dask://HOST:PORT" for the scheduler of a Dask
            cluster; "ray" for the Ray cluster that ``RAY_ADDRESS`` names, or that of this machine.
        workers: Processes of this machine, one per core if None; of a cluster all are used.

    Raises:
        InputError: If there is no such cluster, or a package is missing.
    """
    if workers is not None:
        _check.at_least(1, workers=workers)
    if cluster is None:
        number = workers or os.cpu_count() or 1
        with joblib.parallel_config("loky", n_jobs=number, inner_max_num_threads=1):
            yield Engine(partial(_by_joblib, number))
    elif workers is not None:
        raise InputError("workers are those of the cluster; leave --workers out")
    elif cluster.startswith("dask://"):
        with _dask(cluster):
            yield Engine(partial(_by_joblib, None))
    elif cluster == "ray":
        with open_ray() as ray:
            yield Engine(partial(ray_results_of, ray))
    else:
        raise InputError(f"cluster must be dask://HOST:PORT or ray, got {cluster!r}")


@contextmanager
def _dask(cluster: str) -> Iterator[None]:
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "a Dask cluster needs distributed: pip install 'qiskit_qmu[dask]'"
        ) from error
    address = f"tcp://{cluster.removeprefix('dask://')}"
    try:
        client = Client(address, timeout=_SECONDS, set_as_default=False)
    except (OSError, ValueError) as error:
        raise InputError(f"no Dask scheduler answers at {cluster}") from error
    with client:
        threads = client.nthreads()
        if not threads:
            raise InputError(f"the Dask cluster at {cluster} has no workers")
        if max(threads.values()) > 1:  # (the number of threads is a setting of a whole process)
            raise InputError(
                "workers of the Dask cluster must have one thread each; start them with "
                "dask worker --nthreads 1 --nworkers N"
            )
        with joblib.parallel_config("dask", client=client, n_jobs=-1):
            yield


_SECONDS = 20


def _by_joblib(
    workers: int | None, function: Callable[..., Any], tasks: Sequence[Task]
) -> Iterator[tuple[int, Any]]:
    """Yield results of what `joblib.parallel_config` says; tasks of lost workers are sent again."""
    left = list(range(len(tasks)))
    for attempt in range(_ATTEMPTS):
        numbers = list(left)
        own = [tasks[n] for n in numbers]
        found = results_of(function, own, count=len(own), workers=workers, advice=_ADVICE)
        try:
            for position, result in found:
                left.remove(numbers[position])
                yield numbers[position], result
        except RunError:
            if attempt == _ATTEMPTS - 1:
                raise
        else:
            return


_ATTEMPTS = 3
