"""How often 95 % intervals hold the truth: sizes, ties and heavy tails, with and without signal.

Each cell has 400 draws, in which a coverage of 95 % varies with a standard deviation of 1.1 %. The
AUC must lie within 3.5 of them on either side. The others are conservative: TPR at a
searched threshold bounds two errors by turns, the advantage all thresholds at once, and
Clopper–Pearson counts whole rows; they must not fall below.
"""

from collections import defaultdict

import numpy as np
import pytest
from scipy import stats

from qiskit_qmu.metrics import (
    advantage,
    auroc_interval,
    cross_fitted_point,
    operating_point,
    precision_at_prior,
    threshold_at_fpr,
    tpr_at_fpr,
)

pytestmark = pytest.mark.slow

DRAWS = 400
ERROR = 3.5 * np.sqrt(0.05 * 0.95 / DRAWS)
FPR = 0.2
TIED = np.full(6, 1 / 6)
TILTED = np.array([2, 3, 4, 5, 6, 7]) / 27


class Normal:
    def __init__(self, shift):
        self.shift, self.law = shift, stats.norm
        self.auc = stats.norm.cdf(shift / np.sqrt(2))
        self.tpr = stats.norm.sf(stats.norm.isf(FPR) - shift)
        self.advantage = 2 * stats.norm.cdf(shift / 2) - 1

    def draw(self, generator, size):
        return self.shift + generator.normal(size=size), generator.normal(size=size)

    def above(self, threshold):
        return self.law.sf(threshold - self.shift), self.law.sf(threshold)


class Cauchy(Normal):
    """Without mean or variance; the difference of two has twice the scale."""

    def __init__(self, shift):
        self.shift, self.law = shift, stats.cauchy
        self.auc = stats.cauchy.cdf(shift / 2)
        self.tpr = stats.cauchy.sf(stats.cauchy.isf(FPR) - shift)
        self.advantage = 2 * stats.cauchy.cdf(shift / 2) - 1

    def draw(self, generator, size):
        first, second = generator.standard_cauchy((2, size))
        return first + self.shift, second


class Tied:
    """Six scores: a sixth of the non-members has the highest, 7/27 of the members."""

    auc = float(np.sum(TILTED * (np.cumsum(TIED) - TIED / 2)))
    tpr = TILTED[-1]
    advantage = float(np.max(np.cumsum(TIED) - np.cumsum(TILTED)))

    def draw(self, generator, size):
        return (generator.choice(6, size, p=p).astype(float) for p in (TILTED, TIED))

    def above(self, threshold):
        values = np.arange(6)
        return TILTED[values > threshold].sum(), TIED[values > threshold].sum()


@pytest.mark.parametrize("size", [30, 100, 500, 2000])
@pytest.mark.parametrize(
    "law", [Normal(0.0), Normal(0.4), Cauchy(0.8), Tied()], ids=["null", "normal", "heavy", "tied"]
)
def test_intervals_hold_the_truth(law, size):
    generator = np.random.default_rng(size)
    hits = defaultdict(list)
    for _ in range(DRAWS):
        members, nonmembers = law.draw(generator, size)
        auc = auroc_interval(members, nonmembers)
        hits["auc"].append(law.auc in auc)
        hits["tpr"].append(law.tpr in tpr_at_fpr(members, nonmembers, fpr=FPR))
        hits["advantage"].append(law.advantage in advantage(members, nonmembers))
        _, others = law.draw(generator, size)
        threshold = threshold_at_fpr(others, fpr=FPR)
        point = operating_point(members, nonmembers, threshold=threshold)
        tpr, fpr = law.above(threshold)
        hits["held-out"].append(tpr in point.tpr)
        hits["difference"].append(tpr - fpr in point.advantage)
        if tpr:
            hits["precision"].append(tpr / (tpr + 9 * fpr) in precision_at_prior(point, 0.1))
        crossed = cross_fitted_point(members, nonmembers, generator=generator)
        hits["cross-fitted"].append(crossed.advantage.low <= law.advantage + 1e-9)
    coverage = {name: np.mean(held) for name, held in hits.items()}
    assert abs(coverage["auc"] - 0.95) <= ERROR
    assert min(coverage.values()) >= 0.95 - ERROR
