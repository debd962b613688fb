"""Today: a shared cause opened and acted on, families, colleagues, what is left out, and what the day found."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership, Organization, Visibility
from diagnostics.models import Diagnosis, Movement, Night, Priority
from diagnostics.priorities.drafts import DraftFacts, draft_message
from diagnostics.queries.today import count_open, read_today
from portfolio.models import Account, Act, Contact
from tests.diagnostics.books import NIGHT, TODAY, diagnose_book, make_leaving_account

URL = "/o/acme/today/"
TOGETHER = "/o/acme/priorities/together"


def member(user) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


def make_pool(cast, count: int, *, owner: str = "") -> list:
    """So many accounts of Bob's that gave notice, diagnosed and, by hand, of one cause; the ids of their priorities."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(count):
            make_leaving_account(f"Account {number:02}", owner=owner or cast.bob.email)
    diagnose_book(cast.acme)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Priority.objects.update(pool="signal:retain:notice_given", pool_accounts=count + 9, pool_arr=500_000, rank=1)
        return list(Priority.objects.order_by("account__name").values_list("id", flat=True))


@pytest.fixture
def pool(cast):
    cast.ids = make_pool(cast, 3)
    return cast


def acted(cast) -> list[tuple[str, str]]:
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return list(Act.objects.order_by("account__name").values_list("account__name", "kind"))


def test_a_shared_cause_is_one_row_with_its_accounts_and_its_draft(pool, client_for):
    text = client_for(pool.bob).get(URL).content.decode()
    assert text.count('class="prio prio--group"') == 1
    assert "Notice given: 3 accounts" in text
    assert "of 12 in all" in text
    assert text.count('name="priority"') == 3
    assert "Draft in French" in text
    with organization_context(organization_id=pool.acme.id, user_id=pool.bob.id):
        assert count_open(member(pool.bob)) == 1


