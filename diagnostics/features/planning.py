"""Account plans, milestones, opportunities, whitespace and intent, as they stood on the night."""

import polars as pl

from .reading import AMOUNT, COUNT, DAY, FLAG, TEXT, Facts

PLANS = {"account_id": TEXT, "plan_updated_on": DAY}
PLAN_STATEMENT = """
SELECT account_id, max(greatest(updated_on, CASE WHEN reviewed_on <= %(night)s THEN reviewed_on END))
FROM portfolio_accountplan
WHERE organization_id = %(organization)s AND updated_on <= %(night)s
GROUP BY account_id
"""

MILESTONES = {"account_id": TEXT, "milestones": COUNT, "first_milestone_on": DAY}
MILESTONE_STATEMENT = """
SELECT account_id, count(*), min(reached_on) FROM portfolio_milestone
WHERE organization_id = %(organization)s AND reached_on <= %(night)s
GROUP BY account_id
"""

OPPORTUNITIES = {"account_id": TEXT, "open_opportunity_arr": AMOUNT, "opportunity_moved_on": DAY}
# The stage on the night is the latest by then; an opportunity without any stage was at least identified.
OPPORTUNITY_STATEMENT = """
WITH stage AS (
    SELECT DISTINCT ON (opportunity_id) opportunity_id, stage, amount_arr::float8 AS amount, at
    FROM portfolio_opportunitystage WHERE organization_id = %(organization)s AND at < %(until)s
    ORDER BY opportunity_id, at DESC
), known AS (
    SELECT o.account_id, stage.amount, stage.stage IN ('won', 'lost') IS TRUE AS closed, lever <> 'renewal' AS grows,
        coalesce((stage.at AT TIME ZONE %(zone)s)::date, o.created_on) AS moved_on
    FROM portfolio_opportunity o LEFT JOIN stage ON stage.opportunity_id = o.id
    WHERE o.organization_id = %(organization)s AND (stage.at IS NOT NULL OR o.created_on <= %(night)s)
)
SELECT account_id, sum(amount) FILTER (WHERE NOT closed AND grows), max(moved_on) FROM known GROUP BY account_id
"""

WHITESPACE = {"account_id": TEXT, "whitespace_known": FLAG, "whitespace_cells": COUNT, "whitespace_arr": AMOUNT}
# A cell whose state began after the night stood in a state that is not known.
WHITESPACE_STATEMENT = """
SELECT account_id, true, count(*) FILTER (WHERE state = 'open'),
    coalesce(sum(value_arr) FILTER (WHERE state = 'open'), 0)::float8
FROM portfolio_whitespacecell
WHERE organization_id = %(organization)s AND (since IS NULL OR since <= %(night)s)
GROUP BY account_id
"""

INTENT = {"account_id": TEXT, "intent_strength": AMOUNT, "intent_on": DAY}
INTENT_STATEMENT = """
SELECT account_id, max(strength), max(observed_on) FROM portfolio_intentsignal
WHERE organization_id = %(organization)s AND observed_on BETWEEN %(night)s - 89 AND %(night)s
GROUP BY account_id
"""


def read_planning(facts: Facts) -> pl.DataFrame:
    """One row per account of which any of them is known."""
    milestones = facts.read(MILESTONE_STATEMENT, MILESTONES)
    frame = milestones
    for statement, columns in (
        (PLAN_STATEMENT, PLANS),
        (OPPORTUNITY_STATEMENT, OPPORTUNITIES),
        (WHITESPACE_STATEMENT, WHITESPACE),
        (INTENT_STATEMENT, INTENT),
    ):
        frame = frame.join(facts.read(statement, columns), on="account_id", how="full", coalesce=True)
    return frame.with_columns(milestones_known=pl.lit(milestones.height > 0))
