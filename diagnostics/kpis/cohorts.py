"""Cohorts by the quarter of the first paid day: nrr, grr and arpa of month n over the start."""

import polars as pl

from diagnostics.kpis.balances import add_rebasing, rescale
from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import KEY, OF, count, money

MONTHS_SHOWN = (3, 6, 12, 24, 36)


def age_accounts(movements: pl.DataFrame, first_paid: pl.DataFrame, months: pl.DataFrame) -> pl.DataFrame:
    """One row per account and month of its life: n, period (the month), close, start and arr.

    Month n closes n calendar months after the one in which the account first paid; only closed months are in it.
    `start` is the ARR of its first paid day: every account that ever started stays in its cohort's base. `arr` is what
    it pays at the close of month n at the plan rate of its start. A contract that moved to a sister account stays with
    its giver, as in `keep_of_base`: who began by receiving one has no start, and what it then loses is taken off.
    `months`: `frame_periods` up to today.
    """
    begun = place_in_periods(first_paid, "first_paid_on", months).select("account_id", "first_paid_on", begins="place")
    known = add_rebasing(movements).join(begun, on="account_id", how="inner", maintain_order="left")
    moves = pl.col("kind") == "transfer"
    known = known.with_columns(given=pl.when(moves).then(rescale("amount", 1 / pl.col("rebased"))).otherwise(money(0)))
    on_first_day = (pl.col("day") == pl.col("first_paid_on")) & ~pl.col("kind").is_in(["fx", "transfer"])
    start = known.group_by("account_id").agg(
        start=pl.col("amount").filter(on_first_day).sum(), began=pl.col("day").min() == pl.col("first_paid_on").first()
    )
    known = known.with_columns(
        real=rescale("standing", 1 / pl.col("rebased")) - pl.col("given").cum_sum().over("account_id")
    )
    placed = place_in_periods(known.with_row_index("order"), "day", months).sort("order")
    stood = placed.group_by("account_id", "place").agg(pl.col("real").last(), pl.col("given").sum())
    closed = months.filter(pl.col("close") == pl.col("last"))
    # In order before it is wide, as the balances are.
    lives = begun.sort("account_id").join(closed.sort("place"), how="cross").filter(pl.col("place") >= pl.col("begins"))
    lives = lives.join(stood, on=["account_id", "place"], how="left", maintain_order="left")
    lives = lives.join(start.filter("began").drop("began"), on="account_id", how="inner", maintain_order="left")
    lives = lives.with_columns(
        n=pl.col("place") - pl.col("begins"),
        real=pl.col("real").forward_fill().over("account_id").fill_null(money(0)),
        given=pl.col("given").fill_null(money(0)).cum_sum().over("account_id"),
    )
    lost = pl.min_horizontal(pl.max_horizontal("real", -pl.col("given")), money(0))
    return lives.select(
        "account_id",
        "n",
        "period",
        "close",
        "start",
        arr=pl.when((pl.col("start") == 0) & (pl.col("given") > 0)).then(lost).otherwise("real"),
    )


def cohort_retention(lives: pl.DataFrame, periods: pl.DataFrame) -> pl.DataFrame:
    """nrr:mN, grr:mN and arpa:mN of the accounts whose month N has closed by the close of the period.

    Formula: Σ ARR of month N ÷ Σ ARR at the start; for GRR each account's ARR counts up to its start; for ARPA the ARR
    is divided by the accounts that pay. By cohort this is the cohort's own line; over several, the average weighted by
    initial ARR of those old enough. Units: ratio, ratio, currency.
    """
    aged = lives.filter(pl.col("n").is_in(MONTHS_SHOWN))
    if not aged.height:
        return pl.DataFrame(schema=KEY)
    wide = aged.pivot("n", index=["account_id", "start"], values=["arr", "close"])
    frame = wide.join(periods.select("period", "close", owner_on="first"), how="cross")
    columns = []
    for n in sorted(set(aged["n"].to_list())):
        arr, old_enough = pl.col(f"arr_{n}"), pl.col(f"close_{n}") <= pl.col("close")
        columns += [
            _where(old_enough, arr, f"nrr:m{n}"), _where(old_enough, "start", f"nrr:m{n}{OF}"),
            _where(old_enough, pl.min_horizontal(arr, "start"), f"grr:m{n}"),
            _where(old_enough, "start", f"grr:m{n}{OF}"),
            _where(old_enough, arr, f"arpa:m{n}"), _where(old_enough, count(arr > 0), f"arpa:m{n}{OF}"),
        ]  # fmt: skip
    return frame.filter(pl.col(f"close_{min(aged['n'].to_list())}") <= pl.col("close")).select(*KEY, *columns)


def map_cohorts(lives: pl.DataFrame, cohorts: pl.DataFrame) -> pl.DataFrame:
    """cohort, n, accounts, start, nrr, grr, arpa, paying: sums of each cohort's accounts in their month n.

    `cohorts`: account_id, cohort. A month that some account of the cohort has not reached yet is left out; one whose
    start has no plan rate is in no month.
    """
    known = lives.join(cohorts, on="account_id", how="inner")
    sized = known.filter(pl.col("n") == 0).group_by("cohort").agg(size=pl.len())
    found = known.group_by("cohort", "n").agg(
        accounts=pl.len(),
        start=pl.col("start").sum(),
        nrr=pl.col("arr").sum(),
        grr=pl.min_horizontal("arr", "start").sum(),
        paying=(pl.col("arr") > 0).sum(),
    )  # fmt: skip
    whole = found.join(sized, on="cohort").filter(pl.col("accounts") == pl.col("size"))
    return whole.drop("size").sort("cohort", "n")


def _where(condition: pl.Expr, value: str | pl.Expr, name: str) -> pl.Expr:
    amount = pl.col(value) if isinstance(value, str) else value
    return pl.when(condition).then(amount).otherwise(None).alias(name)
