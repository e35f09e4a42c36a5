import re
import subprocess
import sys

import pytest
from html_check import check

from qiskit_qmu._check import InputError
from qiskit_qmu.report import render_page, write_page


@pytest.fixture(scope="module")
def page(build, kind, config, environment):
    rows, scores = build(kind)
    return render_page(
        rows, scores=scores, config=config, environment=environment, kind=kind, title="Digits"
    )


def test_is_well_formed(page):
    checker = check(page)
    assert checker.tags.count("svg") == 4
    assert checker.tags.count("table") == 5
    assert checker.tags.count("figcaption") == 4


def test_is_the_same_every_time(page, sample, kind, config, environment):
    rows, scores = sample
    again = render_page(
        rows, scores=scores, config=config, environment=environment, kind=kind, title="Digits"
    )
    assert page == again


def test_needs_nothing_but_itself(page):
    checker = check(page)
    assert not {"script", "link", "img", "iframe", "object"} & set(checker.tags)
    for tag, name, value in checker.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "data", "action", "srcset"):
            assert value.startswith("#") or (
                tag == "a" and value.startswith("https://arxiv.org/abs/")
            )
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_figures_follow_the_colour_scheme(page):
    assert "prefers-color-scheme: dark" in page
    for name in ("ink", "muted", "grid", "trained", "unseen", "method"):
        assert page.count(f"--{name}:") == 2
        assert f"var(--{name}, #" in page


def test_caption_fits_the_kind(page, kind):
    by_class = "On a forgotten class the blue dot is nearly the class’s accuracy" in page
    instances = "A good method ends on the oracle’s lines" in page
    assert (by_class, instances) == (kind == "class", kind == "instances")


def test_says_what_useless_answers_score(page):
    text = " ".join(" ".join(check(page).text).split())
    assert "always “member” an attack that looks at nothing – – 100 100 0.50" in text
    assert "a model that guesses the class 10.0 10.0" in text
    assert "destroyed model" in text
    assert "do nothing" in text


def test_says_how_much_is_quantum(page):
    assert "100 quantum and 110 classical parameters: 47.6 %" in page


def test_shows_configuration_and_environment(page):
    text = "".join(check(page).text)
    for part in ("ga.learning_rate", "0.003", "num_qubits", "qiskit-machine-learning", "0.9.1"):
        assert part in text


def test_claims_no_certificate(page):
    assert "certified" not in page.lower()


@pytest.mark.parametrize("seeds", [1, 2])
@pytest.mark.parametrize("methods", [None, ["ga"], ["original", "oracle"], ["oracle"]])
def test_any_choice_of_rows(build, kind, seeds, methods):
    rows, scores = build(kind, seeds, methods)
    text = "".join(check(render_page(rows, scores=scores, kind=kind)).text)
    assert "nan" not in re.findall(r"\w+", text)


def test_rows_without_a_number(kind):
    page = render_page([{"method": "ga", "seed": 0, "mia_auc": None}], kind=kind)
    checker = check(page)
    assert "svg" not in checker.tags
    assert "nothing was measured" in "".join(checker.text)


def test_hostile_text_stays_text(sample, kind):
    rows, scores = sample
    evil = "</style></svg><script>alert('x')</script>{{ 7 * 7 }}"
    rows[-1]["verdict"] = evil
    renamed = [{**row, "method": evil} if row["method"] == "ga" else row for row in rows]
    rescored = [{**one, "method": evil} if one["method"] == "ga" else one for one in scores]
    page = render_page(
        renamed,
        scores=rescored,
        config={evil: {evil: [evil, {"deep": evil}]}, "object": object},
        environment={evil: evil},
        kind=kind,
        title=evil,
        forgotten=evil,
    )
    checker = check(page)
    assert "script" not in checker.tags
    assert page.count("</style>") == 1 + checker.tags.count("svg")
    assert evil in "".join(checker.text)


def test_writes_all_or_nothing(sample, kind, tmp_path):
    path = tmp_path / "new" / "report.html"
    assert write_page(path, sample[0], kind=kind) == path
    before = path.read_text(encoding="utf-8")
    assert before == render_page(sample[0], kind=kind)
    with pytest.raises(InputError):
        write_page(path, [], kind=kind)
    assert path.read_text(encoding="utf-8") == before
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_refuses_an_unknown_kind(sample):
    with pytest.raises(InputError, match="kind must be one of class, instances; got 'rows'"):
        render_page(sample[0], kind="rows")


def test_import_is_cheap():
    code = (
        "import sys, qiskit_qmu.report.page; "
        "heavy = {'matplotlib', 'jinja2', 'scipy', 'torch', 'qiskit'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
