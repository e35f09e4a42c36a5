"""Verdicts on models that do nothing, forget, forget too much, or are destroyed."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.metrics import r2_score
from table_models import ROWS, Table, class_split, knowing, labels, noisy, numbered, row_split

from qiskit_qmu.auditing import Auditor, audit, observe_split
from qiskit_qmu.auditing.oracle_checks import findings_of_oracles
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import (
    Beside,
    Case,
    Evidence,
    Finding,
    SplitObservations,
    judge,
    measure,
)
from qiskit_qmu.evaluation.resolution import what_would_resolve
from qiskit_qmu.metrics import (
    Interval,
    binomial_interval,
    detectable_auc,
    difference_interval,
    jensen_shannon,
    rows_needed_for_equivalence,
)
from qiskit_qmu.observation import Observations


@pytest.fixture(autouse=True)
def _without_the_papers_attack(monkeypatch):
    """No verdict rests on it, and fitting it takes most of an audit's time here."""
    monkeypatch.setattr("qiskit_qmu.auditing.auditor.paper_protocol", lambda *_: None)


def _report(logits, oracle, split, original=None, margin=0.15):
    """Audit tables of logits; 40 rows of a class, or 60 rows, show an equivalence within 0.15."""
    oracles = oracle if isinstance(oracle, list) else [] if oracle is None else [oracle]
    return audit(
        Table(logits),
        split,
        oracles=[Table(each) for each in oracles],
        original=None if original is None else Table(original),
        margin=margin,
    )


def _verdict(*arguments, **options):
    report = _report(*arguments, **options)
    return report.verdict, report.reason


def _without_class_1(other=0):
    answers = labels().copy()
    answers[answers == 1] = other
    return knowing(3.0, answers)


@pytest.mark.parametrize(
    ("logits", "verdict", "reason"),
    [
        (
            knowing(2.9),
            "remembered",
            "on the forgotten rows is 1.000 [0.875, 1.000] above",
        ),
        (_without_class_1(), "forgotten", "is 0.000 [-0.088, 0.088] above the oracle's, at most"),
        (_without_class_1(other=2), "forgotten", "at most 0.15 by its interval"),
        (knowing(3.0, np.zeros(2 * ROWS, dtype=int)), "utility lost", "0.500 [0.377, 0.614] below"),
    ],
    ids=["no-op", "oracle-like", "other wrong class", "destroyed"],
)
def test_a_class(logits, verdict, reason):
    own, why = _verdict(logits, _without_class_1(), class_split(), knowing(3.0))
    assert own == verdict
    assert reason in why


def test_a_class_is_not_forgotten_by_absence_of_significance():
    report = _report(_without_class_1(), _without_class_1(), class_split(), knowing(3.0), 0.05)
    assert (report.verdict, report.decided_by) == ("unresolved", "acc_forget_train")
    assert "takes at least 72 rows of the class" in report.reason  # 1 - 0.025 ** (1 / 72) < 0.05
    assert "0 of 40 rows of the class are recognised, by retrained models 0;" in report.reason
    assert report.reason.endswith("otherwise retrain")


@pytest.mark.parametrize(
    ("recognised", "said"),
    [
        (2, "takes more rows of the class, or fewer of them recognised; otherwise retrain"),
        (8, "more rows recognised as often would not show an accuracy within 0.05 of the oracle's"),
    ],
)
def test_more_rows_of_a_class_are_advised_only_where_they_would_help(recognised, said):
    labels = [1] * 80
    named = [[0.0, 1.0]] * recognised + [[1.0, 0.0]] * (80 - recognised)
    seen = SplitObservations(forget=Observations(logits=named, labels=labels))
    oracle = SplitObservations(forget=Observations(logits=[[1.0, 0.0]] * 80, labels=labels))
    evidence = Evidence(observed=seen, oracles=(oracle,))
    advice = what_would_resolve(evidence, "class", 0.05, has_strategy=False)
    assert advice.startswith(f"{recognised} of 80 rows of the class are recognised")
    assert said in advice


