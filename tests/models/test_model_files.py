"""Models as files: an exact round trip, no pickle, and damaged files refused."""

import os
import pickle
import shutil

import numpy as np
import pytest
import safetensors.torch
import torch
from tiny_models import basic, hybrid, iris, same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_sealed_json, read_set, write_sealed_json, write_set
from qiskit_qmu.backends import open_backend
from qiskit_qmu.circuits import as_amplitude_encoding
from qiskit_qmu.models import BasicQNN, HybridQNN, load_model, load_provenance, write_model

FILES = ("model.json", "weights.safetensors", "circuit.qpy")


@pytest.fixture(scope="module")
def saved(tmp_path_factory):
    """Folder of a fitted BasicQNN."""
    folder = tmp_path_factory.mktemp("models") / "basic"
    model = basic(seed=7)
    model.fit_inputs(iris().x_train)
    write_model(model, folder, provenance={"rows": [1, 2], "note": "ü"})
    return folder


@pytest.fixture
def copied(saved, tmp_path):
    return shutil.copytree(saved, tmp_path / "copy")


@pytest.mark.parametrize("readout", ["expectation", "probabilities"])
@pytest.mark.parametrize("build", [basic, hybrid])
def test_round_trip_is_exact(build, readout, tmp_path):
    options = {"rotations": ("rx", "rz", "ry"), "entangling_gate": "cx", "entanglement": "full"}
    model = build(seed=3, readout=readout, encoding="rx-ry-rz", **options)
    model.fit_inputs(iris().x_train)
    model.save(tmp_path / "model")
    loaded = type(model).load(tmp_path / "model")
    assert type(loaded) is type(model)
    assert loaded.config == model.config
    assert loaded.qnn.circuit == model.qnn.circuit
    assert [p.name for p in loaded.qnn.inputs] == [p.name for p in model.qnn.inputs]
    assert same_weights(weights_of(model), weights_of(loaded))
    x, y = iris().x_test, iris().y_test
    assert np.array_equal(model.observe(x, y).logits, loaded.observe(x, y).logits)


@pytest.mark.parametrize("build", [basic, hybrid])
def test_amplitude_encoding_comes_back_as_a_gate(build, tmp_path):
    """From QPY it is a plain gate, of the same name and definition."""
    model = build(seed=3, encoding="amplitude")
    model.fit_inputs(iris().x_train)
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    assert as_amplitude_encoding(loaded.qnn.circuit.data[0].operation) is not None
    assert loaded.qnn.circuit.decompose() == model.qnn.circuit.decompose()
    assert loaded.qnn.inputs == model.qnn.inputs
    x, y = iris().x_test, iris().y_test
    assert np.array_equal(model.observe(x, y).logits, loaded.observe(x, y).logits)
    # And once more.
    loaded.save(tmp_path / "again")
    again = load_model(tmp_path / "again")
    assert np.array_equal(model.observe(x, y).logits, again.observe(x, y).logits)


def test_a_model_that_is_not_fitted_yet(tmp_path):
    basic().save(tmp_path)
    loaded = BasicQNN.load(tmp_path)
    assert not loaded.scaler.is_fitted
    assert torch.equal(loaded(torch.zeros(1, 3)), basic()(torch.zeros(1, 3)))


def test_more_than_ten_parameters_keep_their_order(tmp_path):
    # Names such as w[10] sort before w[2].
    model = BasicQNN(2, 2, 4, 4, seed=1)
    model.save(tmp_path)
    loaded = load_model(tmp_path)
    x = torch.tensor([[0.2, 0.9]])
    assert torch.equal(model(x), loaded(x))


def test_only_three_files_and_none_is_a_pickle(saved):
    assert sorted(path.name for path in saved.iterdir()) == sorted(FILES)
    for name in FILES:
        with pytest.raises((pickle.UnpicklingError, EOFError, ValueError, KeyError)):
            pickle.loads((saved / name).read_bytes())


def test_a_pickle_in_place_of_weights_is_not_run(copied):
    class Trap:
        def __reduce__(self):
            return (pytest.fail, ("a pickle was loaded",))

    (copied / "weights.safetensors").write_bytes(pickle.dumps(Trap()))
    with pytest.raises(InputError):
        load_model(copied)


def test_provenance_is_kept(saved):
    assert load_provenance(saved) == {"rows": [1, 2], "note": "ü"}


def test_a_backend_can_be_given(saved):
    backend = open_backend("exact", shots=10)
    assert load_model(saved, backend=backend).backend is backend


def test_another_kind_of_model_is_refused(saved):
    with pytest.raises(InputError, match="contains a BasicQNN, not a HybridQNN"):
        HybridQNN.load(saved)


@pytest.mark.parametrize("name", FILES)
def test_a_missing_file_is_refused(copied, name):
    (copied / name).unlink()
    with pytest.raises(InputError, match=f"cannot read .*{name}: No such file"):
        load_model(copied)


