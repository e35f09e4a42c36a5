"""A run's numbers: reproducible, complete, and the same on any number of threads."""

import json
import math

import numpy as np
import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import Experiment, Setup, environment, run_experiment, run_seed
from qiskit_qmu.experiments.method_comparison import output
from qiskit_qmu.report import text_table
from qiskit_qmu.training.processes import one_thread
from qiskit_qmu.unlearning import Retrain

TINY = {
    "dataset": "iris",
    "model": "basic",
    "train_size": 40,
    "test_size": 30,
    "methods": ("noop", "ga", "ssd", "rga-r"),
    "settings": {"trainer.epochs": 3, "model.num_layers": 1},
}

# What `results.json` promises for each method and seed.
FIELDS = {
    "method": str,
    "seed": int,
    "acc_forget_train": float,
    "acc_retain_train": float,
    "acc_forget_test": float,
    "acc_retain_test": float,
    "mia_paper_rate": float,
    "mia_paper_control": float,
    "mia_auc": float,
    "mia_auc_low": float,
    "mia_auc_high": float,
    "js_oracle_forget": float,
    "js_oracle_retain": float,
    "seconds": float,
    "gradient_evaluations": int,
    "circuits": int,
    "shots": int,
    "verdict": str,
    "stopped": str,
    "largest_change": float,
}


def _rows(records):
    """Return rows without times."""
    return [{k: v for k, v in record.row.items() if k != "seconds"} for record in records]


@pytest.fixture(scope="module", params=["class", "instances"])
def records(request):
    kind = {"class": {}, "instances": {"forget": ForgetRequest(fraction=0.3)}}[request.param]
    return list(run_seed(Setup.load(Experiment(**TINY, **kind), 0)))


def test_every_row_has_every_number(records):
    assert [r.row["method"] for r in records] == [
        "original",
        "oracle",
        "noop",
        "ga",
        "ssd",
        "rga-r",
    ]
    for record in records:
        for name, kind in FIELDS.items():
            assert isinstance(record.row[name], kind), (record.row["method"], name)
        json.dumps(record.row, allow_nan=False)
        numbers = [value for value in record.row.values() if isinstance(value, float)]
        assert all(math.isfinite(number) for number in numbers)


def test_references_are_what_they_are_called(records):
    original, oracle, noop, *_ = (record.row for record in records)
    same = ("acc_forget_train", "acc_retain_test", "mia_auc", "mia_paper_rate", "js_oracle_forget")
    assert [original[name] for name in same] == [noop[name] for name in same]
    assert oracle["js_oracle_forget"] == pytest.approx(0, abs=1e-12)
    assert oracle["reference_auc"] is None
    assert noop["gradient_evaluations"] == noop["circuits"] == 0
    # Three epochs of all training rows but the 4 held out, and of the retained ones.
    rows = records[0].split["rows"]
    assert original["gradient_evaluations"] == 3 * 36
    assert oracle["gradient_evaluations"] == 3 * rows["retain"]
    assert rows["forget"] + rows["retain"] == 36
    assert rows["validation"] == 4


def test_what_changed_nothing_is_unchanged(records):
    original, oracle, noop, *others = (record.row for record in records)
    assert (original["largest_change"], original["stopped"]) == (0, "done")
    assert (noop["largest_change"], noop["stopped"]) == (0, "nothing to do")
    assert oracle["largest_change"] > 0
    for row in (original, oracle, noop, *others):
        unchanged = row["largest_change"] == 0 and row["method"] != "original"
        assert (row["verdict"] == "unchanged") == unchanged


