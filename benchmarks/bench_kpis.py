"""The KPIs: a whole rebuild of 10,000 accounts over 60 months, against one SQL pass over the same ledger.

The book has subscriptions, tiers, owners, parents, a foreign currency and its plan rates; no usage, exchanges or
nights: what reads those is not ledger work. The pass sums every account's movements by month, runs them up to balances
and adds these to NRR and GRR, of the whole portfolio alone; the rebuild also does quarters, five groupings and every
other KPI, and writes them.
"""

import argparse
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import date

import psycopg
from django.db import connection

from accounts.context import service_context
from accounts.models import Organization, User
from accounts.organizations import found_organization
from benchmarks.figures import Figure, read_processor_time
from benchmarks.scratch import scratch_database
from diagnostics.kpis.series import rebuild_series
from diagnostics.models import KpiPeriod, KpiShelf, KpiShelfPeriod
from portfolio.ledger.reading import read_movements

ACCOUNTS = 10_000
TODAY = date(2026, 11, 30)
FIRST = date(2021, 12, 1)
TIMES = 3

DATA = """
INSERT INTO portfolio_product (id, organization_id, source_id, name, core)
SELECT gen_random_uuid(), %(organization)s, 'product-' || n, 'Product ' || n, n = 1 FROM generate_series(1, 3) n;
INSERT INTO portfolio_plan (id, organization_id, source_id, product_id, name, rank)
SELECT gen_random_uuid(), %(organization)s, p.source_id || '-' || n, p.id, 'Plan ' || n, n
FROM portfolio_product p, generate_series(1, 3) n WHERE p.organization_id = %(organization)s;
INSERT INTO portfolio_planrate (id, organization_id, fiscal_year, currency, rate)
SELECT gen_random_uuid(), %(organization)s, year, 'SEK', 0.08 + 0.001 * (year - 2020)
FROM generate_series(2020, 2027) year;
INSERT INTO portfolio_account (id, organization_id, source_id, name, tier, csm_email, am_email)
SELECT gen_random_uuid(), %(organization)s, 'account-' || n, 'Account ' || n,
       (ARRAY['enterprise', 'mid_market', 'smb'])[1 + n %% 3], 'csm' || n %% 20 || '@bench.example',
       'am' || n %% 10 || '@bench.example'
FROM generate_series(1, %(accounts)s) n;
CREATE TEMP TABLE own ON COMMIT DROP AS
SELECT id, (row_number() OVER (ORDER BY source_id))::int AS n FROM portfolio_account
WHERE organization_id = %(organization)s;
UPDATE portfolio_account a SET parent_id = top.id FROM own, own AS top
WHERE a.id = own.id AND own.n %% 20 = 0 AND top.n = own.n - 1;
-- Two thirds have one subscription with five periods, the rest a second product for a while; a tenth has left.
INSERT INTO portfolio_subscription (id, organization_id, source_id, account_id, product_id, plan_id, started_on,
    ended_on, term_months, notice_days, seats, mrr, currency, change_reason)
SELECT gen_random_uuid(), %(organization)s, 's-' || own.n, own.id, plan.product_id, plan.id, began + 330 * m,
       CASE WHEN m < 4 THEN began + 330 * (m + 1) WHEN own.n %% 10 = 0 THEN began + 330 * 4 + 200 END,
       12, 30, 10 + own.n %% 30 + 5 * m, 200 + (own.n * 7919 + m * 613) %% 4000,
       CASE WHEN own.n %% 10 = 3 THEN 'SEK' ELSE 'EUR' END,
       CASE WHEN m = 0 THEN 'new' WHEN own.n %% 4 = 0 THEN '' ELSE 'upsell' END
FROM own, generate_series(0, 4) m, LATERAL (SELECT %(first)s::date + (own.n * 37) %% 350 AS began) b,
    LATERAL (SELECT id, product_id FROM portfolio_plan WHERE organization_id = %(organization)s
        AND source_id = 'product-1-' || 1 + own.n %% 3) plan
UNION ALL
SELECT gen_random_uuid(), %(organization)s, 't-' || own.n, own.id, plan.product_id, plan.id, began + 400,
       CASE WHEN own.n %% 2 = 0 THEN began + 900 END, 12, 30, 5, 150 + own.n %% 500, 'EUR', ''
FROM own, LATERAL (SELECT %(first)s::date + (own.n * 37) %% 350 AS began) b,
    LATERAL (SELECT id, product_id FROM portfolio_plan WHERE organization_id = %(organization)s
        AND source_id = 'product-2-' || 1 + own.n %% 3) plan
WHERE own.n %% 3 = 0;
"""
FLOOR_TABLE = """
CREATE TABLE bench_ledger (account_id uuid, day date, kind text, amount numeric);
GRANT ALL ON bench_ledger TO phano_app;
"""
ONE_SWEEP = """
WITH months AS (
    SELECT m::date AS month FROM generate_series(date '2021-12-01', date '2026-11-01', interval '1 month') m
), moved AS (
    SELECT account_id, date_trunc('month', day)::date AS month, sum(amount) AS change,
        sum(amount) FILTER (WHERE kind = 'new') AS new, sum(amount) FILTER (WHERE kind = 'expansion') AS expansion,
        sum(amount) FILTER (WHERE kind = 'contraction') AS contraction,
        sum(amount) FILTER (WHERE kind = 'churn') AS churn, sum(amount) FILTER (WHERE kind = 'fx') AS fx
    FROM bench_ledger GROUP BY 1, 2
), balances AS (
    SELECT month, change, new, expansion, contraction, churn, fx,
        sum(coalesce(change, 0)) OVER (PARTITION BY account_id ORDER BY month) AS arr_end
    FROM (SELECT DISTINCT account_id FROM bench_ledger) AS accounts CROSS JOIN months
        LEFT JOIN moved USING (account_id, month)
), based AS (
    SELECT *, arr_end - coalesce(change, 0) AS arr_start, arr_end - coalesce(change, 0) + coalesce(fx, 0) AS base
    FROM balances
)
SELECT month, sum(arr_start), sum(arr_end), sum(new), sum(expansion), sum(contraction), sum(churn), sum(fx),
    sum(least(arr_end, base)) FILTER (WHERE base > 0), sum(arr_end) FILTER (WHERE base > 0)
FROM based GROUP BY month ORDER BY month
"""


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of a whole rebuild, the best of three, and the same on figures that stand already."""
    with scratch_database() as admin:
        admin.execute(FLOOR_TABLE)
        owner = User.objects.create_user("owner@bench.example")
        organization_id = make_book(admin, owner)
        movements = fill_ledger(admin, organization_id)
        admin.execute("VACUUM ANALYZE")
        floor, floor_work = map(min, zip(*(measure_pass(organization_id) for _ in range(TIMES)), strict=True))
        first = []
        for _ in range(TIMES):
            with service_context(organization_id):
                for kept in (KpiPeriod, KpiShelf, KpiShelfPeriod):
                    kept.objects.all().delete()
            first.append(measure_rebuild(organization_id))
        again = [measure_rebuild(organization_id) for _ in range(TIMES)]
        label = f"{ACCOUNTS:,} accounts × 60 months, {movements:,} movements"
        for name, taken in (("rebuild", first), ("rebuild where figures stand", again)):
            seconds, work = map(min, zip(*taken, strict=True))
            yield Figure("kpis", f"{name}, {label}", seconds, "s", floor, 5.0)
            yield Figure("kpis", f"{name}, processor time, {label}", work, "s", floor_work, 5.0)


def make_book(admin: psycopg.Connection, owner: User) -> uuid.UUID:
    """One organization with its subscriptions, made in sets."""
    organization = found_organization(name="Bench", slug="bench-kpis", owner=owner, with_trial=False)
    with admin.transaction():
        # Keys are not what is measured; checking them would take most of the time.
        admin.execute("SET LOCAL session_replication_role = replica")
        values = {"organization": organization.id, "accounts": ACCOUNTS, "first": FIRST}
        psycopg.ClientCursor(admin).execute(DATA, values)
    return organization.id


def fill_ledger(admin: psycopg.Connection, organization_id: uuid.UUID) -> int:
    """Put the ledger's movements where the floor reads them; returns how many."""
    with service_context(organization_id):
        movements, _unpriced = read_movements(Organization.objects.get(), until=TODAY)
    with admin.cursor().copy("COPY bench_ledger FROM STDIN") as copy:
        for row in movements.select("account_id", "day", "kind", "amount").rows():
            copy.write_row(row)
    return movements.height


def measure_pass(organization_id: uuid.UUID) -> tuple[float, float]:
    """Seconds, and seconds of processor time, of one SQL pass over the ledger."""

    def sweep() -> None:
        with service_context(organization_id), connection.cursor() as cursor:
            cursor.execute(ONE_SWEEP)
            cursor.fetchall()

    return measure(sweep)


def measure_rebuild(organization_id: uuid.UUID) -> tuple[float, float]:
    """The same from the facts to the kept figures."""
    return measure(lambda: rebuild_series(organization_id, today=TODAY))


def measure(work: Callable[[], object]) -> tuple[float, float]:
    """Seconds, and seconds of processor time of this process and its backend."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        backend = cursor.fetchone()[0]
    before, began = read_processor_time(backend), time.perf_counter()
    work()
    return time.perf_counter() - began, read_processor_time(backend) - before
