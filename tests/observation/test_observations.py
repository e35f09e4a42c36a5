"""Observations: closed forms, torch's own softmax and loss, and refusals."""

import dataclasses

import numpy as np
import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.observation import Observations, concatenate


def random_observations(rows=40, classes=5, seed=0, **extra):
    generator = np.random.default_rng(seed)
    labels = generator.integers(0, classes, rows)
    return Observations(generator.normal(size=(rows, classes)) * 4, labels, **extra)


def full_observations(rows=6):
    return random_observations(
        rows,
        expectations=np.linspace(-1, 1, rows * 3).reshape(rows, 3),
        counts=np.arange(rows * 4).reshape(rows, 4),
        shots=100,
    )


def test_probabilities_and_losses_are_torchs():
    observations = random_observations()
    logits, labels = torch.tensor(observations.logits), torch.tensor(observations.labels)
    expected = torch.nn.functional.cross_entropy(logits, labels, reduction="none").numpy()
    np.testing.assert_allclose(observations.losses, expected, rtol=1e-12)
    np.testing.assert_allclose(observations.probabilities, logits.softmax(1).numpy(), rtol=1e-12)
    rows = np.arange(40)
    np.testing.assert_allclose(
        observations.confidence, observations.probabilities[rows, observations.labels], rtol=1e-12
    )


def test_logit_confidence_is_the_log_odds_of_the_true_label():
    observations = random_observations()
    p = observations.confidence
    np.testing.assert_allclose(observations.logit_confidence, np.log(p / (1 - p)), rtol=1e-9)


def test_extreme_logits_keep_their_order_and_stay_finite():
    """With logits (t, 0) and label 0, φ = t and the loss is ln(1 + e^-t), by definition."""
    observations = Observations([[40.0, 0.0], [700.0, 0.0], [1e4, 0.0], [-1e4, 0.0]], [0, 0, 0, 0])
    np.testing.assert_allclose(observations.logit_confidence, [40, 700, 1e4, -1e4])
    np.testing.assert_allclose(
        observations.losses, [np.exp(-40.0), np.exp(-700.0), 0.0, 1e4], rtol=1e-12
    )
    assert np.isfinite(observations.modified_entropy).all()
    assert np.isfinite(observations.probabilities).all()


def test_modified_entropy_equals_a_loop_over_its_definition():
    observations = random_observations(classes=4)
    for row, value in enumerate(observations.modified_entropy):
        p, y = observations.probabilities[row], observations.labels[row]
        others = sum(p[i] * np.log(1 - p[i]) for i in range(4) if i != y)
        assert value == pytest.approx(-(1 - p[y]) * np.log(p[y]) - others, rel=1e-9)


def test_modified_entropy_of_a_row_does_not_depend_on_the_batch():
    observations = random_observations()
    alone = [observations.take([row]).modified_entropy[0] for row in range(len(observations))]
    np.testing.assert_array_equal(alone, observations.modified_entropy)


def test_predictions_and_accuracy():
    observations = Observations([[1.0, 2.0], [3.0, 0.0], [5.0, 5.0], [0.0, 1.0]], [1, 0, 1, 1])
    np.testing.assert_array_equal(observations.predictions, [1, 0, 0, 1])
    assert observations.accuracy == 0.75
    assert observations.num_classes == 2


def test_accuracy_of_nothing_is_refused():
    empty = Observations(np.empty((0, 3)), np.empty(0, dtype=int))
    assert len(empty) == 0
    assert empty.losses.shape == empty.modified_entropy.shape == (0,)
    with pytest.raises(InputError, match="observations must not be empty"):
        _ = empty.accuracy


def test_float32_and_tensors_become_float64():
    observations = Observations(torch.zeros(2, 3), torch.tensor([0, 2]))
    assert observations.logits.dtype == np.float64
    assert observations.labels.dtype == np.int64


