"""Every term end that contracts have had: what was due, what came after, and whether that is known yet."""

from datetime import date

import polars as pl

from diagnostics.kpis.contracts import add_terms
from diagnostics.kpis.frames import add_arr, add_months, money, whole_months

SUBSCRIPTION = "subscription_id"
END = [SUBSCRIPTION, "term_end_on"]


def list_decisions(
    periods: pl.DataFrame,
    *,
    today: date,
    rates: pl.DataFrame,
    parents: pl.DataFrame,
    first_month: int = 1,
    grace_days: int = 30,
) -> pl.DataFrame:
    """One row per term end up to `today`; nothing dated later is known.

    Columns: account_id, subscription_id, term_months, term_end_on, decision_on (the term end less the notice), due,
    after, open. `due` is the contract's ARR as it ended, `after` that of what followed it, both at the plan rate of
    the term end's fiscal year (NULL: none). An early renewal and a contract broken off count at the old term end. What
    followed: the same subscription, also after a gap within the grace, else those of its family that began within the
    grace of its end, with the account or one of the same parent. `open`: nothing followed and the grace still runs.
    """
    known = periods.filter(pl.col("started_on") <= today).with_columns(
        ended_on=pl.when(pl.col("ended_on") <= today).then("ended_on")
    )
    rows = add_terms(known).with_columns(stop_on=pl.min_horizontal("next_on", "ended_on"))
    ends = _list_term_ends(rows, today)
    ends = add_arr(ends, rates, pl.col("term_end_on"), first_month=first_month).rename({"arr": "due"})
    grace = pl.duration(days=grace_days)
    own = _follow_itself(ends, rows, grace)
    others = _follow_in_family(ends.join(own, on=END, how="anti"), rows, parents, grace)
    after = pl.concat([own, others]).join(ends.select(*END, "account_id"), on=END, how="inner")
    after = add_arr(after, rates, pl.col("term_end_on"), first_month=first_month)
    after = after.group_by(END).agg(after=pl.col("arr").sum(), among=pl.col("among").first())
    ends = ends.join(after, on=END, how="left", maintain_order="left")
    ends = _share_followers(ends)
    return ends.select(
        "account_id",
        *END,
        "term_months",
        "due",
        pl.col("after").fill_null(money(0)),
        decision_on=pl.col("term_end_on") - pl.duration(days=pl.col("notice_days").fill_null(0)),
        open=pl.col("after").is_null() & (pl.col("term_end_on") + grace > pl.lit(today)),
    ).sort("term_end_on", "account_id", SUBSCRIPTION)


def _list_term_ends(rows: pl.DataFrame, today: date) -> pl.DataFrame:
    """Rows of periods with `term_end_on`: each end the period lived to, and the one of a term that it broke off."""
    stated = pl.col("renews_on").is_not_null()
    months, anchor = pl.col("term_months"), pl.col("anchor")
    frame = rows.filter(months > 0).with_columns(
        anchor=pl.coalesce("renews_on", "term_on"), lived_to=pl.coalesce("stop_on", pl.lit(today))
    )
    passed = pl.max_horizontal(whole_months(anchor, pl.col("lived_to")), pl.lit(0, dtype=pl.Int32)) // months
    reached = pl.col("lived_to") >= anchor
    frame = frame.with_columns(
        first=pl.when(stated).then(0).otherwise(1), done=pl.when(reached).then(passed).otherwise(-1)
    )
    places = pl.int_ranges(pl.col("first"), pl.col("done").cast(pl.Int64) + 1)
    lived = frame.with_columns(place=places).explode("place").drop_nulls("place")
    same_term = (pl.col("term_on").shift(-1).over(SUBSCRIPTION) == pl.col("term_on")).fill_null(False)
    completed = (pl.col("done") >= pl.col("first")) & (
        add_months(anchor, pl.col("done") * months) == pl.col("lived_to")
    )
    broken = frame.filter(pl.col("stop_on").is_not_null(), ~same_term, ~completed)
    broken = broken.with_columns(place=pl.max_horizontal(pl.col("done") + 1, pl.col("first")).cast(pl.Int64))
    ends = pl.concat([lived, broken]).with_columns(term_end_on=add_months(anchor, pl.col("place") * months))
    ends = ends.filter(pl.col("term_end_on") > pl.col("started_on"), pl.col("term_end_on") <= today)
    return ends.sort(SUBSCRIPTION, "started_on").unique(END, keep="last", maintain_order=True)


def _follow_itself(ends: pl.DataFrame, rows: pl.DataFrame, grace: pl.Expr) -> pl.DataFrame:
    """END, mrr, currency and among of the period of the same subscription that runs on the end, or soon after."""
    end, started = pl.col("term_end_on"), pl.col("started_on")
    found = ends.select(END).join(
        rows.select(SUBSCRIPTION, "started_on", "stop_on", "mrr", "currency"), on=SUBSCRIPTION, how="inner"
    )
    runs = (started <= end) & (pl.col("stop_on").is_null() | (pl.col("stop_on") > end))
    found = found.filter(runs | ((started > end) & (started <= end + grace)))
    return found.sort("started_on").group_by(END).first().select(*END, "mrr", "currency", among=pl.lit(None, pl.Date))


def _follow_in_family(ends: pl.DataFrame, rows: pl.DataFrame, parents: pl.DataFrame, grace: pl.Expr) -> pl.DataFrame:
    """The same of subscriptions that took the place of one that stopped; `among`: those that stopped that day share."""
    tops = rows.join(parents, on="account_id", how="left").with_columns(top=pl.coalesce("parent", "account_id"))
    first = tops.group_by(SUBSCRIPTION).agg(begun_on=pl.col("started_on").min())
    takers = tops.join(first, on=SUBSCRIPTION).select(
        "top", "family", "started_on", "stop_on", "begun_on", "mrr", "currency", taker=SUBSCRIPTION
    )
    gone = ends.join(parents, on="account_id", how="left").select(
        *END, "family", gone_on="stop_on", top=pl.coalesce("parent", "account_id")
    )
    gone = gone.drop_nulls("gone_on").join(takers, on=["top", "family"], how="inner")
    gone = gone.filter(
        pl.col("taker") != pl.col(SUBSCRIPTION),
        pl.col("begun_on") >= pl.col("gone_on"),
        pl.col("begun_on") <= pl.col("gone_on") + grace,
    )
    seen = pl.max_horizontal("term_end_on", "begun_on")
    runs = (pl.col("started_on") <= seen) & (pl.col("stop_on").is_null() | (pl.col("stop_on") > seen))
    return gone.filter(runs).select(*END, "mrr", "currency", among="gone_on")


def _share_followers(ends: pl.DataFrame) -> pl.DataFrame:
    """Contracts that stopped together share what took their place, each up to its own amount, in order."""
    group = ["account_id", "family", "among"]
    before = pl.col("due").cum_sum().over(group) - pl.col("due")
    left = pl.max_horizontal(pl.col("after") - before, money(0))
    return ends.with_columns(after=pl.when(pl.col("among").is_null()).then("after").otherwise(left))
