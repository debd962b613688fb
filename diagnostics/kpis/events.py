"""Dated facts that the KPIs read beside the ledger: exchanges, acts, plans, milestones, intent, usage, history."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import numpy as np
import polars as pl

from diagnostics.kpis.calendar import Period
from diagnostics.kpis.reading import Facts

EVENT: dict[str, Any] = {"account_id": pl.String, "on": pl.Date}
WAY = {**EVENT, "way": pl.String}

HELD = """
    organization_id = %(organization)s AND happened_at < %(until)s AND state IN ('', 'held')
        AND attended IS NOT FALSE AND bulk IS NOT TRUE"""
WAYS = "CASE WHEN kind <> 'email' THEN 'both' WHEN direction = 'inbound' THEN 'in' ELSE 'out' END"
DAY_OF = "(happened_at AT TIME ZONE %(zone)s)::date"

# With a named contact; tickets are no exchange in this sense.
EXCHANGES = f"""
SELECT DISTINCT account_id, {DAY_OF}, {WAYS} FROM portfolio_interaction
WHERE {HELD} AND kind <> 'note' AND cardinality(contact_hashes) > 0
"""  # noqa: S608  # put together from constants
THREADS = f"""
SELECT i.account_id, i.day, i.way, c.id, c.role, c.department
FROM (SELECT account_id, {DAY_OF} AS day, {WAYS} AS way, contact_hashes FROM portfolio_interaction
    WHERE {HELD} AND kind <> 'note') AS i
    JOIN portfolio_contact c ON c.organization_id = %(organization)s AND c.account_id = i.account_id
        AND c.email_hash <> '' AND c.email_hash = ANY(i.contact_hashes)
WHERE c.left_on IS NULL OR c.left_on > i.day
"""  # noqa: S608
THREAD = {**WAY, "contact_id": pl.String, "role": pl.String, "department": pl.String}
REVIEWS = f"SELECT account_id, {DAY_OF} FROM portfolio_interaction WHERE {HELD} AND kind = 'qbr'"  # noqa: S608
LOOKS = """
SELECT DISTINCT account_id, (at AT TIME ZONE %(zone)s)::date FROM portfolio_act
WHERE organization_id = %(organization)s AND at < %(until)s
"""
# Acts that close a priority. A forecast, planned without one, is none; nor is a look, a delay or a refusal.
DONE = "kind IN ('called', 'mailed', 'met', 'planned', 'no_action')"
ACTED = f"""
SELECT DISTINCT account_id, (at AT TIME ZONE %(zone)s)::date FROM portfolio_act
WHERE organization_id = %(organization)s AND at < %(until)s AND {DONE} AND priority <> ''
"""  # noqa: S608
PLANS = """
SELECT account_id, updated_on FROM portfolio_accountplan
WHERE organization_id = %(organization)s AND updated_on <= %(night)s
UNION SELECT account_id, reviewed_on FROM portfolio_accountplan
WHERE organization_id = %(organization)s AND reviewed_on <= %(night)s
"""
# What prepares a renewal: found in the facts, never typed.
PREPARATIONS = f"""
SELECT account_id, {DAY_OF} FROM portfolio_interaction WHERE {HELD} AND kind IN ('meeting', 'call', 'qbr')
UNION SELECT o.account_id, (s.at AT TIME ZONE %(zone)s)::date
FROM portfolio_opportunity o JOIN portfolio_opportunitystage s
    ON s.organization_id = o.organization_id AND s.opportunity_id = o.id
WHERE o.organization_id = %(organization)s AND o.lever = 'renewal' AND s.at < %(until)s
UNION SELECT account_id, created_on FROM portfolio_opportunity
WHERE organization_id = %(organization)s AND lever = 'renewal' AND created_on <= %(night)s
UNION SELECT account_id, reviewed_on FROM portfolio_accountplan
WHERE organization_id = %(organization)s AND reviewed_on <= %(night)s
UNION SELECT account_id, (at AT TIME ZONE %(zone)s)::date FROM portfolio_act
WHERE organization_id = %(organization)s AND at < %(until)s
    AND {DONE}
    AND (priority LIKE 'retain%%' OR priority LIKE 'renewal%%')
