"""The account page: what it says, that its causes add up, who may read it and who may act on it."""

import re
import uuid
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role, Visibility
from diagnostics.models import Priority
from diagnostics.queries.account_page import read_account_page
from portfolio.models import Account, Act, Interaction, Subscription
from tests.diagnostics.account_book import make_full_account
from tests.diagnostics.books import NIGHT, diagnose_book

NAME = "Halvorsen <b>Rederi</b>"


def inside(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


@pytest.fixture
def account(cast):
    """Bob's account with one of everything, diagnosed a month ago and last night; a canary in the other one."""
    with inside(cast):
        made = make_full_account(NAME, owner=cast.bob.email)
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        make_full_account("Canary", owner=cast.charlie.email, mark="ZEBRAFINCH")
    for organization in (cast.acme, cast.globex):
        diagnose_book(organization, NIGHT - timedelta(days=30))
        diagnose_book(organization)
    return made


def url_of(account, tail="") -> str:
    return f"/o/acme/accounts/{account.id}/{tail}"


def read(client, account, query="") -> str:
    answer = client.get(url_of(account) + query)
    assert answer.status_code == 200
    return answer.content.decode()


def test_it_shows_every_kind_of_fact_and_none_of_another_organization(cast, account, client_for):
    text = read(client_for(cast.bob), account)
    for shown in (
        "Halvorsen &lt;b&gt;Rederi&lt;/b&gt;",
        "Ingrid Moe0",
        "C-2025-1",
        "€14,814",
        "Sync fails offline0",
        "Budget is set in December0.",
        "Call with Ingrid Moe0.",
        "30 days overdue",
        "One tool for all vessels0.",
        "Fleet tier0",
        "Crewing0",
        "€18k",
        "Upsell, Planner",
        "Release 8",
        "Called by Bob.",
    ):
        assert shown in text, shown
    assert "Halvorsen <b>" not in text
    assert "ZEBRAFINCH" not in text
    assert client_for(cast.bob).get(url_of(account)).headers["Cache-Control"] == "private, no-store"


def test_base_and_causes_are_the_scores_exactly_and_so_are_the_figures_shown(cast, account):
    with inside(cast):
        membership = Membership.objects.select_related("organization", "user").get(user=cast.bob)
        found = read_account_page(membership, account.id, language="en").found
    for score in ("health", "potential"):
        now, then = getattr(found.diagnosis, score), getattr(found.before, score)
        assert found.base(score) + sum(cause.points for cause in found.causes(score)) == now
        change = found.change(score)
        assert sum(cause.points for cause in change.causes) == change.total == now - then
        assert change.customer + change.rules + change.missing == change.total


@pytest.mark.parametrize("why", ["health", "health-change", "potential", "potential-change"])
def test_a_reader_can_redo_the_sum(cast, account, client_for, why):
    context = client_for(cast.bob).get(url_of(account, f"causes/?why={why}")).context
    table = context["table"]
    assert table.rows
    assert table.start + sum(row.points for row in table.all_rows) == table.end
    assert all(abs(row.points - Decimal(str(row.cause.points))) < Decimal("0.2") for row in table.all_rows)


def test_the_url_says_which_explanation_stands_open(cast, account, client_for):
    text = read(client_for(cast.bob), account, "?why=potential-change")
    assert 'value="potential-change" checked' in text
    assert 'value="health" checked' not in text
    assert client_for(cast.bob).get(url_of(account) + "?why=bribe").status_code == 400


def test_a_cause_opens_the_records_behind_it(cast, account, client_for):
    client = client_for(cast.bob)
    [number] = {
        cause.number
        for cause in (row.cause for row in client.get(url_of(account)).context["tables"]["health"].all_rows)
        if cause.name == "tickets_past_due"
    }
    address = url_of(account, f"causes/{number}/")
    page = client.get(address).content.decode()
    part = client.get(address, headers={"HX-Request": "true"}).content.decode()
    for text in (page, part):
        assert '<span class="mask">tickets</span>' in text
        assert '<span class="mask">T0</span>' in text
        assert "Sync fails offline0 (Urgent, open, due on" in text
    assert "<html" in page
    assert "<html" not in part
    assert client.get(url_of(account, "causes/999/")).status_code == 404


def test_every_cause_can_be_opened(cast, account, client_for):
    client = client_for(cast.bob)
    tables = client.get(url_of(account)).context["tables"]
    numbers = {row.cause.number for table in tables.values() for row in table.all_rows if row.cause.number}
    assert len(numbers) > 10
    for number in numbers:
        answer = client.get(url_of(account, f"causes/{number}/"))
        assert answer.status_code == 200, number
        assert "ZEBRAFINCH" not in answer.content.decode()


def test_without_usage_health_is_withheld_in_words(cast, account, client_for):
    with inside(cast), connection.cursor() as cursor:
        cursor.execute(
            "DELETE FROM portfolio_usage WHERE account_id = %s AND day BETWEEN %s AND %s",
            [account.id, NIGHT - timedelta(days=200), NIGHT],
        )
    for night in (NIGHT - timedelta(days=30), NIGHT):
        diagnose_book(cast.acme, night)
    text = read(client_for(cast.bob), account)
    assert "Health is withheld: it needs usage and one more source." in text
    assert "no usage" in text
    assert 'value="potential" checked' in text
    withheld = text.partition("Health is withheld")[2].partition("Potential")[0]
    assert "What the risks read" in withheld


def test_in_french_a_chart_still_has_points_in_its_coordinates(cast, account, client_for):
    client = client_for(cast.bob)
    answer = client.get(url_of(account), headers={"Accept-Language": "fr"})
    charts = re.findall(r"<svg.*?</svg>", answer.content.decode(), re.DOTALL)
    assert answer.headers["Content-Language"] == "fr"
    assert any("chart--720" in chart for chart in charts)
    assert not [chart for chart in charts if re.search(r'(x|y|cx|cy|d)="[^"]*\d,\d', chart)]


def test_before_the_first_night_the_facts_stand_alone(cast, client_for):
    with inside(cast):
        account = make_full_account("New", owner=cast.bob.email)
    text = read(client_for(cast.bob), account)
    assert "The first night has not run." in text
    assert "Ingrid Moe0" in text
    assert client_for(cast.bob).get(url_of(account, "causes/1/")).status_code == 404
    assert client_for(cast.bob).get(url_of(account, "causes/")).status_code == 404


def test_a_former_customer_stays_readable(cast, account, client_for):
    with inside(cast):
        Subscription.objects.update(ended_on=NIGHT - timedelta(days=200))
    diagnose_book(cast.acme)
    text = read(client_for(cast.bob), account)
    assert "No subscription ran on the night of" in text
    assert "No subscription runs today." in text
    assert "Ingrid Moe0" in text


def test_an_account_without_a_diagnosis_says_why(cast, account, client_for):
    with inside(cast):
        bare = Account.objects.create(source_id="bare", name="Bare", csm_email=cast.bob.email)
        late = Account.objects.create(
            source_id="late", name="Late", csm_email=cast.bob.email, customer_since=NIGHT - timedelta(days=9)
        )
        ahead = Account.objects.create(
            source_id="ahead", name="Ahead", csm_email=cast.bob.email, customer_since=NIGHT + timedelta(days=9)
        )
    client = client_for(cast.bob)
    assert "It has no customer-since date, no subscription and no dated fact" in read(client, bare)
    assert "It came in after the night of" in read(client, late)
    assert "It becomes a customer on" in read(client, ahead)
    diagnose_book(cast.acme)
    # The night that has run since knows what has begun, and still nothing of the two others.
    assert "Not diagnosed" not in read(client, late)
    assert "no dated fact" in read(client, bare)
    assert "It becomes a customer on" in read(client, ahead)


def test_the_timeline_turns_its_pages_and_shows_nothing_to_come(cast, account, client_for):
    with inside(cast):
        for day in range(40):
            Interaction.objects.create(
                source_id=f"Y{day}",
                account=account,
                kind="meeting",
                happened_at=timezone.now() - timedelta(days=day + 9),
            )
        Interaction.objects.create(
            source_id="later",
            account=account,
            kind="call",
            happened_at=timezone.now() + timedelta(days=2),
            text="To come",
        )
    client = client_for(cast.bob)
    seen, number = [], 1
    while number:
        answer = client.get(url_of(account) + f"?page={number}", headers={"HX-Request": "true"})
        assert "<html" not in answer.content.decode()
        timeline = answer.context["timeline"]
        seen += timeline.entries
        number = timeline.earlier
    days = [entry.day for entry in seen]
    assert days == sorted(days, reverse=True)
    assert sum(entry.title == "Meeting." for entry in seen) == 40
    assert "To come" not in "".join(entry.text for entry in seen)
    for odd in ("0", "-1", "x", "9" * 30):
        assert client.get(url_of(account) + f"?page={odd}").context["timeline"].number == 1


# Who may


def test_a_colleague_reads_it_unless_books_are_apart(cast, account, client_for):
    assert read(client_for(cast.dora), account)
    with inside(cast):
        Organization.objects.update(visibility=Visibility.OWN)
    assert read(client_for(cast.bob), account)
    for tail in ("", "causes/", "causes/1/"):
        assert client_for(cast.dora).get(url_of(account, tail)).status_code == 404
    assert client_for(cast.dora).post(url_of(account, "notes/"), {"text": "Hello"}).status_code == 404


def test_strangers_bad_ids_and_wrong_verbs(cast, account, client_for):
    for person in (cast.charlie, cast.eve):
        assert client_for(person).get(url_of(account)).status_code == 404
    assert client_for(cast.charlie).get(f"/o/globex/accounts/{account.id}/").status_code == 404
    assert client_for(cast.bob).get(f"/o/acme/accounts/{uuid.uuid4()}/").status_code == 404
    assert client_for(cast.bob).get("/o/acme/accounts/1/").status_code == 404
    assert client_for(cast.bob).post(url_of(account)).status_code == 405
    assert client_for(cast.bob).get(url_of(account, "notes/")).status_code == 405


def test_a_viewer_reads_and_is_offered_nothing_to_do(cast, account, client_for):
    with inside(cast):
        Membership.objects.create(user=cast.eve, role=Role.VIEWER)
    text = read(client_for(cast.eve), account)
    assert "Ingrid Moe0" in text
    assert "record_done" not in text
    assert "/done/" not in text
    assert "/notes/" not in text
    assert client_for(cast.eve).post(url_of(account, "notes/"), {"text": "Hello"}).status_code == 403


def test_after_the_trial_it_is_readable_and_offers_nothing(cast, account, client_for):
    with inside(cast):
        Organization.objects.update(trial_ends_at=timezone.now() - timedelta(days=1))
    text = read(client_for(cast.bob), account)
    assert "/done/" not in text
    assert "/notes/" not in text
    assert client_for(cast.bob).post(url_of(account, "notes/"), {"text": "Hello"}).status_code == 403


def test_a_parent_outside_the_book_is_not_named(cast, account, client_for):
    with inside(cast):
        parent = Account.objects.create(source_id="top", name="Gruppen AS", csm_email=cast.dora.email)
        Account.objects.filter(pk=account.pk).update(parent=parent)
    assert "Gruppen AS" in read(client_for(cast.bob), account)
    with inside(cast):
        Organization.objects.update(visibility=Visibility.OWN)
    assert "Gruppen AS" not in read(client_for(cast.bob), account)


# Acts and notes


def test_an_act_comes_back_to_the_page_and_so_does_its_undo(cast, account, client_for):
    client = client_for(cast.bob)
    with inside(cast):
        priority = Priority.objects.get(night=NIGHT)
    assert f"/priorities/{priority.id}/done/" in read(client, account)
    answer = client.post(
        f"/o/acme/priorities/{priority.id}/snooze/", {"until": "tomorrow", "next": url_of(account)}, follow=True
    )
    assert answer.redirect_chain == [(url_of(account), 302)]
    page = answer.content.decode()
    assert "Snoozed until" in page
    assert f"/priorities/{priority.id}/done/" not in page
    toast = page.split("data-toast")[1].split("</form>")[0]
    assert f'name="next" value="{url_of(account)}"' in toast
    with inside(cast):
        act = Act.objects.get(kind="snoozed")
    answer = client.post(f"/o/acme/acts/{act.id}/undo/", {"next": url_of(account)}, follow=True)
    assert answer.redirect_chain == [(url_of(account), 302)]
    assert f"/priorities/{priority.id}/done/" in answer.content.decode()


def test_a_note_is_kept_sealed_shown_and_taken_back(cast, account, client_for):
    client = client_for(cast.bob)
    words = "Ingrid <script>wants</script> one date."
    answer = client.post(url_of(account, "notes/"), {"text": f"  {words} "}, follow=True)
    assert "Ingrid &lt;script&gt;wants&lt;/script&gt; one date." in answer.content.decode()
    with inside(cast):
        note = Interaction.objects.get(
            import_number=None, text__gt=b"", happened_at__gte=timezone.now() - timedelta(minutes=5)
        )
        assert (note.kind, note.text, note.author_email) == ("note", words, cast.bob.email)
        with connection.cursor() as cursor:
            cursor.execute("SELECT text FROM portfolio_interaction WHERE id = %s", [note.id])
            assert b"Ingrid" not in bytes(cursor.fetchone()[0])
    assert client_for(cast.dora).post(f"/o/acme/notes/{note.id}/undo/").status_code == 404
    answer = client.post(f"/o/acme/notes/{note.id}/undo/", follow=True)
    assert "Taken back." in answer.content.decode()
    assert client.post(f"/o/acme/notes/{note.id}/undo/").status_code == 404
    with inside(cast):
        assert not Interaction.objects.filter(pk=note.id).exists()
        told = AuditEntry.objects.filter(action__startswith="note.").order_by("at")
        assert [(entry.action, entry.details) for entry in told] == [
            ("note.written", {"note": str(note.id)}),
            ("note.undone", {"note": str(note.id)}),
        ]


def test_an_imported_note_and_one_of_yesterday_stay(cast, account, client_for):
    with inside(cast):
        imported = Interaction.objects.create(
            source_id="i",
            account=account,
            kind="note",
            happened_at=timezone.now(),
            author_email=cast.bob.email,
            import_number=1,
        )
        old = Interaction.objects.create(
            source_id="o",
            account=account,
            kind="note",
            happened_at=timezone.now() - timedelta(days=2),
            author_email=cast.bob.email,
        )
    for note in (imported, old):
        assert client_for(cast.bob).post(f"/o/acme/notes/{note.id}/undo/").status_code == 404


@pytest.mark.parametrize("text", ["", "   ", "\x00", "x" * 4001])
def test_no_empty_and_no_endless_note(cast, account, client_for, text):
    with inside(cast):
        before = Interaction.objects.count()
    answer = client_for(cast.bob).post(url_of(account, "notes/"), {"text": text}, follow=True)
    assert "The note was not saved" in answer.content.decode()
    with inside(cast):
        assert Interaction.objects.count() == before


# What it costs


@pytest.mark.parametrize("rows", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, rows):
    with inside(cast):
        account = make_full_account(NAME, owner=cast.bob.email, rows=rows)
    diagnose_book(cast.acme, NIGHT - timedelta(days=30))
    diagnose_book(cast.acme)
    client = client_for(cast.bob)
    cache.clear()
    client.get(url_of(account))  # the organization switch and the kinds of limits are read once
    asked = count(client, url_of(account))
    assert len(asked) == 11, "\n".join(sql[:160] for sql in asked)
    part = count(client, url_of(account) + "?page=2", headers={"HX-Request": "true"})
    assert len(part) == 9, "\n".join(sql[:160] for sql in part)


def count(client, address, **options) -> list[str]:
    with CaptureQueriesContext(connection) as queries:
        assert client.get(address, **options).status_code == 200
    # A test's own transaction turns BEGIN into a savepoint and has the context restored.
    return [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"] and "'phano.context', ''" not in q["sql"]]
