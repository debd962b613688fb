"""The SQL of the account page's facts. `account`, `organization` and `day` (today there) are parameters of all.

`visible` is filled in by the reader: the ids of the accounts that the member may see.
"""

from collections.abc import Mapping

ACCOUNT = """
    SELECT a.* FROM portfolio_account a
    WHERE a.organization_id = %(organization)s AND a.id = %(account)s AND a.id IN ({visible})"""

PARENT = """
    SELECT p.id, p.name FROM portfolio_account a
        JOIN portfolio_account p ON p.organization_id = a.organization_id AND p.id = a.parent_id
    WHERE a.organization_id = %(organization)s AND a.id = %(account)s AND p.id IN ({visible})"""

SUBSIDIARIES = """
    SELECT s.id, s.name FROM portfolio_account s
    WHERE s.organization_id = %(organization)s AND s.parent_id = %(account)s AND s.id IN ({visible})
    ORDER BY s.name, s.id LIMIT 12"""

MEMBERS = """
    SELECT u.email, u.full_name AS name FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.organization_id = %(organization)s AND m.role = ANY(%(book_roles)s)"""

PERIODS = """
    SELECT s.id, s.source_id, s.product_id, s.plan_id, s.started_on, s.ended_on, s.contract_id, s.term_started_on,
        s.term_months, s.renews_on, s.notice_days, s.auto_renews, s.notice_given_on, s.seats, s.mrr::text,
        s.discount_percent::text, s.currency, p.name AS product, p.core, l.name AS plan
    FROM (SELECT * FROM portfolio_subscription WHERE organization_id = %(organization)s AND account_id = %(account)s) s
        JOIN portfolio_product p ON p.organization_id = s.organization_id AND p.id = s.product_id
        LEFT JOIN portfolio_plan l ON l.organization_id = s.organization_id AND l.id = s.plan_id
    ORDER BY s.source_id, s.started_on"""

# Heard as the diagnosis reads it (diagnostics/features/exchanges.py): a meeting, call or review that was held, or a
# mail from the contact.
CONTACTS = """
    WITH heard AS (
        SELECT hash, max(happened_at) AS heard_at FROM portfolio_interaction, unnest(contact_hashes) AS hash
        WHERE organization_id = %(organization)s AND account_id = %(account)s AND happened_at < %(tomorrow)s
            AND state IN ('', 'held') AND attended IS NOT FALSE AND bulk IS NOT TRUE
            AND (kind IN ('meeting', 'call', 'qbr') OR (kind = 'email' AND direction = 'inbound'))
        GROUP BY hash
    )
    SELECT id, source_id, name, email, title, department, role, stance, left_on, heard.heard_at
    FROM portfolio_contact c LEFT JOIN heard ON heard.hash = c.email_hash AND c.email_hash <> ''
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND (known_since IS NULL OR known_since <= %(day)s)
    ORDER BY left_on DESC NULLS FIRST, source_id LIMIT 60"""

INVOICES = """
    SELECT id, source_id, issued_on, due_on, paid_on, amount::text, currency, status FROM portfolio_invoice
    WHERE organization_id = %(organization)s AND account_id = %(account)s AND issued_on <= %(day)s
    ORDER BY (amount > 0 AND status <> 'void' AND due_on < %(day)s AND (paid_on IS NULL OR paid_on > %(day)s))
        DESC NULLS LAST, issued_on DESC, source_id DESC LIMIT 6"""

NOTES = """
    SELECT id, happened_at, author_email, text, import_number FROM portfolio_interaction
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND kind = 'note' AND happened_at < %(tomorrow)s
    ORDER BY happened_at DESC, id LIMIT 4"""

PLANS = """
    SELECT objective, success_criteria, owner_email, updated_on, reviewed_on FROM portfolio_accountplan
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND updated_on <= %(day)s
    ORDER BY updated_on DESC LIMIT 1"""

GOALS = """
    SELECT id, title, amount_arr::text, due_on, done_on, owner_email FROM portfolio_accountgoal
    WHERE organization_id = %(organization)s AND account_id = %(account)s
    ORDER BY done_on DESC NULLS FIRST, due_on NULLS LAST, source_id LIMIT 6"""

OPPORTUNITIES = """
    SELECT o.id, o.source_id, o.lever, o.created_on, o.closes_on, o.loss_reason, p.name AS product,
        last.stage, last.amount_arr::text AS amount, last.at
    FROM (SELECT * FROM portfolio_opportunity WHERE organization_id = %(organization)s AND account_id = %(account)s) o
        LEFT JOIN portfolio_product p ON p.organization_id = o.organization_id AND p.id = o.product_id
        LEFT JOIN LATERAL (
            SELECT stage, amount_arr, at FROM portfolio_opportunitystage s
            WHERE s.organization_id = o.organization_id AND s.opportunity_id = o.id AND s.at < %(tomorrow)s
            ORDER BY at DESC LIMIT 1
        ) AS last ON true
    WHERE o.created_on IS NULL OR o.created_on <= %(day)s
    ORDER BY (last.stage IN ('won', 'lost')) NULLS FIRST, coalesce(last.at::date, o.created_on) DESC, o.source_id
    LIMIT 12"""

