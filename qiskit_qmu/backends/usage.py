"""Usage: circuits, executions and gradient evaluations of a piece of work."""

from collections import Counter
from dataclasses import dataclass
from typing import Any, final


@final
@dataclass(frozen=True, kw_only=True)
class Usage:
    """Cost of some work on a quantum neural network.

    Attributes:
        forward_evaluations: Rows whose outputs were computed.
        gradient_evaluations: Rows whose gradient was computed; one row's forward and backward pass.
        circuits: Circuits that this takes on a device: one per measurement basis of a row's forward
            pass, two of them per gate angle of its gradient (the parameter-shift rule). A simulator
            that differentiates the state runs fewer.
        executions: Circuits times shots; 0 for exact values. Its JSON key is "shots".
        requests: How the circuits are divided into requests: pairs (circuits of a request, number
            of such requests), ascending. A request is one forward pass or one gradient of a batch;
            it is one job, or several if it exceeds a job's limit.

    Example:
        >>> import qiskit_qmu as qmu
        >>> forward = qmu.Usage(forward_evaluations=10, circuits=10, requests=((10, 1),))
        >>> forward + forward
        Usage(forward_evaluations=20, gradient_evaluations=0, circuits=20, executions=0, requests=2)
    """

    forward_evaluations: int = 0
    gradient_evaluations: int = 0
    circuits: int = 0
    executions: int = 0
    requests: tuple[tuple[int, int], ...] = ()

    def __add__(self, other: "Usage") -> "Usage":
        return Usage(
            forward_evaluations=self.forward_evaluations + other.forward_evaluations,
            gradient_evaluations=self.gradient_evaluations + other.gradient_evaluations,
            circuits=self.circuits + other.circuits,
            executions=self.executions + other.executions,
            requests=merged_requests(self.requests, other.requests),
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as JSON values."""
        counts = {name: getattr(self, name) for name in _COUNTS}
        counts["shots"] = counts.pop("executions")
        return {**counts, "requests": [list(request) for request in self.requests]}

    def __repr__(self) -> str:
        counts = [f"{name}={getattr(self, name)}" for name in _COUNTS]
        times = sum(count for _, count in self.requests)
        return f"Usage({', '.join(counts)}, requests={times})"

    def _repr_html_(self) -> str:
        cells = "".join(
            f"<tr><th>{name.replace('_', ' ')}</th><td>{getattr(self, name):,}</td></tr>"
            for name in _COUNTS
        )
        return f"<table>{cells}</table>"


_COUNTS = ("forward_evaluations", "gradient_evaluations", "circuits", "executions")


def merged_requests(*requests: tuple[tuple[int, int], ...]) -> tuple[tuple[int, int], ...]:
    """Return requests of the same size as one entry."""
    times: Counter[int] = Counter()
    for size, count in (entry for entries in requests for entry in entries):
        times[size] += count
    return tuple(sorted(times.items()))
