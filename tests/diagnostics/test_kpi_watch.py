"""The lists beside the KPIs: each adds up to its figure exactly, and shows the member's own accounts alone."""

from datetime import UTC, date, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Membership
from diagnostics.queries.kpi_scope import KpiScope, choose_period, find_kept
from diagnostics.queries.kpi_watch import LATE, LISTS, OF_HEALTH, SILENT, SINGLE, WITHHELD, read_watch
from portfolio.models import Account, Contact, Interaction
from portfolio.people import hash_address
from portfolio.terms import add_months
from tests.diagnostics.diagnosed import diagnose_by_hand
from tests.diagnostics.kpi_book import HERE, LAST_DAY, QUARTER, keep_series, make_kpi_book, pay, read_rows, read_text

URL = "/o/acme/kpis/watch/"
CLOSE = date(2024, 6, 30)
LATELY = timezone.now().date() - timedelta(days=5)


def meet(account, day, *people):
    hashes = []
    for name in people:
        address = f"{name}@customer.example"
        Contact.objects.create(
            source_id=f"{account.source_id}-{name}", account=account, name=name, email=address,
            email_hash=(found := hash_address(account.organization_id, address)),
        )  # fmt: skip
        hashes.append(found)
    Interaction.objects.create(
        source_id=f"i-{account.source_id}-{day}", account=account, kind="meeting", state="held",
        happened_at=datetime.combine(day, datetime.min.time(), UTC), contact_hashes=hashes,
    )  # fmt: skip


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        cast.accounts = make_kpi_book(cast.bob.email)
        made = cast.accounts
        made["late"] = Account.objects.create(source_id="late", name="Late AG", am_email="marek@acme.example")
        # Five days ago: within the grace of today, whatever the period is.
        pay(made["late"], (add_months(LATELY, -12).isoformat(), "250", ""), (LATELY.isoformat(), "", ""))
        made["quiet"] = Account.objects.create(source_id="q", name="Quiet <i>SA</i>", tier="mid_market")
        pay(made["quiet"], ("2023-03-01", "150", ""))
        meet(made["halvorsen"], CLOSE - timedelta(days=10), "ingrid", "lars")
        meet(made["newcomer"], CLOSE - timedelta(days=10), "nora")
        diagnose_by_hand(
            (made["halvorsen"], {"health": 39.9}), (made["kestrel"], {"health": 40.0}),
            (made["newcomer"], {"health": 100.0}), (made["quiet"], {"health": None}), night=CLOSE,
        )  # fmt: skip
        keep_series()
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        foreign = Account.objects.create(source_id="f", name="Canary Islands Ltd", tier="mid_market")
        pay(foreign, ("2023-01-01", "900", ""))
        diagnose_by_hand((foreign, {"health": 10.0}), night=CLOSE)
        keep_series()
    return cast


