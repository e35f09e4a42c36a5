"""Reads the user's own rows: CSV, Parquet, DataFrames, NPZ and folders of images."""

import os
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from qiskit_qmu.data.datasets import Dataset

if TYPE_CHECKING:
    import pandas as pd


def read_table(
    source: "str | os.PathLike[str] | pd.DataFrame",
    *,
    label: str | None = None,
    id: str | None = None,  # noqa: A002
    features: Sequence[str] | None = None,
    test: "float | str | os.PathLike[str] | pd.DataFrame" = 0.3,
    train_size: int | None = None,
    test_size: int | None = None,
    seed: int = 0,
    task: Literal["classification", "regression"] | None = None,
) -> Dataset:
    """Read the rows of a table."""
    raise NotImplementedError