# 60 forgotten and 120 never-seen rows, margins of deviation 1: a shift of 2 has an AUC of 0.92.
@pytest.mark.parametrize(
    ("shift", "verdict"), [(2.0, "remembered"), (0.0, "forgotten"), (-2.0, "over-forgotten")]
)
def test_single_rows(shift, verdict):
    own, _ = _verdict(noisy(1, forgotten=shift), noisy(2), row_split(), noisy(3, forgotten=3.0))
    assert own == verdict


def test_too_few_rows_leave_it_unresolved_and_say_how_many_would_do():
    report = _report(noisy(1), noisy(2), row_split(), noisy(3, forgotten=3.0), margin=0.05)
    assert (report.verdict, report.decided_by) == ("unresolved", "reference_auc")
    leak, rows = detectable_auc(60, 120), rows_needed_for_equivalence(0.05)
    assert f"with 60 rows beside 120, leaks with an AUC of {leak:.2f} or more" in report.reason
    assert f"takes about {rows} rows on each side" in report.reason
    assert "qmu audit NEW --original MODEL --shadows 28)" in report.reason
    row = report.rows[-1]
    assert row["decided_value_low"] == row["reference_auc_low"]


@pytest.mark.parametrize(
    ("logits", "oracle", "split"),
    [(noisy(1), noisy(2), row_split()), (_without_class_1(), _without_class_1(), class_split())],
)
def test_without_the_original_nothing_is_forgotten(logits, oracle, split):
    own, why = _verdict(logits, oracle, split)
    assert own == "unresolved"
    assert "without the model before unlearning nobody can tell" in why


@pytest.mark.parametrize("seed", range(4))
def test_an_untouched_original_is_never_forgotten(seed):
    untouched, oracles = noisy(seed), [noisy(seed + 10), noisy(seed + 20)]
    moved = untouched + 1e-4  # not the very same weights
    assert _verdict(moved, oracles, row_split(), untouched)[0] != "forgotten"
    assert _verdict(moved, oracles, row_split())[0] != "forgotten"


def test_a_trace_that_only_the_oracle_shows_counts():
    own, why = _verdict(noisy(1, forgotten=0.1), noisy(1), row_split())
    assert own == "remembered"
    assert why.startswith("AUC beside the oracle 1.000")


def test_single_rows_with_lost_utility():
    answers = np.zeros(2 * ROWS, dtype=int)
    own, why = _verdict(knowing(3.0, answers), noisy(2), row_split())
    assert own == "utility lost"
    assert "0.667 [0.570, 0.750] below" in why


def test_a_loss_is_too_large_if_its_whole_interval_is():
    answers = _without_class_1().argmax(axis=1)
    kept = ROWS + class_split().test_retain.indices
    expected = {4: "forgotten", 5: "unresolved", 10: "unresolved", 11: "utility lost"}
    for wrong, verdict in expected.items():  # of 80
        changed = answers.copy()
        changed[kept[:wrong]] = 1
        own, why = _verdict(knowing(3.0, changed), _without_class_1(), class_split(), knowing(3.0))
        assert own == verdict
        lost = difference_interval(binomial_interval(wrong, 80), binomial_interval(0, 80))
        assert (lost.low > 0.05) == (own == "utility lost")
        assert (own == "unresolved") == ("needs more never-seen rows to retain" in why)


def test_without_an_oracle_it_is_unresolved():
    own, why = _verdict(noisy(1), None, row_split())
    assert own == "unresolved"
    assert why.startswith("without a retrained model there is nothing to compare with")


def test_one_row_alone_cannot_be_tested():
    split = ForgetSplit.by_indices(numbered(), [5])
    own, why = _verdict(noisy(1, forgotten=5.0), noisy(1), split)
    assert own == "unresolved"
    assert "fewer than two" in why


def test_without_never_seen_rows_to_retain_utility_is_that_of_training_rows():
    ds, own = numbered(), class_split()
    split = ForgetSplit(
        kind="class",
        label=1,
        num_classes=3,
        forget=own.forget,
        retain=own.retain,
        validation=ds.train.take([]),
        test_forget=own.test_forget,
        test_retain=ds.test.take([]),
    )
    destroyed = knowing(3.0, np.zeros(2 * ROWS, dtype=int))
    verdict, why = _verdict(destroyed, _without_class_1(), split)
    assert verdict == "utility lost"
    assert "training rows" in why


