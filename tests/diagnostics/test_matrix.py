"""Matrix: what it says of a book, who may see which accounts on it, and what it refuses."""

import re
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from diagnostics.models import Movement
from tests.diagnostics.diagnosed import MONTH_AGO, NIGHT, diagnose_by_hand, make_account, make_book

URL = "/o/acme/matrix/"
HALVORSEN = {
    "health": 41.0,
    "potential": 72.0,
    "arr": Decimal(148_000),
    "segment": "defense_priority",
    "lever": "retain",
}
KESTREL = {
    "health": 69.0,
    "potential": 91.0,
    "arr": Decimal(134_000),
    "segment": "expansion_priority",
    "lever": "upsell",
    "expansion_potential_arr": Decimal(26_000),
}


@pytest.fixture
def book(cast):
    """Bob's two accounts with a month behind them, one of nobody's, and a foreign one."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        halvorsen = make_account("Halvorsen <b>Rederi</b>", csm_email=cast.bob.email, tier="enterprise")
        kestrel = make_account("Kestrel Logistics", csm_email=cast.bob.email)
        nobodys = make_account("Nobody’s Ltd", tier="smb")
        past = {"health": 66.0, "segment": "expansion_priority"}
        diagnose_by_hand((halvorsen, HALVORSEN | past), (kestrel, KESTREL | {"potential": 83.0}), night=MONTH_AGO)
        diagnose_by_hand(
            (halvorsen, HALVORSEN),
            (kestrel, KESTREL),
            (nobodys, {"health": None, "arr": Decimal(9_000), "sources": [0, 0, 0, 3]}),
            continued=MONTH_AGO,
        )
        Movement.objects.create(
            account=halvorsen,
            night=NIGHT,
            kind=Movement.Kind.ENTERED_DEFENSE,
            place=2,
            arr=148_000,
            from_value=66,
            to_value=41,
            from_code="expansion_priority",
            to_code="defense_priority",
            since=MONTH_AGO,
        )
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        foreign = make_account("Canary Islands Ltd")
        diagnose_by_hand((foreign, KESTREL))
    cast.halvorsen, cast.kestrel, cast.foreign = halvorsen, kestrel, foreign
    return cast


def read(client, query=""):
    response = client.get(f"{URL}{query}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def test_the_finding_weighs_in_arr(book, client_for):
    page = text_of(read(client_for(book.bob)))
    assert "€134k on 1 healthy account has room for €26k more, €26k of it open now." in page
    assert "€148k on 1 account is fragile and above the value threshold." in page
    assert "€282k, 2 accounts" in page


def test_the_chart_draws_every_scored_account_with_its_trail(book, client_for):
    page = read(client_for(book.bob))
    labels = re.findall(r'<a id="account-[^"]+"[^>]*aria-label="([^"]+)"', page)
    assert labels == [
        "Halvorsen &lt;b&gt;Rederi&lt;/b&gt;, Defense, Health 41 (−25), Potential 72, €148,000",
        "Kestrel Logistics, Expansion, Health 69, Potential 91 (+8), €134,000",
    ]
    svg = page.split("mx-svg")[1].split("</svg>")[0]
    assert (svg.count('class="mv mv--down"'), svg.count('class="mv mv--up"')) == (1, 1)


def test_a_name_with_a_script_is_inert(book, client_for):
    for view in ("", "?view=table", f"?account={book.halvorsen.pk}"):
        page = read(client_for(book.bob), view)
        assert "Halvorsen &lt;b&gt;Rederi" in page
        assert "Halvorsen <b>" not in page


def test_what_crossed_a_line_is_listed(book, client_for):
    moves = text_of(read(client_for(book.bob))).split("Crossed a line in 30 days")[1]
    assert moves.startswith(" Halvorsen &lt;b&gt;Rederi&lt;/b&gt; Entered Defense, 1 day ago €148k ")


def test_an_account_without_a_score_is_counted_and_listed_never_drawn(book, client_for):
    page = read(client_for(book.alice))
    assert "Nobody" not in page.split("</svg>")[1]
    assert "€9k on 1 account has no place here" in text_of(page)
    assert "/o/acme/accounts/?state=withheld" in page


def test_the_account_in_hand_shows_its_month(book, client_for):
    page = read(client_for(book.bob), f"?account={book.kestrel.pk}")
    hand = page.split('aria-label="Selected account"')[1].split("</section>")[0]
    assert "Kestrel Logistics" in hand
    assert "+8" in hand
    assert f"/o/acme/accounts/{book.kestrel.pk}/" in hand
    assert f'<a id="account-{book.kestrel.pk}"' in page
    assert re.search(rf'id="account-{book.kestrel.pk}"[^>]*aria-current="true"', page)


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?segment=defense_priority", {"Halvorsen"}),
        ("?tier=enterprise", {"Halvorsen"}),
        ("?tier=none", {"Kestrel"}),
        ("?health=60-80", {"Kestrel"}),
        ("?health=40&health=50", {"Halvorsen"}),
        ("?potential=90-100&lever=upsell", {"Kestrel"}),
        ("?q=KESTREL", {"Kestrel"}),
        ("?book=all&owner=bob@acme.example", {"Halvorsen", "Kestrel"}),
    ],
)
def test_filters_narrow_the_chart(book, client_for, query, names):
    page = read(client_for(book.bob), query)
    drawn = re.findall(r'<a id="account-[^"]+"[^>]*aria-label="(\w+)', page)
    assert set(drawn) == names


@pytest.mark.parametrize(
    "query",
    [
        "colour=red",
        "segment=vip",
        "tier=gold",
        "book=mine",
        "health=60",
        "health=80-20",
        "health=0-101",
        "health=a-b",
        "country=fr",
        "cohort=22",
        "owner=nobody",
        "lever=push",
        "decision=7",
        "q=" + "x" * 101,
        "view=map",
        "moves=90",
        "account=1",
        "cell=41-60",
        "cell=x",
        "state=withheld",
        "segment=defense_priority&segment=vip",
        "book=own&book=all",
        "account__name=x",
        "sort=arr",
        "organization=globex",
    ],
)
def test_an_unknown_field_or_value_is_refused(book, client_for, query):
    assert client_for(book.bob).get(f"{URL}?{query}").status_code == 400


def test_who_sees_which_book(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    # A CSM opens on the own book, the owner and a viewer on everything; each may ask for what they may see.
    assert "€282k, 2 accounts" in text_of(read(client_for(book.bob)))
    assert "€291k, 3 accounts" in text_of(read(client_for(book.bob), "?book=all"))
    assert "€291k, 3 accounts" in text_of(read(client_for(book.alice)))
    assert "€291k, 3 accounts" in text_of(read(client_for(book.eve)))
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    assert "€282k, 2 accounts" in text_of(read(client_for(book.bob), "?book=all"))
    assert "€291k, 3 accounts" in text_of(read(client_for(book.alice)))


def test_strangers_and_wrong_verbs(book, client_for):
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.bob).post(URL).status_code == 405
    assert client_for(book.bob).get(f"{URL}?account={book.foreign.pk}").status_code == 404
    assert "Canary" not in read(client_for(book.dora), "?book=all")
    assert "Canary" in client_for(book.dora).get("/o/globex/matrix/?book=all").content.decode()


def test_a_colleagues_account_that_a_member_may_not_see_is_missing(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    assert client_for(book.dora).get(f"{URL}?account={book.kestrel.pk}").status_code == 404
    assert client_for(book.bob).get(f"{URL}?account={book.kestrel.pk}").status_code == 200


def test_the_part_for_htmx_has_no_frame(book, client_for):
    part = client_for(book.bob).get(URL, headers={"HX-Request": "true", "HX-Target": "matrix-part"}).content.decode()
    assert "<html" not in part
    assert part.strip().startswith('<div id="matrix-part"')


def test_coordinates_are_written_with_a_dot_in_french(book, client_for):
    book.bob.language = "fr"
    book.bob.save()
    svg = re.search(r"<svg class=\"chart chart--min.*?</svg>", read(client_for(book.bob)), re.DOTALL).group()
    coordinates = re.findall(r'\b(?:x|y|cx|cy|r|d|width|height|viewBox)="([^"]*)"', svg)
    assert len(coordinates) > 20
    assert not [value for value in coordinates if "," in value]


def test_an_organization_without_a_night_says_what_to_do(cast, client_for):
    assert "No diagnosis yet" in read(client_for(cast.alice))


def test_an_empty_book_leads_to_the_others(book, client_for):
    page = read(client_for(book.dora))
    assert "Your book is empty" in page
    assert "/o/acme/matrix/?book=all" in page


def test_past_two_hundred_accounts_cells_take_the_place_of_discs(cast, client_for):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        accounts = make_book(201)
        diagnose_by_hand(
            *(
                (a, {"health": 41.0 + n % 50, "potential": 62.0, "arr": Decimal(1000 + n)})
                for n, a in enumerate(accounts)
            )
        )
    client = client_for(cast.alice)
    page = read(client)
    assert page.count('<a id="account-') == 25
    cells = re.findall(r'<a id="cell-(\d+)-(\d+)"[^>]*aria-label="([^"]+)"', page)
    assert [corner[:2] for corner in cells] == [
        ("40", "60"),
        ("50", "60"),
        ("60", "60"),
        ("70", "60"),
        ("80", "60"),
        ("90", "60"),
    ]
    assert cells[1][2] == "Health 50 to 60, potential 60 to 70: 40 accounts, €44k"
    counts = [int(re.search(r": (\d+) accounts?,", label).group(1)) for *_corner, label in cells]
    assert sum(counts) == 201
    # The list behind a cell holds exactly what the cell counts.
    taken = read(client, "?cell=50-60")
    assert "All 40 as a list" in taken
    assert "40 accounts" in text_of(client.get("/o/acme/accounts/?health=50-60&potential=60-70").content.decode())
    tables = read(client, "?view=table")
    assert '<a href="/o/acme/accounts/?health=50-60&amp;potential=60-70"' in tables


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, count):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        accounts = make_book(count, owner=cast.bob.email)
        diagnose_by_hand(*((a, KESTREL) for a in accounts), night=MONTH_AGO)
        diagnose_by_hand(*((a, KESTREL) for a in accounts), continued=MONTH_AGO)
    client = client_for(cast.bob)
    client.get(URL)
    with CaptureQueriesContext(connection) as queries:
        assert client.get(URL).status_code == 200
    asked = [
        query["sql"] for query in queries if not query["sql"].startswith(("SAVEPOINT", "RELEASE", "BEGIN", "COMMIT"))
    ]
    assert len(asked) == 11, "\n".join(asked)
