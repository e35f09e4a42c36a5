"""Audits of recorded outputs: the same numbers as of models, from every kind of source."""

import json

import numpy as np
import pandas as pd
import pytest
import torch
from sklearn.metrics import roc_auc_score
from table_models import Table, class_split, noisy, row_split

import qiskit_qmu as qmu
from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.arrays import audit_arrays, recorded_audit

RNG = np.random.default_rng(0)
LABELS = RNG.integers(0, 2, 60)
MEMBER = np.repeat([1, 0], 30)
LOGITS = RNG.normal(size=(60, 2))
COUNTS = RNG.multinomial(50, [0.1, 0.2, 0.3, 0.4], size=60)
PROBABILITIES = RNG.dirichlet([1, 1], size=60)


def _recorded(**changes):
    given = {"labels": LABELS, "member": MEMBER, "logits": LOGITS, **changes}
    return {name: values for name, values in given.items() if values is not None}


@pytest.mark.parametrize("make", [class_split, row_split])
def test_recorded_logits_give_the_numbers_of_the_models(make):
    split = make()
    models = {"audited": noisy(0, forgotten=2.0), "oracle": noisy(1), "original": noisy(2)}
    tables = {name: Table(logits) for name, logits in models.items()}
    expected = qmu.audit(
        tables["audited"], split, oracle=tables["oracle"], original=tables["original"], seed=3
    )
    parts = {"forget": split.forget, "retain": split.retain, "test": split.test_forget}
    if split.kind == "class":
        parts["test_retain"] = split.test_retain
    x = np.concatenate([part.x for part in parts.values()])
    recorded = {
        "labels": np.concatenate([part.y for part in parts.values()]),
        "part": np.repeat(list(parts), [len(part) for part in parts.values()]),
    }
    for name, table in tables.items():
        prefix = "" if name == "audited" else f"{name}_"
        recorded[f"{prefix}logits"] = table(torch.tensor(x)).numpy()
    found = audit_arrays(recorded, seed=3)
    assert found.kind == expected.kind
    assert found.verdict == expected.verdict
    for row, mine in zip(expected.rows, found.rows, strict=True):
        for key in ("acc_forget_train", "acc_retain_test", "mia_auc", "js_oracle_forget"):
            assert mine[key] == pytest.approx(row[key]), key


def test_the_auc_is_that_of_scikit_learn():
    row = audit_arrays(_recorded(labels=np.zeros(60, dtype=int))).rows[0]
    margin = LOGITS[:, 0] - LOGITS[:, 1]
    assert row["mia_auc"] == pytest.approx(roc_auc_score(MEMBER, margin))


def _score(**recorded):
    """Return φ of the audited rows, in the order of the source."""
    report = audit_arrays(_recorded(logits=None, **recorded))
    seen = report.observed["audited"]
    found = np.empty(60)
    for name in ("forget", "test_forget"):
        found[getattr(report.split, name).indices] = getattr(seen, name).logit_confidence
    return found


def test_every_kind_of_outputs_gives_the_log_odds_of_the_true_label():
    sign = 2 * LABELS - 1
    p = PROBABILITIES[:, 1]
    expected = sign * np.log(p / (1 - p))
    assert _score(probabilities=PROBABILITIES) == pytest.approx(expected)
    assert _score(probabilities=p) == pytest.approx(expected)
    assert _score(expectations=2 * p - 1) == pytest.approx(expected)
    assert _score(expectations=2 * p - 1, labels=sign) == pytest.approx(expected)
    with_half_counts = sign * np.log((100 * p + 0.5) / (100 * (1 - p) + 0.5))
    assert _score(probabilities=p, shots=100) == pytest.approx(with_half_counts)


def test_outcomes_are_interpreted_as_qiskit_ml_does():
    zeros, ones, twos, threes = COUNTS.T
    sign = 2 * LABELS - 1
    parity = sign * np.log((ones + twos + 0.5) / (zeros + threes + 0.5))
    modulo = sign * np.log((ones + threes + 0.5) / (zeros + twos + 0.5))

    def score(counts, interpret):
        report = audit_arrays(_recorded(logits=None, counts=counts), interpret=interpret)
        return report.observed["audited"].forget.logit_confidence

    by_bitstring = [
        dict(zip(("00", "01", "10", "11"), map(int, row), strict=True)) for row in COUNTS
    ]
    for counts in (COUNTS, by_bitstring, [json.dumps(row) for row in by_bitstring]):
        assert score(counts, "parity") == pytest.approx(parity[:30])
        assert score(counts, "modulo") == pytest.approx(modulo[:30])
        assert score(counts, lambda number: number % 2) == pytest.approx(modulo[:30])
    chosen = np.where(LABELS, ones, zeros)
    expected = np.log((chosen + 0.5) / (50 - chosen + 1.5))
    assert score(COUNTS, "index") == pytest.approx(expected[:30])


