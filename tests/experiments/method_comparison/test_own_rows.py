"""Experiments on a file of the user's own rows."""

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_breast_cancer

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import Experiment, RecordFile, Setup, run_seed, train_and_save
from qiskit_qmu.experiments.configuration.setup import TableWarning, load_rows

TINY = {"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1}


@pytest.fixture
def table(tmp_path):
    """A CSV file of breast cancer's first four features with ids."""
    cancer = load_breast_cancer()
    frame = pd.DataFrame(cancer.data[:60, :4], columns=["radius", "texture", "perimeter", "area"])
    frame.insert(0, "customer", [f"{i:03d}" for i in range(60)])
    frame["diagnosis"] = cancer.target_names[cancer.target[:60]]
    frame.to_csv(tmp_path / "rows.csv", index=False)
    return tmp_path / "rows.csv"


def experiment(table, **options):
    columns = {"label_column": "diagnosis", "id_column": "customer", "model": "basic"}
    return Experiment(dataset=str(table), settings=TINY, **columns | options)


def test_the_rows_are_those_of_read_table(table):
    asked = experiment(table, feature_columns=("area", "radius"), test=0.25, train_size=20)
    found = load_rows(asked, 3)
    expected = qmu.read_table(
        table,
        label="diagnosis",
        id="customer",
        features=["area", "radius"],
        test=0.25,
        train_size=20,
        seed=3,
    )
    assert found.train.digest() == expected.train.digest()
    assert found.ids_test.tolist() == expected.ids_test.tolist()
    assert asked.dataset_name == "rows"


def test_what_files_hold_counts_and_not_where_they_lie(table):
    first = experiment(table).with_source()
    assert Experiment.from_dict(first.to_dict()) == first
    moved = table.rename(table.parent / "moved.csv")
    assert experiment(moved).with_source().digest() == first.digest()
    moved.write_text(moved.read_text().replace("B", "b", 1) + "060,1,2,3,4,benign\n")
    assert experiment(moved).with_source().digest() != first.digest()
    assert experiment(moved, test=str(moved)).with_source().digest() != first.digest()


def test_training_needs_nothing_to_forget(table, tmp_path):
    asked = experiment(table)
    kept = train_and_save(asked, tmp_path / "model")
    trained = np.sort([*kept["train_indices"], *kept["validation_indices"]])
    np.testing.assert_array_equal(trained, np.arange(42))
    assert kept["experiment"]["forget"] is None
    with pytest.raises(InputError, match=r"no rows of .*rows.csv to forget are given; use one of"):
        Setup.load(asked, 0)
    forgetful = experiment(table, forget=ForgetRequest(fraction=0.1))
    assert len(Setup.load(forgetful, 0).split.forget) == 4


def test_what_was_decided_is_said(table):
    frame = pd.read_csv(table, dtype={"customer": str}).assign(constant=1)
    frame.to_csv(table, index=False)
    with pytest.warns(TableWarning, match=r"rows.csv: constant is left out: all rows"):
        load_rows(experiment(table), 0)


@pytest.mark.parametrize(
    ("fields", "message"),
    [
        ({"dataset": "irs"}, "dataset must be one of .*; got 'irs'; did you mean iris?"),
        ({"dataset": "iris", "test": 0.2}, "test applies to your own tables, but iris is"),
        ({"dataset": "a.csv", "test": 1}, "test must lie between 0 and 1"),
        ({"dataset": "a.csv", "label_column": 3}, "label_column must be a string, got 3"),
        ({"dataset": "a.csv", "feature_columns": "a"}, "feature_columns must be strings, got 'a'"),
    ],
)
def test_impossible_rows_are_refused(fields, message):
    with pytest.raises(InputError, match=message):
        Experiment(**fields)


def test_a_changed_file_is_not_silently_continued(table, tmp_path):
    asked = experiment(table, forget=ForgetRequest(fraction=0.1), methods=("noop",))
    qmu.run_experiment(asked, tmp_path / "run", workers=1)
    digest = asked.with_source().digest()
    assert len(RecordFile(tmp_path / "run" / "records.jsonl", digest).records) == 3
    table.write_text(table.read_text() + "060,1,2,3,4,benign\n")
    with pytest.raises(InputError, match="holds records of another experiment"):
        qmu.run_experiment(asked, tmp_path / "run", workers=1)


def test_missing_values_reach_every_part_of_a_run(table):
    frame = pd.read_csv(table, dtype={"customer": str})
    frame.loc[::3, "area"] = np.nan
    frame.to_csv(table, index=False)
    asked = experiment(table, methods=("gd",), forget=ForgetRequest(fraction=0.2))
    setup = Setup.load(asked, 0)
    assert all(np.isnan(part.x).any() for part in (setup.split.forget, setup.split.test_forget))
    original, *_, unlearned = run_seed(setup)
    assert original.row["method"] == "original"
    assert np.isfinite(unlearned.row["mia_auc"])
