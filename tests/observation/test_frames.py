"""Observations in a table, and out of it again."""

import io

import numpy as np
import pandas as pd
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.observation import (
    Observations,
    observations_from_frame,
    observations_to_frame,
)


@pytest.mark.parametrize(
    "observations",
    [
        Observations(
            logits=np.arange(24.0).reshape(2, 12) / 7,
            labels=[11, 0],
            expectations=[[0.1], [0.2]],
            counts=[[3, 7], [4, 6]],
            shots=10,
            inputs=[[1.0, 2.0], [3.0, 4.0]],
        ),
        Observations(row_losses=[0.1, 1 / 3], outputs=[1.0, 2.0], targets=[2.0, 2.0]),
        Observations(row_losses=[0.5], outputs=[[1.0, 2.0]], targets=[[1.0, 3.0]]),
    ],
)
def test_they_come_back_as_they_were_even_from_csv(observations):
    text = observations_to_frame(observations).to_csv(index=False)
    again = observations_from_frame(pd.read_csv(io.StringIO(text)))
    assert again.shots == observations.shots
    expected = observations.arrays()
    assert again.arrays().keys() == expected.keys()
    for name, array in again.arrays().items():
        np.testing.assert_allclose(array, expected[name], rtol=1e-14)
        assert array.dtype == expected[name].dtype


def test_tables_that_hold_no_observations_are_refused():
    rows = observations_to_frame(Observations(logits=[[1.0, 2.0, 3.0]] * 2, labels=[0, 1]))
    with pytest.raises(InputError, match="must have no gap, got"):
        observations_from_frame(rows.drop(columns="logit_1"))
    with pytest.raises(InputError, match="the same shots"):
        observations_from_frame(rows.assign(shots=[1, 2]))
    deep = Observations(row_losses=[0.0], counts=np.zeros((1, 2, 3), dtype=int))
    with pytest.raises(InputError, match="do not fit into the rows"):
        observations_to_frame(deep)
