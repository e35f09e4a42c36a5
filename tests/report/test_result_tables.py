"""Tables over many runs: grouped by what varies, in every form."""

import csv
import io
from types import SimpleNamespace

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.report import RunRecords, result_tables


def record(method, seed, **numbers):
    row = {"method": method, "seed": seed, "weights_sha256": f"{method} {seed}", **numbers}
    return SimpleNamespace(row=row, scores=None, history=())


def run(alpha, retained, *, seeds=(0, 1), methods=("ga",), dataset="iris"):
    """Return a run whose methods keep some accuracy less, with each seed a point less."""
    records = []
    for seed in seeds:
        for method in ("original", "oracle", *methods):
            kept = 0.9 if method == "oracle" else retained
            numbers = {"acc_forget_train": 0.1, "acc_retain_test": kept - seed / 100}
            cost = 100 if method == "oracle" else 25
            records.append(
                record(
                    method,
                    seed,
                    **numbers,
                    num_classes=4,
                    gradient_evaluations=cost,
                    verdict="forgotten",
                )
            )
    place = {"dataset": dataset, "rga.alpha": alpha, "shots": 100, "forget": "class 1"}
    return RunRecords(place=place, kind="class", records=records)


def test_runs_are_grouped_by_what_varies_and_averaged_over_seeds():
    tables = result_tables([run(1, 0.8), run(5, 0.7, seeds=(0,)), run(5, 0.7, seeds=(1, 0))])
    rows = tables.to_rows()
    assert [(row["rga.alpha"], row["method"], row["seeds"]) for row in rows] == [
        (alpha, method, 2) for alpha in "15" for method in ("original", "oracle", "ga")
    ]
    ga = rows[2]
    assert "dataset" not in ga
    assert ga["acc_retain_test"] == pytest.approx(0.795)
    assert ga["acc_retain_test_gap"] == pytest.approx(-0.1)
    # t(0.975, 1) = 12.706, standard error 0.005
    assert ga["acc_retain_test_low"] == pytest.approx(0.795 - 12.706 * 0.005, abs=1e-5)
    assert ga["gradient_evaluations_ratio"] == 0.25
    read = list(csv.DictReader(io.StringIO(tables.to_csv())))
    assert [row["method"] for row in read] == [row["method"] for row in rows]
    assert float(read[2]["acc_retain_test"]) == ga["acc_retain_test"]
    assert read[1]["acc_retain_test_gap"] == ""  # (the oracle's)


def test_text_names_the_groups_and_what_guessing_scores():
    text = str(result_tables([run(1, 0.8), run(5, 0.7)]))
    assert text.startswith(
        "all: dataset iris, shots per circuit 100, forgotten class 1\n\nrga.alpha 1\n"
    )
    assert "\nrga.alpha 5\n" in text
    assert max(map(len, text.splitlines())) <= 118
    guessing = next(line for line in text.splitlines() if line.startswith("guessing"))
    assert guessing.split() == ["guessing", "25.0", "25.0"]  # one in four classes
    ga = next(line for line in text.splitlines() if line.startswith("ga "))
    assert ga.split() == ["ga", "10.0", "+0.0", "79.5±6.4", "-10.0", "0.25", "2", "of", "2"]


def test_markdown_and_latex_hold_every_line():
    tables = result_tables([run("a_b", 0.8), run("c|d", 0.7)], title="50 % & more")
    lines = tables.to_markdown().splitlines()
    assert lines[0] == "## 50 % & more"
    table = [line for line in lines if line.startswith("|")]
    assert len(table) == 2 + 2 * 5  # original, oracle, ga, guessing, destroyed
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert "| a_b | ga | 10.0 | 79.5 (73.1–85.9) | 0.25 | 2 of 2 |" in table
    latex = tables.to_latex()
    assert r"\caption{50 \% \& more" in latex
    assert r"a\_b & ga & $10.0$ & $79.5_{73.1}^{85.9}$ & 0.25 & 2 of 2 \\" in latex
    assert latex.count(r"\midrule") == 2
    assert all(latex.count(f"\\{rule}rule") == 1 for rule in ("top", "bottom"))


def test_settings_do_not_hide_numbers_of_the_same_name():
    first, second = run(1, 0.8), run(1, 0.8)
    second.place.update(shots=1000, forget="class 2")
    for each in (first, second):
        for record in each.records:
            record.row["shots"] = 7
    row = result_tables([first, second]).to_rows()[-1]
    assert (row["shots per circuit"], row["shots"]) == ("1,000", 7)
    assert (row["forgotten"], row["seeds_forgotten"]) == ("class 2", 2)


def test_methods_of_equal_runs_stand_together():
    tables = result_tables([run(1, 0.8, methods=("ga",)), run(1, 0.8, methods=("ssd",))])
    assert [row["method"] for row in tables.to_rows()] == ["original", "oracle", "ga", "ssd"]


def test_records_that_contradict_each_other_are_refused():
    first, second = run(1, 0.8), run(1, 0.8)
    second.records[0].row["weights_sha256"] = "others"
    with pytest.raises(InputError, match="two records of original, seed 0, are of different"):
        result_tables([first, second])
    with pytest.raises(InputError, match="no records"):
        result_tables([])


def test_what_failed_is_told():
    failed = {"method": "", "seed": 3, "error": "no luck"}
    lost = RunRecords(
        place={"rga.alpha": 2},
        kind="class",
        records=[SimpleNamespace(row=failed, scores=None, history=())],
    )
    tables = result_tables([run(1, 0.8), lost])
    assert "failed: seed 3: no luck" in tables.to_text()
    assert "seed 3: no luck" in tables.to_markdown()
    assert {row["rga.alpha"] for row in tables.to_rows()} == {"1"}
