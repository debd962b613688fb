"""How well a ranking separates what happened from what did not: AUC with its interval, lists, reliability.

Pure functions over NumPy arrays. An account stands in several nights, so intervals draw accounts, not rows.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

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
    labels: NDArray[np.bool_],
    scores: Numbers,
    accounts: Sequence[str] | None = None,
    *,
    nights: NDArray[Any] | None = None,
    draws: int = DRAWS,
) -> Auc:
    """The AUC of scores, of which a higher one should mean True; ties count half.

    With `nights` (one per row) an account is compared with those of its own night alone: a book that drifts ranks
    nobody. With `accounts` (one name per row) the interval is that of a bootstrap that draws accounts with
    replacement.
    """
    night = np.zeros(len(scores), dtype=int) if nights is None else np.unique(nights, return_inverse=True)[1]
    places = _Places.of(scores, night)
    hits = labels.astype(float)
    value = places.weigh(hits, np.ones(len(hits)))
    if value is None or accounts is None:
        return Auc(value)
    _, owner = np.unique(np.asarray(accounts), return_inverse=True)
    random = np.random.default_rng(SEED)
    count = owner.max() + 1
    drawn = []
    for _ in range(draws):
        weights = random.multinomial(count, np.full(count, 1 / count))[owner].astype(float)
        one = places.weigh(hits, weights)
        if one is not None:
            drawn.append(one)
    low, high = np.percentile(drawn, INTERVAL)
    return Auc(value, float(low), float(high))


@dataclass(frozen=True, slots=True)
class _Places:
    """Where each row stands among the distinct scores of its night, nights after one another, ascending."""

    of_row: NDArray[np.intp]
    night: NDArray[np.intp]  # of each place

    @classmethod
    def of(cls, scores: Numbers, nights: NDArray[np.intp]) -> "_Places":
        _, rank = np.unique(scores, return_inverse=True)
        together, of_row = np.unique(nights * (rank.max(initial=0) + 1) + rank, return_inverse=True)
        return cls(of_row, together // (rank.max(initial=0) + 1))

    def weigh(self, hits: Numbers, weights: Numbers) -> float | None:
        """The share of pairs in the right order, each night's pairs together; None where there is no pair."""
        count = len(self.night)
        positive = np.bincount(self.of_row, weights=weights * hits, minlength=count)
        negative = np.bincount(self.of_row, weights=weights * (1 - hits), minlength=count)
        whole = np.bincount(self.night, weights=negative)
        pairs = (positive * whole[self.night]).sum()
        if not pairs:
            return None
        below = np.cumsum(negative) - np.concatenate([[0.0], np.cumsum(whole)[:-1]])[self.night]
        return float((positive * (below - negative / 2)).sum() / pairs)


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