# The review that is planned next, overdue ones too, and the last one that was held.
REVIEWS = """
    (SELECT id, state, attended, happened_at FROM portfolio_interaction
        WHERE organization_id = %(organization)s AND account_id = %(account)s AND kind = 'qbr' AND state = 'planned'
        ORDER BY happened_at, id LIMIT 1)
    UNION ALL
    (SELECT id, 'held', attended, happened_at FROM portfolio_interaction
        WHERE organization_id = %(organization)s AND account_id = %(account)s AND kind = 'qbr'
            AND state IN ('', 'held') AND happened_at < %(tomorrow)s
        ORDER BY happened_at DESC, id LIMIT 1)"""

CELLS = """
    SELECT w.department, w.state, w.users, w.value_arr::text, p.name AS product
    FROM (SELECT * FROM portfolio_whitespacecell
            WHERE organization_id = %(organization)s AND account_id = %(account)s) w
        JOIN portfolio_product p ON p.organization_id = w.organization_id AND p.id = w.product_id
    WHERE w.since IS NULL OR w.since <= %(day)s
    ORDER BY p.core DESC NULLS LAST, p.name, w.department LIMIT 400"""

LIMITS = """
    SELECT plan_id, metric, included FROM portfolio_planlimit
    WHERE organization_id = %(organization)s AND included > 0 AND plan_id IN (
        SELECT plan_id FROM portfolio_subscription
        WHERE organization_id = %(organization)s AND account_id = %(account)s
            AND started_on <= %(day)s AND (ended_on IS NULL OR ended_on > %(day)s))"""

# Literal days, so that the planner leaves out the other months. The windows are those of the night's features, and
# the same ones thirty days before.
USAGE = """
    SELECT metric,
        sum(quantity) FILTER (WHERE day > %(until)s - 28) AS sum_now,
        sum(quantity) FILTER (WHERE day BETWEEN %(until)s - 57 AND %(until)s - 30) AS sum_then,
        max(quantity) FILTER (WHERE day > %(until)s - 28) AS peak_now,
        max(quantity) FILTER (WHERE day BETWEEN %(until)s - 57 AND %(until)s - 30) AS peak_then,
        coalesce(max(quantity) FILTER (WHERE day > %(until)s - 3),
            (array_agg(quantity ORDER BY day DESC, quantity DESC) FILTER (WHERE day > %(until)s - 7))[1]) AS last_now,
        coalesce(max(quantity) FILTER (WHERE day BETWEEN %(until)s - 30 AND %(until)s - 28),
            (array_agg(quantity ORDER BY day DESC, quantity DESC)
                FILTER (WHERE day BETWEEN %(until)s - 34 AND %(until)s - 28))[1]) AS last_then
    FROM portfolio_usage
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND day BETWEEN %(usage_from)s AND %(until)s AND NOT starts_with(metric, 'feature:')
    GROUP BY metric"""

EVENTS = """
    SELECT id, kind, happened_on, title FROM portfolio_productevent
    WHERE organization_id = %(organization)s AND happened_on BETWEEN %(day)s - 364 AND %(day)s
        AND (product_id IS NULL OR product_id IN (
            SELECT product_id FROM portfolio_subscription
            WHERE organization_id = %(organization)s AND account_id = %(account)s
                AND started_on <= %(day)s))
    ORDER BY happened_on DESC, source_id LIMIT 12"""

CROSSINGS = """
    SELECT kind, night FROM diagnostics_movement
    WHERE organization_id = %(organization)s AND account_id = %(account)s
        AND night > %(day)s - 365 AND kind = ANY(%(crossings)s) AND at IS NULL
    ORDER BY night DESC, place LIMIT 6"""

# The last diagnosed night of each week: a diagnosis is a wide row, and a chart needs no more.
HISTORY = """
    SELECT night, health, potential, segment FROM diagnostics_diagnosis
    WHERE organization_id = %(organization)s AND account_id = %(account)s AND night IN (
        SELECT max(night) FROM diagnostics_night
        WHERE organization_id = %(organization)s AND night BETWEEN %(until)s - 370 AND %(until)s
        GROUP BY (%(until)s - night) / 7)
    ORDER BY night"""

DOUBTS = """
    SELECT kind, facts FROM diagnostics_doubtfulfacts
    WHERE organization_id = %(organization)s AND account_id = %(account)s"""

# What the day that is not over has found; the night of the day replaces it.
DAY = """
    SELECT at, health, potential, segment, lever FROM diagnostics_daydiagnosis
    WHERE organization_id = %(organization)s AND account_id = %(account)s AND night > %(until)s"""

STATEMENTS: Mapping[str, str] = {
    "account": ACCOUNT,
    "parent": PARENT,
    "subsidiaries": SUBSIDIARIES,
    "members": MEMBERS,
    "periods": PERIODS,
    "contacts": CONTACTS,
    "invoices": INVOICES,
    "notes": NOTES,
    "plans": PLANS,
    "goals": GOALS,
    "opportunities": OPPORTUNITIES,
    "reviews": REVIEWS,
    "cells": CELLS,
    "limits": LIMITS,
    "usage": USAGE,
    "events": EVENTS,
    "crossings": CROSSINGS,
    "history": HISTORY,
    "doubts": DOUBTS,
    "day": DAY,
}
