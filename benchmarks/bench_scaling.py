"""A step's time grows as batch and as depth, to within a fifth, and about twofold with each qubit.

The exponents of batch (128 to 1,000) and depth (5 to 20 layers) at ten qubits are 0.8 to 1.2, and
from 10 to 16 qubits at batch 32 each makes a step 1.6 to 2.5 times as long. Draws scaling.svg.
"""

from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from benchmarks.engines import OURS, training_step
from benchmarks.tables import Table, duration, number
from benchmarks.timing import medians

Sizes = list[tuple[int, int, int]]

BATCHES: Sizes = [(10, 5, batch) for batch in (1, 8, 32, 128, 256, 512, 1000)]
DEPTHS: Sizes = [(10, layers, 128) for layers in (1, 2, 5, 10, 20)]
QUBITS: Sizes = [(qubits, 5, 32) for qubits in (4, 6, 8, 10, 12, 14, 16)]


def test_scaling(light: bool, plots: Path, record) -> None:
    series = {"qubits": (0, QUBITS), "layers": (1, DEPTHS), "batch": (2, BATCHES)}
    if light:
        series = {name: (place, sizes[:2]) for name, (place, sizes) in series.items()}
    measured = {
        name: ([size[place] for size in sizes], _seconds(sizes, light))
        for name, (place, sizes) in series.items()
    }
    _draw(measured, plots / "scaling.svg")
    for name, (values, seconds) in measured.items():
        record(Table(f"Step by {name}", (name, *map(str, values)), [_row(seconds)]))
    if light:
        return
    slopes = {
        "batch": _slope(np.log(measured["batch"][0][3:]), measured["batch"][1][3:]),
        "layers": _slope(np.log(measured["layers"][0][2:]), measured["layers"][1][2:]),
    }
    factor = float(np.exp(_slope(np.array(measured["qubits"][0][3:]), measured["qubits"][1][3:])))
    fits = [(f"exponent of {name}", number(slope)) for name, slope in slopes.items()]
    record(Table("Fits", ("growth", "value"), [*fits, ("factor of a qubit", number(factor))]))
    assert all(0.8 <= slope <= 1.2 for slope in slopes.values()), slopes
    assert 1.6 <= factor <= 2.5, f"a qubit makes a step {number(factor)} times as long"


def _seconds(sizes: Sizes, light: bool) -> list[float]:
    tasks = {str(size): training_step(OURS, *size) for size in sizes}
    return list(medians(tasks, 1 if light else 15, patience=3.0).values())


def _slope(position: np.ndarray, seconds: list[float]) -> float:
    return float(np.polyfit(position, np.log(seconds), 1)[0])


def _row(seconds: list[float]) -> tuple[str, ...]:
    return (OURS, *map(duration, seconds))


def _draw(measured: dict[str, tuple[list[int], list[float]]], path: Path) -> None:
    figure = Figure(figsize=(10, 3), layout="constrained")
    for axes, (name, (values, seconds)) in zip(
        figure.subplots(1, 3, sharey=True), measured.items(), strict=True
    ):
        axes.plot(values, 1e3 * np.array(seconds), "o-")
        axes.set(xlabel=name, xscale="linear" if name == "qubits" else "log", yscale="log")
        axes.grid(alpha=0.3)
    figure.axes[0].set_ylabel("step, ms")
    figure.savefig(path)
