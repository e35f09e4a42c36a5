"""Timing: how long a device takes to run circuits."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, final

from qiskit.circuit import QuantumCircuit
from qiskit.exceptions import QiskitError
from qiskit.transpiler import Target

DEFAULT_REP_DELAY = 250e-6
"""Repetition delay in seconds of a device that does not report its own."""

SECONDS_PER_JOB = 2.0
"""Seconds that a job takes besides its executions, by IBM's formula."""

_SECONDS_PER_EXECUTION = 0.00035


def quick_seconds(executions: int, jobs: int = 1) -> float:
    """Return the QPU seconds of jobs by IBM's quick formula.

    https://quantum.cloud.ibm.com/docs/guides/estimate-job-run-time
    """
    return SECONDS_PER_JOB * jobs + _SECONDS_PER_EXECUTION * executions


@final
@dataclass(frozen=True, kw_only=True)
class Timing:
    """How long a device takes to run circuits.

    Attributes:
        target: The device's target, with the durations of its instructions.
        rep_delay: Repetition delay in seconds.
    """

    target: Target
    rep_delay: float = DEFAULT_REP_DELAY

    @staticmethod
    def of(device: Any) -> "Timing":
        """Read a BackendV2."""
        rep_delay = getattr(device, "default_rep_delay", None)
        return Timing(target=device.target, rep_delay=rep_delay or DEFAULT_REP_DELAY)

    def execution_seconds(self, circuits: Sequence[QuantumCircuit]) -> float | None:
        """Return the time of one shot of the longest circuit; None if unknown."""
        try:
            durations = [circuit.estimate_duration(self.target, unit="s") for circuit in circuits]
        except QiskitError:  # an instruction without a duration
            return None
        return self.rep_delay + max(durations, default=0.0)
