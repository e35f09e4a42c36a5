"""One step at a time: train and save, unlearn, audit, and requests that cannot be met."""

import shutil

import numpy as np
import pytest
from tiny_models import same_weights, weights_of

from qiskit_qmu._check import InputError
from qiskit_qmu._files import read_sealed_json, write_sealed_json
from qiskit_qmu._seeds import stream
from qiskit_qmu.data import row_digests
from qiskit_qmu.experiments import (
    Experiment,
    ForgetRequest,
    Setup,
    audit_saved,
    train_and_save,
    unlearn_saved,
)
from qiskit_qmu.models import load_model, load_provenance

EXPERIMENT = Experiment(
    dataset="iris",
    model="basic",
    train_size=40,
    test_size=30,
    settings={"trainer.epochs": 2, "model.num_layers": 1, "ga.max_epochs": 2},
)


@pytest.fixture(scope="module")
def original(tmp_path_factory):
    folder = tmp_path_factory.mktemp("saved") / "original"
    train_and_save(EXPERIMENT, folder)
    return folder


def test_the_rows_of_the_training_are_kept_with_digests(original):
    setup = Setup.load(EXPERIMENT, 0)
    split = setup.split
    provenance = load_provenance(original)
    assert provenance["train_indices"] == split.train.indices.tolist()
    digests = np.array(provenance["rows"]["train"])
    assert digests[split.train.indices].tolist() == row_digests(split.train.x, split.train.y)
    assert provenance["validation_indices"] == split.validation.indices.tolist()
    assert len(provenance["losses"]) == 2
    assert Experiment.from_dict(provenance["experiment"]) == EXPERIMENT
    assert not set(provenance["train_indices"]) & set(provenance["validation_indices"])
    assert len(setup.dataset.y_train) == 40


@pytest.mark.parametrize(
    "request_", [ForgetRequest(label=1), ForgetRequest(fraction=0.2), ForgetRequest(indices=(0, 5))]
)
def test_unlearning_is_the_strategy_on_the_same_rows(original, tmp_path, request_):
    trained = load_provenance(original)["train_indices"]
    if request_.indices is not None:
        request_ = ForgetRequest(indices=(trained[3], trained[0]))
    result = unlearn_saved(original, request_, "ga", tmp_path / "new", seed=3)
    provenance = load_provenance(tmp_path / "new")
    forgotten = provenance["forgotten_indices"]
    assert set(forgotten) <= set(trained)
    assert same_weights(weights_of(result.model), weights_of(load_model(tmp_path / "new")))
    assert provenance["strategy"] == "ga"
    assert provenance["usage"] == result.usage.to_dict()
    setup = Setup.load(EXPERIMENT, 0)
    if request_.label is not None:
        assert forgotten == setup.split.forget.indices.tolist()
        strategy = setup.strategy("ga")
        by_hand = strategy(load_model(original), setup.split, generator=stream(3, "ga"))
        assert same_weights(weights_of(by_hand.model), weights_of(result.model))
    elif request_.fraction is not None:
        assert len(forgotten) == round(0.2 * 36)
        again = unlearn_saved(original, request_, "noop", tmp_path / "again", seed=3)
        assert load_provenance(tmp_path / "again")["forgotten_indices"] == forgotten
        assert again.usage.circuits == 0
    else:
        assert forgotten == sorted({trained[0], trained[3]})


def test_why_it_stopped_and_what_changed_is_kept(original, tmp_path):
    request = ForgetRequest(label=1)
    settings = {"ga.confidence_threshold": 1.0}
    result = unlearn_saved(original, request, "ga", tmp_path / "same", settings=settings)
    provenance = load_provenance(tmp_path / "same")
    assert (result.stopped, result.changed) == ("goal already reached", False)
    assert {k: provenance[k] for k in ("stopped", "reason", "largest_change")} == {
        "stopped": "goal already reached",
        "reason": result.reason,
        "largest_change": 0.0,
    }


def test_settings_replace_the_presets(original, tmp_path):
    settings = {"ga.max_epochs": 1, "ga.batch_size": 100, "ga.confidence_threshold": 0.0}
    result = unlearn_saved(
        original, ForgetRequest(label=1), "ga", tmp_path / "new", settings=settings
    )
    assert len(result.history) == 1
    assert load_provenance(tmp_path / "new")["settings"]["ga"]["max_epochs"] == 1


