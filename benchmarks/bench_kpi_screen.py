"""The KPI screens with 10,000 accounts and five years of ledger: eight quarters, every grouping, and the lists behind.

Each account has five periods of its subscription, a third a second product for a while, a tenth has left. A screen and
the empty page take turns, so that both meet the same machine.
"""

import argparse
import logging
import time
from collections.abc import Iterator
from datetime import timedelta

import psycopg
from django.conf import settings
from django.test import Client
from django.test.utils import override_settings
from django.urls import reverse

from accounts.context import organization_context
from accounts.models import Membership, Role, User
from accounts.organizations import found_organization
from benchmarks.bench_screens import ACCOUNTS, BACKEND, FACTS, NIGHT, SLUG, count_queries, percentile
from benchmarks.figures import Figure
from benchmarks.scratch import scratch_database
from diagnostics.kpis.groups import BYS
from diagnostics.kpis.series import rebuild_series
from diagnostics.night import run_night

ROUNDS = 40
MOST_QUERIES, MOST_RATIO = 15, 6.0
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
    logging.disable(logging.WARNING)
    plain = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}}
    with (
        scratch_database() as admin,
        override_settings(ROOT_URLCONF="benchmarks.empty_page", ALLOWED_HOSTS=["*"], STORAGES=plain),
    ):
        owner, manager = make_base(admin)
        yield from measure("owner, all accounts", owner, rounds=ROUNDS, limit=MOST_RATIO)
        yield from measure("Account Manager, own book of 667", manager, rounds=5, limit=None)


def make_base(admin: psycopg.Connection) -> tuple[User, User]:
    """The organization with its ledger, one night and its series; returns its owner and an Account Manager."""
    owner = User.objects.create_user("owner@bench.example", full_name="Olga Owner")
    manager = User.objects.create_user("am0@bench.example", full_name="Marek Manager")
    organization = found_organization(name="Bench", slug=SLUG, owner=owner, with_trial=False)
    with organization_context(organization_id=organization.id, user_id=owner.id):
        Membership.objects.create(user=manager, role=Role.AM)
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
    return owner, manager


def measure(who: str, user: User, *, rounds: int, limit: float | None) -> Iterator[Figure]:
    """The screens for one member, in turns with the empty page."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    addresses = {"empty": reverse("empty", args=[SLUG])}
    for by in BYS if limit else BYS[:1]:
        addresses[f"KPIs by {by}"] = f"{reverse('kpis', args=[SLUG])}?by={by}"
    addresses["All figures"] = reverse("kpi_figures", args=[SLUG])
    queries = {name: count_queries(client, address) for name, address in addresses.items()}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(rounds):
        for name, address in addresses.items():
            times[name].append(_time(client, address))
    floor = percentile(times.pop("empty"))
    yield Figure("kpi_screen", f"empty page, p95, {who}", floor, "ms")
    for name, taken in times.items():
        yield Figure("kpi_screen", f"{name}, p95, {who}", percentile(taken), "ms", floor, limit)
        yield Figure("kpi_screen", f"{name}, queries of {MOST_QUERIES} at most, {who}", queries[name], "queries")
    for kpi in ("nrr", "value_at_risk"):
        address = reverse("kpi_accounts", args=[SLUG, kpi])
        once = sorted(_time(client, address) for _ in range(3))[1]
        yield Figure("kpi_screen", f"list behind {kpi}, median of 3, {who}", once, "ms")


def _time(client: Client, address: str) -> float:
    began = time.perf_counter()
    status = client.get(address).status_code
    taken = (time.perf_counter() - began) * 1000
    assert status == 200, (address, status)
    return taken