def test_a_method_that_leaves_the_range_of_numbers_does_not_lose_the_others():
    settings = {"trainer.epochs": 1, "ssd.alpha": 1e9}
    settings |= {"ga.learning_rate": 1e30, "ga.optimizer": "adam", "ga.confidence_threshold": 0.0}
    options = {**TINY, "model": "hybrid", "methods": ("ga", "ssd"), "settings": settings}
    original, oracle, ga, ssd = list(run_seed(Setup.load(Experiment(**options), 0)))
    assert ga.row["method"] == "ga"
    assert "lower learning_rate=1e+30" in ga.row["error"]
    assert (ga.row["verdict"], ga.row["stopped"]) == ("failed", "failed")
    assert (ssd.row["verdict"], ssd.row["stopped"]) == ("unchanged", "nothing selected")
    assert [r.row["error"] for r in (original, oracle, ssd)] == [None] * 3
    for record in (original, oracle, ga, ssd):
        json.dumps(record.row, allow_nan=False)
    table = text_table([r.row for r in (original, oracle, ga, ssd)], kind="class")
    assert "ga        failed" in table


@pytest.mark.parametrize("method", ["original", "oracle"])
def test_without_a_reference_there_is_no_run(method, monkeypatch):
    options = {**TINY, "model": "hybrid", "methods": ("noop",)}
    if method == "original":
        options["settings"] = {"trainer.learning_rate": 1e30}
    else:

        def fail(*_, **__):
            raise NonFiniteError("Retrain: training diverged")

        monkeypatch.setattr(Retrain, "__call__", fail)
    with pytest.raises(NonFiniteError, match="training diverged") as error:
        list(run_seed(Setup.load(Experiment(**options), 3)))
    assert (method == "oracle") == str(error.value).startswith("method oracle, seed 3: ")


def test_histories_and_scores_are_kept(records):
    assert [len(record.history) for record in records[:3]] == [3, 3, 0]
    for record in records:
        assert len(record.scores["members"]) == record.split["rows"]["forget"]
        assert record.scores["method"] == record.row["method"]


@pytest.mark.parametrize("name", ["basic", "hybrid"])
def test_the_same_seed_gives_the_same_numbers_whatever_came_before(name):
    experiment = Experiment(**{**TINY, "model": name, "methods": ("ga", "ssd")})
    first = _rows(run_seed(Setup.load(experiment, 1)))
    torch.rand(3)
    np.random.rand(3)  # noqa: NPY002
    assert _rows(run_seed(Setup.load(experiment, 1))) == first
    quick = Experiment(**{**TINY, "model": name, "methods": ("noop",)})
    other = _rows(run_seed(Setup.load(quick, 2)))
    assert other[0]["js_oracle_forget"] != first[0]["js_oracle_forget"]


@pytest.mark.parametrize("records", ["class"], indirect=True)
def test_a_methods_numbers_do_not_depend_on_which_others_are_run(records):
    alone = _rows(run_seed(Setup.load(Experiment(**{**TINY, "methods": ("rga-r",)}), 0)))
    beside = _rows(records)
    assert alone[-1] == beside[-1]
    assert alone[:2] == beside[:2]


def test_the_global_random_states_are_left_alone():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    list(run_seed(Setup.load(Experiment(**{**TINY, "methods": ("ga",)}), 0)))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002


def test_shots_are_counted_and_their_noise_is_of_the_seed():
    options = {**TINY, "methods": ("ga",), "shots": 30, "train_size": 20, "test_size": 10}
    options["settings"] = {"trainer.epochs": 1, "model.num_layers": 1}
    options["settings"] |= {"model.num_qubits": 2, "model.num_features": 2, "ga.max_epochs": 1}
    first = _rows(run_seed(Setup.load(Experiment(**options), 0)))
    assert first == _rows(run_seed(Setup.load(Experiment(**options), 0)))
    assert all(row["shots"] == 30 * row["circuits"] for row in first)
    assert first[0]["shots"] > 0


@pytest.fixture
def without_page(monkeypatch):
    """Leave out the page, whose figures take most of a tiny run's time."""
    monkeypatch.setattr(output, "write_report", lambda *_arguments: None)


@pytest.fixture
def threads():
    before = torch.get_num_threads()
    yield torch.set_num_threads
    torch.set_num_threads(before)


