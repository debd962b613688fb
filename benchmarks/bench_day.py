"""The day: one account of a book of 500 gets a new fact and is diagnosed again, with 90 days of usage in the book.

The whole of what the worker does is measured, commit included: the lease, the accounts that wait, the yardsticks of the
book, the diagnosis of the account and its movements. The floor is the one statement that the features of a night begin
with, the usage of the book added up per account, in a context of its own. Floor and day take turns.
"""

import argparse
import time
import uuid
from collections.abc import Iterator
from datetime import timedelta

import psycopg
from django.db import connection
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization, User
from benchmarks.bench_night import DAYS, FLOOR, FLOOR_TABLE, make_organization, run_before
from benchmarks.bench_screens import percentile
from benchmarks.figures import Figure
from benchmarks.scratch import scratch_database
from diagnostics.acts import local_day
from diagnostics.day import diagnose_arrived, note_arrival
from phano.celery import keep_what_is_loaded
from portfolio.models import Account, Ticket

ACCOUNTS = 500
ROUNDS, WARM = 60, 5
LIMIT_MS = 50.0


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Milliseconds at the 95th percentile."""
    with scratch_database() as admin:
        admin.execute(FLOOR_TABLE)
        owner = User.objects.create_user("owner@bench.example")
        organization_id = make_day(admin, owner)
        with service_context(organization_id):
            ids = list(Account.objects.order_by("source_id").values_list("pk", flat=True))
        # As a worker's process begins.
        keep_what_is_loaded()
        times = [measure(organization_id, ids[turn % ACCOUNTS]) for turn in range(WARM + ROUNDS)][WARM:]
        floors, days = zip(*times, strict=True)
        label = f"one account of {ACCOUNTS}, p95"
        yield Figure("day", f"{label}, against the book's usage added up", percentile(days), "ms", percentile(floors))
        yield Figure("day", f"{label}, against what it may take", percentile(days), "ms", LIMIT_MS, 1.0)


def make_day(admin: psycopg.Connection, owner: User) -> uuid.UUID:
    """An organization whose last nights are those of the clock: the day that is not over is today."""
    organization_id = make_organization(admin, owner, "bench-day", ACCOUNTS, night=local_day(Organization()))
    admin.execute("VACUUM ANALYZE")
    for days in (31, 2, 1):
        run_before(organization_id, local_day(Organization()) - timedelta(days=days))
    return organization_id


def measure(organization_id: uuid.UUID, account_id: uuid.UUID) -> tuple[float, float]:
    """Milliseconds of the floor, and of the day after a ticket of now."""
    today = local_day(Organization())
    statement = FLOOR.format(organization=organization_id, first=today - timedelta(days=DAYS - 1), night=today)
    began = time.perf_counter()
    with service_context(organization_id), connection.cursor() as cursor:
        cursor.execute(statement)
    floored = time.perf_counter()
    with service_context(organization_id):
        Ticket.objects.create(
            source_id=str(uuid.uuid4()), account_id=account_id, opened_at=timezone.now(), priority="urgent"
        )
        note_arrival(organization_id, {account_id})
    arrived = time.perf_counter()
    assert diagnose_arrived(organization_id).accounts == 1
    return (floored - began) * 1000, (time.perf_counter() - arrived) * 1000
