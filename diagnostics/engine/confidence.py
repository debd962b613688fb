"""How much is known: the state of each source, confidence, and which scores may be given."""

import numpy as np
from numpy.typing import NDArray

from .columns import Columns, Marks, Numbers, round_digits

MISSING, STALE, CONTRADICTORY, FRESH = 0, 1, 2, 3
# What a source is worth when complete, and what is left of it in each state.
WORTH = {"usage": 0.35, "support": 0.2, "billing": 0.25, "crm": 0.2}
LEFT = (0.0, 0.5, 0.4, 1.0)  # by state
# Days without a new fact in the whole organization after which a source counts as stale. Usage comes
# every day; invoices may be quarterly; tickets and exchanges of a small book may pause for some weeks.
STALE_AFTER_DAYS = {"usage": 4, "support": 45, "billing": 100, "crm": 45}


def judge_sources(book: Columns) -> NDArray[np.int8]:
    """Each account's state (row) of usage, support, billing and crm (columns).

    Usage is known where the account was ever used: an account that never appears in the usage source is
    not silent, it is unknown. Billing is known where a subscription ran or an invoice was due. Support
    and CRM are known to the organization as a whole: an account without tickets is a fact, not a gap.
    """
    known = {
        "usage": book.known("last_used_on"),
        "support": book.known("support_known_to"),
        "billing": book.holds("running") | (book["invoices_365"] > 0),
        "crm": book.known("crm_known_to"),
    }
    contradicted: dict[str, Marks] = {
        "usage": book.holds("usage_contradicts"),
        "support": book.holds("support_contradicts"),
        "billing": book.holds("periods_overlap") | book.holds("amount_unknown"),
        "crm": np.zeros(len(book), dtype=bool),
    }
    states = np.empty((len(book), len(WORTH)), dtype=np.int8)
    for place, source in enumerate(WORTH):
        old = book["night"] - book[f"{source}_known_to"] > STALE_AFTER_DAYS[source]
        told = np.where(contradicted[source], CONTRADICTORY, np.where(old, STALE, FRESH))
        states[:, place] = np.where(known[source], told, MISSING)
    return states


def compute_confidence(sources: NDArray[np.int8]) -> Numbers:
    """What is known of what could be, from 0 to 1, to two digits."""
    usage, support, billing, crm = (np.array(LEFT)[sources] * list(WORTH.values())).T
    return round_digits((usage + support) + (billing + crm), 2)


def may_score_health(sources: NDArray[np.int8]) -> Marks:
    """True where usage and one more source are known; subscriptions count as billing."""
    return (sources[:, 0] > MISSING) & (sources[:, 1:] > MISSING).any(axis=1)
