"""Counts of observations: what outputs were computed from, and what serves fewer shots."""

import numpy as np
import pytest
import torch

from qiskit_qmu._check import InputError
from qiskit_qmu.backends import open_backend
from qiskit_qmu.models import BasicQNN, observe, split_shots, with_fewer_shots

X = np.linspace(-1, 1, 18, dtype=np.float32).reshape(6, 3)
Y = np.arange(6) % 2
READOUTS = pytest.mark.parametrize("readout", ["expectation", "probabilities"])


def model(readout: str, **options) -> BasicQNN:
    own = BasicQNN(3, 2, 3, 2, seed=1, readout=readout, backend=open_backend(**options))
    own.fit_inputs(X)
    return own


@READOUTS
@pytest.mark.parametrize("name", ["exact", "aer", "fake_manila"])
def test_counts_are_what_the_outputs_were_computed_from(name, readout):
    own = model(readout, name=name, shots=200, seed=1)
    observed = own.observe(X, Y)
    assert observed.counts.shape == (6, 8)
    assert (observed.counts.sum(axis=1) == 200).all()
    same = with_fewer_shots(own, observed, 200, np.random.default_rng(0))
    np.testing.assert_array_equal(same.counts, observed.counts)
    np.testing.assert_allclose(same.expectations, observed.expectations, atol=1e-6)
    np.testing.assert_allclose(same.logits, observed.logits, atol=1e-6)


@READOUTS
def test_fewer_shots_are_some_of_those_there_were(readout, generator):
    own = model(readout, name="aer", shots=200, seed=1)
    observed = own.observe(X, Y)
    fewer = with_fewer_shots(own, observed, 50, generator)
    assert fewer.shots == 50
    assert (fewer.counts.sum(axis=1) == 50).all()
    assert (fewer.counts <= observed.counts).all()
    with torch.no_grad():
        logits = own.head(torch.tensor(fewer.expectations).float()).numpy()
    np.testing.assert_allclose(fewer.logits, logits, atol=1e-6)


@pytest.mark.parametrize("options", [{"name": "exact"}, {"name": "aer"}])
def test_exact_values_have_no_counts(options, generator):
    own = model("expectation", **options)
    observed = own.observe(X, Y)
    assert observed.counts is None
    with pytest.raises(InputError, match="the observations have no counts"):
        with_fewer_shots(own, observed, 5, generator)


def test_more_shots_are_refused(generator):
    own = model("expectation", name="aer", shots=20)
    observed = own.observe(X, Y)
    with pytest.raises(InputError, match="shots must be at most 20, got 21"):
        with_fewer_shots(own, observed, 21, generator)


def test_any_module_with_a_connector_is_observed_with_counts():
    own = model("expectation", name="aer", shots=20)
    wrapped = torch.nn.Sequential(own, torch.nn.Identity())
    assert observe(wrapped, X, Y).counts.shape == (6, 8)


def test_moving_a_model_keeps_its_weights():
    own = model("expectation", name="exact")
    moved = own.on(open_backend("aer"))
    assert torch.equal(moved.quantum.weight, own.quantum.weight)
    np.testing.assert_allclose(moved.observe(X, Y).logits, own.observe(X, Y).logits, atol=1e-5)


@pytest.mark.slow
@pytest.mark.ci
@READOUTS
def test_counts_stay_raw_and_outputs_are_corrected_again(readout, generator):
    own = model(readout, name="fake_manila", shots=400, seed=1, readout_mitigation=True)
    observed = own.observe(X, Y)
    assert (observed.counts.sum(axis=1) == 400).all()
    same = with_fewer_shots(own, observed, 400, generator)
    np.testing.assert_allclose(same.expectations, observed.expectations, atol=1e-6)
    np.testing.assert_allclose(same.logits, observed.logits, atol=1e-5)
    raw = own.on(open_backend("fake_manila", shots=400, seed=1)).observe(X, Y)
    assert np.abs(raw.expectations - observed.expectations).max() > 0.01
    draws = [with_fewer_shots(own, observed, 100, generator).expectations for _ in range(400)]
    error = np.abs(np.mean(draws, axis=0) - observed.expectations)
    assert error.max() < 5 * 1.2 / np.sqrt(100 * 400)


@READOUTS
def test_outputs_that_were_mitigated_elsewhere_are_refused(readout, generator):
    mitigated = {"name": "fake_manila", "shots": 100, "readout_mitigation": True}
    own = model(readout, **mitigated)
    observed = own.observe(X, Y)
    with pytest.raises(InputError, match="the outputs of the observations differ by"):
        with_fewer_shots(own.on(open_backend("aer", shots=100)), observed, 50, generator)
    with pytest.raises(InputError, match="a fake_manila that has not calibrated its readout"):
        with_fewer_shots(own.on(open_backend(**mitigated)), observed, 50, generator)


def test_fewer_shots_have_the_moments_of_draws_without_replacement(generator):
    """Hypergeometric: mean n·K/N and variance n·K/N·(1 − K/N)·(N − n)/(N − 1), within 5 sigma."""
    own, draws, fewer = model("expectation", name="exact", shots=40, seed=1), 2000, 10
    observed = own.observe(X[:1], Y[:1])
    share = observed.counts[0] / 40
    many = [with_fewer_shots(own, observed, fewer, generator).counts[0] for _ in range(draws)]
    variance = fewer * share * (1 - share) * (40 - fewer) / (40 - 1)
    error = np.abs(np.mean(many, axis=0) - fewer * share)
    assert np.all(error <= 5 * np.sqrt(variance / draws) + 1e-12)
    assert np.all(np.abs(np.var(many, axis=0) - variance) <= 0.2 * variance + 1e-12)


def test_a_run_is_dealt_to_several(generator):
    own = model("expectation", name="exact", shots=60, seed=1)
    observed = own.observe(X, Y)
    dealt = split_shots(own, observed, 3, generator)
    assert [part.shots for part in dealt] == [20, 20, 20]
    np.testing.assert_array_equal(sum(part.counts for part in dealt), observed.counts)
    mean = np.mean([part.expectations for part in dealt], axis=0)
    np.testing.assert_allclose(mean, observed.expectations, atol=1e-6)


@pytest.mark.parametrize("runs", [7, 61])
def test_shots_that_cannot_be_dealt_are_refused(runs, generator):
    own = model("expectation", name="exact", shots=60, seed=1)
    with pytest.raises(InputError, match=f"60 shots cannot be split evenly into {runs} runs"):
        split_shots(own, own.observe(X, Y), runs, generator)
