"""Usage packed by month: what the night reads in the place of every day of every metric.

The database notes which days changed (`UsageChange`); `pack_usage` brings the months they are in up to the days. Until
then a reader takes those months from the days themselves, so that nobody ever reads what is behind.
"""

import logging
import uuid
from datetime import date, timedelta
from typing import Any

from django.db import DatabaseError, connection

from accounts.tenancy import service_context
from portfolio.models import UsageChange

logger = logging.getLogger(__name__)

# Day numbers begin here, where PostgreSQL's own do.
FIRST_DAY = date(2000, 1, 1)
PACKED_DAYS = "string_agg(int4send(day - date '2000-01-01'), '')"
PACKED_QUANTITIES = "string_agg(float8send(quantity), '')"

# One at a time for an organization: two that pack the same month would both insert it.
LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('portfolio.usage_months', 0) # hashtextextended(%s::text, 1))"
TAKE = """
WITH taken AS (DELETE FROM portfolio_usagechange WHERE organization_id = %s RETURNING first_on, last_on, accounts)
SELECT min(first_on), max(last_on),
    CASE WHEN NOT bool_or(accounts IS NULL)
        THEN (SELECT array_agg(DISTINCT account) FROM taken, unnest(accounts) AS account) END
FROM taken
"""
CLEAR = """
DELETE FROM portfolio_usagemonth WHERE organization_id = %(organization)s AND month = %(month)s
    AND (%(accounts)s::uuid[] IS NULL OR account_id = ANY(%(accounts)s::uuid[]))
"""
PACK = f"""
INSERT INTO portfolio_usagemonth (organization_id, month, account_id, metric, days, quantities, last_used_on)
SELECT %(organization)s, %(month)s, account_id, metric, {PACKED_DAYS}, {PACKED_QUANTITIES},
    max(day) FILTER (WHERE quantity > 0)
FROM portfolio_usage
WHERE organization_id = %(organization)s AND day BETWEEN %(month)s AND %(last)s
    AND (%(accounts)s::uuid[] IS NULL OR account_id = ANY(%(accounts)s::uuid[]))
GROUP BY account_id, metric
"""  # noqa: S608  # put together from constants


def pack_usage(organization_id: uuid.UUID) -> None:
    """Bring the organization's months up to its days, where any is behind; in a context and transaction of its own.

    An error of the database is logged and keeps nobody from anything: what stays behind is read from the days.
    """
    try:
        _pack(organization_id)
    except DatabaseError as error:
        # Without its words: they may quote a row.
        logger.error("Usage of organization %s was not packed: %s.", organization_id, type(error).__name__)


def _pack(organization_id: uuid.UUID) -> None:
    with service_context(organization_id), connection.cursor() as cursor:
        if not UsageChange.objects.exists():
            return
        cursor.execute(LOCK, [organization_id])
        cursor.execute(TAKE, [organization_id])
        first, last, accounts = cursor.fetchone()
        if first is None:
            return
        month = first.replace(day=1)
        while month <= last:
            following = (month + timedelta(days=31)).replace(day=1)
            values: dict[str, Any] = {
                "organization": organization_id, "month": month, "last": following - timedelta(days=1),
                "accounts": accounts,
            }  # fmt: skip
            cursor.execute(CLEAR, values)
            cursor.execute(PACK, values)
            month = following
