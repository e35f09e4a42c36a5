"""A step by the compiled kernels takes at most 2/3 of the torch engine's up to fifteen qubits.

Of a single row it is so up to twelve qubits; above, it takes no longer than the torch engine's, or
a tenth at most. With shots, where most of the time goes into drawing them, it takes at most 5/6 up
to eight qubits.

Seconds of the process, not of the clock, so that other work on the machine counts for less. The
largest number of qubits for which the kernels are used is in qiskit_qmu/simulator/compiled/
measured.json; change it where this table says otherwise.
"""

from collections.abc import Callable
from statistics import median
from time import process_time

import numpy as np
import pytest

from benchmarks.design_circuit import connector_with_shots, fast_connector, values
from benchmarks.steps import connector_ensemble_step, connector_step
from benchmarks.tables import check_ratio, times
from qiskit_qmu.simulator.compiled.choice import ENGINE_VARIABLE

KERNELS, TORCH = "compiled kernels", "torch engine"
ENGINES = {KERNELS: "compiled", TORCH: "torch"}
LEAST_RATIO = 1.5
RATIO_WITH_SHOTS = 1.2
RATIO_OF_LARGE_ROWS = 0.9


@pytest.mark.parametrize("batch", [1, 8, 32, 128])
@pytest.mark.parametrize(("qubits", "layers"), [(4, 2), (8, 5), (10, 5), (12, 5), (15, 5)])
def test_step(qubits: int, layers: int, batch: int, light: bool, record) -> None:
    inputs, weights = values(qubits, layers, batch)
    tasks = {
        name: connector_step(fast_connector(qubits, layers, engine), inputs, weights)
        for name, engine in ENGINES.items()
    }
    least = RATIO_OF_LARGE_ROWS if batch == 1 and qubits > 12 else LEAST_RATIO
    _compare(f"Step, {qubits} qubits, {layers} layers, batch {batch}", tasks, light, record, least)


def test_ensemble(light: bool, record) -> None:
    inputs, weights = values(4, 2, 32)
    stacked = np.random.default_rng(1).uniform(-3, 3, (64, len(weights)))
    tasks = {
        name: connector_ensemble_step(fast_connector(4, 2, engine), inputs, stacked)
        for name, engine in ENGINES.items()
    }
    _compare("Step of 64 models, 4 qubits, 2 layers, batch 32", tasks, light, record)


@pytest.mark.parametrize("batch", [1, 32])
@pytest.mark.parametrize(("qubits", "layers"), [(4, 2), (8, 5)])
def test_step_with_shots(
    qubits: int, layers: int, batch: int, light: bool, record, monkeypatch
) -> None:
    inputs, weights = values(qubits, layers, batch)
    tasks = {}
    for name, engine in ENGINES.items():
        monkeypatch.setenv(ENGINE_VARIABLE, engine)
        tasks[name] = connector_step(connector_with_shots(qubits, layers, 256), inputs, weights)
        tasks[name]()  # (the first call decides which engine)
    title = f"Step with 256 shots, {qubits} qubits, {layers} layers, batch {batch}"
    _compare(title, tasks, light, record, RATIO_WITH_SHOTS)


def _compare(
    title: str,
    tasks: dict[str, Callable[[], object]],
    light: bool,
    record,
    least: float = LEAST_RATIO,
) -> None:
    seconds: dict[str, list[float]] = {name: [] for name in tasks}
    for task in tasks.values():
        task()
    for _ in range(1 if light else 30):
        for name, task in tasks.items():
            started = process_time()
            task()
            seconds[name].append(process_time() - started)
    found = {name: median(own) for name, own in seconds.items()}
    record(times(title, found, KERNELS))
    if not light:
        check_ratio(found, KERNELS, {TORCH: least})
