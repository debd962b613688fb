"""The accounts themselves, with the fields that change over time as they were on the night."""

from .reading import COUNT, DAY, FLAG, ID, TEXT

COLUMNS = {
    "id": ID,
    "account_id": TEXT,
    "tier": TEXT,
    "country": TEXT,
    "employees": COUNT,
    "phase": TEXT,
    "strategic": FLAG,
    "has_owner": FLAG,
    "csm_email": TEXT,
    "am_email": TEXT,
    "customer_since": DAY,
}

# The value on the night is the latest known by then; before the earliest known one, that one; without any history,
# what the account says now.
STATEMENT = """
WITH known AS (
    SELECT DISTINCT ON (account_id, field) account_id, field, value
    FROM portfolio_accounthistory
    WHERE organization_id = %(organization)s AND field IN ('tier', 'phase', 'strategic', 'csm_email', 'am_email')
    ORDER BY account_id, field, (from_on <= %(night)s) DESC, CASE WHEN from_on <= %(night)s THEN -1 ELSE 1 END
        * (from_on - date '2000-01-01')
), past AS (
    SELECT account_id,
        max(value) FILTER (WHERE field = 'tier') AS tier,
        max(value) FILTER (WHERE field = 'phase') AS phase,
        max(value) FILTER (WHERE field = 'strategic') AS strategic,
        max(value) FILTER (WHERE field = 'csm_email') AS csm_email,
        max(value) FILTER (WHERE field = 'am_email') AS am_email
    FROM known GROUP BY account_id
)
SELECT a.id, a.id, coalesce(past.tier, a.tier), a.country, a.employees, coalesce(past.phase, a.phase),
    coalesce(past.strategic, a.strategic::text) IN ('true', 't', '1'),
    coalesce(past.csm_email, a.csm_email) <> '' OR coalesce(past.am_email, a.am_email) <> '',
    coalesce(past.csm_email, a.csm_email), coalesce(past.am_email, a.am_email), a.customer_since
FROM portfolio_account a LEFT JOIN past ON past.account_id = a.id
WHERE a.organization_id = %(organization)s
"""
# One row per account of the organization, also those that are not known yet.
ACCOUNTS = (STATEMENT, COLUMNS)
