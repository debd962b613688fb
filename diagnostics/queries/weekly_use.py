"""An account's use by week, as a row of Today shows it once it is opened."""

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db import connection

from accounts.context import current_context
from diagnostics.charts.evidence import Week
from diagnostics.models import Night, Priority
from portfolio.models import ProductEvent

WEEKS = 13
# The best telling first: people within a week, people a day, activity.
METRICS = ("active_users_7d", "active_users", "events")

# A literal range of days, so that the planner leaves out the other months. People within a week are read on its last
# day; people a day are the mean of its seven, a day without a row being one without anybody; activity is its sum.
STATEMENT = """
SELECT metric, (%(until)s - day) / 7,
    CASE metric WHEN 'active_users_7d' THEN sum(quantity) FILTER (WHERE (%(until)s - day) %% 7 = 0)
        WHEN 'active_users' THEN sum(quantity) / 7 ELSE sum(quantity) END
FROM portfolio_usage
WHERE organization_id = %(organization)s AND account_id = %(account)s AND day BETWEEN %(since)s AND %(until)s
    AND metric = ANY(%(metrics)s)
GROUP BY 1, 2
"""


@dataclass(frozen=True, slots=True)
class WeeklyUse:
    """One metric by week, in order, from the first week that has any; `metric` is one of `METRICS`."""

    metric: str
    weeks: list[Week]


def read_weekly_use(account_id: UUID, until: date) -> WeeklyUse | None:
    """The thirteen weeks up to a day; None where the source told of nothing within them. One query."""
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "organization": current_context().organization_id,
                "account": account_id,
                "since": until - timedelta(days=7 * WEEKS - 1),
                "until": until,
                "metrics": list(METRICS),
            },
        )
        found: dict[str, dict[int, float]] = {}
        for metric, ago, value in cursor.fetchall():
            if value is not None:
                found.setdefault(metric, {})[ago] = value
    metric = next((one for one in METRICS if found.get(one)), None)
    if metric is None:
        return None
    values = found[metric]
    weeks = [Week(until - timedelta(days=7 * ago), values.get(ago, 0.0)) for ago in range(max(values), -1, -1)]
    return WeeklyUse(metric, weeks)


def find_last_night() -> tuple[date | None, date | None]:
    """The last diagnosed night, and the last day of use that it knew of; None where there is none. One query."""
    return Night.objects.order_by("-night").values_list("night", "usage_known_to").first() or (None, None)


def find_event(account_id: UUID, night: date) -> ProductEvent | None:
    """The event by which a priority of the account's night was shared, if any. One query."""
    shared = Priority.objects.filter(account=account_id, night=night).exclude(event=None)
    row = shared.select_related("event").order_by("subject").first()
    return row.event if row else None
