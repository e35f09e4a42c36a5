import re
from xml.etree import ElementTree as ET

import numpy as np
import pytest

from qiskit_qmu._check import InputError
from qiskit_qmu.metrics.ranking import auroc, stratified_auroc
from qiskit_qmu.report import roc_figure
from qiskit_qmu.report.roc_figure import GRID, has_pairs, method_bands


@pytest.fixture
def generator():
    return np.random.default_rng(0)


def entry(method="ga", seed=0, shift=1.0, labels=1):
    draw = np.random.default_rng(seed)
    member_labels, nonmember_labels = draw.integers(labels, size=60), draw.integers(labels, size=50)
    return {
        "method": method,
        "seed": seed,
        "members": draw.normal(shift, 1.0, 60) + 5 * member_labels,
        "nonmembers": draw.normal(0.0, 1.0, 50) + 5 * nonmember_labels,
        "member_strata": member_labels,
        "nonmember_strata": nonmember_labels,
    }


def area(curve):
    return np.trapezoid(curve.tpr, GRID)


def test_area_of_one_class_is_the_auc(generator):
    one = entry()
    curve = method_bands([one], generator=generator)["ga"]
    assert area(curve) == pytest.approx(auroc(one["members"], one["nonmembers"]), abs=0.01)


def test_area_of_several_classes_is_the_stratified_auc(generator):
    one = entry(labels=3)
    curve = method_bands([one], generator=generator)["ga"]
    expected = stratified_auroc(
        one["members"], one["member_strata"], one["nonmembers"], one["nonmember_strata"]
    )
    # Pooled over classes whose scores lie apart, the curve would say something else.
    assert abs(auroc(one["members"], one["nonmembers"]) - expected.value) > 0.1
    assert area(curve) == pytest.approx(expected.value, abs=0.01)


def test_seeds_are_averaged_at_equal_false_positive_rate(generator):
    entries = [entry(seed=seed) for seed in range(3)]
    mean = method_bands(entries, generator=generator)["ga"]
    singles = [method_bands([one], generator=generator)["ga"].tpr for one in entries]
    np.testing.assert_allclose(mean.tpr, np.mean(singles, axis=0))
    assert np.all(mean.low <= mean.tpr)
    assert np.all(mean.tpr <= mean.high)


def test_bootstrap_band_holds_the_true_curve(generator):
    # Pointwise at false positive rate ½: Φ(1) for scores that differ by one standard deviation.
    # Of 40 bands 95 % hold it, the bootstrap of 50 rows a little fewer; under 30 has a chance
    # below 1e-4 even at 90 %.
    hits = 0
    for seed in range(40):
        curve = method_bands([entry(seed=seed)], generator=generator)["ga"]
        middle = len(GRID) // 2
        hits += curve.low[middle] <= 0.8413 <= curve.high[middle]
    assert hits >= 30


def test_references_come_first(generator):
    entries = [entry(name) for name in ("ga", "oracle", "original")]
    assert list(method_bands(entries, generator=generator)) == ["original", "oracle", "ga"]


def test_strata_may_be_left_out(generator):
    one = entry()
    bare = {key: one[key] for key in ("method", "members", "nonmembers")}
    first, second = (method_bands([part], generator=generator)["ga"] for part in (one, bare))
    np.testing.assert_array_equal(first.tpr, second.tpr)


def test_without_pairs_there_is_nothing_to_draw(generator):
    lonely = {"method": "ga", "members": [1.0], "nonmembers": []}
    assert not has_pairs([lonely])
    assert not has_pairs([])
    assert method_bands([lonely], generator=generator) == {}
    with pytest.raises(InputError, match="no class has scores of both members and non-members"):
        roc_figure([lonely])


@pytest.mark.parametrize(
    ("scores", "message"),
    [
        ([], "scores must not be empty"),
        ([{"members": [1.0], "nonmembers": [0.0]}], "a set of scores has no method"),
        (
            [{"method": "ga", "members": [1.0], "nonmembers": [0.0], "member_strata": [1, 2]}],
            "members and member_strata must have the same length, got 1 and 2",
        ),
    ],
)
def test_refuses(scores, message, generator):
    with pytest.raises(InputError, match=message):
        method_bands(scores, generator=generator)


@pytest.mark.parametrize("seeds", [1, 3])
def test_figure_is_the_same_xml_every_time(build, seeds):
    _, scores = build(seeds=seeds)
    svg = roc_figure(scores)
    assert svg == roc_figure(scores)
    ET.fromstring(svg)
    assert len(set(re.findall(r"roc-axes_\d+", svg))) == 9
