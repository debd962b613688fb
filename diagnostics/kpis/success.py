"""The customer success side: customer_health, adoption_rate, time_to_value, readiness and intent."""

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import KEY, OF, exact, money

READY_HEALTH = 60.0
BANDS = ((0, 40), (40, 60), (60, 80), (80, 101))


def customer_health(diagnosed: pl.DataFrame) -> pl.DataFrame:
    """Σ health × ARR ÷ Σ ARR of accounts whose health is given on the night that speaks for the close.

    `diagnosed`: KEY, arr_end, health, potential. Unit: score.
    """
    name = "customer_health"
    known = diagnosed.drop_nulls("health").filter(pl.col("arr_end") > 0)
    return known.select(*KEY, (exact("health") * pl.col("arr_end")).alias(name), pl.col("arr_end").alias(name + OF))


def distribute_health(diagnosed: pl.DataFrame) -> pl.DataFrame:
    """period, band (its lower bound), accounts and ARR: how the health of a period is spread."""
    known = diagnosed.drop_nulls("health")
    band = pl.lit(BANDS[0][0])
    for low, _high in BANDS[1:]:
        band = pl.when(pl.col("health") >= low).then(low).otherwise(band)
    return (
        known.group_by("period", band=band).agg(accounts=pl.len(), arr=pl.col("arr_end").sum()).sort("period", "band")
    )


def match_seats(seats: pl.DataFrame, active: pl.DataFrame, seen: pl.DataFrame) -> pl.DataFrame:
    """period, account_id, seats and active_users of accounts that the usage source saw by the close.

    The latest users of each product with seats, added up; of a source that names no product, those of the account.
    `seats`: period, close, account_id, product_id, seats; `active`: as `read_active_users`; `seen`: account_id, on.
    """
    own, key = ["close", "account_id"], ["period", "account_id"]
    products = active.drop_nulls("product_id").rename({"active_users": "of_product"})
    whole = active.filter(pl.col("product_id").is_null()).select(*own, of_account="active_users")
    found = seats.join(seen, on="account_id", how="inner").filter(pl.col("on") <= pl.col("close"))
    found = found.join(products, on=[*own, "product_id"], how="left").group_by(*key, "close").agg(
        pl.col("seats").sum(),
        of_product=pl.when(pl.col("of_product").count() > 0).then(pl.col("of_product").sum()),
    )  # fmt: skip
    found = found.join(whole, on=own, how="left")
    return found.select(*key, "seats", active_users=pl.coalesce("of_product", "of_account", pl.lit(0.0)))


def adoption_rate(usage: pl.DataFrame) -> pl.DataFrame:
    """Active users over the 28 days up to the close ÷ licensed seats, of accounts with seats and a usage source.

    `usage`: KEY, active_users (0 where the source is silent of an account it has seen), seats. Unit: ratio.
    """
    name = "adoption_rate"
    licensed = usage.filter(pl.col("seats") > 0)
    return licensed.select(*KEY, exact("active_users").alias(name), exact("seats").alias(name + OF))


def time_to_value(first_paid: pl.DataFrame, milestones: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Mean days from the first paid day to the first value milestone, of the milestones reached in the period.

    `first_paid`: account_id, first_paid_on; `milestones`: account_id, reached_on (each account's first). A milestone
    before the first paid day took 0 days. Unit: days.
    """
    name = "time_to_value"
    reached = place_in_periods(milestones.join(first_paid, on="account_id", how="inner"), "reached_on", periods)
    days = (pl.col("reached_on") - pl.col("first_paid_on")).dt.total_days().clip(0)
    return reached.select(
        "period", "account_id", pl.col("close").alias("owner_on"), exact(days).alias(name), money(1).alias(name + OF)
    )


def expansion_readiness_index(diagnosed: pl.DataFrame) -> pl.DataFrame:
    """potential × min(1, health ÷ 60) per account, 0–100: never growth before value; the mean over accounts.

    `diagnosed`: KEY, arr_end, health, potential; an account without either is left out. Unit: score.
    """
    name = "expansion_readiness_index"
    known = diagnosed.drop_nulls(["health", "potential"]).filter(pl.col("arr_end") > 0)
    ready = (pl.col("potential") * (pl.col("health") / READY_HEALTH).clip(0.0, 1.0)).round(4)
    return known.select(*KEY, exact(ready).alias(name), money(1).alias(name + OF))


def intent_signal_volume(signals: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """Third-party intent signals observed in the period. `signals`: account_id, observed_on. Unit: count."""
    placed = place_in_periods(signals, "observed_on", periods)
    return placed.select(
        "period", "account_id", pl.col("close").alias("owner_on"), money(1).alias("intent_signal_volume")
    )