def _right_on(share):
    """Logits that name the class of a share of the rows of class 1, and of all other rows."""
    answers = labels().copy()
    own = np.flatnonzero(answers == 1)
    answers[own[np.arange(len(own)) % 10 >= 10 * share]] = 0
    return knowing(3.0, answers)


def test_a_class_that_was_never_learned_is_not_forgotten():
    """Original, oracle and audited all know 30 % of the class: nothing was there to forget."""
    weak = _right_on(0.3)
    own, why = _verdict(_right_on(0.3) + 1e-4, weak, class_split(), weak)
    assert own == "unresolved"
    assert why.startswith("doing nothing passes the same test")
    assert _verdict(weak, weak, class_split(), knowing(3.0))[0] == "forgotten"


def test_a_forgotten_class_with_a_trace_says_so():
    answers = _without_class_1().argmax(axis=1)
    margins = np.random.default_rng(0).normal(3.0, 1.0, 2 * ROWS)
    oracle = knowing(margins, answers)
    margins[class_split().forget.indices] += 4.0  # surer of another class on the rows it knew
    own, why = _verdict(knowing(margins, answers), oracle, class_split(), knowing(3.0))
    assert own == "forgotten"
    assert "but AUC of the attack 0.0" in why
    assert "excludes ½" in why


def test_a_lowered_logit_is_suppressed():
    generator = np.random.default_rng(0)
    logits = knowing(4.0) + generator.normal(0, 0.5, (2 * ROWS, 3))
    lowered = logits - np.array([0.0, 1e3, 0.0])
    # Retrained without class 1, a model takes its rows for those of class 0 and its logit is noise.
    oracles = [
        _without_class_1() * 4 / 3
        + np.random.default_rng(seed).normal(0, 0.5, (2 * ROWS, 3))
        - np.array([0.0, 6.0, 0.0])
        for seed in (1, 2, 3)
    ]
    report = _report(lowered, oracles, class_split(), logits)
    assert (report.verdict, report.decided_by) == ("suppressed", "lifted_bias")
    assert report.reason.startswith("the class is no longer named, but recall of the class")
    # One oracle does not tell how much retrained models differ: it neither accuses nor acquits.
    alone = _report(lowered, oracles[:1], class_split(), logits)
    assert (alone.verdict, alone.decided_by) == ("unresolved", "lifted_bias")
    assert "whether the class is only suppressed takes more oracles" in alone.reason
    assert _verdict(oracles[0], oracles[1:], class_split(), logits)[0] == "forgotten"


def test_a_head_start_in_relearning_suppresses_a_class_and_no_single_rows():
    head_start = Finding(
        key="relearning",
        group="model",
        name="head start",
        value=Interval(0.5, 0.4, 0.6),
        null=Interval(0.0, -0.1, 0.1),
        p_value=1e-6,
    )
    for split, logits, verdict in (
        (class_split(), _without_class_1(), "suppressed"),
        (row_split(), noisy(0), "forgotten"),
    ):
        auditor = Auditor(split, Table(noisy(2, forgotten=3.0)), [Table(logits)], margin=0.15)
        measured = auditor.measure(Table(logits + 1e-3))
        assert auditor.judge(measured, findings=[head_start]).name == verdict


def test_what_is_farther_from_the_oracles_than_the_original_is_harmful():
    """The model is surer of a wrong class on every forgotten row and is as good on all others."""
    difficulty = np.random.default_rng(5).normal(3.0, 1.0, 2 * ROWS)
    oracles = [knowing(difficulty + 0.1 * noisy(s).max(axis=1)) for s in range(1, 5)]
    original = knowing(difficulty + 0.5)
    answers = labels().copy()
    answers[:60] = (answers[:60] + 1) % 3
    auditor = Auditor(row_split(), Table(original), [Table(each) for each in oracles])
    measured = auditor.measure(Table(knowing(difficulty, answers)))
    (ratio,) = auditor.findings(measured)
    assert ratio.value.low > 1.0
    assert ratio.p_value < 0.01
    # (What it does to the rows is seen first: it stands out below ½.)
    assert auditor.judge(measured).name == "over-forgotten"
    harmless = replace(measured, values={**measured.values, "mia_auc": None, "reference_auc": None})
    assert auditor.judge(harmless, findings=(ratio,)).name == "harmful"
    fresh = auditor.measure(Table(knowing(difficulty + 0.1 * noisy(9).max(axis=1))))
    assert auditor.findings(fresh)[0].value.high < 1.0


