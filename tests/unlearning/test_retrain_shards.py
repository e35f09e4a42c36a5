"""Deletion from shards equals training without the rows; what is no such model is refused."""

import pickle
from functools import cache

import numpy as np
import pytest
import torch
from tiny_models import few_iris, hybrid, same_weights, weights_of

from qiskit_qmu.auditing import audit
from qiskit_qmu.backends import metered
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.models import ShardedClassifier, load_model, training_rows
from qiskit_qmu.training import Trainer
from qiskit_qmu.training.sisa import stage_epochs
from qiskit_qmu.unlearning import FineTune, Retrain, RetrainShards

TRAINER = Trainer(epochs=2, batch_size=8, learning_rate=0.05)
DELETE = RetrainShards(trainer=TRAINER)


def _trained(rows, slices: int, seed: int = 5, order=None):
    model = ShardedClassifier(hybrid(num_qubits=2), shards=3, slices=slices)
    order = np.arange(len(rows)) if order is None else order
    TRAINER.fit(model, rows.x[order], rows.y[order], generator=seed)
    return model


@cache
def original(slices: int = 2) -> ShardedClassifier:
    """A model that was trained on all training rows."""
    return _trained(_split(3).train, slices)


def _split(*rows: int) -> ForgetSplit:
    return ForgetSplit.by_indices(few_iris(), rows)


@pytest.mark.parametrize("slices", [1, 2])
@pytest.mark.parametrize("rows", [(3,), (0, 7, 21)])
def test_deleting_is_training_without_the_rows_bit_for_bit(slices, rows, generator):
    split, model = _split(*rows), original(slices)
    before = weights_of(model)
    result = DELETE(model, split, generator=0)
    order = generator.permutation(len(split.retain))
    fresh = _trained(split.retain, slices, order=order)
    assert same_weights(weights_of(result.model), weights_of(fresh))
    assert result.model.trained == fresh.trained != model.trained
    assert training_rows(result.model) == training_rows(fresh)
    assert same_weights(weights_of(model), before)


def test_only_the_shards_of_the_rows_are_trained_and_paid_for():
    split, model = _split(3), original()
    result = DELETE(model, split)
    (step,) = result.history
    shard, first = int(step["shard"]), int(step["first_slice"])
    for number, (old, new) in enumerate(zip(model.shards, result.model.shards, strict=True)):
        assert same_weights(weights_of(old), weights_of(new)) == (number != shard)
    sizes = [int(rows.partition(":")[0]) for rows in result.model.trained[shard]]
    passed = sum(sum(sizes[: number + 1]) for number in range(first, 2))
    assert result.usage.gradient_evaluations == passed * stage_epochs(2, slices=2)
    assert step["rows"] == sum(sizes)
    assert f"of 3 shards: {shard} from slice {first}" in result.reason


def test_slices_take_about_as_many_passes_as_none():
    assert [stage_epochs(12, slices) for slices in (1, 2, 3, 5)] == [12, 8, 6, 4]
    assert stage_epochs(1, 9) == 1


def test_answers_are_mean_probabilities_of_the_shards_that_have_rows():
    model = original()
    x = torch.as_tensor(few_iris().x_test)
    each = torch.stack([shard(x).softmax(dim=1) for shard in model.shards])
    torch.testing.assert_close(model(x).softmax(dim=1), each.mean(0))
    model = _trained(_split(3).train.take(range(2)), slices=1)
    rows = [shard[0].partition(":")[0] for shard in model.trained]
    asked = [shard(x).softmax(1) for shard, n in zip(model.shards, rows, strict=True) if n != "0"]
    assert len(asked) < 3
    torch.testing.assert_close(model(x).softmax(dim=1), torch.stack(asked).mean(0))


def test_a_saved_model_deletes_as_the_one_in_memory(tmp_path):
    original().save(tmp_path / "model")
    loaded, split = load_model(tmp_path / "model"), _split(3)
    assert loaded.trained == original().trained
    result = DELETE(loaded, split)
    assert same_weights(weights_of(result.model), weights_of(DELETE(original(), split).model))
    assert pickle.loads(pickle.dumps(DELETE)) == DELETE


def test_the_oracle_retrains_all_shards_and_an_audit_takes_both():
    split = _split(3)
    oracle = Retrain(trainer=TRAINER)(original(), split, generator=1)
    assert oracle.model.seed != original().seed
    assert {"".join(s).count(":") for s in oracle.model.trained} == {2}
    report = audit(DELETE(original(), split).model, split, oracle=oracle.model, seed=0)
    assert report.verdict


def test_a_fresh_training_is_metered_as_its_shards():
    model = ShardedClassifier(hybrid(num_qubits=2), shards=2)
    rows = _split(3).train
    with metered(model) as meter:
        history = TRAINER.fit(model, rows.x, rows.y, generator=0)
    assert meter.usage.gradient_evaluations == 2 * len(rows)
    assert len(history.losses) == 2


def test_what_is_not_trained_that_way_is_refused():
    split = _split(3)
    cases = [
        (hybrid(num_qubits=2), split, "trained in shards, a ShardedClassifier"),
        (ShardedClassifier(hybrid(num_qubits=2)), split, "no shards of rows yet"),
        (FineTune(epochs=1)(original(), split, generator=0).model, split, "another method has"),
        (DELETE(original(), split).model, split, "was trained on other rows than the split's"),
    ]
    for model, own, message in cases:
        with pytest.raises(ValueError, match=message):
            DELETE(model, own)
    with pytest.raises(ValueError, match="without early stopping"):
        Trainer(patience=2).fit(
            ShardedClassifier(hybrid(num_qubits=2)), split.train.x, split.train.y
        )
    with pytest.raises(ValueError, match="copies of one classifier, got ShardedClassifier"):
        ShardedClassifier(original())
