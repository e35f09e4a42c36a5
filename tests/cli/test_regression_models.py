"""A regression on a table of diabetes data, from training to an audited request, by commands."""

import csv
import json
from io import StringIO

import numpy as np
import pandas as pd
import pytest
from sklearn.datasets import load_diabetes
from sklearn.metrics import r2_score

from qiskit_qmu.cli.main import main
from qiskit_qmu.models import load_model, load_provenance

TABLE = ("--label-column", "progression", "--id-column", "patient", "--task", "regression")
OWN = ("--model", "own_factories:stock_regressor", "--epochs", "15", "--set")
WITHDRAWN = ["P003", "P011", "P020", "P031", "P044"]


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    """Return a folder with the table, a trained model, an unlearned one and its oracle."""
    root = tmp_path_factory.mktemp("regression")
    x, y = load_diabetes(return_X_y=True, as_frame=True, scaled=False)
    table = x[["bmi", "bp", "s5"]].iloc[:90].assign(progression=(y - 185.5) / 160.5)
    table.insert(0, "patient", [f"P{i:03d}" for i in range(90)])
    table.to_csv(root / "patients.csv", index=False)

    def run(*words) -> None:
        assert main([str(word) for word in words]) == 0

    own = (*OWN, "trainer.learning_rate=0.1")
    run("train", "--dataset", root / "patients.csv", *TABLE, *own, "--out", root / "model")
    trained = load_provenance(root / "model")
    names = [trained["rows"]["train_ids"][i] for i in trained["train_indices"]]
    withdrawn = names[:5]
    (root / "withdrawn.txt").write_text("\n".join(withdrawn))
    for strategy, out in (("gd", "unlearned"), ("oracle", "oracle")):
        words = ("--forget-ids", root / "withdrawn.txt", "--strategy", strategy, "--quiet")
        run("unlearn", root / "model", *words, "--out", root / out)
    return root


def test_predictions_have_the_score_that_training_states(qmu, world):
    trained = load_provenance(world / "model")
    table = pd.read_csv(world / "patients.csv", index_col="patient")
    done = qmu("predict", world / "model", "--dataset", world / "patients.csv")
    lines = list(csv.reader(StringIO(done.out)))
    assert lines[0] == ["patient", "value"]
    values = pd.Series({name: float(value) for name, value in lines[1:]})
    ids = trained["rows"]["test_ids"]
    expected = r2_score(table.progression[ids], values[ids])
    assert trained["scores"]["test"] == {"rows": 27, "r2": pytest.approx(expected, abs=1e-4)}
    assert trained["scores"]["training"]["r2"] > 0.2
    assert load_model(world / "model").predicts == "values"
    shown = qmu("show", world / "unlearned").out
    assert "outputs values" in shown
    assert "predicts:   values" in shown
    assert "5 rows by gd" in shown


def test_an_audit_compares_the_squared_errors(qmu, world):
    done = qmu(
        "audit", world / "unlearned", "--original", world / "model", "--oracle", world / "oracle",
        "--json", "--quiet",
    )  # fmt: skip
    assert done.status == 0, done.err
    rows = {row["method"]: row for row in json.loads(done.out)["rows"]}
    table = pd.read_csv(world / "patients.csv", index_col="patient")
    gone = table.loc[(world / "withdrawn.txt").read_text().split()]
    for method, folder in (("original", "model"), ("oracle", "oracle"), ("audited", "unlearned")):
        found = load_model(world / folder).predict(gone[["bmi", "bp", "s5"]].to_numpy(np.float32))
        errors = (found - gone.progression.to_numpy()) ** 2
        assert rows[method]["loss_forget_train"] == pytest.approx(errors.mean(), rel=1e-4)
    assert 0 <= rows["audited"]["mia_auc"] <= 1
    assert not any(name.startswith("acc_") for name in rows["audited"])


def test_a_request_is_answered_audited_and_verified(qmu, world, folder):
    request = ("request", world / "model", "--ids", world / "withdrawn.txt", "--strategy", "gd")
    plan = json.loads(qmu(*request, "--oracles", "1", "--out", "new", "--dry-run", "--json").out)
    assert (plan[0]["rows"], plan[0]["trainings"]) == (5, 1)
    done = qmu(*request, "--oracles", "1", "--out", "new", "--quiet")
    assert done.status == 0, done.err
    kept = load_provenance(folder / "new")
    assert kept["forgotten_ids"] == (world / "withdrawn.txt").read_text().split()
    page = (folder / "new" / "deletion_report.html").read_text()
    assert "squared error" in page or "loss" in page
    assert qmu("verify", "new", "--ids", world / "withdrawn.txt").status == 0


def test_costs_are_estimated(qmu, world):
    words = ("--methods", "noop,gd", "--shots", "100", "--json")
    done = qmu("estimate", world / "model", "--forget-fraction", "0.1", *words)
    assert done.status == 0, done.err
    rows = {row["work"]: row for row in json.loads(done.out)["rows"]}
    # 15 epochs of 57 rows, each a value and 2 · 8 shifted ones.
    assert rows["train"]["most_circuits"] == 15 * 57 * 17
    assert rows["observe"]["circuits"] == 57 + 27
    assert rows["gd"]["circuits"] > rows["noop"]["circuits"] == 0


def test_what_needs_classes_is_refused_in_one_line(refuses, world):
    table = ("--dataset", world / "patients.csv", *TABLE)
    for words, message in (
        (("train", *table, "--model", "basic", "--out", "m"),
         "model basic is a classifier, but the labels of patients are a regression target; give a "
         "regression model of your own"),
        (("train", *table, "--model", "kernel-ridge", "--out", "m"),
         "model kernel-ridge is a classifier, but the labels of patients are a regression target"),
        (("train", *table, *OWN, "model.shards=2", "--out", "m"), "shards"),
        (("unlearn", world / "model", "--forget-class", "1", "--strategy", "gd", "--out", "u"),
         "no class to forget"),
        (("unlearn", world / "model", "--forget-fraction", "0.1", "--strategy", "unlikelihood",
          "--out", "u"), "requires a model that predicts classes"),
        (("shots", world / "model", "--shots", "8", "--out", "s"),
         "a comparison of shots needs classes, but the labels of patients are a regression target"),
        (("shots", *table, *OWN[:4], "--shots", "8", "--forget-fraction", "0.1", "--out", "s"),
         "a comparison of shots needs classes"),
        (("shots", "plan", world / "model", "--max-auc", "0.9", "--min-accuracy", "0.1"),
         "a plan of shots needs classes"),
    ):  # fmt: skip
        assert message in refuses(*words), words
