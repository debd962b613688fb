"""Every subject that could be acted on after a night, kind by kind.

The expected effect of acting is

    base (ARR due, or the room of the lever) × probability × share

where for defense the probability is that of losing the base (renewal risk where a decision falls within 90 days, else
churn risk) and the share is how much of that risk acting in time usually removes; for growth the probability is
potential ÷ 100 and the share is 1. The shares are assumptions, stated here and shown with each priority, until an
organization has outcomes of its own.
"""

from dataclasses import dataclass
from functools import lru_cache

import polars as pl

from diagnostics.book import DiagnosedBook

GROWTH = ("upsell", "seats", "usage", "cross_sell", "price")

# What acting removes of the risk, by the source of the first cause: an unpaid invoice or an open ticket has an end
# that someone can bring about; use that has gone comes back more rarely.
RETAIN_SHARE = {"usage": 0.5, "support": 0.7, "billing": 0.7, "crm": 0.6}
UNEXPLAINED_SHARE = 0.5
NOTICED_SHARE = 0.1  # a notice that is given is rarely taken back
RENEWAL_SHARE = 0.4
SPONSOR_SHARE = 0.6
PLAN_SHARE = 0.2
OWNER_SHARE = 0.3
OPPORTUNITY_SHARE = 0.5  # of an opportunity that somebody takes up again
DEFAULT_OPPORTUNITY_PROBABILITY = 0.3  # where no potential is given

RISK_DAYS = 90
SILENT_DAYS = 30  # without any exchange
SILENT_DECIDER_DAYS = 45  # without one with somebody who decides
LONG_TERM_MONTHS = 3  # shorter terms decide every month: no renewal to prepare
STALE_OPPORTUNITY_DAYS = 30
SPONSOR_DAYS = 180
PLAN_DAYS = {True: 90, False: 180}  # strategic accounts, others

