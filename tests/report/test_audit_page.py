"""The page and the text of an audit: a made-up report with findings and rows, and one without."""

import base64
import csv
import hashlib
import io
import re
from dataclasses import replace

import pytest
from html_check import check

from qiskit_qmu.auditing import AuditReport
from qiskit_qmu.evaluation import Finding, RowFinding
from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import audit_text, render_audit
from qiskit_qmu.report.finding_tables import overlap, single_rows_table

EVIL = "</table></script><script>alert('x')</script>{{ 7 * 7 }}"


def finding(key, group, value, null, **others):
    names = {"key": key, "group": group, "name": f"test {key}", **others}
    return Finding(value=Interval(*value), null=Interval(*null), **names)


FINDINGS = (
    finding(
        "strategy_auc", "strategy", (0.56, 0.54, 0.58), (0.5, 0.49, 0.51), p_value=0.0004,
        num_models=32, reading="Forgotten rows are still told apart.",
    ),
    finding("probe", "model", (0.52, 0.47, 0.57), (0.5, 0.46, 0.54), p_value=0.3),
    *(finding(f"slice_{k}", "slices", (0.5 + k / 50,) * 3, (0.5, 0.5, 0.5)) for k in range(9)),
)  # fmt: skip

ROWS = (
    RowFinding(position=4, id="b", scores={"lira": -0.5, "rmia": 0.2}, adjusted_p_value=0.7),
    RowFinding(position=1, id="a", scores={"lira": 2.5}, p_value=0.0004, adjusted_p_value=0.012,
               seen_by=("lira", "rmia")),
    RowFinding(position=9, id="c", label="cat", scores={"lira": 1.5}, adjusted_p_value=0.04,
               seen_by=("lira",)),
)  # fmt: skip


@pytest.fixture(scope="module")
def bare(build):
    rows, scores = build("class", 1, ["original", "oracle", "gd"])
    for entry in (rows[-1], scores[-1]):
        entry["method"] = "audited"
    return AuditReport(
        rows=tuple(rows), scores=tuple(scores), kind="class", forgotten="class 4 (92 rows)",
        verdict="remembered", reason="0.560 lies above the margin", decided_by="strategy_auc",
    )  # fmt: skip


@pytest.fixture(scope="module")
def full(bare):
    return replace(bare, findings=FINDINGS, per_row=ROWS)


@pytest.fixture(scope="module")
def page(full):
    return render_audit(full)


@pytest.fixture(scope="module")
def bare_page(bare):
    return render_audit(bare)


def said(page):
    return " ".join(" ".join(check(page).text).split())


def test_the_verdict_stands_first_with_the_test_that_decided_and_its_null(page):
    first = next(text for tag, text in check(page).contents if tag == "section")
    first = " ".join(first.split())
    assert first.startswith("✗ The deletion did not work: the model remembered. Verdict: ")
    assert "remembered. 0.560 lies above the margin" in first
    assert re.search(
        r"Test strategy_auc 0\.560 \[0\.540, 0\.580\]▸ decided\s*where nothing is left: "
        r"0\.500 \[0\.490, 0\.510\] · p <0\.001",
        first,
    )


def test_the_model_and_where_it_was_observed_stand_in_the_first_section(bare):
    observed = {"observed_on": "fake_manila", "observed_shots": 512}
    rows = tuple({**row, **observed} for row in bare.rows)
    subject = {"model": "after", "made_by": ["ssd"], "dataset": "iris"}
    told = replace(bare, rows=rows, subject=subject)
    assert told.to_dict()["subject"] == subject
    first = next(t for tag, t in check(render_audit(told)).contents if tag == "section")
    sentence = (
        "Audited: after, made by ssd, trained on iris; models were observed on fake_manila with "
        "512 shots of each circuit."
    )
    assert sentence in " ".join(first.split())
    assert sentence in " ".join(audit_text(told).split())


def test_every_finding_stands_beside_its_null_and_bold_where_it_leaves_it(page):
    text = said(page)
    assert "0.560 [0.540, 0.580] 0.500 [0.490, 0.510] <0.001 32 Forgotten rows are still" in text
    assert re.search(r'<td class="decides">▸ 0\.560', page)
    assert re.search(r'<td class="strong">0\.660', page)  # slice 8
    assert re.search(r"<td>0\.520<small>\[0\.470, 0\.570\]", page)  # the probe is within its null


