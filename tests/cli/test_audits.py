"""Audits of recorded outputs and of weights, explained protocols, gates, and power."""

import json
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import torch
from own_factories import build

import qiskit_qmu
from qiskit_qmu.auditing.protocols import needs
from qiskit_qmu.metrics import detectable_auc, models_needed_for_equivalence
from qiskit_qmu.unlearning import METHODS

OWN = ("--dataset", "iris", "--model", "own_factories:build", "--train-size", "40",
       "--test-size", "30", "--forget-class", "1")  # fmt: skip


@pytest.fixture
def outputs(folder):
    """Write outputs of 200 rows: the audited model stands out as the original did, at AUC 0.92."""
    rng = np.random.default_rng(0)
    label, member = rng.integers(0, 2, 200), np.repeat([1, 0], 100)
    sign = 2 * label - 1
    pd.DataFrame(
        {
            "label": label,
            "member": member,
            "expectation": np.tanh(sign * (2 * member + rng.normal(size=200))),
            "oracle_expectation": np.tanh(sign * rng.normal(size=200)),
        }
    ).to_csv(folder / "outputs.csv", index=False)
    return folder / "outputs.csv"


def test_recorded_outputs_are_audited(qmu, folder, outputs):
    told = qmu("audit", "arrays", "outputs.csv", "--json", "--out", "audit", "--explain")
    assert told.status == 0, told.err
    report = json.loads(told.out)
    assert report == json.loads((folder / "audit" / "audit.json").read_text())
    expected = qiskit_qmu.audit_arrays(outputs)
    assert [row["method"] for row in report["rows"]] == ["oracle", "audited"]
    assert report["rows"] == json.loads(json.dumps(expected.to_dict()["rows"]))
    keys = [number["key"] for number in report["protocols"]["numbers"]]
    assert keys == [number.key for number in expected.explain().numbers] != []
    page = (folder / "audit" / "audit.html").read_text()
    assert "What published protocols would report" in page


@pytest.mark.parametrize(
    ("gate", "status", "said"),
    [
        ("max_auc=1,min_retain=-1", 0, ""),
        ("max_auc=0.6,min_retain=-1", 1, "qmu audit arrays: the gate is not passed: max_auc=0.6: "),
    ],
)
def test_a_gate_sets_the_exit_status(qmu, outputs, gate, status, said):
    told = qmu("audit", "arrays", outputs, "--gate", gate)
    assert told.status == status
    assert told.err.startswith(said)
    assert "verdict: " in told.out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("arrays", "nowhere.npz"), "cannot read nowhere.npz"),
        (("arrays", "rows.csv"), "rows.csv: unknown column 'answer'"),
        (("arrays", "rows.csv", "--gate", "max_acu=1"), "did you mean max_auc?"),
        (("arrays", "rows.csv", "--interpret", "pairity"), "did you mean parity?"),
        (("power", "--withdrawn", "90"), "the following arguments are required: --never-seen"),
        (("power", "--withdrawn", "1", "--never-seen", "9"), "at least 2, got 1"),
        (("weights", "w.pt", *OWN), "there is no file w.pt"),
        (("weights", "w.pt", "--model", "basic"), "weights belong to a model of your own"),
        (("weights", "w.pt", *OWN, "--orcale", "x"), "did you mean --oracle?"),
    ],
)
def test_bad_input_is_refused(refuses, folder, words, message):
    (folder / "rows.csv").write_text("label,answer\n1,2\n")
    assert message in refuses("audit", *words)


def test_weights_are_audited_without_a_saved_model(qmu, folder):
    for seed, name in enumerate(("new", "old", "retrained")):
        torch.manual_seed(seed)
        torch.save(build((4,), 3).state_dict(), folder / f"{name}.pt")
    words = ("new.pt", "--original", "old.pt", "--oracle", "retrained.pt", *OWN)
    told = qmu("audit", "weights", *words, "--scale", "none", "--json")
    assert told.status == 0, told.err
    report = json.loads(told.out)
    assert [row["method"] for row in report["rows"]] == ["original", "oracle", "audited"]
    ds = qiskit_qmu.load_dataset("iris", train_size=40, test_size=30)
    split = qiskit_qmu.ForgetSplit.by_class(ds, 1)
    module = build((4,), 3)
    module.load_state_dict(torch.load(folder / "new.pt"))
    with torch.no_grad():
        right = module(torch.tensor(split.retain.x)).argmax(1).numpy() == split.retain.y
    assert report["rows"][-1]["acc_retain_train"] == pytest.approx(right.mean())


def test_power_is_known_before_anything_is_trained(qmu):
    words = ("--withdrawn", 90, "--never-seen", 500, "--shadows", 32)
    plan = json.loads(qmu("audit", "power", *words, "--json").out)
    assert plan["tests"][0]["smallest_auc"] == detectable_auc(90, 500)
    over_models = detectable_auc(90, 90, num_models=32, mutual=True)
    assert plan["tests"][1]["smallest_auc"] == over_models
    needed = models_needed_for_equivalence(0.05, 90, 90, mutual=True)
    needed += needed % 2
    assert plan["models_for_margin"] == needed
    said = qmu("audit", "power", *words).out
    assert f"these rows need {needed} shadow models" in said
    assert f"{over_models:.3f}" in said


def test_a_saved_model_whose_strategy_used_the_oracle_is_flagged(qmu, saved, monkeypatch):
    words = ("audit", saved / "unlearned", "--original", saved / "original", "--explain")
    short, full = qmu(*words).out, qmu(*words[:-1], "--explain-all").out
    assert "flag: " not in short
    assert "QMU (2025): MIA success rate: this model 0." in short
    assert "an attack that calls every row a member" not in short
    assert "an attack that calls every row a member" in full
    assert len(short.splitlines()) < len(full.splitlines()) - 40
    used = replace(METHODS["ga"], needs=METHODS["ga"].needs | {"oracle"})
    monkeypatch.setattr(needs, "METHODS", {**METHODS, "ga": used})
    assert "flag: the strategy used the oracle" in qmu(*words).out
