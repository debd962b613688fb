"""Groups of accounts: tier, value segment, cohort, owner and ultimate parent; and the sums over them."""

from collections.abc import Sequence
from typing import Any, Literal

import polars as pl

from diagnostics.engine.segments import VALUE_SHARES
from diagnostics.kpis.calendar import place_in_periods
from diagnostics.kpis.events import value_on
from diagnostics.kpis.frames import KEY, MONEY, OF, money

By = Literal["value_segment", "tier", "cohort", "owner", "parent"]
BYS: tuple[By, ...] = ("value_segment", "tier", "cohort", "owner", "parent")
# An account that has no tier, no owner or never paid; '' is the whole portfolio.
NONE = "none"
SMALL_GROUP = 5

FIGURES: dict[str, Any] = {
    "period": pl.String,
    "group": pl.String,
    "kpi": pl.String,
    "numerator": MONEY,
    "denominator": MONEY,
}


def assign_value_segments(balances: pl.DataFrame) -> pl.DataFrame:
    """period, account_id, value_segment by the ARR of day 1; accounts that pay nothing on it are C.

    A: the accounts while those larger make less than 80 % of ARR; B: the next 15 %; C: the rest. Equal ARR shares a
    letter.
    """
    paid = balances.filter(pl.col("base") > 0).select("period", "account_id", "base")
    sizes = paid.group_by("period", "base").agg(amount=pl.col("base").sum()).sort("period", "base", descending=True)
    larger = pl.col("amount").cum_sum().over("period") - pl.col("amount")
    share = larger.cast(pl.Float64) / pl.col("amount").sum().over("period").cast(pl.Float64)
    letter = (
        pl.when(share < VALUE_SHARES["A"])
        .then(pl.lit("A"))
        .when(share < VALUE_SHARES["B"])
        .then(pl.lit("B"))
        .otherwise(pl.lit("C"))
    )
    lettered = sizes.select("period", "base", value_segment=letter)
    return paid.join(lettered, on=["period", "base"]).select("period", "account_id", "value_segment")


def assign_cohorts(first_paid: pl.DataFrame, quarters: pl.DataFrame) -> pl.DataFrame:
    """account_id and cohort, the fiscal quarter of the first paid day. `quarters`: `frame_periods` over them all."""
    placed = place_in_periods(first_paid, "first_paid_on", quarters)
    return placed.select("account_id", cohort="period")


class Groups:
    """To which group each part belongs."""

    def __init__(
        self,
        *,
        periods: pl.DataFrame,
        balances: pl.DataFrame,
        cohorts: pl.DataFrame,
        parents: pl.DataFrame,
        accounts: pl.DataFrame,
        history: pl.DataFrame,
    ) -> None:
        self.periods, self.accounts, self.history = periods, accounts, history
        names = accounts.select("account_id", parent_name="source_id")
        tops = accounts.select("account_id", own="source_id").join(parents, on="account_id", how="left")
        tops = tops.join(names, left_on="parent", right_on="account_id", how="left")
        self.segments, self.cohorts = assign_value_segments(balances), cohorts
        self.tops = tops.select("account_id", group=pl.coalesce("parent_name", "own"))

    def assign(self, parts: pl.DataFrame, by: By) -> pl.DataFrame:
        """The parts with their `group`."""
        key = ["period", "account_id"]
        if by == "value_segment":
            found = parts.join(self.segments.rename({"value_segment": "group"}), on=key, how="left")
            return found.with_columns(pl.col("group").fill_null("C"))
        if by == "cohort":
            found = parts.join(self.cohorts.rename({"cohort": "group"}), on="account_id", how="left")
        elif by == "parent":
            found = parts.join(self.tops, on="account_id", how="left")
        elif by == "tier":
            found = parts.join(self.tiers(parts.select(key).unique()), on=key, how="left").rename({"tier": "group"})
        else:
            found = parts.join(
                self.owners(parts.select("account_id", "owner_on").unique()), on=["account_id", "owner_on"], how="left"
            )
        return found.with_columns(group=pl.when(pl.col("group") != "").then("group").otherwise(pl.lit(NONE)))

    def tiers(self, rows: pl.DataFrame) -> pl.DataFrame:
        """period, account_id and the tier of day 1."""
        dated = rows.join(self.periods.select("period", "first"), on="period")
        return value_on(dated, "first", "tier", self.history, self.accounts).select("period", "account_id", "tier")

    def owners(self, rows: pl.DataFrame) -> pl.DataFrame:
        """account_id, owner_on and group: that day's Account Manager, else the CSM; one owner, so that books add up."""
        found = value_on(rows, "owner_on", "am_email", self.history, self.accounts)
        found = value_on(found, "owner_on", "csm_email", self.history, self.accounts)
        am, csm = pl.col("am_email").fill_null(""), pl.col("csm_email").fill_null("")
        return found.select("account_id", "owner_on", group=pl.when(am != "").then(am).otherwise(csm))


def sum_parts(parts: pl.DataFrame) -> pl.DataFrame:
    """Columns FIGURES of parts that have a `group`: a KPI without any part in a group is not in it."""
    names = [n for n in parts.columns if n not in KEY and n != "group" and parts.schema[n] == MONEY]
    sums = parts.group_by("period", "group").agg(
        pl.when(pl.col(n).count() > 0).then(pl.col(n).sum()).alias(n) for n in names
    )
    found = []
    for name in (n for n in names if not n.endswith(OF)):
        denominator = pl.col(name + OF) if name + OF in names else pl.lit(None, dtype=MONEY)
        found.append(
            sums.select(
                "period", "group", kpi=pl.lit(name), numerator=pl.col(name), denominator=denominator
            ).drop_nulls("numerator")
        )
    return pl.concat(found) if found else pl.DataFrame(schema=FIGURES)


def sum_groups(parts: Sequence[pl.DataFrame], groups: Groups, by: By | None) -> pl.DataFrame:
    """Columns FIGURES of all parts: of the whole portfolio (group '') where `by` is None."""
    placed = (p.with_columns(group=pl.lit("")) if by is None else groups.assign(p, by) for p in parts)
    return pl.concat([sum_parts(frame) for frame in placed]).sort("period", "group", "kpi")


def add_values(figures: pl.DataFrame) -> pl.DataFrame:
    """Column `value`, numerator ÷ denominator as a float for screens; NULL ("n/a") on a zero base."""
    zero = pl.col("denominator") == money(0)
    ratio = pl.col("numerator").cast(pl.Float64) / pl.col("denominator").cast(pl.Float64)
    whole = pl.col("numerator").cast(pl.Float64)
    return figures.with_columns(
        value=pl.when(pl.col("denominator").is_null()).then(whole).when(zero).then(None).otherwise(ratio)
    )
