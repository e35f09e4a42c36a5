"""Which rows are still seen, one test for each row over many models."""

import numpy as np
import scipy
from numpy.typing import NDArray

from qiskit_qmu.attacks import References

FALSE_DISCOVERIES = 0.1
"""Share of rows that are named wrongly, at most, among all rows that are named."""


def row_aucs(references: References) -> NDArray[np.float64]:
    """Return for each row how well its score tells models that forgot it from those that never saw.

    Args:
        references: Scores of unlearned models; ``included`` says which forgot a row.

    Returns:
        The AUC of each row over models, shape (rows,); ties count ½. With K models of each kind it
        varies by about 1/√(6K) where there is nothing to see, so that one row's AUC says little.

    Example:
        >>> from qiskit_qmu.attacks import References
        >>> from qiskit_qmu.auditing import row_aucs
        >>> row_aucs(References(scores=[[2.0], [1.0]], included=[[True], [False]]))
        array([1.])
    """
    ranks = scipy.stats.rankdata(references.scores, axis=0)
    inside, outside = references.inside(), references.outside()
    above = (ranks * references.included).sum(axis=0) - inside * (inside + 1) / 2
    return np.asarray(above / np.maximum(inside * outside, 1))


def row_p_values(references: References) -> NDArray[np.float64]:
    """Return the probability of each row's differences between models where nothing is left.

    Models are compared in the pairs that share no row: one of them forgot the row, the other never
    saw it. Where nothing is left it is a coin's toss which is which, so that the signs of the
    differences are free: Wilcoxon's signed-rank test, two-sided, since a row that is answered worse
    than unseen ones stands out too. With P pairs no p-value is below 2/2^P, which decides how many
    rows can be named at all.

    Args:
        references: Scores of unlearned models 2i and 2i + 1 of complementary halves; ``included``
            says which forgot a row.

    Returns:
        P-values, shape (rows,); adjust them with `benjamini_hochberg`.

    Example:
        >>> import numpy as np
        >>> from qiskit_qmu.attacks import References
        >>> from qiskit_qmu.auditing import row_p_values
        >>> included = np.tile([[True], [False]], (6, 1))
        >>> scores = included + np.arange(12.0)[:, np.newaxis] / 100
        >>> float(row_p_values(References(scores=scores, included=included))[0]) == 2 / 2**6
        True
    """
    signs = references.included.astype(np.float64)
    differences = references.scores[::2] - references.scores[1::2]
    differences = differences * (signs[::2] - signs[1::2])  # 0 for a row that is in neither
    found = np.ones(differences.shape[1])
    for row, values in enumerate(differences.T):
        found[row] = _signed_rank_p_value(values[values != 0])
    return found


def _signed_rank_p_value(differences: NDArray[np.float64]) -> float:
    """Return Wilcoxon's exact two-sided p-value, whether or not differences are equal.

    SciPy's is exact without equal ones only; with some it goes through all signs, a second a row.
    """
    ranks = np.rint(2 * scipy.stats.rankdata(np.abs(differences))).astype(int)  # twice, to be whole
    share = np.ones(1)  # of all signs, by the sum of the positive ranks
    for rank in ranks.tolist():
        share = (np.pad(share, (0, rank)) + np.pad(share, (rank, 0))) / 2
    positive = int(ranks[differences > 0].sum())
    return float(min(1.0, 2 * min(share[: positive + 1].sum(), share[positive:].sum())))