@pytest.fixture(scope="module")
def family(original, tmp_path_factory):
    """Folders of an unlearned model, its oracle, and models that do not belong to them."""
    folder = tmp_path_factory.mktemp("family")
    class_1 = ForgetRequest(label=1)
    unlearn_saved(original, class_1, "noop", folder / "noop")
    unlearn_saved(original, class_1, "oracle", folder / "oracle")
    unlearn_saved(original, ForgetRequest(label=2), "oracle", folder / "other oracle")
    other = Experiment(**{**vars(EXPERIMENT), "seed": 1})
    train_and_save(other, folder / "other original")
    unlearn_saved(folder / "other original", class_1, "oracle", folder / "stranger")
    return folder


def test_an_audit_has_original_oracle_and_verdict(original, family):
    report = audit_saved(
        family / "noop",
        original=original,
        oracle=family / "oracle",
        attacks=["mia_auc_entropy", "mia_auc"],
    )
    assert [row["method"] for row in report.rows] == ["original", "oracle", "audited"]
    assert {key for key in report.rows[-1] if key.startswith("mia_auc")} == {
        f"{key}{end}" for key in ("mia_auc", "mia_auc_entropy") for end in ("", "_low", "_high")
    }
    first, _, last = report.rows
    assert first["acc_forget_train"] == last["acc_forget_train"]
    assert report.kind == "class"
    assert report.verdict == "unchanged"
    assert "relearning" in {finding.key for finding in report.findings}  # by the saved recipe
    without = audit_saved(family / "oracle", original=original)
    assert without.verdict == "unresolved"
    assert "--oracles 4" in without.skipped["relearning"]


@pytest.mark.parametrize(
    ("new", "before", "oracle", "message"),
    [
        ("noop", None, "other oracle", "has not forgotten the same rows"),
        ("noop", None, "stranger", "was not trained on the same rows"),
        ("noop", "other original", "oracle", "was not trained on the same rows"),
        ("noop", "oracle", "oracle", "was not trained on the rows that .*noop has forgotten"),
        ("noop", None, "noop", "not an oracle: it was trained on 12 of the rows"),
        ("other original", None, None, "has not forgotten anything yet"),
        ("noop", None, "nowhere", "cannot read .*nowhere.*: No such file"),
        ("nowhere", None, None, "cannot read .*nowhere.*: No such file"),
    ],
)
def test_models_that_do_not_belong_together_are_refused(
    original, family, new, before, oracle, message
):
    with pytest.raises(InputError, match=message):
        audit_saved(
            family / new,
            original=original if before is None else family / before,
            oracle=None if oracle is None else family / oracle,
        )


def test_a_second_withdrawal_does_not_bring_the_first_back(original, tmp_path):
    trained = load_provenance(original)["train_indices"]
    first, second = ForgetRequest(indices=(trained[0],)), ForgetRequest(indices=(trained[1],))
    unlearn_saved(original, first, "noop", tmp_path / "one")
    unlearn_saved(tmp_path / "one", second, "oracle", tmp_path / "two")
    provenance = load_provenance(tmp_path / "two")
    assert trained[0] not in provenance["train_indices"]
    assert len(provenance["train_indices"]) == len(trained) - 1
    # The oracle of both was trained on what is left of them.
    expected = 2 * (len(trained) - 2)
    assert provenance["usage"]["gradient_evaluations"] == expected
    report = audit_saved(tmp_path / "two", original=tmp_path / "one", oracle=tmp_path / "two")
    assert report.forgotten == f"1 of {len(trained) - 1} training rows"
    with pytest.raises(InputError, match=f"trained on, from 0 to 39; got {trained[0]}"):
        unlearn_saved(tmp_path / "one", first, "noop", tmp_path / "three")


