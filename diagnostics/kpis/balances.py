"""The ledger by account and period: what each paid at the start, what moved, what it pays at the end."""

import polars as pl

from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import MONEY, exact
from portfolio.ledger.build import KINDS, MOVEMENTS

LEVERS = ("upsell", "seats", "usage", "cross_sell", "price")
START, END = "arr_start", "arr_end"
MOVED = tuple(f"arr_{kind}" for kind in KINDS)


def balance_periods(movements: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """One row per period and account that pays or moves in it: the parts of the ARR movements, and more.

    Formula: arr_start + Σ movements of the period = arr_end, exactly, for every row and so for every sum. Columns:
    period, place, first, close, account_id, owner_on (day 1), arr_start, arr_new … arr_fx (churn and contraction are
    negative), arr_end, one `lever:NAME` per lever of expansion, and base: arr_start re-based at the period's plan rate.
    `movements`: the ledger's; `periods`: `frame_periods`. Unit: currency.
    """
    first = periods["first"].min()
    signed = movements.with_columns(step=pl.concat_str(pl.lit("arr_"), "kind"))
    before = signed.filter(pl.col("day") < first).group_by("account_id").agg(opening=pl.col("amount").sum())
    inside = place_in_periods(signed.filter(pl.col("day") >= first), "day", periods)
    none = pl.lit(0, dtype=MONEY)
    moved = inside.group_by("account_id", "place").agg(
        *(pl.col("amount").filter(pl.col("step") == name).sum().alias(name) for name in MOVED),
        *(pl.col("amount").filter(pl.col("lever") == name).sum().alias(f"lever:{name}") for name in LEVERS),
    )
    begins = pl.concat(
        [before.select("account_id", begins=pl.lit(0, dtype=pl.Int32)), moved.select("account_id", begins="place")]
    )
    # In order before it is wide: these rows are one in fifty, and what follows keeps them as they are.
    begins = begins.group_by("account_id").agg(pl.col("begins").min()).sort("account_id")
    dense = begins.join(periods.sort("place"), how="cross").filter(pl.col("place") >= pl.col("begins"))
    for more, key in ((moved, ["account_id", "place"]), (before, ["account_id"])):
        dense = dense.join(more, on=key, how="left", maintain_order="left")
    filled = [*MOVED, *(f"lever:{name}" for name in LEVERS), "opening"]
    dense = dense.with_columns(pl.col(filled).fill_null(none))
    change = pl.sum_horizontal(MOVED)
    dense = dense.with_columns(arr_end=pl.col("opening") + change.cum_sum().over("account_id"))
    dense = dense.with_columns(arr_start=pl.col("arr_end") - change)
    dense = dense.filter(pl.any_horizontal(pl.col(START, END, *MOVED) != 0))
    return dense.select(
        "period", "place", "first", "close", "account_id", START, *MOVED, END,
        *(f"lever:{name}" for name in LEVERS),
        owner_on="first", base=pl.col(START) + pl.col("arr_fx"),
    )  # fmt: skip


def add_rebasing(movements: pl.DataFrame) -> pl.DataFrame:
    """The movements in their order by account, with `standing`, the ARR after each, and `rebased`.

    `rebased` is the product of the account's re-basings up to the movement: what was 100 at the start's plan rate
    stands for 100 × rebased. 1.0: none. To nothing and from nothing (a year without a plan rate) leave it as it is.
    """
    # The re-basing of a day comes before what else moves on it.
    ordered = movements.sort("account_id", "day", pl.col("kind") != "fx", maintain_order=True)
    ordered = ordered.with_columns(standing=pl.col("amount").cum_sum().over("account_id"))
    before = (pl.col("standing") - pl.col("amount")).cast(pl.Float64)
    rates = (pl.col("kind") == "fx") & (before != 0) & (pl.col("standing") != 0)
    factor = pl.when(rates).then(pl.col("standing").cast(pl.Float64) / before).otherwise(1.0)
    return ordered.with_columns(rebased=factor.cum_prod().over("account_id"))


def rescale(amount: str, factor: pl.Expr) -> pl.Expr:
    """An amount at another plan rate, to its sixth decimal; exactly itself where the factor is 1."""
    scaled = exact((pl.col(amount).cast(pl.Float64) * factor).round(6))
    return pl.when(factor == 1.0).then(amount).otherwise(scaled)


def balance_at_closing_rates(movements: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """`balance_periods` of periods in which a fiscal year may begin: start and movements at the rates of the close.

    Each movement is re-based as the account was after it, arr_fx is 0, and base is arr_end less the movements: what the
    ARR of day 1 is worth at the close, 0 where there was none or the close has no plan rate. Unit: currency.
    """
    plain = balance_periods(movements, periods)
    # All others stand at their only rate.
    rebased = movements.filter(pl.col("kind") == "fx")["account_id"].unique()
    theirs = pl.col("account_id").is_in(rebased.implode())
    rows = plain.with_row_index("row")
    others, rows = rows.filter(~theirs), rows.filter(theirs)
    both = pl.concat([others, _balance_rebased(movements.filter(theirs), periods, rows)])
    return both.sort("row").drop("row")


def _balance_rebased(movements: pl.DataFrame, periods: pl.DataFrame, plain: pl.DataFrame) -> pl.DataFrame:
    key = ["period", "account_id"]
    inside = place_in_periods(add_rebasing(movements), "day", periods)
    inside = inside.sort("account_id", "day", pl.col("kind") != "fx", maintain_order=True)
    inside = inside.with_columns(factor=pl.col("rebased").last().over(*key) / pl.col("rebased"))
    at_close = inside.filter(pl.col("kind") != "fx").with_columns(amount=rescale("amount", pl.col("factor")))
    moved = balance_periods(at_close.select(*MOVEMENTS), periods).select(*key, *MOVED)
    rows = plain.drop(MOVED).join(moved, on=key, how="left", maintain_order="left")
    rows = rows.with_columns(pl.col(MOVED).fill_null(pl.lit(0, dtype=MONEY)))
    base = pl.when(pl.col(START) != 0).then((pl.col(END) - pl.sum_horizontal(MOVED)).clip(pl.lit(0, dtype=MONEY)))
    return rows.with_columns(base=base.otherwise(pl.lit(0, dtype=MONEY))).select(plain.columns)
