"""audit(): rows, references and files."""

import html
import json
import math

import numpy as np
import pytest
import torch
from table_models import Table, class_split, noisy, row_split
from tiny_models import (
    StockClassifier,
    hybrid,
    iris_split,
    point_split,
    same_weights,
    torch_network,
    weights_of,
)

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import ClassifierAttack, LossAttack
from qiskit_qmu.auditing import (
    DEFAULT_ORACLES,
    audit,
    oracle_models,
    trained_on_forgotten,
)
from qiskit_qmu.backends import open_backend
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning import NoOp, Retrain

pytestmark = pytest.mark.usefixtures("without_figures")


@pytest.fixture(scope="module")
def report():
    return audit(
        Table(noisy(0, forgotten=2.0)),
        row_split(),
        oracle=Table(noisy(1)),
        original=Table(noisy(2, forgotten=3.0)),
        seed=4,
    )


def test_original_and_oracle_come_first(report):
    assert [row["method"] for row in report.rows] == ["original", "oracle", "audited"]
    assert [row["verdict"] for row in report.rows] == ["remembered", "forgotten", "remembered"]
    assert report.verdict == "remembered"
    assert report.kind == "instances"
    assert report.forgotten == "60 of 120 training rows"
    original, oracle, audited = report.rows
    assert oracle["js_oracle_forget"] == pytest.approx(0, abs=1e-12)
    assert oracle["reference_auc"] is None
    assert audited["js_oracle_forget"] > 0
    assert original["mia_paper_rate"] > original["mia_paper_control"]
    assert {row["seed"] for row in report.rows} == {4}


def test_the_paper_attack_is_the_originals_and_the_same_for_all():
    logits = noisy(0)
    report = audit(Table(logits), row_split(), original=Table(logits), oracle=Table(logits))
    rates = {(row["mia_paper_rate"], row["mia_paper_control"]) for row in report.rows}
    assert len(rates) == 1


def test_without_references():
    report = audit(Table(noisy(0)), class_split())
    (row,) = report.rows
    assert row["method"] == "audited"
    assert row["js_oracle_forget"] is None
    assert row["mia_paper_rate"] is not None
    assert report.verdict == "unresolved"
    assert report.forgotten == "class 1 (40 of 120 training rows)"


def test_json_holds_everything_and_no_nan(report, tmp_path):
    path = tmp_path / "audit.json"
    report.to_json(path)
    content = json.loads(path.read_text(), parse_constant=pytest.fail)
    assert content == report.to_dict()
    assert content["schema"] == 1
    assert content["verdict"] == "remembered"
    assert [row["method"] for row in content["rows"]] == ["original", "oracle", "audited"]
    numbers = [v for row in content["rows"] for v in row.values() if isinstance(v, float)]
    assert all(math.isfinite(number) for number in numbers)


def test_html_is_one_page(report, tmp_path):
    path = tmp_path / "audit.html"
    report.to_html(path)
    page = path.read_text()
    assert page.lstrip().lower().startswith("<!doctype html>")
    assert "Audit of an unlearned model" in page
    assert "60 of 120 training rows" in page
    assert 'src="http' not in page


def test_files_that_cannot_be_written_are_refused(report, tmp_path):
    for write in (report.to_json, report.to_html):
        with pytest.raises(InputError, match=f"^cannot write {tmp_path}: Is a dir"):
            write(tmp_path)


def test_printing_shows_the_table_and_the_verdict(report):
    text = str(report)
    assert "audited" in text
    assert text.endswith(f"verdict: remembered ({report.reason})")


def test_a_notebook_shows_the_verdict_and_the_table_and_repr_is_short(report):
    assert repr(report).startswith("AuditReport(")
    assert repr(report).endswith(f"original, oracle, audited: {report.verdict})")
    assert len(repr(report)) < 150
    shown = report._repr_html_()
    assert f"</span> {report.verdict}</td>" in shown
    assert report.reason in html.unescape(shown)
    assert [name in shown for name in ("original", "oracle", "audited")] == [True] * 3
    assert "<svg" not in shown
    assert "<html" not in shown


