"""Correcting for misread bits, where what was held is known."""

from functools import reduce

import numpy as np
import pytest
from qiskit.primitives import BitArray
from qiskit.quantum_info import SparsePauliOp

from qiskit_qmu._check import InputError
from qiskit_qmu.backends.primitives.broadcast_estimator import _estimates
from qiskit_qmu.backends.readout.moments import all_variances, moments
from qiskit_qmu.backends.readout.readout_errors import ReadoutErrors, mitigated
from qiskit_qmu.simulator.readout.measurement_bases import measured_terms
from qiskit_qmu.simulator.readout.outcome_probabilities import OutcomeProbabilities

ONES, ZEROS = np.array([0.02, 0.1, 0.3]), np.array([0.07, 0.0, 0.2])
EXACT = ReadoutErrors(ONES, ZEROS, None)
CONFUSION = [
    np.array([[1 - one, zero], [one, 1 - zero]]) for one, zero in zip(ONES, ZEROS, strict=True)
]
ALL = reduce(np.kron, CONFUSION[::-1])
"""P(read | held), both as integers with bit 0 the lowest."""


@pytest.fixture
def held(generator):
    return generator.dirichlet(np.ones(8), size=4)


def misread(held: np.ndarray) -> np.ndarray:
    return held @ ALL.T


def test_frequencies_are_those_of_what_was_held(held):
    np.testing.assert_allclose(EXACT.corrected(misread(held)), held, atol=1e-12)


def test_the_inverse_of_the_whole_confusion_matrix_gives_the_same(generator):
    """Also for frequencies that no distribution could have led to: they turn negative."""
    read = generator.dirichlet(np.ones(8), size=4)
    corrected = EXACT.corrected(read)
    np.testing.assert_allclose(corrected, read @ np.linalg.inv(ALL).T, atol=1e-12)
    np.testing.assert_allclose(corrected.sum(axis=1), 1)
    assert corrected.min() < 0


def parity(mask: int) -> np.ndarray:
    return (-1.0) ** np.bitwise_count(np.arange(8) & mask)


@pytest.mark.parametrize("mask", range(1, 8))
def test_products_are_those_of_what_was_held(held, mask):
    register = OutcomeProbabilities(misread(held), 3)
    found = moments(register, [[(mask, 2.0)]], EXACT)
    np.testing.assert_allclose(found.means[0], 2 * held @ parity(mask), atol=1e-12)
    assert not all_variances(found.variances, found.slopes).any()


def test_registers_keep_their_correlations(held):
    joint = misread(held)
    outcomes = {
        "low": OutcomeProbabilities(joint, 1, [0]),
        "high": OutcomeProbabilities(joint, 2, [1, 2]),
    }
    errors = {
        "low": ReadoutErrors(ONES[:1], ZEROS[:1], None),
        "high": ReadoutErrors(ONES[1:], ZEROS[1:], None),
    }
    low, high = mitigated(outcomes, errors).values()
    whole = OutcomeProbabilities.concatenate_bits([low, high])
    np.testing.assert_allclose(whole.probabilities, held, atol=1e-12)


def test_many_bits_are_read_shot_by_shot(generator):
    """The same bits among 17 as among 3."""
    bits = generator.random((2, 50, 3)) < 0.3
    wide = np.zeros((2, 50, 17), dtype=bool)
    wide[..., [0, 8, 16]] = bits
    spread = np.zeros((2, 17))
    spread[:, [0, 8, 16]] = ONES, ZEROS
    few = moments(
        BitArray.from_bool_array(bits, "little"),
        [[(5, 1.0), (2, 0.5)]],
        ReadoutErrors(ONES, ZEROS, 100),
    )
    many = moments(
        BitArray.from_bool_array(wide, "little"),
        [[(1 << 16 | 1, 1.0), (1 << 8, 0.5)]],
        ReadoutErrors(spread[0], spread[1], 100),
    )
    np.testing.assert_allclose(many.means, few.means, atol=1e-12)
    np.testing.assert_allclose(
        all_variances(many.variances, many.slopes),
        all_variances(few.variances, few.slopes),
        atol=1e-12,
    )


