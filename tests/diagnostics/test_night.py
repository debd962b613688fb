"""One night: what it writes, that it may run again, and that a run killed half-way leaves nothing by halves."""

import os
import signal
import subprocess
import sys
import uuid
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import polars as pl
import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.errors import ForeignKeyViolation

from accounts.context import organization_context, service_context
from accounts.models import Organization
from diagnostics import night as story
from diagnostics.lease import LeaseLost, NightRunning
from diagnostics.models import Diagnosis, ModelVersion, Movement, Night, NightLease, Priority
from diagnostics.night import NightNotOver, run_night, run_nights
from diagnostics.tasks import diagnose_night, queue_due_nights
from portfolio.models import Account, Subscription
from tests.diagnostics.books import NIGHT, TODAY, make_leaving_account

ROOT = Path(__file__).resolve().parents[2]
BEFORE = NIGHT - timedelta(days=1)


@pytest.fixture
def book(cast):
    """Two accounts of Bob's, one of Charlie's in globex."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email)
        make_leaving_account("Orvanta", owner=cast.bob.email, mrr="2500")
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        make_leaving_account("Solveig", owner=cast.charlie.email)
    return cast


def read_rows(organization_id) -> dict[str, list]:
    with service_context(organization_id):
        return {
            model.__name__: list(model.objects.order_by("night", "account").values(*fields))
            for model, fields in (
                (Diagnosis, ("night", "account", "arr", "health", "churn_risk", "points", "values", "nights")),
                (Movement, ("night", "account", "kind", "from_value", "to_value", "cause")),
                (Priority, ("night", "account", "subject", "rank", "effect", "owner_email", "facts")),
            )
        }


def test_a_night_writes_one_diagnosis_an_account_and_its_record(book):
    record = run_night(book.acme.id, NIGHT)
    assert (record.accounts, record.withheld, record.arr, record.continued) == (2, 2, 42000, None)
    with service_context(book.acme.id):
        assert set(Diagnosis.objects.values_list("account__name", "arr")) == {("Kestrel", 12000), ("Orvanta", 30000)}
        assert list(Priority.objects.order_by("rank").values_list("account__name", "rank")) == [
            ("Orvanta", 1),
            ("Kestrel", 2),
        ]
        assert NightLease.objects.get().holder is None
    with service_context(book.globex.id):
        assert not Diagnosis.objects.exists()


def test_running_again_changes_nothing(book):
    run_nights(book.acme.id, [BEFORE, NIGHT])
    first = read_rows(book.acme.id)
    run_night(book.acme.id, NIGHT)
    run_night(book.acme.id, BEFORE)
    assert read_rows(book.acme.id) == first
    with service_context(book.acme.id):
        assert Night.objects.get(night=NIGHT).continued == BEFORE
        assert Night.objects.count() == 2
        assert ModelVersion.objects.count() == 1


def test_the_state_is_that_of_the_last_diagnosed_night(book):
    for days in (9, 3, 0):
        run_night(book.acme.id, NIGHT - timedelta(days=days))
    with service_context(book.acme.id):
        continued = dict(Night.objects.values_list("night", "continued"))
    assert continued == {
        NIGHT - timedelta(days=9): None,
        NIGHT - timedelta(days=3): NIGHT - timedelta(days=9),
        NIGHT: NIGHT - timedelta(days=3),
    }


def test_a_night_that_is_not_over_is_refused_and_rests_nothing(book):
    with pytest.raises(NightNotOver):
        run_night(book.acme.id, TODAY)
    with service_context(book.acme.id):
        assert not NightLease.objects.exists()
        assert not Night.objects.exists()


def test_a_changed_amount_for_defense_is_a_new_version_of_the_model(book):
    run_night(book.acme.id, BEFORE)
    with service_context(book.acme.id):
        Organization.objects.update(defense_arr=1000)
    run_night(book.acme.id, NIGHT)
    with service_context(book.acme.id):
        versions = [
            (n.model_version.number, n.model_version.parameters["thresholds"]["value_amount"])
            for n in Night.objects.select_related("model_version").order_by("night")
        ]
    assert versions == [(1, 40000.0), (2, 1000.0)]


def test_the_app_role_cannot_change_a_model_version(book):
    run_night(book.acme.id, NIGHT)
    with pytest.raises(Exception, match="permission denied"), service_context(book.acme.id):
        ModelVersion.objects.update(number=7)


def test_a_run_that_lost_its_lease_leaves_what_stood(book, monkeypatch):
    run_night(book.acme.id, NIGHT)
    stood = read_rows(book.acme.id)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        make_leaving_account("Late", owner=book.bob.email)

    def lose(*args):
        NightLease.objects.update(holder=None)
        return 0, {}

    monkeypatch.setattr(story, "write_priorities", lose)
    with pytest.raises(LeaseLost):
        run_night(book.acme.id, NIGHT)
    assert read_rows(book.acme.id) == stood


def write_accounts_that_are_gone(organization_id) -> None:
    """A night of accounts that are gone: refused while its movements and priorities are sent behind it."""
    with service_context(organization_id):
        found = story.diagnose_book(Organization.objects.get(), NIGHT)
        gone = pl.Series([str(uuid.uuid4()) for _ in range(found.diagnoses.height)])
        story.write_night(replace(found, diagnoses=found.diagnoses.with_columns(account_id=gone)), 0.0)


def check_that_it_is_refused(organization_id) -> None:
    run_nights(organization_id, [BEFORE, NIGHT])
    stood = read_rows(organization_id)
    with pytest.raises(ForeignKeyViolation, match="diagnostics_diagnosis"):
        write_accounts_that_are_gone(organization_id)
    assert read_rows(organization_id) == stood
    assert run_night(organization_id, NIGHT).accounts == 2


def test_what_the_database_refuses_is_raised_as_it_says_and_nothing_stays(book):
    check_that_it_is_refused(book.acme.id)


@pytest.mark.django_db(transaction=True)
def test_what_the_database_refuses_rolls_the_nights_own_transaction_back(book):
    check_that_it_is_refused(book.acme.id)


KILLED = """
import django, sys, time, uuid
from datetime import date
django.setup()
from diagnostics import night
def stall(*args):
    print("half-way", flush=True)
    time.sleep(60)
