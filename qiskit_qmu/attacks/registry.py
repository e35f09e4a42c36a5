"""The registry of attacks: those whose AUCs are reported, and those that read references.

An attack's file describes it as an `AttackColumn`; its row here sets the order of the columns. A
custom attack needs no row: pass it to `audit`.
"""

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from qiskit_qmu import _check
from qiskit_qmu.attacks import (
    classifier,
    counts_likelihood,
    entropy,
    label_only,
    loss,
    modified_entropy,
    population,
    quantile_regression,
)
from qiskit_qmu.attacks.attack import MembershipAttack
from qiskit_qmu.attacks.bavaria import BaVarIA
from qiskit_qmu.attacks.column import AttackColumn
from qiskit_qmu.attacks.counts_ratio import CountsRatio
from qiskit_qmu.attacks.lira import LiRA
from qiskit_qmu.attacks.rmia import RMIA
from qiskit_qmu.attacks.shadow_classifier import ShadowClassifierAttack

_SHOT_COLUMNS = (
    loss.CONFIDENCE,
    classifier.OUTPUTS,
    classifier.COUNTS,
)
_COLUMNS = (
    *_SHOT_COLUMNS,
    label_only.LABEL_ONLY,
    entropy.ENTROPY,
    modified_entropy.MODIFIED_ENTROPY,
    population.POPULATION,
    quantile_regression.QUANTILE_REGRESSION,
    counts_likelihood.COUNTS_LIKELIHOOD,
)

ATTACKS: Mapping[str, AttackColumn] = MappingProxyType({column.key: column for column in _COLUMNS})
"""The attacks that read one model's outputs, by the names of their AUCs in result rows."""

SHOT_ATTACKS: Mapping[str, AttackColumn] = MappingProxyType(
    {column.key: column for column in _SHOT_COLUMNS}
)
"""Those of them that a comparison of shot counts shows."""


REFERENCE_ATTACKS: Mapping[str, tuple[Any, str]] = MappingProxyType(
    {
        "rmia": (RMIA(), "likelihood ratio to reference models, for 2 to 31 of them"),
        "lira": (LiRA(), "two normal distributions for each row, by models trained on it and not"),
        "bavaria": (BaVarIA(), "LiRA with a prior of the variances, from 32 models"),
        "shadow classifier": (
            ShadowClassifierAttack(),
            "learns on reference models' outputs what members look like",
        ),
        "counts ratio": (
            CountsRatio(),
            "likelihood of counts under models trained on it or not",
        ),
    }
)
"""The attacks that read reference models too, with what they do in one line."""


def registered_attacks(keys: Sequence[str]) -> tuple[MembershipAttack, ...]:
    """Return the attack that decides verdicts, and further ones by the names of their AUCs.

    Args:
        keys: Keys of `ATTACKS`.

    Raises:
        InputError: If one is unknown.

    Example:
        >>> from qiskit_qmu.attacks import registered_attacks
        >>> [type(attack).__name__ for attack in registered_attacks(["mia_auc_entropy"])]
        ['LossAttack', 'EntropyAttack']
    """
    for key in keys:
        _check.one_of(tuple(ATTACKS), attack=key)
    return tuple(ATTACKS[key].attack for key in dict.fromkeys((loss.CONFIDENCE.key, *keys)))


def attack_key(attack: MembershipAttack) -> str | None:
    """Return the name of the AUC of an attack as it is registered; None if it is not.

    Example:
        >>> from qiskit_qmu.attacks import EntropyAttack, LossAttack, attack_key
        >>> attack_key(EntropyAttack()), attack_key(LossAttack(statistic="loss"))
        ('mia_auc_entropy', None)
    """
    return next((key for key, column in ATTACKS.items() if column.attack == attack), None)
