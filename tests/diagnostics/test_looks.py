"""A look at a diagnosis: once per member, account and day, and not a line in the account's story."""

import pytest

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Role
from portfolio.models import Account, Act
from tests.diagnostics.desks import NIGHT, diagnose_by_hand, make_account


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand((make_account("Kestrel", csm_email=cast.bob.email), {}), night=NIGHT)
        cast.kestrel = Account.objects.get()
    return cast


def looks(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        audited = AuditEntry.objects.filter(action="account.looked").count()
        return sorted(Act.objects.filter(kind="looked").values_list("member_email", flat=True)), audited


def test_a_look_counts_once_a_day_for_each_member(book, client_for):
    address = f"/o/acme/accounts/{book.kestrel.pk}/look/"
    for who in (book.bob, book.bob, book.alice, book.bob):
        answer = client_for(who).post(address)
        assert (answer.status_code, answer.content) == (204, b"")
    assert looks(book) == ([book.alice.email, book.bob.email], 2)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Act.objects.filter(member_email=book.bob.email).update(source_id="yesterday")
    client_for(book.bob).post(address)
    assert len(looks(book)[0]) == 3


def test_who_may_and_what_the_page_offers(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    address = f"/o/acme/accounts/{book.kestrel.pk}/look/"
    here = f"/o/acme/accounts/{book.kestrel.pk}/"
    assert f'data-look="{address}"' in client_for(book.bob).get(here).content.decode()
    assert "data-look" not in client_for(book.eve).get(here).content.decode()
    assert client_for(book.eve).post(address).status_code == 403
    assert client_for(book.charlie).post(f"/o/globex/accounts/{book.kestrel.pk}/look/").status_code == 404
    assert client_for(book.bob).get(address).status_code == 405
    assert looks(book) == ([], 0)


def test_the_timeline_tells_a_forecast_and_no_look(book, client_for):
    client = client_for(book.bob)
    client.post(f"/o/acme/accounts/{book.kestrel.pk}/look/")
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Act.objects.create(
            source_id="f",
            account=book.kestrel,
            kind="planned",
            at=f"{NIGHT}T09:00:00Z",
            member_email=book.bob.email,
            reason="forecast:at_risk:2027-01-01:S",
        )
    page = client.get(f"/o/acme/accounts/{book.kestrel.pk}/").content.decode()
    assert "Renewal forecast At risk by Bob." in page
    assert "looked" not in page.split('id="timeline"')[1]
