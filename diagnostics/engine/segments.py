"""Segments with hysteresis, so that nobody flickers, and the counters that the next night reads."""

import math
from functools import lru_cache

import polars as pl

from .model import ScoringModel
from .stages import add_stages

EXPANSION, DEFENSE, REGULAR = "expansion_priority", "defense_priority", "regular_follow_up"
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
_WAS = [
    pl.col(name).cast(dtype).alias(name if name == "account_id" else f"was_{name}") for name, dtype in STATE.items()
]
LONGEST_COUNT = 1000  # counters stop here: they are compared with nights of one or two weeks


def compute_value_floors(arr: pl.Series) -> tuple[float, float]:
    """The ARR from which an account of this book is A, and that from which it is B.

    An account belongs to A while those larger than it make less than 80 % of the ARR; accounts of equal
    ARR share a letter. Infinite where nobody pays.
    """
    by_size = arr.fill_null(0.0).rename("arr").value_counts().filter(pl.col("arr") > 0).sort("arr", descending=True)
    by_size = by_size.with_columns(amount=pl.col("arr") * pl.col("count"))
    before = (by_size["amount"].cum_sum() - by_size["amount"]) / by_size["amount"].sum()
    floors = [by_size["arr"].filter(before < share).min() for share in VALUE_SHARES.values()]
    return tuple(math.inf if floor is None else floor for floor in floors)  # type: ignore[return-value]  # two shares


def assign_value_segments(arr: pl.Expr, floors: tuple[float, float]) -> pl.Expr:
    """A, B or C by ARR; C where nothing is paid."""
    return (
        pl.when((arr >= floors[0]).fill_null(False))
        .then(pl.lit("A"))
        .when((arr >= floors[1]).fill_null(False))
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
        .alias("value_segment")
    )


def attach_state(frame: pl.DataFrame, previous: pl.DataFrame | None) -> pl.DataFrame:
    """The frame with the state of the last diagnosed night as `was_<column>`; null where there was none."""
    if previous is None:
        previous = pl.DataFrame(schema=STATE)
    state = previous.select(_WAS)
    return frame.join(state, on="account_id", how="left", maintain_order="left")


def _count(holds: pl.Expr, column: str) -> pl.Expr:
    """The run of nights on which a rule holds; a night without a health leaves the count as it is."""
    before = pl.col(f"was_{column}").fill_null(0)
    counted = pl.when(holds).then((before + 1).clip(None, LONGEST_COUNT)).otherwise(0)
    return pl.when(pl.col("health").is_null()).then(before).otherwise(counted).cast(pl.Int16).alias(column)


def assign_segments(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Columns segment and state, from health, potential, ARR, value segment and `was_` state.

    Fragile begins below the threshold for two nights and ends at 63 for 14; on the first night ever it
    is the level alone. High potential begins at 60 and ends below 57.
    """
    return add_stages(frame, _write_segments(model))


@lru_cache(maxsize=64)
def _write_segments(model: ScoringModel) -> tuple[list[pl.Expr], ...]:
    rule = model.thresholds
    health = pl.col("health")
    counters = [
        _count(health < rule.fragile_below, "fragile_nights"),
        _count(health >= rule.recovered_from, "recovered_nights"),
        _count(health >= rule.fragile_below, "healthy_nights"),
        (pl.col("was_nights").fill_null(0) + health.is_not_null())
        .clip(None, LONGEST_COUNT)
        .cast(pl.Int16)
        .alias("nights"),
    ]
    first = pl.col("was_fragile").is_null()
    fragile = (
        pl.when(first)
        .then(health < rule.fragile_below)
        .when(pl.col("was_fragile"))
        .then(pl.col("recovered_nights") < rule.recovered_nights)
        .otherwise(pl.col("fragile_nights") >= rule.fragile_nights)
        .fill_null(False)
    )
    floor = pl.when(pl.col("was_high_potential").fill_null(False)).then(rule.high_potential_until)
    high_potential = (pl.col("potential") >= floor.otherwise(rule.high_potential_from)).fill_null(False)
    states = [fragile.alias("fragile"), high_potential.alias("high_potential")]
    valuable = pl.col("value_segment") == rule.value_segment
    if rule.value_amount is not None:
        valuable |= (pl.col("arr") >= rule.value_amount).fill_null(False)
    segment = (
        pl.when(pl.col("fragile") & valuable)
        .then(pl.lit(DEFENSE))
        .when(~pl.col("fragile") & pl.col("high_potential") & health.is_not_null())
        .then(pl.lit(EXPANSION))
        .otherwise(pl.lit(REGULAR))
    )
    return counters, states, [segment.alias("segment")]
