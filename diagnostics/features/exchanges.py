"""People and exchanges: who is still there, who was heard, when somebody who decides was heard last."""

import numpy as np

from .columns import AccountColumns
from .reading import COUNT, DAY, FLAG, ID, Rows

PEOPLE_COLUMNS = {
    "account_id": ID,
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

EXCHANGE_COLUMNS = {
    "account_id": ID,
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
# One row per account with a known contact, and with an exchange of the last two years.
PEOPLE = (PEOPLE_STATEMENT, PEOPLE_COLUMNS)
EXCHANGES = (EXCHANGE_STATEMENT, EXCHANGE_COLUMNS)


def place_exchanges(accounts: AccountColumns, people: Rows, exchanges: Rows) -> None:
    """Add the columns of both, and whether the organization keeps any of them."""
    of_any = accounts.place(people) | accounts.place(exchanges)
    for name, rows in (("contacts_known", people), ("exchanges_known", exchanges)):
        accounts.numbers[name] = np.where(of_any, float(rows.height > 0), np.nan)
