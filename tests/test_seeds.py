"""Named streams: the same for the same names, independent for others, and of no global state."""

import itertools

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu._check import InputError
from qiskit_qmu._seeds import as_generator, child_seed, fresh_seed, stream


def draws(*path, count: int = 4) -> tuple[float, ...]:
    return tuple(stream(*path).random(count))


def test_a_seed_and_its_names_fix_the_stream():
    assert draws(3, "original", "weights") == draws(3, "original", "weights")
    generator = stream(3, "original", "weights")
    stream(3, "original").random(100)
    assert tuple(generator.random(4)) == draws(3, "original", "weights")


def test_other_seeds_names_and_orders_give_other_streams():
    paths = [
        (0,),
        (1,),
        (0, "weights"),
        (0, "shots"),
        (0, "shots", "weights"),
        (0, "weights", "shots"),
        (0, "weights", "weights"),
        (1, "weights"),
        (2**64, "weights"),
    ]
    assert len({draws(*path) for path in paths}) == len(paths)


def test_streams_are_uncorrelated():
    """Correlations of 10,000 draws are below 5/100 but for a probability of 6·10⁻⁷ per pair."""
    samples = [stream(0, name).normal(size=10_000) for name in ("data", "weights", "shots", "")]
    for first, second in itertools.combinations(samples, 2):
        assert abs(stats.pearsonr(first, second).statistic) < 0.05


def test_streams_do_not_change_with_versions():
    """PCG64 from a seed sequence whose key is the CRC-32 of "weights": published runs repeat."""
    own = np.random.SeedSequence(0, spawn_key=(0x1AD27358,))
    expected = np.random.Generator(np.random.PCG64(own)).random()
    assert stream(0, "weights").random() == expected == 0.933473938815582


def test_negative_seeds_are_refused():
    with pytest.raises(ValueError, match="non-negative"):
        stream(-1, "weights")


def test_as_generator_passes_generators_on():
    generator = np.random.default_rng(5)
    assert as_generator(generator) is generator
    assert as_generator(5).random() == np.random.default_rng(5).random()
    assert as_generator(None).random() != as_generator(None).random()


def test_seeds_of_names_are_repeatable_and_their_own():
    seeds = [
        child_seed(0),
        child_seed(0, "a"),
        child_seed(0, "b"),
        child_seed(1, "a"),
        fresh_seed(),
    ]
    assert len({*seeds, fresh_seed()}) == 6
    assert child_seed(0, "a") == seeds[1]
    assert all(0 <= seed < 2**63 for seed in seeds)
    with pytest.raises(InputError, match="seed must be an integer of at least 0, got -1"):
        child_seed(-1, "a")
