import math

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.report import text_table
from qiskit_qmu.report.text_columns import WIDTH, TextColumn, text_blocks


def lines_of(text, start):
    return [line for line in text.splitlines() if line.startswith(start)]


def test_fits_a_terminal(sample, kind):
    assert max(map(len, text_table(sample[0], kind=kind).splitlines())) <= WIDTH <= 120


def test_fits_with_the_widest_numbers(build, kind):
    rows, _ = build(kind, seeds=1)
    for row in rows:
        for key in row:
            if key.startswith(("acc_", "mia_")):
                row[key] = 1.0
            if key.endswith("_low"):
                row[key] = 0.95
        if row["method"] == "rga":
            row.update(acc_forget_train=0.0, acc_retain_test=0.0, acc_forget_train_low=0.0)
            row["method"] = "a-method-with-a-rather-long-name"
    assert max(map(len, text_table(rows, kind=kind).splitlines())) <= WIDTH


def test_columns_are_aligned(build):
    rows, _ = build("class", seeds=1)
    table = text_table(rows, kind="class").split("\n\n")[0].splitlines()
    body = [line for line in table[2:] if not line.startswith("---")]
    assert len(body) == 9
    # The ± of forget accuracy stands below itself in every row.
    assert len({line.index("±") for line in body}) == 1


def test_references_come_first_and_are_ruled_off(sample, kind):
    table = text_table(sample[0], kind=kind).splitlines()
    assert [line.split()[0].strip("-") for line in table[3:7]] == ["original", "oracle", "", "gd"]


def test_shows_value_range_and_gap():
    own = {"acc_forget_train_low": 0.52, "acc_forget_train_high": 0.70}
    rows = [
        {"method": "oracle", "seed": 0, "acc_forget_train": 0.0},
        {"method": "ga", "seed": 0, "acc_forget_train": 0.612, **own},
    ]
    line = lines_of(text_table(rows, kind="class"), "ga")[0]
    assert line.split()[:3] == ["ga", "61.2±9.2", "+61.2"]


@pytest.mark.parametrize("missing", [None, math.nan])
def test_missing_numbers_are_dashes(missing):
    rows = [
        {"method": "ga", "seed": 0, "mia_auc": missing},
        {"method": "ssd", "seed": 0, "mia_auc": 0.6},
    ]
    text = text_table(rows, kind="instances")
    assert "nan" not in text.lower()
    assert lines_of(text, "ga")[0].split()[1:] == ["–"]  # (no column without any number)
    assert lines_of(text, "ssd")[0].split()[1:] == ["0.60"]


def test_columns_that_do_not_fit_stand_in_a_block_below():
    names = TextColumn(group="", heading="method", cells=("ga", "ssd"), left=True)
    others = [TextColumn(group=f"g{n}", heading="x" * 30, cells=("1", "2")) for n in range(7)]
    blocks = text_blocks([names, *others], 0).split("\n\n")
    assert [block.count("x" * 30) for block in blocks] == [3, 3, 1]
    assert all(len(line) <= WIDTH for block in blocks for line in block.splitlines())
    assert all("ssd" in block for block in blocks)


def test_one_seed_shows_the_reason_of_each_verdict(build):
    rows, _ = build(seeds=1)
    assert lines_of(text_table(rows, kind="class"), "ssd ")[-1].split(maxsplit=1)[1] == (
        "utility lost: as the numbers say"
    )


def test_legend_says_what_to_compare(build):
    rows, _ = build("class", seeds=1)
    by_class = text_table(rows, kind="class")
    instances = text_table(rows, kind="instances")
    assert "Its forget accuracy is 0" in by_class
    assert "A good method ends where the oracle is" in " ".join(instances.split())
    for text in (by_class, instances):
        assert "½ = no leak" in text
        assert "over-forgotten" in text
        assert "always “member”: called a member 100 and 100, AUC 0.50" in " ".join(text.split())
        assert "certified" not in text.lower()


def test_says_what_the_ranges_are(build):
    assert "over the examples. One seed does" in text_table(build(seeds=1)[0], kind="class")
    assert "(3 a method)" in text_table(build(seeds=3)[0], kind="class")
    rows = build(seeds=3)[0] + [{"method": "new", "seed": 0}]
    assert "(1 to 3 a method)" in text_table(rows, kind="class")


def test_verdicts_are_listed(sample, kind):
    text = text_table(sample[0], kind=kind)
    assert lines_of(text, "ssd ")[-1].split(maxsplit=1)[1] == "utility lost with all 3 seeds"


def test_can_be_printed_on_an_old_windows_terminal(sample, kind):
    text_table(sample[0], kind=kind).encode("cp1252")


def test_one_method_alone(build):
    text = text_table(build(methods=["ga"])[0], kind="class")
    assert len(lines_of(text, "ga")) == 3  # results, cost, verdict


def test_refuses_an_unknown_kind(sample):
    with pytest.raises(InputError, match="kind must be one of class, instances; got 'rows'"):
        text_table(sample[0], kind="rows")
