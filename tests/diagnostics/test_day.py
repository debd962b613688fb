"""The day: new facts diagnose their accounts again, only them, as the whole book would; a crossing shows at once."""

from datetime import datetime, time, timedelta
from decimal import Decimal

import polars as pl
import psycopg
import pytest
from django.db import connection

from accounts.context import organization_context, service_context
from accounts.models import Organization
from diagnostics import day as days
from diagnostics import tasks
from diagnostics.arrivals import diagnose_arrived_facts
from diagnostics.book import feature_settings
from diagnostics.day import diagnose_arrived, note_arrival, write_day
from diagnostics.engine import diagnose
from diagnostics.features import compute_features
from diagnostics.lease import NightRunning, hold_lease
from diagnostics.model_versions import read_model
from diagnostics.models import ArrivedFacts, DayDiagnosis, Diagnosis, Movement, Night, Priority
from diagnostics.night import diagnose_book, run_night, write_night
from diagnostics.tasks import diagnose_day, diagnose_night
from diagnostics.writing import read_state, read_versions
from portfolio.models import Account, Invoice, Product, Subscription, Ticket, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, TODAY


def make_customer(name: str, *, events: int, mrr: int = 2000, owner: str = "bob@acme.example") -> Account:
    """An account of two years with a contract and twelve weeks of use until last night."""
    product, _ = Product.objects.get_or_create(source_id="core", defaults={"name": "Core", "core": True})
    account = Account.objects.create(
        source_id=name, name=name, csm_email=owner, currency="EUR", customer_since=NIGHT - timedelta(days=800)
    )
    Subscription.objects.create(
        source_id=f"{name}-s",
        account=account,
        product=product,
        started_on=NIGHT - timedelta(days=800),
        term_months=12,
        mrr=Decimal(mrr),
        currency="EUR",
    )
    Usage.objects.bulk_create(
        Usage(organization_id=account.organization_id, account=account, metric="events", day=day, quantity=events)
        for day in (NIGHT - timedelta(days=back) for back in range(84))
    )
    return account


@pytest.fixture
def book(cast):
    """Fifteen comparable accounts that were diagnosed last night."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        ensure_usage_months(NIGHT - timedelta(days=90), TODAY)
        for number in range(15):
            make_customer(f"Account {number:02}", events=100 + number)
        make_ticket(Account.objects.get(name="Account 01"), 40, number=0)
        make_invoice(Account.objects.get(name="Account 02"), number=0)
    run_night(cast.acme.id, NIGHT)
    return cast


def make_ticket(account: Account, days_ago: int, *, number: int, severe: bool = False) -> None:
    opened = datetime.combine(TODAY - timedelta(days=days_ago), time(0, 1), Organization.objects.get().zone)
    Ticket.objects.create(
        source_id=f"{account.source_id}-{number}",
        account=account,
        opened_at=opened,
        due_at=opened,
        priority="urgent" if severe else "normal",
    )


def make_invoice(account: Account, *, number: int) -> None:
    Invoice.objects.create(
        source_id=f"{account.source_id}-{number}",
        account=account,
        issued_on=TODAY - timedelta(days=90),
        due_on=TODAY - timedelta(days=60),
        amount=Decimal(5000),
        currency="EUR",
    )


def ruin(account: Account) -> None:
    """Everything that can go wrong in a day: notice, open severe tickets, unpaid invoices."""
    Subscription.objects.filter(account=account).update(notice_given_on=TODAY, ended_on=TODAY + timedelta(days=60))
    for number in range(1, 9):
        make_ticket(account, 0, number=number, severe=True)
    for number in range(3):
        make_invoice(account, number=number)


def change_one(cast) -> Account:
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = Account.objects.get(name="Account 03")
        ruin(account)
        note_arrival(cast.acme.id, {account.id})
    return account


def test_only_the_account_concerned_is_written_and_no_night_is_touched(book):
    with service_context(book.acme.id):
        nights = list(Night.objects.values())
        diagnosed = list(Diagnosis.objects.order_by("account_id").values())
    account = change_one(book)
    run = diagnose_arrived(book.acme.id)
    assert (run.accounts, run.movements > 0, run.new_source) == (1, True, False)
    with service_context(book.acme.id):
        assert list(Night.objects.values()) == nights
        assert list(Diagnosis.objects.order_by("account_id").values()) == diagnosed
        found = DayDiagnosis.objects.get()
        assert (found.account_id, found.night) == (account.id, TODAY)
        was = Diagnosis.objects.get(account=account)
        assert found.health < was.health - 20
        kinds = dict(Movement.objects.filter(night=TODAY).values_list("kind", "at"))
        assert {"notice_given", "health_moved"} <= kinds.keys()
        assert None not in kinds.values()
        assert not ArrivedFacts.objects.exists()


def test_the_day_says_what_the_whole_book_would_say(book):
    """The medians of comparable accounts are the book's, though one account alone is scored."""
    account = change_one(book)
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id), connection.cursor() as cursor:
        organization = Organization.objects.get()
        features = compute_features(cursor, organization.id, TODAY, feature_settings(organization))
        model = read_model(Night.objects.select_related("model_version").get().model_version)
        whole = diagnose(features, model, TODAY, read_state(cursor, organization.id, NIGHT))
        [expected] = whole.filter(pl.col("account_id") == str(account.id)).to_dicts()
        found = DayDiagnosis.objects.values().get()
        alone = diagnose(features.filter(pl.col("account_id") == str(account.id)), model, TODAY)
    same = ("health", "potential", "segment", "lever", "value_segment", "points", "values", "fragile_nights", "nights")
    assert {name: found[name] for name in same} == {name: expected[name] for name in same}
    # Scored without its book, it would have no peers: the test could tell.
    assert alone["points"].to_list() != [expected["points"]]


