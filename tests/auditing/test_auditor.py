"""Auditor: numbers on outputs whose numbers are known, and the paper's protocol out of fold."""

import math

import numpy as np
import pytest
import torch
from table_models import ROWS, Table, class_split, knowing, labels, noisy, numbered, row_split

from qiskit_qmu._check import InputError
from qiskit_qmu.attacks import LossAttack, PaperNetworkAttack
from qiskit_qmu.auditing import Auditor, named_attacks, observe_split, paper_protocol
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import RESULTS
from qiskit_qmu.evaluation.measure import interval_values
from qiskit_qmu.metrics import Interval, binomial_interval, stratified_auroc
from qiskit_qmu.observation import concatenate


def _measured(logits, split, *, oracle=None, attacks=None, **options):
    oracles = [] if oracle is None else [Table(oracle)]
    return Auditor(split, oracles=oracles, attacks=attacks, **options).measure(Table(logits))


def test_rows_of_the_split_are_observed_in_its_order():
    split = row_split()
    logits = np.random.default_rng(0).normal(size=(2 * ROWS, 3)).astype(np.float32)
    seen = observe_split(Table(logits), split)
    np.testing.assert_array_equal(seen.forget.logits, logits[:60])
    np.testing.assert_array_equal(seen.retain.logits, logits[60:ROWS])
    np.testing.assert_array_equal(seen.test_forget.logits, logits[ROWS:])
    np.testing.assert_array_equal(seen.test_retain.logits, logits[ROWS:])


def test_accuracies_are_counts_with_binomial_limits():
    split = class_split()
    # Right on the first 10 of the 40 forgotten rows, on 70 of 80 retained ones, on no forgotten
    # test row and on every other one.
    answers = labels().copy()
    forget, retain = split.forget.indices, split.retain.indices
    answers[forget[10:]] = 0
    answers[retain[:10]] = 1
    answers[ROWS + split.test_forget.indices] = 2
    numbers = _measured(knowing(2.0, answers), split)
    assert numbers["acc_forget_train"] == binomial_interval(10, 40)
    assert numbers["acc_retain_train"] == binomial_interval(70, 80)
    assert numbers["acc_forget_test"] == binomial_interval(0, 40)
    assert numbers["acc_retain_test"] == binomial_interval(80, 80)


def test_a_model_beside_itself_has_no_divergence_and_no_reference_test():
    logits = noisy(0)
    numbers = _measured(logits, row_split(), oracle=logits)
    assert numbers["js_oracle_forget"].value == pytest.approx(0, abs=1e-12)
    assert numbers["js_oracle_retain"].value == pytest.approx(0, abs=1e-12)
    assert numbers["reference_auc"] is None


def test_certain_models_that_disagree_diverge_by_ln_2():
    answers = (labels() + 1) % 3
    numbers = _measured(knowing(100.0), class_split(), oracle=knowing(100.0, answers))
    assert numbers["js_oracle_forget"].value == pytest.approx(math.log(2))
    assert numbers["js_oracle_retain"].value == pytest.approx(math.log(2))


@pytest.mark.parametrize(("members", "expected"), [(5.0, 1.0), (-5.0, 0.0)])
def test_separated_scores_have_an_auc_of_one_or_none(members, expected):
    margins = np.linspace(0, 1, 2 * ROWS)
    margins[:60] += members
    numbers = _measured(knowing(margins), row_split())
    assert numbers["mia_auc"].value == expected
    assert numbers["mia_auc"].low <= expected <= numbers["mia_auc"].high


def test_equal_scores_have_an_auc_of_one_half():
    numbers = _measured(knowing(2.0), row_split())
    assert numbers["mia_auc"].value == 0.5


def test_the_attack_compares_rows_of_the_same_class():
    split, logits = row_split(), np.random.default_rng(3).normal(size=(2 * ROWS, 3))
    numbers = _measured(logits, split)
    seen = observe_split(Table(logits), split)
    members, others = LossAttack().scores(seen.forget, seen.test_forget)
    assert numbers["mia_auc"] == stratified_auroc(
        members, seen.forget.labels, others, seen.test_forget.labels
    )
    for found, expected in zip(numbers.evidence.scores["mia_auc"], (members, others), strict=True):
        np.testing.assert_array_equal(found, expected)


def test_the_oracle_tells_which_rows_are_easy():
    # How easy a row is hides a trace of 0.5 among deviations of 1; beside an oracle that finds the
    # same rows easy it is plain.
    difficulty = noisy(1)
    numbers = _measured(noisy(1, forgotten=0.5), row_split(), oracle=difficulty)
    assert numbers["reference_auc"].value == pytest.approx(1.0)
    assert numbers["mia_auc"].value < 0.8


def test_other_attacks_are_named_and_numbered():
    attacks = (LossAttack(), LossAttack(statistic="loss"), LossAttack(statistic="loss"))
    named = named_attacks(attacks)
    assert list(named) == ["mia_auc", "mia_auc_LossAttack_1", "mia_auc_LossAttack_2"]
    numbers = _measured(noisy(0, forgotten=1.0), row_split(), attacks=named)
    # The loss ranks rows as its log-odds do.
    assert numbers["mia_auc_LossAttack_1"].value == pytest.approx(numbers["mia_auc"].value)
    assert list(named_attacks(attacks[:2])) == ["mia_auc", "mia_auc_LossAttack"]
    assert "mia_auc_LossAttack_2_low" in numbers.to_row()


