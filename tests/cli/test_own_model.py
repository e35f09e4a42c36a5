"""A model of the user's own through the commands."""

import json

import torch
from own_factories import build

SMALL = ("--dataset", "iris", "--train-size", "40", "--test-size", "30")
OWN = (*SMALL, "--model", "own_factories:build")


def test_weights_from_elsewhere_are_kept_unlearned_and_audited(qmu, folder):
    torch.manual_seed(0)
    torch.save(build((4,), 3).state_dict(), folder / "weights.pt")
    done = qmu("import", *OWN, "--epochs", "1", "--weights", "weights.pt", "--out", "m", "--json")
    assert done.status == 0, done.err
    told = json.loads(done.out)
    assert (told["trained_rows"], told["scores"]["test"]["rows"]) == (40, 30)
    for strategy, out in (("ga", "u"), ("oracle", "o")):
        words = ("unlearn", "m", "--strategy", strategy, "--forget-class", "1", "--out", out)
        assert qmu(*words, "--quiet").status == 0
    assert qmu("audit", "u", "--original", "m", "--oracle", "o", "--out", "a").status == 0
    assert "made by own_factories:build" in qmu("show", "u").out
    _shots_of_saved_models(qmu, folder)


def _shots_of_saved_models(qmu, folder):
    """Compare and plan the shots of the saved original, and of what has forgotten."""
    words = ("--method", "ga", "--forget-class", "1", "--shots", "8,64,exact", "--out", "s")
    done = qmu("shots", "m", *words, "--quiet")
    assert done.status == 0, done.err
    done = qmu("shots", "u", "--shots", "8", "--out", "su", "--json", "--quiet")
    assert {row["model"] for row in json.loads(done.out)["rows"]} == {"ga", "baseline"}
    plan = ("shots", "plan", "m", "--max-auc", "0.99", "--min-accuracy", "0.01", "--shots", "4,16")
    planned = json.loads(qmu(*plan, "--json", "--dry-run").out)
    assert (planned["circuits"], planned["shots"], planned["jobs"]) == (70, 16, 1)
    assert planned["qpu_seconds"] > 0
    done = qmu(*plan, "--json")
    assert json.loads(done.out)["meeting"] == [4, 16], done.err


def test_changed_code_of_a_factory_is_a_remark_of_each_command(qmu, folder):
    file = folder / "changing.py"
    file.write_text("from own_factories import build\n\ndef made(*s):\n    return build(*s)\n")
    words = (*SMALL, "--model", "changing:made", "--epochs", "1", "--quiet")
    assert qmu("train", *words, "--out", "m").status == 0
    assert qmu("verify", "m").err == ""
    file.write_text(file.read_text() + "# changed\n")
    said = "changing.py, which defines changing:made, has changed since the model was saved"
    assert qmu("predict", "m", "--json").err == f"qmu predict: {said}\n"
    verified = qmu("verify", "m")
    assert (verified.status, verified.err.startswith(f"qmu verify: {said}; ")) == (0, True)
    file.unlink()
    assert "changing.py, which defines changing:made, is not here" in qmu("verify", "m").err


def test_shots_are_compared_for_an_own_model(qmu, folder):
    words = ("shots", *OWN, "--epochs", "1", "--method", "ga", "--shots", "8,64,exact")
    done = qmu(*words, "--seeds", "1", "--out", "s", "--quiet")
    assert done.status == 0, done.err


def test_what_cannot_be_used_is_refused(refuses):
    for words, message in (
        (("--model", "own_factories"), "invalid choice: 'own_factories'"),
        (("--model", "own factories:build"), "a factory is named package.module:function"),
        (("--model", "nowhere_to_be_found:build"), "no module 'nowhere_to_be_found'"),
        (("--model", "own_factories:probabilities"), "declare --outputs probabilities"),
        (("--model", "own_factories:build", "--num-qubits", "3"), "'num_qubits'"),
        (("--model", "basic", "--outputs", "logits"), "outputs apply only to a model of your"),
        (("--model", "basic", "--set", "model.depth=3"), "the model basic has no setting 'depth'"),
    ):
        assert message in refuses("train", *SMALL, *words, "--out", "m")


def test_images_are_not_scaled(refuses):
    words = ("train", "--dataset", "digits", "--scale", "standard", "--out", "m")
    assert "scale='standard' is for tables" in refuses(*words)
