"""All KPIs of an organization's periods, from its facts: the parts of every family, and their sums by group."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cached_property

import polars as pl

from accounts.models import Organization
from accounts.turns import run_beside
from diagnostics.kpis import events
from diagnostics.kpis.balances import END, MOVED, START, balance_periods
from diagnostics.kpis.calendar import Period, frame_periods, list_periods
from diagnostics.kpis.cohorts import age_accounts
from diagnostics.kpis.contracts import contracts_on
from diagnostics.kpis.frames import KEY, money
from diagnostics.kpis.groups import FIGURES, By, Groups, assign_cohorts, list_figures, sum_wide
from diagnostics.kpis.reading import Source, night_speaking_on, number_accounts, open_source
from diagnostics.kpis.renewals import SHORTEST_TERM_MONTHS
from diagnostics.kpis.slim import Slim
from diagnostics.kpis.terms import list_decisions
from portfolio.ledger.build import build_movements
from portfolio.terms import add_months

# A month's closing figures are read from a night of that month.
CLOSE_NIGHT_DAYS = 31
SHARED = (
    "source", "subscriptions", "rates", "parents", "first_paid", "accounts", "history", "nights", "decisions",
    "decided", "cohorts", "_ledger", "lives",
)  # fmt: skip


@dataclass
class Portfolio:
    """What one computation of KPIs reads, each kind of fact once and only if a family asks for it.

    `today`: the last day of which anything is known. `periods` follow each other and are of one kind.
    """

    organization: Organization
    periods: list[Period]
    today: date
    with_reactivation: bool = False
    # Account ids as numbers of an Enum in the place of texts: for many accounts and periods at once.
    numbered: bool = False

    @classmethod
    def of(cls, organization: Organization, periods: list[Period], today: date) -> "Portfolio":
        """The organization's portfolio under its own switches."""
        return cls(organization, periods, today, with_reactivation=organization.nrr_with_reactivation)

    def over(self, periods: list[Period]) -> "Portfolio":
        """The same portfolio over other periods; what does not depend on them is not read again."""
        other = replace(self, periods=periods)
        other.__dict__.update({name: self.__dict__[name] for name in SHARED if name in self.__dict__})
        return other

    def share(self) -> None:
        """Read and work out whatever does not depend on the periods."""
        for name in ("source", "subscriptions", "rates", "parents", "first_paid"):
            getattr(self, name)
        # Of the others, half follow from the ledger.
        rest = [name for name in SHARED if name not in ("_ledger", "lives")]
        run_beside([lambda: [self.lives], lambda: [getattr(self, name) for name in rest]])

    @cached_property
    def source(self) -> Source:
        read = number_accounts if self.numbered else open_source
        return read(self.organization, day=self.today)

    @cached_property
    def frame(self) -> pl.DataFrame:
        return frame_periods(self.periods, self.today)

    @cached_property
    def subscriptions(self) -> pl.DataFrame:
        return self.source.periods()

    @cached_property
    def rates(self) -> pl.DataFrame:
        return self.source.rates()

    @cached_property
    def parents(self) -> pl.DataFrame:
        return self.source.parents()

    @cached_property
    def _ledger(self) -> tuple[pl.DataFrame, pl.DataFrame]:
        return build_movements(
            self.subscriptions,
            until=self.today,
            rates=self.rates,
            reporting=self.organization.currency,
            first_month=self.organization.fiscal_year_first_month,
            parents=self.parents,
            grace_days=self.organization.late_renewal_grace_days,
        )

    @property
    def movements(self) -> pl.DataFrame:
        """The ledger up to today."""
        return self._ledger[0]

    @property
    def unpriced(self) -> pl.DataFrame:
        """Subscription periods without ARR for want of a plan rate."""
        return self._ledger[1]

    @cached_property
    def balances(self) -> pl.DataFrame:
        return balance_periods(self.movements, self.frame)

    @cached_property
    def frame_a_year_before(self) -> pl.DataFrame:
        """The same periods a year before, under the labels of these; of the one that runs, as many of its days."""
        day = timedelta(days=1)
        before = [
            Period(add_months(p.first, -12), add_months(p.closes_by(self.today) + day, -12) - day, p.label, p.every)
            for p in self.periods
        ]
        return frame_periods(before, self.today)

    @cached_property
    def first_paid(self) -> pl.DataFrame:
        """account_id, first_paid_on."""
        paid = self.subscriptions.filter(pl.col("mrr") > 0, pl.col("started_on") <= self.today)
        return paid.group_by("account_id").agg(first_paid_on=pl.col("started_on").min())

    @cached_property
    def accounts(self) -> pl.DataFrame:
        return self.source.facts.read(events.ACCOUNTS_STATEMENT, events.ACCOUNTS)

    @cached_property
    def history(self) -> pl.DataFrame:
        return self.source.facts.read(events.HISTORY_STATEMENT, events.HISTORY)

    @cached_property
    def nights(self) -> list[date]:
        return self.source.nights()

    @cached_property
    def closing_nights(self) -> pl.DataFrame:
        """period, close, night: the night that speaks for the close of each period that has one."""
        found = [
            (
                p.label,
                p.closes_by(self.today),
                night_speaking_on(self.nights, p.closes_by(self.today), within_days=CLOSE_NIGHT_DAYS),
            )
            for p in self.periods
        ]
        schema = {"period": pl.String, "close": pl.Date, "night": pl.Date}
        return pl.DataFrame([row for row in found if row[2]], schema=schema, orient="row")

    @cached_property
    def diagnosed(self) -> pl.DataFrame:
        """KEY, close, arr_end and the diagnosis (see `Source.diagnoses`) of the accounts that pay at each close."""
        nights = self.closing_nights["night"].unique().sort().to_list()
        found = self.source.diagnoses(nights).join(self.closing_nights, on="night", how="inner")
        # No more of the balances than this: a copy of all their columns is the largest frame of a rebuild.
        paying = self.balances.select("period", "account_id", END, owner_on="close").filter(pl.col(END) > 0)
        paying = paying.select(*KEY, END)
        return found.join(paying, on=["period", "account_id"], how="inner")

    @cached_property
    def closing(self) -> pl.DataFrame:
        """The balances of accounts that pay at the close, with the closing day as `owner_on`."""
        return self.balances.filter(pl.col(END) > 0).with_columns(owner_on=pl.col("close"))

    @cached_property
    def contracts(self) -> pl.DataFrame:
        """Contracts known at each close, with `period`, `night` and diagnosis; NULL where no night speaks for it."""
        closes = self.frame["close"].unique().sort().to_list()
        found = contracts_on(
            self.subscriptions,
            closes,
            rates=self.rates,
            first_month=self.organization.fiscal_year_first_month,
            grace_days=self.organization.late_renewal_grace_days,
            in_order=False,
        )
        found = found.join(self.frame.select("period", day="close"), on="day", how="inner", maintain_order="left")
        nights = self.closing_nights.select("period", "night")
        found = found.join(nights, on="period", how="left", maintain_order="left")
        risks = self.diagnosed.select("period", "account_id", "weak", "fragile", "renewal_risk")
        if not risks.height:
            nothing = [pl.lit(None, dtype=risks.schema[name]).alias(name) for name in risks.columns[2:]]
            return found.with_columns(nothing)
        return found.join(risks, on=["period", "account_id"], how="left", maintain_order="left")

    @cached_property
    def decisions(self) -> pl.DataFrame:
        """Every term end up to today; `terms.list_decisions`."""
        return list_decisions(
            self.subscriptions,
            today=self.today,
            rates=self.rates,
            parents=self.parents,
            first_month=self.organization.fiscal_year_first_month,
            grace_days=self.organization.late_renewal_grace_days,
        )

    @cached_property
    def decided(self) -> pl.DataFrame:
        """account_id, decision_on and arr of every contract term whose decision date is past, ended or not.

        Of 3 months or more: a contract that is decided every month is prepared by nobody.
        """
        columns = ("account_id", "subscription_id", "term_months", "term_end_on", "decision_on")
        past = self.decisions.select(*columns, arr="due")
        ahead = contracts_on(
            self.subscriptions,
            [self.today],
            rates=self.rates,
            first_month=self.organization.fiscal_year_first_month,
            grace_days=self.organization.late_renewal_grace_days,
        )
        ahead = ahead.filter(pl.col("decision_on") <= self.today).select(
            "account_id", "subscription_id", "term_months", "decision_on", "arr", term_end_on="renews_on"
        )
        both = pl.concat([past, ahead.select(past.columns)]).filter(pl.col("term_months") >= SHORTEST_TERM_MONTHS)
        return both.unique(["subscription_id", "term_end_on"], keep="first", maintain_order=True)

    @cached_property
    def seats(self) -> pl.DataFrame:
        """period, account_id, product_id and the seats licensed at the close."""
        held = self.subscriptions.filter(pl.col("seats") > 0).join(self.frame.select("period", "close"), how="cross")
        running = (pl.col("started_on") <= pl.col("close")) & (
            pl.col("ended_on").is_null() | (pl.col("ended_on") > pl.col("close"))
        )
        # An open period followed by another of its subscription ends where that one begins.
        held = held.filter(running).sort("started_on").unique(["period", "subscription_id"], keep="last")
        return held.group_by("period", "account_id", "product_id").agg(pl.col("seats").sum())

    @cached_property
    def lives(self) -> pl.DataFrame:
        """Accounts by month of their life; `cohorts.age_accounts`."""
        return age_accounts(self.movements, self.first_paid, frame_periods(self._since_the_first("month"), self.today))

    @cached_property
    def cohorts(self) -> pl.DataFrame:
        """account_id, cohort."""
        return assign_cohorts(self.first_paid, frame_periods(self._since_the_first("quarter"), self.today))

    @cached_property
    def groups(self) -> Groups:
        return Groups(
            periods=self.frame,
            balances=self.balances,
            cohorts=self.cohorts,
            parents=self.parents,
            accounts=self.accounts,
            history=self.history,
        )

    def _since_the_first(self, every: str) -> list[Period]:
        first = self.first_paid["first_paid_on"].min() or self.today
        month = self.organization.fiscal_year_first_month
        return list_periods(first, self.today, every, first_month=month)  # type: ignore[arg-type]  # "month" or "quarter"


