"""Runs test modules of a Qiskit ML checkout with our classes in place of theirs.

A program of its own, because it changes the installed Qiskit ML: every name of a stock primitive,
of a parameter-shift gradient and of the TorchConnector stands for ours, in the library and in the
tests. It prints one JSON object: outcomes by test name, with the last line of the error.

    python qiskit_ml_substitution.py CHECKOUT ours|stock MODULE...
"""

import importlib
import json
import math
import sys
import unittest
from pathlib import Path
from types import ModuleType

import qiskit.primitives
import qiskit_machine_learning.gradients as stock_gradients
import qiskit_machine_learning.primitives as stock_primitives
from qiskit_machine_learning.connectors import TorchConnector

from qiskit_qmu.simulator import (
    TorchEstimator,
    TorchEstimatorGradient,
    TorchSampler,
    TorchSamplerGradient,
    TorchSimulatorConnector,
)

# Only the constructors' arguments are translated; nothing else of ours is changed.


class Estimator(TorchEstimator):
    """TorchEstimator with the constructor of QMLEstimator and StatevectorEstimator."""

    def __init__(self, *, default_precision: float = 0.0, seed: object = None) -> None:
        shots = math.ceil(1 / default_precision**2) if default_precision else None
        super().__init__(shots=shots, seed=seed)


class ExactSampler(TorchSampler):
    """TorchSampler with the constructor of QMLSampler, which is exact unless it gets ``shots``."""

    def __init__(
        self, *, shots: int | None = None, default_shots: int = 1024, seed: object = None
    ) -> None:
        super().__init__(shots=shots, seed=seed)


class CountingSampler(TorchSampler):
    """TorchSampler with the constructor of StatevectorSampler."""

    def __init__(self, *, default_shots: int = 1024, seed: object = None) -> None:
        super().__init__(shots=default_shots, seed=seed)


class ParamShiftEstimatorGradient(stock_gradients.ParamShiftEstimatorGradient):
    """TorchEstimatorGradient over an exact TorchEstimator, else the stock class."""

    def __new__(cls, estimator: object, *arguments: object, **options: object) -> object:
        if isinstance(estimator, TorchEstimator) and estimator.shots is None:
            return TorchEstimatorGradient(estimator)
        return super().__new__(cls)


class ParamShiftSamplerGradient(stock_gradients.ParamShiftSamplerGradient):
    """TorchSamplerGradient over an exact TorchSampler, else the stock class."""

    def __new__(cls, sampler: object, *arguments: object, **options: object) -> object:
        if isinstance(sampler, TorchSampler) and sampler.shots is None:
            return TorchSamplerGradient(sampler)
        return super().__new__(cls)


SUBSTITUTES = {
    stock_primitives.QMLEstimator: Estimator,
    stock_primitives.QMLSampler: ExactSampler,
    qiskit.primitives.StatevectorEstimator: Estimator,
    qiskit.primitives.StatevectorSampler: CountingSampler,
    stock_gradients.ParamShiftEstimatorGradient: ParamShiftEstimatorGradient,
    stock_gradients.ParamShiftSamplerGradient: ParamShiftSamplerGradient,
    TorchConnector: TorchSimulatorConnector,
}


STOCK_ALONE = "runtime_sampler"
"""In the names of tests over IBM's own sampler, which take minutes and run nothing of ours."""


def substitute(module: ModuleType) -> None:
    """Replace the stock classes among a module's names."""
    for name, value in list(vars(module).items()):
        if isinstance(value, type) and value in SUBSTITUTES:
            setattr(module, name, SUBSTITUTES[value])
        elif isinstance(value, list):
            value[:] = [SUBSTITUTES.get(v, v) if isinstance(v, type) else v for v in value]


class Outcomes(unittest.TestResult):
    """What became of each test."""

    def __init__(self) -> None:
        super().__init__()
        self.by_name: dict[str, list[str]] = {}

    def stopTest(self, test: unittest.TestCase) -> None:
        super().stopTest(test)
        self.by_name.setdefault(test.id(), ["passed", ""])

    def addSkip(self, test: unittest.TestCase, reason: str) -> None:
        super().addSkip(test, reason)
        self.by_name[test.id()] = ["skipped", reason]

    def addFailure(self, test: unittest.TestCase, err: tuple) -> None:
        super().addFailure(test, err)
        self.by_name[test.id()] = ["failed", str(err[1])]

    def addError(self, test: unittest.TestCase, err: tuple) -> None:
        super().addError(test, err)
        self.by_name[test.id()] = ["failed", f"{err[0].__name__}: {err[1]}"]

    def addSubTest(self, test: unittest.TestCase, subtest: unittest.TestCase, err: object) -> None:
        super().addSubTest(test, subtest, err)
        if err is not None:  # each by its own name, so that one does not hide another
            self.by_name[subtest.id()] = ["failed", f"{err[0].__name__}: {err[1]}"]


def run(checkout: Path, kind: str, names: list[str]) -> dict[str, list[str]]:
    """Return outcomes by test name."""
    if kind == "ours":
        for name in [name for name in sys.modules if name.startswith("qiskit_machine_learning")]:
            if name not in {stock_primitives.__name__ + ".estimator", __name__}:
                substitute(sys.modules[name])
    # Their tests are a package named like one of the standard library.
    sys.modules.pop("test", None)
    sys.path.insert(0, str(checkout))
    suite = unittest.TestSuite()
    for name in names:
        module = importlib.import_module(name)
        if kind == "ours":
            substitute(module)
        tests = unittest.defaultTestLoader.loadTestsFromModule(module)
        suite.addTests(test for case in tests for test in case if STOCK_ALONE not in test.id())
    outcomes = Outcomes()
    suite.run(outcomes)
    return outcomes.by_name


if __name__ == "__main__":
    found = run(Path(sys.argv[1]), sys.argv[2], sys.argv[3:])
    print(json.dumps(found))  # noqa: T201  (the result)
