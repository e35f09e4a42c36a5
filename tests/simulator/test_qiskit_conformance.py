"""Qiskit's own tests of its statevector primitives, run on ours.

They are read from a checkout of Qiskit, whose folder the environment variable QISKIT_SOURCE names;
without it these tests are skipped. Ours have the constructors of Qiskit's there, and nothing else
is changed. Every test and sub-test must pass but those in the tables, each with the reason why not,
and what is listed must fail.
"""

import importlib
import os
import sys
import types
import unittest
import warnings
from collections.abc import Iterator
from pathlib import Path

import pytest
from qiskit_ml_substitution import CountingSampler, Estimator

DIFFERENT = {
    "estimator": {
        "test_precision_seed": "Its noise is a normal deviate, the same in every run and PUB of "
        "one estimator; ours has the distribution of shots, from a stream that never repeats.",
    },
    "sampler": {
        "test_sampler_run_multiple_times": "It wants the same shots from every run of a seed; a "
        "seed starts a stream here, and two runs with the same shots would be one noise twice.",
    },
}

RANDOM = {
    "estimator": set(),
    "sampler": {"test_run_single_circuit", "test_sampler_run_with_parameterized_circuits"},
}
"""Tests that compare random counts with those of Qiskit's own stream, to ten per cent, which for
the smallest is about one standard deviation of the difference: they must pass for one seed of 20,
which a correct sampler misses with a probability below 10⁻⁶."""


@pytest.fixture
def qiskit_tests(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Make Qiskit's tests importable, as the package ``test`` that they call themselves."""
    folder = os.environ.get("QISKIT_SOURCE")
    if folder is None:
        pytest.skip("set QISKIT_SOURCE to the folder of a Qiskit checkout to run Qiskit's tests")
    if not Path(folder, "test", "python", "primitives").is_dir():
        pytest.fail(f"QISKIT_SOURCE must be the folder of a Qiskit checkout, got {folder}")
    before = {name for name in sys.modules if name.split(".")[0] == "test"}
    for name in before:  # Python's own package of this name, should anything have imported it
        monkeypatch.delitem(sys.modules, name)
    # Qiskit's package of tests imports it for other tests than these.
    monkeypatch.setitem(sys.modules, "ddt", types.SimpleNamespace(data=None, unpack=None))
    monkeypatch.syspath_prepend(folder)
    with warnings.catch_warnings():  # Qiskit's test case sets filters of its own
        yield
    for name in [name for name in sys.modules if name.split(".")[0] == "test"]:
        del sys.modules[name]


def suite_of(kind: str, ours: type) -> unittest.TestSuite:
    """Return Qiskit's tests of a primitive, with our class under the name of Qiskit's."""
    module = importlib.import_module(f"test.python.primitives.test_statevector_{kind}")
    name = f"Statevector{kind.title()}"
    assert hasattr(module, name)
    setattr(module, name, ours)
    return unittest.defaultTestLoader.loadTestsFromModule(module)


def failures(suite: unittest.TestSuite | unittest.TestCase) -> dict[str, str]:
    """Run tests and return, for each test or sub-test that did not pass, what it said."""
    result = unittest.TestResult()
    suite.run(result)
    return {test.id().split(".", 5)[-1]: text for test, text in [*result.failures, *result.errors]}


PRIMITIVES = pytest.mark.parametrize(
    ("kind", "ours", "count"), [("estimator", Estimator, 12), ("sampler", CountingSampler, 21)]
)


@PRIMITIVES
def test_all_but_what_is_listed_passes(kind, ours, count, qiskit_tests):
    suite = suite_of(kind, ours)
    assert suite.countTestCases() >= count
    failed = failures(suite)
    listed = DIFFERENT[kind].keys()
    unexpected = {name for name in failed.keys() - listed if name.split()[0] not in RANDOM[kind]}
    assert not unexpected, "\n".join(failed[name] for name in sorted(unexpected))
    assert not listed - failed.keys(), "these pass now: take them off the list"


@pytest.mark.parametrize("name", sorted(RANDOM["sampler"]))
def test_what_is_random_passes_with_some_seed(name, qiskit_tests):
    for offset in range(20):

        class Shifted(CountingSampler):
            def __init__(self, *, seed: int, offset: int = offset) -> None:
                super().__init__(default_shots=1024, seed=seed + offset)

        suite = suite_of("sampler", Shifted)
        (test,) = (test for group in suite for test in group if test.id().endswith(f".{name}"))
        if not failures(test):
            return
    pytest.fail(f"{name} passes with none of 20 seeds")