def test_what_is_absent_has_no_section_but_a_line_that_says_how_to_test_it(bare, bare_page, page):
    without = said(bare_page)
    for heading in ("Tests beside their nulls", "Row by row", "Groups of rows"):
        assert heading in said(page)
        assert heading not in without
    asked = "Which of the withdrawn rows can still be told"
    assert f"{asked} from never-seen ones qmu audit NEW --original ORIGINAL --shadows" in without
    assert asked not in said(page)
    alone = replace(bare, rows=bare.rows[-1:], scores=())
    text = said(render_audit(alone))
    assert "Whether there was anything to forget" in text
    assert "there are fewer than two of them, or of never-seen rows of their classes" in text


def test_the_only_script_is_the_one_that_the_policy_names(bare_page, page):
    (script,) = (text for tag, text in check(page).contents if tag == "script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"default-src 'none'; style-src 'unsafe-inline'; script-src 'sha256-{digest}';" in page
    assert "script" not in check(bare_page).tags
    assert "script-src" not in bare_page


def test_all_rows_can_be_downloaded_and_the_most_visible_stand_first(page):
    (address,) = re.findall(r'href="data:text/csv;base64,([^"]+)"', page)
    held = list(csv.DictReader(io.StringIO(base64.b64decode(address).decode())))
    assert [row["id"] for row in held] == ["a", "b", "c"]
    assert held[0] | {"score_rmia": ""} == {
        "position": "1", "id": "a", "class": "", "score_lira": "2.5", "score_rmia": "",
        "p_value": "0.0004", "adjusted_p_value": "0.012", "seen_by": "lira;rmia",
    }  # fmt: skip
    assert [row.name for row in single_rows_table(ROWS).rows] == ["a", "c", "b"]


def counted(shared):
    return {
        row.name: [(cell.value, cell.detail) for cell in row.cells] for row in shared.table.rows
    }


def test_what_attacks_share_stands_beside_chance():
    shared = overlap(ROWS)
    # lira finds two of three rows, rmia one: by chance they share 2 · 1 / 3.
    assert shared.table.headings == ("lira", "rmia", "only this one")
    assert counted(shared)["lira"] == [("2", "of 3"), ("1", "chance 0.7"), ("1", "")]
    assert counted(shared)["rmia"] == [("1", "chance 0.7"), ("1", "of 3"), ("0", "")]
    assert overlap(ROWS[:1] * 2).said.startswith("Of the 1 withdrawn rows that each score ranks")
    scored = [RowFinding(position=k, scores={"up": k, "down": -k, "again": k}) for k in range(20)]
    # Of 20 rows the first two by each score: by chance 2 · 2 / 20 are shared.
    assert counted(overlap(scored))["up"] == [
        ("2", "of 20"), ("0", "chance 0.2"), ("2", "chance 0.2"), ("0", ""),
    ]  # fmt: skip
    assert overlap([RowFinding(position=0, scores={"lira": 1.0})]) is None


def test_hostile_text_stays_text(full):
    rows = tuple(replace(row, id=EVIL, label=EVIL, seen_by=(EVIL,)) for row in full.per_row)
    hostile = replace(
        full, scores=(), reason=EVIL, per_row=rows, findings=(replace(FINDINGS[0], name=EVIL),)
    )
    checker = check(render_audit(hostile))
    assert checker.tags.count("script") == 1
    assert checker.tags.count("table") == 4
    assert EVIL in "".join(checker.text)


def test_it_claims_no_compliance(page):
    assert "not an assessment of compliance" in page
    for word in ("certified", "compliant", "complies"):
        assert word not in page.lower()


def test_the_terminal_shows_verdict_deciding_test_and_findings_beside_nulls(full, bare):
    text = audit_text(full)
    assert all(len(line) <= 118 for line in text.splitlines())
    table, _, end = text.partition("Single rows: 2 of 3 withdrawn rows are still found: a, c.")
    decided = "* Test strategy_auc (decided) 0.560 [0.540, 0.580] 0.500 [0.490, 0.510] <0.001 32"
    assert decided in " ".join(table.split())
    assert "4 more of groups of rows" in table
    assert "test slice_8" in table  # (columns keep their case)
    assert "test slice_1" not in table
    assert end.splitlines()[-2:] == [
        "Decided by: Test strategy_auc, 0.560 [0.540, 0.580]; where nothing is left "
        "0.500 [0.490, 0.510]; p <0.001",
        "verdict: remembered (0.560 lies above the margin)",
    ]
    assert "Single rows" not in audit_text(bare)


def test_tests_that_were_left_out_are_named_with_the_reason(bare):
    page = render_audit(replace(bare, skipped={"layers": "it runs more circuits"}))
    assert "The test by layers was left out" in page
    assert "it runs more circuits" in page
    assert "In which part of the model a leak sits" not in page
    assert "In which part of the model a leak sits" in render_audit(bare)
