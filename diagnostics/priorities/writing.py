"""Priorities of a night: candidates → owners → weight → acts → pools → rank → one INSERT that chooses the contacts."""

from dataclasses import dataclass

import psycopg
from django.db.backends.utils import CursorWrapper

from diagnostics.book import DiagnosedBook
from diagnostics.few_rows import insert_few
from diagnostics.models import Priority
from diagnostics.priorities import contacts
from diagnostics.priorities.candidates import Candidate, find_candidates
from diagnostics.priorities.pooling import Felt, ask_felt, pool_candidates
from diagnostics.priorities.ranking import assign_owners, keep_first_left_out, keep_one_per_account, rank, weigh
from diagnostics.priorities.suppression import ask_acts, suppress

DELETE = "DELETE FROM diagnostics_priority WHERE organization_id = %s AND night = %s"
WRITTEN = (
    "account_id", "kind", "subject", "lever", "owner_email", "rank", "left_out", "left_out_until", "effect", "base",
    "probability", "share", "urgency", "deadline", "decision_on", "facts", "also", "news", "pool", "event_id",
    "pool_accounts", "pool_arr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundPriorities:
    """What a night found: the rows to keep, how many there were, and how many of each owner are not kept as rows."""

    kept: list[Candidate]
    count: int
    unlisted: dict[str, int]


def find_priorities(cursor: CursorWrapper, book: DiagnosedBook, felt: Felt | None = None) -> FoundPriorities:
    """The night's priorities, ranked and with what is left out; reads acts and events, and writes nothing.

    `felt`: what `ask_felt` gave, where it was asked beforehand.
    """
    organization, night = book.organization, book.night
    acts = book.acts if book.acts is not None else ask_acts(cursor, organization, night)()
    felt = felt or ask_felt(cursor, book)
    found = find_candidates(book)
    assign_owners(found, book)
    weigh(found, night)
    suppress(found, book, acts)
    found = keep_one_per_account(found)
    pool_candidates(found, book, felt)
    found = rank(found, organization.priorities_a_day)
    kept, unlisted = keep_first_left_out(found)
    return FoundPriorities(kept, len(found), unlisted)


def write_priorities(
    cursor: CursorWrapper, book: DiagnosedBook, felt: Felt | None = None
) -> tuple[int, dict[str, int]]:
    """Replace the night's priorities; returns how many were found, and how many of each owner were not kept as rows."""
    found = find_priorities(cursor, book, felt)
    sources = [signal.source for signal in book.model.declarations]
    psycopg.Cursor(cursor.connection).execute(DELETE, [book.organization.id, book.night])
    rows = [
        {name: getattr(one, name) for name in WRITTEN}
        | {"addressees": contacts.name_addressees(one.kind, one.top_cause, sources)}
        for one in found.kept
    ]
    contact = (("contact_id", "contact.id"),)
    insert_few(cursor, Priority, book.organization.id, book.night, rows, join=contacts.JOIN, also=contact)
    return found.count, found.unlisted
