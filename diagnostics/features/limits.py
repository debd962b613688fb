"""The limits of the plans in force, and how much of each is used."""

import polars as pl

from .reading import AMOUNT, TEXT, Answer, Facts

LIMITS = {"account_id": TEXT, "metric": TEXT, "included": AMOUNT}

# What all running subscriptions of an account include together.
STATEMENT = """
WITH latest AS (
    SELECT DISTINCT ON (source_id) account_id, plan_id, seats, ended_on, notice_given_on
    FROM portfolio_subscription
    WHERE organization_id = %(organization)s AND started_on <= %(night)s
    ORDER BY source_id, started_on DESC
)
SELECT latest.account_id, l.metric, sum(CASE WHEN l.metric = 'seats' THEN coalesce(seats, included) ELSE included END)
FROM latest JOIN portfolio_planlimit l ON l.organization_id = %(organization)s AND l.plan_id = latest.plan_id
WHERE (ended_on IS NULL OR ended_on > %(night)s - %(grace)s) AND included > 0
GROUP BY 1, 2
"""

# A limited metric is counted per month (calls) or stands at a level (vessels connected); the contract does not say
# which. A level is reported anew each day, so that a typical day already holds a good part of the limit; a thirtieth
# of a monthly count never does. Judged once per metric over the whole book.
LEVEL_SHARE = 0.1
MONTH_DAYS = 30
WINDOW = 28


def ask_limits(facts: Facts) -> Answer:
    """One row per account and limited metric of its plans."""
    return facts.ask(STATEMENT, LIMITS)


def find_nearest_limits(limits: pl.DataFrame, metrics: pl.DataFrame, people: pl.DataFrame) -> pl.DataFrame:
    """For each account the limit that is used most: limit_metric, limit_used, limit_included, limit_growth (a day).

    `metrics` is one row per account and metric, `people` holds active_users and active_users_before. Seats are used by
    the people who are active.
    """
    if not limits.height:
        return pl.DataFrame(schema={"account_id": pl.String, "limit_metric": pl.String})
    seats = (
        limits.filter(pl.col("metric") == "seats")
        .join(people, on="account_id")
        .select(
            "account_id",
            "metric",
            "included",
            used=pl.col("active_users"),
            growth=(pl.col("active_users") - pl.col("active_users_before")) / WINDOW,
        )
    )
    used = pl.concat([seats, _count_used(limits.filter(pl.col("metric") != "seats"), metrics)])
    nearest = used.filter(pl.col("used").is_not_null()).with_columns(share=pl.col("used") / pl.col("included"))
    # Equal shares: the first metric by name, so that nothing depends on the order of rows.
    nearest = nearest.sort(["account_id", "share", "metric"], descending=[False, True, False])
    return nearest.unique("account_id", keep="first", maintain_order=True).select(
        "account_id",
        limit_metric="metric",
        limit_used="used",
        limit_included="included",
        limit_growth="growth",
    )


def _count_used(limits: pl.DataFrame, metrics: pl.DataFrame) -> pl.DataFrame:
    """How much is used of limits that are counted or stand at a level, and by how much it grows a day."""
    counted = limits.join(metrics, on=["account_id", "metric"])
    daily = pl.col("sum_28") / WINDOW / pl.col("included")
    level = daily.median().over("metric") >= LEVEL_SHARE
    return counted.select(
        "account_id",
        "metric",
        "included",
        used=pl.when(level).then(pl.col("peak_28")).otherwise(pl.col("sum_28") * MONTH_DAYS / WINDOW),
        # Over eight weeks; over four where the use is younger; unknown where there is nothing to compare with.
        growth=pl.when(level)
        .then((pl.col("peak_28") - pl.col("peak_29_56")) / WINDOW)
        .otherwise(
            pl.coalesce(
                (pl.col("sum_28") - pl.col("sum_57_84")) / (2 * WINDOW),
                (pl.col("sum_28") - pl.col("sum_29_56")) / WINDOW,
            )
            * (MONTH_DAYS / WINDOW)
        ),
    )
