"""A comparison of shot counts: its config, its rows, its files."""

import json
from dataclasses import replace

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.experiments import Experiment, ShotComparison, compare_shots, run_shot_comparison
from qiskit_qmu.experiments.shots import output

EXPERIMENT = Experiment(
    dataset="iris",
    model="basic",
    train_size=40,
    test_size=30,
    settings={"trainer.epochs": 3, "model.num_layers": 1},
)
TINY = ShotComparison(experiment=EXPERIMENT, method="ga", shots=(200, 4), repetitions=2)


@pytest.fixture(scope="module")
def rows():
    return compare_shots(TINY)


def test_every_model_has_a_row_for_each_shot_count_and_repetition(rows):
    found = [(row["model"], row["shots"], row["repetition"]) for row in rows]
    expected = [
        (model, shots, repetition)
        for model in ("original", "oracle", "ga")
        for shots, repetition in ((None, 0), (4, 0), (200, 0), (4, 1), (200, 1))
    ]
    assert sorted(found, key=str) == sorted([*expected, ("baseline", None, 0)], key=str)


def test_more_shots_come_nearer_to_the_exact_answers(rows):
    def divergence(shots):
        return np.mean([row["js_exact"] for row in rows if row["shots"] == shots])

    assert divergence(4) > 10 * divergence(200) > 0
    exact = [row for row in rows if row["shots"] is None and row["model"] != "baseline"]
    assert [row["js_exact"] for row in exact] == [0.0] * 3


def test_repetitions_differ(rows):
    own = [row for row in rows if (row["model"], row["shots"]) == ("original", 4)]
    assert own[0]["js_exact"] != own[1]["js_exact"]


@pytest.mark.slow
@pytest.mark.ci
def test_seeds_follow_each_other_and_repeat_everything(rows):
    two = replace(TINY, experiment=replace(EXPERIMENT, seeds=2))
    found = compare_shots(two)
    assert [row for row in found if row["seed"] == 0] == rows
    assert {row["seed"] for row in found} == {0, 1}


def _exact_numbers(rows):
    return [row["mia_auc"] for row in rows if row["shots"] is None]


def test_training_with_shots_gives_another_model(rows):
    quick = replace(TINY, repetitions=1, shots=(4,))
    noisy = compare_shots(replace(quick, train_shots=5))
    assert _exact_numbers(noisy) != _exact_numbers(rows)


@pytest.mark.parametrize("backend", ["aer", "fake_manila"])
def test_other_backends(backend):
    quick = replace(TINY, experiment=replace(EXPERIMENT, backend=backend), shots=(4, 20))
    found = compare_shots(replace(quick, exact=False))
    assert {row["shots"] for row in found if row["model"] != "baseline"} == {4, 20}
    assert all(row["js_exact"] is None for row in found)
    assert all(row["mia_auc_counts"] is not None for row in found)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"shots": ()}, "shots must not be empty"),
        ({"shots": (0, 4)}, "shots must be an integer of at least 1, got 0"),
        ({"shots": (4, 4)}, r"shots has duplicates: \[4, 4\]"),
        ({"shots": (100_001,), "repetitions": 1}, "at most 100,000, got 100,001"),
        ({"shots": (60_000,)}, "at most 100,000, got 120,000"),
        ({"repetitions": 0}, "repetitions must be an integer of at least 1"),
        ({"train_shots": 0}, "train_shots must be an integer of at least 1"),
        ({"method": "oracle"}, "method must be one of noop"),
    ],
)
def test_what_cannot_be_compared_is_refused(changes, message):
    with pytest.raises(InputError, match=message):
        replace(TINY, **changes)


def test_too_many_qubits_are_refused_before_training():
    wide = replace(EXPERIMENT, settings={"model.num_qubits": 17, "model.num_features": 4})
    with pytest.raises(InputError, match="num_qubits must lie between 1 and 16, got 17"):
        compare_shots(replace(TINY, experiment=wide))


def test_the_folder(tmp_path, rows, monkeypatch):
    monkeypatch.setattr(output, "compare_shots", lambda *_arguments, **_options: rows)
    assert run_shot_comparison(TINY, tmp_path / "out") == rows
    content = json.loads((tmp_path / "out" / "shots.json").read_text())
    assert content["schema"] == 1
    assert content["rows"] == rows
    assert content["config"]["shots"] == [200, 4]
    assert content["config"]["experiment"]["dataset"] == "iris"
    assert "shots" not in content["config"]["experiment"]
    assert content["environment"]["packages"]["qiskit"]
    assert (tmp_path / "out" / "shots.svg").read_text().startswith("<svg")
    assert (tmp_path / "out" / "shots.html").read_text().startswith("<!DOCTYPE html>")


def test_nothing_is_left_of_what_was_refused(tmp_path):
    lost = replace(TINY, experiment=replace(EXPERIMENT, backend="fake_nowhere"))
    with pytest.raises(InputError, match="there is no fake backend"):
        run_shot_comparison(lost, tmp_path / "out")
    assert not (tmp_path / "out").exists()
