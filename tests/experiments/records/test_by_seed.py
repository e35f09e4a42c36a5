"""Seeds that forgot other rows are told apart."""

from qiskit_qmu.experiments import Record
from qiskit_qmu.experiments.records.by_seed import forgotten_by_seed, notes_by_seed


def _record(seed, rows):
    split = {"forgotten": f"{rows} of 9 training rows", "rows": {"forget": rows}}
    return Record(row={"method": "ga", "seed": seed}, scores=None, history=(), split=split)


def test_what_was_forgotten_is_said_of_each_seed_that_differs():
    assert forgotten_by_seed([_record(0, 3), _record(1, 3)]) == "3 of 9 training rows"
    said = "seed 0: 3 of 9 training rows; seed 1: 2 of 9 training rows"
    assert forgotten_by_seed([_record(0, 3), _record(0, 3), _record(1, 2)]) == said
    many = [_record(seed, 1 + seed % 3) for seed in range(20)]
    assert forgotten_by_seed(many) == "1 to 3 training rows, other ones with each seed"


def test_notes_name_the_seeds_that_they_are_about():
    notes = {4: ["a", "b"], 5: ["a", "c"], 6: ["a", "b"]}
    assert notes_by_seed(notes) == ["a", "seeds 4, 6: b", "seed 5: c"]
