"""A run's folder: results that are complete, runs that go on, and nothing left half-written."""

import json
from pathlib import Path

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import RunError
from qiskit_qmu.data import ForgetRequest
from qiskit_qmu.experiments import Experiment, RecordFile, run_experiment, writable_folder
from qiskit_qmu.experiments.method_comparison import output as module
from qiskit_qmu.experiments.sweeps import running

TINY = {
    "dataset": "iris",
    "model": "basic",
    "train_size": 40,
    "test_size": 30,
    "methods": ("noop",),
    "settings": {"trainer.epochs": 1, "model.num_layers": 1},
}


@pytest.fixture
def without_page(monkeypatch):
    """Leave out the page, whose figures take most of a tiny run's time."""
    monkeypatch.setattr(module, "write_report", lambda *_arguments: None)


@pytest.fixture
def seeds_run(monkeypatch):
    """Return the seeds that were run, and the errors to raise in some of them."""
    run: list[int] = []
    fails: dict[int, BaseException] = {}
    cell_records = running.cell_records

    def counted(setup, *arguments):
        run.append(setup.seed)
        if setup.seed in fails:
            raise fails[setup.seed]
        return cell_records(setup, *arguments)

    monkeypatch.setattr(running, "cell_records", counted)
    return run, fails


def test_a_run_writes_records_results_and_a_page(tmp_path):
    experiment = Experiment(**{**TINY, "seeds": 2})
    records = run_experiment(experiment, tmp_path / "a" / "b", workers=1)
    folder = tmp_path / "a" / "b"
    assert sorted(path.name for path in folder.iterdir()) == [
        "records.jsonl",
        "report.html",
        "results.json",
    ]
    results = json.loads((folder / "results.json").read_text(), parse_constant=pytest.fail)
    keys = {"schema", "config", "hyperparameters", "environment", "evidence", "rows", "sha256"}
    assert set(results) == keys
    evidence = results["evidence"]
    assert evidence["Run"]["seeds"] == [0, 1]
    assert evidence["Rows"]["source"] == "iris"
    digests = records[-1].split["digests"]
    assert digests["forget"] in evidence["What was forgotten"]["forget, seed 1"]
    assert evidence["Strategies"].keys() == {row["method"] for row in results["rows"]} - {
        "original",
        "oracle",
    }
    assert results["schema"] == 1
    assert Experiment.from_dict(results["config"]) == experiment
    assert results["rows"] == [record.row for record in records]
    assert [(row["seed"], row["method"]) for row in results["rows"]] == [
        (seed, method) for seed in (0, 1) for method in ("original", "oracle", "noop")
    ]
    lines = (folder / "records.jsonl").read_text().splitlines()
    assert len(lines) == 6
    assert "class versicolor" in (folder / "report.html").read_text()


def test_a_stopped_run_goes_on_and_no_seed_is_run_twice(tmp_path, without_page, seeds_run):
    run, fails = seeds_run
    experiment = Experiment(**{**TINY, "seeds": 3})
    fails[1] = KeyboardInterrupt()
    with pytest.raises(KeyboardInterrupt):
        run_experiment(experiment, tmp_path, workers=1)
    assert run == [0, 1]
    assert not (tmp_path / "results.json").exists()
    fails.clear()
    resumed = run_experiment(experiment, tmp_path, workers=1)
    assert run == [0, 1, 1, 2]
    again = run_experiment(experiment, tmp_path, workers=1)
    assert run == [0, 1, 1, 2]
    assert again == resumed
    assert [record.row["seed"] for record in resumed] == [0, 0, 0, 1, 1, 1, 2, 2, 2]


def test_a_seed_that_fails_stops_no_other_and_is_run_again(tmp_path, without_page, seeds_run):
    run, fails = seeds_run
    experiment = Experiment(**{**TINY, "seeds": 3})
    fails[1] = ZeroDivisionError("no  luck")
    with pytest.raises(RunError, match=r"^1 of 3 seeds failed, .*; seed 1: ZeroDiv"):
        run_experiment(experiment, tmp_path, workers=1)
    assert run == [0, 1, 2]
    (failed,) = [
        record.row
        for record in RecordFile(tmp_path / "records.jsonl", experiment.digest()).records
        if record.row["error"]
    ]
    assert (failed["seed"], failed["error"]) == (1, "ZeroDivisionError: no luck")
    fails.clear()
    made = []
    records = run_experiment(
        experiment, tmp_path, workers=1, progress=lambda task, _share: made.append(task)
    )
    assert run == [0, 1, 2, 1]
    assert [record.row["method"] for record in records] == ["original", "oracle", "noop"] * 3
    assert not [task for task in made if "models" in task]  # they were kept
    assert sorted(path.name for path in tmp_path.iterdir()) == ["records.jsonl", "results.json"]