FEATURES = (
    "has_owner", "csm_email", "am_email", "strategic", "term_months", "notice_given_on", "ends_on", "arr_due_90",
    "contacts_known", "exchanges_known", "sponsors", "sponsor_left_on", "last_exchange_on", "last_decider_on",
    "plan_updated_on", "open_opportunity_arr", "opportunity_moved_on", "discount_percent",
)  # fmt: skip
DIAGNOSED = (
    "account_id", "night", "arr", "potential", "churn_risk", "renewal_risk", "lever", "decision_on", "window_ends_on",
    "top_cause", *(f"{lever}_arr" for lever in GROWTH),
)  # fmt: skip
COLUMNS = (
    "account_id", "kind", "subject", "lever", "base", "probability", "share", "deadline", "decision_on",
    "top_cause", "facts", "csm_email", "am_email",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Kind:
    """On which accounts of the joined frame a kind of subject stands, and what it says of them."""

    name: str
    holds: pl.Expr
    columns: list[pl.Expr]


def find_candidates(book: DiagnosedBook) -> pl.DataFrame:
    """All subjects of the night, columns `COLUMNS`; an account may stand in several rows."""
    frame = _join_features(book)
    kinds = _write_kinds(tuple(signal.source for signal in book.model.declarations))
    standing = frame.select(kind.holds.fill_null(False).alias(kind.name) for kind in kinds)
    if not frame["has_owner"].any():
        # Where nobody is named at all, that nobody is named says nothing of an account.
        standing = standing.with_columns(owner=False)
    found = [frame.filter(standing[kind.name]).select(kind.columns) for kind in kinds if standing[kind.name].any()]
    return pl.concat(found) if found else frame.clear().select(kinds[0].columns)


def _join_features(book: DiagnosedBook) -> pl.DataFrame:
    """Diagnoses beside the features that candidates read; both are sorted by account."""
    return book.diagnoses.select(DIAGNOSED).hstack(book.features.select(FEATURES)).with_columns(_STATE)


_days_to_decision = (pl.col("decision_on") - pl.col("night")).dt.total_days()
_decides_soon = _days_to_decision.is_between(0, RISK_DAYS)
_arr_due = pl.when(pl.col("arr_due_90") > 0).then(pl.col("arr_due_90")).otherwise(pl.col("arr"))
_STATE = (
    _decides_soon.fill_null(False).alias("decides_soon"),
    pl.when(_decides_soon).then(_arr_due).otherwise(pl.col("arr")).alias("due"),
    pl.when(_decides_soon)
    .then(pl.coalesce("renewal_risk", "churn_risk"))
    .otherwise(pl.coalesce("churn_risk", "renewal_risk"))
    .alias("risk"),
    pl.when(_days_to_decision >= 0).then(pl.col("decision_on")).alias("next_decision"),
    (pl.col("lever") == "retain").alias("defended"),
    pl.col("notice_given_on").is_not_null().alias("noticed"),
)


@lru_cache(maxsize=64)
def _write_kinds(sources: tuple[str, ...]) -> tuple[Kind, ...]:
    """The kinds in the order of their rows; `sources` by signal number, from 1. Written once per numbering and kept."""
    return (_retain(sources), _growth(), _renewal(), _sponsor(), _opportunity(), _plan(), _owner())


def _kind(
    name: str,
    holds: pl.Expr,
    *,
    base: pl.Expr,
    probability: pl.Expr,
    share: pl.Expr | float,
    deadline: pl.Expr,
    kind: pl.Expr | None = None,
    lever: str | pl.Expr = "",
    **facts: pl.Expr,
) -> Kind:
    told = pl.struct(fact.alias(name) for name, fact in facts.items()).struct.json_encode() if facts else pl.lit("{}")
    kind = pl.lit(name) if kind is None else kind
    return Kind(
        name,
        holds,
        [
            pl.col("account_id"),
            kind.alias("kind"),
            kind.alias("subject"),
            (pl.lit(lever) if isinstance(lever, str) else lever).alias("lever"),
            base.cast(pl.Float64).round(2).alias("base"),
            probability.cast(pl.Float64).round(6).alias("probability"),
            (pl.lit(share) if isinstance(share, float) else share).cast(pl.Float64).alias("share"),
            deadline.cast(pl.Date).alias("deadline"),
            pl.col("decision_on"),
            pl.col("top_cause"),
            told.alias("facts"),
            pl.col("csm_email", "am_email").fill_null(""),
        ],
    )


def _days_since(column: str) -> pl.Expr:
    return (pl.col("night") - pl.col(column)).dt.total_days()


def _retain(sources: tuple[str, ...]) -> Kind:
    shares = pl.Series([RETAIN_SHARE[source] for source in sources])
    explained = pl.lit(shares).gather(pl.col("top_cause").cast(pl.Int64) - 1)
    return _kind(
        "retain",
        pl.col("defended"),
        base=pl.col("due"),
        probability=pl.col("risk"),
        lever="retain",
        share=pl.when(pl.col("noticed")).then(NOTICED_SHARE).otherwise(explained.fill_null(UNEXPLAINED_SHARE)),
        deadline=pl.coalesce("next_decision", pl.when(pl.col("noticed")).then(pl.col("ends_on"))),
        on=pl.col("notice_given_on"),
        until=pl.col("ends_on"),
    )


def _growth() -> Kind:
    """The room of the lever that is open; one lever at a time."""
    rooms = pl.coalesce(pl.when(pl.col("lever") == lever).then(pl.col(f"{lever}_arr")) for lever in GROWTH)
    return _kind(
        "growth",
        pl.col("lever").is_in(GROWTH),
        kind=pl.col("lever"),
        base=rooms,
        probability=pl.col("potential") / 100,
        share=1.0,
        deadline=pl.col("window_ends_on"),
        lever=pl.col("lever"),
        discount=pl.when(pl.col("lever") == "price").then(pl.col("discount_percent").round(1)),
    )


def _renewal() -> Kind:
    """A decision within 90 days, and nobody who decides was heard for 45 days (nobody at all for 30)."""
    silent = (_days_since("last_decider_on").fill_null(9999) >= SILENT_DECIDER_DAYS) & (
        _days_since("last_exchange_on").fill_null(9999) >= SILENT_DAYS
    )
    return _kind(
        "renewal",
        pl.col("decides_soon")
        & (pl.col("term_months").fill_null(12) >= LONG_TERM_MONTHS)
        & pl.col("exchanges_known")
        & silent
        & ~pl.col("defended")
        & ~pl.col("noticed"),
        base=pl.col("due"),
        probability=pl.col("risk"),
        share=RENEWAL_SHARE,
        deadline=pl.col("next_decision"),
        on=pl.max_horizontal("last_decider_on", "last_exchange_on"),
        until=pl.col("next_decision"),
    )


def _sponsor() -> Kind:
    """A sponsor left within 180 days and none is left."""
    return _kind(
        "sponsor",
        pl.col("contacts_known")
        & (pl.col("sponsors").fill_null(0) == 0)
        & (_days_since("sponsor_left_on") <= SPONSOR_DAYS)
        & ~pl.col("defended"),
        base=pl.col("due"),
        probability=pl.col("risk"),
        share=SPONSOR_SHARE,
        deadline=pl.col("next_decision"),
        on=pl.col("sponsor_left_on"),
    )


def _opportunity() -> Kind:
    """An open opportunity that has not moved for 30 days; on an account to retain nothing is sold."""
    return _kind(
        "opportunity",
        (pl.col("open_opportunity_arr") > 0)
        & (_days_since("opportunity_moved_on") >= STALE_OPPORTUNITY_DAYS)
        & ~pl.col("defended"),
        base=pl.col("open_opportunity_arr"),
        probability=(pl.col("potential") / 100).fill_null(DEFAULT_OPPORTUNITY_PROBABILITY),
        share=OPPORTUNITY_SHARE,
        deadline=pl.lit(None, dtype=pl.Date),
        on=pl.col("opportunity_moved_on"),
        amount=pl.col("open_opportunity_arr"),
    )


def _plan() -> Kind:
    """An account plan that nobody updated or reviewed for 90 days on a strategic account, for 180 on another."""
    age = _days_since("plan_updated_on")
    allowed = pl.when(pl.col("strategic").fill_null(False)).then(PLAN_DAYS[True]).otherwise(PLAN_DAYS[False])
    return _kind(
        "plan",
        (age > allowed) & ~pl.col("defended"),
        base=pl.col("due"),
        probability=pl.col("risk"),
        share=PLAN_SHARE,
        deadline=pl.col("next_decision"),
        on=pl.col("plan_updated_on"),
    )


def _owner() -> Kind:
    """An account without CSM and AM, in an organization that names them."""
    return _kind(
        "owner",
        ~pl.col("has_owner"),
        base=pl.col("due"),
        probability=pl.col("risk"),
        share=OWNER_SHARE,
        deadline=pl.col("next_decision"),
    )
