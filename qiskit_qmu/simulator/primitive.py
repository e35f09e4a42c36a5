"""The common base class of TorchEstimator and TorchSampler."""

from collections.abc import Callable
from typing import ClassVar, Generic, TypeVar, final

import numpy as np
import torch
from qiskit.primitives import PrimitiveJob
from qiskit.providers import JobError

from qiskit_qmu import _check
from qiskit_qmu._seeds import CopiesDrawAnew, fresh_seed, stream
from qiskit_qmu.simulator.compiled.final_states import compiled_states
from qiskit_qmu.simulator.engine.cache import SimulationCache
from qiskit_qmu.simulator.memory import DEFAULT_MEMORY_BUDGET

Result = TypeVar("Result")


class StatevectorPrimitive(CopiesDrawAnew):
    """Options and jobs of a primitive.

    A copy draws from its own stream, the same in every program that makes the same copies. An
    estimator and a sampler with the same seed are independent of each other, and so are all
    primitives that share a generator; two estimators with the same seed are equal.

    Args:
        dtype: torch.complex128, or torch.complex64 for speed.
        shots: Default number of shots, None for exact results.
        seed: Seed of the shots. Runs draw from one stream in turn: no two runs see the same noise,
            and the same seed reproduces the whole sequence.
        device: Device of the states.
        memory_budget: Bytes that states may use at a time; rows are split into chunks that fit.

    Raises:
        InputError: If the dtype is not complex, or shots or memory budget are below one.
    """

    _kind: ClassVar[str]

    def __init__(
        self,
        *,
        dtype: torch.dtype = torch.complex128,
        shots: int | None = None,
        seed: int | np.random.Generator | None = None,
        device: torch.device | str = "cpu",
        memory_budget: int = DEFAULT_MEMORY_BUDGET,
    ) -> None:
        _check.one_of((torch.complex64, torch.complex128), dtype=dtype)
        if shots is not None:
            _check.at_least(1, shots=shots)
        _check.at_least(1, memory_budget=memory_budget)
        self.shots = shots
        self.seed = seed
        self.cache = SimulationCache(dtype, device, memory_budget, compiled_states)
        self._generator = _own_stream(seed, self._kind)

    def next_stream(self) -> np.random.Generator:
        """Return a new stream, independent of those of all runs."""
        return self._generator.spawn(1)[0]

    def _submit(self, work: Callable[[np.random.Generator], Result]) -> "PrimitiveJob[Result]":
        # Jobs run in threads: each has its own stream, so that their order does not matter.
        job: PrimitiveJob[Result] = PrimitiveJob(_JobFunction(work), self.next_stream())
        job._submit()  # noqa: SLF001  (Qiskit's primitives start their jobs this way)
        return job


def _own_stream(seed: int | np.random.Generator | None, kind: str) -> np.random.Generator:
    if isinstance(seed, np.random.Generator):
        return seed.spawn(1)[0]
    if seed is None:
        return np.random.default_rng(fresh_seed())
    _check.at_least(0, seed=seed)
    return stream(int(seed), kind)


@final
class _JobFunction(Generic[Result]):
    """A job's function. A pickled job contains its result but not the function."""

    def __init__(self, work: Callable[[np.random.Generator], Result] | None) -> None:
        self._work = work

    def __call__(self, generator: np.random.Generator) -> Result:
        if self._work is None:
            raise JobError("an unpickled job has only its result and cannot run again")
        return self._work(generator)

    def __reduce__(self) -> tuple[type["_JobFunction[Result]"], tuple[None]]:
        return type(self), (None,)