def restrict(cast) -> None:
    """Members see their own book alone."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Organization.objects.update(visibility=Visibility.OWN)
        Night.objects.update(unlisted={cast.bob.email: 2, cast.dora.email: 40})


def test_what_counts_the_whole_base_is_for_those_who_see_it(pool, client_for):
    restrict(pool)
    text = client_for(pool.bob).get(URL, {"scope": "team"}).content.decode()
    assert "Notice given: 3 accounts" in text
    assert "in all" not in text
    for reader, unlisted in ((pool.bob, 2), (pool.alice, 42)):
        with organization_context(organization_id=pool.acme.id, user_id=reader.id):
            assert read_today(member(reader), scope="team", language="en").unlisted == unlisted


def test_a_parent_out_of_sight_is_neither_named_nor_linked(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        top = Account.objects.create(source_id="top", name="Orbis Group")
        for name in ("Oslo", "Bergen"):
            account = make_leaving_account(name, owner=cast.bob.email)
            Account.objects.filter(pk=account.pk).update(parent=top)
    diagnose_book(cast.acme)
    restrict(cast)
    text = client_for(cast.bob).get(URL, {"by": "parent"}).content.decode()
    assert "A parent out of your sight: 2 accounts" in text
    assert "one parent, one call" in text
    assert "Orbis" not in text
    assert f"accounts/{top.pk}/" not in text


@pytest.mark.parametrize(
    ("verb", "posted", "kind"),
    [
        ("done", {"outcome": "mailed", "note": "One letter"}, "mailed"),
        ("snooze", {"until": "next_week"}, "snoozed"),
        ("dismiss", {"reason": "handled"}, "dismissed"),
    ],
)
def test_done_for_a_choice_or_for_all_and_taken_back_as_one(pool, client_for, verb, posted, kind):
    client = client_for(pool.bob)
    answer = client.post(f"{TOGETHER}/{verb}/", {**posted, "priority": pool.ids[:2]}, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    assert acted(pool) == [("Account 00", kind), ("Account 01", kind)]
    text = answer.content.decode()
    undo = text.split("/acts/")[1].split("/undo/")[0]
    client.post(f"/o/acme/acts/{undo}/undo/")
    assert acted(pool) == []
    part = client.post(f"{TOGETHER}/{verb}/", {**posted, "priority": pool.ids}, headers={"HX-Request": "true"})
    assert "3 accounts" in part.content.decode()
    assert len(acted(pool)) == 3


def test_no_choice_records_nothing_and_says_so(pool, client_for):
    client = client_for(pool.bob)
    answer = client.post(f"{TOGETHER}/done/", {"outcome": "called"}, follow=True)
    assert "choose at least one account" in answer.content.decode()
    for posted in ({"outcome": "bribed"}, {"outcome": "called", "priority": ["1; DROP"]}, {}):
        assert client.post(f"{TOGETHER}/done/", posted).status_code == 400
    assert client.post(f"{TOGETHER}/done/", {"outcome": "called", "priority": pool.ids * 200}).status_code == 302
    assert client.get(f"{TOGETHER}/done/").status_code == 405
    assert len(acted(pool)) == 3


def test_a_reader_sees_the_accounts_and_no_button(pool, client_for):
    with organization_context(organization_id=pool.acme.id, user_id=pool.alice.id):
        Membership.objects.create(user=pool.eve, role="viewer")
    text = client_for(pool.eve).get(URL).content.decode()
    assert "Notice given: 3 accounts" in text
    assert 'name="priority"' not in text
    assert client_for(pool.eve).post(f"{TOGETHER}/done/", {"outcome": "met"}).status_code == 403


@pytest.mark.parametrize("accounts", [1, 30])
@pytest.mark.parametrize("query", ["", "?by=parent&left_out=1"])
def test_the_page_asks_the_same_for_a_small_and_for_a_large_cause(cast, client_for, accounts, query):
    make_pool(cast, accounts)
    client = client_for(cast.bob)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        client.get(URL + query)
    asked = [q["sql"] for q in queries if "SAVEPOINT" not in q["sql"] and "'phano.context', ''" not in q["sql"]]
    assert len(asked) == (12 if query else 11), "\n".join(sql[:160] for sql in asked)


def test_accounts_of_one_parent_are_one_call_and_the_address_keeps_it(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        top = Account.objects.create(source_id="top", name="Orbis Group")
        middle = Account.objects.create(source_id="mid", name="Orbis Nordic", parent=top)
        for name, parent in (("Oslo", middle), ("Bergen", middle), ("Paris", top), ("Alone", None)):
            account = make_leaving_account(name, owner=cast.bob.email)
            Account.objects.filter(pk=account.pk).update(parent=parent)
    diagnose_book(cast.acme)
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        assert read_today(member(cast.bob), scope="mine", language="en").counts["open"] == 4
        rows = read_today(member(cast.bob), scope="mine", language="en", by_parent=True).rows
        assert [row.account_name for row in rows] == ["Orbis Group: 3 accounts", "Alone"]
        assert {one.account_name for one in rows[0].members} == {"Oslo", "Bergen", "Paris"}
        # A circle of parents has an end, and loses nobody.
        Account.objects.filter(pk=top.pk).update(parent=middle)
        rows = read_today(member(cast.bob), scope="mine", language="en", by_parent=True).rows
        assert sum(len(getattr(row, "members", [row])) for row in rows) == 4
    text = client_for(cast.bob).get(URL, {"by": "parent"}).content.decode()
    assert "Orbis" in text
    assert 'aria-pressed="true"' in text
    assert client_for(cast.bob).get(URL, {"by": "planet"}).status_code == 400


@pytest.fixture
def both(cast):
    """Bob and Dora have priorities of one account, and one contact there."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = make_leaving_account("Halvorsen", owner=cast.bob.email)
        Account.objects.update(am_email=cast.dora.email)
        contact = Contact.objects.create(source_id="c", account=account, name="Ingrid Moe", email="ingrid@h.example")
    diagnose_book(cast.acme)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        first = Priority.objects.get()
        assert first.contact == contact
        Priority.objects.create(
            organization_id=first.organization_id,
            account=account,
            night=first.night,
            kind="renewal",
            subject="renewal",
            owner_email=cast.dora.email,
            rank=1,
            share=0.4,
            urgency=1.0,
            contact=contact,
        )
    return cast


def test_two_who_would_turn_to_one_person_are_told(both, client_for):
    for reader, other in ((both.bob, "Dora"), (both.dora, "Bob")):
        text = client_for(reader).get(URL).content.decode()
        assert f"{other} also has Ingrid Moe on the list today: agree who calls." in text
    dora = client_for(both.dora)
    with organization_context(organization_id=both.acme.id, user_id=both.dora.id):
        own = Priority.objects.get(owner_email=both.dora.email)
    dora.post(f"/o/acme/priorities/{own.id}/done/", {"outcome": "called"})
    assert "agree who calls" not in client_for(both.bob).get(URL).content.decode()


