"""The data-quality page: what it says, its filters and sorts, its file, who sees which rows, and what it costs."""

import csv
import io
import re
import uuid
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from diagnostics.doubts import DOUBTS
from diagnostics.models import DoubtfulFacts, Night
from tests.diagnostics.accounts_list import text_of
from tests.diagnostics.diagnosed import NIGHT, diagnose_by_hand, make_account, make_book

URL = "/o/acme/data-quality/"


def inside(cast):
    return organization_context(organization_id=cast.acme.id, user_id=cast.alice.id)


def doubt(account, kind, facts=1, *, first=NIGHT, last=NIGHT, record="r-1"):
    return DoubtfulFacts.objects.create(
        kind=kind, account=account, facts=facts, first_on=first, last_on=last, record=record
    )


@pytest.fixture
def book(cast):
    """Bob's account with two kinds of doubt, a colleague's with one, the catalogue's own, and a foreign canary."""
    with inside(cast):
        kestrel = make_account("Kestrel", source_id="K-1", csm_email=cast.bob.email)
        script = make_account("<script>alert(1)</script>", source_id="=cmd|calc", csm_email="dora@consulting.example")
        diagnose_by_hand(
            (kestrel, {"arr": Decimal(40_000), "sources": [2, 3, 3, 3], "confidence": 0.79}),
            (script, {"arr": Decimal(90_000)}),
        )
        doubt(kestrel, "usage_negative", 1200, first=NIGHT.replace(day=1), record="2026-11-01 events")
        doubt(kestrel, "ticket_dates", 2, record="T-9")
        doubt(script, "invoice_dates", 3, record="=I-7")
        doubt(None, "plans_unused", 4, first=None, last=None, record="idle")
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        foreign = make_account("Canary Ltd")
        diagnose_by_hand((foreign, {}))
        doubt(foreign, "ticket_dates", 77, record="ZEBRAFINCH")
    cast.kestrel, cast.foreign = kestrel, foreign
    return cast


def read(client, query=""):
    answer = client.get(f"{URL}{query}")
    assert answer.status_code == 200, answer.status_code
    return answer.content.decode()


def listed(client, query=""):
    """[(kind, account's name)] of the rows by account, in their order."""
    rows = read(client, query).split('id="rows-h"')[-1].split("</table>")[0]
    found = re.findall(r'id="d-(\w+)-(\S+)" data-key-item.*?<th scope="row">(?:<a[^>]*>)?([^<]+)<', rows, re.DOTALL)
    return [(kind, name.strip()) for kind, _id, name in found]


SCRIPT = "&lt;script&gt;alert(1)&lt;/script&gt;"
EVERYTHING = [
    ("invoice_dates", SCRIPT),
    ("ticket_dates", "Kestrel"),
    ("usage_negative", "Kestrel"),
    ("plans_unused", "Catalogue"),
]


def test_it_says_what_contradicts_itself_and_what_was_done(book, client_for):
    text = text_of(read(client_for(book.alice)))
    assert "€130k of ARR on 2 accounts with facts that contradict themselves." in text
    kinds, rows = text.split("By account")
    assert (
        "Negative quantities of use Usage usage.csv Added up as they stand, so that a correction corrects; "
        "usage counts as contradictory for 84 days. €40,000 1 1,200" in kinds
    )
    assert "Plans of the catalogue that nobody has Billing plans.csv" in kinds
    assert (
        "Kestrel K-1 Negative quantities of use Usage €40,000 −21% 1,200 1 Nov – 18 Nov usage.csv · 2026-11-01 events"
        in rows
    )
    # Its source lost nothing: the diagnosis reads such dates as they stand.
    assert (
        f"{SCRIPT} =cmd|calc An invoice due or paid before it was issued Billing €90,000 as it was 3 18 Nov "
        "invoices.csv · =I-7"
    ) in rows
    assert "ZEBRAFINCH" not in text
    assert "<script>alert" not in read(client_for(book.alice))


@pytest.mark.parametrize(
    ("query", "rows"),
    [
        ("", EVERYTHING),
        ("?sort=arr", [*EVERYTHING[1:3], EVERYTHING[0], EVERYTHING[3]]),
        ("?sort=-facts", [EVERYTHING[2], EVERYTHING[3], EVERYTHING[0], EVERYTHING[1]]),
        ("?sort=name", [EVERYTHING[0], *EVERYTHING[1:]]),
        ("?source=billing", [EVERYTHING[0], EVERYTHING[3]]),
        ("?source=usage", [EVERYTHING[2]]),
        ("?kind=ticket_dates", [EVERYTHING[1]]),
        ("?source=usage&kind=ticket_dates", []),
        ("?source=crm", []),
        ("?page=9", EVERYTHING),
    ],
)
def test_filters_and_sorts(book, client_for, query, rows):
    assert listed(client_for(book.alice), query) == rows


def test_one_account_stands_alone(book, client_for):
    query = f"?account={book.kestrel.pk}"
    assert listed(client_for(book.alice), query) == EVERYTHING[1:3]
    assert "€40k of ARR on 1 account" in text_of(read(client_for(book.alice), query))
    for missing in (book.foreign.pk, uuid.uuid4(), "x"):
        assert client_for(book.alice).get(f"{URL}?account={missing}").status_code == 404


