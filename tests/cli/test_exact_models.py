"""Models that delete rows by themselves, from `qmu train` to `qmu verify`."""

import json

import numpy as np
import pytest
from qiskit.circuit.library import zz_feature_map
from sklearn.datasets import load_iris

from qiskit_qmu._files import read_set, write_set
from qiskit_qmu.experiments import load_exact
from qiskit_qmu.experiments.exact.scaling import default_bandwidth
from qiskit_qmu.kernels import LeastSquaresSVC, StatevectorKernel

TABLE = ("--dataset", "rows.csv", "--label-column", "kind", "--id-column", "plant")


@pytest.fixture
def table(folder):
    """Sixty flowers of two kinds, with ids."""
    x, y = load_iris(return_X_y=True)
    lines = ["plant,a,b,kind"]
    lines += [f"P{n:03d},{x[n, 0]},{x[n, 2]},{'ab'[y[n]]}" for n in (*range(30), *range(50, 80))]
    (folder / "rows.csv").write_text("\n".join(lines) + "\n")


def record(path):
    return json.loads((path / "model.json").read_text())["provenance"]


@pytest.mark.usefixtures("table")
def test_a_kernel_model_deletes_exactly(qmu, folder):
    assert qmu("train", *TABLE, "--model", "kernel-svm", "--out", "first").status == 0
    kept = record(folder / "first")
    ids = [kept["rows"]["train_ids"][row] for row in kept["train_indices"]]
    unseen = kept["rows"]["test_ids"][0]
    (folder / "ids.txt").write_text("\n".join([*ids[3:5], unseen]) + "\n")
    refused = qmu("request", "first", "--ids", "ids.txt", "--out", "second")
    assert refused.status == 2
    assert f"in the test rows, which no model is trained on: {unseen}" in refused.err
    words = ("request", "first", "--ids", "ids.txt", "--skip-untrained-ids", "--out", "second")
    outcome = qmu(*words)
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith(
        "second: 2 rows withdrawn by kernel-svm (request 1)\nverdict: exact"
    )
    assert "request 1, done before" in qmu(*words).out
    # The next request, and what both of them left, against a model that never had the rows.
    (folder / "next.txt").write_text(f"{ids[0]}\n")
    assert qmu("request", "second", "--ids", "next.txt", "--out", "third").status == 0
    first, third = load_exact("first"), load_exact("third")
    assert isinstance(first, LeastSquaresSVC)
    assert isinstance(third, LeastSquaresSVC)
    x = np.delete(first._fitted_x, [0, 3, 4], axis=0)
    y = np.delete(first._answers, [0, 3, 4])
    refitted = type(first)(first.kernel, alpha=first.alpha).fit(x, y)
    assert np.abs(third.predict(x) - refitted.predict(x)).max() == 0
    assert np.abs(third.dual_coef_ - refitted.dual_coef_).max() < 1e-10
    told = qmu("verify", "third", "--ids", "ids.txt")
    assert told.status == 0
    assert f"{ids[3]}: withdrawn by request 1" in told.out
    assert f"{unseen}: never trained on; left out of request 1" in told.out
    (folder / "more.txt").write_text(f"{ids[1]}\nP999\n")
    told = qmu("verify", "third", "--ids", "more.txt")
    assert told.status == 1
    found = f"({ids[1]}: still trained on; P999: unknown)"
    assert f"2 of 2 ids are not known to be withdrawn {found}" in told.err
    page = (folder / "third" / "deletion_report.html").read_text()
    assert "Verdict: exact." in page
    assert ids[0] not in page
    content = (folder / "third" / "arrays.npz").read_bytes()
    (folder / "third" / "arrays.npz").write_bytes(content[:-1] + b"\1")
    assert qmu("verify", "third").status == 1


def told_from_both(before, after, withdrawn, unseen, labels):
    """The AUC within each class by which the change of the answers ranks withdrawn rows."""

    def change(x, y):
        def log_odds(model):
            outputs = model.class_outputs(x)
            own = outputs[np.arange(len(y)), y]
            return own - outputs[np.arange(len(y)), 1 - y]  # (two classes)

        return log_odds(before) - log_odds(after)

    gone, others = change(*withdrawn), change(unseen, labels)
    pairs = [
        (own > other) + 0.5 * (own == other)
        for own, kind in zip(gone, withdrawn[1], strict=True)
        for other, another in zip(others, labels, strict=True)
        if kind == another
    ]
    return np.mean(pairs)


