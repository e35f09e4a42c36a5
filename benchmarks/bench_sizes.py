"""No peer is faster once a batch has 2^15 amplitudes, at 4 to 16 qubits and 1 to 20 layers.

Training steps at batch 1 to 1,000, of TensorCircuit-NG, of PennyLane's two ways with torch and of
Qandle, up to eight qubits. What would take a peer more than three seconds, or us more than thirty,
is not run: its time is that of the next smaller batch, scaled. Ratios are to the step by torch's
autograd, as PennyLane's and Qandle's, and "of vjp" to the step without it, as TensorCircuit-NG's.
One is bold where a peer is faster.
"""

import math

import pytest

from benchmarks.engines import OURS, OURS_VJP, TENSORCIRCUIT, engines, training_step
from benchmarks.tables import Table, duration, number
from benchmarks.timing import medians

LAYERS, BATCHES = (1, 5, 20), (1, 8, 32, 128, 1000)
LONGEST, OUR_LONGEST = 3.0, 30.0
LARGE = 2**15


@pytest.mark.parametrize("qubits", [4, 8, 10, 12, 16])
def test_sizes(qubits: int, light: bool, peers: list[str], record) -> None:
    _, *others = engines(peers, qubits)
    names = [OURS, OURS_VJP, *others]
    grid = [(1, 1), (1, 2)] if light else [(depth, batch) for depth in LAYERS for batch in BATCHES]
    cells: dict[tuple[int, int], dict[str, tuple[float, bool]]] = {}
    for layers, batch in grid:
        cells[layers, batch] = _cell(qubits, layers, batch, names, cells)
    header = ["layers, batch", OURS, OURS_VJP]
    for name in others:
        header += [name, "ratio"] + ["of vjp"] * (name == TENSORCIRCUIT)
    rows = [(f"{layers}, {batch}", *_row(cell)) for (layers, batch), cell in cells.items()]
    record(Table(f"Step, {qubits} qubits; ~ marks what was not run", header, rows))
    large = [cell for (_, batch), cell in cells.items() if batch * 2**qubits >= LARGE]
    faster = {name: sum(cell[name][0] < cell[OURS][0] for cell in large) for name in others}
    texts = [f"{name} at {count} of {len(large)} sizes" for name, count in faster.items() if count]
    assert light or not texts, f"{qubits} qubits, faster: {', '.join(texts)}"


def _cell(
    qubits: int,
    layers: int,
    batch: int,
    names: list[str],
    cells: dict[tuple[int, int], dict[str, tuple[float, bool]]],
) -> dict[str, tuple[float, bool]]:
    """Return the seconds of each engine, and whether they were measured."""
    expected = {name: _expected(name, layers, batch, cells) for name in names}
    longest = {name: OUR_LONGEST if name in (OURS, OURS_VJP) else LONGEST for name in names}
    run = [name for name in names if expected[name] <= longest[name]]
    tasks = {name: training_step(name, qubits, layers, batch) for name in run}
    measured = medians(tasks, 7, patience=0.5)
    return {name: (measured.get(name, expected[name]), name in measured) for name in names}


def _expected(
    name: str,
    layers: int,
    batch: int,
    cells: dict[tuple[int, int], dict[str, tuple[float, bool]]],
) -> float:
    """Scale the time of the largest smaller batch, or else of fewer layers; 0 where none is."""
    smaller = [size for size in cells if size[0] == layers] or list(cells)
    smaller = [size for size in smaller if size[0] <= layers and size[1] <= batch]
    if not smaller:
        return 0.0
    size = max(smaller)
    return cells[size][name][0] * math.prod((layers, batch)) / math.prod(size)


def _row(cell: dict[str, tuple[float, bool]]) -> list[str]:
    texts = []
    for name, (seconds, measured) in cell.items():
        texts.append(duration(seconds) if measured else f"~{duration(seconds)}")
        if name not in (OURS, OURS_VJP):
            texts.append(_ratio(seconds, cell[OURS][0]))
        if name == TENSORCIRCUIT:
            texts.append(_ratio(seconds, cell[OURS_VJP][0]))
    return texts


def _ratio(seconds: float, ours: float) -> str:
    text = number(seconds / ours)
    return text if seconds >= ours else f"**{text}**"
