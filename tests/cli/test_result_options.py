"""--json, --quiet, --dry-run and --force, alike for all commands; qmu show and qmu predict."""

import csv
import io
import json

import pytest
from tiny_options import TINY

UNLEARN = ("--strategy", "noop", "--forget-class", 1)


def test_json_is_all_that_standard_output_holds(qmu, saved):
    shown = json.loads(qmu("show", saved / "unlearned", "--json").out)
    assert shown["kind"] == "BasicQNN"
    assert (shown["rows"]["trained"], shown["rows"]["known"]) == (36, 24)
    assert shown["forgotten"] == [{"strategy": "ga", "rows": 12, "label": 1, "class": "versicolor"}]
    assert "12 rows, class versicolor by ga" in qmu("show", saved / "unlearned").out
    audited = qmu("audit", saved / "unlearned", "--original", saved / "original", "--json")
    assert json.loads(audited.out)["verdict"] == "unresolved"
    done = qmu("unlearn", saved / "original", *UNLEARN, "--out", "new", "--json", "--quiet")
    assert json.loads(done.out)["changed"] is False
    assert done.err == ""
    assert list(json.loads(qmu("list", "models", "--json").out)) == ["models"]


@pytest.mark.parametrize(
    ("words", "circuits"),
    [
        # Each of 36 rows takes a forward pass, and two circuits for each of 4 angles.
        (("train", *TINY), 36 * (1 + 2 * 4)),
        (("run", *TINY, "--methods", "ga"), 36 * (1 + 2 * 4)),
        (("shots", *TINY, "--shots", 8, "--method", "ga"), 36 * (1 + 2 * 4)),
    ],
)
def test_a_dry_run_counts_circuits_and_writes_nothing(qmu, folder, words, circuits):
    outcome = qmu(*words, "--out", "out", "--dry-run", "--json")
    plan = json.loads(outcome.out)
    assert plan["training_circuits"] == circuits
    assert plan["rows"] == {"train": 36, "validation": 4, "test": 30}
    if words[0] != "train":
        # 66 rows: 36 of training, 30 never seen.
        assert plan["observing_circuits"] == 3 * 66
    assert list(folder.iterdir()) == []


def test_a_dry_run_of_unlearning_and_submitting_counts_what_is_counted_afterwards(
    qmu, folder, saved
):
    words = (saved / "original", "--strategy", "gd", "--forget-class", 1, "--set", "gd.epochs=1")
    plan = json.loads(qmu("unlearn", *words, "--out", "new", "--dry-run", "--json").out)
    done = json.loads(qmu("unlearn", *words, "--out", "new", "--json").out)
    assert plan["circuits"] == done["usage"]["circuits"] > 0
    device = ("--backend", "fake_manila", "--shots", 20, "--out", "run", "--dry-run", "--json")
    submitted = json.loads(qmu("submit", "unlearn", *words, *device).out)
    assert submitted["circuits"] == plan["circuits"]
    assert submitted["executions"] == 20 * plan["circuits"]
    assert [path.name for path in folder.iterdir()] == ["new"]


def test_predictions_are_written_as_csv(qmu, folder, saved):
    printed = qmu("predict", saved / "original").out
    rows = list(csv.DictReader(io.StringIO(printed)))
    assert len(rows) == 30
    total = sum(
        float(rows[0][f"probability_{name}"]) for name in ("setosa", "versicolor", "virginica")
    )
    assert total == pytest.approx(1, abs=1e-5)
    assert qmu("predict", saved / "original", "--out", "p.csv").status == 0
    assert (folder / "p.csv").read_text() == printed
    refused = qmu("predict", saved / "original", "--out", "p.csv")
    assert (refused.status, "p.csv already exists" in refused.err) == (2, True)
    again = qmu("predict", saved / "original", "--out", "p.csv", "--force", "--json")
    assert json.loads(again.out)["rows"][0]["label"] == rows[0]["label"]


def test_the_same_rows_in_another_file_serve_a_model_and_new_rows_are_predicted(qmu, folder):
    lines = [f"C{n},{n % 7},{'NS'[n % 2]},{'no' if n % 7 < 3 else 'yes'}" for n in range(40)]
    head = "id,age,region,churn"
    (folder / "rows.csv").write_text("\n".join([head, *lines]) + "\n")
    table = ("--dataset", "rows.csv", "--label-column", "churn", "--id-column", "id")
    words = ("--model", "basic", "--epochs", 1, "--num-layers", 1, "--num-qubits", 2)
    assert qmu("train", *table, *words, "--out", "m").status == 0
    # Another order of rows and of columns.
    swapped = [",".join(line.split(",")[::-1]) for line in reversed(lines)]
    (folder / "moved.csv").write_text("\n".join(["churn,region,age,id", *swapped]))
    (folder / "rows.csv").unlink()
    forget = ("unlearn", "m", "--strategy", "noop", "--forget-where", "region == 'N'", "--out")
    missing = qmu(*forget, "u")
    assert (missing.status, "say where the rows are now" in missing.err) == (2, True)
    assert qmu(*forget, "u", "--dataset", "moved.csv").status == 0
    # A row that is forgotten or held out may be gone, one that is known may not be changed.
    known = [line for line in lines if ",S," in line]
    (folder / "left.csv").write_text("\n".join([head, *known]))
    second = ("unlearn", "u", "--strategy", "noop", "--forget-fraction", 0.2, "--out", "u2")
    assert qmu(*second, "--dataset", "left.csv").status == 0
    changed = "\n".join([head, *known]).replace(",1,S,no", ",1,S,yes")
    (folder / "changed.csv").write_text(changed.replace(",2,S,no", ",2,S,yes"))
    refused = qmu(*second[:-1], "u3", "--dataset", "changed.csv")
    assert (refused.status, "changed (ids C" in refused.err) == (2, True)
    (folder / "new.csv").write_text("age,id,region\n4,X1,N\n,X2,unseen\n")
    predicted = list(csv.DictReader(io.StringIO(qmu("predict", "u2", "--dataset", "new.csv").out)))
    assert [row["id"] for row in predicted] == ["X1", "X2"]
    assert {"probability_no", "probability_yes", "label"} < predicted[0].keys()
