"""Invoices: what is overdue, what failed, how punctually the account pays."""

from .reading import AMOUNT, COUNT, DAY, ID, RATES

COLUMNS = {
    "account_id": ID,
    "invoices_365": COUNT,
    "paid_on_time_365": COUNT,
    "overdue_invoices": COUNT,
    "overdue_amount": AMOUNT,
    "overdue_days": COUNT,
    "failed_90": COUNT,
    "billing_known_to": DAY,
}

# A payment after the night is not known: the invoice is open. Without a due date nothing is late. Credit notes and
# void invoices are no debts. A rate is looked up for what is overdue alone: joined to every invoice it took a third.
STATEMENT = f"""
WITH {RATES}, known AS (
    SELECT account_id, issued_on, due_on, amount, status = 'failed' AS failed,
        coalesce(nullif(i.currency, ''), %(currency)s) AS currency,
        CASE WHEN paid_on <= %(night)s THEN paid_on END AS paid_on
    FROM portfolio_invoice i
    WHERE i.organization_id = %(organization)s AND issued_on <= %(night)s AND issued_on > %(night)s - 730
        AND amount > 0 AND status <> 'void'
)
SELECT account_id,
    count(*) FILTER (WHERE due_on > %(night)s - 365 AND (due_on < %(night)s OR paid_on IS NOT NULL)),
    count(*) FILTER (WHERE due_on > %(night)s - 365 AND paid_on <= due_on),
    count(*) FILTER (WHERE due_on < %(night)s AND paid_on IS NULL),
    coalesce(sum(amount::float8 * (SELECT rate FROM rates WHERE rates.currency = known.currency))
        FILTER (WHERE due_on < %(night)s AND paid_on IS NULL), 0),
    %(night)s - min(due_on) FILTER (WHERE due_on < %(night)s AND paid_on IS NULL),
    count(*) FILTER (WHERE failed AND coalesce(due_on, issued_on) BETWEEN %(night)s - 89 AND %(night)s),
    max(max(issued_on)) OVER ()
FROM known GROUP BY account_id
"""  # noqa: S608  # put together from constants
# One row per account with an invoice of the last two years.
INVOICES = (STATEMENT, COLUMNS)
