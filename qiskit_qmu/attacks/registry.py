"""The attacks whose AUCs are reported: one row for each, and everything else takes them from here.

An attack's file describes it as an `AttackColumn`; its row here gives the order of the columns. An
attack of one's own needs no row: `audit` takes it as it is.
"""

from collections.abc import Mapping
from types import MappingProxyType

from qiskit_qmu.attacks import classifier, loss
from qiskit_qmu.attacks.column import AttackColumn

_COLUMNS = (
    loss.CONFIDENCE,
    classifier.OUTPUTS,
    classifier.COUNTS,
)

ATTACKS: Mapping[str, AttackColumn] = MappingProxyType({column.key: column for column in _COLUMNS})
"""The attacks by the names of their AUCs in result rows."""
