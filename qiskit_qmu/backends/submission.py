"""Sends the jobs of several tasks before waiting for the first of them."""

from collections.abc import Callable, Iterable, Sequence
from contextlib import ExitStack, suppress
from typing import TypeVar

import torch

from qiskit_qmu.backends.cost.networks import connectors_of
from qiskit_qmu.backends.jobs.errors import JobsPendingError
from qiskit_qmu.backends.primitives.recorded_counts import sampler_of

Result = TypeVar("Result")


def submit_all_first(
    modules: Iterable[torch.nn.Module], calls: Sequence[Callable[[], Result]]
) -> list[Result]:
    """Return the results of calls, after the jobs of all of them have been sent.

    Many jobs take no longer in a queue than one. If jobs are not kept, the calls are just made.

    Args:
        modules: All modules whose circuits the calls run.
        calls: Deterministic work, such as observing a model; a call may run twice.
    """
    found = [sampler_of(connector) for module in modules for connector in connectors_of(module)]
    samplers = {id(s): s for s in found if s is not None and s.keeps_jobs}
    if samplers and len(calls) > 1:
        with ExitStack() as stack:
            for sampler in samplers.values():
                stack.enter_context(sampler.without_waiting())
            for call in calls:
                with suppress(JobsPendingError):
                    call()
    return [call() for call in calls]
