"""Account plans, milestones, opportunities, whitespace and intent, as they stood on the night."""

import numpy as np

from .columns import AccountColumns
from .reading import AMOUNT, COUNT, DAY, FLAG, ID, Rows
from .vectors import known

COLUMNS = {
    "account_id": ID,
    "plan_updated_on": DAY,
    "milestones": COUNT,
    "first_milestone_on": DAY,
    "open_opportunity_arr": AMOUNT,
    "opportunity_moved_on": DAY,
    "whitespace_known": FLAG,
    "whitespace_cells": COUNT,
    "whitespace_arr": AMOUNT,
    "intent_strength": AMOUNT,
    "intent_on": DAY,
}

PLANS = """
    SELECT account_id, max(greatest(updated_on, CASE WHEN reviewed_on <= %(night)s THEN reviewed_on END)) AS updated_on
    FROM portfolio_accountplan WHERE organization_id = %(organization)s AND updated_on <= %(night)s GROUP BY 1"""

MILESTONES = """
    SELECT account_id, count(*) AS reached, min(reached_on) AS first_on FROM portfolio_milestone
    WHERE organization_id = %(organization)s AND reached_on <= %(night)s GROUP BY 1"""

# The stage on the night is the latest by then; an opportunity without any stage was at least identified.
OPPORTUNITIES = """
    SELECT o.account_id, max(coalesce((stage.at AT TIME ZONE %(zone)s)::date, o.created_on)) AS moved_on,
        sum(stage.amount) FILTER (WHERE stage.stage IN ('won', 'lost') IS NOT TRUE AND lever <> 'renewal') AS arr
    FROM portfolio_opportunity o LEFT JOIN (
        SELECT DISTINCT ON (opportunity_id) opportunity_id, stage, amount_arr::float8 AS amount, at
        FROM portfolio_opportunitystage WHERE organization_id = %(organization)s AND at < %(until)s
        ORDER BY opportunity_id, at DESC
    ) AS stage ON stage.opportunity_id = o.id
    WHERE o.organization_id = %(organization)s AND (stage.at IS NOT NULL OR o.created_on <= %(night)s) GROUP BY 1"""

# A cell whose state began after the night stood in a state that is not known.
WHITESPACE = """
    SELECT account_id, count(*) FILTER (WHERE state = 'open') AS cells,
        coalesce(sum(value_arr) FILTER (WHERE state = 'open'), 0)::float8 AS arr
    FROM portfolio_whitespacecell
    WHERE organization_id = %(organization)s AND (since IS NULL OR since <= %(night)s) GROUP BY 1"""

INTENT = """
    SELECT account_id, max(strength) AS strength, max(observed_on) AS observed_on FROM portfolio_intentsignal
    WHERE organization_id = %(organization)s AND observed_on BETWEEN %(night)s - 89 AND %(night)s GROUP BY 1"""

STATEMENT = f"""
SELECT account_id, plan.updated_on, milestone.reached, milestone.first_on, opportunity.arr, opportunity.moved_on,
    cell.cells IS NOT NULL, cell.cells, cell.arr, intent.strength, intent.observed_on
FROM ({PLANS}) AS plan FULL JOIN ({MILESTONES}) AS milestone USING (account_id)
    FULL JOIN ({OPPORTUNITIES}) AS opportunity USING (account_id)
    FULL JOIN ({WHITESPACE}) AS cell USING (account_id) FULL JOIN ({INTENT}) AS intent USING (account_id)
"""  # noqa: S608  # put together from constants
# One row per account of which any of them is known.
PLANNING = (STATEMENT, COLUMNS)


def place_planning(accounts: AccountColumns, rows: Rows) -> None:
    """Add the columns, and whether the organization records milestones."""
    some = bool(known(rows.numbers["milestones"]).any())
    accounts.numbers["milestones_known"] = np.where(accounts.place(rows), float(some), np.nan)
