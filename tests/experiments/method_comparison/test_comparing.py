"""compare(): the records of `qmu run` for a model of one's own, which stays as it is."""

import json

import pytest
import torch
from tiny_models import iris_split, same_weights, sequential, weights_of

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.experiments import Experiment, Setup, run_seed
from qiskit_qmu.unlearning import FineTune, GradientAscent, NoOp

TRAINER = qmu.Trainer(epochs=8, batch_size=16, learning_rate=0.1)


@pytest.fixture(scope="module")
def compared():
    """A stock TorchConnector in a plain Sequential, two seeds, a method by name and two objects."""
    model, split = sequential(stock=True), iris_split()
    TRAINER.fit(model, split.train.x, split.train.y, generator=0)
    before = weights_of(model)
    methods = {"ssd": "ssd", "mine": FineTune(epochs=1, batch_size=8), "idle": NoOp()}
    result = qmu.compare(model, split, trainer=TRAINER, methods=methods, seeds=2, progress=False)
    assert same_weights(before, weights_of(model))
    return model, result


def _numbers(records):
    return [{k: v for k, v in record.row.items() if k != "seconds"} for record in records]


def test_the_records_are_those_of_a_run_with_the_same_seed():
    settings = {"trainer.epochs": 3, "model.num_layers": 1}
    options = {"dataset": "iris", "model": "basic", "train_size": 40, "test_size": 30}
    experiment = Experiment(**options, settings=settings, methods=("ga", "ssd-r"), seed=5)
    setup = Setup.load(experiment, 5)
    model = Setup.load(experiment, 6).build_model(qmu.open_backend("exact", seed=0))
    compared = qmu.compare(
        model,
        setup.split,
        trainer=setup.trainer,
        methods={method: setup.strategy(method) for method in experiment.methods},
        train=True,
        seed=5,
        progress=False,
    )
    run = list(run_seed(setup))
    assert _numbers(compared.records) == _numbers(run)
    for own, other in zip(compared.records, run, strict=True):
        assert (own.scores, own.history, own.split) == (other.scores, other.history, other.split)


def test_seeds_share_a_trained_model_and_repeat_what_is_random(compared):
    model, result = compared
    first, second = (result.records[start : start + 5] for start in (0, 5))
    assert [r.row["method"] for r in first] == ["original", "oracle", "ssd", "mine", "idle"]
    assert [r.row["seed"] for r in second] == [1] * 5
    by_method = {r.row["method"]: (r.row, s.row) for r, s in zip(first, second, strict=True)}
    accuracies = [name for name in first[0].row if name.startswith("acc_")]
    for name in accuracies:
        assert by_method["original"][0][name] == by_method["original"][1][name]
    for method in ("oracle", "mine"):
        assert by_method[method][0]["largest_change"] != by_method[method][1]["largest_change"]
    assert by_method["original"][0]["gradient_evaluations"] is None  # trained elsewhere
    assert by_method["idle"][0]["verdict"] == "unchanged"
    assert same_weights(weights_of(result.models["original"]), weights_of(model))
    assert not same_weights(weights_of(result.models["mine"]), weights_of(model))


def test_a_result_is_shown_and_written_in_every_form(compared, tmp_path):
    _, result = compared
    frame = result.to_frame()
    assert list(frame["method"]) == [row["method"] for row in result.rows]
    assert frame.loc[1, "acc_forget_train"] == 0  # the oracle never saw class 1
    assert repr(result).splitlines()[1].startswith("method")
    assert "<table" in result._repr_html_()
    assert result.recommendation.method in {"", "ssd", "mine"}
    assert [axes.get_title(loc="left") for axes in result.plot().axes][-1] == "AUC, confidence"
    result.to_html(tmp_path / "page.html")
    page = (tmp_path / "page.html").read_text()
    assert "FineTune" in page
    assert "Sequential" in page
    result.to_json(tmp_path / "results.json")
    config = json.loads((tmp_path / "results.json").read_text())["config"]
    assert config["strategies"]["mine"]["epochs"] == 1
    assert config["strategies"]["oracle"]["trainer"]["learning_rate"] == 0.1
    assert config["seeds"] == [0, 1]


def test_several_oracles_are_one_row_at_their_distance_from_each_other():
    given = {"methods": {"idle": NoOp()}, "trainer": TRAINER, "train": True, "progress": False}
    one, two = (qmu.compare(sequential(), iris_split(), **given, oracles=n).rows for n in (1, 2))
    assert [row["method"] for row in two] == ["original", "oracle", "idle"]
    assert two[2]["verdict"] == "unchanged"
    assert one[1]["js_oracle_retain"] == 0 < two[1]["js_oracle_retain"]
    assert one[0]["acc_retain_train"] == two[0]["acc_retain_train"]


def test_what_cannot_be_compared_is_refused():
    model, split = sequential(), iris_split()
    options = {"trainer": TRAINER, "progress": False}
    for methods, message in (
        ([], "not be empty"),
        ("ssd", "several names"),
        (["sdd"], "sdd"),
        ({"original": NoOp()}, "another name"),
        ({"mine": GradientAscent}, "a name or a strategy"),
    ):
        with pytest.raises(InputError, match=message):
            qmu.compare(model, split, methods=methods, **options)
    with pytest.raises(InputError, match="a model must be a torch module"):
        qmu.compare("model", split, **options)


def test_a_model_that_nobody_trained_is_named():
    model = sequential()
    for parameter in model.parameters():
        torch.nn.init.zeros_(parameter)
    with pytest.warns(UserWarning, match=r"no better than a guess .*train=True"):
        qmu.compare(model, iris_split(), trainer=TRAINER, methods=["noop"], progress=False)
