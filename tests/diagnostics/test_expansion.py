"""Expansion: what counts and what is fictional, windows nobody took up, and the acts on opportunities in place."""

import csv
import io
import re
from datetime import date, timedelta
from decimal import Decimal

import pytest

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from diagnostics.charts.windows import draw_axis
from diagnostics.filters import AccountFilters
from diagnostics.kpis.desks import start_quarter
from diagnostics.queries.diagnosed import open_scope, read_nights
from diagnostics.queries.expansion import STATES, add_up, build_offers, read_desk, tabulate
from portfolio.models import Account, Opportunity, OpportunityStage
from tests.diagnostics.desks import (
    NIGHT,
    TODAY,
    count_queries,
    diagnose_by_hand,
    in_days,
    make_account,
    make_deal,
    text_of,
)

URL = "/o/acme/expansion/"
PART = {"HX-Request": "true", "HX-Target": "expansion-part", "HX-Current-URL": f"http://testserver{URL}?show=counted"}


@pytest.fixture
def book(cast):
    """Alder sells upsell in its window, so does fragile Birch; Cedar has a window for seats, Dora's Dahl one deal."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        alder, birch, cedar = (make_account(name, csm_email=cast.bob.email) for name in ("Alder <i>", "Birch", "Cedar"))
        dahl = make_account("Dahl", csm_email=cast.dora.email)
        make_deal(alder, lever="upsell", stage="proposed", amount="9000", closes_in=20, name="o-alder")
        make_deal(birch, lever="upsell", stage="qualified", amount="5000", closes_in=30, name="o-birch")
        make_deal(dahl, lever="cross_sell", stage="identified", amount="2000", closes_in=200, name="o-dahl")
        make_deal(dahl, lever="renewal", stage="proposed", amount="70000", closes_in=40, name="o-renewal")
        won = make_deal(alder, lever="price", stage="won", amount="700", closes_in=1, name="o-won")
        OpportunityStage.objects.filter(opportunity=won).update(at=f"{TODAY}T06:00:00Z")
        diagnose_by_hand(
            (
                alder,
                {
                    "lever": "upsell",
                    "upsell_arr": Decimal(8_000),
                    "cross_sell_arr": Decimal(1_500),
                    "expansion_potential_arr": Decimal(9_500),
                    "lever_since": NIGHT - timedelta(days=9),
                    "window_ends_on": in_days(9),
                    "potential": 50.0,
                },
            ),
            (birch, {"health": 40.0, "fragile": True, "lever": "retain", "cross_sell_arr": Decimal(3_000)}),
            (
                cedar,
                {"lever": "seats", "seats_arr": Decimal(4_000), "window_ends_on": in_days(60), "potential": 25.0},
            ),
            (dahl, {}),
            night=NIGHT,
        )
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        canary = make_account("Canary Islands")
        make_deal(canary, lever="upsell", stage="proposed", amount="666000", closes_in=3, name="o-canary")
        diagnose_by_hand((canary, {}), night=NIGHT)
    return cast


def desk_of(cast, who, **filters):
    with organization_context(organization_id=cast.acme.id, user_id=who.id):
        membership = Membership.objects.select_related("organization").get(user=who)
        membership.user = who
        return read_desk(open_scope(membership, AccountFilters(**filters), read_nights(with_model=True)))


def listed(client, query=""):
    page = client.get(f"{URL}{query}").content.decode()
    return "".join(name[0] for name in re.findall(r'data-key="Enter" hx-boost="false">([^<]*)</a>', page))


def deal(cast, name) -> Opportunity:
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return Opportunity.objects.get(source_id=name)


def stage_of(cast, name):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        last = OpportunityStage.objects.filter(opportunity__source_id=name).order_by("-at").first()
        return last.stage, last.amount_arr


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "ACDB"),
        ("?show=counted", "AD"),
        ("?show=qualified", "A"),
        ("?show=fictional", "B"),
        ("?show=windows", "C"),
        ("?show=won", "A"),
        ("?offer=upsell", "AB"),
        ("?offer=upsell&stage=qualified", "B"),
        ("?owner=dora@consulting.example", "D"),
        ("?q=cedar", "C"),
    ],
)
def test_filters_stand_in_the_address_and_what_closes_first_comes_first(book, client_for, query, order):
    assert listed(client_for(book.alice), query) == order


@pytest.mark.parametrize("query", ["show=all", "offer=renewal", "stage=lost", "lever=upsell", "colour=red"])
def test_an_unknown_field_or_value_is_refused(book, client_for, query):
    for url in (URL, f"{URL}csv/"):
        assert client_for(book.alice).get(f"{url}?{query}").status_code == 400


def test_each_figure_is_the_sum_of_its_rows_and_fiction_is_never_added(book, client_for):
    desk = desk_of(book, book.alice)
    assert {state: (total.count, total.arr) for state, total in ((s, desk.total_under(s)) for s in STATES)} == {
        "counted": (2, Decimal(11_000)),
        "qualified": (1, Decimal(9_000)),
        "fictional": (1, Decimal(5_000)),
        "windows": (1, Decimal(4_000)),
        "won": (1, Decimal(700)),
    }
    assert (len(desk.open_windows), add_up(desk.open_windows).arr) == (2, Decimal(12_000))
    lines = {line.lever: line for line in tabulate(desk)}
    assert list(lines) == ["upsell", "seats", "usage", "cross_sell", "price"]
    assert sum(line.open.arr for line in lines.values()) == desk.total_under("counted").arr
    assert [(c.stage, c.counted.arr, c.fictional.arr) for c in lines["upsell"].cells] == [
        ("identified", 0, 0),
        ("qualified", 0, 5_000),
        ("proposed", 9_000, 0),
        ("negotiation", 0, 0),
    ]
    page = text_of(client_for(book.alice).get(URL).content.decode())
    assert "2 windows are open today, worth €12k ." in page
    assert "1 closes within 14 days: €9k ." in page
    assert "Seats has no opportunity and 1 open window worth €4k" in page
    assert "€5k fictional" in page
    assert "70" not in re.findall(r"€(\d+)k", page)  # a renewal is no expansion


def test_room_is_what_no_opportunity_has_taken_up_and_is_gated_in_retain(book):
    rooms = {
        (row.lever, row.amount): row.room for row in build_offers(desk_of(book, book.alice).rows) if row.won_on is None
    }
    assert rooms == {
        ("upsell", Decimal(9_000)): Decimal(1_500),
        ("upsell", Decimal(5_000)): None,
        ("cross_sell", Decimal(2_000)): Decimal(0),
        ("seats", Decimal(4_000)): Decimal(4_000),
    }


def test_what_falls_for_seven_nights_is_fictional_too(book):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        dahl = Account.objects.get(name="Dahl")
        for back, health in ((30, 90.0), *((n, 70.0 + n) for n in range(1, 8))):
            diagnose_by_hand((dahl, {"health": health}), night=NIGHT - timedelta(days=back))
    rows = [row for row in build_offers(desk_of(book, book.alice).rows) if row.is_fictional]
    assert [(row.amount, row.is_fragile, row.is_falling) for row in rows] == [
        (Decimal(5_000), True, False),
        (Decimal(2_000), False, True),
    ]


def test_a_window_closes_with_what_comes_first():
    axis = draw_axis(date(2026, 11, 19))
    assert (axis.first, axis.last, axis.today_x) == (date(2026, 11, 5), date(2027, 1, 28), 33.3)
    bar = axis.place(date(2026, 10, 1), date(2026, 11, 28))
    assert (bar.x, bar.width) == (0, 54.8)
    assert axis.place(date(2026, 12, 1), None).x + axis.place(date(2026, 12, 1), None).width == 200
    assert axis.place(None, date(2026, 11, 1)) is None
    assert axis.place(date(2027, 6, 1), date(2027, 7, 1)) is None
    assert axis.place(date(2026, 11, 19), date(2026, 11, 19)).width == 4


@pytest.mark.parametrize(
    ("day", "first_month", "start"),
    [
        (date(2026, 11, 19), 1, date(2026, 10, 1)),
        (date(2026, 11, 19), 2, date(2026, 11, 1)),
        (date(2026, 1, 5), 3, date(2025, 12, 1)),
        (date(2026, 3, 31), 4, date(2026, 1, 1)),
    ],
)
def test_the_quarter_is_fiscal(day, first_month, start):
    assert start_quarter(day, first_month) == start


def test_an_empty_pipeline_is_a_detection_problem(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        OpportunityStage.objects.all().delete()
        Opportunity.objects.all().delete()
    page = text_of(client_for(book.alice).get(URL).content.decode())
    assert "No open opportunity; 2 windows are open worth €12k." in page
    assert "a detection problem before it is a sales problem" in page


def test_a_stage_moves_in_place_and_comes_back(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/opportunities/{deal(book, 'o-alder').pk}/stage/"
    page = client.post(address, {"stage": "negotiation"}, headers=PART).content.decode()
    assert stage_of(book, "o-alder") == ("negotiation", Decimal(9_000))
    assert "<html" not in page
    assert "Negotiation." in text_of(page.split('id="toasts"')[-1] + page.split("hx-swap-oob")[-1])
    undo = re.search(r'hx-post="(/o/acme/changes/[^"]+/undo/)"', page).group(1)
    client.post(undo, headers=PART)
    assert stage_of(book, "o-alder") == ("proposed", Decimal(9_000))
    refused = client.post(address, {"stage": "lost"}, headers=PART).content.decode()
    assert "Say in a few words why it was lost." in refused
    client.post(address, {"stage": "lost", "reason": "Price"}, headers=PART)
    assert (stage_of(book, "o-alder")[0], deal(book, "o-alder").loss_reason) == ("lost", "Price")
    assert listed(client, "?show=counted") == ""


def test_amount_and_closing_day_change_in_place(book, client_for):
    client = client_for(book.bob)
    here = f"/o/acme/opportunities/{deal(book, 'o-alder').pk}"
    client.post(f"{here}/amount/", {"amount": "9500.25"})
    client.post(f"{here}/closing/", {"closes_on": in_days(2).isoformat()})
    assert stage_of(book, "o-alder") == ("proposed", Decimal("9500.25"))
    assert deal(book, "o-alder").closes_on == in_days(2)
    for path, posted in (
        ("amount", {"amount": "lots"}),
        ("amount", {"amount": ""}),
        ("amount", {"amount": "NaN"}),
        ("amount", {"amount": "-1"}),
        ("closing", {"closes_on": "2020-01-01"}),
        ("closing", {"closes_on": "31/12/2030"}),
        ("stage", {"stage": "bribed"}),
    ):
        assert client.post(f"{here}/{path}/", posted).status_code == 302
    assert stage_of(book, "o-alder") == ("proposed", Decimal("9500.25"))
    assert deal(book, "o-alder").closes_on == in_days(2)


def test_a_window_becomes_an_opportunity(book, client_for):
    client = client_for(book.bob)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        cedar = Account.objects.get(name="Cedar")
    posted = {"lever": "seats", "amount": "4000", "closes_on": in_days(60).isoformat()}
    page = client.post(f"/o/acme/accounts/{cedar.pk}/opportunities/", posted, headers=PART).content.decode()
    assert "Cedar: Seats, opportunity opened." in text_of(page)
    assert listed(client, "?show=windows") == ""
    assert listed(client, "?show=counted") == "AC"
    for bad in ({"lever": "bribe"}, {"amount": "x"}, {"product": "nothing"}, {"closes_on": "2020-01-01"}):
        client.post(f"/o/acme/accounts/{cedar.pk}/opportunities/", {**posted, **bad})
    assert listed(client, "?show=counted") == "AC"


def test_a_new_opportunity_begins_with_its_account(book, client_for):
    client = client_for(book.bob)
    assert "Cedar" in client.get(f"{URL}new/?q=ced").content.decode()
    assert "is in your sight" in client.get(f"{URL}new/?q=canary").content.decode()
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        cedar = Account.objects.get(name="Cedar")
    assert f"/o/acme/accounts/{cedar.pk}/opportunities/" in client.get(f"{URL}new/?account={cedar.pk}").content.decode()
    assert client.get(f"{URL}new/?account=nobody").status_code == 404
    assert client.get(f"{URL}new/?name=x").status_code == 400
    assert client_for(book.charlie).get(f"{URL}new/").status_code == 404


def test_who_sees_and_who_may_act(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    assert listed(client_for(book.bob)) == "ACB"
    assert listed(client_for(book.bob), "?book=all") == "ACDB"
    assert listed(client_for(book.eve)) == "ACDB"
    assert "data-opens" not in client_for(book.eve).get(URL).content.decode().split("<main")[1].split("</main>")[0]
    assert "Canary" not in client_for(book.alice).get(URL).content.decode()
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.bob).post(URL).status_code == 405
    address = f"opportunities/{deal(book, 'o-alder').pk}/stage/"
    assert client_for(book.eve).post(f"/o/acme/{address}", {"stage": "won"}).status_code == 403
    assert client_for(book.charlie).post(f"/o/globex/{address}", {"stage": "won"}).status_code == 404
    assert client_for(book.bob).get(f"/o/acme/{address}").status_code == 405
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    hidden = f"/o/acme/opportunities/{deal(book, 'o-dahl').pk}/stage/"
    assert client_for(book.bob).post(hidden, {"stage": "won"}).status_code == 404
    assert stage_of(book, "o-alder")[0] == "proposed"


def test_a_name_with_markup_is_inert(book, client_for):
    page = client_for(book.alice).get(URL).content.decode()
    assert "Alder &lt;i&gt;" in page
    assert "Alder <i>" not in page


def test_the_csv_holds_the_rows_of_the_screen(book, client_for):
    answer = client_for(book.alice).get(f"{URL}csv/?offer=upsell")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["kind"], row["stage"], row["amount_arr"], row["fictional"]) for row in rows] == [
        ("opportunity", "proposed", "9000.00", "false"),
        ("opportunity", "qualified", "5000.00", "true"),
    ]


def test_an_organization_without_a_night_says_what_to_do(cast, client_for):
    assert "No diagnosis yet" in client_for(cast.alice).get(URL).content.decode()
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand((make_account("Alder"), {}), night=NIGHT)
    assert "Nothing is for sale here now" in client_for(cast.alice).get(URL).content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, count):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        accounts = [make_account(f"Account {n:02}", csm_email=cast.bob.email) for n in range(count)]
        for number, account in enumerate(accounts):
            make_deal(account, lever="seats", stage="proposed", amount="10", closes_in=number, name=f"o-{number}")
        diagnose_by_hand(*((account, {}) for account in accounts), night=NIGHT)
    asked = count_queries(client_for(cast.bob), URL)
    # And four COPY of the KPIs' frames, which Django does not list.
    assert len(asked) == 10, "\n".join(sql[:160] for sql in asked)
