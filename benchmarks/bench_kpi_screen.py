"""The KPI screens with 10,000 accounts and five years of ledger: eight quarters, every grouping, and the lists behind.

Each account has five periods of its subscription, a third a second product for a while, a tenth has left. A screen and
the empty page take turns, so that both meet the same machine.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
from django.db import connection
from django.test import Client
from django.urls import reverse

from accounts.context import organization_context
from accounts.models import Membership, Role, Team, User
from accounts.organizations import found_organization
from benchmarks.bench_screens import ACCOUNTS, BACKEND, FACTS, NIGHT, SLUG, count_queries, percentile
from benchmarks.figures import Figure, read_processor_time
from benchmarks.scratch import screen_database
from diagnostics.kpis.groups import BYS
from diagnostics.kpis.series import rebuild_series
from diagnostics.night import run_night

ROUNDS = 40
MOST_QUERIES, MOST_RATIO = 15, 6.0
MOST_LIST_MS = 300
# Of the fifteen Account Managers, those whose books are one team's.
TEAM = 5
LISTS = ("nrr", "arr_end", "value_at_risk", "renewal_rate", "qbr_engagement_rate", "adoption_rate")
YEARS = 5

LEDGER = """
DELETE FROM portfolio_subscription WHERE organization_id = %(organization)s;
CREATE TEMP TABLE begun ON COMMIT DROP AS
SELECT id, n, %(first)s::date + (n * 37) %% 350 AS began FROM (
    SELECT id, (row_number() OVER (ORDER BY source_id))::int AS n FROM portfolio_account
    WHERE organization_id = %(organization)s) AS numbered;
INSERT INTO portfolio_subscription (id, organization_id, source_id, account_id, product_id, started_on, ended_on,
                                    term_months, notice_days, seats, mrr)
SELECT gen_random_uuid(), %(organization)s, 's-' || b.n, b.id, p.id, b.began + 330 * m,
       CASE WHEN m < 4 THEN b.began + 330 * (m + 1) WHEN b.n %% 10 = 0 THEN b.began + 330 * 4 + 90 END,
       12, 30, 10 + b.n %% 30 + 5 * m, 200 + (b.n * 7919 + m * 613) %% 4000
FROM begun b, portfolio_product p, generate_series(0, 4) m
WHERE p.organization_id = %(organization)s AND p.source_id = 'product-1'
UNION ALL
SELECT gen_random_uuid(), %(organization)s, 't-' || b.n, b.id, p.id, b.began + 400,
       CASE WHEN b.n %% 2 = 0 THEN b.began + 900 END, 12, 30, 5, 150 + b.n %% 500
FROM begun b, portfolio_product p
WHERE p.organization_id = %(organization)s AND p.source_id = 'product-2' AND b.n %% 3 = 0;
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of each screen at the 95th percentile against those of the empty page, and its queries."""
    with screen_database() as admin:
        owner, manager, lead = make_base(admin)
        yield from measure("owner, all accounts", owner, "all")
        yield from measure("Account Manager, own book of 667", manager, "own")
        yield from measure("manager, team of 3,334", lead, "team")


def make_base(admin: psycopg.Connection) -> tuple[User, User, User]:
    """The organization with its ledger, one night and its series; returns its owner, an Account Manager and theirs."""
    owner = User.objects.create_user("owner@bench.example", full_name="Olga Owner")
    lead = User.objects.create_user("lead@bench.example", full_name="Lena Lead")
    team = [User.objects.create_user(f"am{n}@bench.example", full_name=f"Manager {n}") for n in range(TEAM)]
    organization = found_organization(name="Bench", slug=SLUG, owner=owner, with_trial=False)
    with organization_context(organization_id=organization.id, user_id=owner.id):
        north = Team.objects.create(name="North")
        for user, role in ((lead, Role.MANAGER), *((user, Role.AM) for user in team)):
            Membership.objects.create(user=user, role=role, team=north)
    first = NIGHT.replace(year=NIGHT.year - YEARS) - timedelta(days=29)
    values = {"organization": organization.id, "accounts": ACCOUNTS, "night": NIGHT, "first": first}
    with admin.transaction():
        months = "SELECT portfolio_make_usage_month(m::date) FROM generate_series(%s::date, %s, '1 month') m"
        admin.execute(months, [(NIGHT - timedelta(days=90)).replace(day=1), NIGHT])
        admin.execute("SET LOCAL session_replication_role = replica")
        psycopg.ClientCursor(admin).execute(FACTS + LEDGER, values)
    admin.execute("VACUUM ANALYZE")
    run_night(organization.id, NIGHT)
    rebuild_series(organization.id, today=NIGHT)
    admin.execute("VACUUM ANALYZE")
    return owner, team[0], lead


def measure(who: str, user: User, book: str) -> Iterator[Figure]:
    """The screens of one book for one member, in turns with the empty page."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    addresses = {"empty": reverse("empty", args=[SLUG])}
    for by in BYS:
        addresses[f"KPIs by {by}"] = f"{reverse('kpis', args=[SLUG])}?book={book}&by={by}"
    addresses["KPIs by month"] = f"{reverse('kpis', args=[SLUG])}?book={book}&every=month"
    addresses["All figures"] = f"{reverse('kpi_figures', args=[SLUG])}?book={book}"
    queries = {name: count_queries(client, address) for name, address in addresses.items()}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    spent: dict[str, float] = dict.fromkeys(addresses, 0.0)
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    for _ in range(ROUNDS):
        for name, address in addresses.items():
            before = read_processor_time(backend)
            times[name].append(_time(client, address))
            spent[name] += read_processor_time(backend) - before
    floor = percentile(times.pop("empty"))
    yield Figure("kpi_screen", f"empty page, p95, {who}", floor, "ms")
    for name, taken in times.items():
        yield Figure("kpi_screen", f"{name}, p95, {who}", percentile(taken), "ms", floor, MOST_RATIO)
        share, empty = spent[name] * 1000 / ROUNDS, spent["empty"] * 1000 / ROUNDS
        yield Figure("kpi_screen", f"{name}, processor time, {who}", share, "ms", empty, MOST_RATIO)
        yield Figure("kpi_screen", f"{name}, queries of {MOST_QUERIES} at most, {who}", queries[name], "queries")
    for kpi in LISTS:
        address = f"{reverse('kpi_accounts', args=[SLUG, kpi])}?book={book}"
        once = sorted(_time(client, address) for _ in range(5))[2]
        yield Figure("kpi_screen", f"list behind {kpi} of {MOST_LIST_MS} ms at most, median of 5, {who}", once, "ms")


def _time(client: Client, address: str) -> float:
    began = time.perf_counter()
    status = client.get(address).status_code
    taken = (time.perf_counter() - began) * 1000
    assert status == 200, (address, status)
    return taken
