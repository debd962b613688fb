"""The opportunities of one day with their account's diagnosis: what the Expansion desk reads, in four statements.

`opportunities_on` and `find_falling` go through every stage and every night that they are given; of 10,000 accounts
that takes most of a second. PostgreSQL gives the last stage of each, and only the nights of accounts that fell.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

import polars as pl

from diagnostics.kpis.frames import days_frame
from diagnostics.kpis.pipeline import FALLING_NIGHTS, FELL_DAYS, LEVERS, find_falling
from diagnostics.kpis.reading import HEALTH, Source
from portfolio.ledger.periods import MONEY

SOLD: dict[str, Any] = {
    "opportunity_id": pl.String,
    "account_id": pl.String,
    "lever": pl.String,
    "product_id": pl.String,
    "created_on": pl.Date,
    "closes_on": pl.Date,
    "stage": pl.String,
    "amount_arr": MONEY,
    "moved_on": pl.Date,
}
# As pipeline.opportunities_on: one without any stage was at least identified, an amount stands until another is stated.
STATEMENT = """
SELECT o.id, o.account_id, lever, product_id, created_on, closes_on, coalesce(stage, 'identified'), amount_arr,
    coalesce(moved_on, created_on)
FROM portfolio_opportunity o LEFT JOIN (
    SELECT opportunity_id, (array_agg(stage ORDER BY at DESC))[1] AS stage,
        (array_agg(amount_arr ORDER BY at DESC) FILTER (WHERE amount_arr IS NOT NULL))[1] AS amount_arr,
        (max(at) AT TIME ZONE %(zone)s)::date AS moved_on
    FROM portfolio_opportunitystage WHERE organization_id = %(organization)s AND at < %(until)s
    GROUP BY opportunity_id
) AS last ON last.opportunity_id = o.id
WHERE o.organization_id = %(organization)s AND lever = ANY(%(levers)s)
    AND (moved_on IS NOT NULL OR created_on <= %(night)s)
    AND (stage IS NULL OR stage NOT IN ('won', 'lost') OR (stage = 'won' AND moved_on >= %(won_since)s))
    {accounts}
"""
OF_ACCOUNTS = "AND {table}.account_id = ANY(%(accounts)s::uuid[])"

GROWING: dict[str, Any] = {
    "account_id": pl.String,
    "potential": pl.Float64,
    "fragile": pl.Boolean,
    "health": pl.Float64,
    "lever": pl.String,
    "opened_on": pl.Date,
    "window_ends_on": pl.Date,
    **{f"{lever}_arr": pl.Decimal(38, 2) for lever in LEVERS},
}
OF_NIGHT = """
diagnostics_diagnosis d
WHERE d.organization_id = %(organization)s AND d.night = %(diagnosed)s
    AND (%(segments)s::text[] IS NULL OR segment = ANY(%(segments)s)) {accounts}
"""
# Who can still carry something, has a window, or an opportunity that needs to know of whom it is.
DIAGNOSED = f"""
SELECT account_id, potential, fragile, health, lever, lever_since, window_ends_on, upsell_arr, seats_arr, usage_arr,
    cross_sell_arr, price_arr
FROM {OF_NIGHT}
    AND (greatest(upsell_arr, seats_arr, usage_arr, cross_sell_arr, price_arr) > 0 OR lever = ANY(%(levers)s)
        OR account_id IN (
            SELECT account_id FROM portfolio_opportunity
            WHERE organization_id = %(organization)s AND lever = ANY(%(levers)s)))
"""  # noqa: S608  # put together from constants
COUNTED = f"SELECT count(*) FROM {OF_NIGHT}"  # noqa: S608  # constants
# Falling for seven nights ends below where it began: only the nights of these are worth reading.
FALLING = """
WITH fell AS MATERIALIZED (
    SELECT now.account_id FROM (
        SELECT account_id, health FROM diagnostics_diagnosis
        WHERE organization_id = %(organization)s AND night = %(diagnosed)s {accounts} OFFSET 0
    ) AS now JOIN (
        SELECT account_id, health FROM diagnostics_diagnosis
        WHERE organization_id = %(organization)s AND night = %(week_ago)s OFFSET 0
    ) AS before ON before.account_id = now.account_id AND now.health < before.health
    WHERE now.account_id IN (
        SELECT account_id FROM portfolio_opportunity
        WHERE organization_id = %(organization)s AND lever = ANY(%(levers)s))
)
SELECT d.night, d.account_id, d.health FROM fell JOIN diagnostics_diagnosis d
    ON d.organization_id = %(organization)s AND d.account_id = fell.account_id AND d.health IS NOT NULL
    AND (d.night BETWEEN %(week_ago)s AND %(diagnosed)s OR d.night BETWEEN %(month_from)s AND %(month_to)s)
"""


def standing_opportunities(source: Source, *, won_since: date, accounts: Sequence[str] | None = None) -> pl.DataFrame:
    """Columns SOLD of the expansion opportunities that are open on the source's day, or won since a day.

    The same rows as `opportunities_on` of every stage gives; `accounts` None: of all.
    """
    statement = STATEMENT.format(accounts="" if accounts is None else OF_ACCOUNTS.format(table="o"))
    return source.facts.read(statement, SOLD, levers=list(LEVERS), won_since=won_since, **_given(accounts))


def growing_accounts(
    source: Source, night: date | None, *, accounts: Sequence[str] | None = None, segments: Sequence[str] = ()
) -> tuple[pl.DataFrame, int]:
    """Columns GROWING of the night's accounts that something can be sold to, and how many were diagnosed in all."""
    own = "" if accounts is None else OF_ACCOUNTS.format(table="d")
    more = {"diagnosed": night, "segments": list(segments) or None, "levers": list(LEVERS), **_given(accounts)}
    found = source.facts.read(DIAGNOSED.format(accounts=own), GROWING, **more)
    counted = source.facts.read(COUNTED.format(accounts=own), {"accounts": pl.Int64}, **more)
    return found, counted["accounts"][0]


def falling_accounts(source: Source, night: date | None, *, accounts: Sequence[str] | None = None) -> pl.DataFrame:
    """account_id and falling of accounts with expansion opportunities, as `find_falling` says on the night."""
    if night is None:
        return pl.DataFrame(schema={"account_id": pl.String, "falling": pl.Boolean})
    health = source.facts.read(
        FALLING.format(accounts="" if accounts is None else "AND account_id = ANY(%(accounts)s::uuid[])"),
        HEALTH,
        diagnosed=night,
        week_ago=night - timedelta(days=FALLING_NIGHTS),
        month_from=night - timedelta(days=FELL_DAYS + FALLING_NIGHTS - 1),
        month_to=night - timedelta(days=FELL_DAYS),
        levers=list(LEVERS),
        **_given(accounts),
    )
    return find_falling(health, days_frame([night])).select("account_id", "falling")


def _given(accounts: Sequence[str] | None) -> dict[str, Any]:
    return {} if accounts is None else {"accounts": list(accounts)}