def test_a_crossing_is_a_movement_at_once_and_keeps_its_hour(book):
    with service_context(book.acme.id):
        # Fragile since last night: a second one below the line is the crossing.
        Diagnosis.objects.filter(account__name="Account 03").update(fragile_nights=1)
    account = change_one(book)
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        moved = Movement.objects.get(account=account, kind="entered_defense")
        assert (moved.night, moved.since, moved.to_code) == (TODAY, NIGHT, "defense_priority")
        assert moved.cause is not None
        note_arrival(book.acme.id, {account.id})
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        again = Movement.objects.get(account=account, kind="entered_defense")
        assert (again.id, again.at) == (moved.id, moved.at)


def test_what_turned_out_to_be_nothing_is_taken_back_in_the_day(book):
    account = change_one(book)
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        Subscription.objects.filter(account=account).update(notice_given_on=None, ended_on=None)
        Ticket.objects.filter(account=account).delete()
        Invoice.objects.filter(account=account).delete()
        note_arrival(book.acme.id, {account.id})
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        assert not Movement.objects.filter(night=TODAY).exists()
        assert DayDiagnosis.objects.count() == 1


def test_the_night_of_the_day_replaces_what_the_day_flagged(book):
    change_one(book)
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        write_night(diagnose_book(Organization.objects.get(), TODAY), 0.0)
        with connection.cursor() as cursor:
            assert next(iter(read_versions(cursor, book.acme.id, TODAY + timedelta(days=1)))) == TODAY
        assert set(Movement.objects.filter(night=TODAY).values_list("at", flat=True)) == {None}
        note_arrival(book.acme.id, set(Account.objects.values_list("id", flat=True)))
    # The night of today knows: nothing is left for the day.
    assert diagnose_arrived(book.acme.id).accounts == 0


def test_twice_is_once_and_a_running_night_is_waited_for(book, monkeypatch):
    change_one(book)
    with hold_lease(book.acme.id, NIGHT) as lease:
        with pytest.raises(NightRunning):
            diagnose_arrived(book.acme.id)
        with service_context(book.acme.id):
            assert ArrivedFacts.objects.count() == 1
            lease.give_back()
    assert diagnose_arrived(book.acme.id).accounts == 1
    monkeypatch.setattr(days, "write_day", None)
    assert diagnose_arrived(book.acme.id).accounts == 0


def test_a_run_that_fails_leaves_its_accounts_waiting(book, monkeypatch):
    change_one(book)

    def fail(*arguments):
        raise RuntimeError("no")

    monkeypatch.setattr(days, "ask_day_moves", fail)
    with pytest.raises(RuntimeError):
        diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        assert ArrivedFacts.objects.count() == 1
        assert not DayDiagnosis.objects.exists()


