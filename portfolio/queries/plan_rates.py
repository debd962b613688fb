"""Plan rates by fiscal year and currency; those that are missing come with the ARR that waits for them."""

import uuid
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any

from django.db import connection

from accounts.models import Organization

# What is paid in other currencies, by fiscal year: a period ends where the next of its subscription begins.
PAID = """
WITH paid AS (
    SELECT s.account_id, s.started_on, s.mrr, coalesce(nullif(s.currency, ''), nullif(a.currency, '')) AS currency,
        least(s.ended_on, lead(s.started_on) OVER (PARTITION BY s.source_id ORDER BY s.started_on)) AS stop_on
    FROM portfolio_subscription s
        JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
    WHERE s.organization_id = %(organization)s
)"""
BY_YEAR = f"""{PAID}, foreign_paid AS (
    SELECT * FROM paid WHERE currency <> %(currency)s AND mrr > 0 AND started_on <= %(today)s
), years AS (
    SELECT year, make_date(year, %(month)s, 1) AS first_on,
        least(make_date(year + 1, %(month)s, 1) - 1, %(today)s::date) AS last_on
    FROM generate_series((
        SELECT extract(year FROM min(started_on))::int - 1 FROM foreign_paid
    ), %(year)s) AS year
), asked AS (
    SELECT year, currency, count(DISTINCT account_id) AS accounts,
        coalesce(sum(mrr) FILTER (WHERE started_on <= last_on AND (stop_on IS NULL OR stop_on > last_on)), 0) * 12
            AS arr
    FROM years JOIN foreign_paid ON started_on <= last_on AND (stop_on IS NULL OR stop_on > first_on)
    GROUP BY year, currency
)
SELECT coalesce(asked.year, rate.fiscal_year), coalesce(asked.currency, rate.currency), coalesce(accounts, 0),
    coalesce(arr, 0), rate.id, rate.rate, rate.import_number
FROM asked FULL JOIN (
    SELECT id, fiscal_year, currency, rate, coalesce(import_number, (
        SELECT max(wrote.import_number) FROM portfolio_previousrow wrote
        WHERE wrote.organization_id = %(organization)s AND wrote.file = 'plan_rates' AND wrote.row_id = given.id
    )) AS import_number FROM portfolio_planrate given
    WHERE organization_id = %(organization)s
) AS rate ON rate.fiscal_year = asked.year AND rate.currency = asked.currency
ORDER BY 1 DESC, 2
"""  # noqa: S608  # put together from constants
PAYING_IN = f"{PAID} SELECT DISTINCT account_id FROM paid WHERE currency = %(currency)s"  # noqa: S608  # constants


@dataclass(frozen=True, slots=True)
class RateLine:
    """One currency in one fiscal year. `arr` is in that currency, of what is paid at the year's end, or today.

    `rate` None: missing. `import_number` None beside a rate: entered by hand, and no import has written over it.
    """

    fiscal_year: int
    currency: str
    accounts: int
    arr: Decimal
    rate_id: uuid.UUID | None
    rate: Decimal | None
    import_number: int | None

    @property
    def shown(self) -> str:
        """The rate as it is written into a field, with a dot in either language; '' for none."""
        return "" if self.rate is None else f"{self.rate.normalize():f}"

    @property
    def is_missing(self) -> bool:
        """Whether accounts paid in it and nobody has said what it was worth."""
        return self.rate is None


def list_rates(organization: Organization, today: date) -> list[RateLine]:
    """Every rate, and every currency that was paid in a fiscal year without one, latest year first; one statement."""
    first_month = organization.fiscal_year_first_month
    asked: dict[str, Any] = {
        "organization": organization.pk,
        "currency": organization.currency,
        "today": today,
        "month": first_month,
        "year": today.year if today.month >= first_month else today.year - 1,
    }
    with connection.cursor() as cursor:
        cursor.execute(BY_YEAR, asked)
        return [RateLine(*row) for row in cursor.fetchall()]


def accounts_paying_in(organization: Organization, currency: str) -> frozenset[uuid.UUID]:
    """The accounts that ever paid in a currency."""
    with connection.cursor() as cursor:
        cursor.execute(PAYING_IN, {"organization": organization.pk, "currency": currency})
        return frozenset(row[0] for row in cursor.fetchall())
