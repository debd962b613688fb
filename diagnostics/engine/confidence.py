"""How much is known: the state of each source, confidence, and which scores may be given."""

import polars as pl

MISSING, STALE, CONTRADICTORY, FRESH = 0, 1, 2, 3
# What a source is worth when complete, and what is left of it in each state.
WORTH = {"usage": 0.35, "support": 0.2, "billing": 0.25, "crm": 0.2}
LEFT = (0.0, 0.5, 0.4, 1.0)  # by state
# Days without a new fact in the whole organization after which a source counts as stale. Usage comes
# every day; invoices may be quarterly; tickets and exchanges of a small book may pause for some weeks.
STALE_AFTER_DAYS = {"usage": 4, "support": 45, "billing": 100, "crm": 45}


def _state(known: pl.Expr, known_to: str, source: str, contradicted: pl.Expr | None = None) -> pl.Expr:
    age = (pl.col("night") - pl.col(known_to)).dt.total_days()
    fresh = pl.when((age > STALE_AFTER_DAYS[source]).fill_null(False)).then(STALE).otherwise(FRESH)
    if contradicted is not None:
        fresh = pl.when(contradicted.fill_null(False)).then(CONTRADICTORY).otherwise(fresh)
    return pl.when(known.fill_null(False)).then(fresh).otherwise(MISSING).cast(pl.Int8).alias(source)


_billed = pl.col("running").fill_null(False) | (pl.col("invoices_365").fill_null(0) > 0)
# Written once: written anew for each book they cost more than they compute.
_STATES = (
    _state(pl.col("last_used_on").is_not_null(), "usage_known_to", "usage", pl.col("usage_contradicts")),
    _state(pl.col("support_known_to").is_not_null(), "support_known_to", "support", pl.col("support_contradicts")),
    _state(_billed, "billing_known_to", "billing", pl.col("periods_overlap") | pl.col("amount_unknown")),
    _state(pl.col("crm_known_to").is_not_null(), "crm_known_to", "crm"),
)
_CONFIDENCE = (
    pl.sum_horizontal(pl.lit(pl.Series(LEFT)).gather(pl.col(source)) * worth for source, worth in WORTH.items())
    .round(2)
    .alias("confidence")
)
_SCORED = (pl.col("usage") > MISSING) & pl.any_horizontal(pl.col("support", "billing", "crm") > MISSING)


def judge_sources(measured: pl.DataFrame) -> pl.DataFrame:
    """Columns usage, support, billing, crm with each account's state of that source.

    Usage is known where the account was ever used: an account that never appears in the usage source is
    not silent, it is unknown. Billing is known where a subscription ran or an invoice was due. Support
    and CRM are known to the organization as a whole: an account without tickets is a fact, not a gap.
    """
    return measured.select(_STATES)


def compute_confidence(sources: pl.DataFrame) -> pl.Series:
    """What is known of what could be, from 0 to 1, to two digits."""
    return sources.select(_CONFIDENCE).to_series()


def may_score_health(sources: pl.DataFrame) -> pl.Series:
    """True where usage and one more source are known; subscriptions count as billing."""
    return sources.select(_SCORED).to_series()