def test_arrays_are_copied_and_read_only():
    logits = np.zeros((2, 2))
    observations = Observations(logits, [0, 1])
    logits[0, 0] = 9.0
    assert observations.logits[0, 0] == 0.0
    with pytest.raises(ValueError, match="read-only"):
        observations.logits[0, 0] = 1.0
    with pytest.raises(dataclasses.FrozenInstanceError):
        observations.shots = 3


def observed_values(rows=6):
    targets = np.arange(2.0 * rows).reshape(rows, 2)
    return Observations(row_losses=targets[:, 0] / 4, outputs=targets + 0.5, targets=targets)


def test_values_have_losses_and_one_stratum():
    observations = observed_values(3)
    np.testing.assert_array_equal(observations.losses, [0.0, 0.5, 1.0])
    np.testing.assert_array_equal(observations.membership_score, [0.0, -0.5, -1.0])
    np.testing.assert_array_equal(observations.strata, [0, 0, 0])
    np.testing.assert_array_equal(observations.predictions, observations.targets + 0.5)
    assert observations.num_classes is None
    for name in ("accuracy", "logit_confidence", "probabilities", "modified_entropy"):
        with pytest.raises(InputError, match="that does not predict classes have no logits"):
            getattr(observations, name)


def test_classes_with_a_loss_of_their_own_are_scored_by_it():
    plain = random_observations(rows=3)
    own = dataclasses.replace(plain, row_losses=[3.0, 1.0, 2.0])
    np.testing.assert_array_equal(plain.membership_score, plain.logit_confidence)
    np.testing.assert_array_equal(own.membership_score, [-3.0, -1.0, -2.0])
    np.testing.assert_array_equal(own.losses, [3.0, 1.0, 2.0])
    np.testing.assert_array_equal(own.strata, plain.labels)
    np.testing.assert_array_equal(own.modified_entropy, plain.modified_entropy)
    np.testing.assert_array_equal(own.confidence, plain.confidence)


def test_a_loss_is_all_that_is_needed():
    observations = Observations(row_losses=[1.0, 2.0])
    assert repr(observations) == "Observations(2 rows, exact, mean loss 1.5)"
    with pytest.raises(InputError, match="no logits"):
        _ = observations.predictions


def same(first, second):
    assert first.shots == second.shots
    arrays = ("logits", "labels", "expectations", "counts", "row_losses", "outputs", "targets")
    for name in arrays:
        one, other = getattr(first, name), getattr(second, name)
        assert (one is None) == (other is None)
        if one is not None:
            np.testing.assert_array_equal(one, other)


def test_take_and_concatenate_undo_each_other():
    observations = full_observations()
    same(concatenate(observations.take([0, 1]), observations.take([2, 3, 4, 5])), observations)
    same(observations.take(observations.labels == 2), observations.take(
        np.flatnonzero(observations.labels == 2)))  # fmt: skip
    assert len(observations.take([])) == 0
    values = observed_values()
    same(concatenate(values.take([0, 1]), values.take([2, 3, 4, 5])), values)


@pytest.mark.parametrize("make", [random_observations, full_observations, observed_values])
def test_save_and_load_give_the_same_observations(make, tmp_path):
    observations, path = make(), tmp_path / "outputs.of.a.model"
    observations.save(path)
    assert [file.name for file in tmp_path.iterdir()] == ["outputs.of.a.model"]
    same(Observations.load(path), observations)


