"""The open organization's ledger, from its facts: one COPY per kind of fact, straight into a frame."""

from datetime import date
from decimal import Decimal
from typing import Any

import polars as pl

from accounts.models import Organization
from portfolio.ledger.build import PARENTS, Ledger, build_movements, list_errors, list_movements
from portfolio.ledger.copying import copy_frame
from portfolio.ledger.periods import PERIODS, RATES

PERIODS_STATEMENT = """
SELECT s.account_id, s.source_id, s.contract_id, s.product_id, coalesce(nullif(p.family, ''), p.id::text), s.plan_id,
    plan.rank, plan.price_basis IS NOT DISTINCT FROM 'metered', s.seats, s.started_on, s.ended_on,
    s.term_started_on, s.term_months, s.renews_on, s.notice_days, s.auto_renews, s.notice_given_on, s.mrr,
    coalesce(nullif(s.currency, ''), nullif(a.currency, ''), %(currency)s), s.change_reason
FROM portfolio_subscription s
    JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
    JOIN portfolio_product p ON p.organization_id = s.organization_id AND p.id = s.product_id
    LEFT JOIN portfolio_plan plan ON plan.organization_id = s.organization_id AND plan.id = s.plan_id
WHERE s.organization_id = %(organization)s
"""
RATES_STATEMENT = """
SELECT fiscal_year, currency, rate FROM portfolio_planrate
WHERE organization_id = %(organization)s AND currency <> %(currency)s
"""
PARENTS_STATEMENT = """
WITH RECURSIVE above AS (
    SELECT id AS account_id, id AS top, parent_id, 0 AS steps FROM portfolio_account
    WHERE organization_id = %(organization)s
    UNION ALL
    SELECT above.account_id, a.id, a.parent_id, steps + 1 FROM above
        JOIN portfolio_account a ON a.organization_id = %(organization)s AND a.id = above.parent_id
    -- A circle in the source's data ends after as many steps as no group of companies has.
    WHERE steps < 20
), tops AS (
    SELECT DISTINCT ON (account_id) account_id, top FROM above ORDER BY account_id, steps DESC
)
SELECT account_id, top FROM tops WHERE account_id <> top OR top IN (
    SELECT parent_id FROM portfolio_account WHERE organization_id = %(organization)s AND parent_id IS NOT NULL)
"""


def read_ledger(*, until: date) -> Ledger:
    """Movements of the open organization up to `until`."""
    movements, unpriced = read_movements(Organization.objects.get(), until=until)
    return Ledger(list_movements(movements), list_errors(unpriced))


def read_movements(organization: Organization, *, until: date) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(frame of MOVEMENTS up to `until`, unpriced periods), in the organization's open context."""
    return build_movements(
        read_periods(organization),
        until=until,
        rates=read_rates(organization),
        reporting=organization.currency,
        first_month=organization.fiscal_year_first_month,
        parents=read_ultimate_parents(organization),
        grace_days=organization.late_renewal_grace_days,
    )


def read_periods(organization: Organization) -> pl.DataFrame:
    """Every subscription period, columns PERIODS; currencies are filled from the account or the organization."""
    return _copy(organization, PERIODS_STATEMENT, PERIODS)


def read_rates(organization: Organization) -> pl.DataFrame:
    """Plan rates, columns RATES, with 1 for the reporting currency of every year."""
    own = {"fiscal_year": range(1900, 2200), "currency": organization.currency, "rate": Decimal(1)}
    return pl.concat([_copy(organization, RATES_STATEMENT, RATES), pl.DataFrame(own, schema=RATES)])


def read_ultimate_parents(organization: Organization) -> pl.DataFrame:
    """account_id and its ultimate parent, for accounts that have one and for the parents themselves."""
    return _copy(organization, PARENTS_STATEMENT, PARENTS)


def _copy(organization: Organization, statement: str, columns: dict[str, Any]) -> pl.DataFrame:
    return copy_frame(statement, columns, {"organization": organization.id, "currency": organization.currency})
