"""Revenue that is added: expansion by lever, its rate, growth and size, arpa, quick_ratio and referral expansion."""

import polars as pl

from diagnostics.kpis.balances import LEVERS
from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.frames import KEY, OF, count, money

# An expansion came by an opportunity of its lever that was won so near to it.
WON_NEAR_DAYS = 60


def expansion_revenue(balances: pl.DataFrame) -> pl.DataFrame:
    """Σ expansion movements of the period, in all and by lever; apart from NRR. Owner: of the closing day.

    Unit: currency.
    """
    return _closing(balances).select(
        *KEY,
        pl.col("arr_expansion").alias("expansion_revenue"),
        *(pl.col(f"lever:{lever}").alias(f"expansion_revenue:{lever}") for lever in LEVERS),
    )


def expansion_rate(balances: pl.DataFrame) -> pl.DataFrame:
    """Expansion of the accounts with ARR on day 1 ÷ their ARR on it: the headline. Unit: ratio."""
    paid = pl.col("base") > 0
    return _closing(balances).select(
        *KEY,
        expansion_rate=pl.when(paid).then("arr_expansion").otherwise(money(0)),
        **{"expansion_rate" + OF: pl.col("base")},
    )


def expansion_growth(movements: pl.DataFrame, periods: pl.DataFrame, year_before: pl.DataFrame) -> pl.DataFrame:
    """Expansion ÷ expansion of the same period a year before − 1.

    `year_before`: `frame_periods` of those periods, under the labels of the ones they are held against. Unit: ratio.
    """
    key, grown = ["period", "account_id"], movements.filter(pl.col("kind") == "expansion")
    now = place_in_periods(grown, "day", periods).group_by(key).agg(now=pl.col("amount").sum())
    then = place_in_periods(grown, "day", year_before).group_by(key).agg(then=pl.col("amount").sum())
    both = now.join(then, on=key, how="full", coalesce=True).join(periods.select("period", "close"), on="period")
    both = both.with_columns(pl.col("now", "then").fill_null(money(0)))
    return both.select(
        *key,
        owner_on="close",
        expansion_growth=pl.col("now") - pl.col("then"),
        **{"expansion_growth" + OF: pl.col("then")},
    )


def average_revenue_per_expansion_account(balances: pl.DataFrame) -> pl.DataFrame:
    """Σ expansion ÷ accounts that expanded. Unit: currency."""
    name = "average_revenue_per_expansion_account"
    grown = pl.col("arr_expansion") > 0
    return _closing(balances).select(*KEY, pl.col("arr_expansion").alias(name), count(grown).alias(name + OF))


def arpa(balances: pl.DataFrame) -> pl.DataFrame:
    """ARR ÷ paying accounts at the close, and monthly_arpa, MRR ÷ paying accounts. Unit: currency."""
    pays = count(pl.col("arr_end") > 0)
    # An ARR is twelve times an MRR: the division is exact.
    monthly = pl.col("arr_end") / money(12)
    return _closing(balances).select(
        *KEY, arpa="arr_end", **{"arpa" + OF: pays}, monthly_arpa=monthly, **{"monthly_arpa" + OF: pays}
    )


def quick_ratio(balances: pl.DataFrame) -> pl.DataFrame:
    """(new + expansion) ÷ (contraction + churn). Unit: ratio."""
    return balances.select(
        *KEY,
        quick_ratio=pl.col("arr_new") + pl.col("arr_expansion"),
        **{"quick_ratio" + OF: -(pl.col("arr_contraction") + pl.col("arr_churn"))},
    )


def referral_expansion_revenue(
    movements: pl.DataFrame, periods: pl.DataFrame, accounts: pl.DataFrame, won: pl.DataFrame
) -> pl.DataFrame:
    """Σ expansion of accounts acquired by referral, or whose opportunity came by one; in both, counted once.

    Details: `:account` and `:opportunity`, each in full. `accounts`: account_id, acquired_through; `won`: account_id,
    lever, source, won_on. An expansion came by a won opportunity of its lever within 60 days of it. Unit: currency.
    """
    name = "referral_expansion_revenue"
    grown = place_in_periods(movements.filter(pl.col("kind") == "expansion").with_row_index("row"), "day", periods)
    referred = accounts.filter(pl.col("acquired_through") == "referral").select("account_id", by_account=pl.lit(True))
    by_lever = grown.join(won.filter(pl.col("source") == "referral"), on=["account_id", "lever"], how="inner")
    near = by_lever.filter((pl.col("won_on") - pl.col("day")).abs() <= pl.duration(days=WON_NEAR_DAYS))
    marks = near.select("row", by_opportunity=pl.lit(True)).unique()
    grown = grown.join(referred, on="account_id", how="left").join(marks, on="row", how="left")
    account, opportunity = pl.col("by_account").fill_null(False), pl.col("by_opportunity").fill_null(False)
    zero = money(0)
    return grown.select(
        "period",
        "account_id",
        pl.col("close").alias("owner_on"),
        pl.when(account | opportunity).then("amount").otherwise(zero).alias(name),
        pl.when(account).then("amount").otherwise(zero).alias(f"{name}:account"),
        pl.when(opportunity).then("amount").otherwise(zero).alias(f"{name}:opportunity"),
    )


def _closing(balances: pl.DataFrame) -> pl.DataFrame:
    return balances.with_columns(owner_on=pl.col("close"))
