"""Needs voiced for products that the account does not pay for."""

import polars as pl

from .reading import AMOUNT, COUNT, DAY, RATES, TEXT, Facts

NEEDS = {
    "account_id": TEXT,
    "needs_voiced": COUNT,
    "need_on": DAY,
    "voiced_product_id": TEXT,
    "voiced_arr": AMOUNT,
}
ASKED = "SELECT 1 FROM portfolio_product WHERE organization_id = %(organization)s AND need_phrases <> '' LIMIT 1"
# The product spoken of most often names the need; ties go by the source's own id, which survives an export.
STATEMENT = f"""
WITH {RATES}, owned AS (
    SELECT s.account_id, s.product_id, sum(s.mrr::float8 * rates.rate) * 12 AS arr
    FROM portfolio_subscription s
        JOIN portfolio_account a ON a.organization_id = s.organization_id AND a.id = s.account_id
        LEFT JOIN rates ON rates.currency = coalesce(nullif(s.currency, ''), nullif(a.currency, ''), %(currency)s)
    WHERE s.organization_id = %(organization)s AND s.started_on <= %(night)s
        AND (s.ended_on IS NULL OR s.ended_on > %(night)s)
    GROUP BY 1, 2
), price AS (
    SELECT product_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY arr) AS arr FROM owned WHERE arr > 0 GROUP BY 1
), open AS (
    SELECT account_id, product_id, sum(value_arr)::float8 AS arr FROM portfolio_whitespacecell
    WHERE organization_id = %(organization)s AND state = 'open' AND (since IS NULL OR since <= %(night)s)
    GROUP BY 1, 2
), voiced AS (
    SELECT n.account_id, n.product_id, count(*) AS times, max((n.voiced_at AT TIME ZONE %(zone)s)::date) AS last_on
    FROM diagnostics_voicedneed n
    WHERE n.organization_id = %(organization)s AND n.voiced_at < %(until)s
        AND n.voiced_at >= %(until)s - interval '180 days'
        AND NOT EXISTS (SELECT FROM owned o WHERE o.account_id = n.account_id AND o.product_id = n.product_id)
    GROUP BY 1, 2
)
SELECT v.account_id, count(*), max(v.last_on), (array_agg(v.product_id ORDER BY v.times DESC, p.source_id))[1],
    sum(coalesce(open.arr, price.arr))
FROM voiced v
    JOIN portfolio_product p ON p.organization_id = %(organization)s AND p.id = v.product_id
    LEFT JOIN open ON open.account_id = v.account_id AND open.product_id = v.product_id
    LEFT JOIN price ON price.product_id = v.product_id
GROUP BY v.account_id
"""  # noqa: S608  # RATES is our own text


def read_needs(facts: Facts, accounts: pl.DataFrame) -> pl.DataFrame:
    """One row per account: none voiced is 0; without any need phrase nobody has looked, and no row says anything."""
    if facts.read(ASKED, {"asked": COUNT}).is_empty():
        return pl.DataFrame(schema=NEEDS)
    voiced = facts.read(STATEMENT, NEEDS)
    return (
        accounts.select("account_id")
        .join(voiced, on="account_id", how="left")
        .with_columns(pl.col("needs_voiced").fill_null(0))
    )
