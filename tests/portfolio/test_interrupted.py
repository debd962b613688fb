"""An import that does not come to its end: stopped, failed, killed; run again it lands each row once."""

import os
import subprocess
import sys
from datetime import timedelta

import pytest
from django.conf import settings
from django.db import connection
from django.utils import timezone

from accounts.tenancy import service_context
from portfolio import events
from portfolio.importing import NotPossible, ask_to_stop, begin_import, find_sources, run_import, usage
from portfolio.importing.records import claim_import
from portfolio.models import Import
from portfolio.models.imports import SILENCE
from tests.portfolio.desk import BASE

pytestmark = pytest.mark.django_db
ACCOUNTS = "account_id,name\n" + "".join(f"B{n},Name {n}\n" for n in range(20)) + "B0,Second\nB20,\n"
USAGE = "account_id,metric,day,quantity\n" + "".join(
    f"B{n % 20},events,2026-01-{1 + n // 20:02},{n}\n" for n in range(200)
)
FILES = {**BASE, "accounts.csv": ACCOUNTS, "usage.csv": USAGE}


@pytest.fixture(autouse=True)
def small_blocks(monkeypatch):
    monkeypatch.setattr("portfolio.importing.blocks.BLOCK_ROWS", 4)
    monkeypatch.setattr(usage, "BLOCK_BYTES", 600)
    monkeypatch.setattr("portfolio.importing.run.WRITERS", 1)


def straight(desk) -> tuple[dict, dict, list]:
    """What stands, is counted and was refused when nothing comes between; all taken back again."""
    record = desk.drop(FILES)
    found = desk.export(), desk.counts(record), desk.rejected(record)
    desk.take_back(record)
    return found


def break_at(block: int) -> pytest.MonkeyPatch:
    """Fail in the transaction of the n-th block, behind its rows."""
    from portfolio.importing import records

    real, seen = records.record_block, []

    def record_block(*args, **kwargs):
        seen.append(args)
        if len(seen) == block:
            raise OSError("the disk is full")
        real(*args, **kwargs)

    patch = pytest.MonkeyPatch()
    patch.setattr(records, "record_block", record_block)
    return patch


@pytest.mark.parametrize("block", [1, 3, 6, 9, 14])
def test_a_failed_import_run_again_lands_each_row_once(desk, block):
    expected = straight(desk)
    folder = desk.put(FILES)
    begun, sources = desk.begin(folder)
    patch = break_at(block)
    assert run_import(desk.organization.pk, begun.pk, sources=sources) == Import.State.FAILED
    patch.undo()
    assert desk.fresh(begun).fault == "OSError"
    assert run_import(desk.organization.pk, begun.pk, sources=sources) == Import.State.LANDED
    assert (desk.export(), desk.counts(begun), desk.rejected(begun)) == expected
    desk.take_back(begun)
    assert desk.facts("accounts") == []


def test_a_failed_import_can_be_taken_back_as_it_is(desk):
    before = desk.export()
    begun, sources = desk.begin(FILES)
    patch = break_at(9)
    run_import(desk.organization.pk, begun.pk, sources=sources)
    patch.undo()
    assert desk.export() != before
    desk.take_back(begun)
    assert desk.export() == before


def test_a_stopped_import_ends_behind_its_block_and_goes_on_where_it_was(desk):
    expected = straight(desk)
    begun, sources = desk.begin(FILES)

    def stop() -> None:
        with service_context(desk.organization.pk):
            ask_to_stop(begun.pk)

    assert run_import(desk.organization.pk, begun.pk, sources=sources, progress=stop) == Import.State.STOPPED
    assert desk.counts(begun)["products.csv"][0] == 2
    assert desk.counts(begun)["usage.csv"][0] == 0
    assert run_import(desk.organization.pk, begun.pk, sources=sources) == Import.State.LANDED
    assert (desk.export(), desk.counts(begun), desk.rejected(begun)) == expected


def test_one_import_runs_at_a_time(desk):
    first, _sources = desk.begin(BASE)
    second, sources = desk.begin(BASE)
    with service_context(desk.organization.pk):
        assert claim_import(first.pk).state == Import.State.RUNNING
    with pytest.raises(NotPossible):
        run_import(desk.organization.pk, second.pk, sources=sources)
    with service_context(desk.organization.pk):
        assert claim_import(first.pk) is None
        Import.objects.filter(pk=first.pk).update(heartbeat_at=timezone.now() - SILENCE - timedelta(seconds=1))
    assert desk.fresh(first).is_interrupted
    assert run_import(desk.organization.pk, second.pk, sources=sources) == Import.State.LANDED
    assert desk.fresh(first).state == Import.State.STOPPED


