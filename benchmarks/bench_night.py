"""The night: organizations of 500 accounts, 90 days of usage with two metrics a day, tickets, invoices and contacts.

Most accounts are well, as in a real book: one in twelve is used less and less, a few pay late or wait for an answer.
The floor of an organization is one SQL statement, run in the same context, that adds its usage up into two sums and
inserts one row per account. Floor and night take turns, organization by organization, on data that a night before has
already read; the two runs of an organization's night (`Seconds`) change places from one to the next. The nights that
movements compare exist: the one before, and one a month or a little more before either.
"""

import argparse
import time
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from statistics import median

import psycopg
from django.db import connection
from django.db.backends.utils import CursorWrapper

from accounts.context import service_context
from accounts.models import Organization, User
from accounts.organizations import found_organization
from benchmarks.figures import Figure
from benchmarks.importing import peak_megabytes
from benchmarks.scratch import scratch_database
from diagnostics.engine import diagnose
from diagnostics.models import Diagnosis, Movement, Priority
from diagnostics.movements import ask_moves, ask_past, write_movements
from diagnostics.night import diagnose_book, write_found, write_night
from diagnostics.priorities.pooling import ask_felt
from diagnostics.priorities.suppression import ask_acts
from diagnostics.priorities.writing import write_priorities
from diagnostics.sending import sent_ahead
from diagnostics.writing import pack_diagnoses
from phano.celery import keep_what_is_loaded
from portfolio.usage_months import pack_usage

NIGHT = date(2026, 6, 30)
DAYS = 90
ACCOUNTS = 500
SIZES = (250, 500, 1000, 2000)
ENGINE_MICROSECONDS = 50.0

