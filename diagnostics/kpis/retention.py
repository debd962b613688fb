"""Revenue that stays: nrr, grr and logo_retention, over the accounts with ARR on day 1."""

import polars as pl

from diagnostics.kpis.frames import KEY, OF, count, money


def keep_of_base(balances: pl.DataFrame, *, with_reactivation: bool = False) -> pl.DataFrame:
    """The balances with `kept`: what of an account's ARR on day 1 stands at the end, fx and transfers apart.

    Without reactivation (the default) an account that left and came back within the period has kept nothing. What
    moved to a sister account stays with the account it was counted at; what the receiver then loses is taken off.
    """
    moved = pl.col("arr_expansion") + pl.col("arr_contraction") + pl.col("arr_churn")
    came_back = pl.col("arr_reactivation") != 0
    of_base = pl.col("base") + moved + pl.col("arr_reactivation")
    kept = of_base if with_reactivation else pl.when(came_back).then(money(0)).otherwise(of_base)
    # An account that received a contract only within the period: its later losses of it belong to the giver's base.
    received = (pl.col("base") == 0) & (pl.col("arr_transfer") > 0)
    lost = pl.min_horizontal(pl.max_horizontal(moved, -pl.col("arr_transfer")), money(0))
    return balances.with_columns(
        kept=pl.when(pl.col("base") != 0).then(kept).when(received).then(lost).otherwise(money(0))
    )


def nrr(kept: pl.DataFrame) -> pl.DataFrame:
    """Σ ARR end ÷ Σ ARR start over accounts with ARR on day 1.

    Start and end stand at the period's plan rate: re-basing is outside. What accounts born in the period bring is in
    the movements only. `kept`: `keep_of_base`. Unit: ratio.
    """
    return kept.select(*KEY, pl.col("kept").alias("nrr"), pl.col("base").alias("nrr" + OF))


def grr(kept: pl.DataFrame) -> pl.DataFrame:
    """Σ min(ARR end, ARR start) ÷ Σ ARR start, per account, over accounts with ARR on day 1: never above 1.

    Contraction always counts. nrr − grr = Σ max(0, end − start) ÷ Σ start, the net expansion. Unit: ratio.
    """
    return kept.select(*KEY, pl.min_horizontal("kept", "base").alias("grr"), pl.col("base").alias("grr" + OF))


def logo_retention(kept: pl.DataFrame) -> pl.DataFrame:
    """Accounts kept ÷ accounts at the start: a number of customers, not GRR. Unit: ratio."""
    paid = pl.col("base") > 0
    return kept.select(*KEY, logo_retention=count(paid & (pl.col("kept") > 0)), **{"logo_retention" + OF: count(paid)})
