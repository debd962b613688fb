"""What became of the accounts of a past night: churn and expansion within 90 days, by the ledger of ARR.

The same definitions as the KPIs': an account has churned on the day its ARR ends with none later within the grace, and
has expanded on the day on which the ledger writes an expansion. Whether an end was churn is known once its grace is
over, so a night is judged only when 90 days and the grace have passed.
"""

from bisect import bisect_right
from calendar import monthrange
from collections import defaultdict
from dataclasses import dataclass
from datetime import date, timedelta

import polars as pl
from django.db import connection
from django.db.models import Max, Min
from django.utils import timezone

from accounts.context import current_context
from accounts.models import Organization
from portfolio.ledger.reading import read_ledger
from portfolio.models import Subscription

HORIZON_DAYS = 90
SETTLING_DAYS = 84  # the longest window of usage: earlier nights know too little to be learned from


@dataclass(frozen=True, slots=True)
class Outcomes:
    """The days on which each account churned or expanded, as far as they were known on `known_by`."""

    known_by: date
    grace_days: int
    churns: dict[str, list[date]]
    expansions: dict[str, list[date]]

    @property
    def last_night(self) -> date:
        """The last night of which every outcome is known."""
        return self.known_by - timedelta(days=HORIZON_DAYS + self.grace_days)

    def judge(self, account_ids: pl.Series, night: date) -> pl.DataFrame:
        """Columns account_id, churned_90d, expanded_90d, churned_on (the day; null = stayed), in the given order.

        An account inside the grace on the night whose end proves final has churned: nobody knew it yet.
        """
        ids = account_ids.to_list()
        left = [_first_after(self.churns.get(name), night - timedelta(days=self.grace_days), night) for name in ids]
        grown = [_first_after(self.expansions.get(name), night, night) for name in ids]
        return pl.DataFrame(
            {
                "account_id": ids,
                "churned_90d": [day is not None for day in left],
                "expanded_90d": [day is not None for day in grown],
                "churned_on": left,
            },
            schema={
                "account_id": pl.String,
                "churned_90d": pl.Boolean,
                "expanded_90d": pl.Boolean,
                "churned_on": pl.Date,
            },
        )


def _first_after(days: list[date] | None, after: date, night: date) -> date | None:
    """The first of the sorted days that lies after `after` and no later than 90 days after the night."""
    if not days:
        return None
    place = bisect_right(days, after)
    return days[place] if place < len(days) and days[place] <= night + timedelta(days=HORIZON_DAYS) else None


def read_outcomes(organization: Organization, *, known_by: date) -> Outcomes:
    """The outcomes of the open organization; nothing dated after `known_by` is read."""
    days: dict[str, dict[str, list[date]]] = {"churn": defaultdict(list), "expansion": defaultdict(list)}
    for movement in read_ledger(until=known_by).movements:
        if movement.kind in days:
            days[movement.kind][movement.account_id].append(movement.day)
    return Outcomes(known_by, organization.late_renewal_grace_days, days["churn"], days["expansion"])


# The first month with any usage: month by month, so that each look ends at the first row of its partition.
FIRST_USED = """
SELECT min(month)::date FROM generate_series(%(first)s::date, %(last)s::date, interval '1 month') AS month
WHERE EXISTS (
    SELECT FROM portfolio_usage
    WHERE organization_id = %(organization)s AND day >= month AND day < month + interval '1 month'
)
"""


def find_first_night() -> date | None:
    """The first night with a full window of facts behind it; None without any subscription.

    Where usage is known from later on than subscriptions, from then on: before it every account would look silent.
    """
    days = Subscription.objects.aggregate(first=Min("started_on"), last=Max("started_on"))
    first = days["first"]
    if first is None:
        return None
    with connection.cursor() as cursor:
        last = max(days["last"], timezone.localdate())
        cursor.execute(
            FIRST_USED,
            {"organization": current_context().organization_id, "first": first.replace(day=1), "last": last},
        )
        [used] = cursor.fetchone()
    return max(first, used or first) + timedelta(days=SETTLING_DAYS)


def list_months_back(last: date, first: date, *, at_most: int) -> list[date]:
    """`last` and the same day of the months before it, not before `first`; oldest first."""
    nights = [add_months(last, -back) for back in range(at_most)]
    return [night for night in reversed(nights) if night >= first]


def list_months_on(first: date, last: date, *, at_most: int) -> list[date]:
    """`first` and the same day of the months after it, not after `last`."""
    nights = [add_months(first, months) for months in range(at_most)]
    return [night for night in nights if night <= last]


def add_months(day: date, months: int) -> date:
    """The same day so many months later; where that month does not have it, its last one."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))
