"""By which lever an expansion came: the row's own reason, else derived from what changed."""

from decimal import Decimal

import polars as pl

from portfolio.ledger.periods import MONEY

EXPANSION_REASONS = ("upsell", "cross_sell", "seats", "usage", "price")
PLACES = Decimal("0.0001")


def split_expansions(grown: pl.DataFrame, settled: pl.DataFrame) -> pl.DataFrame:
    """account_id, family, day, lever, amount: the parts of each expansion, which add up to it exactly.

    `grown`: account_id, family, day, amount, and `before` and `after`, how many periods ran. In order: the one reason
    that the new periods state; a product never paid for before (cross_sell); several periods, which cannot be taken
    apart (upsell); else one period became another.
    """
    key = ["account_id", "family", "day"]
    begun = _begun(settled).join(grown.select(key), on=key, how="semi")
    stated = begun.group_by(key).agg(
        reasons=pl.col("change_reason").filter(pl.col("change_reason").is_in(EXPANSION_REASONS)).unique(),
        new_product=pl.col("new_product").any(),
    )
    one = begun.group_by(key).agg(pl.col("product_id", "metered", "seats", "mrr", "plan_rank").first())
    ended = settled.drop_nulls("end_on").with_columns(day="end_on").join(grown.select(key), on=key, how="semi")
    old = ended.group_by(key).agg(
        pl.col("product_id", "metered", "seats", "mrr", "plan_rank").first().name.prefix("old_")
    )
    frame = grown.join(stated, on=key, how="left").join(one, on=key, how="left").join(old, on=key, how="left")
    one_reason = pl.col("reasons").list.len() == 1
    frame = frame.with_columns(
        lever=pl.when(one_reason)
        .then(pl.col("reasons").list.first())
        .when(pl.col("new_product").fill_null(False) & (pl.col("before") == 0))
        .then(pl.lit("cross_sell"))
        .when((pl.col("before") != 1) | (pl.col("after") != 1))
        .then(pl.lit("upsell"))
        .otherwise(_lever_of_a_change())
    )
    whole = frame.drop_nulls("lever").select(*key, "lever", "amount")
    return pl.concat([whole, _take_apart(frame.filter(pl.col("lever").is_null()), key)])


def _begun(settled: pl.DataFrame) -> pl.DataFrame:
    """Periods by the day they begin, with `new_product`: the account never paid for it before."""
    paid = settled.filter(pl.col("mrr") != 0)
    first = paid.group_by("account_id", "product_id").agg(first_paid_on=pl.col("started_on").min())
    begun = settled.with_columns(day="started_on").join(first, on=["account_id", "product_id"], how="left")
    return begun.with_columns(
        new_product=pl.col("first_paid_on").is_null() | (pl.col("first_paid_on") >= pl.col("day"))
    )


def _lever_of_a_change() -> pl.Expr:
    """One period became another by one lever; NULL where seats and price both changed."""
    seats, old_seats = pl.col("seats").fill_null(0), pl.col("old_seats").fill_null(0)
    plain = (seats == 0) | (old_seats == 0) | (seats == old_seats) | (pl.col("mrr") == pl.col("old_mrr"))
    return (
        pl.when(pl.col("product_id") != pl.col("old_product_id"))
        .then(pl.lit("cross_sell"))
        .when(pl.col("metered") & pl.col("old_metered"))
        .then(pl.lit("usage"))
        .when(plain)
        .then(pl.when(_rank_up()).then(pl.lit("upsell")).otherwise(pl.lit("price")))
    )


def _rank_up() -> pl.Expr:
    return (pl.col("plan_rank") > pl.col("old_plan_rank")).fill_null(False)


def _take_apart(changes: pl.DataFrame, key: list[str]) -> pl.DataFrame:
    """Plan first, then seats, then price; parts against the direction are netted. Row by row: these are few."""
    parts = []
    frame = changes.with_columns(rank_up=_rank_up())
    for amount, mrr, old_mrr, seats, old_seats, rank_up in frame.select(
        "amount", "mrr", "old_mrr", "seats", "old_seats", "rank_up"
    ).rows():
        new, old = Decimal(repr(seats)), Decimal(repr(old_seats))
        unit, old_unit = mrr / new, old_mrr / old
        step = (unit - old_unit) * old if rank_up else (new - old) * old_unit
        share = min(max(step / (mrr - old_mrr), Decimal(0)), Decimal(1))
        parts.append((amount * share).quantize(PLACES))
    part = pl.Series(parts, dtype=MONEY)
    up = pl.col("rank_up")
    first = pl.when(up).then(pl.lit("upsell")).otherwise(pl.lit("seats"))
    second = pl.when(up).then(pl.lit("seats")).otherwise(pl.lit("price"))
    taken = frame.select(
        *key, lever=pl.concat_list(first, second), amount=pl.concat_list(part, pl.col("amount") - part)
    ).explode("lever", "amount")
    return taken.filter(pl.col("amount") != 0)
