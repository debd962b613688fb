"""What acts came to: health afterwards, renewals with and without an act, and who sees which accounts."""

from datetime import datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from diagnostics.models import Diagnosis, Movement
from diagnostics.queries.act_outcomes import read_act_outcomes
from portfolio.models import Act, Product, Subscription
from tests.diagnostics.accounts_list import text_of
from tests.diagnostics.books import TODAY
from tests.diagnostics.diagnosed import diagnose_by_hand, make_account

URL = "/o/acme/outcomes/"


def ago(days):
    return TODAY - timedelta(days=days)


def inside(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


ENTERED, DECIDED = ago(200), ago(100)


def sign(account, product, *, ended=None, mrr=1000, term=12):
    Subscription.objects.create(
        source_id=account.source_id, account=account, product=product, started_on=ago(600), ended_on=ended,
        term_months=term, mrr=mrr, currency="EUR",
    )  # fmt: skip


def act(account, days, kind="called", **fields):
    at = datetime.combine(ago(days), datetime.min.time(), timezone.get_default_timezone()) + timedelta(hours=9)
    Act.objects.create(
        source_id=f"{account.source_id}-{days}-{kind}", account=account, kind=kind, at=at, priority="retain",
        member_email="bob@acme.example", **fields,
    )  # fmt: skip


def defend(*accounts, night=ENTERED, decides=DECIDED):
    """A night on which these accounts enter defense; their term ends on `decides`."""
    diagnose_by_hand(
        *((a, {"health": 50.0, "arr": Decimal(12_000), "renews_on": decides, "top_cause": 1}) for a in accounts),
        night=night,
    )
    for account in accounts:
        Movement.objects.create(account=account, night=night, kind="entered_defense", place=2, since=night)


@pytest.fixture
def book(cast):
    """Acted on and renewed (Bob's), acted on and lost (Dora's), left alone and lost (Bob's), not decided yet."""
    with inside(cast):
        Organization.objects.update(visibility="all")
        product = Product.objects.create(source_id="core", name="Core", core=True)
        kept, lost, alone, waits, monthly = (
            make_account(name, csm_email=owner)
            for name, owner in [
                ("Kept", cast.bob.email), ("Lost", "dora@consulting.example"), ("Alone", cast.bob.email),
                ("Waits", cast.bob.email), ("Monthly", cast.bob.email),
            ]
        )  # fmt: skip
        sign(kept, product)
        sign(lost, product, ended=ago(100))
        sign(alone, product, ended=ago(100))
        sign(waits, product)
        sign(monthly, product, term=1)
        defend(kept, lost, alone, monthly)
        defend(waits, night=ago(60), decides=ago(-30))
        act(kept, 190)
        act(lost, 150)
        act(waits, 50, "met")
        # After the decision: not what it came of.
        act(alone, 90, "mailed")
        for days, health in ((155, 58.0), (120, 66.0), (95, 70.0)):
            diagnose_by_hand((kept, {"health": health}), night=ago(days))
    cast.kept, cast.lost, cast.alone, cast.waits = kept, lost, alone, waits
    return cast


def outcomes(cast, person=None):
    with organization_context(organization_id=cast.acme.id, user_id=(person or cast.alice).id):
        membership = Membership.objects.select_related("organization", "user").get(user=person or cast.alice)
        return read_act_outcomes(membership)


def test_arr_secured_is_what_renewed_after_an_act_beside_those_left_alone(book):
    found = outcomes(book)
    cases = {found.names[c.decision.account_id]: (c.kind, c.decision.due, c.decision.kept) for c in found.cases}
    year = Decimal(12_000)
    assert cases == {
        "Kept": ("called", year, year),
        "Lost": ("called", year, Decimal(0)),
        "Alone": ("", year, Decimal(0)),
        "Waits": ("met", year, None),
    }
    assert found.arr_secured == year
    assert (found.with_act.rate, len(found.with_act.decided), found.with_act.open_count) == (Decimal("0.5"), 2, 1)
    assert (found.without_act.rate, len(found.without_act.decided)) == (Decimal(0), 1)


def test_health_is_followed_from_the_night_before_the_act(book):
    called = next(group for group in outcomes(book).groups if group.kind == "called")
    # 190 days ago health was 50; the first nights 30, 60 and 90 days later say 58, 66 and 70.
    assert called.changes == {30: [8.0], 60: [16.0], 90: [20.0]}
    assert called.means == [8.0, 16.0, 20.0]
    assert (called.acts, len(called.accounts), called.is_small) == (2, 2, True)
    assert called.renewal.rate == Decimal("0.5")


def test_the_account_page_says_at_the_act_what_became_of_health(book, client_for):
    page = text_of(client_for(book.bob).get(f"/o/acme/accounts/{book.kept.pk}/").content.decode())
    assert "Called by Bob. Health was 50 before it, is 70 now." in page
    # Nothing is known after this one.
    assert "Health was" not in client_for(book.bob).get(f"/o/acme/accounts/{book.waits.pk}/").content.decode()


def test_a_renewal_is_decided_once_the_grace_is_over(book):
    with inside(book):
        Subscription.objects.filter(account=book.kept).update(ended_on=ago(29))
        Diagnosis.objects.filter(account=book.kept).update(renews_on=ago(29))
    [case] = [c for c in outcomes(book).cases if c.decision.account_id == book.kept.pk]
    assert case.decision.kept is None


def test_a_smaller_contract_counts_what_was_kept(book):
    with inside(book):
        period = Subscription.objects.get(account=book.kept)
        Subscription.objects.filter(pk=period.pk).update(ended_on=ago(100))
        Subscription.objects.create(
            source_id="Kept", account=book.kept, product=period.product, started_on=ago(100), term_months=12,
            mrr=400, currency="EUR",
        )  # fmt: skip
    assert outcomes(book).arr_secured == Decimal(4_800)


def test_the_page_says_association_marks_small_groups_and_lists_the_accounts(book, client_for):
    page = text_of(client_for(book.alice).get(URL).content.decode())
    assert "association, not proof" in page
    assert "€12k of €24k due, 2 decisions" in page
    assert "50% 2 decisions, small group" in page
    assert "3 small groups" in page
    for row in ("Kept", "Lost", "Alone", "Waits"):
        assert row in page
    assert "Monthly" not in page


def test_only_the_accounts_of_the_book_are_counted(book, client_for):
    with inside(book):
        Organization.objects.update(visibility="own")
    found = outcomes(book, book.bob)
    assert set(found.names.values()) == {"Kept", "Alone", "Waits"}
    assert found.with_act.rate == 1
    assert "Lost" not in text_of(client_for(book.bob).get(URL).content.decode()).replace("lost", "")


def test_without_acts_it_says_what_will_stand_here(cast, client_for):
    assert "Nothing was done yet" in client_for(cast.bob).get(URL).content.decode()


def test_who_gets_in(book, client_for):
    with inside(book):
        Membership.objects.filter(user=book.dora).update(role=Role.DPO)
    everybody = ("alice", "bob", "charlie", "dora", "eve")
    assert {name: client_for(getattr(book, name)).get(URL).status_code for name in everybody} == {
        "alice": 200, "bob": 200, "charlie": 404, "dora": 403, "eve": 404,
    }  # fmt: skip
    assert client_for(book.alice).post(URL).status_code == 405
    assert client_for(book.alice).get("/o/nowhere/outcomes/").status_code == 404


def test_one_account_and_thirty_take_the_same_queries(book, client_for):
    client = client_for(book.alice)
    client.get(URL)
    with CaptureQueriesContext(connection) as few:
        client.get(URL)
    with inside(book):
        product = Product.objects.get()
        more = [make_account(f"More {number}") for number in range(30)]
        for account in more:
            sign(account, product)
            act(account, 170, "met")
        defend(*more, night=ago(180))
    with CaptureQueriesContext(connection) as many:
        client.get(URL)
    assert (len(few), len(many)) == (13, 13)