def _finding(value, key="strategy_auc"):
    return Finding(
        key=key, group="strategy", name="U-LiRA over 32 shadow models", value=value, num_models=32
    )


@pytest.mark.parametrize(
    ("value", "verdict"),
    [
        (Interval(0.502, low=0.49, high=0.515), "forgotten"),
        (Interval(0.562, low=0.552, high=0.572), "remembered"),
        (Interval(0.43, low=0.41, high=0.45), "over-forgotten"),
        (Interval(0.52, low=0.51, high=0.53), "forgotten"),  # a trace within the margin
        (Interval(0.53, low=0.49, high=0.57), "unresolved"),
    ],
)
def test_the_strategy_over_shadow_models_resolves_what_one_model_cannot(value, verdict):
    auditor = Auditor(row_split(), Table(noisy(3, forgotten=3.0)), [Table(noisy(2))])
    found = auditor.judge(auditor.measure(Table(noisy(1))), findings=(_finding(value),))
    assert found.name == verdict
    assert found.decided_by == ("reference_auc" if verdict == "unresolved" else "strategy_auc")


def test_a_strategy_that_does_nothing_where_there_is_nothing_is_no_proof():
    auditor = Auditor(row_split(), Table(noisy(3, forgotten=3.0)), [Table(noisy(2))])
    near = Interval(0.502, low=0.49, high=0.515)
    found = (_finding(near), _finding(near, "strategy_auc_before"))
    verdict = auditor.judge(auditor.measure(Table(noisy(1))), findings=found)
    assert verdict.name == "unresolved"
    assert verdict.reason.startswith("doing nothing passes the same test")


def test_a_model_that_its_shadows_do_not_resemble_is_not_acquitted_by_them():
    auditor = Auditor(row_split(), Table(noisy(3, forgotten=3.0)), [Table(noisy(2))], margin=0.05)
    measured = auditor.measure(Table(noisy(1, forgotten=1.0)))
    near = _finding(Interval(0.502, low=0.49, high=0.515))
    assert auditor.judge(measured, findings=(near,)).name == "remembered"


def test_what_is_judged_together_is_corrected_together():
    """One of many models stands out by chance; alone it would be accused."""
    auditor = Auditor(row_split(), Table(noisy(3, forgotten=3.0)), [Table(noisy(2))])
    shifted = auditor.case(auditor.measure(Table(noisy(1, forgotten=0.3))))
    others = {f"null {s}": auditor.case(auditor.measure(Table(noisy(s)))) for s in range(10, 25)}
    alone = auditor.judge_together({"shifted": shifted})["shifted"]
    together = auditor.judge_together({"shifted": shifted, **others})
    assert alone.name == "remembered"
    assert 0.05 / 32 < alone.p_value < 0.05
    assert {verdict.name for verdict in together.values()} == {"unresolved"}


def test_several_oracles_are_one_reference_with_a_null_of_their_own():
    split, oracles = row_split(), [Table(noisy(seed)) for seed in (2, 3, 4)]
    model = Table(noisy(1))
    auditor = Auditor(split, Table(noisy(5, forgotten=3.0)), oracles)
    seen, *others = (observe_split(each, split) for each in (model, *oracles))
    mean = np.mean([each.forget.probabilities for each in others], axis=0)
    expected = jensen_shannon(seen.forget.probabilities, mean)
    assert auditor.measure(model)["js_oracle_forget"].value == pytest.approx(expected)
    floors = [
        jensen_shannon(
            others[k].forget.probabilities,
            np.mean([others[j].forget.probabilities for j in range(3) if j != k], axis=0),
        )
        for k in range(3)
    ]
    assert auditor.oracle["js_oracle_forget"].value == pytest.approx(np.mean(floors))
    assert auditor.oracle["acc_retain_test"].value == 1.0
    shown = {finding.key: finding for finding in findings_of_oracles(auditor.oracles)}
    assert shown["oracle_js"].value.value == pytest.approx(np.mean(floors))
    assert 0.5 in shown["oracle_auc"].value
    agreement = auditor.agreement(auditor.case(auditor.measure(model)))
    assert agreement.reading == "3 of 3 oracles alone say unresolved."


