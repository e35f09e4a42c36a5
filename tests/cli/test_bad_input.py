"""Bad input: exit status 2, one line that says what is wrong, and nothing half-written."""

import gzip
import shutil

import numpy as np
import pytest
from tiny_options import TINY

from qiskit_qmu._files import read_sealed_json, write_sealed_json
from qiskit_qmu.data import named_datasets
from qiskit_qmu.models import load_provenance

OUT = ("--out", "out/run")
RUN = ("run", *TINY, "--methods", "noop", "--workers", "1", *OUT)

# Options that `run` refuses, after a command line that is good without them.
OPTIONS = {
    "dataset": (["--dataset", "cifar"], "--dataset: invalid choice: 'cifar' (choose from digits"),
    "model": (["--model", "large"], "--model: invalid choice: 'large' (choose from basic"),
    "class that is not there": (
        ["--forget-class", "7"],
        "--forget-class must be one of 0, 1, 2; got 7 (the classes are setosa, versicolor, virg",
    ),
    "negative class": (["--forget-class", "-1"], "--forget-class must be one of 0, 1, 2; got -1"),
    "indices with an underscore": (
        ["--forget-indices", "1_0"],
        "--forget-indices must be integers or a file with them, got '1_0'",
    ),
    "indices in other digits": (["--forget-indices", "\u0661,\u0662"], "must be integers or"),
    "seed with an underscore": (["--seed", "1_0"], "--seed: must be an integer, got '1_0'"),
    "share in other digits": (
        ["--forget-fraction", "\u0660.\u0661"],
        "argument --forget-fraction: must be a number between 0 and 1",
    ),
    "class is no number": (
        ["--forget-class", "x"],
        "must be one of setosa, versicolor, virginica; got 'x'",
    ),
    "fraction of no row": (["--forget-fraction", "0.001"], "--forget-fraction must be at"),
    "fraction of all rows": (["--forget-fraction", "1"], "--forget-fraction: must be a"),
    "fraction below zero": (["--forget-fraction", "-0.1"], "(exclusive), got -0.1"),
    "fraction that is no number": (["--forget-fraction", "nan"], "(exclusive), got nan"),
    "no index": (["--forget-indices", ""], "--forget-indices must not be empty"),
    "index out of range": (["--forget-indices", "1,40"], "must be positions of rows that"),
    "index twice": (["--forget-indices", "1,1"], "--forget-indices must not repeat"),
    "huge index": (["--forget-indices", "9" * 30], "--forget-indices must be"),
    "indices file that is not there": (["--forget-indices", "rows.txt"], "got 'rows.txt': No such"),
    "two kinds of forgetting": (
        ["--forget-class", "1", "--forget-fraction", "0.1"],
        "only one of --forget-class, --forget-fraction, --forget-indices, --forget-ids, ",
    ),
    "method": (["--methods", "noop,magic"], "--methods: invalid choice: 'magic' (choose from noop"),
    "no method": (["--methods", ""], "argument --methods: invalid choice: ''"),
    "learning rate": (["--learning-rate", "-1"], "--learning-rate: must be a number above 0"),
    "learning rate nan": (["--learning-rate", "nan"], "must be a number above 0, got nan"),
    "epochs": (["--epochs", "0"], "argument --epochs: must be at least 1, got 0"),
    "epochs are no number": (["--epochs", "abc"], "--epochs: must be an integer, got 'abc'"),
    "batch size": (["--batch-size", "0"], "argument --batch-size: must be at least 1"),
    "seed": (["--seed", "-1"], "argument --seed: must be at least 0, got -1"),
    "seeds": (["--seeds", "0"], "argument --seeds: must be at least 1, got 0"),
    "workers": (["--workers", "0"], "argument --workers: must be at least 1, got 0"),
    "shots": (["--shots", "0"], "argument --shots: must be at least 1, got 0"),
    "too many rows": (["--train-size", "1000"], "must be at most 150, the rows there are"),
    "no training row": (["--train-size", "0"], "argument --train-size: must be at least 1, got 0"),
    "too few training rows": (["--train-size", "2"], "--train-size must be at least 3"),
    "no test row": (["--test-size", "0"], "argument --test-size: must be at least 1"),
    "validation": (["--validation-fraction", "0.9"], "--validation-fraction must lie between"),
    "validation of no row": (["--validation-fraction", "0.001"], "--validation-fraction must be"),
    "qubits": (["--num-qubits", "0"], "argument --num-qubits: must be at least 1, got 0"),
    "features": (["--set", "model.num_features=9"], "num_features must be at most num_qubits"),
    "readout": (["--readout", "parity"], "--readout must be one of expectation, probabilities"),
    "encoding": (["--encoding", "angle"], "--encoding must be one of ry, rx-ry-rz, zz, amplitude"),
    "amplitudes": (
        ["--model", "basic", "--encoding", "amplitude", "--set", "model.num_features=999"],
        "num_features must be at most 2^num_qubits",
    ),
    "qubits of amplitudes": (
        ["--encoding", "amplitude", "--num-qubits", "99"],
        "--num-qubits must be at most 12 with amplitude encoding, got 99",
    ),
    "stage": (["--set", "magic.alpha=1"], "a setting must be STAGE.NAME with a stage of model"),
    "no name": (["--set", "rga=1"], "a setting must be STAGE.NAME"),
    "no value": (["--set", "rga.alpha"], "--set takes STAGE.NAME=VALUE, such as"),
    "hyperparameter": (["--set", "rga.alhpa=1"], "does not accept these settings: 'alhpa'"),
    "hyperparameter of the trainer": (["--set", "trainer.epoch=1"], "did you mean epochs?"),
    "hyperparameter of the model": (["--set", "model.depth=1"], "basic has no setting 'depth'"),
    "what is no setting": (["--set", "model.seed=1"], "does not take from settings 'seed'"),
    "type of a number": (["--set", "trainer.batch_size=abc"], "batch_size must be an integer"),
    "type of a list": (["--set", "trainer.learning_rate=[1]"], "learning_rate must be a number"),
    "type of a word": (["--set", 'rga.alpha="x"'], "alpha must be a number, got 'x'"),
    "whole numbers": (["--set", "ga.max_epochs=1.5"], "max_epochs must be an integer"),
    "booleans": (["--set", "ga.learning_rate=true"], "learning_rate must be a number, got True"),
    "infinity": (["--set", "ssd.alpha=1e999"], "alpha must be positive, got inf"),
    "config that is not there": (["--config", "none.toml"], "cannot read none.toml: No such"),
    "folder of images": (["--data-dir", "none"], "argument --data-dir: there is no folder none"),
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
    "not TOML": ("seeds = = 3", "config.toml: "),
    "unknown key": ("sedes = 3", "config.toml: unknown key 'sedes'; did you mean seeds?"),
    "seeds": ('seeds = "two"', "config.toml: seeds must be an integer of at least 1, got 'two'"),
    "whole number": ("seeds = 2.0", "seeds must be an integer of at least 1, got 2.0"),
    "dataset": ("dataset = 3", "config.toml: dataset must be one of"),
    "date": ("seed = 2020-01-01", "seed must be an integer of at least 0"),
    "train size": ('train_size = "all"', "train_size must be an integer of at least 1, got 'all'"),
    "validation": ('validation_fraction = "x"', "validation_fraction must be a number, got 'x'"),
    "class": (
        'forget_class = "four"',
        "config.toml: forget_class must be one of setosa, versicolor, virginica",
    ),
    "fraction": ('forget_fraction = "x"', "config.toml: forget_fraction must be a number, got 'x'"),
    "indices": ("forget_indices = 3", "config.toml: forget_indices must be one-dimensional"),
    "words in indices": ('forget_indices = ["a"]', "config.toml: forget_indices must be integers"),
    "methods": ("methods = 3", "config.toml: methods must be a list, got 3"),
    "method": ("methods = [1]", "config.toml: methods must be one of"),
    "no methods": ("methods = []", "methods must not be empty"),
    "settings": ("settings = 3", "config.toml: settings must be a table, got 3"),
    "stage": ("[settings]\nmagic = 1", "a setting must be STAGE.NAME"),
    "table in a setting": ("[settings.rga.alpha]\nx = 1", "alpha must be a number, got {'x': 1}"),
    "shortcut": ('epochs = "abc"', "epochs must be an integer of at least 1, got 'abc'"),
}


