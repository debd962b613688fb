"""Revenue at risk: value_at_risk, confirmed_loss and expected_loss of a window of decision dates."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

import numpy as np
import polars as pl

from diagnostics.kpis.frames import exact, money

WINDOWS = (30, 60, 90, 180)
WINDOW = 90
DRAWS = 10_000
FEW_CONTRACTS = 5
CENT = Decimal("0.01")


def is_due(window_days: int = WINDOW) -> pl.Expr:
    """No notice, and the next decision lies in the `window_days` days after the day."""
    ahead, day = pl.col("decides_on"), pl.col("day")
    inside = (ahead > day) & (ahead <= day + pl.duration(days=window_days))
    return pl.col("notice_given_on").is_null() & inside.fill_null(False)


def is_lost(window_days: int | None = None) -> pl.Expr:
    """Under notice and still running; of a window, its end falls in it."""
    noticed = pl.col("notice_given_on").is_not_null() & pl.col("lapsed_on").is_null()
    if window_days is None:
        return noticed
    return noticed & (pl.col("ends_on") <= pl.col("day") + pl.duration(days=window_days)).fill_null(False)


def is_weak() -> pl.Expr:
    """The account's health is below the threshold; withheld health is not weak."""
    return pl.col("weak").fill_null(False)


def due_within(contracts: pl.DataFrame, window_days: int = WINDOW) -> pl.DataFrame:
    """Contracts without notice whose next decision lies in the `window_days` days after the day."""
    return contracts.filter(is_due(window_days))


def value_at_risk(contracts: pl.DataFrame, window_days: int = WINDOW) -> pl.DataFrame:
    """Σ ARR of contracts whose decision date falls in the window, of accounts whose health is below the threshold.

    Formula: Σ arr[decides_on in (day, day + W], no notice, weak]; beside it the share of the ARR due in the window.
    `contracts`: as `contracts_on` gives them, with `weak` of the day (NULL = health withheld, which is not weak).
    Returns one row per contract due, with numerator (ARR at risk) and denominator (ARR due). Unit: currency.
    """
    at_risk = pl.when(is_weak()).then("arr").otherwise(money(0))
    return due_within(contracts, window_days).with_columns(numerator=at_risk, denominator=pl.col("arr"))


def confirmed_loss(contracts: pl.DataFrame, window_days: int | None = None) -> pl.DataFrame:
    """Σ ARR of contracts under notice that still run; of a window, those whose end falls in it. Never at risk as well.

    Returns one row per contract under notice, with numerator (its ARR). Unit: currency.
    """
    return contracts.filter(is_lost(window_days)).with_columns(numerator=pl.col("arr"))


def expected_loss(contracts: pl.DataFrame, window_days: int = WINDOW) -> pl.DataFrame:
    """Σ ARR due × renewal_risk: what is lost on average of the window's decisions.

    `contracts` have `renewal_risk` (0–1; NULL = not diagnosed: left out, never guessed). Returns one row per contract
    due with numerator (ARR × risk) and denominator (ARR due). Unit: currency.
    """
    due = due_within(contracts, window_days).filter(pl.col("renewal_risk").is_not_null())
    return due.with_columns(numerator=(pl.col("arr") * exact("renewal_risk")), denominator=pl.col("arr"))


@dataclass(frozen=True, slots=True)
class LossRange:
    """The spread of the loss: 10th, 50th and 90th percentile of the draws, in the reporting currency."""

    p10: Decimal
    p50: Decimal
    p90: Decimal


@dataclass(frozen=True, slots=True)
class Outcome:
    """One way in which the decisions of a few contracts may end."""

    lost: tuple[str, ...]  # subscription_id
    amount: Decimal
    probability: float


def draw_losses(arr: Sequence[Decimal], risk: Sequence[float], *, seed: int, draws: int = DRAWS) -> LossRange:
    """The percentiles of `draws` draws, each contract lost or kept by its own risk; the same seed, the same figures.

    Contracts are drawn one by one in the order given: what is lost of one says nothing of another.
    """
    chance = np.random.default_rng(seed)
    total = np.zeros(draws)
    for amount, probability in zip(arr, risk, strict=True):
        total += np.where(chance.random(draws) < probability, float(amount), 0.0)
    # The observed outcome at that rank, not a mean of two: an amount that can really be lost.
    p10, p50, p90 = np.percentile(total, [10, 50, 90], method="higher")
    return LossRange(*(Decimal(repr(float(value))).quantize(CENT, ROUND_HALF_UP) for value in (p10, p50, p90)))


def list_outcomes(due: pl.DataFrame) -> list[Outcome]:
    """Every way in which fewer than five contracts may end, likeliest first; their probabilities add up to 1.

    `due`: subscription_id, arr, renewal_risk. Raises ValueError for five contracts or more: then draw.
    """
    if due.height >= FEW_CONTRACTS:
        raise ValueError(f"Outcomes are listed under {FEW_CONTRACTS} contracts; here are {due.height}.")
    rows = due.select("subscription_id", "arr", "renewal_risk").rows()
    found = []
    for choice in range(2 ** len(rows)):
        lost = [row for place, row in enumerate(rows) if choice >> place & 1]
        kept = [row for place, row in enumerate(rows) if not choice >> place & 1]
        probability = float(np.prod([row[2] for row in lost] + [1 - row[2] for row in kept]))
        amount = sum((row[1] for row in lost), Decimal(0))
        found.append(Outcome(tuple(row[0] for row in lost), amount, probability))
    return sorted(found, key=lambda outcome: (-outcome.probability, outcome.amount))


def seed_of(day: date) -> int:
    """The seed of a day: figures do not change when they are read again."""
    return day.toordinal()


def loss_range(due: pl.DataFrame, *, day: date, draws: int = DRAWS) -> LossRange:
    """`draw_losses` of the rows that `expected_loss` gives, in the order of their contracts.

    That is the order of the source's own ids: by ids of ours an export imported elsewhere would be drawn otherwise.
    """
    ordered = due.drop_nulls("arr").sort("subscription_id", "decides_on")
    return draw_losses(ordered["arr"].to_list(), ordered["renewal_risk"].to_list(), seed=seed_of(day), draws=draws)
