"""Is one model better than another? The paper's test, and one that takes pieces as what is independent."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from antiphon.confidence import Estimate, estimate


@dataclass(frozen=True)
class MannWhitney:
    """The paper's test (6): `u`, its two-sided p-value, and the share of pairs of windows in which the first sample is
    larger, ties counting half (0.5: no difference). It takes all windows as independent, which windows of one piece are
    not: its p-value is too small."""

    u: float
    p: float
    superiority: float
    first: int
    second: int


@dataclass(frozen=True)
class Paired:
    """Two models piece by piece: mean difference with its bootstrap interval, Wilcoxon's signed-rank p-value, the same
    corrected by Holm among its family, and the effect size: matched-pairs rank-biserial correlation (Kerby, 2014), 1
    where the first is larger on every piece, -1 where it never is."""

    difference: Estimate
    p: float
    p_holm: float
    effect: float


def mann_whitney(first: Sequence[float], second: Sequence[float]) -> MannWhitney:
    """Two samples of windows (Mann and Whitney, 1947). Raises ValueError where one is empty."""
    from scipy.stats import mannwhitneyu

    if not len(first) or not len(second):
        raise ValueError("both samples need a window at least")
    found = mannwhitneyu(first, second, alternative="two-sided")
    u = float(found.statistic)
    return MannWhitney(u, float(found.pvalue), u / (len(first) * len(second)), len(first), len(second))


def paired(first: Sequence[float], second: Sequence[float]) -> Paired:
    """One value per piece for each of two models. The p-value is 1 where no piece differs."""
    from scipy.stats import rankdata, wilcoxon

    differences = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    apart = differences[differences != 0]
    p, effect = 1.0, 0.0
    if len(apart):
        ranks = rankdata(np.abs(apart))
        effect = float((ranks[apart > 0].sum() - ranks[apart < 0].sum()) / ranks.sum())
        p = float(wilcoxon(apart).pvalue)
    return Paired(estimate(differences.tolist()), p, p, effect)


def holm(family: Sequence[Paired]) -> tuple[Paired, ...]:
    """The same with `p_holm` set: sequentially rejective correction (Holm, 1979) among all of `family`."""
    order = np.argsort([each.p for each in family], kind="stable")
    corrected, largest = [0.0] * len(family), 0.0
    for rank, index in enumerate(order.tolist()):
        largest = max(largest, min(1.0, (len(family) - rank) * family[index].p))
        corrected[index] = largest
    return tuple(replace(each, p_holm=p) for each, p in zip(family, corrected, strict=True))