"""  # noqa: S608
MILESTONES = """
SELECT account_id, min(reached_on) FROM portfolio_milestone
WHERE organization_id = %(organization)s AND reached_on <= %(night)s GROUP BY account_id
"""
INTENT = """
SELECT account_id, observed_on FROM portfolio_intentsignal
WHERE organization_id = %(organization)s AND observed_on <= %(night)s
"""
ENTRIES = """
SELECT account_id, night FROM diagnostics_movement
WHERE organization_id = %(organization)s AND kind = 'entered_defense' AND night <= %(night)s
"""
ACCOUNTS: dict[str, Any] = {
    "account_id": pl.String,
    "source_id": pl.String,
    "tier": pl.String,
    "csm_email": pl.String,
    "am_email": pl.String,
    "strategic": pl.String,
    "acquired_through": pl.String,
    "people": pl.Int64,
}
ACCOUNTS_STATEMENT = """
SELECT id, source_id, tier, csm_email, am_email, coalesce(strategic::text, 'false'), acquired_through,
    (SELECT count(DISTINCT named) FROM unnest(ARRAY[csm_email, am_email, executive_sponsor_email]) AS named
     WHERE named <> '')
FROM portfolio_account WHERE organization_id = %(organization)s
"""
HISTORY: dict[str, Any] = {"account_id": pl.String, "field": pl.String, "from_on": pl.Date, "value": pl.String}
HISTORY_STATEMENT = """
SELECT account_id, field, from_on, value FROM portfolio_accounthistory
WHERE organization_id = %(organization)s AND field IN ('tier', 'csm_email', 'am_email', 'strategic')
"""
OPENING_USE = """
SELECT u.account_id, u.metric, u.day FROM portfolio_usage u
WHERE u.organization_id = %(organization)s AND u.day BETWEEN %(first)s AND %(last)s AND u.quantity > 0
    AND u.metric = ANY(%(metrics)s)
GROUP BY 1, 2, 3
"""
OPENING_METRICS = """
SELECT DISTINCT metric FROM portfolio_feature WHERE organization_id = %(organization)s AND opens_expansion
"""
# The bounds of the days are literal, or planning goes through every month.
USE_KNOWN_FROM = """
SELECT min(day) FROM portfolio_usage
WHERE organization_id = %(organization)s AND day BETWEEN %(first)s AND %(last)s
"""
ACTIVE_USERS: dict[str, Any] = {
    "close": pl.Date,
    "account_id": pl.String,
    "product_id": pl.String,
    "active_users": pl.Float64,
}
# Of each product, the source's own count of distinct people where it has one, else the busiest of the 28 days.
ACTIVE_USERS_STATEMENT = """
SELECT c.close, u.account_id, u.product_id, coalesce(
    (array_agg(u.quantity ORDER BY u.day DESC, u.quantity DESC) FILTER (WHERE u.metric = 'active_users_28d'))[1],
    max(u.quantity) FILTER (WHERE u.metric = 'active_users'))
FROM unnest(%(closes)s::date[]) AS c(close)
    JOIN portfolio_usage u ON u.day > c.close - 28 AND u.day <= c.close
WHERE u.organization_id = %(organization)s AND u.day BETWEEN %(first)s AND %(last)s
    AND u.metric IN ('active_users_28d', 'active_users')
GROUP BY 1, 2, 3
"""
# The first day on which the source counted somebody's users: one step in the index of each metric.
SEEN = """
SELECT a.id, min(seen.day) FROM portfolio_account a
    CROSS JOIN unnest(ARRAY['active_users_28d', 'active_users']) AS m(metric)
    CROSS JOIN LATERAL (
        SELECT u.day FROM portfolio_usage u
        WHERE u.organization_id = %(organization)s AND u.account_id = a.id AND u.metric = m.metric
            AND u.day <= %(night)s
        ORDER BY u.day LIMIT 1
    ) AS seen
