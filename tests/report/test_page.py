import base64
import json
import re
import subprocess
import sys

import pytest
from html_check import check

from qiskit_qmu._check import InputError
from qiskit_qmu.evaluation import COSTS, RESULTS
from qiskit_qmu.report import aggregate, reading, render_page, text_table, write_page
from qiskit_qmu.report.headline import SYMBOLS, headline


@pytest.fixture(scope="module")
def page(build, kind, config, environment):
    rows, scores = build(kind)
    return render_page(
        rows, scores=scores, config=config, environment=environment, kind=kind, title="Digits"
    )


@pytest.fixture
def without_figures(monkeypatch):
    """Leave out the figures, which take nearly all of a page's time."""
    monkeypatch.setattr("qiskit_qmu.report.page._figures", lambda *_: ())


def test_is_well_formed(page):
    checker = check(page)
    assert checker.tags.count("svg") == 4
    assert checker.tags.count("table") == 3
    assert checker.tags.count("figcaption") == 4


@pytest.mark.parametrize("kind", ["class"], indirect=True)
def test_is_the_same_every_time(page, sample, kind, config, environment):
    rows, scores = sample
    options = {"config": config, "environment": environment, "title": "Digits"}
    assert page == render_page(rows, scores=scores, kind=kind, **options)


def test_needs_nothing_but_itself(page):
    checker = check(page)
    assert not {"script", "link", "img", "iframe", "object"} & set(checker.tags)
    for tag, name, value in checker.attributes:
        assert not name.startswith("on")
        if name in ("src", "href", "xlink:href", "data", "action", "srcset"):
            assert value.startswith("#") or (
                tag == "a" and value.startswith(("https://arxiv.org/abs/", "data:application/json"))
            )
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)


def test_figures_follow_the_colour_scheme(page):
    assert "prefers-color-scheme: dark" in page
    for name in ("ink", "muted", "grid", "trained", "unseen", "method"):
        assert page.count(f"--{name}:") == 2
        assert f"var(--{name}, #" in page


def test_caption_fits_the_kind(page, kind):
    by_class = "On a forgotten class both rates move with how the model answers that class" in page
    instances = "A good method ends on the oracle’s lines" in page
    assert (by_class, instances) == (kind == "class", kind == "instances")


def test_says_what_looking_at_nothing_scores(page):
    text = " ".join(" ".join(check(page).text).split())
    assert "always “member” an attack that calls every row a member – – – – 100 100 0 0.50" in text
    assert "a model that guesses 10.0 – – 10.0" in text
    assert "guessing looks at nothing" in text
    assert "destroyed model" in text
    assert "doing nothing" in text


def test_every_number_that_is_shown_is_one_that_runs_write(real):
    for row in real["rows"]:
        for column in RESULTS:
            keys = {f"{column.key}{end}" for end in ("", "_low", "_high")}
            assert keys <= row.keys() if column.applies != "values" else not keys & row.keys()
        assert {column.key for column in COSTS} <= row.keys()


def test_a_real_run_shows_chance(real):
    """Iris has three classes: who guesses is right in a third of cases."""
    checker = check(real["page"])
    assert checker.tags.count("svg") == 4
    text = " ".join(" ".join(checker.text).split())
    assert "a model that guesses 33.3 – – 33.3 – – – 0.50" in text
    assert "the same output for every row 0 or 100 – – about 33.3" in text


def test_a_real_run_shows_its_verdicts_and_parameters(real):
    text = " ".join(" ".join(check(real["page"]).text).split())
    for row in real["rows"]:
        assert row["verdict"] in text
    counts = (real["rows"][0][f"{part}_parameters"] for part in ("quantum", "classical"))
    assert "The model has {} quantum and {} classical parameters".format(*counts) in text


def first_section(page):
    """Return the text of the page's first section."""
    text = next(text for tag, text in check(page).contents if tag == "section")
    return " ".join(text.split())


@pytest.mark.usefixtures("without_figures")
def test_the_verdict_comes_first_with_what_decided_and_the_rule(build, kind):
    rows, scores = build(kind)
    first = first_section(render_page(rows, kind=kind, scores=scores))
    said = headline(aggregate(rows), kind)
    assert first.startswith(
        f"✓ The deletion worked: 2 of 7 methods forgot with every seed. {said.advice}"
    )
    assert said.rule in first
    decided = "forget accuracy, train" if kind == "class" else "AUC, confidence"
    value = next(s for s in aggregate(rows) if s.method == said.focus).values
    shown = value["acc_forget_train"].value * 100 if kind == "class" else value["mia_auc"].value
    assert re.search(
        rf"{said.focus}: {decided}[^▸]* {shown:.{1 if kind == 'class' else 2}f}", first
    )
    assert re.search(r"▸ decided\s*oracle [\d.]+ .*original [\d.]+", first)


