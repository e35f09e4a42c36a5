"""The registry of attacks whose AUCs are reported.

An attack's file describes it as an `AttackColumn`; its row here sets the order of the columns. A
custom attack needs no row: pass it to `audit`.
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