@pytest.mark.parametrize("query", ["sort=salary", "kind=x", "source=x", "page=0", "account__name=x", "kind=a&kind=b"])
def test_an_unknown_field_or_value_is_refused(book, client_for, query):
    assert client_for(book.alice).get(f"{URL}?{query}").status_code == 400
    assert client_for(book.alice).get(f"{URL}csv/?{query}").status_code == 400


def test_who_sees_what(book, client_for):
    with inside(book):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    assert listed(client_for(book.bob)) == EVERYTHING
    assert listed(client_for(book.eve)) == EVERYTHING
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.bob).post(URL).status_code == 405
    with inside(book):
        Organization.objects.update(visibility="own")
    assert listed(client_for(book.bob)) == EVERYTHING[1:]
    assert "€40k of ARR on 1 account" in text_of(read(client_for(book.bob)))
    # A viewer without a team has no book: what is left is the catalogue's.
    assert listed(client_for(book.eve)) == EVERYTHING[3:]
    rows = client_for(book.bob).get(f"{URL}csv/").content.decode()
    assert "Kestrel" in rows
    assert "alert" not in rows
    with inside(book):
        Membership.objects.filter(user=book.eve).update(role=Role.DPO)
    assert client_for(book.eve).get(URL).status_code == 403
    assert client_for(book.eve).get(f"{URL}csv/").status_code == 403


def test_after_the_trial_it_is_readable(book, client_for):
    with inside(book):
        Organization.objects.update(trial_ends_at=timezone.now() - timezone.timedelta(days=1))
    assert listed(client_for(book.alice)) == EVERYTHING


def test_the_file_holds_the_rows_and_runs_no_formula(book, client_for):
    answer = client_for(book.alice).get(f"{URL}csv/?source=billing")
    assert "data-quality-acme-2026-11-18.csv" in answer["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["account_id"], row["record"], row["arr"], row["confidence_lost"]) for row in rows] == [
        ("'=cmd|calc", "'=I-7", "90000.00", "0.0"),
        ("", "idle", "", "0.0"),
    ]
    lost = list(csv.DictReader(io.StringIO(client_for(book.alice).get(f"{URL}csv/").content.decode("utf-8-sig"))))
    assert {row["file"]: row["confidence_lost"] for row in lost}["usage"] == "0.21"


def test_empty_pages_say_why(cast, client_for):
    assert "No night has been diagnosed yet" in read(client_for(cast.alice))
    assert client_for(cast.alice).get(f"{URL}csv/").status_code == 400
    with inside(cast):
        account = make_account("Alder")
        diagnose_by_hand((account, {}))
    assert "Nothing contradicts itself" in read(client_for(cast.alice))
    assert "The facts of this account agree" in read(client_for(cast.alice), f"?account={account.pk}")


def test_a_source_that_went_stale_is_said_with_what_it_cost(cast, client_for):
    with inside(cast):
        diagnose_by_hand((make_account("Alder"), {}))
        Night.objects.update(usage_known_to=NIGHT, support_known_to=NIGHT.replace(month=9))
    text = text_of(read(client_for(cast.alice)))
    assert "No new fact since 18 Sep: Support For 61 days it has brought nothing for any account." in text
    assert "confidence is 10% lower wherever it is known." in text
    assert text.count("No new fact since") == 1


def test_nights_name_the_facts_that_came_after_them(book, client_for):
    assert "Facts that came late" not in read(client_for(book.alice))
    with inside(book):
        Night.objects.update(late_facts=1234)
    text = text_of(read(client_for(book.alice)))
    assert "Facts that came after it 18 Nov" in text
    assert "1,234" in text


def test_pages_are_fifty_rows(cast, client_for):
    with inside(cast):
        accounts = make_book(60)
        diagnose_by_hand(*((a, {"arr": Decimal(n)}) for n, a in enumerate(accounts)))
        for account in accounts:
            doubt(account, "ticket_dates")
    assert [len(listed(client_for(cast.alice), f"?page={page}")) for page in (1, 2)] == [50, 10]
    assert "51 to 60 of 60" in text_of(read(client_for(cast.alice), "?page=2"))
    # Behind the last page the last one is shown, in every order.
    for sort in ("-arr", "name", "last"):
        last, behind = (listed(client_for(cast.alice), f"?page={page}&sort={sort}") for page in (2, 7))
        assert len(last) == 10
        assert behind == last


def test_equal_figures_stand_by_name_over_the_edge_of_a_page(cast, client_for):
    with inside(cast):
        accounts = make_book(60)
        diagnose_by_hand(*((a, {"arr": Decimal(7)}) for a in accounts))
        for account in accounts:
            doubt(account, "ticket_dates")
        names = sorted((account.name for account in accounts), key=str.lower)
    pages = [[name for _kind, name in listed(client_for(cast.alice), f"?page={page}")] for page in (1, 2)]
    assert [*pages[0], *pages[1]] == names


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, count):
    with inside(cast):
        accounts = make_book(count, owner=cast.bob.email)
        diagnose_by_hand(*((a, {}) for a in accounts))
        for account in accounts:
            for kind in DOUBTS:
                doubt(account, kind)
        Night.objects.update(late_facts=3)
    client = client_for(cast.bob)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(URL).status_code == 200
    asked = [q["sql"] for q in queries if not q["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))]
    assert len(asked) == 9, "\n".join(asked)


def test_it_stands_in_the_navigation_and_speaks_french(book, client_for):
    assert f'href="{URL}" aria-current="page"' in read(client_for(book.bob))
    page = client_for(book.alice).get(URL, headers={"Accept-Language": "fr"}).content.decode()
    assert "Qualité des données" in page
