"""Levers in order, each assuming that the account is healthy for the one before, and their amounts.

retain, then upsell (use hits the plan's limits), seats and usage, then cross-sell (a need is voiced and
adoption of the main product is solid), then price at renewal. Never growth before value: nothing opens on a
fragile or onboarding account, or on one whose contract is under notice or has run out.
"""

from functools import lru_cache
from typing import Any

import polars as pl

from .model import ScoringModel
from .stages import add_stages

RETAIN = "retain"
GROWTH = ("upsell", "seats", "usage", "cross_sell", "price")
AMOUNTS = tuple(f"{lever}_arr" for lever in GROWTH)

PRICE_WINDOW_DAYS = 180  # before the decision date
LEAST_DISCOUNT = 5.0  # percent; less is not worth the talk
LEAST_SEAT_STEP = 0.1  # seats are sold in steps of at least a tenth
LONGEST_LIMIT_DAYS = 3650  # a limit further away has no date
LEAST_LIMIT_SHARE = 0.5  # nor has one of which less is used
LIMIT_WINDOW_DAYS = 30  # a window stays open this long after the limit is reached
DECISION_WINDOW_DAYS = 30  # and closes this long before a decision
EVIDENCE_DAYS = 60  # and after this long without new evidence
LONG_TERM_MONTHS = 3  # decision dates of shorter terms close no window: one is always near


def _positive(amount: pl.Expr) -> pl.Expr:
    return amount.clip(0.0, None).fill_null(0.0)


def _in_days(days: pl.Expr) -> pl.Expr:
    return pl.col("night") + pl.duration(days=days.cast(pl.Int64))