DATA = """
INSERT INTO portfolio_product (id, organization_id, source_id, name, core)
SELECT gen_random_uuid(), %(organization)s, 'product-' || n, 'Product ' || n, n = 1 FROM generate_series(1, 3) n;
INSERT INTO portfolio_plan (id, organization_id, source_id, product_id, name, rank, list_price_monthly)
SELECT gen_random_uuid(), %(organization)s, p.source_id || '-' || n, p.id, 'Plan ' || n, n, 500 * n
FROM portfolio_product p, generate_series(1, 3) n WHERE p.organization_id = %(organization)s;
INSERT INTO portfolio_planlimit (id, organization_id, plan_id, metric, included)
SELECT gen_random_uuid(), %(organization)s, id, 'seats', 20 * rank FROM portfolio_plan
WHERE organization_id = %(organization)s;
INSERT INTO portfolio_account (id, organization_id, source_id, name, tier, country, csm_email, customer_since)
SELECT gen_random_uuid(), %(organization)s, 'account-' || n, 'Account ' || n,
       (ARRAY['enterprise', 'mid_market', 'smb'])[1 + n %% 3], (ARRAY['FR', 'DE', 'NL', 'SE'])[1 + n %% 4],
       'csm' || n %% 10 || '@bench.example', %(night)s::date - 60 - (n * 37) %% 900
FROM generate_series(1, %(accounts)s) n;
CREATE TEMP TABLE own ON COMMIT DROP AS
SELECT id, customer_since, (row_number() OVER (ORDER BY source_id))::int AS n FROM portfolio_account
WHERE organization_id = %(organization)s;
INSERT INTO portfolio_subscription (id, organization_id, source_id, account_id, product_id, plan_id, started_on,
    term_months, notice_days, seats, mrr)
SELECT gen_random_uuid(), %(organization)s, 'subscription-' || own.n, own.id, plan.product_id, plan.id,
       own.customer_since, 12, 30, 10 + own.n %% 30, 200 + (own.n * 7919) %% 4000
FROM own JOIN LATERAL (
    SELECT id, product_id FROM portfolio_plan WHERE organization_id = %(organization)s ORDER BY source_id
    OFFSET own.n %% 9 LIMIT 1
) plan ON true;
INSERT INTO portfolio_invoice (id, organization_id, source_id, account_id, issued_on, due_on, paid_on, amount)
SELECT gen_random_uuid(), %(organization)s, 'invoice-' || own.n || '-' || m, own.id, day, day + 30,
       CASE WHEN m > 1 OR own.n %% 25 > 0 THEN day + 12 + (own.n * 5 + m * 7) %% 20 END, 900
FROM own, generate_series(0, 11) m, LATERAL (SELECT %(night)s::date - 30 * m AS day) d;
INSERT INTO portfolio_ticket (id, organization_id, source_id, account_id, opened_at, due_at, solved_at, priority,
    subject, body, requester_email)
SELECT gen_random_uuid(), %(organization)s, 'ticket-' || own.n || '-' || m, own.id, at, at + interval '2 days',
       CASE WHEN m > 0 OR own.n %% 30 > 0 THEN at + interval '1 day' END,
       (ARRAY['normal', 'low', 'normal', 'high'])[1 + (m + own.n) %% 4], '', '', ''
FROM own, generate_series(0, 3) m,
     LATERAL (SELECT %(night)s::timestamptz - ((own.n * 13 + m * 29) %% 120) * interval '1 day' AS at) d;
INSERT INTO portfolio_contact (id, organization_id, source_id, account_id, name, email, phone, role, word_hashes)
SELECT gen_random_uuid(), %(organization)s, 'contact-' || own.n || '-' || m, own.id, '', '', '',
       (ARRAY['decision_maker', 'champion', 'user'])[1 + m], '{}'
FROM own, generate_series(0, 2) m;
INSERT INTO portfolio_usage (organization_id, account_id, metric, day, quantity)
SELECT %(organization)s, own.id, metric, %(night)s::date - d,
       round((CASE metric WHEN 'events' THEN 60 ELSE 8 END) * (1 + own.n %% 5)
             * (0.85 + ((own.n * 31 + d * 17) %% 30) / 100.0)
             * (CASE WHEN own.n %% 12 = 0 THEN 1 - (%(days)s - d) / 120.0 ELSE 1 END))
FROM own, generate_series(0, %(days)s - 1) d, unnest(ARRAY['events', 'active_users']) metric;
"""
# Without triggers the database has not noted it.
BEHIND = """
INSERT INTO portfolio_usagechange (id, organization_id, first_on, last_on)
VALUES (gen_random_uuid(), %(organization)s, %(night)s::date - %(days)s, %(night)s)
"""
FLOOR_TABLE = """
CREATE TABLE bench_floor (organization_id uuid, account_id uuid, events float8, active_users float8);
GRANT ALL ON bench_floor TO phano_app;
"""
FLOOR = """
INSERT INTO bench_floor (organization_id, account_id, events, active_users)
SELECT organization_id, account_id, sum(quantity) FILTER (WHERE metric = 'events'),
       sum(quantity) FILTER (WHERE metric = 'active_users')
FROM portfolio_usage
WHERE organization_id = '{organization}' AND day BETWEEN '{first}' AND '{night}'
GROUP BY organization_id, account_id
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Figures of the night, in seconds over all organizations, and of its growth with the number of accounts."""
    with scratch_database() as admin:
        admin.execute(FLOOR_TABLE)
        owner = User.objects.create_user("owner@bench.example")
        organizations = [make_organization(admin, owner, f"bench-{n}", ACCOUNTS) for n in range(options.organizations)]
        sizes = {size: make_organization(admin, owner, f"size-{size}", size) for size in SIZES}
        admin.execute("VACUUM ANALYZE")
        peaks = []
        for organization in organizations:
            run_nights_before(organization)
            peaks.append(peak_megabytes())
        for organization in sizes.values():
            run_nights_before(organization)

        # As a worker's process begins.
        keep_what_is_loaded()
        times = [measure(organization, whole_first=turn % 2 == 1) for turn, organization in enumerate(organizations)]
        floor = sum(one.floor for one in times)
        label = f"{len(organizations)} organizations × {ACCOUNTS} accounts"
        yield Figure("night", f"diagnosis, {label}", sum(one.diagnosis for one in times), "s", floor, 2.0)
        extra = sum(one.extra for one in times)
        yield Figure("night", f"movements and priorities beside it, {label}", extra, "s", floor, 0.5)
        apart = sum(one.apart for one in times)
        yield Figure("night", f"movements and priorities behind it, {label}", apart, "s", floor, 0.5)
        ratios = [one.diagnosis / one.floor for one in times]
        yield Figure("night", "diagnosis, median ratio of an organization", median(ratios), "× floor")
        ratios = [one.extra / one.floor for one in times]
        yield Figure("night", "movements and priorities beside it, median ratio", median(ratios), "× floor")
        after = f"peak memory after {len(organizations)} organizations against after the first"
        yield Figure("night", after, peaks[-1], "MB", peaks[0], 1.1)
        for size in (ACCOUNTS, SIZES[-1]):
            seconds = measure_engine(sizes[size])
            name = f"engine alone, per account on one core, {size} accounts, against 20,000 a second"
            yield Figure("night", name, seconds / size * 1e6, "µs", ENGINE_MICROSECONDS, 1.0)

        best = {size: min(time_whole(organization) for _ in range(5)) for size, organization in sizes.items()}
        for size in SIZES[1:]:
            before = size // 2
            yield Figure(
                "night",
                f"whole night per account, {size} accounts against {before}",
                best[size] / size * 1000,
                "ms",
                best[before] / before * 1000,
                1.25,
            )


