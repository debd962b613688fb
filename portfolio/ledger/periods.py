"""What the ledger reads: periods of subscriptions, plan rates, and what an account pays on a day."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, timedelta
from decimal import Decimal

MONTHS = 12


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
    # Paid again after a gap within the grace: one movement of nothing, but worth a mark.
    late_renewal: bool = False

    @property
    def group(self) -> str:
        """The product family, within which an end and a start on one day are a migration."""
        return self.family or self.product_id


class MissingRate(LookupError):
    """No plan rate for this currency and fiscal year."""


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

    def arr(self, period: Period, day: date) -> Decimal:
        """The period's ARR in the reporting currency at the rate of the day's fiscal year; raises MissingRate."""
        currency = period.currency or self.reporting
        if currency == self.reporting:
            return period.mrr * MONTHS
        try:
            return period.mrr * MONTHS * self.by_year[self.fiscal_year(day), currency]
        except KeyError:
            raise MissingRate(f"No rate for {currency} in {self.fiscal_year(day)}.") from None


def settle_periods(periods: Iterable[Period], *, grace_days: int, until: date) -> dict[str, list[Period]]:
    """{account: periods that do not overlap within a subscription and know nothing after `until`}.

    A gap no longer than the grace is closed; so is an end whose grace has not passed on `until`: it is not known yet
    whether it is a late renewal. Periods of no length are dropped.
    """
    grace = timedelta(days=grace_days)
    by_subscription: dict[tuple[str, str], list[Period]] = {}
    for period in periods:
        if period.started_on <= until:
            by_subscription.setdefault((period.account_id, period.subscription_id), []).append(period)
    settled: dict[str, list[Period]] = {}
    for (account_id, _), rows in sorted(by_subscription.items()):
        rows.sort(key=lambda p: (p.started_on, p.ended_on or date.max, p.mrr))
        for index, row in enumerate(rows):
            following = rows[index + 1] if index + 1 < len(rows) else None
            end = row.ended_on
            if following is None:
                end = None if end is None or end > until or end + grace > until else end
            elif end is None or end >= following.started_on:
                end = following.started_on
            elif following.started_on - end <= grace:
                end = following.started_on
                rows[index + 1] = replace(following, late_renewal=True)
            if end is None or end > row.started_on:
                settled.setdefault(account_id, []).append(replace(rows[index], ended_on=end))
    return settled


def paying_on(periods: Iterable[Period], day: date) -> list[Period]:
    """The settled periods that run on a day."""
    return [p for p in periods if p.started_on <= day and (p.ended_on is None or day < p.ended_on)]
