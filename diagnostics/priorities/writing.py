"""Priorities of a night: candidates → owners → weight → acts → pools → rank → one INSERT that chooses the contacts."""

from dataclasses import dataclass

import polars as pl
import psycopg
from django.db.backends.utils import CursorWrapper

from diagnostics.book import DiagnosedBook
from diagnostics.models import Priority
from diagnostics.priorities import contacts
from diagnostics.priorities.candidates import find_candidates
from diagnostics.priorities.pooling import Felt, ask_felt, pool_candidates
from diagnostics.priorities.ranking import assign_owners, keep_first_left_out, keep_one_per_account, rank, weigh
from diagnostics.priorities.suppression import ask_acts, suppress
from diagnostics.writing import insert_night_rows

DELETE = "DELETE FROM diagnostics_priority WHERE organization_id = %s AND night = %s"
WRITTEN = (
    "account_id", "kind", "subject", "lever", "owner_email", "rank", "left_out", "left_out_until", "effect", "base",
    "probability", "share", "urgency", "deadline", "decision_on", "facts", "also", "news", "pool", "event_id",
    "pool_accounts", "pool_arr",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FoundPriorities:
    """What a night found: the rows to keep, how many there were, and how many of each owner are not kept as rows."""

    kept: pl.DataFrame
    count: int
    unlisted: dict[str, int]


def find_priorities(cursor: CursorWrapper, book: DiagnosedBook, felt: Felt | None = None) -> FoundPriorities:
    """The night's priorities, ranked and with what is left out; reads acts and events, and writes nothing.

    `felt`: what `ask_felt` gave, where it was asked beforehand.
    """
    organization, night = book.organization, book.night
    acts = book.acts if book.acts is not None else ask_acts(cursor, organization, night)()
    felt = felt or ask_felt(cursor, book)
    found = assign_owners(find_candidates(book))
    found = keep_one_per_account(suppress(weigh(found, night), book, acts))
    found = rank(pool_candidates(found, book, felt), organization.priorities_a_day)
    kept, unlisted = keep_first_left_out(found)
    return FoundPriorities(kept, found.height, unlisted)


def write_priorities(
    cursor: CursorWrapper, book: DiagnosedBook, felt: Felt | None = None
) -> tuple[int, dict[str, int]]:
    """Replace the night's priorities; returns how many were found, and how many of each owner were not kept as rows."""
    found = find_priorities(cursor, book, felt)
    sources = [signal.source for signal in book.model.declarations]
    psycopg.Cursor(cursor.connection).execute(DELETE, [book.organization.id, book.night])
    insert_night_rows(
        cursor,
        Priority,
        book.organization.id,
        book.night,
        found.kept.select(*WRITTEN, contacts.name_addressees(sources).alias("addressees")),
        join=contacts.JOIN,
        also=(("contact_id", "contact.id"),),
    )
    return found.count, found.unlisted
