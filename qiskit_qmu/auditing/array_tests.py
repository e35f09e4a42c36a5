"""The tests of an audit that need a model's outputs only, and no model."""

from collections.abc import Sequence

from qiskit_qmu.auditing.model_tests import ModelTests
from qiskit_qmu.auditing.row_groups import four_group_findings, slice_tests
from qiskit_qmu.auditing.threshold_tests import threshold_tests
from qiskit_qmu.data import ForgetSplit
from qiskit_qmu.evaluation import Measurement


def array_tests(
    measured: Measurement,
    split: ForgetSplit,
    *,
    original: Measurement | None = None,
    oracles: Sequence[Measurement] = (),
    seed: int = 0,
) -> ModelTests:
    """Run the tests that need nothing but outputs, so that they apply to recorded ones as well.

    No verdict rests on them: they say what a leak is worth to an attacker, and whose it is. See
    `threshold_tests`, `four_group_findings` and `slice_tests` for the keys of the findings.

    Args:
        measured: The audited model.
        split: The task, with the columns of the rows.
        original: The model before unlearning.
        oracles: Retrained models.
        seed: Seed of everything random in the tests.

    Example:
        >>> import torch
        >>> import qiskit_qmu as qmu
        >>> from qiskit_qmu.auditing import Auditor
        >>> from qiskit_qmu.auditing.array_tests import array_tests
        >>> split = qmu.ForgetSplit.by_class(qmu.load_dataset("iris"), label=0)
        >>> found = array_tests(Auditor(split).measure(torch.nn.Linear(4, 3)), split)
        >>> sorted({finding.group for finding in found.findings})
        ['four groups', 'model', 'retained rows']
    """
    thresholds = threshold_tests(measured, oracles, seed=seed)
    sliced = slice_tests(measured, split)
    groups = four_group_findings(measured, original, oracles)
    return ModelTests(
        findings=(*thresholds.findings, *groups, *sliced.findings),
        skipped={**thresholds.skipped, **sliced.skipped},
    )
