import re
from xml.etree import ElementTree as ET

import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.report import (
    accuracy_figure,
    aggregate,
    cost_figure,
    membership_figure,
    roc_figure,
)


@pytest.fixture(scope="module")
def sample(build):
    """A figure does not depend on what was forgotten."""
    return build("class")


SVG = "{http://www.w3.org/2000/svg}"
FIGURES = (accuracy_figure, membership_figure, cost_figure)


def texts(svg):
    return ["".join(node.itertext()) for node in ET.fromstring(svg).iter(f"{SVG}text")]


@pytest.mark.parametrize("figure", FIGURES)
def test_is_the_same_xml_every_time_and_loads_nothing(figure, sample):
    summaries = aggregate(sample[0])
    svg = figure(summaries)
    assert svg == figure(summaries)
    assert "date" not in svg.lower()
    assert "<metadata" not in svg
    assert not re.search(r'(?:href|src)="(?!#)', svg)
    assert "@import" not in svg
    root = ET.fromstring(svg)
    assert root.tag == f"{SVG}svg"
    assert root.get("role") == "img"
    assert root.get("aria-label")


def test_no_two_figures_share_an_identifier(sample):
    summaries = aggregate(sample[0])
    figures = [figure(summaries) for figure in FIGURES] + [roc_figure(sample[1])]
    identifiers = [name for svg in figures for name in re.findall(r' id="([^"]*)"', svg)]
    assert len(set(identifiers)) == len(identifiers)
    for svg in figures:
        known = set(re.findall(r' id="([^"]*)"', svg))
        used = set(re.findall(r'(?:href="|url\()#([^")]*)', svg))
        assert used <= known


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("seeds", [1, 3])
def test_names_every_method_once(figure, build, seeds):
    rows, _ = build(seeds=seeds)
    shown = texts(figure(aggregate(rows)))
    for row in rows:
        assert shown.count(row["method"]) == 1


def test_axes_have_names_and_units(sample):
    summaries = aggregate(sample[0])
    assert texts(accuracy_figure(summaries)).count("accuracy, %") == 2
    assert "share called a member, %" in texts(membership_figure(summaries))
    assert any("½" in text for text in texts(membership_figure(summaries)))
    assert any("oracle’s cost (logarithmic)" in text for text in texts(cost_figure(summaries)))


def test_cost_axis_is_linear_where_costs_are_alike():
    rows = [
        {"method": name, "seed": 0, "gradient_evaluations": cost, "circuits": cost}
        for name, cost in (("oracle", 100), ("ga", 50))
    ]
    shown = texts(cost_figure(aggregate(rows)))
    assert "multiple of the oracle’s cost (linear)" in shown
    assert "×0.5 (50)" in shown


def test_a_cost_of_zero_is_shown_on_a_logarithmic_axis(sample):
    assert "×0 (0)" in texts(cost_figure(aggregate(sample[0])))


@pytest.mark.parametrize("figure", FIGURES)
@pytest.mark.parametrize("value", [None, float("nan")])
def test_missing_numbers_are_dashes(figure, value):
    keys = ("acc_forget_train", "mia_auc", "mia_paper_rate", "circuits")
    rows = [{"method": "ga", "seed": 0, **dict.fromkeys(keys, value)}]
    shown = texts(figure(aggregate(rows)))
    assert "–" in shown
    assert not any("nan" in text for text in shown)


def test_hostile_names_stay_text():
    name = '<b id="x">$x_2$&'
    svg = accuracy_figure(aggregate([{"method": name, "seed": 0, "acc_retain_test": 0.5}]))
    assert name in texts(svg)


@pytest.mark.parametrize("figure", FIGURES)
def test_refuses_nothing(figure):
    with pytest.raises(InputError, match="summaries must not be empty"):
        figure([])


def boxes_of(figure):
    """Bounding boxes of all texts of a figure that can be seen, in pixels."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.text import Text

    renderer = FigureCanvasAgg(figure).get_renderer()
    figure.draw(renderer)
    found = [text for text in figure.findobj(Text) if text.get_text() and text.get_visible()]
    return {text: text.get_window_extent(renderer) for text in found}


@pytest.mark.slow
@pytest.mark.ci
@pytest.mark.parametrize("figure", [*FIGURES, roc_figure])
def test_no_text_lies_on_another(figure, build, monkeypatch):
    from qiskit_qmu.report import drawing

    rows, scores = build("instances", seeds=1)
    for part in (rows, scores):
        extra = [dict(entry) for entry in part if entry["method"] in ("ga", "ssd", "rga")]
        for entry in extra:
            entry["method"] = f"{entry['method']}-with-a-long-name-indeed"
        part.extend(extra)
    drawn = []
    monkeypatch.setattr(drawing, "to_svg", lambda figure, **_: drawn.append(figure) or "")
    figure(scores if figure is roc_figure else aggregate(rows))
    with drawing.style("test"):
        boxes = list(boxes_of(drawn[0]).items())
        page = drawn[0].bbox
    for index, (text, box) in enumerate(boxes):
        assert box.x0 >= page.x0 - 1, text
        assert box.x1 <= page.x1 + 1, text
        assert box.y0 >= page.y0 - 1, text
        assert box.y1 <= page.y1 + 1, text
        for other, other_box in boxes[index + 1 :]:
            # Lines of a font's box may touch; letters fill about three quarters of it.
            assert not box.shrunk(0.9, 0.7).overlaps(other_box.shrunk(0.9, 0.7)), (text, other)
