"""People and exchanges: who is still there, who was heard, when somebody who decides was heard last."""

import polars as pl

from .reading import COUNT, DAY, FLAG, TEXT, Answer, Facts

PEOPLE = {
    "account_id": TEXT,
    "contacts": COUNT,
    "sponsors": COUNT,
    "sponsors_left": COUNT,
    "sponsor_left_on": DAY,
    "detractors": COUNT,
    "supporters": COUNT,
    "last_decider_on": DAY,
    "threads_90": COUNT,
}

# Heard: a meeting, call or review that was held, or a mail from the contact (an answer makes the exchange two-way).
HEARD = """
    heard AS MATERIALIZED (
        SELECT account_id, kind, happened_at, contact_hashes
        FROM portfolio_interaction
        WHERE organization_id = %(organization)s
            AND happened_at < %(until)s AND happened_at >= %(since_730)s
            AND state IN ('', 'held') AND attended IS NOT FALSE AND bulk IS NOT TRUE
            AND (kind IN ('meeting', 'call', 'qbr') OR (kind = 'email' AND direction = 'inbound'))
    )"""

PEOPLE_STATEMENT = f"""
WITH {HEARD}, touched AS (
    SELECT account_id, hash, max(happened_at) AS last_at
    FROM heard, unnest(contact_hashes) AS hash GROUP BY account_id, hash
), people AS (
    SELECT c.account_id, role IN ('economic_buyer', 'decision_maker') AS decides,
        role IN ('economic_buyer', 'decision_maker', 'champion') AS sponsors, stance,
        CASE WHEN left_on <= %(night)s THEN left_on END AS left_on, touched.last_at
    FROM portfolio_contact c
        LEFT JOIN touched ON touched.account_id = c.account_id AND touched.hash = c.email_hash AND c.email_hash <> ''
    WHERE c.organization_id = %(organization)s AND (known_since IS NULL OR known_since <= %(night)s)
)
SELECT account_id,
    count(*) FILTER (WHERE left_on IS NULL),
    count(*) FILTER (WHERE sponsors AND left_on IS NULL),
    count(*) FILTER (WHERE sponsors AND left_on > %(night)s - 180),
    max(left_on) FILTER (WHERE sponsors AND left_on > %(night)s - 180),
    count(*) FILTER (WHERE stance = 'detractor' AND left_on IS NULL),
    count(*) FILTER (WHERE stance = 'supporter' AND left_on IS NULL),
    (max(last_at) FILTER (WHERE decides) AT TIME ZONE %(zone)s)::date,
    count(*) FILTER (WHERE last_at >= %(since_90)s)
FROM people GROUP BY account_id
"""  # noqa: S608  # put together from constants

EXCHANGES = {
    "account_id": TEXT,
    "last_exchange_on": DAY,
    "meetings_90": COUNT,
    "cancelled_90": COUNT,
    "last_review_on": DAY,
    "reviews_known": FLAG,
    "last_known_on": DAY,
}

EXCHANGE_STATEMENT = """
WITH known AS (
    SELECT account_id, kind, happened_at, state = 'cancelled' AS cancelled,
        state IN ('', 'held') AND attended IS NOT FALSE AND bulk IS NOT TRUE
            AND (kind IN ('meeting', 'call', 'qbr') OR (kind = 'email' AND direction = 'inbound')) AS heard
    FROM portfolio_interaction
    WHERE organization_id = %(organization)s
        AND happened_at < %(until)s AND happened_at >= %(since_730)s
)
SELECT account_id,
    (max(happened_at) FILTER (WHERE heard) AT TIME ZONE %(zone)s)::date,
    count(*) FILTER (WHERE heard AND kind <> 'email' AND happened_at >= %(since_90)s),
    count(*) FILTER (WHERE cancelled AND happened_at >= %(since_90)s),
    (max(happened_at) FILTER (WHERE heard AND kind = 'qbr') AT TIME ZONE %(zone)s)::date,
    bool_or(bool_or(heard AND kind = 'qbr')) OVER (),
    (max(happened_at) AT TIME ZONE %(zone)s)::date
FROM known GROUP BY account_id
"""


def ask_exchanges(facts: Facts) -> Answer:
    """One row per account with a known contact or an exchange of the last two years."""
    told_of_people = facts.ask(PEOPLE_STATEMENT, PEOPLE)
    told_of_exchanges = facts.ask(EXCHANGE_STATEMENT, EXCHANGES)

    def read() -> pl.DataFrame:
        people, exchanges = told_of_people(), told_of_exchanges()
        frame = people.join(exchanges, on="account_id", how="full", coalesce=True)
        known = {"contacts_known": people.height > 0, "exchanges_known": exchanges.height > 0}
        return frame.with_columns(pl.lit(holds).alias(name) for name, holds in known.items())

    return read
