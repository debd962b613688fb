"""The SQL of a timeline: each kind's newest rows with the moment they are ordered by, then one page of them all.

Every part is read by its own index and only as deep as the page lies (`stop`).
"""

from diagnostics.late_facts import ARRIVED_LATE

PART = """
    (SELECT '{kind}' AS kind, {moment} AS moment, row_to_json(found) AS row FROM ({rows}) AS found
     ORDER BY {moment} DESC, id LIMIT %(stop)s)"""
EXCHANGES = """
    SELECT id, kind, happened_at, state, direction, author_email, contact_emails, text, import_number
    FROM portfolio_interaction
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND happened_at < %(tomorrow)s
    ORDER BY happened_at DESC, id LIMIT %(stop)s"""

TICKETS = """
    SELECT id, source_id, opened_at, due_at, solved_at, priority, escalated_at, subject, import_number
    FROM portfolio_ticket
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND opened_at < %(tomorrow)s
    ORDER BY opened_at DESC, id LIMIT %(stop)s"""

INVOICES = """
    SELECT id, source_id, issued_on, due_on, paid_on, amount::text, currency, status, import_number
    FROM portfolio_invoice
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND issued_on <= %(day)s
    ORDER BY issued_on DESC, id LIMIT %(stop)s"""

SURVEYS = """
    SELECT id, kind, answered_at, score, contact_email, comment, import_number FROM portfolio_survey
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND answered_at < %(tomorrow)s
    ORDER BY answered_at DESC, id LIMIT %(stop)s"""

# Of the products that the account has or had, since it is a customer.
EVENTS = """
    SELECT id, kind, happened_on, ended_on, title, import_number FROM portfolio_productevent
    WHERE organization_id = %(organization)s AND happened_on BETWEEN %(since)s AND %(day)s
        AND (product_id IS NULL OR product_id IN (
            SELECT product_id FROM portfolio_subscription
            WHERE organization_id = %(organization)s AND account_id = %(account)s
                AND started_on <= %(day)s))
    ORDER BY happened_on DESC, id LIMIT %(stop)s"""

MOVEMENTS = """
    SELECT id, night, at, kind, from_value, to_value, from_code, to_code, since, cause, cause_points, (
            SELECT n.model_version_id FROM diagnostics_night n
            WHERE n.organization_id = %(organization)s AND n.night <= m.night
            ORDER BY n.night DESC LIMIT 1) AS model_version
    FROM diagnostics_movement m
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND night <= %(day)s
    ORDER BY night DESC, id LIMIT %(stop)s"""

# Who looked at the page is no part of what happened with the account.
ACTS = """
    SELECT id, kind, at, member_email, reason, note FROM portfolio_act
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND at < %(tomorrow)s AND kind <> 'looked'
    ORDER BY at DESC, id LIMIT %(stop)s"""

# A day without an hour stands at its start, in the organization's time zone; a night at its end.
PARTS = (
    ("exchange", "happened_at", EXCHANGES),
    ("ticket", "opened_at", TICKETS),
    ("invoice", "issued_on::timestamp AT TIME ZONE %(zone)s", INVOICES),
    ("survey", "answered_at", SURVEYS),
    ("event", "happened_on::timestamp AT TIME ZONE %(zone)s", EVENTS),
    ("movement", "coalesce(at, (night + 1)::timestamp AT TIME ZONE %(zone)s)", MOVEMENTS),
    ("act", "at", ACTS),
)
LATE = ARRIVED_LATE.format(number="(row->>'import_number')::int", day="(moment AT TIME ZONE %(zone)s)::date")
# Asked of the page's rows alone: what stands behind OFFSET and LIMIT.
STATEMENT = f"""
    SELECT kind, row::text, ({LATE}) AS late FROM (SELECT * FROM ({
    " UNION ALL ".join(PART.format(kind=kind, moment=moment, rows=rows) for kind, moment, rows in PARTS)
}) AS entries ORDER BY moment DESC, kind, row->>'id' OFFSET %(start)s LIMIT %(many)s) AS page
    ORDER BY moment DESC, kind, row->>'id'"""  # noqa: S608  # put together from constants
