"""Models of either readout as pickles: they answer as before, wherever they are read."""

import io
import pickle

import joblib
import pytest
import torch

from qiskit_qmu import BasicQNN, open_backend


def pickled(model):
    return pickle.loads(pickle.dumps(model))


def torch_saved(model):
    file = io.BytesIO()
    torch.save(model, file)
    file.seek(0)
    return torch.load(file, weights_only=False)


def joblib_dumped(model):
    file = io.BytesIO()
    joblib.dump(model, file)
    file.seek(0)
    return joblib.load(file)


@pytest.mark.parametrize("readout", ["expectation", "probabilities"])
@pytest.mark.parametrize("backend", ["exact", "aer"])
@pytest.mark.parametrize("store", [pickled, torch_saved, joblib_dumped])
def test_a_stored_model_answers_and_learns_as_before(store, backend, readout):
    model = BasicQNN(
        num_features=2,
        num_classes=2,
        num_qubits=2,
        num_layers=1,
        readout=readout,
        backend=open_backend(backend),
    )
    rows = torch.rand(3, 2)
    before = model(rows)
    read = store(model)
    torch.testing.assert_close(read(rows), before)
    found = [
        torch.autograd.grad(own(rows).square().sum(), own.parameters()) for own in (model, read)
    ]
    torch.testing.assert_close(*found)