def test_the_oracle_is_at_no_distance_from_itself_whatever_the_rows(report):
    row = next(row for row in report.rows if row["method"] == "oracle")
    keys = ("js_oracle_forget", "js_oracle_forget_low", "js_oracle_forget_high")
    assert [row[key] for key in keys] == [0.0, 0.0, 0.0]


def test_the_seed_decides_everything():
    def rows(seed):
        attacks = (ClassifierAttack(), LossAttack())
        return audit(
            Table(noisy(0)), row_split(), oracle=Table(noisy(1)), attacks=attacks, seed=seed
        ).rows

    assert rows(0) == rows(0)
    first, other = ([row["mia_auc"] for row in rows(seed)] for seed in (0, 1))
    assert first != other


def test_models_are_left_as_they_were():
    split, model = iris_split(), hybrid().eval()
    before = weights_of(model)
    audit(model, split, oracle=NoOp()(model, split).model)
    assert same_weights(before, weights_of(model))
    assert not any(part.training for part in model.modules())


def test_a_model_with_the_originals_weights_is_unchanged_whatever_is_measured():
    split, model = iris_split(), hybrid(seed=1)
    same = audit(NoOp()(model, split).model, split, original=model, oracle=model)
    assert same.verdict == "unchanged"
    assert [row["verdict"] for row in same.rows][-1] == "unchanged"
    assert audit(model.clone(), split, original=model).verdict == "unchanged"  # without oracle too
    other = model.clone()
    with torch.no_grad():
        other.head.bias[0] += 1e-6
    assert audit(other, split, original=model, oracle=model).verdict != "unchanged"
    table = Table(noisy(0))  # it has no weights to compare
    assert audit(table, row_split(), original=table, oracle=table).verdict != "unchanged"


def test_a_users_own_model_and_one_with_shots():
    report = audit(StockClassifier(), point_split())
    assert report.rows[0]["quantum_parameters"] == 4
    assert report.rows[0]["classical_parameters"] == 6
    sampled = hybrid().on(open_backend("exact", shots=20))
    assert np.isfinite(audit(sampled, iris_split()).rows[0]["acc_retain_train"])


def test_oracles_are_trained_where_there_is_a_trainer():
    split, trainer = point_split(), Trainer(epochs=2)
    model = StockClassifier(torch_network())
    with pytest.raises(InputError, match="training 2 oracles needs the recipe of the original"):
        audit(model, split, oracles=2)
    with pytest.raises(InputError, match="give either oracle, for one model, or oracles"):
        audit(model, split, oracle=model, oracles=[model])
    trained = oracle_models(2, like=model, split=split, trainer=trainer, seed=3)
    assert len(oracle_models(None, like=model, split=split, trainer=trainer)) == DEFAULT_ORACLES
    alone = oracle_models(1, like=model, split=split, trainer=trainer, seed=3)
    assert same_weights(weights_of(trained[0]), weights_of(alone[0]))
    assert not same_weights(weights_of(trained[0]), weights_of(trained[1]))
    report = audit(model, split, oracles=trained)
    assert report.rows[0]["num_oracles"] == 2
    assert {"oracle_agreement", "oracle_js"} <= {finding.key for finding in report.findings}


def test_an_oracle_that_was_trained_on_forgotten_rows_is_refused_by_their_digests():
    split, model = point_split(), StockClassifier(torch_network())
    Trainer(epochs=1).fit(model, split.train.x, split.train.y, generator=0)
    audited = StockClassifier(torch_network())
    with torch.no_grad():
        audited.head.bias += 0.5
    report = audit(audited, split, original=StockClassifier(torch_network()), oracle=model)
    count = len(split.forget)
    assert report.verdict == "invalid oracle"
    assert report.reason == f"the oracle was trained on {count} of the {count} forgotten rows"
    retrained = Retrain(trainer=Trainer(epochs=1))(model, split, generator=1).model
    assert trained_on_forgotten([retrained], split) == ""


def test_bad_arguments_are_refused():
    with pytest.raises(InputError, match="attacks must not be empty"):
        audit(Table(noisy(0)), row_split(), attacks=())
    with pytest.raises(InputError, match="seed must be an integer of at least 0, got -1"):
        audit(Table(noisy(0)), row_split(), seed=-1)
