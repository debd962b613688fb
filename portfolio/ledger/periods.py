"""What the ledger reads: periods of subscriptions and plan rates, one by one or as frames."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

MONTHS = 12
# An MRR of four decimals times a plan rate of eight is exact in it, and so is every sum: nothing drifts.
MONEY = pl.Decimal(38, 12)
AMOUNT = pl.Decimal(38, 4)

PERIODS: dict[str, Any] = {
    "account_id": pl.String,
    "subscription_id": pl.String,
    "contract_id": pl.String,
    "product_id": pl.String,
    "family": pl.String,  # the product itself where it has none
    "plan_id": pl.String,
    "plan_rank": pl.Int64,
    "metered": pl.Boolean,
    "seats": pl.Float64,
    "started_on": pl.Date,
    "ended_on": pl.Date,  # the first unpaid day
    "term_started_on": pl.Date,
    "term_months": pl.Int64,
    "renews_on": pl.Date,
    "notice_days": pl.Int64,
    "auto_renews": pl.Boolean,
    "notice_given_on": pl.Date,
    "mrr": AMOUNT,
    "currency": pl.String,
    "change_reason": pl.String,
}
RATES: dict[str, Any] = {"fiscal_year": pl.Int32, "currency": pl.String, "rate": MONEY}


@dataclass(frozen=True, slots=True)
class Period:
    """One period of one subscription; amounts per month in `currency`. `ended_on` is the first unpaid day."""

    account_id: str
    subscription_id: str
    product_id: str
    started_on: date
    ended_on: date | None
    mrr: Decimal
    currency: str
    family: str = ""
    plan_rank: int | None = None
    metered: bool = False
    seats: Decimal | None = None
    change_reason: str = ""


@dataclass(frozen=True)
class Rates:
    """Plan rates: what one unit of a currency is worth in the reporting currency during a fiscal year."""

    reporting: str
    by_year: Mapping[tuple[int, str], Decimal] = field(default_factory=dict)
    first_month: int = 1

    def fiscal_year(self, day: date) -> int:
        """The fiscal year of a day, named by the calendar year in which it begins."""
        return day.year if day.month >= self.first_month else day.year - 1

    def year_start(self, year: int) -> date:
        return date(year, self.first_month, 1)

    @property
    def frame(self) -> pl.DataFrame:
        """Columns RATES, with 1 for the reporting currency of every year."""
        own = {"fiscal_year": range(1900, 2200), "currency": self.reporting, "rate": Decimal(1)}
        foreign = [(year, currency, rate) for (year, currency), rate in self.by_year.items()]
        foreign = [row for row in foreign if row[1] != self.reporting]
        return pl.concat([pl.DataFrame(foreign, schema=RATES, orient="row"), pl.DataFrame(own, schema=RATES)])


def fiscal_year(day: pl.Expr, first_month: int) -> pl.Expr:
    """The fiscal year of a column of days, named by the calendar year in which it begins."""
    return pl.when(day.dt.month() >= first_month).then(day.dt.year()).otherwise(day.dt.year() - 1)


def frame_periods(periods: Iterable[Period], reporting: str) -> pl.DataFrame:
    """The periods as a frame of PERIODS; what a Period does not hold is NULL."""
    rows = [
        {
            "account_id": p.account_id,
            "subscription_id": p.subscription_id,
            "product_id": p.product_id,
            "family": p.family or p.product_id,
            "plan_rank": p.plan_rank,
            "metered": p.metered,
            "seats": None if p.seats is None else float(p.seats),
            "started_on": p.started_on,
            "ended_on": p.ended_on,
            "mrr": p.mrr,
            "currency": p.currency or reporting,
            "change_reason": p.change_reason,
        }
        for p in periods
    ]
    return pl.DataFrame([{name: row.get(name) for name in PERIODS} for row in rows], schema=PERIODS, orient="row")


def settle_periods(periods: pl.DataFrame, *, grace_days: int, until: date) -> pl.DataFrame:
    """The periods that begin by `until`, without overlap within a subscription, knowing nothing later.

    Columns end_on and late_renewal are added. A gap no longer than the grace is closed, within a subscription and
    where the account pays for nothing else meanwhile; so is an end whose grace has not passed on `until`: it is not
    known yet whether it is a late renewal. Periods of no length are dropped.
    """
    own, grace = ["account_id", "subscription_id"], pl.duration(days=grace_days)
    # Of two rows for one day the end may order them only once it is known.
    known_end = pl.when(pl.col("ended_on") <= pl.lit(until)).then("ended_on")
    frame = periods.filter(pl.col("started_on") <= until).sort(
        *own, "started_on", known_end, "mrr", nulls_last=True, maintain_order=True
    )
    # Neighbours in their order: a window over each subscription is ten times as much work.
    opens = pl.any_horizontal(pl.col(name).ne_missing(pl.col(name).shift(1)) for name in own)
    frame = frame.with_columns(opens=opens).with_columns(
        following=pl.when(~pl.col("opens").shift(-1, fill_value=True)).then(pl.col("started_on").shift(-1))
    )
    following, end = pl.col("following"), pl.col("ended_on")
    closed = (following - end <= grace).fill_null(False)
    known = (end + grace <= pl.lit(until)).fill_null(False)
    frame = frame.with_columns(
        end_on=pl.when(following.is_null())
        .then(pl.when(known).then(end))
        .when(end.is_null() | (end >= following) | closed)
        .then(following)
        .otherwise(end),
        bridged=(following.is_not_null() & (end < following).fill_null(False) & closed),
    )
    # One that is bridged has another of its subscription behind it.
    frame = frame.with_columns(late_renewal=pl.col("bridged").shift(1, fill_value=False)).drop("opens", "following")
    frame = frame.filter(pl.col("end_on").is_null() | (pl.col("end_on") > pl.col("started_on"))).drop("bridged")
    return _close_account_gaps(frame, grace_days)


def _close_account_gaps(frame: pl.DataFrame, grace_days: int) -> pl.DataFrame:
    """An account that pays again within the grace, under whatever subscription, has not left meanwhile."""
    far = pl.date(9999, 1, 1)
    by_start = frame.sort("account_id", "started_on", maintain_order=True)
    paid_to = pl.col("end_on").fill_null(far).cum_max().shift(1).over("account_id")
    gaps = (
        by_start.with_columns(paid_to=paid_to)
        .filter(
            pl.col("started_on") > pl.col("paid_to"),
            pl.col("started_on") - pl.col("paid_to") <= pl.duration(days=grace_days),
        )
        .select("account_id", end_on="paid_to", resumed_on="started_on")
        .unique()
    )
    if not gaps.height:
        return frame
    resumed = gaps.select("account_id", started_on="resumed_on", resumes=pl.lit(True))
    frame = frame.join(gaps, on=["account_id", "end_on"], how="left", maintain_order="left")
    frame = frame.join(resumed, on=["account_id", "started_on"], how="left", maintain_order="left")
    return frame.with_columns(
        end_on=pl.coalesce("resumed_on", "end_on"),
        late_renewal=pl.col("late_renewal") | pl.col("resumes").fill_null(False),
    ).drop("resumed_on", "resumes")