def test_more_seeds_are_added_to_those_that_are_there(tmp_path, without_page, seeds_run):
    run, _ = seeds_run
    run_experiment(Experiment(**TINY), tmp_path, workers=1)
    run_experiment(Experiment(**{**TINY, "seeds": 2}), tmp_path, workers=1)
    assert run == [0, 1]


def test_a_seed_whose_record_was_half_written_is_run_again(tmp_path, without_page, seeds_run):
    run, _ = seeds_run
    experiment = Experiment(**{**TINY, "seeds": 2})
    whole = run_experiment(experiment, tmp_path, workers=1)
    path = tmp_path / "records.jsonl"
    path.write_text(path.read_text()[:-30])
    resumed = run_experiment(experiment, tmp_path, workers=1)
    assert run == [0, 1, 1]
    for old, new in zip(whole, resumed, strict=True):
        assert {**old.row, "seconds": 0} == {**new.row, "seconds": 0}
    run_experiment(experiment, tmp_path, workers=1)
    assert run == [0, 1, 1]
    assert len(path.read_text().splitlines()) == 6


def test_the_folder_of_another_experiment_is_refused_and_kept(tmp_path, without_page):
    run_experiment(Experiment(**TINY), tmp_path, workers=1)
    before = {path.name: path.read_bytes() for path in tmp_path.iterdir()}
    with pytest.raises(InputError, match="choose another folder"):
        run_experiment(
            Experiment(**{**TINY, "forget": ForgetRequest(label=2)}), tmp_path, workers=1
        )
    assert {path.name: path.read_bytes() for path in tmp_path.iterdir()} == before


@pytest.mark.parametrize(
    "change",
    [
        {"forget": ForgetRequest(label=7)},
        {"forget": ForgetRequest(fraction=0.001)},
        {"forget": ForgetRequest(indices=(999,))},
        {"forget": ForgetRequest(indices=tuple(range(40))), "validation_fraction": 0.0},
        {"train_size": 1000},
        {"test_size": 0},
        {"settings": {"model.num_qubits": 0}},
        {"settings": {"model.num_qubits": 2, "model.num_features": 3}},
        {"train_size": 6, "validation_fraction": 0.0},  # too few rows for four components
    ],
)
def test_what_is_not_possible_leaves_no_folder(tmp_path, change, seeds_run):
    with pytest.raises(InputError):
        run_experiment(Experiment(**{**TINY, **change}), tmp_path / "new" / "run", workers=1)
    assert list(tmp_path.iterdir()) == []
    assert seeds_run[0] == []


def test_a_writable_folder_that_stays_empty_by_an_error_is_taken_back(tmp_path):
    seen = []

    def fail(folder):
        seen.append(list(folder.iterdir()))
        raise RuntimeError

    with pytest.raises(RuntimeError), writable_folder(tmp_path / "a" / "b") as folder:
        fail(folder)
    assert seen == [[]]
    assert list(tmp_path.iterdir()) == []


def test_a_folder_that_was_there_or_holds_something_stays(tmp_path):
    def fail(folder):
        (folder / "file").touch()
        raise RuntimeError

    with pytest.raises(RuntimeError), writable_folder(tmp_path):
        raise RuntimeError
    with pytest.raises(RuntimeError), writable_folder(tmp_path / "a" / "b") as folder:
        fail(folder)
    assert (tmp_path / "a" / "b" / "file").exists()


@pytest.mark.parametrize("name", ["file", "file/below/run"])
def test_a_path_that_cannot_be_a_folder_is_refused(tmp_path, name):
    (tmp_path / "file").write_text("mine")
    with (
        pytest.raises(InputError, match=f"^cannot write {tmp_path / name}: "),
        writable_folder(tmp_path / name),
    ):
        pass
    assert (tmp_path / "file").read_text() == "mine"


def test_results_that_cannot_be_written_are_an_input_error(tmp_path, without_page):
    (tmp_path / "results.json").mkdir()
    with pytest.raises(InputError, match=f"^cannot write {tmp_path}/results.json: "):
        run_experiment(Experiment(**TINY), tmp_path, workers=1)


def test_a_page_that_cannot_be_written_is_an_input_error(tmp_path):
    (tmp_path / "report.html").mkdir()
    with pytest.raises(InputError, match=f"^cannot write {tmp_path}/report.html: "):
        run_experiment(Experiment(**TINY), tmp_path, workers=1)
    assert Path(tmp_path / "results.json").exists()
