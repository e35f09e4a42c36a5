"""Sweeps: each model made once, the records of plain runs, and only what is missing computed."""

import json
from dataclasses import asdict

import pytest

from qiskit_qmu import sweep
from qiskit_qmu._check import InputError
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import Experiment, Setup, grid_cells, run_seed, run_sweep, sweep_plan
from qiskit_qmu.experiments.sweeps import running
from qiskit_qmu.unlearning import SelectiveDampening

TINY = {
    "dataset": "iris",
    "model": "basic",
    "train_size": 40,
    "test_size": 20,
    "methods": ("ga", "ssd"),
    "settings": {"trainer.epochs": 2, "model.num_layers": 1, "model.num_qubits": 2},
}
DEVICES = [
    {"backend": "exact"},
    {"backend": "aer", "shots": 20},
    {"backend": "exact", "shots": 5, "methods": ("noop",), "train_size": 20},
]


def without_seconds(value):
    """Return values without times, at any depth."""
    if isinstance(value, dict):
        return {key: without_seconds(own) for key, own in value.items() if key != "seconds"}
    return [without_seconds(own) for own in value] if isinstance(value, list | tuple) else value


def values_of(result):
    return [[without_seconds(asdict(record)) for record in own] for own in result.records]


@pytest.fixture
def made(monkeypatch):
    """Return what is called: "make_original", "make_unlearned" or "cell_records"."""
    calls = []
    for name in ("make_original", "make_unlearned", "cell_records"):
        function = getattr(running, name)

        def counted(*arguments, name=name, function=function):
            calls.append(name)
            return function(*arguments)

        monkeypatch.setattr(running, name, counted)
    return calls


def test_cells_have_the_records_of_plain_runs_and_share_models(tmp_path, made):
    options = {**TINY, "methods": ("ga",)}
    grid = {"forget": [ForgetRequest(label=1), ForgetRequest(label=2)]}
    result = sweep(grid, tmp_path, workers=1, **options)
    assert made.count("make_original") == 1
    assert made.count("make_unlearned") == 4
    for request, records in zip(grid["forget"], values_of(result), strict=True):
        setup = Setup.load(Experiment(**options, forget=request), 0)
        assert records == [without_seconds(asdict(record)) for record in run_seed(setup)]
    assert list(result.to_frame()["forget"].unique()) == ["label=versicolor", "label=virginica"]
    lines = (tmp_path / "sweep.jsonl").read_text().splitlines()
    assert [json.loads(line) for line in lines] == result.rows


@pytest.mark.slow
@pytest.mark.ci
def test_devices_share_models_and_sampled_training_is_of_its_own_cell(tmp_path, made):
    result = sweep({"device": DEVICES}, tmp_path, workers=1, **TINY)
    assert made.count("make_original") == 1
    assert made.count("make_unlearned") == 3  # oracle, ga, ssd
    for device, records in zip(DEVICES, values_of(result), strict=True):
        setup = Setup.load(Experiment(**{**TINY, **device}), 0)
        assert records == [without_seconds(asdict(record)) for record in run_seed(setup)]
    frame = result.to_frame()
    assert list(frame["observed_on"].unique()) == ["exact", "aer"]
    assert frame["observed_shots"].max() == 20


def test_a_wider_sweep_computes_only_what_is_missing(tmp_path, made):
    grid = {"ssd.alpha": [5.0]}
    options = {**TINY, "methods": ("ssd",)}
    first = sweep(grid, tmp_path, workers=1, **options)
    made.clear()
    assert sweep(grid, tmp_path, workers=1, **options).rows == first.rows
    assert made == []
    more = {**TINY, "methods": ("ssd", "noop")}
    cells = grid_cells({"ssd.alpha": [5.0, 9.0]}, lambda changes: _experiment(more, changes))
    plan = sweep_plan(cells, tmp_path)
    assert (plan["cells"], plan["there"], plan["missing"]) == (2, 0, 2)
    assert (plan["models_there"], plan["models_to_train"], plan["models_to_unlearn"]) == (3, 0, 2)
    widened = run_sweep(cells, tmp_path, workers=1)
    assert sorted(made) == ["cell_records"] * 2 + ["make_unlearned"] * 2  # noop, another ssd
    assert [row["method"] for row in widened.rows[:4]] == [
        "original",
        "oracle",
        "ssd",
        "noop",
    ]
    same = ("weights_sha256", "mia_auc", "acc_retain_test")
    for old, new in zip(first.rows, widened.rows, strict=False):
        assert [old[name] for name in same] == [new[name] for name in same]


def _experiment(options, changes):
    return Experiment(**{**options, "settings": {**options["settings"], **changes}})


def test_a_failed_cell_is_a_record_and_stops_no_other(tmp_path, monkeypatch):
    options = {**TINY, "methods": ("ssd",)}
    call = SelectiveDampening.__call__
    fails = [True]

    def fail(self, *arguments, **named):
        if self.alpha == 5.0 and fails:
            raise ZeroDivisionError("no  luck")
        return call(self, *arguments, **named)

    monkeypatch.setattr(SelectiveDampening, "__call__", fail)
    grid = {
        "what": [
            {"ssd.alpha": 5.0},
            {"forget": ForgetRequest(label=7)},
            {"trainer.learning_rate": 1e30, "model": "hybrid"},
            {"ssd.alpha": 9.0},
        ]
    }
    result = sweep(grid, tmp_path, workers=1, **options)
    assert result.failed == 3
    first, second, third, *others = result.rows
    assert first["error"] == "ZeroDivisionError: no luck"
    assert "7" in second["error"]
    assert "lower learning_rate=1e+30" in third["error"]
    assert [row["method"] for row in others] == ["original", "oracle", "ssd"]
    assert "failed: seed 0: ZeroDivisionError" in str(result)
    assert "no luck" in (tmp_path / "sweep.html").read_text()
    fails.clear()
    assert sweep(grid, tmp_path, workers=1, **options).failed == 3  # (kept as it is)
    assert sweep(grid, tmp_path, workers=1, retry_failed=True, **options).failed == 2


@pytest.mark.parametrize(
    ("grid", "says"),
    [
        ({"model": "basic"}, "the values of axis model must be a list"),
        ({"model": []}, "the values of axis model must be a list"),
        ({"a": [{"seed": 1}], "seed": [2]}, "two axes set seed"),
        ({"seed": [0, 1], "seeds": [2]}, "two cells are the same: seed=0, seeds=2, and seed=1"),
        ({"modle": ["basic"]}, "not an experiment: .*modle"),
        ({"rga.": [1]}, "STAGE.NAME"),
    ],
)
def test_a_grid_that_is_not_possible_is_refused(tmp_path, grid, says):
    with pytest.raises(InputError, match=says):
        sweep(grid, tmp_path / "new", **TINY)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"cluster": "slurm"}, "cluster must be dask://HOST:PORT or ray, got 'slurm'"),
        ({"cluster": "dask://localhost:1", "workers": 2}, "leave --workers out"),
        ({"workers": 0}, "workers must be"),
    ],
)
def test_a_cluster_that_is_none_is_refused(tmp_path, options, says):
    with pytest.raises(InputError, match=says):
        sweep({}, tmp_path / "new", **options, **TINY)
    assert list(tmp_path.iterdir()) == []
