"""Figures of protocols: every number that is known stands in them, with its interval."""

import re
from xml.etree import ElementTree as ET

import pytest
from html_check import check

from qiskit_qmu.experiments import PROTOCOLS
from qiskit_qmu.experiments.reproduce.compared import Compared, StudyReport
from qiskit_qmu.experiments.reproduce.comparison_page import comparison_page
from qiskit_qmu.experiments.reproduce.comparison_text import comparison_markdown
from qiskit_qmu.experiments.reproduce.protocol import Choice
from qiskit_qmu.metrics import Interval

TEXT = "{http://www.w3.org/2000/svg}text"


def compared_of(protocol, tasks, methods):
    """Return made-up numbers of some tasks, each other than the others."""
    return [
        Compared(
            task=task,
            method=method,
            quantity=quantity,
            ours=Interval(0.5 + n, 0.3 + n, 0.7 + n),
            seeds=3,
            theirs=None,
        )
        for n, task in enumerate(tasks)
        for method in methods
        for quantity in protocol.quantities
    ]


def texts(figure):
    return ["".join(node.itertext()) for node in ET.fromstring(figure.svg).iter(TEXT)]


@pytest.fixture(scope="module")
def depth():
    protocol = PROTOCOLS["hqml-depth"]
    names = [
        f"Iris, {n}, entanglement {e}" for n in ("1 layer", "6 layers") for e in ("none", "ring")
    ]
    return compared_of(protocol, names, ("original", "oracle", "lca"))


@pytest.fixture(scope="module")
def figures(depth):
    return PROTOCOLS["hqml-depth"].figures(depth)


def test_depth_has_figures_of_memorisation_and_of_unlearning_on_each_dataset(figures):
    memorisation, iris = figures
    assert (memorisation.name, iris.name) == ("memorisation", "unlearning-iris")
    shown = texts(memorisation)
    assert [shown.count(name) for name in ("none", "ring", "full", "Iris")] == [1, 1, 0, 3]
    assert {"generalisation gap, points", "AUC retained", "AUC with references"} <= set(shown)
    shown = texts(iris)
    assert [shown.count(name) for name in ("original", "lca", "ga-r")] == [2, 2, 0]
    bars = re.findall(r"stroke-opacity: 0.55", iris.svg)
    assert len(bars) >= 4 * 2  # (two lines in each of four panels)


def test_figure4_has_the_path_from_the_original_on_and_a_grid_for_each_accuracy():
    protocol = PROTOCOLS["qmu-figure4"]
    tasks = ["basic, 1 epoch of ascent", "basic, SSD with α = 5 and λ = 0.5"]
    compared = compared_of(protocol, tasks, ("original", "oracle", "ga", "ssd"))
    path, grid = protocol.figures(compared)
    assert {"basic: ga", "forget train", "retain test"} <= set(texts(path))
    shown = texts(grid)
    assert shown.count("1.5") == 4  # (the second task's number, once for each accuracy)
    assert shown.count("±0.2") == 4
    assert "basic: retain train, %" in shown


def test_a_page_of_a_quick_check_says_so_and_holds_figures_tables_and_legend(depth, figures):
    report = StudyReport(
        title="</title>evil", compared=depth, notes=["a <b>note"], figures=figures, quick=True
    )
    page = comparison_page(report)
    found = check(page)
    assert found.tags.count("svg") == 2
    assert found.tags.count("table") == 4
    words = "".join(found.text)
    assert "its numbers mean nothing" in words
    assert "a <b>note" in words
    assert all(quantity.title in words for quantity in PROTOCOLS["hqml-depth"].quantities)
    markdown = comparison_markdown(report)
    assert markdown.count("![") == 2
    assert "> **QUICK CHECK" in markdown


@pytest.mark.slow
def test_labels_of_figures_are_those_of_the_experiments(tmp_path):
    """A figure finds its numbers by the task's name."""
    for name in ("hqml-depth", "qmu-figure4"):
        protocol = PROTOCOLS[name]
        choice = Choice(seeds=1, form=protocol.check_form(None), folder=tmp_path)
        tasks = list(dict.fromkeys(task for task, _ in protocol.tasks(choice)))
        methods = (
            "original",
            "oracle",
            "ga",
            "rga",
            "ssd",
            "ga-r",
            "rga-r",
            "lca",
            "eu-k",
            "noisy-ft",
        )
        figures = protocol.figures(compared_of(protocol, tasks, methods))
        markers = sum(figure.svg.count("<use ") for figure in figures)
        assert len(figures) == {"hqml-depth": 3, "qmu-figure4": 2}[name]
        assert markers >= {"hqml-depth": (6 + 24) * 16, "qmu-figure4": 4 * 4 * 7}[name]
