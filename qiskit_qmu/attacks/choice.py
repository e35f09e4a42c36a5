"""choose_attack: the attack that sees most with the reference models that there are."""

from qiskit_qmu import _check
from qiskit_qmu.attacks.bavaria import BaVarIA
from qiskit_qmu.attacks.loss import LossAttack
from qiskit_qmu.attacks.rmia import RMIA

_MODELS_FOR_BAVARIA = 32


def choose_attack(outside: int = 0, inside: int = 0) -> LossAttack | RMIA | BaVarIA:
    """Return the default attack for a number of reference models.

    Without references the loss alone, from 2 references `RMIA` and from 32 `BaVarIA`. A single
    reference tells less of how hard a row is than it adds noise. With models of one group only, the
    offline form of the attack.

    Measured on `BasicQNN` of 8 qubits and 5 layers, trained on 500 rows of digits, mean AUC of 16
    targets: the loss 0.518; `RMIA` 0.556, 0.560, 0.564 and 0.564 with 2, 4, 8 and 62 references;
    `BaVarIA` 0.526, 0.540 and 0.548 with 8, 32 and 62. So little leaks from such models that `RMIA`
    remains ahead; `BaVarIA` gains where models memorise rows.

    Args:
        outside: Reference models that were not trained on a row, for the row with the fewest.
        inside: Reference models that were trained on it, likewise.

    Returns:
        The attack. `LossAttack` reads one model's `Observations`, the others read scores and
        `References`.

    Raises:
        InputError: If a number is negative.

    Example:
        >>> from qiskit_qmu.attacks import choose_attack
        >>> choose_attack()
        LossAttack(statistic='membership_score')
        >>> choose_attack(outside=4, inside=4)
        RMIA(offline=False, gamma=1.0, a=0.3)
        >>> choose_attack(outside=32)
        BaVarIA(offline=True)
    """
    _check.at_least(0, outside=outside, inside=inside)
    offline = inside == 0
    if outside + inside < 2 or outside == 0:
        return LossAttack()
    if outside + inside < _MODELS_FOR_BAVARIA:
        return RMIA(offline=offline)
    return BaVarIA(offline=offline)