def test_two_deletions_in_a_row_are_audited_as_one(original, tmp_path):
    for number, (before, request) in enumerate(
        ((original, ForgetRequest(label=1)), (tmp_path / "1", ForgetRequest(label=2))), start=1
    ):
        for strategy, name in (("noop", f"{number}"), ("oracle", f"oracle {number}")):
            unlearn_saved(before, request, strategy, tmp_path / name)
    two, oracle = tmp_path / "2", tmp_path / "oracle 2"
    report = audit_saved(two, original=original, oracle=oracle)
    assert report.kind == "class"
    assert report.forgotten == "classes versicolor and virginica (24 of 36 training rows)"
    assert report.verdict == "unchanged"
    assert load_provenance(oracle)["usage"]["gradient_evaluations"] == 2 * 12
    since_first = audit_saved(two, original=tmp_path / "1", oracle=oracle)
    assert since_first.forgotten == "class virginica (12 of 24 training rows)"
    with pytest.raises(InputError, match="has not forgotten the same rows"):
        audit_saved(two, original=original, oracle=tmp_path / "oracle 1")
    with pytest.raises(InputError, match="was not trained on the same rows"):
        audit_saved(tmp_path / "1", original=two)


@pytest.mark.parametrize(
    ("request_", "message"),
    [
        ({"label": 3}, "label must be one of 0, 1, 2; got 3"),
        ({"fraction": 0.001}, "fraction must be at least one of 36 rows"),
        ({"fraction": 0.999}, "no training row would be retained"),
        ({"indices": (40,)}, "rows that the model is trained on, from 0 to 39; got 40"),
        ({"indices": (-1,)}, "rows that the model is trained on, from 0 to 39; got -1"),
    ],
)
def test_requests_that_cannot_be_met_are_refused(original, tmp_path, request_, message):
    with pytest.raises(InputError, match=message):
        unlearn_saved(original, ForgetRequest(**request_), "ga", tmp_path / "new")
    assert not (tmp_path / "new").exists()


def test_validation_rows_and_all_rows_cannot_be_forgotten(original, tmp_path):
    provenance = load_provenance(original)
    held_out = ForgetRequest(indices=(provenance["validation_indices"][0],))
    with pytest.raises(InputError, match="rows that the model is trained on"):
        unlearn_saved(original, held_out, "ga", tmp_path / "new")
    everything = ForgetRequest(indices=tuple(provenance["train_indices"]))
    with pytest.raises(InputError, match="no training row would be retained"):
        unlearn_saved(original, everything, "ga", tmp_path / "new")


def test_unknown_strategies_settings_and_seeds_are_refused(original, tmp_path):
    request = ForgetRequest(label=1)
    with pytest.raises(InputError, match="method must be one of"):
        unlearn_saved(original, request, "magic", tmp_path / "new")
    with pytest.raises(InputError, match="does not accept these settings: 'beta'"):
        unlearn_saved(original, request, "ga", tmp_path / "new", settings={"ga.beta": 1})
    with pytest.raises(InputError, match="seed must be an integer of at least 0"):
        unlearn_saved(original, request, "ga", tmp_path / "new", seed=-1)
    with pytest.raises(InputError, match="seed must be an integer of at least 0"):
        audit_saved(tmp_path / "new", original=original, seed=-1)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"rows": {"train": ["0" * 16] * 40, "test": ["0"]}}, "digests of the rows differ, of all"),
        ({"train_indices": [10**6]}, "positions of train_indices must be below 40, got 1000000"),
        ({"train_indices": ["a"]}, "a position of train_indices must be an integer, got 'a'"),
        ({"validation_indices": [-1]}, "positions of validation_indices must be below 40, got -1"),
        ({"experiment": {"depth": 1}}, "not an experiment: .*depth"),
        ({"experiment": None}, "an experiment must be a table"),
        ({}, "does not say where its rows are: name them with --dataset"),
    ],
)
def test_changed_provenance_is_refused(original, tmp_path, change, message):
    copy = shutil.copytree(original, tmp_path / "copy")
    path = copy / "model.json"
    content = read_sealed_json(path, "a model")
    content["provenance"] = {**content["provenance"], **change} if change else {}
    write_sealed_json(path, content)
    with pytest.raises(InputError, match=message):
        unlearn_saved(copy, ForgetRequest(label=1), "ga", tmp_path / "new")


def test_the_model_that_is_read_is_not_touched(original, tmp_path):
    before = {path.name: path.read_bytes() for path in original.iterdir()}
    unlearn_saved(original, ForgetRequest(label=1), "ga", tmp_path / "new")
    assert {path.name: path.read_bytes() for path in original.iterdir()} == before
    assert np.all([len(content) > 0 for content in before.values()])
