"""The SQL that finds facts which contradict themselves: one pass over each kind of fact, one row per account and kind.

`organization`, `night`, `currency`, `fiscal_year`, `zone`, `trial`, `since` and `grace` are parameters of all. Names of
kinds: diagnostics.doubts. Every part gives kind, account_id, facts, first_on, last_on, record.
"""

from diagnostics.features.reading import RATES

# When an account pays, a trial before and the grace behind included; what has no end runs on.
PAID = """
    paid AS MATERIALIZED (
        SELECT account_id, min(started_on) AS first_on,
            range_agg(daterange(started_on - %(trial)s, ended_on + %(grace)s)) AS spans
        FROM portfolio_subscription
        WHERE organization_id = %(organization)s AND (ended_on IS NULL OR ended_on >= started_on) GROUP BY 1
    )"""

# Where the organization keeps no subscriptions at all, no use lies outside of them.
USAGE = """
    SELECT v.* FROM (
        SELECT account_id,
            count(*) FILTER (WHERE unpaid) AS unpaid, min(day) FILTER (WHERE unpaid) AS unpaid_from,
            max(day) FILTER (WHERE unpaid) AS unpaid_to, min(day || ' ' || metric) FILTER (WHERE unpaid) AS unpaid_one,
            count(*) FILTER (WHERE quantity < 0) AS negative, min(day) FILTER (WHERE quantity < 0) AS negative_from,
            max(day) FILTER (WHERE quantity < 0) AS negative_to,
            min(day || ' ' || metric) FILTER (WHERE quantity < 0) AS negative_one,
            count(*) FILTER (WHERE strange) AS strange, min(day) FILTER (WHERE strange) AS strange_from,
            max(day) FILTER (WHERE strange) AS strange_to,
            min(day || ' ' || metric) FILTER (WHERE strange) AS strange_one
        FROM (
            SELECT u.account_id, u.metric, u.day, u.quantity,
                u.quantity > 0 AND (SELECT true FROM paid LIMIT 1)
                    AND NOT coalesce(paid.spans @> u.day, false) AS unpaid,
                NOT (u.metric IN ('events', 'active_users', 'active_users_7d', 'active_users_28d')
                    OR starts_with(u.metric, 'feature:')
                    OR u.metric = ANY (ARRAY(SELECT metric FROM portfolio_planlimit
                        WHERE organization_id = %(organization)s))) AS strange
            FROM portfolio_usage u LEFT JOIN paid ON paid.account_id = u.account_id
            WHERE u.organization_id = %(organization)s AND u.day BETWEEN %(usage_from)s AND %(night)s
        ) AS used GROUP BY account_id
    ) AS found CROSS JOIN LATERAL (VALUES
        ('usage_unpaid', account_id, unpaid, unpaid_from, unpaid_to, unpaid_one),
        ('usage_negative', account_id, negative, negative_from, negative_to, negative_one),
        ('usage_unknown_metric', account_id, strange, strange_from, strange_to, strange_one)
    ) AS v (kind, account_id, facts, first_on, last_on, record) WHERE v.facts > 0"""

# Overlaps as the features read them: an end already reached that lies behind the next beginning.
SUBSCRIPTIONS = """
    SELECT v.kind, account_id, count(*), min(started_on), max(started_on), min(source_id) FROM (
        SELECT s.account_id, s.source_id, s.started_on,
            s.ended_on <= %(night)s AND s.ended_on > lead(s.started_on) OVER (
                PARTITION BY s.source_id ORDER BY s.started_on) AS doubled,
            s.ended_on < s.started_on AS backwards, s.mrr < 0 OR s.seats < 0 AS negative,
            rates.rate IS NULL AND (s.ended_on IS NULL OR s.ended_on > %(night)s) AS foreign_money,
            p.product_id <> s.product_id AS other_product
        FROM portfolio_subscription s
            JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
            LEFT JOIN rates ON rates.currency = coalesce(nullif(s.currency, ''), nullif(a.currency, ''), %(currency)s)
            LEFT JOIN portfolio_plan p ON p.organization_id = s.organization_id AND p.id = s.plan_id
        WHERE s.organization_id = %(organization)s AND s.started_on <= %(night)s
    ) AS period CROSS JOIN LATERAL (VALUES
        ('periods_overlap', doubled), ('subscription_dates', backwards), ('subscription_negative', negative),
        ('currency_without_rate', foreign_money), ('plan_of_other_product', other_product)
    ) AS v (kind, holds) WHERE v.holds GROUP BY 1, 2"""

