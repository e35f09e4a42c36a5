"""Bad input: exit status 2, one line that says what is wrong, and nothing half-written."""

import gzip
import shutil

import numpy as np
import pytest
from tiny_options import TINY

from qiskit_qmu._files import read_sealed_json, write_sealed_json
from qiskit_qmu.data import datasets
from qiskit_qmu.models import load_provenance

OUT = ("--out", "out/run")
RUN = ("run", *TINY, "--methods", "noop", "--jobs", "1", *OUT)

# Options that `run` refuses, after a command line that is good without them.
OPTIONS = {
    "dataset": (["--dataset", "cifar"], "dataset must be one of digits, iris"),
    "model": (["--model", "large"], "model must be one of basic, hybrid"),
    "class that is not there": (["--forget-class", "7"], "label must be one of 0, 1, 2; got 7"),
    "negative class": (["--forget-class", "-1"], "label must be one of 0, 1, 2; got -1"),
    "indices with an underscore": (
        ["--forget-indices", "1_0"],
        "must be integers or a readable file, got '1_0'",
    ),
    "indices in other digits": (["--forget-indices", "\u0661,\u0662"], "must be integers or"),
    "seed with an underscore": (["--seed", "1_0"], "argument --seed: invalid int value: '1_0'"),
    "share in other digits": (
        ["--forget-fraction", "\u0660.\u0661"],
        "argument --forget-fraction: invalid float value",
    ),
    "class is no number": (["--forget-class", "x"], "invalid int value: 'x'"),
    "fraction of no row": (["--forget-fraction", "0.001"], "fraction must be at least one of"),
    "fraction of all rows": (["--forget-fraction", "1"], "fraction must lie between 0 and 1"),
    "fraction below zero": (["--forget-fraction", "-0.1"], "forget_fraction must lie between"),
    "fraction that is no number": (["--forget-fraction", "nan"], "forget_fraction must lie"),
    "no index": (["--forget-indices", ""], "indices must not be empty"),
    "index out of range": (["--forget-indices", "1,40"], "indices must lie between 0 and 39"),
    "index twice": (["--forget-indices", "1,1"], "indices must not repeat"),
    "huge index": (["--forget-indices", "9" * 30], "indices must be"),
    "indices file that is not there": (["--forget-indices", "rows.txt"], "a readable file, got"),
    "two kinds of forgetting": (
        ["--forget-class", "1", "--forget-fraction", "0.1"],
        "only one of forget_class, forget_fraction and forget_indices may be given",
    ),
    "method": (["--methods", "noop,magic"], "method must be one of noop, oracle"),
    "no method": (["--methods", ""], "method must be one of noop, oracle"),
    "learning rate": (["--learning-rate", "-1"], "learning_rate must be positive, got -1.0"),
    "learning rate nan": (["--learning-rate", "nan"], "learning_rate must be positive, got nan"),
    "epochs": (["--epochs", "0"], "epochs must be an integer of at least 1, got 0"),
    "epochs are no number": (["--epochs", "abc"], "argument --epochs: invalid int value: 'abc'"),
    "batch size": (["--batch-size", "0"], "batch_size must be an integer of at least 1"),
    "seed": (["--seed", "-1"], "seed must be an integer of at least 0, got -1"),
    "seeds": (["--seeds", "0"], "seeds must be an integer of at least 1, got 0"),
    "jobs": (["--jobs", "0"], "jobs must be an integer of at least 1, got 0"),
    "shots": (["--shots", "0"], "shots must be an integer of at least 1, got 0"),
    "too many rows": (["--train-size", "1000"], "must be at most 150, the rows there are"),
    "no training row": (["--train-size", "0"], "train_size must be an integer of at least 1"),
    "too few training rows": (["--train-size", "2"], "train_size must be at least 3"),
    "no test row": (["--test-size", "0"], "test_size must be an integer of at least 1"),
    "validation": (["--validation-fraction", "0.9"], "validation_fraction must lie between"),
    "validation of no row": (["--validation-fraction", "0.001"], "validation_fraction must be at"),
    "qubits": (["--num-qubits", "0"], "num_qubits must be an integer of at least 1, got 0"),
    "features": (["--set", "model.num_features=9"], "num_features must be at most num_qubits"),
    "readout": (["--readout", "parity"], "readout must be one of expectation, probabilities"),
    "encoding": (["--encoding", "angle"], "encoding must be one of ry, rx-ry-rz, zz, amplitude"),
    "amplitudes": (
        ["--model", "basic", "--encoding", "amplitude", "--set", "model.num_features=999"],
        "num_features must be at most 2^num_qubits",
    ),
    "qubits of amplitudes": (
        ["--encoding", "amplitude", "--num-qubits", "99"],
        "num_qubits must be at most 12 with amplitude encoding, got 99",
    ),
    "stage": (["--set", "magic.alpha=1"], "a setting must be STAGE.NAME with a stage of model"),
    "no name": (["--set", "rga=1"], "a setting must be STAGE.NAME"),
    "no value": (["--set", "rga.alpha"], "--set must be STAGE.NAME=VALUE, got 'rga.alpha'"),
    "hyperparameter": (["--set", "rga.alhpa=1"], "unexpected keyword argument 'alhpa'"),
    "hyperparameter of the trainer": (["--set", "trainer.epoch=1"], "argument 'epoch'"),
    "hyperparameter of the model": (["--set", "model.depth=1"], "argument 'depth'"),
    "what is no setting": (["--set", "model.seed=1"], "multiple values for keyword argument"),
    "type of a number": (["--set", "trainer.batch_size=abc"], "batch_size must be an integer"),
    "type of a list": (["--set", "trainer.learning_rate=[1]"], "learning_rate must be a number"),
    "type of a word": (["--set", 'rga.alpha="x"'], "alpha must be a number, got 'x'"),
    "whole numbers": (["--set", "ga.max_epochs=1.5"], "max_epochs must be an integer"),
    "booleans": (["--set", "ga.learning_rate=true"], "learning_rate must be a number, got True"),
    "infinity": (["--set", "ssd.alpha=1e999"], "alpha must be positive, got inf"),
    "config that is not there": (["--config", "none.toml"], "must hold a config in TOML, got"),
    "folder of images": (["--dataset", "mnist", "--data-dir", "none"], "data_dir must hold"),
    "option": (["--colour", "red"], "unrecognized arguments: --colour red"),
}  # fmt: skip