def add_room(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Amounts per lever (ARR, exclusive: no seat or discount is counted twice), their sum, and the limit's date.

    While a limit stays reached, its date is the one that the night before had: the day it was first reached on.
    """
    return add_stages(frame, _write_room(model))


@lru_cache(maxsize=64)
def _write_room(model: ScoringModel) -> tuple[list[pl.Expr], ...]:
    rule = model.thresholds
    left = (pl.col("limit_included") - pl.col("limit_used")).clip(0.0, None)
    days_left = (
        pl.when(left == 0).then(0.0).when(pl.col("limit_growth") > 0).then((left / pl.col("limit_growth")).ceil())
    )
    near = (days_left <= LONGEST_LIMIT_DAYS) & (pl.col("limit_share") >= LEAST_LIMIT_SHARE)
    limit = [pl.when(near).then(days_left).alias("limit_days")]
    pressed = ((pl.col("limit_share") >= rule.limit_share) | (pl.col("limit_days") <= rule.limit_days)).fill_null(False)
    yearly = pl.col("main_mrr") * 12
    step = _positive(pl.col("next_plan_mrr") * 12 - yearly)
    metered = (pl.col("price_basis") == "metered").fill_null(False)
    # Three more periods of the same growth, at least a tenth more seats.
    expected = pl.col("active_users") + 3 * (pl.col("active_users") - pl.col("active_users_before")).clip(0.0, None)
    seats = pl.max_horizontal(expected - pl.col("seats"), pl.col("seats") * LEAST_SEAT_STEP).ceil()
    limit_on = _in_days(pl.col("limit_days"))
    stays_reached = (pl.col("limit_days") == 0) & (pl.col("limit_metric") == pl.col("was_limit_metric"))
    seats_sold = ~pl.col("plan_has_seat_limit").fill_null(False) & (pl.col("seat_share") >= rule.seat_share)
    overage = (pl.col("limit_share") - 1).clip(LEAST_SEAT_STEP, 1.0) * yearly
    discount = pl.col("discount_percent").clip(0.0, 90.0)
    # The step to the next plan's price is counted from today's: the main product's discount is in it.
    stepped = pressed & ~metered & (step > 0)
    discounted = pl.when(stepped).then(_positive(pl.col("arr") - yearly)).otherwise("arr")
    nothing = pl.lit(0.0)
    known_cells = pl.col("whitespace_known").fill_null(False)
    amounts = [
        pl.when(pressed & ~metered).then(step).otherwise(nothing).alias("upsell_arr"),
        pl.when(seats_sold.fill_null(False))
        .then(_positive(seats * yearly / pl.col("seats")))
        .otherwise(nothing)
        .alias("seats_arr"),
        pl.when(pressed & (metered | (step == 0))).then(_positive(overage)).otherwise(nothing).alias("usage_arr"),
        _positive(pl.when(known_cells).then("whitespace_arr").otherwise("voiced_arr")).alias("cross_sell_arr"),
        pl.when(discount >= LEAST_DISCOUNT)
        .then(_positive(discounted * discount / (100 - discount)))
        .otherwise(nothing)
        .alias("price_arr"),
        pl.when(stays_reached).then(pl.min_horizontal(limit_on, "was_limit_on")).otherwise(limit_on).alias("limit_on"),
    ]
    exclusive = [
        pl.when(pl.col("upsell_arr") > 0).then(0.0).otherwise("seats_arr").round(2).alias("seats_arr"),
        pl.when(pl.max_horizontal("upsell_arr", "seats_arr") > 0)
        .then(0.0)
        .otherwise("usage_arr")
        .round(2)
        .alias("usage_arr"),
        pl.col("upsell_arr", "cross_sell_arr", "price_arr").round(2),
    ]
    return limit, amounts, exclusive, [pl.sum_horizontal(AMOUNTS).round(2).alias("expansion_potential_arr")]


def assign_levers(frame: pl.DataFrame, model: ScoringModel) -> pl.DataFrame:
    """Columns lever, lever_since and window_ends_on, from the amounts, the segment state and `was_lever`.

    A growth window opens after 14 nights of health (over those there are, if fewer), and stays open down to
    health 55 while its evidence stands; that one is open says nothing for another.
    """
    return add_stages(frame, _write_levers(model))


@lru_cache(maxsize=64)
def _write_levers(model: ScoringModel) -> tuple[list[pl.Expr], ...]:
    rule = model.thresholds
    leaving = pl.col("notice_given_on").is_not_null() | pl.col("lapsed_on").is_not_null()
    steady = (pl.col("health") >= rule.fragile_below) & (
        pl.col("healthy_nights") >= pl.min_horizontal(pl.lit(rule.healthy_nights), pl.col("nights"))
    )
    bears = pl.col("health") >= rule.window_closes_below
    ready = ~pl.col("onboarding") & (pl.col("phase") != "leaving")
    adoption = pl.coalesce(pl.col("seat_share"), pl.col("breadth") / pl.col("peer_breadth"))
    voiced = (pl.col("needs_voiced") > 0) & (adoption >= rule.solid_adoption)
    days_to_decision = (pl.col("decision_on") - pl.col("night")).dt.total_days()
    decision_window = pl.when((pl.col("term_months") >= LONG_TERM_MONTHS) & (days_to_decision > 0)).then(
        pl.col("decision_on") - pl.duration(days=DECISION_WINDOW_DAYS)
    )
    until_limit = pl.min_horizontal(pl.col("limit_on") + pl.duration(days=LIMIT_WINDOW_DAYS), decision_window)
    until_need = pl.min_horizontal(pl.col("need_on") + pl.duration(days=EVIDENCE_DAYS), decision_window)
    ends = {
        "upsell": until_limit,
        "seats": decision_window,
        "usage": until_limit,
        "cross_sell": until_need,
        "price": pl.coalesce(decision_window, pl.col("decision_on")),
    }
    holds = {
        "upsell": pl.col("upsell_arr") > 0,
        "seats": pl.col("seats_arr") > 0,
        "usage": pl.col("usage_arr") > 0,
        "cross_sell": voiced & (pl.col("cross_sell_arr") > 0),
        "price": (pl.col("price_arr") > 0) & days_to_decision.is_between(0, PRICE_WINDOW_DAYS),
    }
    lever: Any = pl.when(pl.col("fragile") | leaving).then(pl.lit(RETAIN)).when(~ready).then(pl.lit(""))
    window: Any = pl.when(pl.col("fragile") | leaving | ~ready).then(pl.lit(None, dtype=pl.Date))
    for name in GROWTH:
        healthy = (steady | (bears & (pl.col("was_lever") == name))).fill_null(False)
        stands = healthy & holds[name].fill_null(False) & (ends[name] >= pl.col("night")).fill_null(True)
        lever = lever.when(stands).then(pl.lit(name))
        window = window.when(stands).then(ends[name])
    kept = (pl.col("lever") == pl.col("was_lever")).fill_null(False)
    since = pl.when(kept).then(pl.col("was_lever_since")).otherwise(pl.col("night"))
    return (
        [lever.otherwise(pl.lit("")).alias("lever"), window.otherwise(None).alias("window_ends_on")],
        [pl.when(pl.col("lever") != "").then(since).alias("lever_since")],
    )
