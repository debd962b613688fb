"""Contracts as they were known on a day: what runs, its ARR due, the end of its term and its decision date.

The rules of portfolio/terms.py, for all contracts and many days at once.
"""

from datetime import date

import polars as pl

from diagnostics.kpis.frames import add_arr, add_months, days_frame, whole_months

CONTRACTS = (
    "day", "account_id", "subscription_id", "contract_id", "product_id", "plan_id", "started_on", "term_months",
    "auto_renews", "arr", "renews_on", "decision_on", "decides_on", "notice_given_on", "ends_on", "lapsed_on",
)  # fmt: skip


def add_terms(periods: pl.DataFrame) -> pl.DataFrame:
    """Periods with `term_on`, the first day of their term, and `next_on`, when the next of the subscription begins.

    A change of plan, seats or price inside a term begins no new one; a stated term, a first period, a gap and the end
    of the term before do.
    """
    own = "subscription_id"
    frame = periods.sort(own, "started_on").with_columns(
        next_on=pl.col("started_on").shift(-1).over(own),
        before_on=pl.col("started_on").shift(1).over(own),
        before_ended_on=pl.col("ended_on").shift(1).over(own),
        before_months=pl.col("term_months").shift(1).over(own).fill_null(0),
    )
    began = (
        pl.col("term_started_on").is_not_null()
        | pl.col("before_on").is_null()
        | (pl.col("before_ended_on") < pl.col("started_on")).fill_null(False)
        | (pl.col("started_on") >= add_months(pl.col("before_on"), pl.col("before_months"))).fill_null(False)
    )
    frame = frame.with_columns(run=began.cast(pl.Int32).cum_sum().over(own)).with_columns(
        begun=pl.coalesce("term_started_on", "started_on").first().over(own, "run"),
        months=pl.col("term_months").first().over(own, "run").fill_null(0),
    )
    inside = pl.col("started_on") < add_months(pl.col("begun"), pl.col("months"))
    return frame.with_columns(
        term_on=pl.coalesce("term_started_on", pl.when(inside).then("begun").otherwise("started_on"))
    ).drop("before_on", "before_ended_on", "before_months", "run", "begun", "months")


def contracts_on(
    periods: pl.DataFrame, days: list[date], *, rates: pl.DataFrame, first_month: int = 1, grace_days: int = 30
) -> pl.DataFrame:
    """One row per day and contract that runs on it, columns CONTRACTS; nothing dated later is known.

    `arr` is what falls due at the term's end (NULL: no plan rate). `decision_on` is the term's end less its notice and
    may lie before the day; `decides_on` is the next decision ahead: the term's end where nothing renews by itself,
    else that of the term after. `ends_on`: the end under notice. `lapsed_on`: it ran out within the grace.
    """
    day = pl.col("day")
    runs = (pl.col("started_on") <= day) & (pl.col("next_on").is_null() | (pl.col("next_on") > day))
    # Lazy: of every period on every day only those that run are ever held.
    known = add_terms(periods).lazy().join(days_frame(days).lazy(), how="cross").filter(runs).collect()
    return decide(known, rates=rates, first_month=first_month, grace_days=grace_days)


def decide(known: pl.DataFrame, *, rates: pl.DataFrame, first_month: int, grace_days: int) -> pl.DataFrame:
    """Columns CONTRACTS of the contracts that run on their `day`, from the period of each that is current on it.

    `known`: columns PERIODS, day and term_on. Periods that ended before the grace may be missing.
    """
    grace, day = pl.duration(days=grace_days), pl.col("day")
    known = known.with_columns(
        end_on=pl.when(pl.col("ended_on") <= day).then("ended_on"),
        notice_given_on=pl.when(pl.col("notice_given_on") <= day).then("notice_given_on"),
        notice_days=pl.col("notice_days").fill_null(0),
    ).with_columns(
        account_runs=pl.col("end_on").is_null().any().over("day", "account_id"),
        last_end_on=pl.col("end_on").max().over("day", "account_id"),
    )
    late = ~pl.col("account_runs") & (pl.col("end_on") == pl.col("last_end_on")) & (pl.col("end_on") > day - grace)
    live = known.filter(pl.col("end_on").is_null() | late.fill_null(False))
    live = _add_decisions(live)
    live = add_arr(live, rates, day, first_month=first_month)
    under_notice = pl.col("notice_given_on").is_not_null()
    live = live.with_columns(
        lapsed_on=pl.col("end_on"),
        ends_on=pl.when(under_notice).then(
            pl.coalesce(pl.when(pl.col("ended_on") > day).then("ended_on"), pl.col("renews_on"))
        ),
    )
    return live.select(CONTRACTS).sort("day", "decides_on", "account_id", "subscription_id", nulls_last=True)


def _add_decisions(live: pl.DataFrame) -> pl.DataFrame:
    """Columns renews_on (the next term's end after the day), decision_on and decides_on."""
    day, months = pl.col("day"), pl.col("term_months")
    anchor = pl.coalesce("renews_on", "term_on")
    over = pl.max_horizontal(whole_months(anchor, day), pl.lit(0, dtype=pl.Int32)) // months
    next_end = pl.when(months > 0).then(add_months(anchor, (over + 1) * months))
    frame = live.with_columns(renews_on=pl.when(pl.col("renews_on") > day).then("renews_on").otherwise(next_end))
    notice = pl.duration(days=pl.col("notice_days"))
    frame = frame.with_columns(decision_on=pl.col("renews_on") - notice)
    return frame.with_columns(
        decides_on=pl.when(pl.col("decision_on") > day)
        .then("decision_on")
        # Its notice is over: it renews, and the next term's decision comes.
        .when(pl.col("auto_renews").eq_missing(False))
        .then("renews_on")
        .otherwise(add_months(pl.col("renews_on"), months) - notice)
    )
