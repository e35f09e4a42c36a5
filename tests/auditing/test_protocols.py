"""What published protocols would report, against their definitions, and the controls beside it."""

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.svm import SVC
from table_models import Table, class_split, noisy, row_split

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import explain_protocols, observe_split
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.observation import Observations

AUDITED, ORIGINAL, ORACLE = (
    Table(noisy(seed, forgotten=shift)) for seed, shift in ((0, 0.3), (1, 3.0), (2, 0.0))
)


@pytest.fixture(scope="module", params=[class_split, row_split], ids=["class", "rows"])
def task(request):
    split = request.param()
    seen = [observe_split(model, split) for model in (AUDITED, ORIGINAL, ORACLE)]
    explained = explain_protocols(seen[0], split, original=seen[1], oracles=[seen[2]])
    return *seen, {number.key: number for number in explained.numbers}


def _control(number, words):
    (value,) = [each.value for each in number.controls if words in each.name]
    return value.value


def _all_unseen(seen):
    """All never-seen rows: of single rows, the rest holds the counterparts."""
    if set(seen.forget.labels) & set(seen.test_retain.labels):
        return [seen.test_retain]
    return [seen.test_forget, seen.test_retain]


def _attack(classifier, seen, feature):
    unseen = _all_unseen(seen)
    x = np.concatenate([feature(part) for part in (seen.retain, *unseen)])[:, None]
    y = np.repeat([1, 0], [len(seen.retain), sum(map(len, unseen))])
    return classifier.fit(x, y).predict(feature(seen.forget)[:, None]).mean()


def _entropy(part):
    p = part.probabilities
    return -np.sum(p * np.log(p), axis=1)


def _true_label(part):
    return part.probabilities[np.arange(len(part)), part.labels]


def test_ssd_and_salun_by_their_definitions(task):
    audited, original, oracle, numbers = task
    for model, words in ((audited, None), (original, "do nothing"), (oracle, "retrained")):
        ssd = _attack(LogisticRegression(class_weight="balanced"), model, _entropy)
        salun = 1 - _attack(SVC(C=3, gamma="auto", kernel="rbf"), model, _true_label)
        for key, expected in (("ssd_mia", ssd), ("salun_mia_efficacy", salun)):
            number = numbers[key]
            found = number.value.value if words is None else _control(number, words)
            assert found == pytest.approx(expected)


def test_hqml_by_its_definition(task):
    audited, original, oracle, numbers = task

    def index(model):
        def drop(parts):
            before, after = (
                np.concatenate([part.predictions == part.labels for part in parts(each)]).mean()
                for each in (original, model)
            )
            return before - after

        kept = drop(lambda each: [each.retain]), drop(_all_unseen)
        return drop(lambda each: [each.forget]) - sum(kept) / 2

    assert numbers["hqml_uqi"].value.value == pytest.approx(index(audited))
    assert _control(numbers["hqml_uqi"], "retrained") == pytest.approx(index(oracle))
    auc = numbers["hqml_mia_auc"]
    if len(audited.retain) <= len(audited.forget):
        surest = [part.probabilities.max(axis=1) for part in (audited.forget, audited.retain)]
        y = np.repeat([1, 0], [len(part) for part in surest])
        assert auc.value.value == pytest.approx(roc_auc_score(y, np.concatenate(surest)))


def test_dew_p_counts_a_shift_between_classes_as_membership(task):
    audited, _, _, numbers = task
    scores = audited.forget.logit_confidence, audited.test_retain.logit_confidence
    y = np.repeat([1, 0], [len(part) for part in scores])
    auc = roc_auc_score(y, np.concatenate(scores))
    assert numbers["dewp_forgetting"].value.value == pytest.approx(1 - abs(2 * auc - 1))


def test_the_attack_of_the_qmu_paper_stands_beside_its_controls(task):
    number = task[3]["qmu_mia_success"]
    assert _control(number, "every row") == 1.0
    names = [control.name for control in number.controls]
    assert len(names) == len(set(names)) == 5
    assert number.value.value < _control(number, "do nothing")


def test_an_attack_without_signal_has_a_held_out_accuracy_of_one_half():
    """Each side has 400 rows without any difference, so the deviation of the accuracy is 0.018."""
    rng = np.random.default_rng(3)

    def part(size):
        return Observations(logits=rng.normal(size=(size, 3)), labels=rng.integers(0, 3, size))

    seen = SplitObservations(
        forget=part(80), retain=part(400), test_forget=part(400), test_retain=None
    )
    split = row_split()
    numbers = {n.key: n for n in explain_protocols(seen, split).numbers}
    for key in ("qmu_mia_success", "ssd_mia", "salun_mia_efficacy"):
        (held_out,) = [c.value for c in numbers[key].controls if "held-out" in c.name]
        assert held_out.value == pytest.approx(0.5, abs=0.07)


def test_flags():
    split = row_split()
    seen = observe_split(ORACLE, split)
    explained = explain_protocols(
        seen, split, oracles=[seen], strategy_needs={"oracle", "forgotten rows", "test rows"}
    )
    assert [flag.split(":")[0] for flag in explained.flags] == [
        "the strategy used the oracle",
        "the strategy used the test rows",
        "the model's outputs equal an oracle's on every row",
    ]
    assert str(explained).endswith(explained.flags[-1])
    assert explain_protocols(observe_split(AUDITED, split), split, oracles=[seen]).flags == ()


def test_a_model_of_values_is_refused():
    values = Observations(row_losses=[0.1, 0.2])
    with pytest.raises(InputError, match="predicts values"):
        explain_protocols(SplitObservations(forget=values), row_split())
