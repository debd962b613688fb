"""The feature frame of a night, put together from one answer per kind of fact."""

import uuid
from collections.abc import Callable
from datetime import date
from typing import Any

import numpy as np
import polars as pl

from diagnostics.engine.columns import Marks, count_days, where

from .accounts import ACCOUNTS
from .columns import AccountColumns
from .exchanges import EXCHANGES, PEOPLE, place_exchanges
from .invoices import INVOICES
from .limits import add_nearest_limits, read_limits
from .needs import NEEDS
from .periods import ask_periods
from .planning import PLANNING, place_planning
from .prices import CATALOGUE, Catalogue
from .reading import Facts, FeatureSettings, planned_in_sets
from .subscriptions import add_subscriptions
from .support import SURVEYS, TICKETS
from .usage import MARKS, TRIAL_DAYS, add_earlier, add_usage
from .usage_months import UsageMonths
from .vectors import as_marks, known

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
DATED = ("last_used_on", "last_ticket_on", "last_known_on", "survey_on", "opportunity_moved_on", "plan_updated_on")


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
    with planned_in_sets(cursor):
        facts = Facts(cursor, organization_id, night, settings)
        # Whoever waits for one answer waits for all that was asked: so the next is asked once the last is here, and
        # this is taken in while PostgreSQL works.
        of_accounts, *of_catalogue, marks = facts.ask_together(ACCOUNTS, *CATALOGUE, MARKS)()
        accounts, catalogue = AccountColumns(of_accounts), Catalogue(*of_catalogue)
        asked_periods = ask_periods(facts)
        months = UsageMonths(facts, accounts)
        asked = []
        usage = months.read(lambda: asked.append(facts.ask_together(INVOICES, TICKETS, SURVEYS, PEOPLE, EXCHANGES)))
        used = add_usage(accounts, usage, marks, count_days(night))
        periods = asked_periods(accounts)
        add_subscriptions(accounts, facts, periods, catalogue)
        limits = read_limits(periods, catalogue, count_days(night), settings.grace_days)
        kept = _find_customers(accounts, count_days(night))
        add_earlier(accounts, months.read_earlier(kept & ~used), used)
        add_nearest_limits(accounts, limits, usage)
        asked.append(facts.ask_together(PLANNING, NEEDS))
        if beside:
            beside()
        (invoices, tickets, surveys, people, exchanges), (planning, needs) = (answer() for answer in asked)
        for rows in (invoices, tickets, surveys, needs):
            accounts.place(rows)
        place_exchanges(accounts, people, exchanges)
        place_planning(accounts, planning)
    accounts.keep(kept)
    _tell_of_the_book(accounts)
    _fill_zeros(accounts)
    _keep_known(accounts, count_days(night))
    return accounts.to_frame()


def _find_customers(accounts: AccountColumns, night: int) -> Marks:
    """The accounts that have not churned by the night."""
    running, since = accounts.numbers["running"], accounts.numbers["customer_since"]
    return (running != 0) & ~((since > night) & (running != 1))


def _tell_of_the_book(accounts: AccountColumns) -> None:
    numbers = accounts.numbers
    numbers["running"] = np.nan_to_num(numbers["running"])
    numbers["crm_known_to"] = numbers["last_known_on"]
    for name in OF_THE_BOOK:
        numbers[name] = np.full(accounts.height, np.fmax.reduce(numbers[name], initial=np.nan))
    customer = np.fmin(numbers["customer_since"], numbers["first_paid_on"])
    early = numbers["first_ticket_on"] < customer - TRIAL_DAYS
    numbers["support_contradicts"] = as_marks(early, numbers["first_ticket_on"], customer)


def _fill_zeros(accounts: AccountColumns) -> None:
    for source, names in ZERO_WHERE_KNOWN.items():
        # A day, or a mark that holds.
        if (accounts.numbers[source] > 0).any():
            for name in names:
                accounts.numbers[name] = np.nan_to_num(accounts.numbers[name])


def _keep_known(accounts: AccountColumns, night: int) -> None:
    """The accounts known by the night: since customer_since, or, where that is empty, since their first dated fact."""
    numbers = accounts.numbers
    has_facts = np.any([known(numbers[name]) for name in DATED], axis=0)
    has_facts |= (numbers["contacts"] > 0) | (numbers["milestones"] > 0)
    since = numbers["customer_since"]
    # A date to come is not known yet; the contract that runs is.
    numbers["customer_since"] = where(since <= night, since)
    accounts.keep((numbers["running"] == 1) | (since <= night) | (np.isnan(since) & has_facts))
