"""Whose priority it is, and in which order: as many a person and day as the organization says, by expected effect."""

from datetime import date

import polars as pl

from diagnostics.models import Priority

KEPT_LEFT_OUT = 10
# A deadline within thirty days raises the weight, up to double on its day; the effect that is shown stays as it is.
URGENT_DAYS = 30
# Under this share of the person's largest expected effect a subject is not worth a place.
LEAST_SHARE = 0.03
ACCOUNT_MANAGER_KINDS = ("renewal", "upsell", "seats", "usage", "cross_sell", "price", "opportunity")

ORDER = ["weight", "base", "account_id", "subject"]
DESCENDING = [True, True, False, False]


def assign_owners(candidates: pl.DataFrame) -> pl.DataFrame:
    """Column owner_email: the AM for growth, renewals and opportunities if one is named, else the CSM; '' unowned."""
    sold = pl.col("kind").is_in(ACCOUNT_MANAGER_KINDS)
    csm, am = pl.col("csm_email"), pl.col("am_email")
    owner = pl.when(sold & (am != "")).then(am).when(csm != "").then(csm).otherwise(am)
    return candidates.with_columns(owner_email=owner).drop("csm_email", "am_email")


def weigh(candidates: pl.DataFrame, night: date) -> pl.DataFrame:
    """Columns effect, urgency and weight = effect × urgency. An effect that nobody can tell weighs nothing."""
    days = (pl.col("deadline") - pl.lit(night)).dt.total_days()
    urgency = pl.when(days >= 0).then(1 + ((URGENT_DAYS - days) / URGENT_DAYS).clip(0.0, 1.0))
    return candidates.with_columns(
        effect=(pl.col("base") * pl.col("probability") * pl.col("share")).round(2),
        urgency=urgency.round(4).fill_null(1.0),
    ).with_columns(weight=(pl.col("effect") * pl.col("urgency")).fill_null(0.0))


def keep_one_per_account(candidates: pl.DataFrame) -> pl.DataFrame:
    """The heaviest waiting subject of each account and person; column `also` lists the kinds that give way to it.

    A subject that is left out already hides none that waits: it stays as a row of its own, with those that it speaks
    for (`spoken_for`).
    """
    ordered = candidates.sort(ORDER, descending=DESCENDING, nulls_last=True)
    waiting = pl.col("left_out") == ""
    kept = (
        ordered.filter(waiting)
        .group_by("account_id", "owner_email", maintain_order=True)
        .agg(pl.exclude("kind").first(), pl.col("kind").first(), pl.col("kind").slice(1).alias("also"))
    )
    away = ordered.filter(~waiting)
    if "spoken_for" in away.columns and away["spoken_for"].count():
        speaker = pl.coalesce("spoken_for", "subject").alias("speaker")
        away = (
            away.sort(pl.col("spoken_for").is_not_null(), maintain_order=True)
            .group_by("account_id", "owner_email", speaker, maintain_order=True)
            .agg(pl.exclude("kind").first(), pl.col("kind").first(), pl.col("kind").slice(1).alias("also"))
        )
    else:
        away = away.with_columns(also=pl.lit([], dtype=pl.List(pl.String)))
    return pl.concat([kept, away.select(kept.columns)])


def rank(candidates: pl.DataFrame, a_day: int) -> pl.DataFrame:
    """Column rank, 1 to `a_day` for each person; left_out says why a row has none. Rows left out before stay so.

    The rows of a pool are one: they share a rank, by the sum of their effects.
    """
    waiting = pl.col("left_out") == ""
    unit = pl.when(pl.col("pool") != "").then(pl.col("pool")).otherwise(pl.col("account_id")).alias("unit")
    ordered = candidates.with_columns(unit).with_columns(
        pl.when(waiting & (waiting & pl.col(name).is_not_null()).any().over("owner_email", "unit"))
        .then(pl.col(name).filter(waiting).sum().over("owner_email", "unit"))
        .otherwise(pl.col(name))
        .alias(f"unit_{name}")
        for name in ("effect", "weight", "base")
    )
    ordered = ordered.sort(
        ["unit_weight", "unit_base", "unit", *ORDER],
        descending=[True, True, False, *DESCENDING],
        nulls_last=True,
    )
    largest = pl.col("unit_effect").filter(waiting).max().over("owner_email")
    ordered = ordered.with_columns(
        left_out=pl.when(waiting & (pl.col("unit_effect") < LEAST_SHARE * largest).fill_null(False))
        .then(pl.lit(Priority.LeftOut.BELOW_THRESHOLD.value))
        .otherwise(pl.col("left_out"))
    )
    place = (waiting & (pl.struct("owner_email", "unit", "left_out").is_first_distinct())).cast(pl.Int16)
    return (
        ordered.with_columns(rank=pl.when(waiting).then(place.cum_sum().over("owner_email")))
        .with_columns(
            left_out=pl.when(pl.col("rank") > a_day)
            .then(pl.lit(Priority.LeftOut.MORE_THAN_TEN.value))
            .otherwise(pl.col("left_out")),
            rank=pl.when(pl.col("rank") <= a_day).then(pl.col("rank")),
        )
        .drop("unit", "unit_effect", "unit_weight", "unit_base")
    )


def keep_first_left_out(ranked: pl.DataFrame) -> tuple[pl.DataFrame, dict[str, int]]:
    """The rows to keep, and how many of each person are not: of those left out for want of a place the first ten.

    Nobody reads further down; in a large book they would be most of what a night writes.
    """
    unplaced = pl.col("left_out").is_in([Priority.LeftOut.MORE_THAN_TEN.value, Priority.LeftOut.BELOW_THRESHOLD.value])
    place = unplaced.cast(pl.Int32).cum_sum().over("owner_email")
    kept = ranked.filter(~unplaced | (place <= KEPT_LEFT_OUT))
    dropped = ranked.filter(unplaced & (place > KEPT_LEFT_OUT)).group_by("owner_email", maintain_order=True).len()
    return kept, dict(dropped.iter_rows())
