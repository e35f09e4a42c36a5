"""Notes of running tasks: what other processes write, and the lines that are made of them."""

import pytest

from qiskit_qmu import sweep
from qiskit_qmu.experiments.sweeps import running
from qiskit_qmu.runs.running_tasks import (
    NOTES,
    RunningLines,
    TaskNote,
    note_folder,
    noted,
    read_notes,
)


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture
def clock():
    return Clock()


def test_a_note_is_written_once_a_second_and_when_the_task_does_something_else(tmp_path, clock):
    with noted(tmp_path / "a.json", TaskNote(name="seed 0"), clock) as progress:
        assert read_notes(tmp_path) == {}
        shares = []
        for now, doing, share in (
            (0.0, "training", 0.0),
            (0.5, "training", 0.1),
            (1.0, "training", 0.2),
            (1.1, "method ga", 0.5),
        ):
            clock.now = now
            progress(doing, share)
            shares.append(read_notes(tmp_path)["a.json"].share)
        assert shares == [0.0, 0.0, 0.2, 0.5]
    assert list(tmp_path.iterdir()) == []


def test_where_the_folder_is_missing_nothing_is_noted(tmp_path):
    with noted(tmp_path / "elsewhere" / "a.json", TaskNote(name="seed 0")) as progress:
        progress("training", 0.5)
    assert list(tmp_path.iterdir()) == []


def test_the_folder_of_notes_is_made_anew_and_removed(tmp_path):
    with note_folder(tmp_path / NOTES) as folder:
        (folder / "left-by-a-killed-process.json").write_text("{")
        assert read_notes(folder) == {}
        (folder / "deep").mkdir()
    with note_folder(tmp_path / NOTES) as folder:
        assert list(folder.iterdir()) == []
    assert list(tmp_path.iterdir()) == []


def test_the_time_left_follows_from_the_share_or_from_a_task_that_was_alike(tmp_path, clock):
    lines = RunningLines(tmp_path, clock)

    def note(name, doing, share=0.0, alike="iris"):
        with noted(tmp_path / f"{name}.json", TaskNote(name=name, alike=alike)) as progress:
            progress(doing, share)
            return (tmp_path / f"{name}.json").read_bytes()

    def keep(name, *rest, **options):
        (tmp_path / f"{name}.json").write_bytes(note(name, *rest, **options))

    keep("seed 0", "training", 0.0)
    keep("seed 1", "method ga")
    assert lines.texts() == ["seed 0: training", "seed 1: method ga"]
    clock.now = 60.0
    keep("seed 0", "training", 0.25)
    clock.now = 100.0
    assert lines.texts()[0] == "seed 0: training, 25 %, about 5 min left"
    clock.now = 300.0  # (nothing was reported since: the estimate stays)
    assert lines.texts()[0] == "seed 0: training, 25 %, about 2 min left"
    (tmp_path / "seed 1.json").unlink()
    lines.texts()
    keep("seed 2", "method ga")
    keep("seed 3", "method ga", alike="mnist")
    assert lines.texts()[1:] == [
        "seed 2: method ga, about 5 min left",
        "seed 3: method ga",
    ]


def test_tasks_of_a_sweep_note_what_they_do(tmp_path, monkeypatch):
    make, seen = running.make_unlearned, []

    def noting(*arguments):
        made = make(*arguments)
        seen.extend(read_notes(tmp_path / NOTES).values())
        return made

    monkeypatch.setattr(running, "make_unlearned", noting)
    sweep(
        {"train_size": [30]},
        tmp_path,
        workers=1,
        dataset="iris",
        model="basic",
        methods=("noop",),
        settings={"model.num_qubits": 2, "model.num_layers": 1, "trainer.epochs": 1},
    )
    assert [(note.name, note.doing) for note in seen] == [
        ("train_size=30, seed 0", "method oracle"),
        ("train_size=30, seed 0", "method noop"),
    ]
    assert not (tmp_path / NOTES).exists()
