"""Observations as a pandas DataFrame, and back."""

from typing import TYPE_CHECKING, Any

import numpy as np

from qiskit_qmu._check import InputError
from qiskit_qmu.observation.observations import Observations

if TYPE_CHECKING:
    import pandas as pd

_SINGLE = {"labels": "label", "row_losses": "loss"}
_SEVERAL = {
    "logits": "logit",
    "expectations": "expectation",
    "counts": "count",
    "outputs": "output",
    "targets": "target",
    "inputs": "input",
}


def observations_to_frame(observations: Observations) -> "pd.DataFrame":
    """Return observations as a table with one row per example.

    Args:
        observations: The observations.

    Returns:
        Columns ``logit_0`` …, ``label``, ``loss`` (if losses were given), ``expectation_0`` …,
        ``count_0`` …, ``output_0`` …, ``target_0`` …, ``input_0`` … and ``shots``, as far as there
        are any. A single output is ``output``, its target ``target``.

    Raises:
        InputError: If counts have more than one axis besides the example.

    Example:
        >>> from qiskit_qmu.observation import Observations, observations_to_frame
        >>> rows = Observations(logits=[[2.0, 0.0], [0.0, 1.0]], labels=[0, 1], shots=100)
        >>> observations_to_frame(rows)
           logit_0  logit_1  label  shots
        0      2.0      0.0      0    100
        1      0.0      1.0      1    100
    """
    import pandas as pd

    columns: dict[str, Any] = {}
    for name, array in observations.arrays().items():
        if array.ndim > 2:
            raise InputError(f"{name} of shape {array.shape} do not fit into the rows of a table")
        if array.ndim == 1:
            columns[_SINGLE.get(name) or _SEVERAL[name]] = array
        else:
            columns |= {f"{_SEVERAL[name]}_{i}": column for i, column in enumerate(array.T)}
    frame = pd.DataFrame(columns)
    if observations.shots is not None:
        frame["shots"] = observations.shots
    return frame


def observations_from_frame(frame: "pd.DataFrame") -> Observations:
    """Return the observations that a table holds; see `observations_to_frame` for its columns.

    Args:
        frame: The table, for example one that was read from CSV; other columns are ignored.

    Raises:
        InputError: If the columns make no observations, numbers of columns leave a gap, or shots
            differ between rows.

    Example:
        >>> from qiskit_qmu.observation import Observations, observations_from_frame
        >>> from qiskit_qmu.observation import observations_to_frame
        >>> rows = Observations(row_losses=[0.25, 0.0], outputs=[1.5, 2.0], targets=[1.0, 2.0])
        >>> observations_from_frame(observations_to_frame(rows)).outputs
        array([1.5, 2. ])
    """
    found: dict[str, Any] = {}
    for name, column in _SINGLE.items():
        if column in frame:
            found[name] = frame[column].to_numpy()
    for name, prefix in _SEVERAL.items():
        if prefix in frame:
            found[name] = frame[prefix].to_numpy()
            continue
        numbered = [c for c in frame.columns if _number(str(c), prefix) is not None]
        wanted = [f"{prefix}_{i}" for i in range(len(numbered))]
        if set(numbered) != set(wanted):
            raise InputError(f"columns {prefix}_0, {prefix}_1, … must have no gap, got {numbered}")
        if wanted:
            found[name] = np.column_stack([frame[c].to_numpy() for c in wanted])
    if "shots" in frame:
        shots = frame["shots"].unique().tolist()
        if len(shots) != 1:
            raise InputError(f"all rows must have the same shots, got {shots}")
        found["shots"] = int(shots[0])
    return Observations(**found)


def _number(column: str, prefix: str) -> int | None:
    digits = column.removeprefix(f"{prefix}_")
    return int(digits) if digits != column and digits.isdecimal() else None
