"""Facts that came after a night which should have known them: marked where they are shown, counted in the night."""

import re
from datetime import datetime, timedelta

import pytest
from django.utils import timezone

from accounts.context import organization_context
from diagnostics.models import Diagnosis, Night
from diagnostics.night import run_night
from diagnostics.quality import examine_facts
from portfolio.models import Account, Import, ImportFile, Product, Subscription, Ticket, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.account_book import at, days_ago
from tests.diagnostics.books import NIGHT, TODAY

LATE = "arrived late: on"


def inside(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


def begin_import(number, *, started_at=None):
    return Import.objects.create(
        number=number, origin="command", state="landed", day=TODAY, started_at=started_at or timezone.now()
    )


def ticket(account, source_id, days, number):
    return Ticket.objects.create(
        source_id=source_id, account=account, opened_at=at(days), due_at=at(days - 1), import_number=number
    )


@pytest.fixture
def account(cast):
    """One account, its facts by import 1, before any night was diagnosed."""
    with inside(cast):
        ensure_usage_months(days_ago(60), days_ago(0))
        begin_import(1)
        core = Product.objects.create(source_id="core", name="Core", core=True)
        made = Account.objects.create(source_id="K", name="Kestrel", csm_email=cast.bob.email, import_number=1)
        Subscription.objects.create(
            source_id="s", account=made, product=core, started_on=days_ago(300), mrr=100, import_number=1
        )
        ticket(made, "EARLY", 40, 1)
    for days in (30, 1):
        run_night(cast.acme.id, days_ago(days))
    return made


def read_page(client, account):
    return client.get(f"/o/acme/accounts/{account.pk}/").content.decode()


def entry_of(page, source_id):
    """The line of the timeline that tells of a ticket."""
    timeline = page.split('class="tl"')[1]
    return next(line for line in timeline.split("</li>") if source_id in line)


def test_a_fact_that_came_late_says_so_on_the_timeline_and_among_the_records(cast, account, client_for):
    with inside(cast):
        begin_import(2)
        ticket(account, "LATE", 20, 2)
        ticket(account, "TODAY", 0, 2)
        ticket(account, "HERE", 20, None)
    page = read_page(client_for(cast.bob), account)
    assert f"{LATE} {TODAY.day} " in entry_of(page, "LATE").replace("\N{NO-BREAK SPACE}", " ")
    # The first import came before any night, today's fact waits for its own, and a member's is never late.
    assert [LATE in entry_of(page, name) for name in ("EARLY", "TODAY", "HERE")] == [False, False, False]
    run_night(cast.acme.id, NIGHT)
    with inside(cast):
        night = Night.objects.select_related("model_version").get(night=NIGHT)
        number = list(night.model_version.parameters["signals"]).index("tickets_past_due") + 1
    records = client_for(cast.bob).get(f"/o/acme/accounts/{account.pk}/causes/{number}/").content.decode()
    shown = {name: LATE in line for line in records.split("</li>") for name in re.findall(r"mask\">(\w+)<", line)}
    # Also after the night has run again, which takes it in: it had come late all the same.
    assert {name: shown[name] for name in ("EARLY", "LATE", "HERE")} == {"EARLY": False, "LATE": True, "HERE": False}


def test_a_replay_takes_late_facts_in_and_the_record_counts_those_after_it(cast, account):
    with inside(cast):
        begin_import(2)
        ticket(account, "T1", 20, 2)
        ticket(account, "T2", 31, 2)
        Usage.objects.create(
            organization_id=cast.acme.id,
            account=account,
            metric="events",
            day=days_ago(35),
            quantity=1,
            import_number=2,
        )
        ImportFile.objects.create(
            of_import=Import.objects.get(number=2), position=0, name="usage.csv", file="usage", created=1,
            first_day=days_ago(35), last_day=days_ago(35),
        )  # fmt: skip

    def count():
        examine_facts(cast.acme.id)
        with inside(cast):
            return dict(Night.objects.order_by("night").values_list("night", "late_facts"))

    month_ago, last = days_ago(30), NIGHT
    assert count() == {month_ago: 2, last: 3}
    with inside(cast):
        before = Diagnosis.objects.get(night=last).points
        first = Night.objects.get(night=last).first_finished_at
    run_night(cast.acme.id, last)
    assert count() == {month_ago: 2, last: 0}
    with inside(cast):
        assert Diagnosis.objects.get(night=last).points != before
        again = Night.objects.get(night=last)
    assert again.first_finished_at == first < again.finished_at
    run_night(cast.acme.id, month_ago)
    assert count() == {month_ago: 0, last: 0}


def test_an_import_that_began_before_the_night_brought_nothing_late(cast, account):
    with inside(cast):
        finished: datetime = Night.objects.get(night=NIGHT).finished_at
        begin_import(2, started_at=finished - timedelta(seconds=1))
        ticket(account, "T1", 1, 2)
    examine_facts(cast.acme.id)
    with inside(cast):
        assert list(Night.objects.filter(night=NIGHT).values_list("late_facts", flat=True)) == [0]
