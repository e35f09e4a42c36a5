"""Which tests of a single model an audit runs, for a class and for single rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import final

import torch

from qiskit_qmu._check import InputError
from qiskit_qmu._errors import NonFiniteError
from qiskit_qmu._seeds import child_seed, stream
from qiskit_qmu.auditing.deletion_difference import deletion_difference
from qiskit_qmu.auditing.split_rows import observe_split
from qiskit_qmu.auditing.traces import (
    layers,
    lifted_bias,
    linear_probe,
    relearning,
    weight_distance,
)
from qiskit_qmu.backends import connectors_of
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Finding, SplitObservations
from qiskit_qmu.models import as_tensors, clone_module, fit_inputs, reinitialize
from qiskit_qmu.simulator import TorchSimulatorConnector
from qiskit_qmu.training import Trainer


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class ObservedModel:
    """A model with its outputs on the parts of a split.

    Attributes:
        module: The model.
        outputs: Its outputs.
    """

    module: torch.nn.Module
    outputs: SplitObservations


@final
@dataclass(frozen=True, kw_only=True)
class ModelTests:
    """What the tests of one model found.

    Attributes:
        findings: One for each number, beside its null.
        skipped: Tests that were not run, by name, with the reason.
    """

    findings: tuple[Finding, ...] = ()
    skipped: Mapping[str, str] = field(default_factory=dict)


@final
@dataclass(frozen=True, kw_only=True, eq=False)
class _Task:
    """The audited model with everything that a test may need."""

    audited: ObservedModel
    split: ForgetSplit
    original: ObservedModel | None
    oracles: Sequence[ObservedModel]
    trainer: Trainer | None
    seed: int

    @property
    def oracle_outputs(self) -> list[SplitObservations]:
        return [oracle.outputs for oracle in self.oracles]

    @property
    def oracle_modules(self) -> list[torch.nn.Module]:
        return [oracle.module for oracle in self.oracles]


_Test = Callable[[_Task], tuple[Finding, ...]]


def model_tests(
    audited: ObservedModel,
    split: ForgetSplit,
    *,
    original: ObservedModel | None = None,
    oracles: Sequence[ObservedModel] = (),
    trainer: Trainer | None = None,
    seed: int = 0,
) -> ModelTests:
    """Run the tests that look into a single model.

    A test that would run circuits is skipped unless these are simulated exactly, so a device is not
    charged for more than the observations. No model is changed.

    Args:
        audited: The audited model.
        split: The task.
        original: The model before unlearning.
        oracles: Retrained models.
        trainer: The trainer of the original, for relearning and for a model with fixed circuits.
        seed: Seed of everything random in the tests.

    Returns:
        Findings in the order of the tests, and what was skipped.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import ObservedModel, model_tests, observe_split
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> model = qmu.HybridQNN((4,), 3, num_qubits=2, num_layers=1)
        >>> found = model_tests(
        ...     ObservedModel(module=model, outputs=observe_split(model, split)), split
        ... )
        >>> [finding.key for finding in found.findings][:3]
        ['lifted_bias', 'probe', 'probe_untrained']
        >>> print(found.skipped["weight distance"])
        weight distances are in units of that between oracles, got 0 oracles; give at least two
        (--oracles 4, in Python oracles=4)
    """
    task = _Task(
        audited=audited,
        split=split,
        original=original,
        oracles=oracles,
        trainer=trainer,
        seed=seed,
    )
    findings: list[Finding] = []
    skipped: dict[str, str] = {}
    for name, test in _TESTS[split.kind].items():
        try:
            findings.extend(test(task))
        except (InputError, NonFiniteError) as error:
            skipped[name] = str(error)
    return ModelTests(findings=tuple(findings), skipped=skipped)


def _lifted_bias(task: _Task) -> tuple[Finding, ...]:
    generator = stream(task.seed, "lifted bias")
    return (lifted_bias(task.audited.outputs, task.oracle_outputs, generator=generator),)


def _probe(task: _Task) -> tuple[Finding, ...]:
    return linear_probe(
        task.audited.outputs,
        task.oracle_outputs,
        original=None if task.original is None else task.original.outputs,
        untrained=_untrained(task),
        generator=stream(task.seed, "probe"),
    )


def _relearning(task: _Task) -> tuple[Finding, ...]:
    if not task.oracles:
        raise InputError(
            "there is no retrained model to compare with: name one with --oracle, or retrain some "
            "with --oracles 4 (in Python oracles=4)"
        )
    if task.trainer is None:
        raise InputError(
            "the recipe of the training, which copies would be trained with, is not known: save "
            "the model with it (`qmu train`), or in Python pass trainer=…"
        )
    _check_simulated(task)
    found = relearning(
        task.audited.module,
        task.split,
        task.oracle_modules,
        trainer=task.trainer,
        seed=child_seed(task.seed, "relearning"),
    )
    return (found,)


def _weight_distance(task: _Task) -> tuple[Finding, ...]:
    original = None if task.original is None else task.original.module
    return weight_distance(task.audited.module, task.oracle_modules, original=original)


def _layers(task: _Task) -> tuple[Finding, ...]:
    _check_simulated(task)
    return layers(
        task.audited.module,
        task.split,
        task.oracle_modules,
        trainer=task.trainer,
        seed=child_seed(task.seed, "layers"),
    )


def _deletion_difference(task: _Task) -> tuple[Finding, ...]:
    if task.original is None:
        raise InputError("there is no original to compare with: name it with --original")
    before, after = task.original.outputs, task.audited.outputs
    return (deletion_difference(before, after, task.oracle_outputs),)


_OF_ROWS: dict[str, _Test] = {
    "relearning": _relearning,
    "weight distance": _weight_distance,
    "layers": _layers,
    "deletion difference": _deletion_difference,
}

_TESTS: dict[str, dict[str, _Test]] = {
    "class": {"lifted bias": _lifted_bias, "linear probe": _probe, **_OF_ROWS},
    "instances": _OF_ROWS,
}
"""The tests by what was forgotten. A class whose logit is suppressed is still inside; single rows
have no logit of their own."""


def runs_exactly(module: torch.nn.Module) -> bool:
    """Return whether a module runs no circuits but on the exact statevector, at no cost.

    Example:
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import runs_exactly
        >>> form, backend = {"num_qubits": 2, "num_layers": 1}, qmu.open_backend("exact", shots=100)
        >>> runs_exactly(qmu.BasicQNN(**form)), runs_exactly(qmu.BasicQNN(**form, backend=backend))
        (True, False)
    """
    return all(
        isinstance(connector, TorchSimulatorConnector) and connector.program is not None
        for connector in connectors_of(module)
    )


def _check_simulated(task: _Task) -> None:
    if not all(map(runs_exactly, (task.audited.module, *task.oracle_modules))):
        raise InputError(
            "it runs more circuits, and not all of the models are simulated exactly: audit with "
            "--backend exact and without --shots (in Python copies by "
            "model.on(open_backend('exact')))"
        )


def _untrained(task: _Task) -> SplitObservations | None:
    """Return outputs of the model with redrawn weights; None where it cannot be had for nothing."""
    module = task.audited.module
    if not connectors_of(module) or not runs_exactly(module):
        return None
    copy, retain = clone_module(module), task.split.retain
    try:
        reinitialize(copy, stream(task.seed, "untrained"))
    except InputError:  # of a layer whose initialisation is not known
        return None
    fit_inputs(copy, as_tensors(copy, retain.x, retain.y)[0])
    return observe_split(copy, task.split)
