"""Recipes of training that serve deletion, from the command line."""

import json

from tiny_options import TINY

from qiskit_qmu.models import load_model


def test_a_model_in_shards_is_trained_shown_and_deleted_from(qmu, refuses):
    assert (
        qmu(
            "train", *TINY, "--model", "hybrid", "--shards", 3, "--slices", 2, "--out", "model"
        ).status
        == 0
    )
    shown = json.loads(qmu("show", "model", "--json").out)
    assert (shown["kind"], shown["shards"], shown["slices"]) == ("ShardedClassifier", 3, 2)
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