@pytest.mark.parametrize("name", CONFIGS)
def test_config_files(refuses, folder, name):
    content, message = CONFIGS[name]
    (folder / "config.toml").write_text(content)
    # The config decides what no option does.
    options = ("--data-dir", ".", "--workers", 1, *OUT)
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
    assert "--forget-indices must be integers" in refuses(*RUN, "--forget-indices", "rows.txt")


def test_all_rows_forgotten(refuses, folder):
    (folder / "rows.txt").write_text("\n".join(map(str, range(40))))
    message = refuses(*RUN, "--validation-fraction", 0, "--forget-indices", "rows.txt")
    assert "no training row would be retained" in message


@pytest.mark.parametrize("out", ["file", "file/below/run"])
@pytest.mark.parametrize("command", ["run", "train"])
def test_a_folder_that_cannot_be_written(refuses, folder, command, out):
    (folder / "file").write_text("mine")
    message = refuses(command, *TINY, "--out", out)
    assert "cannot write" in message


def test_another_experiments_folder(refuses, finished, folder):
    shutil.copytree(finished, folder / "out" / "run")
    assert "choose another folder" in refuses(*RUN, "--forget-class", 2)


@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("command", ["run", "train"])
def test_features_that_are_not_finite(refuses, monkeypatch, command, value):
    source = named_datasets.iris_source()
    raw = source.raw.copy()
    raw[:] = value
    broken = type(source)(name="all", raw=raw, labels=source.labels, scale=1)
    monkeypatch.setattr(named_datasets, "iris_source", lambda: broken)
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
         "--workers", 1, *OUT)  # fmt: skip


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
        (
            ["--forget-class", "1", "--strategy", "magic"],
            "argument --strategy: invalid choice: 'magic'",
        ),
        ([], "--forget-where and --forget-owner is needed"),
        (["--forget-class", "1", "--forget-fraction", "0.1"], "only one of --forget-class"),
        (
            ["--forget-class", "7"],
            "--forget-class must be one of 0, 1, 2; got 7",
        ),
        (["--forget-fraction", "0.001"], "--forget-fraction must be at least one of 36 rows"),
        (["--forget-fraction", "1"], "(exclusive), got 1"),
        (["--forget-fraction", "nan"], "(exclusive), got nan"),
        (["--forget-fraction", "inf"], "(exclusive), got inf"),
        (["--forget-indices", ""], "--forget-indices must not be empty"),
        (["--forget-indices", "4000"], "the model is trained on, from 0 to 39; got 4000"),
        (["--forget-indices", "9" * 30], "--forget-indices must be"),
        (["--forget-indices", "none.txt"], "must be integers or a file with them"),
        (["--forget-class", "1", "--seed", "-1"], "argument --seed: must be at least 0, got -1"),
        (["--forget-class", "1", "--set", "ga.speed=1"], "does not accept these settings: 'speed'"),
        (["--forget-class", "1", "--set", "magic.x=1"], "a setting must be STAGE.NAME"),
        (
            ["--forget-class", "1", "--set", "trainer.learning_rate=-1"],
            "learning_rate must be positive",
        ),
        (["--forget-class", "1", "--config", "x.toml"], "unrecognized arguments: --config"),
        (["--forget-class", "1", "--out", "models/original/model.json/new"], "cannot write"),
    ],
)
def test_options_of_unlearn(refuses, models, words, message):
    assert message in refuses("unlearn", "models/original", *UNLEARN, *words)