@pytest.fixture
def sent(monkeypatch):
    """The messages that would have gone to a worker."""
    messages = []
    for task in (diagnose_day, diagnose_night):
        monkeypatch.setattr(task, "delay", lambda *ids, task=task, **more: messages.append((task.name, *ids, more)))
    return messages


def tell(cast, accounts, when, capture) -> None:
    with capture(execute=True):
        diagnose_arrived_facts(cast.acme.id, accounts, when)


def test_facts_of_few_accounts_queue_their_day_and_of_most_the_night(book, sent, django_capture_on_commit_callbacks):
    with service_context(book.acme.id):
        ids = list(Account.objects.values_list("id", flat=True))
    day = ("diagnostics.diagnose_day", str(book.acme.id), {})
    night = ("diagnostics.diagnose_night", str(book.acme.id), NIGHT.isoformat(), {"again": True})
    tell(book, frozenset(ids[:1]), (TODAY, TODAY), django_capture_on_commit_callbacks)
    tell(book, frozenset(ids[:10]), (NIGHT - timedelta(days=5), NIGHT), django_capture_on_commit_callbacks)
    tell(book, frozenset(ids), (TODAY, TODAY), django_capture_on_commit_callbacks)
    assert sent == [day] * 3
    with service_context(book.acme.id):
        assert ArrivedFacts.objects.count() == 15
    tell(book, frozenset(ids[:11]), (NIGHT, TODAY), django_capture_on_commit_callbacks)
    tell(book, None, (NIGHT, TODAY), django_capture_on_commit_callbacks)
    assert sent[3:] == [night] * 2


def test_an_account_of_another_organization_is_never_noted(book):
    with organization_context(organization_id=book.globex.id, user_id=book.charlie.id):
        foreign = Account.objects.create(source_id="x", name="Foreign")
    with service_context(book.acme.id):
        note_arrival(book.acme.id, {foreign.id})
        assert not ArrivedFacts.objects.exists()


def test_a_source_that_last_night_did_not_know_runs_the_night_again(book, sent):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        account = Account.objects.get(name="Account 05")
        Night.objects.update(billing_known_to=None)
        note_arrival(book.acme.id, {account.id})
    tasks.diagnose_day(str(book.acme.id))
    assert sent == [("diagnostics.diagnose_night", str(book.acme.id), NIGHT.isoformat(), {"again": True})]


def test_a_day_asks_as_many_queries_for_one_account_as_for_all(book, monkeypatch):
    asked, account, sent = [], change_one(book), []
    execute = psycopg.Cursor.execute

    def count(cursor, statement, *arguments, **more):
        sent.append(statement)
        return execute(cursor, statement, *arguments, **more)

    # Django's own cursors and those that send ahead.
    monkeypatch.setattr(psycopg.Cursor, "execute", count)
    with service_context(book.acme.id):
        organization = Organization.objects.get()
        last = Night.objects.select_related("model_version").get()
        ids = sorted(str(account_id) for account_id in Account.objects.values_list("id", flat=True))
        for accounts in ([str(account.id)], ids):
            sent.clear()
            with connection.cursor() as cursor:
                write_day(cursor, organization, last, TODAY, accounts)
            asked.append([one.split()[0] for one in sent])
    assert asked[0] == asked[1]
    assert asked[0][-4:] == ["DELETE", "INSERT", "DELETE", "INSERT"]


def test_the_account_page_says_what_the_day_found_and_holds_an_offer(book, client_for):
    account = change_one(book)
    diagnose_arrived(book.acme.id)
    with service_context(book.acme.id):
        Priority.objects.create(
            organization_id=book.acme.id,
            account=account,
            night=NIGHT,
            kind="upsell",
            subject="upsell",
            lever="upsell",
            owner_email=book.bob.email,
            rank=1,
            share=1.0,
            urgency=1.0,
        )
    text = client_for(book.bob).get(f"/o/acme/accounts/{account.id}/").content.decode()
    assert "Diagnosed again on" in text
    assert "Provisional" in text
    assert "Hold the offer" in text
