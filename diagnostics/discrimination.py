"""How well a ranking separates what happened from what did not: AUC with its interval, lists, reliability.

Pure functions over NumPy arrays. An account stands in several nights, so intervals draw accounts, not rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

DRAWS = 300
INTERVAL = (2.5, 97.5)  # percent
SEED = 1789

Numbers = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Auc:
    """Area under the ROC curve with its 95 % interval; `value` None where only one outcome occurs."""

    value: float | None
    low: float = 0.0
    high: float = 1.0

    @property
    def reliable(self) -> bool:
        """The whole interval lies above chance."""
        return self.value is not None and self.low > 0.5

    def __str__(self) -> str:
        return "none" if self.value is None else f"{self.value:.3f} ({self.low:.3f} to {self.high:.3f})"


def measure_auc(
    labels: NDArray[np.bool_], scores: Numbers, accounts: Sequence[str] | None = None, *, draws: int = DRAWS
) -> Auc:
    """The AUC of scores, of which a higher one should mean True; ties count half.

    With `accounts` (one name per row) the interval is that of a bootstrap that draws accounts with replacement.
    """
    _, tied = np.unique(scores, return_inverse=True)
    hits = labels.astype(float)
    value = _weighted_auc(tied, hits, np.ones(len(hits)))
    if value is None or accounts is None:
        return Auc(value)
    _, owner = np.unique(np.asarray(accounts), return_inverse=True)
    random = np.random.default_rng(SEED)
    count = owner.max() + 1
    drawn = []
    for _ in range(draws):
        weights = random.multinomial(count, np.full(count, 1 / count))[owner].astype(float)
        one = _weighted_auc(tied, hits, weights)
        if one is not None:
            drawn.append(one)
    low, high = np.percentile(drawn, INTERVAL)
    return Auc(value, float(low), float(high))


def _weighted_auc(tied: NDArray[np.intp], hits: Numbers, weights: Numbers) -> float | None:
    """`tied`: the place of each row's score among the distinct scores, ascending."""
    positive = np.bincount(tied, weights=weights * hits)
    negative = np.bincount(tied, weights=weights * (1 - hits))
    pairs = positive.sum() * negative.sum()
    if not pairs:
        return None
    return float((positive * (np.cumsum(negative) - negative / 2)).sum() / pairs)


def rank_within(groups: Sequence[int] | NDArray[np.intp], scores: Numbers) -> Numbers:
    """Each score as its share of rank within its group, so that scores of several models can be pooled."""
    groups = np.asarray(groups)
    ranked = np.empty(len(scores))
    for group in np.unique(groups):
        rows = groups == group
        _, tied, counts = np.unique(scores[rows], return_inverse=True, return_counts=True)
        ranked[rows] = (np.cumsum(counts) - (counts - 1) / 2)[tied] / rows.sum()
    return ranked


def measure_log_loss(labels: NDArray[np.bool_], log_odds: Numbers) -> float:
    """Mean negative log-likelihood of the outcomes."""
    return float(np.mean(np.logaddexp(0.0, log_odds) - labels * log_odds))


@dataclass(frozen=True, slots=True)
class Share:
    """A part of a sum with its 95 % interval; `value` None where the sum is nothing."""

    value: float | None
    low: float = 0.0
    high: float = 1.0


def measure_share(parts: Numbers, wholes: Numbers, accounts: Sequence[str], *, draws: int = DRAWS) -> Share:
    """Σ parts ÷ Σ wholes over the rows, with the interval of a bootstrap that draws accounts with replacement."""
    if not wholes.sum():
        return Share(None)
    _, owner = np.unique(np.asarray(accounts), return_inverse=True)
    by_account = [np.bincount(owner, weights=amounts) for amounts in (parts, wholes)]
    random, count = np.random.default_rng(SEED), owner.max() + 1
    times = random.multinomial(count, np.full(count, 1 / count), size=draws)
    part, whole = (times @ amounts for amounts in by_account)
    low, high = np.percentile(part[whole > 0] / whole[whole > 0], INTERVAL)
    return Share(float(parts.sum() / wholes.sum()), float(low), float(high))


@dataclass(frozen=True, slots=True)
class Decile:
    """Rows of similar forecasts: how many, the mean forecast, and the share that came true."""

    rows: int
    forecast: float
    happened: float


def measure_reliability(labels: NDArray[np.bool_], forecasts: Numbers, parts: int = 10) -> list[Decile]:
    """The reliability curve: equal parts by forecast, lowest first; fewer parts where there are fewer rows."""
    order = np.argsort(forecasts, kind="stable")
    return [
        Decile(len(part), float(forecasts[part].mean()), float(labels[part].mean()))
        for part in np.array_split(order, parts)
        if len(part)
    ]


def pick_top(scores: Numbers, length: int) -> NDArray[np.bool_]:
    """Which rows stand in a list of that length by descending score; of equal ones the earlier row."""
    chosen = np.zeros(len(scores), dtype=bool)
    chosen[np.argsort(-scores, kind="stable")[:length]] = True
    return chosen