night.write_priorities = stall
night.run_night(uuid.UUID(sys.argv[1]), date.fromisoformat(sys.argv[2]))
"""


@pytest.mark.django_db(transaction=True)
def test_a_run_killed_half_way_leaves_yesterday_and_is_run_again(book):
    run_night(book.acme.id, BEFORE)
    stood = read_rows(book.acme.id)
    name = connection.settings_dict["NAME"]
    environment = {
        **os.environ,
        "DJANGO_SETTINGS_MODULE": "tests.settings",
        "DATABASE_URL": make_conninfo(**conninfo_to_dict(os.environ["DATABASE_URL"], dbname=name)),
    }
    child = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(book.acme.id), NIGHT.isoformat()],
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert child.stdout.readline() == "half-way\n"
        assert read_rows(book.acme.id) == stood
    finally:
        child.send_signal(signal.SIGKILL)
        child.wait()
        child.stdout.close()
    assert read_rows(book.acme.id) == stood
    with service_context(book.acme.id):
        assert NightLease.objects.get().holder is not None
    # Until its heartbeat is old, nobody knows that it is dead.
    with pytest.raises(NightRunning):
        run_night(book.acme.id, NIGHT)
    with service_context(book.acme.id), connection.cursor() as cursor:
        cursor.execute("UPDATE diagnostics_nightlease SET heartbeat_at = heartbeat_at - interval '3 minutes'")
    assert run_night(book.acme.id, NIGHT).accounts == 2


def test_beat_queues_each_due_organization_and_the_task_runs_it(book, monkeypatch):
    sent = []
    monkeypatch.setattr(diagnose_night, "delay", lambda *ids, **more: sent.append(ids))
    assert queue_due_nights() == 2
    assert queue_due_nights() == 0
    assert sorted(sent) == sorted((str(o.id), sent[0][1]) for o in (book.acme, book.globex))
    for arguments in sent:
        diagnose_night(*arguments)
    with service_context(book.acme.id):
        assert Night.objects.get().accounts == 2
        finished = Night.objects.get().finished_at
    # A message delivered twice finds the night done.
    diagnose_night(*sent[0])
    diagnose_night(*sent[1])
    with service_context(book.acme.id):
        assert Night.objects.get().finished_at == finished
    assert queue_due_nights() == 0


def test_a_message_for_an_organization_that_is_gone_is_dropped(cast):
    diagnose_night(str(uuid.uuid4()), NIGHT.isoformat())


def test_one_broken_organization_does_not_keep_the_others_from_their_night(book, monkeypatch):
    from diagnostics import tasks

    sent = []
    real = tasks.queue_due_night

    def break_one(now):
        with connection.cursor() as cursor:
            cursor.execute("SELECT guard.organization()")
            if cursor.fetchone()[0] == book.acme.id:
                cursor.execute("SELECT 1 / 0")
        return real(now)

    monkeypatch.setattr(tasks, "queue_due_night", break_one)
    monkeypatch.setattr(diagnose_night, "delay", lambda *ids, **more: sent.append(ids[0]))
    assert queue_due_nights() == 1
    assert sent == [str(book.globex.id)]


def test_the_command_says_what_it_did_and_refuses_in_words(book, capsys):
    call_command("diagnose", organization="acme", night=NIGHT)
    assert capsys.readouterr().out.startswith(f"Night {NIGHT}: 2 accounts, 2 without a health score, 0 movements")
    call_command("diagnose", organization="acme")
    assert f"Night {NIGHT}" in capsys.readouterr().out
    with pytest.raises(CommandError, match="is not over in Europe/Paris"):
        call_command("diagnose", organization="acme", night=TODAY)
    with pytest.raises(CommandError, match="There is no organization nowhere"):
        call_command("diagnose", organization="nowhere", night=NIGHT)


@pytest.mark.parametrize("months", [100_000, 400_000_000])
def test_a_term_of_ten_thousand_years_keeps_no_night_from_anybody(book, months):
    """No day of it can be written down: nothing is said of when it is decided, and the others have their night."""
    with service_context(book.acme.id):
        account = Account.objects.order_by("source_id").first()
        Subscription.objects.filter(account=account).update(term_months=months, renews_on=None, notice_days=30)
        accounts = Account.objects.count()
    night = run_night(book.acme.id, NIGHT)
    with service_context(book.acme.id):
        found = Diagnosis.objects.get(night=NIGHT, account=account)
    assert night.accounts == accounts
    assert (found.renews_on, found.decision_on) == (None, None)