def test_frequencies_of_many_bits_are_refused():
    register = BitArray(np.zeros((1, 1, 3), dtype=np.uint8), 17)
    with pytest.raises(InputError, match="supports at most 16 bits, got 17"):
        mitigated({"c": register}, {"c": ReadoutErrors(np.zeros(17), np.zeros(17), None)})


@pytest.mark.parametrize(
    ("shots", "calibration_shots"),
    [(300, 10_000), pytest.param(1000, 1000, marks=pytest.mark.slow), (3000, 1000)],
)
def test_standard_errors_are_those_of_repetitions(generator, held, shots, calibration_shots):
    """Of 1000 runs, each with a calibration of its own.

    A ratio of spreads within 5/√(2·1000) of 1, and means within five standard errors; 0.02 more for
    what is of second order in the rates' own errors.
    """
    terms = [[(7, 1.0)], [(3, 1.0)], [(1, 0.5), (6, -1.0), (7, 0.3)]]
    runs = []
    for _ in range(1000):
        read = generator.choice(8, size=(1, shots, 1), p=misread(held)[0]).astype(np.uint8)
        ones, zeros = (generator.binomial(calibration_shots, p) for p in (ONES, ZEROS))
        errors = ReadoutErrors(
            ones / calibration_shots, zeros / calibration_shots, calibration_shots
        )
        own = moments(BitArray(read, 3), terms, errors)
        runs.append((own.means, all_variances(own.variances, own.slopes)))
    means, variances = np.array(runs)[..., 0].transpose(1, 2, 0)
    expected = np.sqrt(variances.mean(axis=1))
    assert np.abs(means.std(axis=1) / expected - 1).max() < 5 / np.sqrt(2 * 1000) + 0.02
    exact = [held[0] @ sum(w * parity(mask) for mask, w in own) for own in terms]
    assert (np.abs(means.mean(axis=1) - exact) / expected).max() < 5 / np.sqrt(1000) + 0.02


@pytest.mark.parametrize("signs", [(1, 1, -1), (1, -1, 0)])
def test_standard_errors_know_that_bases_share_a_calibration(generator, signs):
    """ZZ + XX - YY and ZZ - XX of a Bell state, whose three parities are 1, 1 and -1.

    800 runs with a calibration each: a ratio of spreads within 5/√(2·800) of 1. Were the bases'
    calibrations independent, both would be out of that.
    """
    observable = SparsePauliOp(["ZZ", "XX", "YY"], signs).simplify()
    plan = measured_terms([observable])
    parities = {"ZZ": 1, "XX": 1, "YY": -1}
    flip, shots = 0.05, 3000
    confusion = np.array([[1 - flip, flip], [flip, 1 - flip]])
    both = np.kron(confusion, confusion)
    runs = []
    for _ in range(800):
        ones, zeros = generator.binomial(shots, flip, size=(2, 2)) / shots
        errors = ReadoutErrors(ones, zeros, shots, (0, 1), (0, 1))
        registers = []
        for basis in plan[1]:
            held = np.array([0.5, 0, 0, 0.5] if parities[basis] == 1 else [0, 0.5, 0.5, 0])
            read = generator.choice(4, size=(1, shots, 1), p=held @ both).astype(np.uint8)
            registers.append(BitArray(read, 2))
        means, variances = _estimates(plan, 1, registers, [errors] * len(registers))
        runs.append((means[0, 0], variances[0, 0]))
    means, variances = np.array(runs).T
    assert abs(means.std() / np.sqrt(variances.mean()) - 1) < 5 / np.sqrt(2 * 800)


def test_standard_errors_are_unbiased_and_unknown_after_one_shot(generator):
    """Variances of means from five shots, over 4000 repetitions: within five errors of p(1-p)/5."""
    p = 0.3
    read = (generator.random((4000, 5, 1)) < p).astype(np.uint8)
    found = moments(BitArray(read, 1), [[(1, 1.0)]])
    spread = found.variances.std() / np.sqrt(4000)
    assert abs(found.variances.mean() - 4 * p * (1 - p) / 5) < 5 * spread
    assert np.isnan(moments(BitArray(read[:, :1], 1), [[(1, 1.0)]]).variances).all()
