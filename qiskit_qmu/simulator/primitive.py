"""What the estimator and the sampler of the batched statevector have in common."""

from collections.abc import Callable
from typing import Generic, TypeVar, final

import numpy as np
import torch
from qiskit.primitives import PrimitiveJob
from qiskit.providers import JobError

from qiskit_qmu import _check
from qiskit_qmu.simulator.cache import SimulationCache

Result = TypeVar("Result")


class StatevectorPrimitive:
    """Options and jobs of a primitive.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Default number of shots, None for exact results.
        seed: Seed of the shots. The stream goes on from run to run: no two runs see the same noise,
            and the same seed repeats the whole sequence.
        device: Where the states live.

    Raises:
        InputError: If the type is not complex or there is less than one shot.
    """

    def __init__(
        self,
        *,
        dtype: torch.dtype = torch.complex128,
        shots: int | None = None,
        seed: int | np.random.Generator | None = None,
        device: torch.device | str = "cpu",
    ) -> None:
        _check.one_of((torch.complex64, torch.complex128), dtype=dtype)
        if shots is not None:
            _check.at_least(1, shots=shots)
        self.shots = shots
        self.seed = seed
        self.cache = SimulationCache(dtype, device)
        self._generator = np.random.default_rng(seed)

    def _submit(self, work: Callable[[np.random.Generator], Result]) -> "PrimitiveJob[Result]":
        # Jobs run in threads: each has its own stream, so that their order does not matter.
        (generator,) = self._generator.spawn(1)
        job: PrimitiveJob[Result] = PrimitiveJob(_Work(work), generator)
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job


@final
class _Work(Generic[Result]):
    """What a job does. A pickled job has its result, so the work itself is left behind."""

    def __init__(self, work: Callable[[np.random.Generator], Result] | None) -> None:
        self._work = work

    def __call__(self, generator: np.random.Generator) -> Result:
        if self._work is None:
            raise JobError("a job that was pickled is done and cannot run again")
        return self._work(generator)

    def __reduce__(self) -> tuple[type["_Work[Result]"], tuple[None]]:
        return type(self), (None,)
