"""Finite shots: means, variances and covariances of estimates, against the multinomial law.

A statistic is accepted within five standard deviations of its own, which a correct program misses
with a probability of 6·10⁻⁷ each; the random streams are fixed.
"""

import numpy as np
import pytest
import torch
from qiskit import QuantumCircuit
from qiskit.quantum_info import SparsePauliOp, Statevector, random_statevector
from random_circuits import random_observable
from scipy import stats

from qiskit_qmu.simulator import TorchEstimator
from qiskit_qmu.simulator.readout.measurement_bases import measured_terms
from qiskit_qmu.simulator.shots.draws import outcome_counts
from qiskit_qmu.simulator.shots.sampled_pauli_sums import sampled_expectations

REPEATS = 4000
SHOTS = 50


def estimates(observables: list[SparsePauliOp], state: np.ndarray, generator):
    """Return estimates and claimed variances (O, REPEATS) of one state."""
    states = torch.tensor(state)[:, None].expand(-1, REPEATS)
    return sampled_expectations(measured_terms(observables), states, SHOTS, generator)


def exact(observable: SparsePauliOp, state: np.ndarray) -> float:
    return Statevector(state).expectation_value(observable).real


def assert_mean(samples: np.ndarray, mean: float) -> None:
    error = samples.std(ddof=1) / np.sqrt(len(samples))
    assert samples.mean() == pytest.approx(mean, abs=5 * error)


def assert_variance(samples: np.ndarray, variance: float) -> None:
    """The standard error of a variance comes from the fourth moment."""
    squares = (samples - samples.mean()) ** 2
    assert squares.mean() == pytest.approx(
        variance, abs=5 * squares.std() / np.sqrt(len(samples)) + 2 * variance / len(samples)
    )


@pytest.fixture
def state(generator) -> np.ndarray:
    return random_statevector(8, seed=generator).data


LABELS = ["ZIZ", "XXI", "IYX", "YYY"]


@pytest.mark.parametrize("label", LABELS)
def test_a_pauli_string_has_the_mean_and_variance_of_its_sign(label, state, generator):
    """One shot is ±1, so its variance is 1 - ⟨P⟩²."""
    observable = SparsePauliOp(label)
    means, variances = estimates([observable], state, generator)
    expected = exact(observable, state)
    assert_mean(means[0], expected)
    assert_variance(means[0], (1 - expected**2) / SHOTS)
    assert_mean(variances[0], (1 - expected**2) / SHOTS)


def test_terms_of_one_basis_share_their_shots(state, generator):
    """A diagonal observable is read from the same outcomes: one-shot variance ⟨O²⟩ - ⟨O⟩²."""
    observable = SparsePauliOp(["ZII", "IZI", "ZZI", "III"], [1.0, -0.5, 0.7, 2.0])
    means, variances = estimates([observable], state, generator)
    mean = exact(observable, state)
    variance = (exact(observable @ observable, state) - mean**2) / SHOTS
    assert_mean(means[0], mean)
    assert_variance(means[0], variance)
    assert_mean(variances[0], variance)


def test_terms_of_different_bases_have_shots_of_their_own(state, generator):
    """Variances of independent measurements add up."""
    terms = [SparsePauliOp("XXI"), SparsePauliOp("ZZI", 0.5), SparsePauliOp("YIY", -2.0)]
    observable = sum(terms[1:], terms[0]).simplify()
    means, variances = estimates([observable], state, generator)
    variance = sum(exact(term @ term, state) - exact(term, state) ** 2 for term in terms) / SHOTS
    assert_mean(means[0], exact(observable, state))
    assert_variance(means[0], variance)
    assert_mean(variances[0], variance)


@pytest.mark.parametrize(
    ("first", "second", "share"),
    [("ZIZ", "IZI", True), ("XXI", "XIX", True), ("ZIZ", "XII", False), ("YYI", "XXI", False)],
)
def test_commuting_observables_share_their_shots(first, second, share, state, generator):
    """Cov = (⟨PQ⟩ - ⟨P⟩⟨Q⟩)/N in a common basis, zero in different ones (XX and YY included)."""
    operators = [SparsePauliOp(first), SparsePauliOp(second)]
    means, _ = estimates(operators, state, generator)
    centred = means - means.mean(axis=1, keepdims=True)
    products = centred[0] * centred[1]
    covariance = 0.0
    if share:
        joint = exact(operators[0] @ operators[1], state)
        covariance = (joint - exact(operators[0], state) * exact(operators[1], state)) / SHOTS
    assert_mean(products, covariance)


def test_covariances_of_sums_over_several_bases(state, generator):
    """Only terms in a common basis vary together: Cov = Σ_bases (⟨AB⟩ - ⟨A⟩⟨B⟩)/N."""
    diagonal = [SparsePauliOp(["ZZI", "IZZ"], [1.0, -0.5]), SparsePauliOp(["ZII", "IIZ"], [2, 1])]
    flipping = [SparsePauliOp(["XXI", "XII"], [0.5, 1.0]), SparsePauliOp(["IXI"], [-1.0])]
    operators = [(diagonal[i] + flipping[i]).simplify() for i in range(2)]
    means, variances = estimates(operators, state, generator)

    def covariance(first: SparsePauliOp, second: SparsePauliOp) -> float:
        joint = exact((first @ second).simplify(), state)
        return (joint - exact(first, state) * exact(second, state)) / SHOTS

    centred = means - [[exact(operator, state)] for operator in operators]
    expected = sum(covariance(*pair) for pair in (diagonal, flipping))
    assert_mean(centred[0] * centred[1], expected)
    for i in range(2):
        expected = covariance(diagonal[i], diagonal[i]) + covariance(flipping[i], flipping[i])
        assert_mean(centred[i] ** 2, expected)
        assert_mean(variances[i], expected)