@pytest.mark.parametrize(
    ("oracle", "split", "reason"),
    [
        (noisy(2, forgotten=2.0), row_split(), "was trained on the forgotten rows, by an attack"),
        (knowing(3.0), class_split(), "names the forgotten class in 1.000 [0.912, 1.000]"),
        (knowing(3.0, np.zeros(2 * ROWS, dtype=int)), row_split(), "no better than a guess"),
    ],
    ids=["found by an attack", "knows the class", "guesses"],
)
def test_what_is_no_oracle_is_refused(oracle, split, reason):
    report = _report(noisy(1), [noisy(3), oracle][split.kind == "class" :], split, noisy(4))
    assert report.verdict == "invalid oracle"
    assert reason in report.reason
    assert report.rows[1]["verdict"] == "invalid oracle"


def _values(errors, seed=0):
    """What a model of values answers to 60 forgotten, 60 retained and 120 never-seen rows."""
    generator = np.random.default_rng(seed)
    parts = {}
    for name, rows in (("forget", 60), ("retain", 60), ("test_forget", 120), ("test_retain", 120)):
        targets = np.random.default_rng(rows).normal(size=rows)
        own = errors["forget" if name == "forget" else "others"] * generator.normal(size=rows)
        parts[name] = Observations(row_losses=own**2, outputs=targets + own, targets=targets)
    return SplitObservations(**parts)


def _judged(observed, oracle, original=None):
    def numbers(seen):
        scores = seen.forget.membership_score, seen.test_forget.membership_score
        return measure(Evidence(observed=seen, oracles=(oracle,), scores={"mia_auc": scores}))

    before = None if original is None else numbers(original)
    beside = Beside(kind="instances", oracle=numbers(oracle), original=before, margin=0.15)
    return judge(Case(measured=numbers(observed)), beside)


KNOWS, LEARNED = {"forget": 0.05, "others": 0.5}, {"forget": 0.5, "others": 0.5}


@pytest.mark.parametrize(
    ("errors", "verdict", "reason"),
    [
        (KNOWS, "remembered", "AUC of the attack 0.9"),
        (LEARNED, "forgotten", "every test shows an AUC within 0.15 of ½: AUC"),
        ({"forget": 3.0, "others": 0.5}, "over-forgotten", "AUC of the attack 0.1"),
        ({"forget": 0.9, "others": 0.9}, "utility lost", "R² on never-seen rows to retain is 0."),
    ],
)
def test_values(errors, verdict, reason):
    found = _judged(_values(errors, 1), _values(LEARNED, 2), _values(KNOWS, 3))
    assert found.name == verdict
    assert found.reason.startswith(reason)
    keys = {"remembered": "mia_auc", "forgotten": "reference_auc", "utility lost": "r2_retain_test"}
    assert found.decided_by == keys.get(verdict, "mia_auc")


def test_a_loss_of_ones_own_is_read_beside_the_oracles():
    def lossy(factor, seed):
        seen = _values(LEARNED, seed)
        only = {
            name: Observations(row_losses=factor * getattr(seen, name).losses)
            for name in ("forget", "retain", "test_forget", "test_retain")
        }
        return SplitObservations(**only)

    assert _judged(lossy(1.05, 0), lossy(1.0, 0)).name != "utility lost"
    lost = _judged(lossy(1.2, 0), lossy(1.0, 0))
    assert (lost.name, lost.reason) == (
        "utility lost",
        "mean loss on never-seen rows to retain is 20 % [13, 27] above the oracle's",
    )


def test_a_model_of_values_has_columns_of_values():
    seen = _values(LEARNED)
    row = measure(Evidence(observed=seen)).to_row()
    expected = r2_score(seen.test_retain.targets, seen.test_retain.outputs)
    assert row["r2_retain_test"] == pytest.approx(expected)
    assert row["loss_retain_test"] == pytest.approx(seen.test_retain.losses.mean())
    assert not {"acc_retain_test", "mia_paper_rate", "js_oracle_forget"} & row.keys()