INVOICES = """
    SELECT 'invoice_dates', account_id, count(*), min(issued_on), max(issued_on), min(source_id)
    FROM portfolio_invoice
    WHERE organization_id = %(organization)s AND (due_on < issued_on OR paid_on < issued_on) GROUP BY 2"""

TICKETS = """
    SELECT v.kind, account_id, count(*), min(day), max(day), min(source_id) FROM (
        SELECT t.account_id, t.source_id, (t.opened_at AT TIME ZONE %(zone)s)::date AS day,
            (t.opened_at AT TIME ZONE %(zone)s)::date < least(a.customer_since, paid.first_on) - %(trial)s AS early,
            least(t.first_reply_at, t.solved_at, t.reopened_at) < t.opened_at AS backwards
        FROM portfolio_ticket t
            JOIN portfolio_account a ON a.organization_id = t.organization_id AND a.id = t.account_id
            LEFT JOIN paid ON paid.account_id = t.account_id
        WHERE t.organization_id = %(organization)s
    ) AS ticket CROSS JOIN LATERAL (VALUES ('tickets_before_signup', early), ('ticket_dates', backwards))
        AS v (kind, holds) WHERE v.holds GROUP BY 1, 2"""

CONTACTS = """
    SELECT 'contact_dates', account_id, count(*), min(left_on), max(left_on), min(source_id)
    FROM portfolio_contact WHERE organization_id = %(organization)s AND left_on < known_since GROUP BY 2"""

# One domain within one family of accounts is no contradiction: a parent and its subsidiaries share it.
ACCOUNTS = """
    SELECT 'customer_since_late', a.id, 1, paid.first_on, a.customer_since, a.source_id
    FROM portfolio_account a JOIN paid ON paid.account_id = a.id
    WHERE a.organization_id = %(organization)s AND a.customer_since > paid.first_on + %(since)s
    UNION ALL
    SELECT 'accounts_alike', id, others, NULL, NULL, source_id FROM (
        SELECT id, source_id, greatest(
            CASE WHEN domain <> '' AND min(root) OVER domains <> max(root) OVER domains
                THEN count(*) OVER domains - 1 ELSE 0 END,
            count(*) OVER names - 1) AS others
        FROM (
            SELECT id, source_id, lower(domain) AS domain, lower(unaccent(name)) AS name,
                coalesce(parent_id, id)::text AS root
            FROM portfolio_account WHERE organization_id = %(organization)s) AS plain
        WINDOW domains AS (PARTITION BY domain), names AS (PARTITION BY name)
    ) AS compared WHERE others > 0"""

CATALOGUE = """
    SELECT 'plans_unused', NULL::uuid, count(*), NULL::date, NULL::date, min(source_id) FROM portfolio_plan p
    WHERE organization_id = %(organization)s AND NOT EXISTS (
        SELECT FROM portfolio_subscription s WHERE s.organization_id = p.organization_id AND s.plan_id = p.id)
        AND EXISTS (SELECT FROM portfolio_subscription s WHERE s.organization_id = p.organization_id)
    HAVING count(*) > 0"""

FIND = f"""
INSERT INTO diagnostics_doubtfulfacts (id, organization_id, kind, account_id, facts, first_on, last_on, record)
WITH {RATES}, {PAID}
SELECT gen_random_uuid(), %(organization)s, found.* FROM (
    {" UNION ALL ".join((USAGE, SUBSCRIPTIONS, INVOICES, TICKETS, CONTACTS, ACCOUNTS, CATALOGUE))}
) AS found"""  # noqa: S608  # put together from constants