type Family = Callable[[Portfolio], Sequence[pl.DataFrame]]


def list_movements(portfolio: Portfolio) -> list[pl.DataFrame]:
    """The ARR movements themselves: arr_start + Σ movements = arr_end, per account, group and total."""
    return [portfolio.balances.select(*KEY, START, *MOVED, END)]


def count_accounts(portfolio: Portfolio) -> list[pl.DataFrame]:
    """How many accounts a group has, so that small ones are marked: those that pay on day 1 or at the close."""
    pays = (pl.col("base") > 0) | (pl.col(END) > 0)
    return [portfolio.balances.select(*KEY, pl.when(pays).then(money(1)).alias("accounts"))]


def compute_parts(portfolio: Portfolio) -> list[pl.DataFrame]:
    """The parts of every family that the organization's facts can give."""
    # Families are written in terms of a Portfolio: they import this module.
    from diagnostics.kpis.families import FAMILIES

    found = [part for family in (count_accounts, list_movements, *FAMILIES) for part in family(portfolio)]
    return merge_parts([part for part in found if part.height])


def merge_parts(parts: Sequence[pl.DataFrame]) -> list[pl.DataFrame]:
    """The parts with those side by side that have the same rows: a group is then found once for all of them."""
    merged: list[pl.DataFrame] = []
    for part in map(_put_in_order, parts):
        place = next((n for n, wide in enumerate(merged) if _same_rows(wide, part)), None)
        if place is None:
            merged.append(part)
        else:
            merged[place] = merged[place].hstack(part.drop(KEY))
    return merged