def test_a_method_that_changed_nothing_is_not_the_nearest_of_several():
    unchanged = {"method": "ssd", "verdict": "unchanged", "js_oracle_retain": 0.01}
    other = {"method": "ga", "verdict": "remembered", "js_oracle_retain": 0.3}
    assert headline(aggregate([unchanged, other]), "class").focus == "ga"
    assert headline(aggregate([unchanged, {**unchanged, "method": "ga"}]), "class").focus == ""
    assert headline(aggregate([unchanged]), "class").focus == "ssd"


def test_page_and_terminal_say_the_same(build, kind):
    rows, _ = build(kind)
    said = headline(aggregate(rows), kind)
    printed = " ".join(text_table(rows, kind=kind).split())
    assert printed.endswith(f"Rule: {said.rule} {said.title} {said.advice}")


@pytest.mark.usefixtures("without_figures")
@pytest.mark.parametrize(
    ("verdict", "symbol", "title", "advice"),
    [
        ("remembered", "✗", "none of 7 methods forgot", "Retrain without the rows, as the oracle"),
        (
            "utility lost",
            "✗",
            "none of 7 methods forgot",
            "fewer or smaller steps, or with a repair",
        ),
        ("unresolved", "?", "is not known: no method passed", "audit again with more rows"),
        (
            "invalid oracle",
            "?",
            "the oracle is not one",
            "Audit again beside oracles that can serve",
        ),
    ],
)
def test_where_none_passed_it_says_so_and_what_to_do(build, kind, verdict, symbol, title, advice):
    rows, _ = build(kind, seeds=1)
    for row in rows:
        row["verdict"] = verdict
    first = first_section(render_page(rows, kind=kind))
    assert first.startswith(symbol)
    assert title in first
    assert advice in first
    assert "Use " not in first


def test_every_verdict_has_its_symbol_and_its_word(page):
    shown = [" ".join(text.split()) for tag, text in check(page).contents if tag == "td"]
    verdicts = [text for text in shown if text[:1] in SYMBOLS.values()]
    assert len(verdicts) == 9
    assert "✓ forgotten with all 3 seeds" in verdicts
    assert "✗ over-forgotten with all 3 seeds" in verdicts


@pytest.mark.usefixtures("without_figures")
def test_seeds_that_differ_are_counted(build, kind):
    rows, _ = build(kind, methods=["original", "oracle", "ga-r"])
    rows[-1]["verdict"] = "remembered"
    said = "forgotten with 2 of 3 seeds: remembered with 1"
    assert f"</span> {said}</td>" in render_page(rows, kind=kind)
    assert headline(aggregate(rows), kind).title.startswith(
        f"The deletion did not work with every seed: ga-r is {said}"
    )
    verdicts = ("unresolved", "unresolved", "unchanged")
    for row, verdict in zip([r for r in rows if r["method"] == "ga-r"], verdicts, strict=True):
        row["verdict"] = verdict
    assert (
        "ga-r is unchanged with 1, unresolved with 2 of 3 seeds."
        in headline(aggregate(rows), kind).title
    )


@pytest.mark.usefixtures("without_figures")
def test_a_method_that_failed_or_did_nothing_is_no_recommendation(build, kind):
    rows, _ = build(kind, seeds=1, methods=["original", "oracle", "ga", "ga-r", "rga-r"])
    by_method = {row["method"]: row for row in rows}
    by_method["rga-r"] |= {"largest_change": 0.0, "stopped": "it was past its goal"}
    by_method["ga-r"] |= {"largest_change": 0.3, "stopped": "goal reached"}
    lost = {"method": "ga", "seed": 0, "error": "its weights are NaN after epoch 2"}
    rows = [lost if row["method"] == "ga" else row for row in rows]
    page, table = render_page(rows, kind=kind), text_table(rows, kind=kind)
    assert "Use ga-r: it is the only method that passed" in page
    assert "<span>stopped when it had reached its goal</span>" in page
    for said in ("changed nothing: it was past its goal", "failed: its weights are NaN after"):
        assert said in page
        assert said in table


def test_what_costs_more_than_retraining_is_no_bargain(build):
    rows, _ = build(seeds=1, methods=["original", "oracle", "ga-r"])
    by_method = {row["method"]: row for row in rows}
    assert (
        "It took 6.7 % of the circuits of retraining" in headline(aggregate(rows), "class").advice
    )
    by_method["ga-r"] |= {"circuits": 2 * by_method["oracle"]["circuits"], "stopped": "limit"}
    said = headline(aggregate(rows), "class")
    assert said.title == "The deletion worked, but retraining costs less: ga-r has forgotten."
    assert "ga-r takes 2 times the circuits of retraining" in said.advice
    assert said.advice.endswith("it took all its steps without reaching its own goal.")


