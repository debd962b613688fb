"""Today: whose priorities, every act with its undo, and what strangers and viewers get."""

import re
from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Role
from diagnostics.models import Priority
from portfolio.models import Act
from tests.diagnostics.books import TODAY, diagnose_book, make_leaving_account

URL = "/o/acme/today/"


@pytest.fixture
def book(cast):
    """Bob's one leaving account, diagnosed last night; Alice's and a foreign one beside it."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel <b>Logistics</b>", owner=cast.bob.email)
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        make_leaving_account("Canary Islands Ltd", owner=cast.charlie.email)
    diagnose_book(cast.acme)
    diagnose_book(cast.globex)
    return cast


def priority_of(cast) -> Priority:
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return Priority.objects.get(rank=1)


def read_acts(cast) -> list[tuple[str, str, str]]:
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return [(a.kind, a.reason, a.note) for a in Act.objects.order_by("at")]


def test_the_page_says_why_now_and_escapes_a_name(book, client_for):
    page = client_for(book.bob).get(URL)
    text = page.content.decode()
    assert page.status_code == 200
    assert "Kestrel &lt;b&gt;Logistics&lt;/b&gt;" in text
    assert "Kestrel <b>" not in text
    assert "Notice was given" in text
    assert "Canary" not in text
    assert page.headers["Cache-Control"] == "private, no-store"


def test_a_part_for_htmx_holds_the_same_list_without_the_frame(book, client_for):
    part = client_for(book.bob).get(URL, headers={"HX-Request": "true"}).content.decode()
    assert "Kestrel" in part
    assert "<html" not in part


def test_the_navigation_counts_ones_own_rows_and_shows_no_count_of_nothing(book, client_for):
    counted = re.compile(r'<span class="lbl">Today</span><span class="count" id="nav-count-today">(\d+)</span>')
    assert counted.findall(client_for(book.bob).get(URL).content.decode()) == ["1"]
    # Alice manages, and nothing waits in her name.
    text = client_for(book.alice).get(URL).content.decode()
    assert '<span class="lbl">Today</span><span class="count" id="nav-count-today" hidden>0</span></a>' in text
    assert not counted.findall(text)


@pytest.mark.parametrize(
    ("verb", "posted", "act", "tab"),
    [
        ("done", {"outcome": "called", "note": "She stays"}, ("called", "", "She stays"), "done"),
        ("snooze", {"until": "tomorrow"}, ("snoozed", (TODAY + timedelta(days=1)).isoformat(), ""), "snoozed"),
        ("dismiss", {"reason": "wrong_facts"}, ("dismissed", "wrong_facts", ""), "dismissed"),
    ],
)
def test_an_act_leaves_the_list_is_recorded_and_comes_back_by_undo(book, client_for, verb, posted, act, tab):
    client = client_for(book.bob)
    address = f"/o/acme/priorities/{priority_of(book).id}/{verb}/"
    answer = client.post(address, posted, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert read_acts(book) == [act]
    assert "Kestrel" not in client.get(URL).content.decode().split("</nav>", 2)[-1].split("toasts")[0]
    listed = client.get(URL, {"tab": tab}).content.decode()
    undo = listed.split("/acts/")[1].split("/undo/")[0]
    client.post(f"/o/acme/acts/{undo}/undo/")
    assert read_acts(book) == []
    assert "Kestrel" in client.get(URL).content.decode()
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        made = list(AuditEntry.objects.order_by("at").values_list("action", flat=True))[-2:]
    assert made[0].startswith("priority.")
    assert made[1] == "priority.undone"


def test_htmx_gets_the_list_again_with_a_toast_and_an_announcement(book, client_for):
    answer = client_for(book.bob).post(
        f"/o/acme/priorities/{priority_of(book).id}/done/",
        {"outcome": "no_action"},
        headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/o/acme/today/?scope=mine"},
    )
    assert answer.status_code == 200
    assert "data-toast" in answer.content.decode()
    assert "announce" in answer.headers["HX-Trigger"]
    # What stands above the list and in the navigation comes with it.
    text = answer.content.decode()
    assert '<p id="today-headline" hx-swap-oob="true">' in text
    assert '<span class="count" id="nav-count-today" hx-swap-oob="true" hidden>0</span>' in text


@pytest.mark.parametrize(
    ("verb", "posted"),
    [("done", {"outcome": "bribed"}), ("snooze", {"until": "never"}), ("dismiss", {}), ("done", {})],
)
def test_an_unknown_choice_changes_nothing(book, client_for, verb, posted):
    answer = client_for(book.bob).post(f"/o/acme/priorities/{priority_of(book).id}/{verb}/", posted)
    assert answer.status_code == 400
    assert read_acts(book) == []


@pytest.mark.parametrize("query", ["scope=all", "tab=x", "segment=vip", "lever=bribe"])
def test_an_unknown_filter_is_refused(book, client_for, query):
    assert client_for(book.bob).get(f"{URL}?{query}").status_code == 400


def test_who_may_look_and_who_may_act(book, client_for):
    address = f"/o/acme/priorities/{priority_of(book).id}/done/"
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    assert client_for(book.eve).get(URL).status_code == 200
    assert client_for(book.eve).post(address, {"outcome": "called"}).status_code == 403
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.charlie).post(address, {"outcome": "called"}).status_code == 404
    assert client_for(book.bob).get(address).status_code == 405
    foreign = f"/o/globex/priorities/{priority_of(book).id}/done/"
    assert client_for(book.charlie).post(foreign, {"outcome": "called"}).status_code == 404
    assert read_acts(book) == []


def test_one_member_cannot_take_back_anothers_act(book, client_for):
    client_for(book.alice).post(f"/o/acme/priorities/{priority_of(book).id}/done/", {"outcome": "met"})
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        act = Act.objects.get()
    client_for(book.bob).post(f"/o/acme/acts/{act.id}/undo/")
    assert [kind for kind, _, _ in read_acts(book)] == ["met"]


def test_an_organization_without_a_night_says_what_to_do(cast, client_for):
    text = client_for(cast.alice).get(URL).content.decode()
    assert "No diagnosis yet" in text


@pytest.mark.parametrize("accounts", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, accounts):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(accounts):
            make_leaving_account(f"Account {number:02}", owner=cast.bob.email)
    diagnose_book(cast.acme)
    client = client_for(cast.bob)
    client.get(URL)  # the organization switch reads its names once in five minutes
    with CaptureQueriesContext(connection) as queries:
        client.get(URL)
    # A test's own transaction turns BEGIN into a savepoint and has the context restored.
    asked = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"] and "'phano.context', ''" not in q["sql"]]
    assert len(asked) == 11, "\n".join(sql[:160] for sql in asked)
