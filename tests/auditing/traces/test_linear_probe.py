"""The linear probe reads the circuit's outputs, up to rotation, beside retrained models."""

import dataclasses

import numpy as np
import pytest
import scipy

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.traces import linear_probe
from qiskit_qmu.evaluation import SplitObservations
from qiskit_qmu.observation import Observations


def _rows(outputs, labels):
    labels = np.asarray(labels)
    return Observations(logits=np.eye(3)[labels], labels=labels, expectations=outputs)


def _observed(generator, distance, rotation=None):
    """Class 1 lies between the other two on one axis, and apart from them on another."""
    labels = np.arange(90) % 3
    outputs = generator.normal(size=(90, 4))
    outputs[:, 0] += 4.0 * labels
    outputs[labels == 1, 1] += distance
    outputs = outputs if rotation is None else outputs @ rotation
    inside = labels == 1
    forget = _rows(outputs[inside], labels[inside])
    return SplitObservations(
        forget=forget, test_forget=forget, test_retain=_rows(outputs[~inside], labels[~inside])
    )


def test_a_rotation_and_a_scale_change_nothing():
    rotation = scipy.stats.ortho_group.rvs(4, random_state=3)
    (plain,) = linear_probe(_observed(np.random.default_rng(0), 1.0))
    (rotated,) = linear_probe(_observed(np.random.default_rng(0), 1.0, 7.0 * rotation))
    assert 0.7 < plain.value.value < 1.0
    assert rotated.value.value == pytest.approx(plain.value.value, abs=1e-9)
    assert rotated.reading == plain.reading


def test_the_null_is_the_oracles_and_never_chance():
    oracles = [_observed(np.random.default_rng(seed), 0.0) for seed in range(1, 6)]
    same = linear_probe(_observed(np.random.default_rng(9), 0.0), oracles)[0]
    assert same.null.value > 0.75  # the middle class is separable without any training on it
    assert same.p_value > 0.05
    assert "no better than on retrained models" in same.reading
    inside = linear_probe(_observed(np.random.default_rng(9), 9.0), oracles)[0]
    assert inside.value.value > same.value.value


def test_references_are_findings_of_their_own():
    observed = _observed(np.random.default_rng(0), 9.0)
    findings = linear_probe(observed, original=observed, untrained=observed)
    assert [each.key for each in findings] == ["probe", "probe_original", "probe_untrained"]
    assert {each.value for each in findings} == {findings[0].value}


def test_what_cannot_be_probed_is_refused():
    observed = _observed(np.random.default_rng(0), 1.0)
    without = dataclasses.replace(observed, test_forget=None)
    with pytest.raises(InputError, match="at least two never-seen rows of the forgotten class"):
        linear_probe(without)
    bare = Observations(logits=np.eye(3), labels=[1, 1, 1])
    with pytest.raises(InputError, match="needs outputs of circuits"):
        linear_probe(SplitObservations(forget=bare, test_forget=bare, test_retain=_two()))


def _two():
    return Observations(logits=np.eye(3), labels=[0, 2, 0])