@pytest.mark.parametrize("name", OPTIONS)
def test_options_of_run(refuses, name):
    words, message = OPTIONS[name]
    assert message in refuses(*RUN, *words)


@pytest.mark.parametrize(
    "name", ["dataset", "learning rate", "epochs", "seed", "too many rows", "qubits", "features",
             "stage", "hyperparameter", "what is no setting", "shots", "config that is not there"]
)  # fmt: skip
def test_options_of_train(refuses, name):
    words, message = OPTIONS[name]
    assert message in refuses("train", *TINY, *OUT, *words)


CONFIGS = {
    "not TOML": ("seeds = = 3", "config.toml must hold a config in TOML, got: "),
    "unknown key": ("sedes = 3", "config keys must be of dataset, model"),
    "seeds": ('seeds = "two"', "seeds must be an integer of at least 1, got two"),
    "whole number": ("seeds = 2.0", "seeds must be an integer of at least 1, got 2.0"),
    "dataset": ("dataset = 3", "dataset must be one of"),
    "date": ("seed = 2020-01-01", "seed must be an integer of at least 0"),
    "train size": ('train_size = "all"', "train_size must be an integer of at least 1, got all"),
    "validation": ('validation_fraction = "x"', "validation_fraction must be a number, got 'x'"),
    "class": ('forget_class = "four"', "label must be one of 0, 1, 2; got 'four'"),
    "fraction": ('forget_fraction = "x"', "forget_fraction must be a number, got 'x'"),
    "indices": ("forget_indices = 3", "forget_indices must be a list, got 3"),
    "words in indices": ('forget_indices = ["a"]', "indices must be integers"),
    "methods": ("methods = 3", "methods must be a list, got 3"),
    "method": ("methods = [1]", "method must be one of"),
    "no methods": ("methods = []", "methods must not be empty, got none"),
    "settings": ("settings = 3", "settings must be a table, got 3"),
    "stage": ("[settings]\nmagic = 1", "a setting must be STAGE.NAME"),
    "table in a setting": ("[settings.rga.alpha]\nx = 1", "alpha must be a number, got {'x': 1}"),
    "shortcut": ('epochs = "abc"', "epochs must be an integer of at least 1, got abc"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_config_files(refuses, folder, name):
    content, message = CONFIGS[name]
    (folder / "config.toml").write_text(content)
    # The config decides what no option does.
    options = ("--data-dir", ".", "--jobs", 1, *OUT)
    given = () if name == "dataset" else ("--dataset", "iris")
    assert message in refuses("run", *given, *options, "--config", "config.toml")


@pytest.mark.parametrize("content", [b"\xff\xfe\x00", b""])
def test_a_config_or_a_list_of_rows_that_cannot_be_read(refuses, folder, content):
    (folder / "rows.txt").write_bytes(content)
    refuses(*RUN, "--forget-indices", "rows.txt")
    refuses(*RUN, "--forget-indices", ".")
    refuses(*RUN, "--config", ".")
    if content:
        refuses(*RUN, "--config", "rows.txt")


def test_words_among_the_rows(refuses, folder):
    (folder / "rows.txt").write_text("1\ntwo\n")
    assert "forget_indices must be integers" in refuses(*RUN, "--forget-indices", "rows.txt")


def test_all_rows_forgotten(refuses, folder):
    (folder / "rows.txt").write_text("\n".join(map(str, range(40))))
    message = refuses(*RUN, "--validation-fraction", 0, "--forget-indices", "rows.txt")
    assert "at least one training row must be retained" in message


@pytest.mark.parametrize("out", ["file", "file/below/run"])
@pytest.mark.parametrize("command", ["run", "train"])
def test_a_folder_that_cannot_be_written(refuses, folder, command, out):
    (folder / "file").write_text("mine")
    message = refuses(command, *TINY, "--out", out)
    assert "must be writable, got" in message


def test_another_experiments_folder(refuses, qmu):
    assert qmu(*RUN).status == 0
    assert "give another folder" in refuses(*RUN, "--forget-class", 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("command", ["run", "train"])
def test_features_that_are_not_finite(refuses, monkeypatch, command, value):
    source = datasets.iris_source()
    raw = source.raw.copy()
    raw[:] = value
    broken = type(source)(name="all", raw=raw, labels=source.labels, scale=1)
    monkeypatch.setattr(datasets, "iris_source", lambda: broken)
    assert "x_train must be finite, got" in refuses(command, *TINY, *OUT)


def _write_images(folder, *, images=None, labels=None):
    """Write the test part of MNIST: 60 images, gzipped IDX."""
    images = np.zeros((60, 28, 28), dtype=np.uint8) if images is None else images
    labels = (np.arange(60) % 10).astype(np.uint8) if labels is None else labels
    folder.mkdir()
    for name, array in (("images-idx3", images), ("labels-idx1", labels)):
        sizes = b"".join(size.to_bytes(4, "big") for size in array.shape)
        content = bytes([0, 0, 8, array.ndim]) + sizes + array.tobytes()
        (folder / f"t10k-{name}-ubyte.gz").write_bytes(gzip.compress(content))


MNIST = ("run", "--dataset", "mnist", "--train-size", 20, "--test-size", 20, "--data-dir", "data",
         "--jobs", 1, *OUT)  # fmt: skip


def test_labels_out_of_range(refuses, folder):
    _write_images(folder / "data", labels=np.full(60, 11, dtype=np.uint8))
    assert "must hold labels from 0 to 9, got 11" in refuses(*MNIST)


def test_images_and_labels_of_different_numbers(refuses, folder):
    _write_images(folder / "data", labels=np.zeros(59, dtype=np.uint8))
    refuses(*MNIST)


@pytest.mark.parametrize("damage", ["missing", "empty", "cut", "other"])
@pytest.mark.parametrize("name", ["t10k-images-idx3-ubyte.gz", "t10k-labels-idx1-ubyte.gz"])
def test_image_files_that_are_missing_or_corrupt(refuses, folder, name, damage):
    _write_images(folder / "data")
    path = folder / "data" / name
    content = path.read_bytes()
    if damage == "missing":
        path.unlink()
    else:
        path.write_bytes({"empty": b"", "cut": content[:30], "other": b"PK" + content}[damage])
    refuses(*MNIST)


@pytest.fixture
def models(saved, folder):
    """Copy the saved models into the current folder."""
    return shutil.copytree(saved, folder / "models")


UNLEARN = ("--strategy", "ga", "--out", "out/new")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--forget-class", "1", "--strategy", "magic"], "method must be one of noop, oracle"),
        ([], "exactly one of a class, a fraction and indices must be given to forget, got 0"),
        (["--forget-class", "1", "--forget-fraction", "0.1"], "must be given to forget, got 2"),
        (["--forget-class", "7"], "label must be one of 0, 1, 2; got 7"),
        (["--forget-fraction", "0.001"], "must leave at least one row to forget"),
        (["--forget-fraction", "1"], "must leave at least one row to forget and one to retain"),
        (["--forget-fraction", "nan"], "fraction must lie between 0.0 and 1.0, got nan"),
        (["--forget-fraction", "inf"], "fraction must lie between 0.0 and 1.0, got inf"),
        (["--forget-indices", ""], "rows the model was trained on, got no rows"),
        (["--forget-indices", "4000"], "rows the model was trained on, got row 4000"),
        (["--forget-indices", "9" * 30], "rows the model was trained on, got row 9"),
        (["--forget-indices", "none.txt"], "must be integers or a readable file"),
        (["--forget-class", "1", "--seed", "-1"], "seed must be an integer of at least 0, got -1"),
        (["--forget-class", "1", "--set", "ga.speed=1"], "unexpected keyword argument 'speed'"),
        (["--forget-class", "1", "--set", "magic.x=1"], "a setting must be STAGE.NAME"),
        (
            ["--forget-class", "1", "--set", "trainer.learning_rate=-1"],
            "learning_rate must be positive",
        ),
        (["--forget-class", "1", "--config", "x.toml"], "unlearn takes its settings by --set"),
        (["--forget-class", "1", "--out", "models/original/model.json/new"], "must be writable"),
    ],
)
def test_options_of_unlearn(refuses, models, words, message):
    assert message in refuses("unlearn", "models/original", *UNLEARN, *words)


def test_forgetting_what_was_held_out_or_everything(refuses, models):
    provenance = load_provenance(models / "original")
    held_out = provenance["validation_indices"][0]
    everything = ",".join(map(str, provenance["train_indices"]))
    words = ("unlearn", "models/original", *UNLEARN, "--forget-indices")
    assert f"trained on, got row {held_out}" in refuses(*words, held_out)
    assert "at least one training row must be retained" in refuses(*words, everything)


def test_forgetting_what_was_forgotten_already(refuses, models):
    message = refuses("unlearn", "models/unlearned", *UNLEARN, "--forget-class", 1)
    assert "label must be one of 0, 2; got 1" in message


def _damage(models, kind):
    """Break the folder of a model and return its path."""
    folder = models / "original"
    if kind == "missing":
        shutil.rmtree(folder)
    elif kind == "empty":
        shutil.rmtree(folder)
        folder.mkdir()
    elif kind == "a file":
        shutil.rmtree(folder)
        folder.write_text("")
    elif kind == "no provenance":
        content = read_sealed_json(folder / "model.json", "a model")
        write_sealed_json(folder / "model.json", {**content, "provenance": {}})
    elif kind == "not a table":
        (folder / "model.json").write_text("[]")
    else:
        path = folder / kind
        path.write_bytes(path.read_bytes()[:-20])
    return folder


DAMAGES = ("missing", "empty", "a file", "no provenance", "not a table", "model.json",
           "weights.safetensors", "circuit.qpy")  # fmt: skip


@pytest.mark.parametrize("kind", DAMAGES)
def test_models_that_are_missing_or_damaged(refuses, models, kind):
    folder = _damage(models, kind)
    refuses("unlearn", folder, *UNLEARN, "--forget-class", 1)
    refuses("audit", "models/unlearned", "--original", folder, "--out", "out/audit")
    refuses("audit", folder, "--original", folder)


def test_other_data_than_the_model_was_trained_on(refuses, models):
    path = models / "original" / "model.json"
    content = read_sealed_json(path, "a model")
    content["provenance"]["experiment"]["seed"] = 5
    write_sealed_json(path, content)
    message = refuses("unlearn", "models/original", *UNLEARN, "--forget-class", 1)
    assert "got rows with other digests" in message


@pytest.mark.parametrize(
    ("new", "original", "oracle", "message"),
    [
        ("unlearned", "original", "other", "must have forgotten the same rows"),
        ("unlearned", "original", "stranger-oracle", "must come from the same training rows"),
        ("unlearned", "original", "original", "must have forgotten the same rows"),
        ("unlearned", "stranger", "oracle", "must come from the same training rows"),
        ("unlearned", "unlearned", "oracle", "must come from the same training rows"),
        ("original", "original", "oracle", "must hold an unlearned model"),
        ("unlearned", "original", "none", "must hold a saved model"),
    ],
)
def test_models_that_do_not_belong_together(refuses, models, new, original, oracle, message):
    words = ("audit", f"models/{new}", "--original", f"models/{original}")
    assert message in refuses(*words, "--oracle", f"models/{oracle}", "--out", "out/audit")


def test_options_of_audit(refuses, models):
    words = ("audit", "models/unlearned", "--original", "models/original")
    assert "must be writable" in refuses(*words, "--out", "models/original/model.json")
    assert "seed must be an integer of at least 0" in refuses(*words, "--seed", -1)
    assert "required: --original" in refuses("audit", "models/unlearned")


@pytest.mark.parametrize(
    "content",
    [None, "", "[]", "{}", '{"config": 3}', '{"config": {}}', '{"config": {"depth": 3}}'],
)
def test_reports_of_what_is_no_run(refuses, folder, content):
    if content is not None:
        (folder / "run").mkdir()
        (folder / "run" / "results.json").write_text(content)
    refuses("report", "run")


@pytest.mark.parametrize("lines", ["", "[]\n", '{"experiment": "other"}\n', "half a li"])
def test_reports_without_records_of_the_run(refuses, qmu, folder, lines):
    assert qmu(*RUN).status == 0
    (folder / "out" / "run" / "records.jsonl").write_text(lines)
    refuses("report", "out/run")


def test_a_report_that_cannot_be_written(refuses, qmu, folder):
    assert qmu(*RUN).status == 0
    page = folder / "out" / "run" / "report.html"
    page.unlink()
    page.mkdir()
    assert "must be writable" in refuses("report", "out/run")


def test_what_is_no_command_or_subject(refuses):
    assert "invalid choice: 'sweep'" in refuses("sweep")
    assert "required: COMMAND" in refuses()
    message = "subject must be one of datasets, models, methods, backends, settings"
    assert message in refuses("list", "all")
    assert "required" in refuses("train", *TINY)


def test_what_is_there_is_replaced_by_force_only(refuses, qmu, models):
    train = ("train", *TINY, "--out", "models/original")
    assert "--out must be a folder without a model, got models/original" in refuses(*train)
    unlearn = ("unlearn", "models/original", *UNLEARN[:2], "--forget-class", 1, "--out")
    assert "--force to replace it" in refuses(*unlearn, "models/unlearned")
    audit = ("audit", "models/unlearned", "--original", "models/original", "--out", "out")
    assert qmu(*audit).status == 0
    assert "--out must be a folder without an audit, got out" in refuses(*audit)
    assert qmu(*audit, "--force").status == 0
    assert qmu(*train, "--force").status == 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("rnu",), "did you mean run?"),
        (("run", "--mehtods", "ga"), "did you mean --methods?"),
        (("list", "--mehtods"), "unrecognized arguments: --mehtods"),
        (("submit", "obsreve"), "did you mean observe?"),
        (("run", "--dataset", "digit"), "did you mean digits?"),
        (("run", "--methods", "ga,sdd"), "did you mean ssd?"),
        (("list", "mehtods"), "did you mean methods?"),
        (("run", "--dataset", "cifar"), "got 'cifar'"),
    ],
)
def test_a_mistyped_word_is_answered_with_what_was_meant(refuses, words, meant):
    assert refuses(*words).endswith(f"{meant}\n")


@pytest.mark.parametrize(("command", "rule"), [("unlearn", "exactly one"), ("run", "at most one")])
def test_help_says_how_many_ways_of_naming_rows_are_taken(qmu, command, rule):
    assert f"what to forget ({rule})" in qmu(command, "--help").out
