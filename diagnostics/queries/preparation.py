"""When the preparation of a decision began: found in the facts, never typed.

An act is a meeting, call or business review that was held, a renewal opportunity made or moved, the account plan
reviewed, or a retain or renewal priority closed with an outcome, within 180 days before the decision.
"""

from datetime import date, datetime, time, timedelta
from typing import Any

import polars as pl
from django.db import connection

from accounts.models import Organization

PREPARES_DAYS = 180
OUTCOMES = ("called", "mailed", "met", "planned", "no_action")
SUBJECTS = ("retain", "renewal")

ACTS = """
    SELECT i.account_id, (i.happened_at AT TIME ZONE %(zone)s)::date AS day FROM portfolio_interaction i
    WHERE i.organization_id = %(organization)s AND i.account_id IN (SELECT account_id FROM due)
        AND i.happened_at >= %(since)s AND i.happened_at < %(tomorrow)s AND i.kind IN ('meeting', 'call', 'qbr')
        AND i.state IN ('', 'held') AND i.attended IS NOT FALSE AND i.bulk IS NOT TRUE
    UNION ALL
    SELECT o.account_id, o.created_on FROM portfolio_opportunity o
    WHERE o.organization_id = %(organization)s AND o.account_id IN (SELECT account_id FROM due) AND o.lever = 'renewal'
        AND o.created_on <= %(day)s
    UNION ALL
    SELECT o.account_id, (s.at AT TIME ZONE %(zone)s)::date FROM portfolio_opportunity o
        JOIN portfolio_opportunitystage s ON s.organization_id = o.organization_id AND s.opportunity_id = o.id
    WHERE o.organization_id = %(organization)s AND o.account_id IN (SELECT account_id FROM due) AND o.lever = 'renewal'
        AND s.at < %(tomorrow)s
    UNION ALL
    SELECT p.account_id, p.reviewed_on FROM portfolio_accountplan p
    WHERE p.organization_id = %(organization)s AND p.account_id IN (SELECT account_id FROM due)
        AND p.reviewed_on <= %(day)s
    UNION ALL
    SELECT a.account_id, (a.at AT TIME ZONE %(zone)s)::date FROM portfolio_act a
    WHERE a.organization_id = %(organization)s AND a.account_id IN (SELECT account_id FROM due)
        AND a.at >= %(since)s AND a.at < %(tomorrow)s
        AND a.kind = ANY(%(outcomes)s) AND a.priority = ANY(%(subjects)s)"""
STATEMENT = f"""
WITH due AS (
    SELECT DISTINCT * FROM unnest(%(accounts)s::uuid[], %(decisions)s::date[]) AS due (account_id, decides_on)),
acts AS MATERIALIZED ({ACTS})
SELECT due.account_id::text, due.decides_on, min(acts.day), max(acts.day)
FROM due JOIN acts ON acts.account_id = due.account_id
    AND acts.day >= due.decides_on - {PREPARES_DAYS} AND acts.day < due.decides_on
GROUP BY 1, 2
"""  # noqa: S608  # put together from constants


PREPARATIONS: dict[str, Any] = {"account_id": pl.String, "decides_on": pl.Date, "first_on": pl.Date, "last_on": pl.Date}


def find_preparations(organization: Organization, due: pl.DataFrame, *, day: date) -> pl.DataFrame:
    """The first and the last preparation act of each decision (account_id, decides_on), as known at the end of `day`.

    Columns PREPARATIONS; a decision without any act has no row. One statement, in the open organization's context.
    """
    decisions = due.select("account_id", "decides_on").unique()
    if not decisions.height:
        return pl.DataFrame(schema=PREPARATIONS)
    days: list[date] = decisions["decides_on"].to_list()
    parameters: dict[str, Any] = {
        "organization": organization.pk,
        "accounts": decisions["account_id"].to_list(),
        "decisions": days,
        "zone": organization.time_zone,
        "day": day,
        "since": datetime.combine(min(days) - timedelta(days=PREPARES_DAYS), time(), organization.zone),
        "tomorrow": datetime.combine(day + timedelta(days=1), time(), organization.zone),
        "outcomes": list(OUTCOMES),
        "subjects": list(SUBJECTS),
    }
    with connection.cursor() as cursor:
        cursor.execute(STATEMENT, parameters)
        return pl.DataFrame(cursor.fetchall(), schema=PREPARATIONS, orient="row")
