"""DistinctObservables: the observables of several PUBs, each once."""

from typing import final

import numpy as np
from numpy.typing import NDArray
from qiskit.primitives.containers.observables_array import ObservablesArray
from qiskit.quantum_info import SparsePauliOp


@final
class DistinctObservables:
    """Observables, numbered in the order of their first request.

    Attributes:
        operators: The observables, each once.
    """

    def __init__(self) -> None:
        self.operators: list[SparsePauliOp] = []
        self._known: dict[str, int] = {}

    def has_any_of(self, asked: ObservablesArray) -> bool:
        """Return whether one of the observables was requested before."""
        array = asked.sparse_observables_array()
        return not self._known.keys().isdisjoint(map(repr, array.ravel()))

    def numbers(self, asked: ObservablesArray) -> NDArray[np.int64]:
        """Return the number of each observable of an array, in its shape; new ones are added."""
        array = asked.sparse_observables_array()
        numbers = np.zeros(array.shape, dtype=np.int64)
        for place in np.ndindex(array.shape):
            observable = array[place]
            name = repr(observable)
            if name not in self._known:
                self._known[name] = len(self.operators)
                self.operators.append(SparsePauliOp.from_sparse_observable(observable))
            numbers[place] = self._known[name]
        return numbers
