"""The numbers and tables of a job inside of a kernel."""

from dataclasses import dataclass

from qiskit_qmu.simulator.compiled.job import JOB_FIELDS
from qiskit_qmu.simulator.compiled.kernels.complex_numbers import Amplitudes
from qiskit_qmu.simulator.compiled.kernels.instructions import (
    LaneRows,
    Numbers,
    Whole,
    Wholes,
    Writer,
    numbers_at,
    rows_at,
    wholes_at,
)


@dataclass(frozen=True)
class JobTables:
    """A job that a kernel reads."""

    writer: Writer

    def whole(self, name: str) -> Whole:
        """Return a number of the job."""
        return self.writer.job[JOB_FIELDS.index(name)]

    def wholes(self, name: str, bits: int = 32) -> Wholes:
        """Return a table of integers of some bits."""
        return wholes_at(self.writer, self.whole(name), bits)

    def numbers(self, name: str) -> Numbers:
        """Return a table of real numbers that all samples share."""
        return numbers_at(self.writer, self.whole(name))

    def rows(self, name: str) -> LaneRows:
        """Return rows of lanes."""
        return rows_at(self.writer, self.whole(name))

    def amplitudes(self, name: str) -> Amplitudes:
        """Return rows of lanes as complex numbers."""
        return Amplitudes(self.rows(name))