def test_a_worker_that_lost_its_import_lands_nothing_more(desk):
    begun, sources = desk.begin(FILES)

    def take_over() -> None:
        with service_context(desk.organization.pk):
            Import.objects.filter(pk=begun.pk).update(state=Import.State.STOPPED)

    run_import(desk.organization.pk, begun.pk, sources=sources, progress=take_over)
    assert desk.counts(begun)["accounts.csv"] == (0, 0, 0, 0, 0)


def test_who_listens_learns_whom_and_which_days_an_import_concerned(desk, monkeypatch):
    told = []
    monkeypatch.setattr(events, "facts_arrived", [lambda *arguments: told.append(arguments)])
    desk.drop(BASE)
    desk.drop({"usage.csv": "account_id,metric,day,quantity\nA1,events,2026-01-03,1\nA1,events,2026-01-05,1\n"})
    desk.drop({"usage.csv": "account_id,metric,day,quantity\nA1,events,2026-01-03,1\n"})
    with service_context(desk.organization.pk):
        from portfolio.models import Account

        ids = dict(Account.objects.values_list("source_id", "pk"))
    organization = desk.organization.pk
    assert [(one, accounts, days and tuple(map(str, days))) for one, accounts, days in told] == [
        (organization, frozenset(ids.values()), None),
        (organization, frozenset({ids["A1"]}), ("2026-01-03", "2026-01-05")),
    ]


def test_a_listener_that_fails_is_logged_and_the_others_are_told(desk, monkeypatch, caplog):
    told = []

    def fail(*_arguments):
        raise RuntimeError("no")

    monkeypatch.setattr(events, "facts_arrived", [fail, lambda *arguments: told.append(arguments)])
    assert desk.drop(BASE).state == Import.State.LANDED
    assert len(told) == 1
    assert "A listener to arrived facts failed." in caplog.text


KILLED = """
import os, sys
import django
django.setup()
import uuid
from django.db import connection
connection.settings_dict["NAME"] = sys.argv[1]
from pathlib import Path
from portfolio.importing import find_sources, run_import, usage, blocks
blocks.BLOCK_ROWS, usage.BLOCK_BYTES = 4, 600
count = 0
def progress():
    global count
    count += 1
    if count == 12:
        os.kill(os.getpid(), 9)
run_import(uuid.UUID(sys.argv[2]), uuid.UUID(sys.argv[3]), sources=find_sources([Path(sys.argv[4])]), progress=progress)
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_that_is_killed_leaves_whole_blocks(desk):
    """kill -9 in the middle; the import is seen to be interrupted and is run again to the same end."""
    expected = straight(desk)
    folder = desk.put(FILES)
    with service_context(desk.organization.pk):
        sources = find_sources([folder])
        begun = begin_import(desk.organization, sources, origin=Import.Origin.COMMAND)
    database = connection.settings_dict
    environment = os.environ | {"DJANGO_SETTINGS_MODULE": "tests.settings", "PYTHONPATH": str(settings.BASE_DIR)}
    arguments = [database["NAME"], str(desk.organization.pk), str(begun.pk), str(folder)]
    killed = subprocess.run([sys.executable, "-c", KILLED, *arguments], env=environment, capture_output=True, text=True)
    assert killed.returncode == -9, killed.stderr
    assert desk.fresh(begun).state == Import.State.RUNNING
    assert 0 < desk.counts(begun)["usage.csv"][0] < 200
    with service_context(desk.organization.pk):
        Import.objects.filter(pk=begun.pk).update(heartbeat_at=timezone.now() - SILENCE - timedelta(seconds=1))
    assert desk.fresh(begun).is_interrupted
    assert run_import(desk.organization.pk, begun.pk, sources=sources) == Import.State.LANDED
    assert (desk.export(), desk.counts(begun), desk.rejected(begun)) == expected


SECRET = "Canary of acme"


def test_a_failure_is_logged_without_the_row_that_failed(desk, caplog):
    """PostgreSQL's own words quote the row: names and addresses must not come into a log."""
    from portfolio.importing import records

    def fail(*_args, **_kwargs):
        with connection.cursor() as cursor:
            cursor.execute(
                "INSERT INTO portfolio_account (id, organization_id, source_id) VALUES (gen_random_uuid(), %s, %s)",
                [desk.organization.pk, SECRET],
            )

    begun, sources = desk.begin(BASE)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(records, "record_block", fail)
        assert run_import(desk.organization.pk, begun.pk, sources=sources) == Import.State.FAILED
    assert desk.fresh(begun).fault == "IntegrityError 23502"
    assert "failed" in caplog.text
    assert SECRET not in caplog.text
