"""The desks, Renewals and Expansion, with 10,000 accounts, five years of ledger and a pipeline on every third account.

Every account has a contract, a quarter of them are decided within 90 days; half of those have a forecast, a third a
next step, and every second account was met within half a year. A desk and the empty page take turns, so that both meet
the same machine. The owner sees every account, an Account Manager opens on the own book.
"""

import argparse
import time
from collections.abc import Iterator
from datetime import timedelta
from typing import Any
from unittest.mock import patch

import psycopg
from django.test import Client
from django.urls import reverse

from accounts.context import organization_context
from accounts.models import Membership, Role, User
from accounts.organizations import found_organization
from benchmarks.bench_kpi_screen import LEDGER, YEARS
from benchmarks.bench_night import BEHIND
from benchmarks.bench_screens import ACCOUNTS, BACKEND, FACTS, NIGHT, SLUG, count_queries, percentile
from benchmarks.figures import Figure
from benchmarks.scratch import screen_database
from diagnostics.night import run_night

ROUNDS = 40
MOST_QUERIES, MOST_RATIO = 15, 6.0

PIPELINE = """
CREATE TEMP TABLE numbered ON COMMIT DROP AS
SELECT id, (row_number() OVER (ORDER BY source_id))::int AS n FROM portfolio_account
WHERE organization_id = %(organization)s;
INSERT INTO portfolio_opportunity (id, organization_id, source_id, account_id, lever, created_on, closes_on, source)
SELECT gen_random_uuid(), %(organization)s, 'o-' || n, id,
       (ARRAY['upsell', 'seats', 'usage', 'cross_sell', 'price', 'renewal'])[1 + n %% 6],
       %(night)s::date - 20 - n %% 300, %(night)s::date - 10 + n %% 200, 'organic'
FROM numbered WHERE n %% 3 = 0 OR n %% 5 = 0;
INSERT INTO portfolio_opportunitystage (id, organization_id, opportunity_id, at, stage, amount_arr)
SELECT gen_random_uuid(), %(organization)s, o.id, o.created_on + s * interval '9 days',
       CASE WHEN s = 2 AND length(o.source_id) = 4 THEN 'won'
            ELSE (ARRAY['identified', 'qualified', 'proposed'])[1 + s] END, 2000 + 100 * s
FROM portfolio_opportunity o, generate_series(0, 2) s WHERE o.organization_id = %(organization)s;
INSERT INTO portfolio_interaction (id, organization_id, source_id, account_id, kind, happened_at, state, text,
                                   author_email, contact_emails, contact_hashes)
SELECT gen_random_uuid(), %(organization)s, 'i-' || n || '-' || m, id, (ARRAY['meeting', 'call', 'email'])[1 + m],
       %(night)s::timestamptz - (n %% 180 + 20 * m) * interval '1 day', 'held', '', '', '',
       '{}'
FROM numbered, generate_series(0, 2) m WHERE n %% 2 = 0;
CREATE TEMP TABLE terms ON COMMIT DROP AS
SELECT account_id, max(source_id) AS source_id, (max(started_on) + interval '1 year')::date AS ends_on,
       (row_number() OVER (ORDER BY account_id))::int AS n
FROM portfolio_subscription WHERE organization_id = %(organization)s AND source_id LIKE 's-%%'
GROUP BY account_id;
INSERT INTO portfolio_act (id, organization_id, source_id, account_id, kind, at, member_email, reason, note)
SELECT gen_random_uuid(), %(organization)s, 'f-' || n, account_id, 'planned', %(night)s, 'am0@bench.example',
       'forecast:' || (ARRAY['commit', 'likely', 'at_risk', 'lost'])[1 + n %% 4] || ':' || ends_on || ':' || source_id,
       ''
FROM terms WHERE n %% 2 = 0;
INSERT INTO portfolio_accountgoal (id, organization_id, source_id, account_id, title, due_on)
SELECT gen_random_uuid(), %(organization)s, 'step:' || ends_on || ':' || source_id || '#' || n, account_id,
       'Call the buyer', %(night)s::date + n %% 20
FROM terms WHERE n %% 3 = 0;
UPDATE portfolio_subscription s SET discount_percent = 15 FROM numbered
WHERE s.organization_id = %(organization)s AND s.account_id = numbered.id AND n %% 8 = 0;
INSERT INTO portfolio_usage (organization_id, account_id, metric, day, quantity)
SELECT %(organization)s, t.account_id, 'active_users_28d', day::date, s.seats
FROM terms t JOIN portfolio_subscription s ON s.organization_id = %(organization)s AND s.source_id = t.source_id
        AND s.started_on = (t.ends_on - interval '1 year')::date,
    generate_series(%(night)s::date - 40, %(night)s::date, '4 days') day
WHERE t.n %% 5 = 0;
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of each desk at the 95th percentile against those of the empty page, and its queries."""
    with screen_database() as admin:
        owner, manager = make_base(admin)
        yield from measure("owner, 10,000 accounts", owner)
        yield from measure("Account Manager, own book of 667", manager)


def make_base(admin: psycopg.Connection) -> tuple[User, User]:
    """The organization with its ledger, pipeline and nights; returns its owner and an Account Manager."""
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
        psycopg.ClientCursor(admin).execute(FACTS + LEDGER + PIPELINE + BEHIND, {**values, "days": 90})
    admin.execute("VACUUM ANALYZE")
    for days in (37, 30, *range(7, -1, -1)):
        run_night(organization.id, NIGHT - timedelta(days=days))
    admin.execute("VACUUM ANALYZE")
    return owner, manager


def measure(who: str, user: User) -> Iterator[Figure]:
    """The desks for one member, in turns with the empty page."""
    client = Client()
    client.force_login(user, backend=BACKEND)
    addresses = {
        "empty": reverse("empty", args=[SLUG]),
        "Renewals, 90 days": reverse("renewals", args=[SLUG]),
        "Renewals, 180 days, second page": f"{reverse('renewals', args=[SLUG])}?window=180&page=2",
        "Expansion": reverse("expansion", args=[SLUG]),
        "Expansion, windows not taken up": f"{reverse('expansion', args=[SLUG])}?show=windows",
    }
    queries = {name: count_statements(client, address) for name, address in addresses.items()}
    times: dict[str, list[float]] = {name: [] for name in addresses}
    for _ in range(ROUNDS):
        for name, address in addresses.items():
            times[name].append(take_time(client, address))
    floor = percentile(times.pop("empty"))
    yield Figure("desks", f"empty page, p95, {who}", floor, "ms")
    for name, taken in times.items():
        yield Figure("desks", f"{name}, p95, {who}", percentile(taken), "ms", floor, MOST_RATIO)
        yield Figure("desks", f"{name}, queries of {MOST_QUERIES} at most, {who}", queries[name], "queries")


def count_statements(client: Client, address: str) -> int:
    """What the second request asks, with every COPY of a frame, which Django does not list."""
    copies = []

    def copy(cursor: psycopg.Cursor, *arguments: Any, **options: Any) -> Any:
        copies.append(arguments)
        return plain(cursor, *arguments, **options)

    plain = psycopg.Cursor.copy
    client.get(address)
    with patch.object(psycopg.Cursor, "copy", copy):
        client.get(address)
    return count_queries(client, address) + len(copies)


def take_time(client: Client, address: str) -> float:
    """Milliseconds of one request."""
    began = time.perf_counter()
    status = client.get(address).status_code
    taken = (time.perf_counter() - began) * 1000
    assert status == 200, (address, status)
    return taken
