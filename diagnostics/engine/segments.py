"""Segments with hysteresis, so that nobody flickers, and the counters that the next night reads."""

import math

import numpy as np
import polars as pl

from .columns import Columns, Marks, Numbers, at_most
from .model import ScoringModel

EXPANSION, DEFENSE, REGULAR = "expansion_priority", "defense_priority", "regular_follow_up"
SEGMENTS = pl.Series("segment", [REGULAR, EXPANSION, DEFENSE])
VALUE_SEGMENTS = pl.Series("value_segment", ["C", "B", "A"])
VALUE_SHARES = {"A": 0.80, "B": 0.95}  # A: the largest accounts that make 80 % of ARR; B: the next 15 %

# What one night leaves to the next. `previous` holds these columns of the last diagnosed night.
STATE = {
    "account_id": pl.String,
    "lever": pl.String,
    "lever_since": pl.Date,
    "limit_metric": pl.String,
    "limit_on": pl.Date,
    "fragile": pl.Boolean,
    "high_potential": pl.Boolean,
    "fragile_nights": pl.Int16,
    "recovered_nights": pl.Int16,
    "healthy_nights": pl.Int16,
    "nights": pl.Int16,
}
LONGEST_COUNT = 1000  # counters stop here: they are compared with nights of one or two weeks


def compute_value_floors(arr: pl.Series) -> tuple[float, float]:
    """The ARR from which an account of this book is A, and that from which it is B.

    An account belongs to A while those larger than it make less than 80 % of the ARR; accounts of equal
    ARR share a letter. Infinite where nobody pays.
    """
    paid = arr.cast(pl.Float64).to_numpy()
    amounts, counts = np.unique(paid[paid > 0], return_counts=True)
    amounts, counts = amounts[::-1], counts[::-1]
    totals = amounts * counts
    whole = float(pl.Series(totals).sum())  # type: ignore[arg-type]  # floats
    before = (totals.cumsum() - totals) * (1 / whole if whole else 0.0)
    floors = [amounts[before < share] for share in VALUE_SHARES.values()]
    return tuple(float(floor.min()) if floor.size else math.inf for floor in floors)  # type: ignore[return-value]  # two


def assign_value_segments(arr: Numbers, floors: tuple[float, float]) -> pl.Series:
    """A, B or C by ARR; C where nothing is paid."""
    return VALUE_SEGMENTS[(arr >= floors[0]).astype(np.intp) + (arr >= floors[1])]


def attach_state(frame: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """The frame with the state of the last diagnosed night as `was_<column>`; null where there was none."""
    if previous is None:
        previous = pl.DataFrame(schema=STATE)
    accounts, known = frame["account_id"], previous["account_id"]
    state = [previous[name].cast(dtype) for name, dtype in STATE.items() if name != "account_id"]
    if not accounts.equals(known):
        place = {account: row for row, account in enumerate(known.to_list())}
        rows = pl.Series([place.get(account) for account in accounts.to_list()], dtype=pl.UInt32)
        state = pl.DataFrame(state).select(pl.all().gather(rows)).get_columns()
    return frame.hstack([column.alias(f"was_{column.name}") for column in state])


def assign_segments(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Columns segment and state, from health, potential, ARR, value segment and `was_` state.

    Fragile begins below the threshold for two nights and ends at 63 for 14; on the first night ever it
    is the level alone. High potential begins at 60 and ends below 57.
    """
    book = Columns(frame)
    return frame.with_columns(segment_accounts(book, model))


def segment_accounts(book: Columns, model: ScoringModel) -> list[pl.Series]:
    """The columns of `assign_segments`, which are also set in the book."""
    rule = model.thresholds
    health = book["health"]
    unknown = np.isnan(health)
    ill = health < rule.fragile_below
    counters = {
        "fragile_nights": _count(book, ill, unknown, "fragile_nights"),
        "recovered_nights": _count(book, health >= rule.recovered_from, unknown, "recovered_nights"),
        "healthy_nights": _count(book, health >= rule.fragile_below, unknown, "healthy_nights"),
        "nights": at_most(book.filled("was_nights", 0) + ~unknown, LONGEST_COUNT),
    }
    stays = counters["recovered_nights"] < rule.recovered_nights
    falls = counters["fragile_nights"] >= rule.fragile_nights
    was_fragile = book["was_fragile"]
    fragile = np.where(np.isnan(was_fragile), ill, np.where(was_fragile == 1, stays, falls))
    floor = np.where(book.holds("was_high_potential"), rule.high_potential_until, rule.high_potential_from)
    high_potential = book["potential"] >= floor
    valuable = book.says("value_segment", rule.value_segment)
    if rule.value_amount is not None:
        valuable = valuable | (book["arr"] >= rule.value_amount)
    segment = np.where(fragile, np.where(valuable, 2, 0), np.where(high_potential & ~unknown, 1, 0))

    for name, count in counters.items():
        book[name] = count
    book["fragile"] = fragile.astype(np.float64)
    return [
        *(pl.Series(name, count.astype(np.int16)) for name, count in counters.items()),
        pl.Series("fragile", fragile),
        pl.Series("high_potential", high_potential),
        SEGMENTS[segment],
    ]


def _count(book: Columns, holds: Marks, unknown: Marks, column: str) -> Numbers:
    """The run of nights on which a rule holds; a night without a health leaves the count as it is."""
    before = book.filled(f"was_{column}", 0)
    return np.where(unknown, before, np.where(holds, at_most(before + 1, LONGEST_COUNT), 0.0))
