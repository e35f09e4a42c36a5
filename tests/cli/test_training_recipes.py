"""Recipes of training that serve deletion, from the command line."""

import json

import pytest
from tiny_options import TINY

from qiskit_qmu.models import load_model, load_provenance


def test_a_model_in_shards_is_trained_shown_and_deleted_from(qmu, refuses):
    assert (
        qmu(
            "train", *TINY, "--model", "hybrid", "--shards", 3, "--slices", 2, "--out", "model"
        ).status
        == 0
    )
    shown = json.loads(qmu("show", "model", "--json").out)
    assert (shown["kind"], shown["shards"], shown["slices"]) == ("ShardedClassifier", 3, 2)
    assert "3 shards of 2 slices, a model each: " in qmu("show", "model").out
    words = ("unlearn", "model", "--strategy", "sisa", "--forget-indices")
    planned = json.loads(qmu(*words, "3", "--out", "less", "--dry-run", "--json").out)
    done = json.loads(qmu(*words, "3", "--out", "less", "--json").out)
    assert planned["circuits"] == done["usage"]["circuits"] > 0
    assert "of 3 shards" in done["reason"]
    assert len(load_model("less").trained) == 3
    assert qmu("unlearn", "less", *words[2:], "5", "--out", "lesser").status == 0
    assert qmu("train", *TINY, "--out", "plain").status == 0
    message = refuses("unlearn", "plain", *words[2:], "3", "--out", "never")
    assert "qmu train --shards" in message


def test_private_training_tells_its_guarantee(qmu, refuses):
    pytest.importorskip("dp_accounting")
    private = ("--privacy-noise-multiplier", 2, "--privacy-clipping-norm", 0.5)
    done = json.loads(qmu("train", *TINY, *private, "--out", "private", "--json").out)["privacy"]
    assert (done["noise_multiplier"], done["clipping_norm"], done["delta"]) == (2.0, 0.5, 1e-5)
    assert done["fitted_to_rows"]
    assert 0 < done["epsilon"] < 10
    assert json.loads(qmu("show", "private", "--json").out)["privacy"] == done
    again = qmu("train", *TINY, *private, "--out", "private", "--force")
    assert "private to (ε = " in again.out
    unlearned = ("unlearn", "private", "--strategy", "oracle", "--forget-class", 1)
    assert qmu(*unlearned, "--out", "oracle").status == 0
    assert "differential privacy, ε " in qmu("show", "private").out
    assert "privacy" not in json.loads(qmu("show", "oracle", "--json").out)
    message = refuses("train", *TINY, *private, "--privacy-epsilon", 1, "--out", "never")
    assert "either a noise multiplier or a target epsilon" in message


def test_poisoned_rows_are_planted_for_every_command(qmu, refuses, folder):
    plant = (
        "poison",
        "--dataset",
        "iris",
        "--train-size",
        40,
        "--fraction",
        0.2,
        "--out",
        "planted",
    )
    assert json.loads(qmu(*plant, "--json").out)["poisoned"] == 8
    assert "holds poisoned rows" in refuses(*plant)
    ids = (folder / "planted" / "poisoned.txt").read_text().split()
    rows = ("--dataset", "planted/rows.npz", "--model", "hybrid", "--num-qubits", 2, "--epochs", 1)
    assert qmu("train", *rows, "--out", "model").status == 0
    words = ("--strategy", "oracle", "--forget-ids", "planted/poisoned.txt", "--skip-untrained-ids")
    assert qmu("unlearn", "model", *words, "--out", "clean").status == 0
    assert set(load_provenance("clean")["forgotten_ids"]) <= set(ids)


def test_a_feature_is_forgotten(qmu, refuses):
    found = json.loads(qmu("feature", *TINY, "--feature", "petal width (cm)", "--json").out)
    methods = [row["method"] for row in found["rows"]]
    assert methods == ["original", "oracle", "oracle, another seed", "gd", "neggrad"]
    assert found["rows"][1]["divergence"] == 0
    assert "feature must be one of" in refuses("feature", *TINY, "--feature", "width")
