"""A step's peak memory is at most 300 MiB more for 20 layers than for one, and linear in batch.

Twelve qubits, where a state of batch 128 has 4 MiB; at 20 layers TensorCircuit-NG needs more.
"""

from benchmarks.engines import OURS, TENSORCIRCUIT, engines, training_step
from benchmarks.peak_memory import added_bytes, peak_bytes
from benchmarks.tables import Table, number

MEBIBYTE = 2**20


QUBITS, LAYERS, BATCH = 12, 5, 128
DEPTHS, BATCHES = (1, 5, 20), (128, 1024)


def test_memory(light: bool, peers: list[str], record) -> None:
    if light:
        assert added_bytes(training_step(OURS, 4, 1, 2), settling=0.0) < MEBIBYTE
        return
    names = [name for name in engines(peers, QUBITS) if name in (OURS, TENSORCIRCUIT)]
    by_depth = {n: [peak_bytes(n, QUBITS, depth, BATCH) for depth in DEPTHS] for n in names}
    by_batch = {n: [peak_bytes(n, QUBITS, LAYERS, batch) for batch in BATCHES] for n in names}
    record(_table(f"MiB by layers, {QUBITS} qubits, batch {BATCH}", DEPTHS, by_depth))
    record(_table(f"MiB by batch, {QUBITS} qubits, {LAYERS} layers", BATCHES, by_batch))
    more = (by_depth[OURS][-1] - by_depth[OURS][0]) / MEBIBYTE
    growth = by_batch[OURS][-1] / by_batch[OURS][0]
    assert more <= 300, f"{number(more)} MiB more for {DEPTHS[-1]} layers"
    assert growth <= 1.1 * BATCHES[-1] / BATCHES[0], f"{number(growth)} times as much by batch"
    assert by_depth[OURS][-1] <= by_depth[names[-1]][-1], "TensorCircuit-NG needs less"


def _table(title: str, sizes: tuple[int, ...], peaks: dict[str, list[int]]) -> Table:
    rows = [(name, *(number(peak / MEBIBYTE) for peak in row)) for name, row in peaks.items()]
    return Table(title, ("engine", *map(str, sizes)), rows)
