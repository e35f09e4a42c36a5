"""Peak memory of one training step: python -m benchmarks.peak_memory ENGINE QUBITS LAYERS BATCH.

A process of its own for each measurement, because memory that was once used is not always given
back. The first step compiles; the second one is measured, by what Linux counts.
"""

import os
import re
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.cores import keep_to
from benchmarks.engines import training_step
from benchmarks.steps import Task

STATUS = Path("/proc/self/status")
SETTLING = 1.0
"""Seconds until memory is back: XLA frees what a step used after it has returned."""

RESET_PEAK = "5"
"""What /proc/self/clear_refs takes to forget the peak."""


def peak_bytes(engine: str, qubits: int, layers: int, batch: int) -> int:
    """Return the bytes that a step adds to a process at its peak."""
    # Blocks that are freed go back at once.
    environment = {**os.environ, "MALLOC_MMAP_THRESHOLD_": "65536"}
    arguments = [engine, *map(str, (qubits, layers, batch))]
    command = [sys.executable, "-m", "benchmarks.peak_memory", *arguments]
    root = Path(__file__).parents[1]
    output = subprocess.run(
        command, env=environment, cwd=root, check=True, stdout=subprocess.PIPE, text=True
    )
    return int(output.stdout.split()[-1])


def added_bytes(step: Task, settling: float = SETTLING) -> int:
    """Return the bytes that a step adds to this process at its peak, once it was compiled."""
    step()
    time.sleep(settling)
    before = _kibibytes("VmRSS")
    Path("/proc/self/clear_refs").write_text(RESET_PEAK)
    step()
    return 1024 * (_kibibytes("VmHWM") - before)


def _kibibytes(entry: str) -> int:
    return int(re.findall(rf"{entry}:\s*(\d+)", STATUS.read_text())[0])


def _main() -> None:
    keep_to(len(os.sched_getaffinity(0)))
    engine, *size = sys.argv[1:]
    print(added_bytes(training_step(engine, *map(int, size))))


if __name__ == "__main__":
    _main()
