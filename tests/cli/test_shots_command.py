"""qmu shots: what it writes, and what it refuses in one line."""

import json

import pytest
from tiny_options import TINY

SHOTS = ("shots", *TINY, "--seeds", 1, "--method", "ga")


def test_a_comparison_prints_a_table_and_writes_a_folder(qmu, folder):
    outcome = qmu(*SHOTS, "--shots", "16,4,exact", "--repetitions", 2, "--out", "out")
    assert outcome.status == 0, outcome.err
    assert "retain accuracy, %" in outcome.out
    assert outcome.out.rstrip().endswith("out/shots.html")
    assert sorted(path.name for path in (folder / "out").iterdir()) == [
        "shots.html", "shots.json", "shots.svg"
    ]  # fmt: skip
    content = json.loads((folder / "out" / "shots.json").read_text())
    assert content["config"]["experiment"]["seeds"] == 1
    assert content["config"]["repetitions"] == 2
    assert {row["shots"] for row in content["rows"]} == {4, 16, None}


def test_a_saved_original_is_not_trained_again(qmu, saved, folder):
    words = ("--forget-class", 1, "--method", "ga", "--shots", "8", "--out", "out")
    outcome = qmu("shots", saved / "original", *words)
    assert outcome.status == 0, outcome.err
    content = json.loads((folder / "out" / "shots.json").read_text())
    rows = {row["model"]: row for row in content["rows"]}
    assert list(rows) == ["original", "oracle", "ga", "baseline"]
    assert content["config"]["experiment"]["dataset"] == "iris"
    assert "Shots of" in (folder / "out" / "shots.html").read_text()


def test_a_saved_unlearned_model_is_observed_as_it_is(qmu, saved, folder):
    outcome = qmu("shots", saved / "unlearned", "--shots", "8,exact", "--out", "out")
    assert outcome.status == 0, outcome.err
    rows = json.loads((folder / "out" / "shots.json").read_text())["rows"]
    assert [(row["model"], row["shots"]) for row in rows] == [
        ("ga", None), ("ga", 8), ("baseline", None)
    ]  # fmt: skip


@pytest.mark.slow
@pytest.mark.ci
def test_training_with_shots_on_another_backend(qmu, folder):
    words = ("--shots", "8", "--train-shots", 4, "--backend", "fake_manila", "--out", "out")
    assert qmu(*SHOTS, *words).status == 0
    content = json.loads((folder / "out" / "shots.json").read_text())
    assert content["config"]["train_shots"] == 4
    assert content["config"]["experiment"]["backend"] == "fake_manila"
    assert content["config"]["exact"] is False


def test_a_method_that_changed_nothing_is_named_at_the_end(qmu, folder):
    words = ("shots", *TINY, "--seeds", 1, "--method", "ssd", "--set", "ssd.alpha=1e9")
    outcome = qmu(*words, "--shots", 8, "--out", "out")
    assert outcome.status == 0
    last = "qmu shots: ssd: changed nothing: nothing selected"
    assert outcome.err.splitlines()[-1] == last
    rows = json.loads((folder / "out" / "shots.json").read_text())["rows"]
    changes = {row["model"]: row["largest_change"] for row in rows}
    assert changes.pop("oracle") > 0
    assert changes == {"original": None, "ssd": 0.0, "baseline": None}


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ("--shots", "16,many"),
            "--shots must be integers or exact, separated",
        ),
        (("--shots", "1.5"), "--shots must be integers or exact"),
        (("--shots", ""), "--shots needs at least one number"),
        (("--shots", "exact"), "--shots needs at least one number"),
        (("--shots", "0,4"), "--shots must be an integer of at least 1, got 0"),
        (("--shots", "4,4"), "shots has duplicates"),
        (("--shots", "4,exact,exact"), "--shots has duplicates"),
        (("--shots", "1000000"), "must be at most 100,000, got 1,000,000"),
        (("--repetitions", 0), "argument --repetitions: must be at least 1"),
        (("--train-shots", 0), "argument --train-shots: must be at least 1"),
        (("--method", "oracle"), "--method must be one of"),
        (
            ("--backend", "ibm_torino", "--shots", "16,64,exact"),
            "ibm_torino measures with shots and has no exact values: use --shots 16,64",
        ),
        (("--backend", "fake_nowhere"), "there is no fake backend 'fake_nowhere'"),
        (("--num-qubits", 17), "--num-qubits must lie between 1 and 16"),
    ],
)
def test_bad_input_ends_with_one_line(refuses, words, message):
    assert message in refuses(*SHOTS, *words)


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--seeds", 2), "--seeds cannot be given with MODEL"),
        (("--dry-run",), "`qmu estimate MODEL` says what it costs"),
        (("--backend", "ibm_torino", "--shots", "4,exact"), "no exact values: use --shots 4"),
    ],
)
def test_what_a_saved_model_does_not_take_is_refused(refuses, saved, words, message):
    assert message in refuses("shots", saved / "original", *words)


def test_shots_of_a_config_are_refused(refuses, folder):
    (folder / "config.toml").write_text("shots = 5\n")
    assert "use --shots instead of shots = 5" in refuses(*SHOTS, "--config", "config.toml")
