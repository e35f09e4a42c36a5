"""Names of the attacks of an audit: the keys of their columns."""

from collections.abc import Sequence

from qiskit_qmu.attacks import MembershipAttack, attack_key
from qiskit_qmu.evaluation.columns import AUC


def named_attacks(attacks: Sequence[MembershipAttack]) -> dict[str, MembershipAttack]:
    """Name attacks by their registered keys, or by their class, numbered if there are several.

    Args:
        attacks: At least one attack.

    Returns:
        The attacks by the keys of their columns: ``"mia_auc"`` the first, and ``"mia_auc_NAME"``.

    Example:
        >>> from qiskit_qmu.attacks import ClassifierAttack, EntropyAttack, LossAttack
        >>> from qiskit_qmu.auditing import named_attacks
        >>> list(named_attacks([LossAttack(), ClassifierAttack(), EntropyAttack()]))
        ['mia_auc', 'mia_auc_ClassifierAttack', 'mia_auc_entropy']
    """
    kinds = [type(attack).__name__ for attack in attacks[1:]]
    names = [
        kind if kinds.count(kind) == 1 else f"{kind}_{kinds[: position + 1].count(kind)}"
        for position, kind in enumerate(kinds)
    ]
    registered = [attack_key(attack) for attack in attacks[1:]]
    # The first takes the key of LossAttack, and an attack given twice is numbered.
    free = [key if key != AUC.key and registered.count(key) == 1 else None for key in registered]
    keys = [key or f"{AUC.key}_{name}" for key, name in zip(free, names, strict=True)]
    return dict(zip([AUC.key, *keys], attacks, strict=True))
