"""The day: accounts whose facts changed since last night are diagnosed again, and only they.

The yardsticks are measured over the whole book as the day stands: a median, or the last day that a source knows, is
no single account's. Only the rows of the accounts concerned are scored and written. They are provisional, part of no
night: the night of the day replaces their movements, and what a day found changes no later diagnosis.
"""

import uuid
from collections.abc import Callable, Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.book import DiagnosedBook
from diagnostics.engine import diagnose
from diagnostics.engine.diagnosis import measure_book
from diagnostics.few_rows import insert_few
from diagnostics.lease import hold_lease
from diagnostics.model_versions import read_model
from diagnostics.models import ArrivedFacts, DayDiagnosis, Movement, Night
from diagnostics.movements import ask_causes, compare_nights
from diagnostics.moves import Moved, find_moves
from diagnostics.needs import find_voiced_needs
from diagnostics.night_facts import read_night_facts
from diagnostics.sending import sent_ahead
from diagnostics.writing import pack_night_rows, read_versions
from portfolio.usage_months import pack_usage

# What cannot wait for the night. A lever that opens or closes, or a limit that comes nearer, also moves by the calendar
# alone, of which a day that is not over has only a part.
KINDS = ("notice_given", "entered_defense", "left_defense", "entered_expansion", "left_expansion", "health_moved")
# The night's column that says what a source knows, and the feature whose oldest day last night would have known.
SOURCES = {
    "usage_known_to": "last_used_on",
    "support_known_to": "last_ticket_on",
    "billing_known_to": "billing_known_to",
}

NOTE = """
INSERT INTO diagnostics_arrivedfacts (id, organization_id, account_id, arrived_at)
SELECT gen_random_uuid(), account.organization_id, account.id, clock_timestamp()
FROM portfolio_account account WHERE account.organization_id = %s AND account.id = ANY(%s)
ON CONFLICT (organization_id, account_id) DO NOTHING
"""
TAKE = "DELETE FROM diagnostics_arrivedfacts WHERE organization_id = %s RETURNING account_id::text"
FORGET = """
DELETE FROM diagnostics_daydiagnosis WHERE organization_id = %(organization)s
    AND (night <= %(last)s OR account_id = ANY(%(accounts)s::uuid[]))
"""
FORGET_MOVES = """
DELETE FROM diagnostics_movement m WHERE m.organization_id = %(organization)s AND m.night = %(day)s
    AND m.account_id = ANY(%(accounts)s::uuid[]) AND NOT EXISTS (
        SELECT FROM unnest(%(moved)s::uuid[], %(kinds)s::text[]) AS still (account_id, kind)
        WHERE still.account_id = m.account_id AND still.kind = m.kind)
"""
# A movement that was seen before keeps its hour; its figures are today's latest.
SEEN_BEFORE = """
WHERE true ON CONFLICT (organization_id, night, account_id, kind) DO UPDATE
SET arr = excluded.arr, from_value = excluded.from_value, to_value = excluded.to_value, from_code = excluded.from_code,
    to_code = excluded.to_code, since = excluded.since, cause = excluded.cause, cause_points = excluded.cause_points
"""


@dataclass(frozen=True, slots=True)
class DayRun:
    """What a run found: accounts diagnosed, movements flagged, and whether the whole book needs its night again."""

    accounts: int
    movements: int
    new_source: bool = False


def note_arrival(organization_id: uuid.UUID, accounts: Collection[uuid.UUID]) -> None:
    """Keep in mind whose facts changed; one row an account, however often it is told. Needs the open context."""
    with connection.cursor() as cursor:
        cursor.execute(NOTE, [organization_id, list(accounts)])


def diagnose_arrived(organization_id: uuid.UUID, *, wait_seconds: float = 0.0) -> DayRun:
    """Diagnose the accounts that wait, as the day stands, and flag what moved since last night; safe to run twice.

    Raises NightRunning where another run of the organization outlasts `wait_seconds`: the accounts wait on. Without a
    night to continue, or where the night of the day has run, nothing is done.
    """
    with service_context(organization_id):
        organization = Organization.objects.get()
        last = Night.objects.select_related("model_version").order_by("-night").first()
        if last is None or not ArrivedFacts.objects.exists():
            return DayRun(0, 0)
    day = timezone.now().astimezone(organization.zone).date()
    if day <= last.night:
        return DayRun(0, 0)
    pack_usage(organization_id)
    with hold_lease(organization_id, last.night, wait_seconds=wait_seconds) as lease, service_context(organization_id):
        find_voiced_needs()
        with connection.cursor() as cursor:
            cursor.execute(TAKE, [organization_id])
            accounts = sorted(row[0] for row in cursor.fetchall())
            run = write_day(cursor, organization, last, day, accounts) if accounts else DayRun(0, 0)
        lease.give_back()
    return run


def write_day(cursor: CursorWrapper, organization: Organization, last: Night, day: date, accounts: list[str]) -> DayRun:
    """Diagnose these accounts as `day` stands and replace what was found about them before, in the open transaction."""
    book, new_source = diagnose_accounts(cursor, organization, last, day, accounts)
    ids: dict[str, Any] = {"organization": organization.id, "last": last.night, "day": day, "accounts": accounts}
    now = (("at", "clock_timestamp()"),)
    with sent_ahead(cursor):
        moves = ask_day_moves(cursor, book)
        send = pack_night_rows(cursor, DayDiagnosis, organization.id, day, book.diagnoses.drop("night"), also=now)
        moved = moves()
        psycopg.Cursor(cursor.connection).execute(FORGET, ids)
        send()
        ids |= {"moved": [one.account_id for one in moved], "kinds": [one.kind for one in moved]}
        psycopg.Cursor(cursor.connection).execute(FORGET_MOVES, ids)
        rows = [one.list_columns() for one in moved]
        insert_few(cursor, Movement, organization.id, day, rows, join=SEEN_BEFORE, also=now)
    return DayRun(book.diagnoses.height, len(moved), new_source)


def diagnose_accounts(
    cursor: CursorWrapper, organization: Organization, last: Night, day: date, accounts: list[str]
) -> tuple[DiagnosedBook, bool]:
    """The accounts' diagnoses on a day that is not over, after the state of `last` and by its model.

    Also whether the book knows a source that last night did not: then every account's diagnosis is another.
    """
    model = read_model(last.model_version)
    versions = read_versions(cursor, organization.id, day)
    theirs = pl.col("account_id").is_in(accounts)
    with sent_ahead(cursor):
        facts = read_night_facts(cursor, organization, day, versions=versions, continued=last.night)
        assert facts.previous is not None
        assert facts.past is not None
        mine, previous = facts.features.filter(theirs), facts.previous.filter(theirs)
        peers = measure_book(facts.features, day, conformed=True)
        diagnoses = diagnose(mine, model, day, previous, peers, conformed=True)
    book = DiagnosedBook(
        organization, day, last.model_version, model, last.night, previous, mine, diagnoses,
        versions=versions, past=facts.past().filter(theirs),
    )  # fmt: skip
    return book, any(
        getattr(last, known) is None and facts.features.select((pl.col(dated) <= last.night).any()).item()
        for known, dated in SOURCES.items()
    )


def ask_day_moves(cursor: CursorWrapper, book: DiagnosedBook) -> Callable[[], list[Moved]]:
    """Find what moved since last night and cannot wait for the next one; what is returned waits for its causes."""
    versions = book.versions or {}
    moved = [one for one in find_moves(compare_nights(cursor, book, versions)) if one.kind in KINDS]
    return ask_causes(cursor, book, moved, versions)