def read(client, path="", query=f"?{HERE}"):
    response = client.get(f"{URL}{path}{query}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_each_list_names_its_accounts_and_their_total(book, client_for):
    client = client_for(book.alice)
    found = {name: read_rows(read(client, f"{name}/")) for name in (SILENT, SINGLE, LATE, "health-0", WITHHELD)}
    assert found == {
        # Mid-size and nobody met, called or wrote: neither the large, the small, nor the lost.
        SILENT: ["Kestrel Logistics €4,800", "Quiet &lt;i&gt;SA&lt;/i&gt; €1,800", "Total 2 €6,600"],
        SINGLE: [
            "Kestrel Logistics 0 €4,800", "Newcomer 1 €2,400", "Quiet &lt;i&gt;SA&lt;/i&gt; 0 €1,800", "Total 3 €9,000",
        ],
        LATE: [f"Late AG late-s {LATELY.day} {LATELY:%b} €3,000", "Total 1 €3,000"],
        "health-0": ["Halvorsen &lt;b&gt;Rederi&lt;/b&gt; 40 €14,400", "Total 1 €14,400"],
        WITHHELD: ["Quiet &lt;i&gt;SA&lt;/i&gt; €1,800", "Total 1 €1,800"],
    }  # fmt: skip


def test_the_page_shows_each_figure_and_leads_to_its_list(book, client_for):
    page = read(client_for(book.alice))
    assert read_rows(page.split('id="health-h"')[1])[:6] == [
        "below 40 1 €14,400", "40 to 60 1 €4,800", "60 to 80 0 €0", "80 to 100 1 €2,400",
        "withheld 1 €1,800", "Total 4 €23,400",
    ]  # fmt: skip
    for name, figure in ((SILENT, "2 · €6,600"), (SINGLE, "3 · €9,000"), (LATE, "1 · €3,000")):
        card = page.split(f'id="{name}-h"')[1].split("</section>")[0]
        assert figure in read_text(card), name
        assert f'href="{URL}{name}/?period={QUARTER}"' in card


def test_every_figure_is_the_sum_of_its_list(book):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        membership = Membership.objects.select_related("organization", "user").get(user=book.alice)
        period = choose_period(book.acme, "quarter", QUARTER, find_kept("quarter"))
        watch = read_watch(KpiScope(book.acme, membership, "all", period, LAST_DAY))
        for name in LISTS:
            rows = watch.rows(name)
            assert (len(rows), sum((row.arr for row in rows), Decimal(0))) == (
                watch.total(name).count, watch.total(name).arr,
            ), name  # fmt: skip
        assert {band.name: band.total for band in watch.bands} == {
            name: watch.total(name) for name in (*OF_HEALTH, WITHHELD)
        }
        assert sum(band.total.arr for band in watch.bands) == watch.paying.arr == Decimal(23_400)
        assert sum(band.total.count for band in watch.bands) == watch.paying.count == 4


def test_the_file_says_what_the_list_says(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Account.objects.filter(source_id="late").update(name="=1+1")
    lines = read(client_for(book.alice), f"{LATE}/csv/").splitlines()
    assert [line.split(",") for line in lines] == [
        ["\ufeffaccount_id", "account", "arr", "subscription_id", "ended_on"],
        ["late", "'=1+1", "3000.000000000000", "late-s", LATELY.isoformat()],
        ["", "Total", "3000.000000000000", "", ""],
    ]
    single = read(client_for(book.alice), f"{SINGLE}/csv/").splitlines()
    assert single[0].endswith("account_id,account,arr,people_in_touch")
    assert single[-1].startswith(",Total,9000.0")
    assert read(client_for(book.alice), "health-40/csv/").splitlines()[1].startswith("k,Kestrel Logistics,4800.0")


def test_my_book_lists_my_accounts_alone(book, client_for):
    assert read_rows(read(client_for(book.bob), f"{SILENT}/"))[-1] == "Total 1 €4,800"
    assert "No account stands on this list" in read(client_for(book.bob), f"{LATE}/")
    assert "Canary" not in read(client_for(book.alice)) + read(client_for(book.alice), f"{SILENT}/")


def test_without_a_contact_source_nobody_is_called_silent(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Interaction.objects.all().delete()
    page = read(client_for(book.alice))
    assert page.count("no contact source") == 2
    assert "No account stands on this list" in read(client_for(book.alice), f"{SILENT}/")


def test_what_is_no_list_is_not_there_and_lists_only_read(book, client_for):
    client = client_for(book.alice)
    for path in ("nothing/", "nothing/csv/", "health-41/"):
        assert client.get(f"{URL}{path}").status_code == 404, path
    for path in ("", f"{SILENT}/", f"{SILENT}/csv/"):
        assert client.post(f"{URL}{path}").status_code == 405, path
    assert client.get(f"{URL}{SILENT}/?page=2").status_code == 400
    assert client_for(book.charlie).get(f"{URL}{SILENT}/").status_code == 404


def test_before_the_first_night_the_page_says_so(cast, client_for):
    assert "There is no revenue to read yet" in read(client_for(cast.alice), query="")
    assert client_for(cast.alice).get(f"{URL}{SILENT}/").status_code == 404


@pytest.mark.parametrize("rows", [1, 30])
def test_one_row_and_thirty_ask_the_same_number_of_queries(cast, client_for, rows):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(rows):
            account = Account.objects.create(source_id=f"a{number}", name=f"Account {number}", tier="mid_market")
            pay(account, ("2023-01-01", "100", ""))
        meet(account, CLOSE - timedelta(days=200), "ingrid")
        keep_series()
    client, asked = client_for(cast.alice), {}
    for path in ("", f"{SILENT}/"):
        client.get(f"{URL}{path}?{HERE}")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{URL}{path}?{HERE}")
        asked[path] = len(captured)
    assert asked == {"": 11, f"{SILENT}/": 10}