def test_files_and_tables_are_read_alike(tmp_path):
    ids = np.array([f"r{number:03d}" for number in range(60)])
    recorded = _recorded(
        ids=ids,
        labels=np.array(["cat", "dog"])[LABELS],
        oracle_logits=LOGITS[::-1],
        original_logits=LOGITS + 0.5 * MEMBER[:, None] * [1, 0],
    )
    np.savez(tmp_path / "outputs.npz", **recorded)
    columns = {"id": ids, "member": MEMBER.astype(bool), "label": np.array(["cat", "dog"])[LABELS]}
    for prefix in ("", "oracle_", "original_"):
        for number, name in enumerate(("cat", "dog")):
            columns[f"{prefix}logit_{name}"] = recorded[f"{prefix}logits"][:, number]
    frame = pd.DataFrame(columns)
    frame.to_csv(tmp_path / "outputs.csv", sep=";", decimal=",", index=False)
    sources = (recorded, tmp_path / "outputs.npz", tmp_path / "outputs.csv", frame)
    first, *others = (audit_arrays(source).to_dict() for source in sources)
    for other in others:
        assert other == first
    assert first["forgotten_ids"] == ids[:30].tolist()


def test_counts_in_columns_of_bitstrings(tmp_path):
    table = pd.DataFrame(COUNTS, columns=["count_00", "count_01", "count_10", "count_11"])
    table = table.assign(label=LABELS, member=MEMBER)
    table.to_csv(tmp_path / "counts.csv", index=False)
    arrays = audit_arrays(_recorded(logits=None, counts=COUNTS), interpret="parity")
    report = audit_arrays(tmp_path / "counts.csv", interpret="parity")
    assert report.to_dict() == arrays.to_dict()
    assert report.observed["audited"].forget.shots == 50


def test_losses_need_no_labels():
    losses = RNG.exponential(size=60)
    row = audit_arrays({"member": MEMBER, "losses": losses}).rows[0]
    assert row["mia_auc"] == pytest.approx(roc_auc_score(MEMBER, -losses))


def test_a_class_is_told_from_single_rows():
    part = np.where(MEMBER == 0, "test", np.where(LABELS == 1, "forget", "retain"))
    report = audit_arrays(_recorded(member=None, part=part))
    assert (report.kind, report.split.label) == ("class", 1)
    assert set(report.observed["audited"].test_retain.labels) == {0}
    rows = audit_arrays(_recorded(member=None, part=part), kind="instances")
    assert len(rows.observed["audited"].test_retain) == 30


def test_an_audited_model_that_answers_as_the_original_is_unchanged():
    report = audit_arrays(_recorded(original_logits=LOGITS, oracle_logits=LOGITS[::-1]))
    assert report.verdict == "unchanged"


def _with(values, place, value):
    changed = np.array(values, dtype=float)
    changed[place] = value
    return changed


TWICE = np.array([f"r{number}" for number in range(60)])
TWICE[31] = "r0"
AGAIN = np.array([f"r{number}" for number in range(60)])
AGAIN[1] = "r0"
COPIED = _with(LOGITS, 40, LOGITS[3])

