"""Deletion difference: what someone learns who holds a model before and after unlearning."""

from collections.abc import Sequence

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing.traces import null_of_oracles
from qiskit_qmu.evaluation import Finding, SplitObservations
from qiskit_qmu.metrics import Interval, stratified_auroc


def deletion_difference(
    before: SplitObservations,
    after: SplitObservations,
    oracles: Sequence[SplitObservations] = (),
) -> Finding:
    """Tell withdrawn rows from never-seen ones by what unlearning changed in a model's answers.

    A row is scored by how much lower its membership score (the log-odds of its true label, or its
    negative loss) is after unlearning than before, and ranked among never-seen rows of its class.

    The direction is the reverse of all other tests: doing nothing changes no answer, so the value
    is ½ exactly, and retraining scores high, because it makes the whole influence of a row visible.
    It is a risk of deleting for whoever was deleted, and says nothing of how well a model forgot.
    Deleting rows in batches, and publishing no model in between, lowers it.

    Only the difference of each row is used; attacks with shadow models see more. Chen et al., When
    Machine Unlearning Jeopardizes Privacy, https://arxiv.org/abs/2005.02205.

    Args:
        before: Outputs of the original.
        after: Outputs of the audited model on the same rows.
        oracles: Outputs of retrained models on the same rows.

    Returns:
        The finding ``"deletion_difference"``; its null is what retraining reveals.

    Raises:
        InputError: If there are no never-seen rows to compare with.

    Example:
        >>> from qiskit_qmu.auditing import deletion_difference
        >>> from qiskit_qmu.evaluation import SplitObservations
        >>> from qiskit_qmu.observation import Observations
        >>> rows = Observations(logits=[[2.0, 0.0], [0.0, 1.0]], labels=[0, 1])
        >>> model = SplitObservations(forget=rows, test_forget=rows)
        >>> deletion_difference(model, model).value.value  # nothing was done
        0.5
    """
    value = _revealed(before, after)
    null = null_of_oracles(
        [_revealed(before, oracle) for oracle in oracles], minimum=0.0, maximum=1.0
    )
    retrained = f", after retraining {null.value:.3f}" if null.known else ""
    return Finding(
        key="deletion_difference",
        group="model",
        name="withdrawn rows told by the model before and after",
        value=value,
        null=null,
        num_models=2,
        num_rows=len(after.forget) + (0 if after.test_forget is None else len(after.test_forget)),
        reading=(
            "Who holds the model before and after tells the rows from never-seen ones with AUC "
            f"{value.value:.3f}; had nothing been done it would be 0.5{retrained}. This is a risk "
            "of deleting, not a measure of forgetting."
        ),
    )


def _revealed(before: SplitObservations, after: SplitObservations) -> Interval:
    if before.test_forget is None or after.test_forget is None:
        raise InputError("there are no never-seen rows to compare the withdrawn ones with")
    members = before.forget.membership_score - after.forget.membership_score
    others = before.test_forget.membership_score - after.test_forget.membership_score
    return stratified_auroc(members, after.forget.strata, others, after.test_forget.strata)