def make_organization(
    admin: psycopg.Connection, owner: User, slug: str, accounts: int, night: date = NIGHT
) -> uuid.UUID:
    """One organization with its facts up to the end of `night`, made in sets."""
    organization = found_organization(name=slug, slug=slug, owner=owner, with_trial=False)
    months = "SELECT portfolio_make_usage_month(m::date) FROM generate_series(%s::date, %s, '1 month') m"
    with admin.transaction():
        admin.execute(months, [(night - timedelta(days=DAYS)).replace(day=1), night])
        # Keys are not what is measured; checking them would take most of the time.
        admin.execute("SET LOCAL session_replication_role = replica")
        values = {"organization": organization.id, "accounts": accounts, "night": night, "days": DAYS}
        cursor = psycopg.ClientCursor(admin)
        cursor.execute(DATA, values)
        cursor.execute(BEHIND, values)
    # As the end of an import does.
    pack_usage(organization.id)
    return organization.id


def run_nights_before(organization_id: uuid.UUID) -> None:
    """The nights that movements compare; and the floor's rows, read once as the night's are.

    A window that the first of them opens on a limit already reached ends thirty days later: were the first a month
    before the last, half of the book's windows would end together on the night that is measured.
    """
    for days in (45, 30, 1):
        run_before(organization_id, NIGHT - timedelta(days=days))
    with service_context(organization_id), connection.cursor() as cursor:
        run_floor(cursor, organization_id)


def run_floor(cursor: CursorWrapper, organization_id: uuid.UUID) -> None:
    """The one statement of the floor."""
    first = NIGHT - timedelta(days=DAYS - 1)
    cursor.execute(FLOOR.format(organization=organization_id, first=first, night=NIGHT))


def run_before(organization_id: uuid.UUID, night: date) -> None:
    """A whole night that is not measured."""
    with service_context(organization_id):
        write_night(diagnose_book(Organization.objects.get(), night), time.monotonic())


@dataclass(frozen=True, slots=True)
class Seconds:
    """Of one organization, each with its commit left out.

    `diagnosis` ends when its rows are written, `whole` as production runs it: movements and priorities are worked out
    while PostgreSQL writes the diagnoses, so that they cost the difference, `extra`. `apart`: what they would take
    behind the written diagnoses, with all that they read, nothing beside them.
    """

    floor: float
    diagnosis: float
    whole: float
    apart: float

    @property
    def extra(self) -> float:
        return self.whole - self.diagnosis


def measure(organization_id: uuid.UUID, *, whole_first: bool = False) -> Seconds:
    """One run of each, in a transaction of its own that meets no row of the night, as a night does.

    None is rolled back: the driver would forget its prepared statements with it, and all would be planned anew.
    """
    seconds = {"floor": time_floor(organization_id)}
    if whole_first:
        seconds["whole"] = time_whole(organization_id)
    seconds["diagnosis"], seconds["apart"] = time_apart(organization_id)
    if not whole_first:
        seconds["whole"] = time_whole(organization_id)
    return Seconds(**seconds)


def time_floor(organization_id: uuid.UUID) -> float:
    """Seconds of the one statement."""
    with service_context(organization_id), connection.cursor() as cursor:
        began = time.perf_counter()
        run_floor(cursor, organization_id)
        return time.perf_counter() - began


def time_whole(organization_id: uuid.UUID) -> float:
    """Seconds of diagnosis, movements and priorities as production runs them."""
    clear_night(organization_id)
    with service_context(organization_id), connection.cursor() as cursor:
        began = time.perf_counter()
        write_found(cursor, diagnose_book(Organization.objects.get(), NIGHT))
        return time.perf_counter() - began


def time_apart(organization_id: uuid.UUID) -> tuple[float, float]:
    """Seconds of the diagnosis with nothing read but for it, and of movements with priorities behind it."""
    clear_night(organization_id)
    with service_context(organization_id), connection.cursor() as cursor:
        began = time.perf_counter()
        book = diagnose_book(Organization.objects.get(), NIGHT, compared=False)
        assert book.continued is not None
        assert book.versions is not None
        pack_diagnoses(cursor, organization_id, NIGHT, book.diagnoses)()
        diagnosed = time.perf_counter()
        with sent_ahead(cursor):
            past = ask_past(cursor, book.organization, NIGHT, book.versions, book.continued)
            acts, felt = ask_acts(cursor, book.organization, NIGHT), ask_felt(cursor, book)
            book = replace(book, past=past(), acts=acts())
            write_movements(cursor, book, ask_moves(cursor, book)())
            write_priorities(cursor, book, felt)
        return diagnosed - began, time.perf_counter() - diagnosed


def clear_night(organization_id: uuid.UUID) -> None:
    """Take the rows of the night away."""
    with service_context(organization_id):
        for model in (Diagnosis, Movement, Priority):
            model.objects.filter(night=NIGHT).delete()


def measure_engine(organization_id: uuid.UUID) -> float:
    """Seconds of one core that the engine takes for a book whose features are there: the least of several runs."""
    with service_context(organization_id):
        book = diagnose_book(Organization.objects.get(), NIGHT)
    seconds = []
    for _ in range(10):
        began = time.process_time()
        diagnose(book.features, book.model, NIGHT, book.previous, conformed=True)
        seconds.append(time.process_time() - began)
    return min(seconds)
