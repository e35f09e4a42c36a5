"""Error rates of verdicts, over audits whose answers are known."""

import numpy as np
import pytest
import torch

from qiskit_qmu import auditing
from qiskit_qmu.auditing import Auditor, PoolPlaces, audit, observe_split, shadow_pool
from qiskit_qmu.data import Dataset, ForgetSplit, Rows, dataset_from_arrays
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.evaluation.columns import AUC, FORGET_TRAIN, REFERENCE_AUC, RETAIN_TEST
from qiskit_qmu.models import BasicQNN, as_tensors, clone_module, reinitialize
from qiskit_qmu.objectives import objective_for
from qiskit_qmu.shadows import train_shadows
from qiskit_qmu.shadows.stacked_training import train_stacked
from qiskit_qmu.training import Trainer
from qiskit_qmu.unlearning.registry import make_strategy

FALSE_ALARMS = ("remembered", "over-forgotten", "harmful")

TRAINER = Trainer(epochs=25, batch_size=200, learning_rate=0.2)


def _dataset(seed: int, forgotten: int) -> Dataset:
    """Two classes that overlap, drawn anew: the forgotten rows are like any others."""
    generator = np.random.default_rng(seed)
    count = 140 + forgotten + 300
    labels = np.arange(count) % 2
    rows = generator.normal(size=(count, 2)) + 1.2 * labels[:, None]
    order = generator.permutation(count)
    train, test = order[:-300], order[-300:]
    return dataset_from_arrays(rows[train], labels[train], rows[test], labels[test], num_classes=2)


def _trained(rows: Rows, count: int, seed: int) -> list[torch.nn.Module]:
    """Train small networks on the same rows at once, each from a seed of its own."""
    base = BasicQNN(num_features=2, num_classes=2, num_qubits=2, num_layers=2, seed=0)
    models = [clone_module(base) for _ in range(count)]
    for number, model in enumerate(models):
        reinitialize(model, np.random.default_rng([seed, number, 0]))
    part = as_tensors(base, rows.x, rows.y)
    generators = [np.random.default_rng([seed, number, 1]) for number in range(count)]
    objective = objective_for(None, base, rows.y)
    train_stacked(models, [part] * count, TRAINER, objective, generators)
    return models


def _observed(
    seed: int, retrained: int, forgotten: int = 60
) -> tuple[ForgetSplit, SplitObservations, list[SplitObservations]]:
    """Return a task with the outputs of its original and of retrained models."""
    data = _dataset(seed, forgotten)
    split = ForgetSplit.by_indices(data, np.arange(forgotten))
    (original,) = _trained(split.train, 1, 2 * seed)
    others = _trained(split.retain, retrained, 2 * seed + 1)
    return split, observe_split(original, split), [observe_split(each, split) for each in others]


def _auditor(
    split: ForgetSplit, original: SplitObservations, oracles: list[SplitObservations], seed: int
) -> Auditor:
    columns = (FORGET_TRAIN, RETAIN_TEST, AUC, REFERENCE_AUC)  # what verdicts read
    return Auditor(split, original, oracles, columns=columns, never_saw=True, seed=seed)


def _families(audits: int, oracles: int, monkeypatch: pytest.MonkeyPatch) -> list[list[str]]:
    """Return the verdicts of seven retrained models each, judged as if they had unlearned."""
    monkeypatch.setattr(auditing.auditor, "paper_protocol", lambda *_: None)  # it decides nothing
    found = []
    for seed in range(audits):
        split, original, retrained = _observed(seed, oracles + 7)
        auditor = _auditor(split, original, retrained[:oracles], seed)
        cases = {
            f"method {number}": auditor.case(auditor.measure(outputs, f"method {number}"))
            for number, outputs in enumerate(retrained[oracles:])
        }
        found.append([verdict.name for verdict in auditor.judge_together(cases).values()])
    return found


@pytest.mark.slow
@pytest.mark.parametrize("oracles", [1, 4])
def test_seven_retrained_models_are_seldom_accused(oracles, monkeypatch):
    # At a rate of 5 % more than 18 of 200 have a probability of 1 %.
    families = _families(200, oracles, monkeypatch)
    accused = sum(any(name in FALSE_ALARMS for name in family) for family in families)
    assert accused <= 18


@pytest.mark.slow
def test_the_oracles_seed_seldom_matters_where_there_are_several(monkeypatch):
    monkeypatch.setattr(auditing.auditor, "paper_protocol", lambda *_: None)
    same = total = 0
    for seed in range(40):
        split, original, retrained = _observed(seed, 10)
        words = []
        for oracles in (retrained[:4], retrained[4:8]):
            auditor = _auditor(split, original, oracles, seed)
            cases = {
                str(number): auditor.case(auditor.measure(outputs, str(number)))
                for number, outputs in enumerate(retrained[8:])
            }
            verdicts = {
                **auditor.judge_together(cases),
                "original": auditor.judge(auditor.original),
            }
            words.append([verdict.name for verdict in verdicts.values()])
        same += sum(one == other for one, other in zip(*words, strict=True))
        total += len(words[0])
        assert words[0][-1] != "forgotten"
    assert same >= 0.9 * total


@pytest.mark.slow
def test_the_oracles_seed_seldom_matters_beside_shadow_models(tmp_path):
    # 16 shadow models resolve what one model cannot; four sets of oracles see the same.
    words: dict[str, list[str]] = {}
    for seed in range(3):
        data = _dataset(seed, 60)
        split = ForgetSplit.by_indices(data, np.arange(60))
        pool = shadow_pool(split)
        places = PoolPlaces.of(split, pool)
        (original,) = _trained(split.train, 1, 2 * seed)
        shadows = train_shadows(
            original,
            pool,
            count=16,
            trainer=TRAINER,
            audited=places.audited,
            seed=seed,
            folder=tmp_path / str(seed),
        )
        oracles = _trained(split.retain, 16, 2 * seed + 1)
        for name in ("noop", "gd", "ga", "oracle"):
            strategy = make_strategy(name, {}, TRAINER)
            model = strategy(original, split, generator=seed).model
            for first in range(0, 16, 4):
                report = audit(
                    model,
                    split,
                    original=original,
                    oracles=oracles[first : first + 4],
                    shadows=shadows,
                    strategy=strategy,
                    seed=seed,
                )
                words.setdefault(f"{name} {seed}", []).append(report.verdict)
    usual = sum(max(found.count(word) for word in found) for found in words.values())
    total = sum(map(len, words.values()))
    assert usual >= 0.9 * total, words
    untouched = [word for name in words if name.startswith("noop") for word in words[name]]
    assert "forgotten" not in untouched