@pytest.mark.usefixtures("without_figures")
def test_evidence_is_shown_and_held_as_json(build):
    rows, _ = build(seeds=1, methods=["oracle", "ga"])
    data = {"file": "rows.csv", "SHA-256": "9f86d081", "columns": ["age", "sex"]}
    page = render_page(rows, kind="class", evidence={"Rows": data})
    checker = check(page)
    assert {"rows.csv", "9f86d081", "age, sex"} <= {
        text for tag, text in checker.contents if tag == "dd"
    }
    (link,) = (v for _, n, v in checker.attributes if n == "href" and v.startswith("data:"))
    held = json.loads(base64.b64decode(link.partition(",")[2]))
    assert held["evidence"] == {"Rows": data}
    assert held["rows"] == rows


def test_a_model_of_values_has_a_page_without_classes(build):
    keys = ("r2_forget_train", "r2_retain_test", "loss_forget_train", "loss_retain_test", "mia_auc")
    rows = [
        {"method": name, "seed": 0, "verdict": verdict, **dict.fromkeys(keys, value)}
        for name, value, verdict in (
            ("original", 0.8, "remembered"), ("oracle", 0.5, "forgotten"), ("ga", 0.6, "forgotten"),
        )
    ]  # fmt: skip
    text = " ".join(" ".join(check(render_page(rows, kind="instances")).text).split())
    assert "its R² (never seen) is at most 0.05 below the oracle’s or the original’s" in text
    assert "The deletion worked: ga has forgotten." in text
    for absent in ("forget accuracy, %", "called a member", "JS, nats", "gradients"):
        assert absent not in text


@pytest.mark.parametrize(
    ("seeds", "words"),
    [(1, "One seed does not tell"), (2, "Two seeds hardly tell"), (3, "")],
)
def test_too_few_seeds_are_said(build, seeds, words):
    rows, _ = build(seeds=seeds)
    summaries = aggregate(rows)
    for text in (reading.intervals(summaries), reading.page_intervals(summaries)):
        assert words in text
        assert ("seeds hardly" in text or "does not tell" in text) == bool(words)
    assert words in " ".join(text_table(rows, kind="class").split())


def test_says_how_much_is_quantum(page):
    assert "100 quantum and 110 classical parameters: 47.6 %" in page


def test_shows_configuration_and_environment(page):
    text = "".join(check(page).text)
    for part in ("ga.learning_rate", "0.003", "train_size", "qiskit-machine-learning"):
        assert part in text


def test_nothing_empty_is_shown(real):
    """What a run was not told (`forget_class: null`) and tables with nothing in them."""
    checker = check(real["page"])
    assert "null" not in [text.strip() for text in checker.text]
    assert {"{}", "[]", ""}.isdisjoint(
        text
        for tag, text in checker.contents
        if tag in {"h2", "h3", "dd", "dt", "th", "figcaption"}
    )
    for tag, text in checker.contents:
        if tag == "dl":
            assert text.strip()


def test_claims_no_certificate(page):
    assert "certified" not in page.lower()


@pytest.mark.parametrize("seeds", [2])
@pytest.mark.parametrize(
    "methods", [["original", "ga"], ["ga"], ["original", "oracle"], ["oracle"]]
)
def test_any_choice_of_rows(build, seeds, methods):
    rows, scores = build("instances", seeds, methods)
    text = "".join(check(render_page(rows, scores=scores, kind="instances")).text)
    assert "nan" not in re.findall(r"\w+", text)


def test_rows_without_a_number(kind):
    page = render_page([{"method": "ga", "seed": 0, "mia_auc": None}], kind=kind)
    checker = check(page)
    assert "svg" not in checker.tags
    assert "nothing was measured" in "".join(checker.text)


@pytest.mark.parametrize("kind", ["class"], indirect=True)
def test_hostile_text_stays_text(build, kind):
    rows, scores = build(kind, seeds=1, methods=["original", "oracle", "ga", "rga-r"])
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


@pytest.mark.usefixtures("without_figures")
def test_writes_all_or_nothing(build, tmp_path):
    path, (rows, _) = tmp_path / "new" / "report.html", build("class", 1, ["original", "oracle"])
    assert write_page(path, rows, kind="class") == path
    before = path.read_text(encoding="utf-8")
    assert before == render_page(rows, kind="class")
    with pytest.raises(InputError):
        write_page(path, [], kind="class")
    assert path.read_text(encoding="utf-8") == before
    assert [item.name for item in path.parent.iterdir()] == ["report.html"]


def test_refuses_an_unknown_kind(sample):
    with pytest.raises(InputError, match="kind must be one of class, instances; got 'rows'"):
        render_page(sample[0], kind="rows")


def test_import_is_cheap():
    code = (
        "import sys, qiskit_qmu.report.page; "
        "heavy = {'matplotlib', 'jinja2', 'scipy.stats', 'torch', 'qiskit'} & set(sys.modules); "
        "sys.exit(str(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
