"""Comparable accounts: what the same plan, tier and age show, and what the same weeks did to all.

A level is compared with accounts of the same plan, tier and age band; where fewer than `MIN_PEERS`
of those have a value, with a broader group, at last with the whole book. A trend is compared with the
accounts of the same country over the same weeks, so that August and Christmas raise no alarm. Where even
the whole book has fewer than `MIN_BOOK` accounts with a value, there is nothing to compare with.
"""

from dataclasses import dataclass

import numpy as np
import polars as pl

from .columns import UNKNOWN, Codes, Columns, Marks, Numbers, as_floats, where
from .measures import AGE_BANDS, MEASURES
from .segments import compute_value_floors

MIN_PEERS = 12
MIN_BOOK = 5

PLAN_TIER_AGE = ("main_plan_id", "tier", "age_band")
# measure -> the groups tried in turn; () is the whole book
SCOPES: dict[str, tuple[tuple[str, ...], ...]] = {
    "level": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "seat_share": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "breadth": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "use_per_price": (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ()),
    "key_share": (("main_plan_id",), ()),
    "trend_7": (("country",), ()),
    "trend_28": (("country",), ()),
    "trend_84": (("country",), ()),
    "idle_days": (("country",), ()),
    "products": (("tier",), ()),
    "days_to_first_milestone": (("tier",), ()),
}
GROUPINGS = (PLAN_TIER_AGE, ("main_plan_id",), ("tier",), ("country",), ())
NAMED = ("main_plan_id", "tier", "country")
# Rates of rare events: the sum over the book divided by its activity, not a median (which would be 0).
RATES = {
    "severe_rate": ("severe_90", "activity_84"),
    "severe_share": ("severe_90", "tickets_90"),
    "reopened_rate": ("reopened_90", "tickets_90"),
    "negative_rate": ("negative_activity_28", "activity_28"),
}
COMPARED = tuple(f"peer_{name}" for name in (*SCOPES, *RATES))

# Each measure within each of its groupings, narrowest first: where it stands among the measures and the groupings.
_PAIRS = [(place, GROUPINGS.index(scope)) for place, scopes in enumerate(SCOPES.values()) for scope in scopes]
_MEASURE_OF, _GROUPING_OF = (np.array(side) for side in zip(*_PAIRS, strict=True))
_LEAST = np.array([MIN_PEERS if GROUPINGS[grouping] else MIN_BOOK for _measure, grouping in _PAIRS])[:, np.newaxis]
# The pairs of each measure (columns) from the book itself to the narrowest; measures with fewer begin with the book.
_DEEPEST = max(map(len, SCOPES.values()))
_LAST = np.cumsum([len(scopes) for scopes in SCOPES.values()]) - 1
_BROADEST_FIRST = [
    np.array(
        [last - max(0, step - _DEEPEST + len(scopes)) for last, scopes in zip(_LAST, SCOPES.values(), strict=True)]
    )
    for step in range(_DEEPEST)
]


@dataclass(frozen=True)
class Groups:
    """The groups of a book, each with a number within its grouping."""

    numbers: dict[str, dict[str | None, int]]  # of each plan, tier and country
    narrow: Codes  # plan, tier and age in one number, ascending: the place is the number of the group

    @property
    def most(self) -> int:
        """The number of groups in the grouping that has most; that many is the number of any other group."""
        return max(1, self.narrow.size, *map(len, self.numbers.values()))


@dataclass(frozen=True)
class Peers:
    """The book's yardsticks: medians by group, rates of the whole book, and the ARR at which its value segments begin.

    `medians` has a row for each measure within each of its groupings, a column for each group by its number;
    `enough` says where enough accounts of a group have a value. The last column is that of other groups.
    """

    groups: Groups
    places: Codes  # the groups of the book's own accounts (columns) in each grouping (rows)
    medians: Numbers
    enough: Marks
    rates: dict[str, float]
    value_floors: tuple[float, float]  # ARR from which an account is A, and B


def compute_peers(book: Columns) -> Peers:
    """Medians of a measured book, all at once."""
    texts = {name: book.text(name).to_list() for name in NAMED}
    numbers = {name: {text: number for number, text in enumerate(dict.fromkeys(texts[name]))} for name in NAMED}
    codes = {name: np.array([*map(numbers[name].__getitem__, texts[name])], dtype=np.intp) for name in NAMED}
    narrow, place = np.unique(_join_codes(book, codes, numbers), return_inverse=True)
    groups = Groups(numbers, narrow)
    places = np.array([place, *codes.values(), np.zeros(len(book), dtype=np.intp)])
    medians, enough = _take_medians(book, places, groups.most)
    return Peers(groups, places, medians, enough, _compute_rates(book), compute_value_floors(book.frame["arr"]))


