"""One cause shared by several accounts is one row of a list: pools, found after the acts and before the rank.

A product event is shared by the accounts to retain that have its product and whose points of usage and support fell
since the last night before it: the two coincide, which is all that is said. On small accounts, the same first signal
(or the same plain subject) of one person is shared as well; an account in defense always stands alone. So does one
to retain that decides within two weeks or gave notice: it is owed a call of its own, though it shares the cause.
"""

from typing import Any

import polars as pl
from django.db.backends.utils import CursorWrapper

from diagnostics.book import DiagnosedBook

LEAST_SHARED = 3  # accounts; fewer are no shared cause
EVENT_DAYS = 60  # how long after it an event may be felt
SLACK_DAYS = 15  # how much older than the event the night before it may be
ALONE_DAYS = 14  # before its decision an account to retain stands alone
LEAST_FALL = 5.0  # points of health, in usage and support together
MOST_COUNTED = 32_000  # accounts of a pool; more are not told apart
PLAIN_KINDS = ("owner", "plan")  # say the same of every account, without a signal
SIGNAL_KINDS = ("retain", "upsell", "seats", "usage", "cross_sell", "price")
FELT_IN = ("usage", "support")

# The accounts that had an event's product when it came, with their points on the last night before it.
FELT = """
WITH event AS MATERIALIZED (
    SELECT e.id, e.happened_on, e.product_id, e.source_id, before.night
    FROM portfolio_productevent e JOIN LATERAL (
        SELECT n.night FROM diagnostics_night n
        WHERE n.organization_id = %(organization)s AND n.night < e.happened_on AND n.night >= e.happened_on - %(slack)s
        ORDER BY n.night DESC LIMIT 1
    ) before ON true
    WHERE e.organization_id = %(organization)s AND e.happened_on BETWEEN %(night)s - %(days)s AND %(night)s
)
SELECT event.id::text, event.happened_on, event.source_id, d.account_id::text, d.points
FROM event JOIN diagnostics_diagnosis d ON d.organization_id = %(organization)s AND d.night = event.night
WHERE d.account_id = ANY(%(accounts)s::uuid[]) AND (event.product_id IS NULL OR EXISTS (
    SELECT FROM portfolio_subscription s
    WHERE s.organization_id = %(organization)s AND s.account_id = d.account_id AND s.product_id = event.product_id
        AND s.started_on <= event.happened_on AND (s.ended_on IS NULL OR s.ended_on > event.happened_on)))
"""
FELT_SCHEMA: dict[str, Any] = {
    "event_id": pl.String,
    "happened_on": pl.Date,
    "source_id": pl.String,
    "account_id": pl.String,
    "before": pl.List(pl.Float64),
}
NO_EVENT = pl.DataFrame(schema={"account_id": pl.String, "event_id": pl.String})


def pool_candidates(cursor: CursorWrapper, candidates: pl.DataFrame, book: DiagnosedBook) -> pl.DataFrame:
    """Columns pool ('' where a row stands alone), event_id, and the accounts and ARR that share the cause in all."""
    sizes = book.diagnoses.select("account_id", "arr", "segment", "value_segment").hstack(book.features.select("tier"))
    frame = candidates.join(sizes, on="account_id", how="left", maintain_order="left")
    events = find_shared_events(cursor, candidates, book)
    frame = frame.join(events, on="account_id", how="left", maintain_order="left")
    names = pl.lit(pl.Series(book.model.signals)).gather(pl.col("top_cause").cast(pl.Int64) - 1)
    small = ((pl.col("tier") == "smb") | (pl.col("value_segment") == "C")) & (pl.col("segment") != "defense_priority")
    alike = (
        pl.when(pl.col("kind").is_in(PLAIN_KINDS))
        .then("kind:" + pl.col("kind"))
        .when(pl.col("kind").is_in(SIGNAL_KINDS))
        .then("signal:" + pl.col("kind") + ":" + names)
    )
    frame = frame.with_columns(
        event_id=pl.when(pl.col("kind") == "retain").then(pl.col("event_id")),
        alike=pl.when(small.fill_null(False) & (pl.col("left_out") == "")).then(alike),
    )
    several = pl.col("alike").count().over("owner_email", "alike") >= LEAST_SHARED
    cause = (
        pl.when(pl.col("event_id").is_not_null())
        .then("event:" + pl.col("event_id"))
        .when(several & pl.col("alike").is_not_null())
        .then(pl.col("alike"))
        .otherwise(pl.lit(""))
    )
    days = (pl.col("deadline") - pl.lit(book.night)).dt.total_days()
    noticed = pl.col("facts").str.json_path_match("$.on").is_not_null() & (pl.col("kind") == "retain")
    alone = (days.is_between(0, ALONE_DAYS) & (pl.col("kind") == "retain")).fill_null(False) | noticed.fill_null(False)
    frame = frame.with_columns(cause=cause)
    shared = pl.col("cause") != ""
    return frame.with_columns(
        pool=pl.when(alone).then(pl.lit("")).otherwise(pl.col("cause")),
        pool_accounts=pl.when(shared).then(pl.len().over("cause").clip(None, MOST_COUNTED).cast(pl.Int16)),
        pool_arr=pl.when(shared).then(pl.col("arr").fill_null(0.0).sum().over("cause").round(2)),
    ).drop("arr", "segment", "value_segment", "tier", "alike", "cause")


def find_shared_events(cursor: CursorWrapper, candidates: pl.DataFrame, book: DiagnosedBook) -> pl.DataFrame:
    """Columns account_id and event_id: the event that each account to retain shares with others, if there is one."""
    accounts = candidates.filter(pl.col("kind") == "retain")["account_id"].unique(maintain_order=True)
    if accounts.len() < LEAST_SHARED:
        return NO_EVENT
    felt = read_felt(cursor, book, accounts.to_list())
    if not felt.height:
        return NO_EVENT
    now = book.diagnoses.select("account_id", "points")
    falls = measure_falls(felt.join(now, on="account_id", maintain_order="left"), book)
    shared = falls.filter(pl.col("account_id").len().over("event_id") >= LEAST_SHARED)
    # An account that felt several is counted to the one it fell most after.
    first = shared.sort("fall", "happened_on", "source_id", descending=[True, True, False])
    return first.unique("account_id", keep="first", maintain_order=True).select("account_id", "event_id")


def read_felt(cursor: CursorWrapper, book: DiagnosedBook, accounts: list[str]) -> pl.DataFrame:
    """The events of the last 60 days with the accounts that had their product, columns `FELT_SCHEMA`."""
    named: dict[str, Any] = {"organization": book.organization.id, "night": book.night, "accounts": accounts}
    cursor.execute(FELT, named | {"days": EVENT_DAYS, "slack": SLACK_DAYS})
    return pl.DataFrame(cursor.fetchall(), schema=FELT_SCHEMA, orient="row")


def measure_falls(felt: pl.DataFrame, book: DiagnosedBook) -> pl.DataFrame:
    """The rows whose points of usage and support fell by `LEAST_FALL` or more since before the event; column fall."""
    heard = [float(signal.score == "health" and signal.source in FELT_IN) for signal in book.model.declarations]
    heard += [0.0] * (len(book.model.names) - len(heard))
    comparable = felt.filter(pl.col("before").list.len() == len(heard))
    mask = pl.lit(pl.Series([heard], dtype=pl.List(pl.Float64)))
    fall = ((pl.col("before") - pl.col("points")) * mask).list.sum()
    return comparable.with_columns(fall=fall).filter(pl.col("fall") >= LEAST_FALL)