BAD = {
    "unequal lengths": (_recorded(labels=LABELS[:50]), "same length, got 50 labels, 60 member, 60"),
    "NaN": (_recorded(logits=_with(LOGITS, (4, 1), np.nan)), "logits must be finite, got 1 NaN"),
    "not one": (
        _recorded(logits=None, probabilities=_with(PROBABILITIES, 7, [0.4, 0.4])),
        "probabilities must sum to 1 in each row, got 0.8 in row 7",
    ),
    "negative": (_recorded(logits=None, probabilities=PROBABILITIES - 0.5), "between 0 and 1, got"),
    "no expectation": (_recorded(logits=None, expectations=LOGITS * 9), "between -1 and 1, got"),
    "constant": (_recorded(logits=np.ones((60, 2))), "logits give every row the same score"),
    "constant oracle": (_recorded(oracle_logits=np.ones((60, 2))), "oracle_logits give every row"),
    "members only": (_recorded(member=np.ones(60)), "for others; got no row that was never"),
    "no members": (_recorded(member=np.zeros(60)), "got no row that was trained on"),
    "no membership": (_recorded(member=None), "by member .* or by part .*, got neither"),
    "both": (_recorded(part=np.repeat(["forget", "test"], 30)), "got both"),
    "odd member": (_recorded(member=MEMBER + 1), "member must be 1 or 0, .*, got '2'"),
    "odd part": (
        _recorded(member=None, part=np.repeat(["forgot", "test"], 30)),
        "part must be one of forget, retain, .*; got 'forgot'; did you mean forget?",
    ),
    "both sides": (_recorded(ids=TWICE), "never seen, got 1 ids that are both, such as r0"),
    "repeated": (_recorded(ids=AGAIN), "ids must not repeat, got r0 more than once"),
    "copied": (
        _recorded(logits=COPIED, labels=np.zeros(60, dtype=int)),
        "got 1 rows that appear as both, with the same label and outputs; give them ids",
    ),
    "unknown": (_recorded(logit=LOGITS), "unknown array 'logit'; .*; did you mean logits?"),
    "nothing": (_recorded(logits=None), "must hold outputs of the audited model"),
    "no labels": (_recorded(labels=None), "logits need labels"),
    "no counterpart": (_recorded(labels=MEMBER), "some of the forgotten rows' classes"),
    "label": (_recorded(labels=LABELS + 1), "labels must lie between 0 and 1, got 2"),
    "half a label": (_recorded(labels=LABELS + 0.5), "labels must be whole numbers or names, got"),
    "classes": (_recorded(oracle_logits=RNG.normal(size=(60, 3))), "3 of the oracle"),
    "half counts": (_recorded(logits=None, counts=COUNTS / 2), "counts must be whole numbers"),
    "no counts": (_recorded(logits=None, counts=_with(COUNTS, 5, 0)), "got none in row 5"),
    "no bits": (_recorded(logits=None, counts=[{"0x3": 1}] * 60), "counts by bitstring such as"),
    "too many": (_recorded(logits=None, counts=[{"0" * 11: 1, "1" * 11: 2}] * 60), "2.11 classes"),
    "one value": (_recorded(labels=1), "labels must have one entry for each row, got a single val"),
    "shots": (_recorded(shots=0.5), "shots must be whole numbers of at least 1, got 0.5"),
}  # fmt: skip


@pytest.mark.parametrize(("source", "message"), BAD.values(), ids=BAD)
def test_bad_sources_are_refused_before_anything_is_computed(source, message, monkeypatch):
    monkeypatch.setattr(recorded_audit, "Auditor", None)
    with pytest.raises(InputError, match=message):
        audit_arrays(source)


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"lable": LABELS},
            "unknown column 'lable'; .*; did you mean label?",
        ),
        ({"logit_2": ["x"] * 60}, "outputs.csv, column 'logit_2': a number is needed, got 'x'"),
        ({"label": ["cat"] * 60}, "label must be one of 0, 1; got 'cat'"),
        ({"member": [""] * 60}, "column 'member': a value is missing"),
        ({"counts": ["00"] * 60}, "column 'counts': counts must be integers, or for each row"),
    ],
)
def test_bad_tables_are_refused(tmp_path, columns, message):
    good = {"label": LABELS, "member": MEMBER, "logit_0": LOGITS[:, 0], "logit_1": LOGITS[:, 1]}
    pd.DataFrame(good | columns).to_csv(tmp_path / "outputs.csv", index=False)
    with pytest.raises(InputError, match=message):
        audit_arrays(tmp_path / "outputs.csv")


def test_equal_outputs_on_both_sides_are_possible_with_shots():
    audit_arrays(_recorded(logits=None, probabilities=np.round(PROBABILITIES, 1)))
    audit_arrays(_recorded(logits=COPIED, ids=np.arange(60), labels=np.zeros(60, dtype=int)))
