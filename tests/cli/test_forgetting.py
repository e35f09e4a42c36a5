"""What to forget, from files of ids and conditions to the rows that are forgotten."""

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.cli.id_file import read_ids
from qiskit_qmu.data import ForgetRequest, load_dataset
from qiskit_qmu.models import load_provenance


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        ("0042\n0007\n", ("0042", "0007")),
        ("\ufeffcustomer\r\n0042\r\n\r\n  0007 \r\n", ("0042", "0007")),
        ('customer\n"Doe, Jane"\n', ("Doe, Jane",)),
        ("name;customer\nAnna;0042\n;\nBob;0007\n", ("0042", "0007")),
        ("customer\tage\n0042\t3\n", ("0042",)),
        ("0042", ("0042",)),
    ],
)
def test_ids_are_read_as_they_stand(tmp_path, content, expected):
    (tmp_path / "ids").write_bytes(content.encode())
    assert read_ids(tmp_path / "ids", "customer") == expected


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"\n \n", "a file without ids"),
        (b"name,age\nAnna,3\n", "a column 'customer'; got the columns name, age"),
        (b"0042\n0007,0008\n", "must hold one id a line, got '0007,0008'"),
        (b"\xff\xfe0\x00", "ids of rows"),
    ],
)
def test_files_without_ids_are_refused(tmp_path, content, message):
    (tmp_path / "ids").write_bytes(content)
    with pytest.raises(InputError, match=message):
        read_ids(tmp_path / "ids", "customer")


def test_a_condition_reaches_the_rows_and_the_record(qmu, saved):
    condition = "`petal width (cm)` > 1.5 and `petal length (cm)` < 5.5"
    words = ("--strategy", "gd", "--forget-where", condition, "--out", "conditional")
    assert qmu("unlearn", saved / "original", *words).status == 0
    trained = np.array(load_provenance(saved / "original")["train_indices"])
    kept = load_provenance("conditional")
    x = load_dataset("iris", train_size=40, test_size=20).x_train[trained]
    met = (x[:, 3] > 1.5) & (x[:, 2] < 5.5)
    assert kept["forgotten_indices"] == trained[met].tolist()
    assert kept["forget"] == {"where": condition}


def test_a_data_owner_withdraws_all_rows(qmu, folder):
    lines = [f"{i / 7},{i % 5},{'ABC'[i % 3]},{'yn'[i % 2]}" for i in range(60)]
    (folder / "rows.csv").write_text("\n".join(["dose,age,hospital,ill", *lines]))
    rows = ("--dataset", "rows.csv", "--label-column", "ill", "--features", "dose,age")
    sizes = ("--model", "hybrid", "--num-qubits", 2, "--epochs", 1)
    assert qmu("train", *rows, *sizes, "--out", "model").status == 0
    words = ("--strategy", "oracle", "--forget-owner", "hospital=B", "--out", "less")
    assert qmu("unlearn", "model", *words).status == 0
    kept = load_provenance("less")
    assert kept["forget"] == {"owner": ["hospital", "B"]}
    assert 5 < len(kept["forgotten_indices"]) < 20


def test_a_config_file_says_it_too_and_options_win(experiment_of, folder):
    (folder / "withdrawn.txt").write_text("0042\n0007\n")
    (folder / "config.toml").write_text(
        'dataset = "iris"\nforget_ids = "withdrawn.txt"\nskip_untrained_ids = true\n'
    )
    experiment = experiment_of("--config", "config.toml")
    assert experiment.request == ForgetRequest(ids=("0042", "0007"), skip_untrained_ids=True)
    experiment = experiment_of("--config", "config.toml", "--forget-class", "0")
    assert experiment.request == ForgetRequest(label=0)
    assert experiment_of("--forget-class", "007").request == ForgetRequest(label="007")