WHERE a.organization_id = %(organization)s GROUP BY a.id
"""
FEATURE_DAYS = 180 + 14


def read_events(facts: Facts, statement: str) -> pl.DataFrame:
    """account_id and on: what one of the statements above finds up to the facts' day."""
    return facts.read(statement, EVENT)


def read_opening_use(facts: Facts, periods: Sequence[Period]) -> pl.DataFrame | None:
    """account_id, metric, day of use of features that open expansion; None where none is marked or usage is unknown."""
    metrics = facts.read(OPENING_METRICS, {"metric": pl.String})["metric"].to_list()
    if not metrics:
        return None
    first = min(p.first for p in periods) - timedelta(days=FEATURE_DAYS)
    columns = {"account_id": pl.String, "metric": pl.String, "day": pl.Date}
    return facts.read(OPENING_USE, columns, metrics=metrics, first=first, last=facts.day)


def read_use_known_from(facts: Facts, periods: Sequence[Period]) -> date | None:
    """The first day of any use, four weeks further back than `read_opening_use` reads; None: there is none."""
    first = min(p.first for p in periods) - timedelta(days=FEATURE_DAYS + 28)
    found = facts.read(USE_KNOWN_FROM, {"day": pl.Date}, first=first, last=facts.day)
    return found["day"].min()  # type: ignore[return-value]  # a Date


def read_active_users(facts: Facts, closes: Sequence[date]) -> pl.DataFrame:
    """close, account_id, product_id (NULL: of no product) and active_users over the 28 days up to each close."""
    days = sorted(closes)
    first = days[0] - timedelta(days=28)
    return facts.read(ACTIVE_USERS_STATEMENT, ACTIVE_USERS, closes=days, first=first, last=days[-1])


def has_history(field: str, history: pl.DataFrame) -> bool:
    """Whether the field of any account ever was another."""
    return bool((history["field"] == field).any())


def value_now(frame: pl.DataFrame, field: str, accounts: pl.DataFrame) -> pl.DataFrame:
    """The frame with column `field` as the accounts say it."""
    numbered = accounts.schema["account_id"]
    if isinstance(numbered, pl.Enum) and frame.schema["account_id"] == numbered:
        values = np.full(len(numbered.categories), None, dtype=object)
        values[accounts["account_id"].to_physical().to_numpy()] = accounts[field].to_numpy()
        found = pl.Series(field, values.tolist(), dtype=accounts.schema[field])
        return frame.with_columns(found.gather(frame["account_id"].to_physical()))
    now = accounts.select("account_id", now=field)
    return frame.join(now, on="account_id", how="left", maintain_order="left").rename({"now": field})


def value_on(frame: pl.DataFrame, day: str, field: str, history: pl.DataFrame, accounts: pl.DataFrame) -> pl.DataFrame:
    """The frame with column `field` as it stood on each row's day.

    The latest value known by then; before the earliest known one, that one; without any history what the account says.
    """
    if not has_history(field, history):
        return value_now(frame, field, accounts)
    own = history.filter(pl.col("field") == field).sort("from_on").select("account_id", "from_on", "value")
    now = accounts.select("account_id", now=field)
    earliest = own.group_by("account_id", maintain_order=True).agg(earliest=pl.col("value").first())
    found = (
        frame.with_row_index("order")
        .sort(day)
        .join_asof(own, left_on=day, right_on="from_on", by="account_id", strategy="backward", check_sortedness=False)
        .sort("order")
        .join(earliest, on="account_id", how="left", maintain_order="left")
        .join(now, on="account_id", how="left", maintain_order="left")
    )
    return found.with_columns(pl.coalesce("value", "earliest", "now").alias(field)).drop(
        "order", "from_on", "value", "earliest", "now", strict=False
    )
