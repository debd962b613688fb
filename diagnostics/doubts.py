"""The kinds of facts that contradict themselves, each declared once: its source and file, and what was done about it.

The statements that find them are diagnostics.queries.quality_statements, by the same names.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from diagnostics.engine.confidence import CONTRADICTORY, LEFT, STALE, WORTH
from diagnostics.queries.causes import SOURCES

# Use and tickets so long before the first paid day may be a trial (diagnostics/features/usage.py draws the same line).
TRIAL_DAYS = 60
# A customer-since date so long after the first paid day is no slip of an invoice run.
SINCE_DAYS = 31


@dataclass(frozen=True, slots=True)
class Doubt:
    """One kind. `done`: what the diagnosis does with such facts; `contradicts`: they lower their source's confidence.

    `counted`: whether causes rest on them.
    """

    label: str | Promise
    done: str | Promise
    source: str
    file: str
    contradicts: bool = False
    counted: bool = True


DOUBTS: Mapping[str, Doubt] = {
    "usage_unpaid": Doubt(
        _("Use outside any subscription"),
        _("Counted as use. More than 60 days before the first paid day, usage counts as contradictory."),
        "usage",
        "usage",
        contradicts=True,
    ),
    "usage_negative": Doubt(
        _("Negative quantities of use"),
        _("Added up as they stand, so that a correction corrects; usage counts as contradictory for 84 days."),
        "usage",
        "usage",
        contradicts=True,
    ),
    "usage_unknown_metric": Doubt(
        _("Use of a metric that no plan limits and no signal knows"),
        _(
            "It counts as activity only where an account has no events, people or features. A row in plan_limits or "
            "the name of a known metric makes it say more."
        ),
        "usage",
        "usage",
        counted=False,
    ),
    "periods_overlap": Doubt(
        _("Overlapping periods of one subscription"),
        _("Counted once: each period ends where the next begins; billing counts as contradictory."),
        "billing",
        "subscriptions",
        contradicts=True,
    ),
    "subscription_dates": Doubt(
        _("A period that ends before it begins"),
        _("Left out of ARR: it never runs."),
        "billing",
        "subscriptions",
        counted=False,
    ),
    "subscription_negative": Doubt(
        _("A negative price or number of seats"),
        _("Taken off ARR as it stands; negative seats are left out of every share of seats."),
        "billing",
        "subscriptions",
    ),
    "currency_without_rate": Doubt(
        _("A currency without a plan rate for this fiscal year"),
        _(
            "Left out of ARR and of every amount until plan_rates holds the rate; the periods themselves count, and "
            "billing counts as contradictory."
        ),
        "billing",
        "subscriptions",
        contradicts=True,
    ),
    "plan_of_other_product": Doubt(
        _("A plan of another product than the subscription’s"),
        _("Price and limits are the plan’s, everything else the subscription’s."),
        "billing",
        "subscriptions",
    ),
    "invoice_dates": Doubt(
        _("An invoice due or paid before it was issued"),
        _("Its days count as they stand: lateness runs from the due date."),
        "billing",
        "invoices",
    ),
    "tickets_before_signup": Doubt(
        _("Tickets before sign-up"),
        _("Counted like any ticket of their day; support counts as contradictory for 400 days."),
        "support",
        "tickets",
        contradicts=True,
    ),
    "ticket_dates": Doubt(
        _("A ticket answered, solved or reopened before it was opened"),
        _("Each date counts as it stands: with a day of solution the ticket is solved."),
        "support",
        "tickets",
    ),
    "contact_dates": Doubt(
        _("A contact who left before being known"),
        _("Counts as somebody who left on that day."),
        "crm",
        "contacts",
    ),
    "customer_since_late": Doubt(
        _("Customer since a day after the first paid one"),
        _("The earlier of both days is the beginning."),
        "crm",
        "accounts",
        counted=False,
    ),
    "accounts_alike": Doubt(
        _("Accounts alike by domain or name"),
        _("Both stay, each with its own facts: only you can say whether they are one."),
        "crm",
        "accounts",
        counted=False,
    ),
    "plans_unused": Doubt(
        _("Plans of the catalogue that nobody has"),
        _("They stay the next step of the plan below them, and so a price to expand to."),
        "billing",
        "plans",
        counted=False,
    ),
}


def kinds_of(source: str) -> list[str]:
    """The kinds of a source, in the order in which they are declared."""
    return [kind for kind, doubt in DOUBTS.items() if doubt.source == source]


def lost_confidence(kind: str, states: list[int] | None) -> float:
    """How much confidence an account's diagnosis lost to facts of this kind, from 0 to 1; `states` by source."""
    doubt = DOUBTS[kind]
    if not doubt.contradicts or not states or states[SOURCES.index(doubt.source)] != CONTRADICTORY:
        return 0.0
    return WORTH[doubt.source] * (1 - LEFT[CONTRADICTORY])


def lost_to_staleness(source: str) -> float:
    """How much confidence every account loses to a stale source that it has."""
    return WORTH[source] * (1 - LEFT[STALE])