def test_forgetting_what_was_held_out_or_everything(refuses, models):
    provenance = load_provenance(models / "original")
    held_out = provenance["validation_indices"][0]
    everything = ",".join(map(str, provenance["train_indices"]))
    words = ("unlearn", "models/original", *UNLEARN, "--forget-indices")
    assert f"trained on, from 0 to 39; got {held_out}" in refuses(*words, held_out)
    assert "no training row would be retained" in refuses(*words, everything)


def test_forgetting_what_was_forgotten_already(refuses, models):
    message = refuses("unlearn", "models/unlearned", *UNLEARN, "--forget-class", 1)
    assert "--forget-class must be one of 0, 2; got 1" in message


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
    elif kind == "no rows":
        content = read_sealed_json(folder / "model.json", "a model")
        write_sealed_json(folder / "model.json", {**content, "provenance": {"rows": {}}})
    elif kind == "not a table":
        (folder / "model.json").write_text("[]")
    else:
        path = folder / kind
        path.write_bytes(path.read_bytes()[:-20])
    return folder


DAMAGES = ("missing", "empty", "a file", "no rows", "not a table", "model.json",
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
    assert "the digests of the rows differ" in message


@pytest.mark.parametrize(
    ("new", "original", "oracle", "message"),
    [
        ("unlearned", "original", "other", "has not forgotten the same rows"),
        ("unlearned", "original", "stranger-oracle", "was not trained on the same rows"),
        ("unlearned", "original", "original", "has not forgotten the same rows"),
        ("unlearned", "stranger", "oracle", "was not trained on the same rows"),
        ("unlearned", "unlearned", "oracle", "was not trained on the rows that"),
        ("original", "original", "oracle", "has not forgotten anything yet"),
        ("unlearned", "original", "none", "argument --oracle: no folder models/none"),
    ],
)
def test_models_that_do_not_belong_together(refuses, models, new, original, oracle, message):
    words = ("audit", f"models/{new}", "--original", f"models/{original}")
    assert message in refuses(*words, "--oracle", f"models/{oracle}", "--out", "out/audit")


def test_options_of_audit(refuses, models):
    words = ("audit", "models/unlearned", "--original", "models/original")
    assert "cannot write" in refuses(*words, "--out", "models/original/model.json")
    assert "argument --seed: must be at least 0" in refuses(*words, "--seed", -1)
    assert "required: --original" in refuses("audit", "models/unlearned")
    assert "--attacks: invalid choice: 'rmia' (choose from mia_auc, " in refuses(
        *words, "--attacks", "rmia"
    )


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
def test_reports_without_records_of_the_run(refuses, finished, folder, lines):
    shutil.copytree(finished, folder / "out" / "run")
    (folder / "out" / "run" / "records.jsonl").write_text(lines)
    refuses("report", "out/run")


def test_a_report_that_cannot_be_written(refuses, finished, folder):
    shutil.copytree(finished, folder / "out" / "run")
    page = folder / "out" / "run" / "report.html"
    page.unlink()
    page.mkdir()
    assert "cannot write" in refuses("report", "out/run")


def test_what_is_no_command_or_subject(refuses):
    assert "invalid choice: 'sweeps'" in refuses("sweeps")
    assert "required: COMMAND" in refuses()
    message = "subject must be one of datasets, models, strategies, attacks, backends, settings, "
    assert message in refuses("list", "all")
    assert "required" in refuses("train", *TINY)


def test_what_is_there_is_replaced_by_force_only(refuses, qmu, models):
    train = ("train", *TINY, "--out", "models/original")
    assert "models/original already holds a model; choose another --out" in refuses(*train)
    unlearn = ("unlearn", "models/original", *UNLEARN[:2], "--forget-class", 1, "--out")
    assert "overwrite it with --force" in refuses(*unlearn, "models/unlearned")
    assert "models/original holds a model; choose another --out" in refuses(
        "run", *TINY, "--out", "models/original"
    )
    audit = ("audit", "models/unlearned", "--original", "models/original", "--out", "out")
    assert qmu(*audit).status == 0
    assert "out already holds an audit" in refuses(*audit)
    assert qmu(*audit, "--force").status == 0
    assert qmu(*train, "--force").status == 0


@pytest.mark.parametrize(
    ("words", "meant"),
    [
        (("rnu",), "did you mean run?"),
        (("run", "--mehtods", "ga"), "did you mean --methods?"),
        (("list", "--mdoel"), "did you mean --model?"),
        (("submit", "obsreve"), "did you mean observe?"),
        (("run", "--dataset", "digit"), "did you mean digits?"),
        (("run", "--methods", "ga,sdd"), "did you mean ssd?"),
        (("list", "strtegies"), "did you mean strategies?"),
        (("run", "--dataset", "cifar"), "mnist, fashion-mnist)"),
        (("show", "models/orignal"), "no folder models/orignal; did you mean models/original?"),
        (("show", "models/original/model.json"), "is a file; a saved model is a folder"),
    ],
)
@pytest.mark.usefixtures("models")
def test_a_mistyped_word_is_answered_with_what_was_meant(refuses, words, meant):
    assert refuses(*words).endswith(f"{meant}\n")


@pytest.mark.parametrize(("command", "rule"), [("unlearn", "exactly one"), ("run", "at most one")])
def test_help_says_how_many_ways_of_naming_rows_are_taken(qmu, command, rule):
    assert f"what to forget ({rule})" in qmu(command, "--help").out