def _put_in_order(part: pl.DataFrame) -> pl.DataFrame:
    """The part in an order that is the same each time it is computed: groups come in any."""
    return part if part["account_id"].is_sorted() else part.sort("account_id", "period", "owner_on")


def _same_rows(one: pl.DataFrame, other: pl.DataFrame) -> bool:
    return one.height == other.height and all(one[name].equals(other[name]) for name in reversed(KEY))


def compute_sums(portfolio: Portfolio, by: By | None, parts: Sequence[Slim]) -> pl.DataFrame:
    """period, group and one column per KPI and denominator; the drawn figures with them."""
    return add_drawn(sum_wide(parts, portfolio.groups, by), portfolio, by)


def add_drawn(sums: pl.DataFrame, portfolio: Portfolio, by: By | None) -> pl.DataFrame:
    """The sums of the portfolio's periods and groups with the figures that are drawn, not added up."""
    # As above.
    from diagnostics.kpis.spread import spread_losses

    return sums.join(spread_losses(portfolio, by), on=["period", "group"], how="left", maintain_order="left")


def compute_figures(
    portfolio: Portfolio, by: By | None = None, parts: Sequence[pl.DataFrame] | None = None
) -> pl.DataFrame:
    """Columns FIGURES of every KPI, of the whole portfolio or by group; `parts` where they are computed already."""
    known = compute_parts(portfolio) if parts is None else parts
    return (
        list_figures(compute_sums(portfolio, by, [Slim(part) for part in known]))
        if known
        else pl.DataFrame(schema=FIGURES)
    )