@pytest.mark.parametrize("name", FILES)
def test_damaged_files_are_refused(copied, name, generator):
    content = (copied / name).read_bytes()
    broken = [b"", content[: len(content) // 2], bytes(100), content[::-1]]
    for _ in range(20):
        flipped = bytearray(content)
        flipped[int(generator.integers(len(content)))] ^= int(generator.integers(1, 256))
        broken += [bytes(flipped)]
    for damaged in broken:
        (copied / name).write_bytes(damaged)
        with pytest.raises(InputError):
            load_model(copied)


def test_files_of_two_models_are_not_mixed(copied, tmp_path):
    other = basic(seed=8)
    other.fit_inputs(iris().x_train)
    other.save(tmp_path / "other")
    shutil.copy(tmp_path / "other" / "weights.safetensors", copied)
    with pytest.raises(InputError, match="changed or damaged"):
        load_model(copied)


@pytest.mark.parametrize(
    "change",
    [
        {"format": 1},
        {"config": {}},
        {"config": None},
        {"files": {}},
        {"files": {"../other": "0"}},
        {"provenance": []},
    ],
)
def test_a_changed_config_is_refused(copied, change):
    path = copied / "model.json"
    write_sealed_json(path, {**read_sealed_json(path, "a model"), **change})

    def read():
        load_provenance(copied)
        load_model(copied)

    with pytest.raises(InputError):
        read()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("num_qubits", 4),
        ("num_qubits", 10**9),
        ("num_classes", 4),
        ("num_classes", 10**9),
        ("num_layers", 10**9),
        ("num_features", 10**9),
        ("num_features", "many"),
        ("num_layers", True),
        ("readout", "counts"),
        ("encoding", "none"),
        ("rotations", 3),
        ("kind", "hybrid"),
        ("kind", "other"),
    ],
)
def test_a_config_that_does_not_fit_the_weights_is_refused(copied, key, value):
    content, files = read_set(copied, "model.json", "a model")
    config = {**content["config"], key: value}
    write_set(copied, "model.json", {**content, "config": config}, files)
    with pytest.raises(InputError, match=f"^cannot read a saved model from {copied}: "):
        load_model(copied)


@pytest.mark.parametrize("shape", [[10**9], [1, 10**9, 10**9], [10**9, 4, 4], [-1], ["3"], [1.5]])
def test_a_front_larger_than_its_weights_is_refused(tmp_path, shape):
    hybrid().save(tmp_path)
    content, files = read_set(tmp_path, "model.json", "a model")
    config = {**content["config"], "input_shape": shape}
    write_set(tmp_path, "model.json", {**content, "config": config}, files)
    with pytest.raises(InputError, match="cannot read a saved model from "):
        load_model(tmp_path)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_weights_that_are_no_numbers_are_neither_read_nor_written(copied, value):
    content, files = read_set(copied, "model.json", "a model")
    tensors = safetensors.torch.load(files["weights.safetensors"])
    tensors["head.bias"][0] = value
    changed = {**files, "weights.safetensors": safetensors.torch.save(tensors)}
    write_set(copied, "model.json", content, changed)
    with pytest.raises(InputError, match=r"copy: head\.bias must be finite, got 1 NaN or infinite"):
        load_model(copied)
    model = basic()
    with torch.no_grad():
        model.head.bias[0] = value
    with pytest.raises(InputError, match=r"head\.bias must be finite"):
        model.save(copied)


def test_a_folder_that_cannot_be_written_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match=r"cannot write .*file/model: Not a directory"):
        basic().save(tmp_path / "file" / "model")


def test_saving_again_replaces_the_model(copied):
    model = hybrid(seed=2)
    model.save(copied)
    assert same_weights(weights_of(model), weights_of(load_model(copied)))
    assert load_provenance(copied) == {}


def test_what_else_lies_in_the_folder_stays(copied, tmp_path):
    (copied / "notes.txt").write_text("mine")
    (tmp_path / "elsewhere").write_text("mine")
    (copied / "weights.safetensors").unlink()
    (copied / "weights.safetensors").symlink_to(tmp_path / "elsewhere")
    basic(seed=2).save(copied)
    assert (copied / "notes.txt").read_text() == "mine"
    # A link in a file's place is replaced, not written through.
    assert (tmp_path / "elsewhere").read_text() == "mine"
    assert same_weights(weights_of(basic(seed=2)), weights_of(load_model(copied)))


def test_permissions_are_those_of_the_umask(tmp_path):
    before = os.umask(0o027)
    try:
        basic().save(tmp_path / "model")
    finally:
        os.umask(before)
    modes = {path.stat().st_mode & 0o777 for path in (tmp_path / "model").iterdir()}
    assert modes == {0o640}