def test_numbers_do_not_depend_on_the_number_of_threads(threads, tmp_path, without_page):
    experiment = Experiment(**{**TINY, "model": "hybrid", "methods": ("ga",)})
    results = []
    for count in (1, 2):
        threads(count)
        results.append(_rows(run_experiment(experiment, tmp_path / str(count), workers=1)))
        assert torch.get_num_threads() == count
    assert results[0] == results[1]


def test_two_threads_agree_with_one_to_rounding(threads):
    experiment = Experiment(**{**TINY, "model": "hybrid", "methods": ("ga",)})
    results = []
    for count in (1, 2):
        threads(count)
        results.append(_rows(run_seed(Setup.load(experiment, 0))))
    for one, two in zip(*results, strict=True):
        for name, value in one.items():
            expected = pytest.approx(value, abs=1e-4) if isinstance(value, float) else value
            assert name.startswith(("mia", "reference", "verdict")) or two[name] == expected


def test_one_thread_is_given_back_after_an_error(threads):
    threads(2)
    with pytest.raises(ValueError, match="1 inside"), one_thread():
        raise ValueError(f"{torch.get_num_threads()} inside")
    assert torch.get_num_threads() == 2


@pytest.mark.ci
@pytest.mark.slow  # processes must import everything anew
def test_numbers_do_not_depend_on_the_number_of_processes(tmp_path, without_page):
    experiment = Experiment(**{**TINY, "methods": ("ga",), "seeds": 2})
    one, two = (
        _rows(run_experiment(experiment, tmp_path / str(count), workers=count)) for count in (1, 2)
    )
    assert one == two


def test_progress_grows_from_model_to_model(tmp_path, without_page):
    told = []
    experiment = Experiment(**{**TINY, "methods": ("noop",), "seeds": 2})
    run_experiment(experiment, tmp_path, workers=1, progress=lambda *values: told.append(values))
    shares = [share for _, share in told]
    assert shares == sorted(shares)
    assert (shares[0], shares[-1]) == (0, 1)
    assert [task for task, _ in told] == [
        "looking for what is there",
        *(f"originals, {number} of 2" for number in range(3)),
        *(f"oracles and unlearned models, {number} of 4" for number in range(5)),
        *(f"cells, {number} of 2" for number in range(3)),
        "writing the report",
    ]


def test_the_environment_names_versions_and_no_machine():
    known = environment()
    named = known["packages"]["torch"].partition("+")[0]  # (a wheel need not name its build)
    assert named == torch.__version__.partition("+")[0]
    assert set(known) == {"python", "system", "cores", "packages"}


VALUES = """
import torch
from qiskit_qmu.models import BasicQNN


def build(input_shape, num_values):
    layer = BasicQNN(num_classes=2, num_qubits=2, num_layers=1).quantum
    front, head = torch.nn.Linear(input_shape[0], 2), torch.nn.Linear(2, num_values)
    return torch.nn.Sequential(front, layer, head)
"""


def test_a_model_of_values_is_run_like_one_of_classes(tmp_path, monkeypatch):
    (tmp_path / "predicts_values.py").write_text(VALUES)
    monkeypatch.chdir(tmp_path)
    own = {"dataset": "diabetes", "model": "predicts_values:build"}
    settings = {"trainer.epochs": 2}
    options = {"train_size": 40, "test_size": 20, "methods": ("gd",), "settings": settings}
    setup = Setup.load(Experiment(**own, **options), 0)
    setup.check([])
    records = list(run_seed(setup))
    assert [r.row["method"] for r in records] == ["original", "oracle", "gd"]
    assert records[0].split["rows"] == {
        "forget": 4,
        "retain": 32,
        "validation": 4,  # a tenth of what is trained on
        "test_forget": 20,
        "test_retain": 20,
    }
    for record in records:
        assert record.row["r2_retain_test"] <= 1
        assert record.row["loss_forget_train"] >= 0
        assert not any(name.startswith("acc_") for name in record.row)
    with pytest.raises(InputError, match="give a regression model of your own"):
        Experiment(**{**own, "model": "basic"})