@pytest.mark.usefixtures("table")
def test_a_report_says_what_both_models_tell_of_the_rows(qmu, folder):
    assert qmu("train", *TABLE, "--model", "kernel-ridge", "--out", "first").status == 0
    kept = record(folder / "first")
    gone = np.arange(0, 12, 2)
    words = ("--indices", ",".join(str(kept["train_indices"][row]) for row in gone))
    outcome = qmu("request", "first", *words, "--out", "second")
    assert outcome.status == 0, outcome.err
    report = json.loads((folder / "second" / "deletion_report.json").read_text())
    (finding,) = report["audit"]["findings"]
    first, second = load_exact("first"), load_exact("second")
    table = np.genfromtxt(folder / "rows.csv", delimiter=",", skip_header=1, dtype=str)
    place = {name: row for row, name in enumerate(table[:, 0])}
    tests = table[[place[name] for name in kept["rows"]["test_ids"]]]
    features = np.float32(tests[:, 1:3].astype(float)).astype(float)
    features = (features - features.mean(axis=0)) / features.std(axis=0)
    expected = told_from_both(
        first,
        second,
        (first._fitted_x[gone], first._answers[gone]),
        features * kept["settings"]["bandwidth"],
        (tests[:, 3] == "b").astype(int),
    )
    assert finding["value"] == pytest.approx(expected, abs=1e-9)
    assert 0 <= finding["null_low"] < finding["null"] < finding["null_high"] <= 1
    assert f"before and after: {finding['reading']}" in outcome.out
    page = (folder / "second" / "deletion_report.html").read_text()
    assert "where others are deleted" in page
    assert "trained on the data “rows”" in page
    assert str(folder) not in page  # (a report is handed on)
    # Without the data the deletion is as exact, and the report says what is not known.
    (folder / "rows.csv").unlink()
    words = ("--indices", kept["train_indices"][1], "--out", "third")
    outcome = qmu("request", "second", *words)
    assert outcome.status == 0, outcome.err
    assert outcome.out.startswith("third: 1 row withdrawn by kernel-ridge (request 2)")
    page = (folder / "third" / "deletion_report.html").read_text()
    assert "What the answers before and after tell of the rows was not tested" in page


def test_missing_values_become_the_mean_and_the_bandwidth_suits_the_features(qmu, folder):
    x, y = load_iris(return_X_y=True)
    lines = ["a,b,c,kind", *(f"{x[n, 0]},,{x[n, 2]},{y[n]}" for n in range(5))]
    lines += [f"{x[n, 0]},{x[n, 1]},{x[n, 2]},{y[n]}" for n in range(5, 150)]
    (folder / "gaps.csv").write_text("\n".join(lines) + "\n")
    words = ("--dataset", "gaps.csv", "--label-column", "kind", "--model", "kernel-ridge")
    outcome = qmu("train", *words, "--out", "model")
    assert outcome.status == 0, outcome.err
    kept = record(folder / "model")
    assert kept["settings"]["bandwidth"] == pytest.approx(0.5 / 3**1.5)
    rows = load_exact("model")._fitted_x
    assert np.isfinite(rows).all()
    assert 0 < (rows == 0).sum() <= 5
    assert kept["scores"]["test"]["accuracy"] > 0.8


@pytest.mark.parametrize("features", [2, 4, 8])
def test_the_default_bandwidth_keeps_rows_apart_but_related(features):
    rows = np.random.default_rng(0).normal(size=(60, features)) * default_bandwidth(features)
    overlaps = StatevectorKernel(zz_feature_map(features)).evaluate(rows)
    assert 0.4 < np.median(overlaps[np.triu_indices(60, 1)]) < 0.7


@pytest.mark.usefixtures("table")
def test_a_certified_model_states_what_it_spent(qmu, folder):
    trained = qmu("train", *TABLE, "--model", "certified", "--set", "model.noise=2", "--out", "m")
    assert trained.status == 0, trained.err
    kept = record(folder / "m")
    words = ("--indices", ",".join(map(str, kept["train_indices"][:2])), "--out", "new", "--json")
    (answer,) = json.loads(qmu("request", "m", *words).out)
    certificate = answer["report"]["certificate"]
    ledger = load_exact("new").ledger_
    assert (certificate["epsilon"], certificate["delta"]) == (ledger.spent, ledger.delta)
    assert certificate["verdict"] == f"certified ({ledger.spent:.3g}, 1e-05)"
    assert ledger.entries[-1].removed == 2
    assert qmu("verify", "new").status == 0


