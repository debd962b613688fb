"""The screens with 10,000 accounts in the organization and 200,000 in the database.

The organization's nights are real ones, run over facts made in sets; the other nineteen organizations are copies of its
accounts and last diagnoses under their own ids. A screen and the empty page take turns, so that both meet the same
machine. The owner sees every account, a CSM opens on the own book.
"""

import argparse
import math
import time
from collections.abc import Iterator
from datetime import date, timedelta
from uuid import UUID

import psycopg
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import NoReverseMatch, reverse

from accounts.context import organization_context
from accounts.models import Membership, Role, User
from accounts.organizations import found_organization
from benchmarks.bench_night import BEHIND
from benchmarks.figures import Figure
from benchmarks.scratch import screen_database
from diagnostics.night import run_night
from diagnostics.quality import examine_facts
from portfolio.models import Account

ACCOUNTS, ORGANIZATIONS = 10_000, 20
ROUNDS = 60
NIGHT = date(2026, 6, 30)
SLUG = "bench"
MOST_QUERIES, MOST_RATIO = 12, 5.0
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
# Transaction control is no query: it asks nothing.
CONTROL = ("BEGIN", "COMMIT", "SAVEPOINT", "RELEASE")

FACTS = """
INSERT INTO portfolio_product (id, organization_id, source_id, name, core)
SELECT gen_random_uuid(), %(organization)s, 'product-' || n, 'Product ' || n, n = 1 FROM generate_series(1, 3) n;
INSERT INTO portfolio_account (id, organization_id, source_id, name, domain, tier, country, csm_email, am_email,
                               customer_since)
SELECT gen_random_uuid(), %(organization)s, 'account-' || n,
       (ARRAY['Alder', 'Brückner', 'Delmas', 'Elbmark', 'Östberg', 'Kestrel', 'Vistula'])[1 + n %% 7] || ' ' || n,
       'a' || n || '.example', (ARRAY['enterprise', 'mid_market', 'smb'])[1 + n %% 3],
       (ARRAY['FR', 'DE', 'NL', 'SE'])[1 + n %% 4], 'csm' || n %% 40 || '@bench.example',
       'am' || n %% 15 || '@bench.example', %(night)s::date - 60 - (n * 37) %% 900
FROM generate_series(1, %(accounts)s) n;
CREATE TEMP TABLE own ON COMMIT DROP AS
SELECT id, customer_since, (row_number() OVER (ORDER BY source_id))::int AS n FROM portfolio_account
WHERE organization_id = %(organization)s;
INSERT INTO portfolio_subscription (id, organization_id, source_id, account_id, product_id, started_on, term_months,
                                    notice_days, seats, mrr)
SELECT gen_random_uuid(), %(organization)s, 'subscription-' || own.n, own.id, product.id, own.customer_since, 12, 30,
       10 + own.n %% 30, 200 + (own.n * 7919) %% 4000
FROM own, portfolio_product product
WHERE product.organization_id = %(organization)s AND product.core;
INSERT INTO portfolio_contact (id, organization_id, source_id, account_id, name, email, phone, role,
                               word_hashes)
SELECT gen_random_uuid(), %(organization)s, 'contact-' || own.n || '-' || c, own.id, '', '', '', 'champion', '{}'
FROM own, generate_series(1, 3) c;
INSERT INTO portfolio_usage (organization_id, account_id, metric, day, quantity)
SELECT %(organization)s, own.id, 'events', day::date,
       (50 + own.n %% 200) * CASE WHEN own.n %% 12 = 0 AND day > %(night)s::date - 40 THEN 0.3 ELSE 1 END
FROM own, generate_series(%(night)s::date - 83, %(night)s::date, '4 days') day;
INSERT INTO portfolio_ticket (
    id, organization_id, source_id, account_id, opened_at, priority, subject, body, requester_email)
SELECT gen_random_uuid(), %(organization)s, 'ticket-' || own.n, own.id,
       %(night)s::timestamptz - (own.n %% 60) * interval '1 day', 'normal', '', '', ''
FROM own WHERE own.n %% 3 = 0;
INSERT INTO portfolio_invoice (id, organization_id, source_id, account_id, issued_on, due_on, amount, status)
SELECT gen_random_uuid(), %(organization)s, 'invoice-' || own.n, own.id, %(night)s::date - 40, %(night)s::date - 70, 90,
       'void'
FROM own;
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of each screen at the 95th percentile against those of the empty page, and its queries."""
    with screen_database() as admin:
        owner, csm, account_id = make_base(admin)
        for who, user in (("owner, 10,000 accounts", owner), ("CSM, 250 of 10,000", csm)):
            yield from measure(who, user, account_id)


