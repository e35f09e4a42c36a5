"""A step's time grows in proportion to batch and depth, and about twofold with each qubit.

The exponents of batch (128 to 1,000) and depth (5 to 20 layers) are 0.8 to 1.2 at ten qubits, and
from 10 to 15 qubits, where the compiled kernels end, each makes a step 1.6 to 2.5 times as long.
Draws scaling.svg.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from benchmarks.engines import OURS, training_step
from benchmarks.tables import Table, duration, number
from benchmarks.timing import medians


@dataclass(frozen=True)
class Growth:
    """Sizes that differ in one number.

    Attributes:
        name: What differs.
        title: What is the same.
        sizes: Qubits, layers and batch of each.
        place: Which of them differs.
        fitted: How many of the last sizes the fit takes, where overhead no longer counts.
        limits: Between which its result is to be: the exponent, or for qubits the factor.
    """

    name: str
    title: str
    sizes: Sequence[tuple[int, int, int]]
    place: int
    fitted: int
    limits: tuple[float, float]

    @property
    def values(self) -> np.ndarray:
        """What differs."""
        return np.array([size[self.place] for size in self.sizes])

    def fit(self, seconds: np.ndarray) -> tuple[float, np.ndarray]:
        """Return the exponent or factor, and the seconds that the fit gives."""
        position = self.values if self.name == "qubits" else np.log(self.values)
        line = np.polyfit(position[-self.fitted :], np.log(seconds[-self.fitted :]), 1)
        slope = float(np.exp(line[0]) if self.name == "qubits" else line[0])
        return slope, np.exp(np.polyval(line, position))


GROWTHS = (
    Growth(
        name="qubits",
        title="5 layers, batch 32",
        sizes=[(qubits, 5, 32) for qubits in (4, 6, 8, 10, 12, 14, 15)],
        place=0,
        fitted=4,
        limits=(1.6, 2.5),
    ),
    Growth(
        name="layers",
        title="10 qubits, batch 128",
        sizes=[(10, layers, 128) for layers in (1, 2, 5, 10, 20)],
        place=1,
        fitted=3,
        limits=(0.8, 1.2),
    ),
    Growth(
        name="batch",
        title="10 qubits, 5 layers",
        sizes=[(10, 5, batch) for batch in (1, 8, 32, 128, 256, 512, 1000)],
        place=2,
        fitted=4,
        limits=(0.8, 1.2),
    ),
)


def test_scaling(light: bool, plots: Path, record) -> None:
    figure = Figure(figsize=(10, 3.2), layout="constrained")
    outside = []
    for growth, axes in zip(GROWTHS, figure.subplots(1, 3, sharey=True), strict=True):
        # Light: what takes long runs once, at the first of the sizes.
        sizes = growth.sizes[:1] if light else growth.sizes
        tasks = {str(size): training_step(OURS, *size) for size in sizes}
        seconds = np.array(list(medians(tasks, 1 if light else 7, patience=2.0).values()))
        if light:
            continue
        slope, line = growth.fit(seconds)
        _draw(axes, growth, seconds, line)
        header = (growth.name, *map(str, growth.values), "fit")
        record(
            Table(
                f"Step by {growth.name}, {growth.title}",
                header,
                [(OURS, *map(duration, seconds), number(slope))],
            )
        )
        if not growth.limits[0] <= slope <= growth.limits[1]:
            outside.append(f"{growth.name}: {number(slope)}")
    figure.axes[0].set_ylabel("step, ms")
    figure.savefig(plots / "scaling.svg", metadata={"Date": None})
    assert not outside, ", ".join(outside)


def _draw(axes: Axes, growth: Growth, seconds: np.ndarray, line: np.ndarray) -> None:
    axes.plot(growth.values, 1e3 * seconds, "o")
    fitted = slice(-growth.fitted, None)
    axes.plot(growth.values[fitted], 1e3 * line[fitted], "k--", linewidth=1)
    axes.set(title=growth.title, xlabel=growth.name, yscale="log")
    if growth.name != "qubits":
        axes.set_xscale("log")
    axes.grid(alpha=0.3)
