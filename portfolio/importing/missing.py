"""What the diagnosis cannot see where a file lacks a column. Only what is certain; the rest may be missing in peace."""

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from portfolio.importing.layout import Layout

# File: {columns, all of which must be missing: what follows}.
CONSEQUENCES: dict[str, dict[tuple[str, ...], str | Promise]] = {
    "accounts": {("csm_email", "am_email"): _("the accounts stand in nobody's book")},
    "contacts": {
        ("role",): _("nobody is known to sponsor or decide"),
        ("left_on",): _("nobody is known to have left"),
    },
    "subscriptions": {
        ("term_months", "renews_on"): _("no contract has a decision date"),
        ("notice_days",): _("decision dates equal term ends"),
        ("plan_id",): _("usage is compared with no plan's limits"),
    },
    "products": {("need_phrases",): _("no need is heard in tickets and exchanges")},
    "invoices": {
        ("due_on",): _("no invoice counts as late"),
        ("paid_on",): _("every invoice past its due date counts as unpaid"),
    },
    "tickets": {
        ("solved_at",): _("every ticket counts as open"),
        ("due_at",): _("no ticket counts as past due"),
        ("priority",): _("no ticket counts as severe"),
    },
    "interactions": {("contact_emails",): _("nobody is known to have taken part")},
}


def find_missing(layout: Layout) -> list[list[str]]:
    """The groups of missing columns that something follows from."""
    groups = CONSEQUENCES.get(layout.file.name, {})
    found = [list(columns) for columns in groups if set(columns) <= set(layout.missing)]
    # Without a term there is no date that a notice could move.
    return [columns for columns in found if columns != ["notice_days"] or ["term_months", "renews_on"] not in found]


def describe_missing(file: str, columns: list[str]) -> str:
    """What follows from it, in the active language."""
    return str(CONSEQUENCES[file][tuple(columns)])
