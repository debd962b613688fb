"""Contracts as they were known on a day: what runs, its ARR due, the end of its term and its decision date.

The rules of portfolio/terms.py, for all contracts and many days at once.
"""

from datetime import date, timedelta

import polars as pl

from diagnostics.kpis.frames import add_arr, add_months, whole_months

CONTRACTS = (
    "day", "account_id", "subscription_id", "contract_id", "product_id", "plan_id", "started_on", "term_months",
    "auto_renews", "arr", "renews_on", "decision_on", "decides_on", "notice_given_on", "ends_on", "lapsed_on",
)  # fmt: skip


def add_terms(periods: pl.DataFrame) -> pl.DataFrame:
    """Periods with `term_on`, the first day of their term, and `next_on`, when the next of the subscription begins.

    A change of plan, seats or price inside a term begins no new one; a stated term, a first period, a gap and the end
    of the term before do.
    """
    own = pl.col("subscription_id")
    # Neighbours in their order: a window over each of 25,000 subscriptions is ten times as much work.
    frame = periods.sort("subscription_id", "started_on").with_columns(opens=own.ne_missing(own.shift(1)))
    follows, ends = ~pl.col("opens"), pl.col("opens").shift(-1, fill_value=True)
    frame = frame.with_columns(
        next_on=pl.when(~ends).then(pl.col("started_on").shift(-1)),
        before_on=pl.when(follows).then(pl.col("started_on").shift(1)),
        before_ended_on=pl.when(follows).then(pl.col("ended_on").shift(1)),
        before_months=pl.when(follows).then(pl.col("term_months").shift(1)).fill_null(0),
    )
    began = (
        pl.col("term_started_on").is_not_null()
        | pl.col("opens")
        | (pl.col("before_ended_on") < pl.col("started_on")).fill_null(False)
        | (pl.col("started_on") >= add_months(pl.col("before_on"), pl.col("before_months"))).fill_null(False)
    )
    frame = frame.with_columns(began=began).with_columns(
        begun=pl.when("began").then(pl.coalesce("term_started_on", "started_on")).forward_fill(),
        months=pl.when("began").then(pl.col("term_months").fill_null(0)).forward_fill(),
    )
    inside = pl.col("started_on") < add_months(pl.col("begun"), pl.col("months"))
    return frame.with_columns(
        term_on=pl.coalesce("term_started_on", pl.when(inside).then("begun").otherwise("started_on"))
    ).drop("opens", "before_on", "before_ended_on", "before_months", "began", "begun", "months")


def contracts_on(
    periods: pl.DataFrame,
    days: list[date],
    *,
    rates: pl.DataFrame,
    first_month: int = 1,
    grace_days: int = 30,
    in_order: bool = True,
) -> pl.DataFrame:
    """One row per day and contract that runs on it, columns CONTRACTS; nothing dated later is known.

    `arr` is what falls due at the term's end (NULL: no plan rate). `decision_on` is the term's end less its notice and
    may lie before the day; `decides_on` is the next decision ahead: the term's end where nothing renews by itself,
    else that of the term after. `ends_on`: the end under notice. `lapsed_on`: it ran out within the grace.
    By day and decision; by account where they need not be `in_order`.
    """
    known = _spread_over(add_terms(periods), sorted(set(days)))
    return decide(known, rates=rates, first_month=first_month, grace_days=grace_days, in_order=in_order)


def decide(
    known: pl.DataFrame, *, rates: pl.DataFrame, first_month: int, grace_days: int, in_order: bool = True
) -> pl.DataFrame:
    """Columns CONTRACTS of the contracts that run on their `day`, from the period of each that is current on it.

    `known`: columns PERIODS, day and term_on. Periods that ended before the grace may be missing.
    """
    day = pl.col("day")
    known = known.with_row_index("row").with_columns(
        end_on=pl.when(pl.col("ended_on") <= day).then("ended_on"),
        notice_given_on=pl.when(pl.col("notice_given_on") <= day).then("notice_given_on"),
        notice_days=pl.col("notice_days").fill_null(0),
    )
    late = _find_late(known, grace_days)
    live = known.filter(pl.col("end_on").is_null() | pl.col("row").is_in(late.implode()))
    live = _add_decisions(live)
    live = add_arr(live, rates, day, first_month=first_month)
    under_notice = pl.col("notice_given_on").is_not_null()
    live = live.with_columns(
        lapsed_on=pl.col("end_on"),
        ends_on=pl.when(under_notice).then(
            pl.coalesce(pl.when(pl.col("ended_on") > day).then("ended_on"), pl.col("renews_on"))
        ),
    ).select(CONTRACTS)
    return live.sort("day", "decides_on", "account_id", "subscription_id", nulls_last=True) if in_order else live


def _spread_over(periods: pl.DataFrame, days: list[date]) -> pl.DataFrame:
    """One row per period and day on which it is its subscription's last begun, by account; with `day`."""
    asked = pl.Series("day", days, dtype=pl.Date)
    first = asked.search_sorted(periods["started_on"], side="left")
    after = asked.search_sorted(periods["next_on"].fill_null(days[-1] + timedelta(days=1)), side="left")
    placed = periods.with_columns(first=first, after=pl.Series(after)).filter(pl.col("first") < pl.col("after"))
    placed = placed.sort("account_id", maintain_order=True)
    rows = placed.with_columns(place=pl.int_ranges("first", "after")).drop("first", "after").explode("place")
    return rows.with_columns(day=asked.gather(rows["place"])).drop("place")


def _find_late(known: pl.DataFrame, grace_days: int) -> pl.Series:
    """The rows of contracts that ran out within the grace, where nothing else of the account runs: the last of each."""
    key = ["day", "account_id"]
    recent = pl.col("end_on") > pl.col("day") - pl.duration(days=grace_days)
    ended = known.select("row", *key, "end_on").filter(recent)
    running = known.select(*key, "end_on").filter(pl.col("end_on").is_null()).join(ended, on=key, how="semi")
    alone = ended.join(running, on=key, how="anti")
    return alone.filter(pl.col("end_on") == pl.col("end_on").max().over(key))["row"]


def _add_decisions(live: pl.DataFrame) -> pl.DataFrame:
    """Columns renews_on (the next term's end after the day), decision_on and decides_on."""
    day, months = pl.col("day"), pl.col("term_months")
    anchor = pl.coalesce("renews_on", "term_on")
    over = pl.max_horizontal(whole_months(anchor, day), pl.lit(0, dtype=pl.Int32)) // months
    next_end = pl.when(months > 0).then(add_months(anchor, (over + 1) * months))
    frame = live.with_columns(renews_on=pl.when(pl.col("renews_on") > day).then("renews_on").otherwise(next_end))
    notice = pl.duration(days=pl.col("notice_days"))
    frame = frame.with_columns(decision_on=pl.col("renews_on") - notice)
    passed = ~(pl.col("decision_on") > day).fill_null(False)
    renews_itself = pl.col("auto_renews").eq_missing(False)
    # Few are past it: only their next term is worked out.
    next_term = add_months(pl.col("renews_on"), pl.when(passed & ~renews_itself).then(months))
    return frame.with_columns(
        decides_on=pl.when(~passed)
        .then("decision_on")
        # Its notice is over: it renews, and the next term's decision comes.
        .when(renews_itself)
        .then("renews_on")
        .otherwise(next_term - notice)
    )
