"""The feature frame of a night, put together from one frame per kind of fact."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import polars as pl

from diagnostics.engine import conform

from .accounts import ask_accounts
from .exchanges import ask_exchanges
from .invoices import ask_invoices
from .limits import ask_limits, find_nearest_limits
from .needs import ask_needs
from .planning import ask_planning
from .reading import Facts, FeatureSettings, planned_in_sets
from .subscriptions import ask_subscriptions
from .support import ask_support
from .usage import TRIAL_DAYS, add_earlier, ask_marks, summarize_metrics
from .usage_months import UsageMonths

# What is joined by account as it comes.
KINDS = (ask_invoices, ask_support, ask_exchanges, ask_planning, ask_needs)
# Where the organization keeps such facts at all, an account without any of them has none: a fact, not a gap.
ZERO_WHERE_KNOWN = {
    "support_known_to": (
        "tickets_90", "tickets_open", "tickets_overdue", "severe_90", "severe_open", "reopened_90", "good_180",
        "bad_180",
    ),
    "billing_known_to": ("invoices_365", "paid_on_time_365", "overdue_invoices", "failed_90"),
    "contacts_known": ("contacts", "sponsors", "sponsors_left", "detractors", "supporters", "threads_90"),
    "exchanges_known": ("meetings_90", "cancelled_90"),
    "milestones_known": ("milestones",),
}  # fmt: skip
# These say the same of every account, also of one without a row of its own.
OF_THE_BOOK = (
    "support_known_to",
    "billing_known_to",
    "crm_known_to",
    "usage_known_to",
    "contacts_known",
    "exchanges_known",
    "reviews_known",
    "milestones_known",
)


def compute_features(
    cursor: Any,
    organization_id: uuid.UUID,
    night: date,
    settings: FeatureSettings,
    *,
    beside: Callable[[], None] | None = None,
) -> pl.DataFrame:
    """The columns `engine.FEATURES`, one row per customer account of the night, sorted by account.

    An account is in it if it is known by then and has not churned: a subscription runs or ended within the grace, or
    it never had one. Call it inside the organization's context: other organizations' rows cannot be seen. `beside` may
    ask for more where it costs least; it is answered when this returns.
    """
    with planned_in_sets(cursor) as pipeline:
        facts = Facts(cursor, organization_id, night, settings)
        # The driver waits for all that was asked. So what comes next is asked as soon as what came before is here, and
        # this becomes frames while PostgreSQL works; the statement that takes longest goes last.
        asked_accounts, asked_marks, asked_limits = ask_accounts(facts), ask_marks(facts), ask_limits(facts)
        accounts = asked_accounts()
        months = UsageMonths(facts, accounts["account_id"])
        marks, limits = asked_marks(), asked_limits()
        pipeline.sync()
        asked = [ask(facts) for ask in KINDS]
        metrics = months.read()
        used = summarize_metrics(facts, metrics, marks)
        pipeline.sync()
        if beside:
            beside()
        asked_subscriptions = ask_subscriptions(facts)
        for answer in asked:
            accounts = accounts.join(answer(), on="account_id", how="left")
        frame = accounts.join(asked_subscriptions(), on="account_id", how="left")
        begun = (pl.col("customer_since") <= night).fill_null(True) | pl.col("running").fill_null(False)
        frame = frame.filter(pl.col("running").fill_null(True) & begun)
        usage = add_earlier(months, used, frame)
        for part in (usage, find_nearest_limits(limits, metrics, usage)):
            frame = frame.join(part, on="account_id", how="left")
        frame = frame.with_columns(
            running=pl.col("running").fill_null(False), crm_known_to=pl.col("last_known_on").max()
        )
        frame = frame.with_columns(
            *(pl.col(name).max() for name in OF_THE_BOOK),
            support_contradicts=pl.col("first_ticket_on")
            < pl.min_horizontal("customer_since", "first_paid_on") - pl.duration(days=TRIAL_DAYS),
        )
        return conform(_keep_known(_fill_zeros(frame), night))


def _fill_zeros(frame: pl.DataFrame) -> pl.DataFrame:
    known = [source for source in ZERO_WHERE_KNOWN if frame[source].dtype == pl.Date or frame[source].any()]
    known = [source for source in known if frame[source].count()]
    return frame.with_columns(pl.col(name).fill_null(0) for source in known for name in ZERO_WHERE_KNOWN[source])


def _keep_known(frame: pl.DataFrame, night: date) -> pl.DataFrame:
    """The accounts known by the night: since customer_since, or, where that is empty, since their first dated fact."""
    dated = ("last_used_on", "last_ticket_on", "last_known_on", "survey_on", "opportunity_moved_on", "plan_updated_on")
    has_facts = pl.any_horizontal(pl.col(dated).is_not_null(), pl.col("contacts") > 0, pl.col("milestones") > 0)
    since = pl.col("customer_since")
    known = pl.col("running") | (since <= night).fill_null(False) | (since.is_null() & has_facts.fill_null(False))
    # A date to come is not known yet; the contract that runs is.
    return frame.filter(known).with_columns(customer_since=pl.when(since <= night).then(since))
