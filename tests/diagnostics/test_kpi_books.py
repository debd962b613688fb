"""The line "expansion closed × rate" beside a book's outcome: off unless the organization sets its rate."""

import re
from datetime import timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership, Organization
from accounts.organizations import change_organization
from portfolio.models import Account
from tests.diagnostics.diagnosed import diagnose_by_hand
from tests.diagnostics.kpi_book import HERE, keep_series, make_kpi_book

URL = "/o/acme/kpis/books/"


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_kpi_book(cast.bob.email)
        keep_series()
    return cast


def set_share(cast, share):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        change_organization(actor=Membership.objects.get(user=cast.alice), expansion_share=share)


def outcome_of(client):
    page = client.get(f"{URL}?{HERE}").content.decode().split('id="outcome-h"')[1].split("</section>")[0]
    return [" ".join(re.sub(r"<[^>]+>", " ", row).split()) for row in re.findall(r"<tr>.*?</tr>", page, re.S)]


def test_the_line_is_off_by_default(book, client_for):
    assert "×" not in "".join(outcome_of(client_for(book.alice)))
    assert "x_rate" not in client_for(book.alice).get(f"/o/acme/kpis/books/csv/?{HERE}").content.decode()


def test_with_a_rate_each_book_has_its_line_to_the_cent(book, client_for):
    set_share(book, Decimal("3.33"))
    rows = outcome_of(client_for(book.alice))
    assert rows[0].endswith("Expansion closed × 3.33%")
    # 2,400 of expansion in Bob's book, none in the other.
    assert [row.rsplit(" ", 1)[-1] for row in rows[1:]] == ["€79.92", "€0"]
    lines = client_for(book.alice).get(f"/o/acme/kpis/books/csv/?{HERE}").content.decode().splitlines()
    assert lines[0].endswith("expansion_revenue,expansion_closed_x_rate")
    assert Decimal(lines[1].rsplit(",", 1)[-1]) == Decimal("79.92")


def test_zero_is_a_rate_and_nothing_switches_it_off(book, client_for):
    set_share(book, Decimal(0))
    assert outcome_of(client_for(book.alice))[1].endswith("€0")
    set_share(book, None)
    assert "×" not in "".join(outcome_of(client_for(book.alice)))


@pytest.mark.parametrize("share", [Decimal(-1), Decimal(101), Decimal("1.234")])
def test_what_is_no_share_is_refused(book, share):
    with pytest.raises(ValidationError):
        set_share(book, share)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert Organization.objects.get().expansion_share is None


def test_others_books_stay_theirs_where_the_switch_is_off(book, client_for):
    set_share(book, Decimal(10))
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(figures_per_person=False)
    assert [row.rsplit(" ", 1)[-1] for row in outcome_of(client_for(book.bob))[1:]] == ["€240"]


def test_a_csm_under_account_managers_has_a_line_that_leads_to_the_book(book, client_for):
    """No group among the owners, where one account has one owner; the load and the desks are there all the same."""
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Account.objects.filter(csm_email=book.bob.email).update(am_email="marek@acme.example")
        mine = list(Account.objects.filter(csm_email=book.bob.email))
        diagnose_by_hand(*((account, {"arr": 1200}) for account in mine), night=timezone.now().date() - timedelta(1))
        keep_series()
    page = client_for(book.alice).get(f"{URL}?{HERE}").content.decode()
    assert "Bob" not in page.split('id="outcome-h"')[1].split("</section>")[0]
    load = page.split('id="load-h"')[1]
    row = next(row for row in re.findall(r"<tr>.*?</tr>", load, re.S) if "Bob" in row)
    (address,) = re.findall(r'href="(/o/acme/accounts/[^"]+)"', row)
    listed = client_for(book.alice).get(address.replace("&amp;", "&")).content.decode()
    assert "Kestrel Logistics" in listed
    assert "Newcomer" not in listed
    for path in ("renewals", "expansion"):
        (address,) = re.findall(rf'href="(/o/acme/{path}/[^"]+)"', row)
        assert client_for(book.alice).get(address.replace("&amp;", "&")).status_code == 200
