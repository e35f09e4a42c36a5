"""The same cores for every engine, whatever it knows of threads."""

import os

THREAD_COUNTS = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "RAYON_NUM_THREADS",
    "QISKIT_NUM_PROCS",
)


def keep_to(count: int) -> None:
    """Keep this process, its threads and its children on ``count`` cores.

    XLA has no setting for one thread that all of it obeys, but it counts the cores that it may use,
    and no thread can leave them. To be called before the libraries that are measured are imported.
    """
    os.sched_setaffinity(0, sorted(os.sched_getaffinity(0))[-count:])
    os.environ.update(dict.fromkeys(THREAD_COUNTS, str(count)))

    import torch

    torch.set_num_threads(count)