def find_groups(book: Columns, groups: Groups) -> Codes:
    """The groups of other accounts than the book's own, as `Peers.places`."""
    other = groups.most
    found = {
        name: np.array([numbers.get(text, other) for text in book.text(name).to_list()], dtype=np.intp)
        for name, numbers in groups.numbers.items()
    }
    joined = _join_codes(book, found, groups.numbers)
    place = np.minimum(np.searchsorted(groups.narrow, joined), groups.narrow.size - 1)
    strange = (found["main_plan_id"] == other) | (found["tier"] == other) | (groups.narrow[place] != joined)
    return np.array([np.where(strange, other, place), *found.values(), np.zeros(len(book), dtype=np.intp)])


def _join_codes(book: Columns, codes: dict[str, Codes], numbers: dict[str, dict[str | None, int]]) -> Codes:
    ages = len(AGE_BANDS) + 1
    return (codes["main_plan_id"] * len(numbers["tier"]) + codes["tier"]) * ages + book["age_band"].astype(np.intp)


def attach_peers(book: Columns, peers: Peers, places: Codes) -> None:
    """Add a column `peer_<measure>` per compared measure: the narrowest group's median. `places`: of the accounts."""
    nearest, narrower = np.full((len(SCOPES), len(book)), UNKNOWN), np.zeros(len(SCOPES), dtype=bool)
    for pairs in _BROADEST_FIRST:
        row, group = pairs[:, np.newaxis], places[_GROUPING_OF[pairs]]
        enough = peers.enough[row, group]
        nearest = np.where(enough, peers.medians[row, group], nearest)
        narrower |= enough.any(axis=1) & (pairs != _LAST)
    for name, peer, grouped, last in zip(SCOPES, nearest, narrower, _LAST, strict=True):
        book[f"peer_{name}"] = peer
        if not grouped:
            book.constants[f"peer_{name}"] = float(peers.medians[last, 0])
    for name, rate in peers.rates.items():
        book[f"peer_{name}"] = np.full(len(book), rate)


def _take_medians(book: Columns, places: Codes, width: int) -> tuple[Numbers, Marks]:
    """The median of each measure in each group of each of its groupings, and where there is one.

    Sorted by value, then steadily by group, the values of a group stand together in order, and those that are null
    behind all groups. The mean of two is taken as Polars takes it, or last bits would differ.
    """
    if not len(book):
        return np.full((len(_PAIRS), 2), UNKNOWN), np.zeros((len(_PAIRS), 2), dtype=bool)
    values = np.array([book[name] for name in SCOPES])
    missing = np.isnan(values)
    for place, name in enumerate(SCOPES):
        if name.startswith("trend"):
            missing[place] = ~book.holds(f"has_{name}")
    pairs, size = values[_MEASURE_OF].shape
    start = np.arange(pairs)[:, np.newaxis] * size
    order = values.argsort(axis=1)[_MEASURE_OF] + start
    group = np.where(missing[_MEASURE_OF], width, places[_GROUPING_OF]).astype(np.min_scalar_type(width))
    steadily = group.take(order).argsort(axis=1, kind="stable") + start
    ordered = values[_MEASURE_OF].take(order.take(steadily))
    numbered = group + np.arange(pairs)[:, np.newaxis] * (width + 1)
    counts = np.bincount(numbered.ravel(), minlength=pairs * (width + 1)).reshape(pairs, width + 1)
    first = counts.cumsum(axis=1) - counts
    enough = counts >= _LEAST
    enough[:, width] = False
    lower = ordered.take(np.where(enough, start + first + (counts - 1) // 2, 0))
    upper = ordered.take(np.where(enough, start + first + counts // 2, 0))
    return where(enough, np.where(lower == upper, lower, (upper - lower) * 0.5 + lower)), enough


def _compute_rates(book: Columns) -> dict[str, float]:
    sums = {name: _add(book, name) for pair in RATES.values() for name in pair}
    rates = [sums[part] / sums[whole] if sums[whole] > 0 else UNKNOWN for part, whole in RATES.values()]
    return dict(zip(RATES, pl.Series(rates, dtype=pl.Float64).round_sig_figs(9).to_list(), strict=True))


def _add(book: Columns, name: str) -> float:
    column = as_floats(name, book[name]) if name in MEASURES else book.frame[name]
    return float(column.sum())  # type: ignore[arg-type]  # numbers