def make_base(admin: psycopg.Connection) -> tuple[User, User, UUID]:
    """The organization with its nights, and the others' volume; returns its owner, a CSM, and an account of both."""
    owner = User.objects.create_user("owner@bench.example", full_name="Olga Owner")
    csm = User.objects.create_user("csm0@bench.example", full_name="Camille Roussel")
    organization = found_organization(name="Bench", slug=SLUG, owner=owner, with_trial=False)
    with organization_context(organization_id=organization.id, user_id=owner.id):
        Membership.objects.create(user=csm, role=Role.CSM)
    with admin.transaction():
        months = "SELECT portfolio_make_usage_month(m::date) FROM generate_series(%s::date, %s, '1 month') m"
        admin.execute(months, [(NIGHT - timedelta(days=90)).replace(day=1), NIGHT])
        admin.execute("SET LOCAL session_replication_role = replica")
        values = {"organization": organization.id, "accounts": ACCOUNTS, "night": NIGHT}
        psycopg.ClientCursor(admin).execute(FACTS, values)
        psycopg.ClientCursor(admin).execute(BEHIND, {**values, "days": 90})
    admin.execute("VACUUM ANALYZE")
    for days in (30, 1, 0):
        run_night(organization.id, NIGHT - timedelta(days=days))
    began = time.perf_counter()
    found = examine_facts(organization.id)
    print(f"screens: {found:,} kinds of doubtful facts on accounts, found in {time.perf_counter() - began:.1f} s")
    for number in range(1, ORGANIZATIONS):
        other = found_organization(name=f"Other {number}", slug=f"other-{number}", owner=owner, with_trial=False)
        copy_book(admin, organization.id, other.id)
    admin.execute("VACUUM ANALYZE")
    with organization_context(organization_id=organization.id, user_id=owner.id):
        account_id = Account.objects.filter(csm_email=csm.email).values_list("pk", flat=True).first()
    assert account_id is not None
    return owner, csm, account_id


def copy_book(admin: psycopg.Connection, source: UUID, target: UUID) -> None:
    """The accounts and last diagnoses of one organization again, as another's."""
    with admin.transaction():
        admin.execute("SET LOCAL session_replication_role = replica")
        admin.execute(
            "CREATE TEMP TABLE twin ON COMMIT DROP AS "
            "SELECT id, gen_random_uuid() AS new_id FROM portfolio_account WHERE organization_id = %s",
            [source],
        )
        for table, changed, where in (
            ("portfolio_account", {"id": "twin.new_id"}, "JOIN twin ON twin.id = row.id"),
            (
                "diagnostics_diagnosis",
                {"id": "gen_random_uuid()", "account_id": "twin.new_id"},
                f"JOIN twin ON twin.id = row.account_id AND row.night = '{NIGHT}'",
            ),
        ):
            columns = [
                name
                for (name,) in admin.execute(
                    "SELECT column_name FROM information_schema.columns WHERE table_name = %s", [table]
                )
            ]
            values = {name: f'row."{name}"' for name in columns} | changed | {"organization_id": f"'{target}'"}
            admin.execute(
                f"INSERT INTO {table} ({', '.join(f'"{name}"' for name in columns)}) "
                f"SELECT {', '.join(values[name] for name in columns)} FROM {table} AS row {where} "
                f"WHERE row.organization_id = '{source}'"
            )


def measure(who: str, user: User, account_id: UUID) -> Iterator[Figure]:
    """The screens for one member, in turns with the empty page."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    addresses = {
        name: address
        for name, route, arguments, query in (
            ("empty", "empty", [], ""),
            ("Today", "today", [], ""),
            ("Matrix", "matrix", [], ""),
            ("Matrix as tables", "matrix", [], "?view=table"),
            ("Accounts", "accounts", [], ""),
            ("Accounts, searched and sorted by name", "accounts", [], "?book=all&q=kestrel&sort=name"),
            ("Accounts, last page by health", "accounts", [], "?book=all&sort=health&page=200"),
            ("Account", "account", [account_id], ""),
            ("Data quality, one doubt an account", "data_quality", [], ""),
        )
        if (address := find_address(route, arguments, query))
    }
    queries = {name: count_queries(client, address) for name, address in addresses.items()}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(ROUNDS):
        for name, address in addresses.items():
            began = time.perf_counter()
            status = client.get(address).status_code
            times[name].append((time.perf_counter() - began) * 1000)
            assert status == 200, (address, status)
    floor = percentile(times.pop("empty"))
    yield Figure("screens", f"empty page, p95, {who}", floor, "ms")
    for name, taken in times.items():
        yield Figure("screens", f"{name}, p95, {who}", percentile(taken), "ms", floor, MOST_RATIO)
        yield Figure("screens", f"{name}, queries of {MOST_QUERIES} at most, {who}", queries[name], "queries")


def find_address(route: str, arguments: list[UUID], query: str) -> str:
    """The screen's address; '' where this checkout has no such screen."""
    try:
        return reverse(route, args=[SLUG, *arguments]) + query
    except NoReverseMatch:
        return ""


def count_queries(client: Client, address: str) -> int:
    """How many the second request asks: the first fills caches."""
    client.get(address)
    with CaptureQueriesContext(connection) as asked:
        client.get(address)
    return sum(not query["sql"].startswith(CONTROL) for query in asked)


def percentile(taken: list[float]) -> float:
    """The 95th, by nearest rank."""
    return sorted(taken)[math.ceil(0.95 * len(taken)) - 1]
