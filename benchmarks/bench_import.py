"""The import of a whole portfolio with 2.8 million rows of usage, through the path that the command and the page take.

The floor is PostgreSQL's `INSERT … SELECT unnest(…)` of the same usage rows into a bare table (no key, no index, no
policy, no partition), with every array prepared beforehand; it is measured before and behind the import. The import's
time holds everything: unpacking, reading, checking, looking up, partitions, keys, its own books.
"""

import argparse
import gzip
import multiprocessing
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

import psycopg
from django.db import connection

from accounts.models import User
from accounts.organizations import found_organization
from benchmarks.figures import Figure
from benchmarks.importing import import_here
from benchmarks.scratch import scratch_database

FOLDER = Path(__file__).resolve().parents[2] / "shared" / "examples" / "churnsim"
FLOOR_ROWS = 130_000
MOST_MEGABYTES = 400
BARE = (
    "CREATE TABLE bare (organization_id uuid, account_id uuid, product_id uuid, day date, import_number integer, "
    "quantity double precision, metric text)"
)
FILL = (
    "INSERT INTO bare (organization_id, import_number, account_id, metric, day, quantity) SELECT %s, 1, * "
    "FROM unnest(%s::uuid[], %s::text[], %s::date[], %s::double precision[])"
)


def run(options: argparse.Namespace) -> Iterator[Figure]:
    """Seconds of a first and of a second import, and the peak memory of the importing process."""
    if not FOLDER.is_dir():
        print(f"import: skipped, {FOLDER.name} is not beside this checkout.")
        return
    with scratch_database() as admin:
        owner = User.objects.create_user("owner@bench.example")
        organization = found_organization(name="Bench", slug="bench", owner=owner, currency="USD", with_trial=False)
        blocks = _prepare_arrays()
        before = _measure_floor(admin, organization.pk, blocks)
        seconds, megabytes, rows = _import_apart(organization.pk)
        floor = (before + _measure_floor(admin, organization.pk, blocks)) / 2
        yield Figure("import", f"first import, {rows:,} rows of usage", seconds, "s", floor, 5.0)
        yield Figure("import", "peak memory of the importing process", megabytes, "MB", MOST_MEGABYTES, 1.0)
        again, _megabytes, _rows = _import_apart(organization.pk)
        yield Figure("import", "the same files again, nothing changed", again, "s", floor)


def _prepare_arrays() -> list[list[str]]:
    """The usage rows as blocks of PostgreSQL's own array texts."""
    import polars as pl

    ids: dict[str, str] = {}
    blocks = []
    with gzip.open(FOLDER / "usage.csv.gz") as file:
        frame = pl.read_csv(file.read(), infer_schema=False)
    for block in frame.iter_slices(FLOOR_ROWS):
        for account in block["account_id"].unique():
            ids.setdefault(account, str(uuid.uuid4()))
        columns = [[ids[account] for account in block["account_id"]]]
        columns += [block[name].to_list() for name in ("metric", "day", "quantity")]
        blocks.append(["{" + ",".join(column) + "}" for column in columns])
    return blocks


def _measure_floor(admin: psycopg.Connection, organization_id: uuid.UUID, blocks: list[list[str]]) -> float:
    admin.execute(BARE)
    began = time.perf_counter()
    for block in blocks:
        admin.execute(FILL, [organization_id, *block])
    seconds = time.perf_counter() - began
    admin.execute("DROP TABLE bare")
    return seconds


def _import_apart(organization_id: uuid.UUID) -> tuple[float, float, int]:
    """(seconds, peak megabytes, usage rows) of one import, in a process of its own."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    name = connection.settings_dict["NAME"]
    child = spawn.Process(target=import_here, args=(name, str(organization_id), str(FOLDER), theirs))
    child.start()
    theirs.close()
    try:
        answer = ours.recv()
    except EOFError:
        child.join()
        raise RuntimeError(f"The import ended with exit code {child.exitcode}.") from None
    child.join()
    return answer