def test_load_refuses_other_files(tmp_path):
    text, other, pickled = (tmp_path / name for name in ("a.npz", "b.npz", "c.npz"))
    text.write_text("not an archive")
    np.savez(other, rows=np.zeros(3))
    np.savez(pickled, logits=np.array([{}]), labels=np.zeros(1))
    (tmp_path / "empty.npz").touch()
    for path in (text, pickled, tmp_path / "empty.npz"):
        with pytest.raises(InputError, match="cannot read observations as an npz archive from"):
            Observations.load(path)
    with pytest.raises(InputError, match="arrays rows, without logits and labels or row_losses"):
        Observations.load(other)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"logits": np.zeros(3)}, r"logits must have the shape .* got \(3,\)"),
        ({"logits": np.zeros((3, 1))}, "at least 2 classes"),
        ({"logits": np.full((3, 2), np.nan)}, "logits must be finite, got 6"),
        ({"labels": [0, 1]}, "logits and labels must have the same length, got 3 and 2"),
        ({"labels": [[0], [1], [0]]}, r"labels must have the shape \(n,\), got \(3, 1\)"),
        ({"labels": [0, 1, 2]}, "labels must lie between 0 and 1, got 2"),
        ({"labels": [0.0, 1.0, 1.0]}, "labels must be integers, got dtype float64"),
        ({"expectations": np.zeros((2, 4))}, r"expectations must have the shape \(3, columns\)"),
        ({"expectations": np.full((3, 1), np.inf)}, "expectations must be finite"),
        ({"counts": [{"00": 3}] * 3}, "counts must be an array of integers, got dtype object"),
        ({"counts": np.zeros((2, 4), dtype=int)}, r"counts must have the shape \(3, outcomes\)"),
        ({"counts": -np.ones((3, 4), dtype=int)}, "counts must not be negative, got -1"),
        ({"shots": 0}, "shots must be an integer of at least 1, got 0"),
    ],
)
def test_wrong_input_is_refused(change, message):
    with pytest.raises(InputError, match=message):
        Observations(**({"logits": np.zeros((3, 2)), "labels": [0, 1, 1]} | change))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"row_losses": None}, "need logits and labels, or row_losses; got neither"),
        ({"labels": [0, 1, 1]}, "need both logits and labels, got only labels"),
        ({"row_losses": np.zeros((3, 1))}, r"row_losses must have the shape \(3,\), got \(3, 1\)"),
        ({"row_losses": [0.0, np.nan, 1.0]}, "row_losses must be finite"),
        ({"outputs": np.zeros(2)}, r"outputs must have the shape \(3,\) or \(3, values\)"),
        ({"targets": np.zeros((3, 2, 2))}, "targets must have the shape"),
        ({"targets": np.zeros((3, 2))}, r"same shape, got \(3,\) and \(3, 2\)"),
    ],
)
def test_wrong_values_are_refused(change, message):
    whole = {"row_losses": np.zeros(3), "outputs": np.zeros(3), "targets": np.zeros(3)}
    with pytest.raises(InputError, match=message):
        Observations(**(whole | change))


@pytest.mark.parametrize(
    ("positions", "message"),
    [
        ([6], "positions must lie between 0 and 5, got 6"),
        ([-1], "positions must lie between 0 and 5, got -1"),
        ([0.5], "positions must be integers"),
        ([[0]], "positions must have the shape"),
        ([True, False], r"a mask must have the shape \(6,\), got \(2,\)"),
    ],
)
def test_wrong_positions_are_refused(positions, message):
    with pytest.raises(InputError, match=message):
        full_observations().take(positions)


def test_observations_of_different_kinds_do_not_join():
    with pytest.raises(
        InputError, match="observations differ in classes, expectations, counts or shots"
    ):
        concatenate(random_observations(), random_observations(shots=10))
    with pytest.raises(InputError, match="observations differ"):
        concatenate(random_observations(), random_observations(classes=3))
    with pytest.raises(InputError, match="observations must not be empty"):
        concatenate()


def test_its_text_is_short_and_says_what_it_holds():
    exact = Observations(np.eye(3)[[0, 1, 1]], [0, 1, 2])
    assert repr(exact) == "Observations(3 rows, 3 classes, exact, accuracy 0.667)"
    counted = Observations(
        np.eye(2), [0, 1], expectations=np.ones((2, 4)), counts=np.ones((2, 16), int), shots=16
    )
    assert repr(counted) == (
        "Observations(2 rows, 2 classes, 4 outputs, counts (2, 16), 16 shots, accuracy 1.000)"
    )
    assert repr(exact.take([])) == "Observations(0 rows, 3 classes, exact)"
    assert repr(observed_values(2)) == (
        "Observations(2 rows, values (2, 2), exact, mean loss 0.25)"
    )