def test_what_cannot_be_measured_is_none():
    ds = numbered()
    no_counterparts = ForgetSplit(
        kind="class",
        label=1,
        num_classes=3,
        forget=class_split().forget,
        retain=class_split().retain,
        validation=ds.train.take([]),
        test_forget=ds.test.take([]),
        test_retain=class_split().test_retain,
    )
    numbers = _measured(noisy(0), no_counterparts, oracle=noisy(1))
    assert numbers["mia_auc"] is None
    assert numbers["reference_auc"] is None
    assert numbers["acc_forget_test"] is None
    assert numbers["js_oracle_forget"] is not None
    row = numbers.to_row()
    assert (row["mia_auc"], row["mia_auc_low"], row["mia_auc_high"]) == (None, None, None)
    assert len(row) == 3 * sum(column.applies != "values" for column in RESULTS)


def test_not_a_number_becomes_null():
    assert interval_values(Interval(0.5, math.nan, math.inf, 0.95)) == (0.5, None, None)


def test_a_model_and_its_outputs_have_the_same_numbers_and_references_are_measured_once():
    split = row_split()
    original, oracle, model = (Table(noisy(seed)) for seed in range(3))
    auditor = Auditor(split, original, [oracle], seed=3)
    seen = [observe_split(each, split) for each in (original, oracle, model)]
    again = Auditor(split, seen[0], [seen[1]], seed=3)
    assert auditor.measure(model).to_row() == again.measure(seen[2]).to_row()
    assert again.measure(seen[0]) is again.original
    assert again.measure(seen[1]) is again.oracle
    assert again.judge(again.oracle).reason == "it never saw the rows"


def test_a_margin_beyond_one_half_is_refused():
    with pytest.raises(InputError, match=r"margin must lie between 0 and 0.5, got 0.6"):
        Auditor(row_split(), margin=0.6)


@pytest.mark.parametrize("split", [class_split(), row_split()], ids=["class", "instances"])
def test_the_papers_protocol_rates_every_row_out_of_fold(split):
    # Outputs without any trace of membership. A network that rates its own training rows calls
    # nearly all members "member" and nearly no other row; out of fold both shares are alike. The
    # deviation of their difference is below √(2 · ¼ / 40) = 0.11: 0.55 has p < 1e-6.
    logits = np.random.default_rng(8).normal(size=(2 * ROWS, 3))
    seen = observe_split(Table(logits), split)
    paper = paper_protocol(seen, split, np.random.default_rng(0))
    rate, control = paper.rate(seen).value, paper.control(seen).value
    assert abs(rate - control) < 0.55
    attack = PaperNetworkAttack().fit(
        concatenate(seen.forget, seen.retain),
        seen.test_retain
        if split.kind == "instances"
        else concatenate(seen.test_forget, seen.test_retain),
        generator=np.random.default_rng(0),
    )
    count = len(seen.forget)
    expected = attack.share_called_member(seen.forget, folds=attack.member_folds[:count])
    assert paper.rate(seen) == expected
    assert len(paper.fitted.member_folds) == ROWS
    assert len(paper.fitted.nonmember_folds) == ROWS  # every test row once, in both kinds


def test_another_models_rows_keep_their_folds():
    split = row_split()
    original = observe_split(Table(noisy(0, forgotten=2.0)), split)
    paper = paper_protocol(original, split, np.random.default_rng(1))
    other = observe_split(Table(noisy(5)), split)
    folds = paper.fitted.member_folds[:60]
    by_hand = np.where(
        folds == 0,
        paper.fitted.raters[0].probabilities(other.forget.logits),
        paper.fitted.raters[1].probabilities(other.forget.logits),
    )
    assert paper.rate(other).value == np.mean(by_hand > 0.5)


def test_of_single_rows_counterparts_are_found_among_the_test_rows_once():
    # Only classes 0 and 1 are forgotten, so that the counterparts are 80 of the 120 test rows.
    rows = np.flatnonzero(numbered().y_train < 2)[:20]
    split = ForgetSplit.by_indices(numbered(), rows)
    seen = observe_split(Table(noisy(2)), split)
    paper = paper_protocol(seen, split, np.random.default_rng(0))
    assert paper.num_control == 80
    assert len(paper.fitted.nonmember_folds) == 120
    assert 0 <= paper.control(seen).value <= 1


def test_with_too_few_rows_there_is_no_protocol():
    ds = numbered()
    options = {
        "kind": "instances",
        "label": None,
        "num_classes": 3,
        "validation": ds.train.take([]),
    }
    parts = {"forget": ds.train.take([0]), "retain": ds.train.take([1, 2])}
    for test_rows in ([], [0]):
        test = ds.test.take(test_rows)
        split = ForgetSplit(**options, **parts, test_forget=test, test_retain=test)
        seen = observe_split(Table(noisy(0)), split)
        assert paper_protocol(seen, split, np.random.default_rng(0)) is None


def test_measuring_leaves_the_global_random_states_alone():
    torch_state, numpy_state = torch.get_rng_state(), np.random.get_state()[1].copy()  # noqa: NPY002
    split = row_split()
    _measured(noisy(0), split, oracle=noisy(1), fit_on=Table(noisy(0)))
    assert torch.equal(torch_state, torch.get_rng_state())
    assert np.array_equal(numpy_state, np.random.get_state()[1])  # noqa: NPY002
