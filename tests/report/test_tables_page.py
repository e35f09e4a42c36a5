"""The page over many runs: self-contained, with gaps, trade-offs, costs, ROC bands and curves."""

import base64
import hashlib
import re
from types import SimpleNamespace

import numpy as np
import pytest
from html_check import check

from qiskit_qmu.metrics import Interval
from qiskit_qmu.report import RunRecords, result_tables
from qiskit_qmu.report.tables.learning_curves import curves_of
from qiskit_qmu.report.tables.tradeoff_figure import Point, front

EVIL = "</table></script><script>alert('x')</script>{{ 7 * 7 }}"


def records_of(build, kind):
    rows, scores = build(kind, 2, ("original", "oracle", "gd", "ssd"))
    history = ({"forget_loss": 0.5}, {"forget_loss": 0.7})
    return [
        SimpleNamespace(row=row, scores=entry, history=history)
        for row, entry in zip(rows, scores, strict=True)
    ]


@pytest.fixture(scope="module")
def page(build):
    failed = SimpleNamespace(row={"method": "", "seed": 5, "error": EVIL}, scores=None, history=())
    runs = [
        RunRecords(place={"forget": EVIL}, kind="class", records=records_of(build, "class")),
        RunRecords(
            place={"forget": "10 % of the rows"},
            kind="instances",
            records=[*records_of(build, "instances"), failed],
        ),
    ]
    return result_tables(runs, title=EVIL, environment={"python": EVIL}).to_html()


def test_is_well_formed_and_needs_nothing_but_itself(page):
    checker = check(page)
    assert checker.tags.count("svg") == 1 + 2 * 3  # trade-offs; cost, ROC, learning of each group
    assert checker.tags.count("table") == 2
    assert not {"link", "img", "iframe", "object"} & set(checker.tags)
    identifiers = re.findall(r'\bid="([^"]*)"', page)
    assert len(identifiers) == len(set(identifiers))


def test_the_only_script_is_the_one_that_the_policy_names(page):
    (script,) = (text for tag, text in check(page).contents if tag == "script")
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    assert f"script-src 'sha256-{digest}';" in page
    assert "alert" not in script


def test_shows_gaps_with_shades_and_what_guessing_scores(page):
    body = page[page.index("<tbody>") : page.index("</tbody>")]
    lines = [line for line in body.splitlines() if line.startswith("<tr")]
    names = [re.search(r'<th scope="row">(\w+)', line)[1] for line in lines]
    assert names == ["original", "oracle", "gd", "ssd", "guessing", "destroyed"] * 2
    # The original's forget accuracy, 61 points above the oracle's 0, has the deepest shade.
    shade, gap = re.search(r'<td class="(more-\d)[^>]*data-value="([^"]*)"', lines[0]).groups()
    assert shade == "more-5"
    assert float(gap) == pytest.approx(0.61, abs=0.12)
    # 90 % as many retained rows right as the oracle: below it, and shaded for that.
    assert "less-" in lines[3]
    assert '<td data-value="">10.0<small>value</small></td>' in lines[4]  # one in ten classes


def test_front_leaves_out_what_another_dominates():
    points = [
        Point(name, Interval(distance), Interval(kept))
        for name, distance, kept in (("a", 0, 60), ("b", 10, 90), ("c", 12, 80), ("d", 0, 55))
    ]
    assert [point.method for point in front(points)] == ["a", "b"]
    assert [p.method for p in front(points, lower_is_better=True)] == ["d"]


def test_learning_curves_end_where_the_shortest_seed_does():
    def record(seed, losses, key="retain_loss"):
        history = [{key: loss, "updated_share": 0.1} for loss in losses]
        return SimpleNamespace(row={"method": "gd", "seed": seed}, history=history)

    curves = curves_of([record(0, [3, 2, 1]), record(1, [5, 4]), record(2, [1], "forget_loss")])
    assert list(curves) == ["retain_loss"]
    assert np.array_equal(curves["retain_loss"]["gd"], [[3, 2], [5, 4]])
