"""Whose KPIs a screen shows, of which period, and which periods there are."""

from dataclasses import dataclass
from datetime import date, datetime
from functools import cached_property

from django.db.models import Max, Min

from accounts.models import Membership, Organization
from accounts.models.organizations import Visibility
from diagnostics.kpis.calendar import LENGTHS, Every, Period, list_periods, period_of
from diagnostics.models import KpiPeriod
from portfolio.books import accounts_in
from portfolio.terms import add_months

PERIODS_SHOWN: dict[Every, int] = {"quarter": 8, "month": 13}


@dataclass(frozen=True, slots=True)
class Kept:
    """Which periods the organization's kept series covers; `computed_at`: when it was last made."""

    first_on: date
    last_on: date
    computed_at: datetime


@dataclass(frozen=True)
class KpiScope:
    """Whose KPIs, of which period. `today`: the last day of which the figures know."""

    organization: Organization
    membership: Membership
    book: Visibility
    period: Period
    today: date

    @property
    def every(self) -> Every:
        return self.period.every

    @property
    def is_running(self) -> bool:
        """Whether the period has not ended: its figures go up to `today`."""
        return self.period.last > self.today

    @property
    def is_whole(self) -> bool:
        """Every account of the organization: the kept series speaks."""
        return self.book == Visibility.ALL

    @cached_property
    def account_ids(self) -> frozenset[str] | None:
        """The book's accounts as the frames name them; None for all."""
        if self.is_whole:
            return None
        return frozenset(map(str, accounts_in(self.book, self.membership).values_list("pk", flat=True)))

    def periods(self, kept: Kept) -> list[Period]:
        """The periods shown, oldest first, the one in question last; none before the series begins."""
        length = LENGTHS[self.every] * (PERIODS_SHOWN[self.every] - 1)
        first = max(add_months(self.period.first, -length), kept.first_on)
        return list_periods(first, self.period.last, self.every, first_month=self.organization.fiscal_year_first_month)


def find_kept(every: Every) -> Kept | None:
    """What the open organization has kept; None before anything was computed."""
    found = KpiPeriod.objects.filter(every=every, group_by="", group="").aggregate(
        first=Min("first_on"), last=Max("last_on"), at=Max("computed_at")
    )
    return Kept(found["first"], found["last"], found["at"]) if found["first"] else None


def choose_period(organization: Organization, every: Every, label: str, kept: Kept) -> Period | None:
    """The period of that label, the last one for ''; None for one that the series does not have."""
    month = organization.fiscal_year_first_month
    if not label:
        return period_of(kept.last_on, every, first_month=month)
    listed = list_periods(kept.first_on, kept.last_on, every, first_month=month)
    return next((period for period in listed if period.label == label), None)
