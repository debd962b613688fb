"""What arriving facts set off: a night at once, none for today's facts alone, and a history for the sample."""

import io
from datetime import timedelta

import pytest
from django.core.management import call_command

from accounts.context import organization_context, service_context
from diagnostics import arrivals
from diagnostics.arrivals import choose_sample_nights, diagnose_arrived_facts
from diagnostics.lease import NightRunning
from diagnostics.models import Diagnosis, Night
from diagnostics.night import run_night
from diagnostics.tasks import diagnose_night
from portfolio.events import facts_arrived, sample_loaded
from portfolio.models import Account, Subscription
from tests.diagnostics.books import NIGHT, TODAY, make_leaving_account


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email)
    return cast


@pytest.fixture
def sent(monkeypatch):
    """The messages that would have gone to a worker."""
    messages = []
    monkeypatch.setattr(diagnose_night, "delay", lambda *ids, **more: messages.append((*ids, more)))
    return messages


def test_the_portfolio_tells_the_diagnosis():
    assert diagnose_arrived_facts in facts_arrived
    assert arrivals.diagnose_sample in sample_loaded


def test_facts_that_last_night_should_have_known_run_it_again(book, sent, django_capture_on_commit_callbacks):
    expected = (str(book.acme.id), NIGHT.isoformat(), {"again": True})
    for days in (None, (NIGHT, TODAY), (NIGHT - timedelta(days=400), NIGHT)):
        with django_capture_on_commit_callbacks(execute=True):
            diagnose_arrived_facts(book.acme.id, None, days)
    assert sent == [expected] * 3


def test_facts_of_today_alone_wait_but_never_for_the_first_night(book, sent, django_capture_on_commit_callbacks):
    with django_capture_on_commit_callbacks(execute=True):
        diagnose_arrived_facts(book.acme.id, None, (TODAY, TODAY))
    assert len(sent) == 1
    run_night(book.acme.id, NIGHT)
    with django_capture_on_commit_callbacks(execute=True):
        diagnose_arrived_facts(book.acme.id, None, (TODAY, TODAY))
    assert len(sent) == 1


def test_a_night_run_again_reads_what_came_late(book):
    run_night(book.acme.id, NIGHT)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        make_leaving_account("Late", owner=book.bob.email)
    diagnose_night(str(book.acme.id), NIGHT.isoformat())
    with service_context(book.acme.id):
        assert Diagnosis.objects.count() == 1
    diagnose_night(str(book.acme.id), NIGHT.isoformat(), again=True)
    with service_context(book.acme.id):
        assert Diagnosis.objects.count() == 2
        assert Night.objects.get().accounts == 2


def test_late_facts_wait_for_a_night_that_runs(book, monkeypatch):
    from diagnostics import tasks

    class Later(Exception):
        pass

    def refuse(*args):
        raise NightRunning

    monkeypatch.setattr(tasks, "run_night", refuse)
    monkeypatch.setattr(diagnose_night, "retry", lambda **how: Later(how["countdown"]))
    with pytest.raises(Later, match="60"):
        diagnose_night(str(book.acme.id), NIGHT.isoformat(), again=True)
    diagnose_night(str(book.acme.id), NIGHT.isoformat())


def test_an_emptied_organization_begins_anew(book, sent):
    run_night(book.acme.id, NIGHT)
    with service_context(book.acme.id):
        Subscription.objects.all().delete()
        Account.objects.all()._raw_delete("default")
    diagnose_arrived_facts(book.acme.id, None, None)
    with service_context(book.acme.id):
        assert not Night.objects.exists()
    assert sent == []


def test_the_sample_has_forty_nights_and_two_years_of_months():
    nights = choose_sample_nights(NIGHT)
    assert nights == sorted(set(nights))
    assert nights[-40:] == [NIGHT - timedelta(days=days) for days in range(39, -1, -1)]
    assert NIGHT - timedelta(days=740) < nights[0] < NIGHT - timedelta(days=690)


@pytest.mark.django_db(transaction=True)
def test_the_sample_is_diagnosed_night_after_night(monkeypatch, sent):
    monkeypatch.setattr(arrivals, "SAMPLE_DAILY", 2)
    monkeypatch.setattr(arrivals, "SAMPLE_MONTHS", 3)
    call_command("load_sample", stdout=io.StringIO())
    from accounts.directory import find_organization

    with service_context(find_organization("slug", "brindel")):
        nights = list(Night.objects.order_by("night"))
        assert [night.continued for night in nights[1:]] == [night.night for night in nights[:-1]]
        assert len(nights) == 3
        assert nights[-1].accounts > 90
        assert nights[-1].withheld < 10
        assert nights[-1].priorities > 15
        assert nights[-1].movements > 0
        segments = set(Diagnosis.objects.filter(night=nights[-1].night).values_list("segment", flat=True))
    assert segments == {"expansion_priority", "defense_priority", "regular_follow_up"}
