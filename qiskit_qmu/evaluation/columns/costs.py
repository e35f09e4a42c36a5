"""The reported cost of a method; a run counts it itself."""

from qiskit_qmu.evaluation.columns.column import Column


def _cost_column(key: str, unit: str, computed: str, decimals: int = 0) -> Column:
    return Column(
        key=key,
        group="cost",
        heading=unit,
        computed=computed,
        better="lower",
        decimals=decimals,
    )


GRADIENTS = _cost_column(
    "gradient_evaluations", "gradients", "gradients of rows; for the original, of its training"
)
CIRCUITS = _cost_column("circuits", "circuits", "circuits that a device would run for it")
SHOTS = _cost_column("shots", "shots", "total shots of all circuits")
SECONDS = _cost_column("seconds", "seconds", "wall-clock time on this machine", decimals=1)