def test_what_a_colleague_has_is_left_out_with_the_name_and_seen_through_ones_own_lens(both, client_for):
    with organization_context(organization_id=both.acme.id, user_id=both.bob.id):
        [left] = read_today(member(both.bob), scope="mine", language="en").left_out
        account_id = left.account_id
        assert (left.account_name, left.has_it, left.kind) == ("Halvorsen", "Dora", "renewal")
        assert left.arr == Diagnosis.objects.get().arr
    listed = client_for(both.bob).get(URL, {"left_out": 1}).content.decode()
    assert "Dora has it" in listed
    page = f"/o/acme/accounts/{account_id}/"
    assert "Dora has this account on the list today as well" in client_for(both.bob).get(page).content.decode()
    hers = client_for(both.dora).get(page).content.decode()
    assert "Bob has this account on the list today as well" in hers


def flag(cast, kind: str = "notice_given") -> None:
    """A movement of today, before any night knows."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = Account.objects.order_by("name").first()
        Movement.objects.create(
            organization_id=cast.acme.id,
            account=account,
            night=TODAY,
            at=timezone.now(),
            kind=kind,
            place=1,
            arr=12_000,
            since=NIGHT,
        )


def test_what_the_day_found_is_flagged_with_its_hour_and_holds_an_offer(pool, client_for):
    flag(pool)
    hour = timezone.now().astimezone(pool.acme.zone)
    text = client_for(pool.bob).get(URL).content.decode()
    assert f"today at {hour:%H}:" in text
    assert "move--day" in text
    with organization_context(organization_id=pool.acme.id, user_id=pool.alice.id):
        Priority.objects.update(pool="", kind="upsell", lever="upsell")
        rows = read_today(member(pool.bob), scope="mine", language="en").rows
        held = [row.account_name for row in rows if row.action.text.startswith("Hold the offer")]
        assert held == ["Account 00"]
    assert "Provisional until tonight" in client_for(pool.bob).get("/o/acme/today/movements/").content.decode()
    with organization_context(organization_id=pool.acme.id, user_id=pool.alice.id):
        # The next night takes its place.
        Night.objects.update(night=TODAY)
        Diagnosis.objects.update(night=TODAY)
    assert "move--day" not in client_for(pool.bob).get(URL).content.decode()


def test_a_long_list_shows_its_head_and_the_rest_on_request(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(8):
            make_leaving_account(f"Bob’s {number}", owner=cast.bob.email)
            make_leaving_account(f"Dora’s {number}", owner=cast.dora.email)
    diagnose_book(cast.acme)
    client = client_for(cast.alice)
    first = client.get(URL, {"scope": "team"}).content.decode()
    assert first.count('class="prio"') == 10
    assert "Show 6 more rows" in first
    assert client.get(URL, {"scope": "team", "all": 1}).content.decode().count('class="prio"') == 16


@pytest.mark.parametrize("cause", ["usage", "support", "billing", "crm", "upsell", "seats", "cross_sell", "price"])
@pytest.mark.parametrize("language", ["en", "fr"])
def test_every_cause_has_its_words_in_both_languages(cause, language):
    facts = DraftFacts(cause=cause, member="Bob", organization="Acme", today=TODAY)
    draft = draft_message(facts, language)
    assert "{" not in draft.subject + draft.body
    assert draft.body.endswith("Bob\nAcme")
    link = draft.link(["a@x.example", "b@y.example"])
    assert link.startswith("mailto:?bcc=a@x.example,b@y.example&subject=")
    assert " " not in link


def test_an_internal_matter_and_a_nameless_event_have_no_letter():
    facts = DraftFacts(cause="owner", member="Bob", organization="Acme", today=TODAY)
    assert draft_message(facts, "en") is None
    ended = DraftFacts(
        cause="usage",
        member="Bob",
        organization="Acme",
        today=TODAY,
        event_kind="incident",
        event_title="Queue",
        event_on=TODAY - timedelta(days=9),
        event_ended_on=TODAY - timedelta(days=8),
    )
    assert "It ended on" in draft_message(ended, "en").body
