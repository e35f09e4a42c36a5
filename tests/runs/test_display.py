"""Progress on a terminal and in a log."""

import json
import sys
from dataclasses import asdict

from qiskit_qmu.runs.display import progress_display
from qiskit_qmu.runs.running_tasks import TaskNote


def test_a_log_has_a_line_for_each_part_and_of_many_alike_for_each_hundredth(capsys):
    with progress_display() as progress:
        for share in (0.0, 0.1, 0.2):
            progress("looking", share)
        for number in range(1, 1001):
            progress(f"models, {number} of 1000", number / 1000)
        progress("writing the page", 1.0)
    lines = capsys.readouterr().err.splitlines()
    assert lines[:2] == ["  0 %  looking", "  0 %  models, 1 of 1000"]
    assert 90 < len(lines) < 110
    assert lines[-1] == "100 %  writing the page"


def test_a_terminal_has_a_bar_and_a_line_for_each_running_task(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setenv("COLUMNS", "40")
    note = tmp_path / "a.json"
    note.write_text(json.dumps(asdict(TaskNote(name="seed 0", doing="method ga " + 40 * "x"))))
    with progress_display(running=tmp_path) as progress:
        progress("models, 0 of 2", 0.25)
        shown = capsys.readouterr().err
        note.unlink()
        progress("models, 2 of 2", 1.0)
        after = capsys.readouterr().err
    assert " 25 % |" in shown
    assert "  seed 0: method ga xxx" in shown
    assert 30 * "x" not in shown  # (a longer line would break the display)
    assert "seed 0" not in after
    assert "100 % |" in after
    assert "models, 2 of 2" in after


def test_quiet_shows_nothing(capsys):
    with progress_display(quiet=True) as progress:
        progress("training", 0.5)
    assert capsys.readouterr().err == ""
