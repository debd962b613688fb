"""The accounts list: order, filters, paging, and who sees which rows."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from tests.diagnostics.accounts_list import URL, book, listed, read, text_of
from tests.diagnostics.diagnosed import diagnose_by_hand, make_account, make_book

__all__ = ["book"]


@pytest.mark.parametrize(
    ("sort", "order"),
    [
        ("", "KOS"),
        ("arr", "OKS"),
        ("-arr", "KOS"),
        ("name", "SKO"),
        ("-name", "OKS"),
        ("segment", "OKS"),
        ("health", "OKS"),
        ("-health", "KOS"),
        ("health_change", "OKS"),
        ("-health_change", "KOS"),
        ("potential", "OKS"),
        ("-potential_change", "OKS"),
        ("lever", "OKS"),
        ("-lever", "KOS"),
        ("decision", "OKS"),
        ("-decision", "KOS"),
        ("confidence", "SOK"),
        ("-confidence", "KOS"),
    ],
)
def test_every_column_sorts_both_ways_and_what_is_unknown_comes_last(book, client_for, sort, order):
    # An account that no night knows stands behind them in every order.
    assert listed(client_for(book.alice), f"?sort={sort}") == f"{order}N"


def test_accounts_sort_by_their_csm_and_else_by_their_am(book, client_for):
    client = client_for(book.alice)
    assert listed(client, "?sort=-owner")[0] == "S"
    assert listed(client, "?sort=owner")[2] == "S"


def test_a_head_sorts_by_its_column_and_then_the_other_way(book, client_for):
    page = read(client_for(book.alice), "?sort=health&segment=defense_priority")
    head = re.search(
        r'<th scope="col" class="n" aria-sort="ascending"><a class="sort" id="sort-health" href="([^"]+)"', page
    )
    assert head.group(1) == "/o/acme/accounts/?segment=defense_priority&amp;sort=-health"


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("?segment=defense_priority", "O"),
        ("?segment=defense_priority&segment=expansion_priority", "KO"),
        ("?tier=smb", "K"),
        ("?tier=none", "SN"),
        ("?owner=bob@acme.example", "KO"),
        ("?owner=none", "N"),
        ("?country=SE", "O"),
        ("?cohort=2022", "O"),
        ("?lever=retain", "O"),
        ("?lever=none", "S"),
        ("?health=0-60", "O"),
        ("?health=40&health=72", "O"),
        ("?health=72-100", "K"),
        ("?potential=80-100", "K"),
        ("?decision=30", "O"),
        ("?decision=60", "KO"),
        ("?decision=late", ""),
        ("?state=withheld", "S"),
        ("?q=ostberg", "O"),
        ("?q=%C3%96STBERG", "O"),
        ("?q=ie-7", "K"),
        ("?q=ostberg.example", "O"),
        ("?q=ingrid@kestrel.example", "K"),
        ("?q=%25", ""),
        ("?q=_", ""),
        ("?q=newly", "N"),
        ("?sort=name&book=all", "SKON"),
        ("?q=script", "S"),
        ("?q=", "KOSN"),
        ("?state=new", "N"),
        ("?state=left", "G"),
    ],
)
def test_filters(book, client_for, query, order):
    assert listed(client_for(book.alice), query) == order


@pytest.mark.parametrize(
    "query",
    [
        "sort=salary",
        "sort=-",
        "sort=arr;drop",
        "page=0",
        "page=x",
        "page=-1",
        "view=table",
        "q=a&q=b",
        "q=%00",
        "state=dead",
        "cell=40-60",
        "health=40&health=50&health=60",
        "account__domain=x",
        "decision=30&decision=60",
    ],
)
def test_an_unknown_field_or_value_is_refused(book, client_for, query):
    for url in (URL, f"{URL}csv/"):
        assert client_for(book.alice).get(f"{url}?{query}").status_code == 400


def test_a_row_says_everything_in_words(book, client_for):
    rows = text_of(read(client_for(book.alice))).split("Confidence ")[1]
    assert "Kestrel Logistics IE Expansion €134,000 in 58 days 72 +3 91 +8 Upsell Bob 90%" in rows
    assert "Östberg Verken ostberg.example, SE Defense €121,000 in 8 days 41 −19 72 +30 Retain Bob 80%" in rows
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Regular – CRM only withheld Dora 25%" in rows
    assert "€255k of ARR on 3 accounts; 1 not diagnosed ." in text_of(read(client_for(book.alice)))
    assert "Newly Come Not diagnosed nobody" in rows


def test_a_name_with_a_script_is_inert(book, client_for):
    assert "<script>alert" not in read(client_for(book.alice))
    assert (
        "<script>alert"
        not in client_for(book.alice).get("/o/acme/search/", {"q": "script"}, headers={"HX-Request": "1"}).text
    )


def test_former_customers_and_those_come_in_since_stand_apart(book, client_for):
    client = client_for(book.alice)
    assert "1 Jun" in text_of(read(client, "?state=left"))
    assert "1 account without a diagnosis" in text_of(read(client, "?state=new"))


def test_who_sees_what(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    assert listed(client_for(book.bob)) == "KO"
    assert listed(client_for(book.bob), "?book=all") == "KOSN"
    assert listed(client_for(book.eve)) == "KOSN"
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.bob).post(URL).status_code == 405
    assert listed(client_for(book.dora), "?book=all&q=Canary") == ""
    assert listed(client_for(book.dora), "?book=all") == "KOSN"
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    assert listed(client_for(book.bob), "?book=all") == "KO"
    assert listed(client_for(book.dora), "?book=all") == "S"
    assert listed(client_for(book.dora), f"?owner={book.bob.email}") == ""


def test_pages_are_fifty_rows_and_a_page_too_far_is_the_last(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand(*((a, {"arr": Decimal(n)}) for n, a in enumerate(make_book(101))))
    client = client_for(cast.alice)
    seen = [re.findall(r'hx-boost="false">(Account \d+)<', read(client, f"?page={page}")) for page in (1, 2, 3, 9)]
    assert [len(names) for names in seen] == [50, 50, 1, 1]
    assert seen[0][0] == "Account 100"
    assert seen[2] == seen[3] == ["Account 000"]
    assert len({*seen[0], *seen[1], *seen[2]}) == 101
    assert "51 to 100 of 101" in text_of(read(client, "?page=2"))


def test_accounts_that_no_night_knows_fill_the_last_pages(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand(*((known, {}) for known in make_book(60)))
        for number in range(45):
            make_account(f"Waiting {number:02}")
    client = client_for(cast.alice)
    pages = [re.findall(r'hx-boost="false">(\w+) \d+<', read(client, f"?page={page}")) for page in (1, 2, 3, 9)]
    names = [(page.count("Account"), page.count("Waiting")) for page in pages]
    assert names == [(50, 0), (10, 40), (0, 5), (0, 5)]
    assert "101 to 105 of 105" in text_of(read(client, "?page=3"))
    assert "data-current" in read(client, "?page=3")
    assert listed(client, "?segment=regular_follow_up&page=2") == "A" * 10


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, count):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        accounts = make_book(count, owner=cast.bob.email)
        diagnose_by_hand(*((a, {}) for a in accounts))
        for number in range(count):
            make_account(f"Waiting {number}", csm_email=cast.bob.email)
    client = client_for(cast.bob)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(URL).status_code == 200
    asked = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert len(asked) == 12, "\n".join(asked)


def test_empty_lists_say_why_and_offer_one_step(cast, client_for):
    assert "No accounts yet" in read(client_for(cast.alice))
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        account = make_account("Alder")
    assert "No night has been diagnosed yet." in read(client_for(cast.alice))
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand((account, {}))
    assert "Your book is empty" in read(client_for(cast.bob))
    narrowed = read(client_for(cast.alice), "?segment=defense_priority")
    assert "No account meets these filters" in narrowed
    assert 'href="/o/acme/accounts/"' in narrowed
