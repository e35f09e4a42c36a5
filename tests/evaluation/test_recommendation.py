"""Which method is recommended: the cheapest that passed, unless another is clearly nearer."""

import pytest

from qiskit_qmu.evaluation import aggregate, recommend


def methods(**given):
    """Return summaries; each method has (verdict, circuits, distance), each distance ± 10 %."""
    rows = [{"method": "oracle", "verdict": "forgotten", "circuits": 1000}]
    for name, (verdict, circuits, distance) in given.items():
        row = {"method": name, "verdict": verdict, "circuits": circuits}
        for key in ("js_oracle_forget", "js_oracle_retain"):
            row |= {key: distance, f"{key}_low": 0.9 * distance, f"{key}_high": 1.1 * distance}
        rows.append(row)
    return aggregate(rows)


@pytest.mark.parametrize(
    ("dear", "chosen", "cheapest"),
    [
        (("forgotten", 900, 0.06), "cheap", ""),  # nearer, but by less than half
        (("forgotten", 900, 0.04), "dear", "cheap"),
        (("forgotten", 1000, 0.04), "cheap", ""),  # as dear as retraining
        (("remembered", 900, 0.04), "cheap", ""),
        (("forgotten", 10, 0.5), "cheap", "dear"),
    ],
)
def test_the_cheapest_unless_another_is_clearly_nearer(dear, chosen, cheapest):
    found = recommend(methods(cheap=("forgotten", 50, 0.1), dear=dear))
    assert (found.outcome, found.method, found.cheapest) == ("recommended", chosen, cheapest)
    assert found.cost.key == "circuits"


def test_each_step_up_in_cost_must_be_clearly_nearer():
    steps = {"a": 0.1, "b": 0.04, "c": 0.03, "d": 0.01}
    given = {name: ("forgotten", 10 * (i + 1), js) for i, (name, js) in enumerate(steps.items())}
    assert recommend(methods(**given)).method == "d"
    assert recommend(methods(**{name: given[name] for name in "abc"})).method == "b"


def test_intervals_that_overlap_show_no_difference():
    rows = [{"method": "oracle", "circuits": 1000}]
    for name, circuits, js in (("cheap", 50, 0.1), ("dear", 90, 0.01)):
        keys = ("js_oracle_forget", "js_oracle_retain")
        near = {f"{key}{end}": js for key in keys for end in ("", "_low")}
        high = {f"{key}_high": 0.2 for key in keys}
        rows.append({"method": name, "verdict": "forgotten", "circuits": circuits, **near, **high})
    assert recommend(aggregate(rows)).method == "cheap"


@pytest.mark.parametrize(
    ("verdict", "circuits", "outcome"),
    [
        ("forgotten", 2000, "dearer"),
        ("utility lost", 10, "none passed"),
        ("unresolved", 10, "unknown"),
        ("invalid oracle", 10, "not judged"),
    ],
)
def test_otherwise_none_is_recommended(verdict, circuits, outcome):
    found = recommend(methods(ga=(verdict, circuits, 0.1)))
    assert (found.outcome, found.method) == (outcome, "")


def test_without_an_oracle_nothing_is_judged():
    assert recommend(aggregate([{"method": "ga", "verdict": "unresolved"}])).outcome == "not judged"


def test_without_costs_the_nearest_and_with_gradients_alone_the_cheapest():
    rows = [
        {"method": name, "verdict": "forgotten", "js_oracle_forget": js, "js_oracle_retain": js,
         "gradient_evaluations": cost}
        for name, js, cost in (("oracle", 0.0, 100), ("a", 0.2, 10), ("b", 0.15, 20))
    ]  # fmt: skip
    assert recommend(aggregate(rows)).method == "a"
    for row in rows:
        row["gradient_evaluations"] = None
    assert recommend(aggregate(rows)).method == "b"