@pytest.mark.usefixtures("table")
@pytest.mark.parametrize(
    ("kind", "shown", "heading", "answers"),
    [
        ("kernel-ridge", "KernelRidgeClassifier of 2 features on 2 qubits", "probability",
         "predict_proba"),
        ("kernel-svm", "LeastSquaresSVC of 2 features on 2 qubits", "score", "class_outputs"),
        ("certified", "CertifiedClassifier of 2 features on 12 qubits", "probability",
         "predict_proba"),
    ],
)  # fmt: skip
def test_it_is_shown_and_predicts(qmu, folder, kind, shown, heading, answers):
    assert qmu("train", *TABLE, "--model", kind, "--out", "first").status == 0
    kept = record(folder / "first")
    gone = ",".join(map(str, kept["train_indices"][:2]))
    assert qmu("request", "first", "--indices", gone, "--out", "second").status == 0
    outcome = qmu("show", "second")
    assert outcome.status == 0, outcome.err
    assert f"{kind}, {shown}" in outcome.out
    assert f"forgotten:  1. 2 rows by {kind}" in outcome.out
    assert json.loads(qmu("show", "second", "--json").out)["rows"]["known"] == 36
    # Other rows in another order, one without a value, and no label.
    (folder / "new.csv").write_text("b,plant,a\n1.5,N1,5.1\n4.7,N2,\n")
    outcome = qmu("predict", "second", "--dataset", "new.csv")
    assert outcome.status == 0, outcome.err
    lines = outcome.out.splitlines()
    assert lines[0] == f"plant,label,{heading}_a,{heading}_b"
    mean, deviation = (np.array(kept["scaling"][name]) for name in ("mean", "deviation"))
    scaled = (np.array([[5.1, 1.5], [mean[0], 4.7]]) - mean) / deviation
    model = load_exact("second")
    expected = getattr(model, answers)(scaled * kept["settings"].get("bandwidth", 1.0))
    told = np.array([line.split(",")[2:] for line in lines[1:]], dtype=float)
    np.testing.assert_allclose(told, expected, rtol=1e-5)
    labels = ["ab"[place] for place in expected.argmax(axis=1)]
    assert [line.split(",")[:2] for line in lines[1:]] == [["N1", labels[0]], ["N2", labels[1]]]
    # Its own test rows, as it was scored on them.
    predicted = json.loads(qmu("predict", "first", "--json").out)["rows"]
    assert [row["plant"] for row in predicted] == kept["rows"]["test_ids"]
    table = np.genfromtxt(folder / "rows.csv", delimiter=",", skip_header=1, dtype=str)
    labels = {row[0]: row[3] for row in table}
    right = np.mean([row["label"] == labels[row["plant"]] for row in predicted])
    assert right == pytest.approx(kept["scores"]["test"]["accuracy"])


@pytest.mark.usefixtures("table")
def test_commands_of_networks_say_what_takes_it(refuses, qmu, folder):
    assert qmu("train", *TABLE, "--model", "kernel-svm", "--out", "model").status == 0
    forget = ("--forget-indices", 1)
    device = ("--backend", "fake_manila")
    for words in (
        ("unlearn", "model", "--strategy", "gd", *forget, "--out", "new"),
        ("audit", "model", "--original", "model"),
        ("estimate", "model", *forget),
        ("submit", "observe", "model", *device, "--out", "run"),
        ("submit", "attack", "model", "--original", "model", *device, "--out", "run"),
        ("submit", "unlearn", "model", "--strategy", "gd", *forget, *device, "--out", "run"),
        ("shots", "model"),
        ("shots", "plan", "model", "--max-auc", 0.6, "--min-accuracy", 0.5),
    ):
        message = refuses(*words)
        assert "it is a kernel-svm model, which deletes rows by itself, not a network" in message
        assert "`qmu show`, `predict`, `request` and `verify` take it" in message
    predict = ("predict", "model")
    assert "circuits of model are simulated exactly" in refuses(*predict, *device)
    assert "--shots 100 needs a --backend" in refuses(*predict, "--shots", 100)
    (folder / "new.csv").write_text("a,c\n1,2\n")
    assert "column must be one of a, c; got 'b'" in refuses(*predict, "--dataset", "new.csv")


@pytest.mark.usefixtures("table")
def test_what_does_not_fit_is_refused(refuses, qmu, folder):
    train = ("train", *TABLE, "--model", "kernel-ridge", "--out", "model")
    assert "has no trainer.epochs" in refuses(*train, "--epochs", 3)
    assert "has no setting noise; it has alpha, bandwidth" in refuses(
        *train, "--set", "model.noise=1"
    )
    digits = ("train", "--dataset", "digits", "--model", "kernel-svm", "--out", "model")
    assert "takes a qubit for each feature, at most 12; digits has 64" in refuses(*digits)
    assert qmu(*train).status == 0
    request = ("request", "model", "--indices", record(folder / "model")["train_indices"][0])
    assert "deletes rows by itself" in refuses(*request, "--strategy", "gd", "--out", "new")
    assert "invalid choice: 'kernel-ridge'" in refuses("run", "--model", "kernel-ridge")


@pytest.mark.usefixtures("table")
def test_a_model_of_another_version_is_refused(refuses, qmu, folder):
    assert qmu("train", *TABLE, "--model", "kernel-ridge", "--out", "model").status == 0
    content, files = read_set(folder / "model", "model.json", "a model")
    write_set(folder / "model", "model.json", {**content, "format": 99}, files)
    request = ("request", "model", "--indices", record(folder / "model")["train_indices"][0])
    for words in (("show", "model"), ("predict", "model"), (*request, "--out", "new")):
        assert "unsupported format 99, this version requires 1" in refuses(*words)


def test_a_model_that_is_not_there_is_told_from_all_that_are(refuses):
    message = refuses("train", "--model", "kernel-rigde", "--out", "new")
    assert "kernel-ridge, kernel-svm, certified, package.module:function); did you mean" in message
