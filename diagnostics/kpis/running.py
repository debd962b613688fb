"""The contracts that run on one day, each with its account's diagnosis: what a desk reads, in one statement.

`contracts_on` reads every period ever paid; of 10,000 accounts and five years that takes most of a second. PostgreSQL
finds the period of each subscription that is current, and the first day of its term, while it goes through its index.
"""

from collections.abc import Sequence
from datetime import date
from typing import Any

import polars as pl

from diagnostics.kpis.contracts import CONTRACTS, decide
from diagnostics.kpis.frames import add_months
from diagnostics.kpis.reading import Source
from portfolio.ledger.periods import PERIODS

KEPT = (
    "account_id", "subscription_id", "contract_id", "product_id", "plan_id", "started_on", "ended_on", "term_months",
    "renews_on", "notice_days", "auto_renews", "notice_given_on", "mrr", "currency", "term_started_on",
)  # fmt: skip
FOUND: dict[str, Any] = {"health": pl.Float64, "weak": pl.Boolean, "renewal_risk": pl.Float64, "segment": pl.String}
COLUMNS: dict[str, Any] = {**{name: PERIODS[name] for name in KEPT}, "term": pl.Int64, **FOUND}

# The rules of contracts.add_terms: a stated term, a first period, a gap and the end of the term before begin a term.
# `begins` holds a period that begins one, as a number in which later ones are larger: its own day, the first day of its
# term, and the months of it. So one maximum tells in which term the current period lies. Narrow rows only go through
# the window; what a desk shows is joined to the few that are left. OFFSET 0: read by its own index, joined in memory.
# `rule` stands apart: joined, the model would be unpacked once a row. The last start of a subscription is met by `>=`:
# of two equalities the planner expects one row, and then goes through the night's diagnoses once for each of thousands.
STATEMENT = """
WITH rule AS MATERIALIZED (
    SELECT (v.parameters -> 'thresholds' ->> 'fragile_below')::float8 AS fragile_below
    FROM diagnostics_night n
        JOIN diagnostics_modelversion v ON v.organization_id = n.organization_id AND v.id = n.model_version_id
    WHERE n.organization_id = %(organization)s AND n.night = %(diagnosed)s
), termed AS MATERIALIZED (
    SELECT source_id, max(started_on) AS started_on, max(begins) AS term FROM (
        SELECT source_id, started_on, CASE WHEN term_started_on IS NOT NULL
                OR lag(started_on) OVER own IS NULL
                OR lag(ended_on) OVER own < started_on
                OR started_on >= lag(started_on + coalesce(term_months, 0) * interval '1 month') OVER own
            THEN (started_on - date '0001-01-01')::bigint * 100000000000
                + (coalesce(term_started_on, started_on) - date '0001-01-01')::bigint * 10000
                + least(greatest(term_months, 0), 9999) END AS begins
        FROM portfolio_subscription
        WHERE organization_id = %(organization)s AND started_on <= %(night)s {accounts}
        WINDOW own AS (PARTITION BY source_id ORDER BY started_on)
    ) AS placed GROUP BY source_id
), running AS MATERIALIZED (
    SELECT account_id, source_id, contract_id, product_id, plan_id, started_on, ended_on, term_started_on, term_months,
        renews_on, notice_days, auto_renews, notice_given_on, mrr, currency
    FROM portfolio_subscription
    WHERE organization_id = %(organization)s AND started_on <= %(night)s {accounts}
        AND (ended_on IS NULL OR ended_on > %(night)s::date - %(grace)s)
)
SELECT r.account_id, r.source_id, contract_id, product_id, plan_id, r.started_on, ended_on, term_months, r.renews_on,
    notice_days, auto_renews, notice_given_on, mrr,
    coalesce(nullif(r.currency, ''), a.currency, %(currency)s), term_started_on, term,
    d.health, d.health < (SELECT fragile_below FROM rule), d.renewal_risk, d.segment
FROM termed t JOIN running r ON r.source_id = t.source_id AND r.started_on >= t.started_on
    LEFT JOIN (
        SELECT id, currency FROM portfolio_account
        WHERE organization_id = %(organization)s AND currency <> ''
        OFFSET 0
    ) AS a ON a.id = r.account_id
    LEFT JOIN (
        SELECT account_id, health, renewal_risk, segment FROM diagnostics_diagnosis
        WHERE organization_id = %(organization)s AND night = %(diagnosed)s {accounts}
        OFFSET 0
    ) AS d ON d.account_id = r.account_id
"""
# From 0001-01-01, from which the statement counts.
DAYS_BEFORE_1970 = 719_162
OF_ACCOUNTS = "AND account_id = ANY(%(accounts)s::uuid[])"


def running_contracts(
    source: Source, *, day: date, night: date | None, accounts: Sequence[str] | None = None
) -> pl.DataFrame:
    """Columns CONTRACTS of the contracts that run on the day, and what the night found of their accounts (FOUND).

    The same rows as `contracts_on` of every period gives. `night` None: nothing is diagnosed; `accounts` None: all.
    """
    organization = source.organization
    more: dict[str, Any] = {"grace": organization.late_renewal_grace_days, "diagnosed": night}
    if accounts is not None:
        more["accounts"] = list(accounts)
    statement = STATEMENT.format(accounts="" if accounts is None else OF_ACCOUNTS)
    known = source.facts.read(statement, COLUMNS, **more)
    found = decide(
        known.with_columns(day=pl.lit(day), term_on=_first_day_of_term()),
        rates=source.rates(),
        first_month=organization.fiscal_year_first_month,
        grace_days=organization.late_renewal_grace_days,
    )
    diagnosed = known.select("account_id", *FOUND).unique("account_id")
    return found.select(CONTRACTS).join(diagnosed, on="account_id", how="left", maintain_order="left")


def _first_day_of_term() -> pl.Expr:
    """What the first period of the term says, while the current one lies within it."""
    begun = (pl.col("term") // 10_000 % 10_000_000 - DAYS_BEFORE_1970).cast(pl.Int32).cast(pl.Date)
    inside = pl.col("started_on") < add_months(begun, pl.col("term") % 10_000)
    return pl.coalesce("term_started_on", pl.when(inside).then(begun).otherwise("started_on"))
