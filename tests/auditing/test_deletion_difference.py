"""What a model before and after deletion reveals: nothing if nothing was done."""

import numpy as np
import pytest
from table_models import Table, class_split, labels, noisy, row_split

from qiskit_qmu._check import InputError
from qiskit_qmu.auditing import deletion_difference, observe_split
from qiskit_qmu.evaluation import SplitObservations


def _observed(logits):
    return observe_split(Table(logits), row_split())


def test_doing_nothing_reveals_exactly_nothing_and_deleting_all():
    before, deleted = _observed(noisy(0, forgotten=9.0)), _observed(noisy(0))
    assert deletion_difference(before, before).value.value == 0.5
    found = deletion_difference(before, deleted, [deleted, _observed(noisy(1))])
    assert found.value.value == 1.0  # only the deleted rows changed
    assert 0.9 < found.null.value <= 1.0
    assert "after retraining" in found.reading
    assert (found.key, found.group, found.p_value) == ("deletion_difference", "model", None)


def test_rows_are_compared_within_their_class():
    logits = np.zeros((240, 3))
    logits[labels() == 1] = [0.0, 9.0, 0.0]  # class 1 changes, trained on or not
    changed = deletion_difference(_observed(logits), _observed(np.zeros((240, 3))))
    assert changed.value.value == 0.5


def test_without_rows_to_compare_with_it_is_refused():
    whole = observe_split(Table(noisy(0)), class_split())
    with pytest.raises(InputError, match="no never-seen rows"):
        deletion_difference(SplitObservations(forget=whole.forget), whole)