def test_a_certain_outcome_has_no_noise(generator):
    state = np.eye(4)[2].astype(complex)
    means, variances = estimates([SparsePauliOp("ZI"), SparsePauliOp("II", 3)], state, generator)
    assert (means[0] == -1).all()
    assert (means[1] == 3).all()
    assert not variances.any()


def test_a_multiple_of_the_identity_needs_no_shot(generator):
    states = torch.full((4, 2), 0.5, dtype=torch.complex128)
    constants = [SparsePauliOp("II", 3), SparsePauliOp(["II", "II"], [1, 1])]
    means, variances = sampled_expectations(measured_terms(constants), states, 1, generator)
    np.testing.assert_array_equal(means, [[3, 3], [2, 2]])
    assert not variances.any()


def test_a_single_shot_does_not_tell_its_error(state, generator):
    observables = [SparsePauliOp("ZIZ"), SparsePauliOp("III", 2)]
    states = torch.tensor(state)[:, None].expand(-1, REPEATS)
    means, variances = sampled_expectations(measured_terms(observables), states, 1, generator)
    assert set(means[0]) == {-1, 1}
    assert_mean(means[0], exact(observables[0], state))
    assert np.isnan(variances[0]).all()
    assert not variances[1].any()


def test_many_observables_are_taken_a_few_at_a_time(generator, monkeypatch):
    """The same noise, whatever is computed at once."""
    states = torch.tensor(generator.normal(size=(8, 3)) + 1j * generator.normal(size=(8, 3)))
    observables = [random_observable(generator, 3) for _ in range(20)]
    terms = measured_terms(observables)
    seed = int(generator.integers(2**32))
    whole = sampled_expectations(terms, states, 10, np.random.default_rng(seed))
    monkeypatch.setattr("qiskit_qmu.simulator.shots.sampled_pauli_sums._LARGEST_TABLE", 24)
    pieces = sampled_expectations(terms, states, 10, np.random.default_rng(seed))
    np.testing.assert_allclose(pieces, whole, rtol=0, atol=1e-12)


def test_no_observables_and_no_states(generator):
    states = torch.ones(4, 3, dtype=torch.complex128)
    assert sampled_expectations(measured_terms([]), states, 5, generator)[0].shape == (0, 3)
    observables = [SparsePauliOp("XZ"), SparsePauliOp("ZZ")]
    for values in sampled_expectations(measured_terms(observables), states[:, :0], 5, generator):
        assert values.shape == (2, 0)


def test_every_state_of_a_batch_is_measured_in_every_basis(generator):
    states = np.array([random_statevector(4, seed=generator).data for _ in range(3)]).T
    observables = [SparsePauliOp(label) for label in ("XZ", "YI", "ZZ")]
    terms = measured_terms(observables)
    means, variances = sampled_expectations(terms, torch.tensor(states), 10**6, generator)
    for row, observable in enumerate(observables):
        for column in range(3):
            expected = exact(observable, states[:, column])
            error = np.sqrt(variances[row, column])
            assert error == pytest.approx(np.sqrt((1 - expected**2) / 10**6), rel=0.02)
            assert means[row, column] == pytest.approx(expected, abs=5 * error)


def test_outcome_counts_follow_the_probabilities(state, generator):
    """Chi-square: a correct program is below this p-value with a probability of 10⁻⁶."""
    counts = outcome_counts(torch.tensor(state)[:, None], 100_000, generator)[0]
    assert counts.sum() == 100_000
    assert stats.chisquare(counts, 100_000 * np.abs(state) ** 2).pvalue > 1e-6


@pytest.mark.parametrize("shots", [2, 100])
def test_single_precision_states_lose_no_shots(shots, generator):
    """Norms off by rounding, and outcomes that cannot occur."""
    states = torch.full((8, 5), 7**-0.5 * (1 + 1e-6), dtype=torch.complex64)
    states[7] = 0
    counts = outcome_counts(states, shots, generator)
    assert (counts.sum(axis=1) == shots).all()
    assert not counts[:, 7].any()


def test_stds_of_the_estimator_are_the_errors_of_its_values():
    """4000 bindings alike; one-shot variances 1 - ⟨Z⟩² = sin²θ and 1 - ⟨X⟩² = cos²θ."""
    circuit = QuantumCircuit(1)
    circuit.ry(1.0, 0)
    pub = (circuit, [["Z"], ["X"]], np.zeros((REPEATS, 0)))
    data = TorchEstimator(shots=SHOTS, seed=1).run([pub]).result()[0].data
    assert data.evs.shape == data.stds.shape == (2, REPEATS)
    assert_variance(data.evs[0], np.sin(1) ** 2 / SHOTS)
    assert_variance(data.evs[1], np.cos(1) ** 2 / SHOTS)
    assert_mean(data.stds[0] ** 2, np.sin(1) ** 2 / SHOTS)
    assert_mean(data.stds[1] ** 2, np.cos(1) ** 2 / SHOTS)
