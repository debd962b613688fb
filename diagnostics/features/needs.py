"""Needs voiced for products that the account does not have, as diagnostics/needs.py found them in its texts."""

from .reading import AMOUNT, COUNT, DAY, ID, RATES, TEXT

COLUMNS = {
    "account_id": ID,
    "needs_voiced": COUNT,
    "need_on": DAY,
    "voiced_product_id": TEXT,
    "voiced_arr": AMOUNT,
}

# A need is adjacent where the product is not owned on the night and its whitespace is not all "no fit". Its worth is
# the account's open whitespace of the product, else what the book pays for it in a year. The product named first is
# the one worth most.
STATEMENT = f"""
WITH {RATES}, voiced AS (
    SELECT account_id, product_id, max(voiced_at) AS last_at FROM diagnostics_voicedneed
    WHERE organization_id = %(organization)s
        AND voiced_at < %(until)s AND voiced_at >= %(since_180)s
    GROUP BY 1, 2
), running AS (
    SELECT s.account_id, s.product_id, sum(s.mrr::float8 * rates.rate) * 12 AS arr
    FROM portfolio_subscription s LEFT JOIN rates ON rates.currency = coalesce(nullif(s.currency, ''), %(currency)s)
    WHERE s.organization_id = %(organization)s AND s.started_on <= %(night)s
        AND (s.ended_on IS NULL OR s.ended_on > %(night)s)
        AND EXISTS (SELECT FROM voiced WHERE voiced.product_id = s.product_id)
    GROUP BY 1, 2
), price AS (
    SELECT product_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY arr) AS arr FROM running WHERE arr > 0 GROUP BY 1
), cells AS (
    SELECT account_id, product_id, bool_and(state = 'no_fit') AS closed,
        sum(value_arr) FILTER (WHERE state = 'open')::float8 AS arr
    FROM portfolio_whitespacecell
    WHERE organization_id = %(organization)s AND (since IS NULL OR since <= %(night)s) GROUP BY 1, 2
), needs AS (
    SELECT v.account_id, v.product_id, v.last_at, coalesce(cells.arr, price.arr) AS arr
    FROM voiced v LEFT JOIN cells USING (account_id, product_id) LEFT JOIN price USING (product_id)
    WHERE cells.closed IS NOT TRUE AND NOT EXISTS (
        SELECT FROM running r WHERE r.account_id = v.account_id AND r.product_id = v.product_id)
)
SELECT n.account_id, count(*), (max(n.last_at) AT TIME ZONE %(zone)s)::date,
    (array_agg(n.product_id ORDER BY n.arr DESC NULLS LAST, p.source_id))[1], sum(n.arr)
FROM needs n JOIN portfolio_product p ON p.organization_id = %(organization)s AND p.id = n.product_id
GROUP BY n.account_id
"""  # noqa: S608  # put together from constants
# One row per account that voiced a need for a product it could have within 180 days.
NEEDS = (STATEMENT, COLUMNS)
