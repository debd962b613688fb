"""The KPI screen: figures that can be added up by hand, who may see them, its switches, how many queries it asks."""

import re

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role
from accounts.models.organizations import Visibility
from portfolio.models import Account, Subscription, Target
from tests.diagnostics.kpi_book import HERE, QUARTER, keep_series, make_kpi_book, pay

URL = "/o/acme/kpis/"


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        cast.accounts = make_kpi_book(cast.bob.email)
        keep_series()
    return cast


def read(client, query=f"?{HERE}", url=URL):
    response = client.get(f"{url}{query}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def text_of(page):
    return " ".join(re.sub(r"<[^>]+>", " ", page).split())


def rows_of(page, heading):
    """The texts of the first table's rows behind a heading."""
    table = page.split(heading)[1].split("<tbody>")[1].split("</table>")[0]
    return [text_of(row) for row in re.findall(r"<tr.*?</tr>", table, re.S)]


def change_role(cast, who, role, **fields):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        Membership.objects.filter(user=who).update(role=role)
        if fields:
            Organization.objects.update(**fields)


def test_the_headline_figures_print_their_parts(book, client_for):
    page = text_of(read(client_for(book.alice)))
    assert "Q2 2024: over four quarters NRR 88.9% , GRR 77.8% ." in page
    assert "€19,200 ÷ €21,600 = 88.9%" in page
    assert "€16,800 ÷ €21,600 = 77.8%" in page
    assert "Reactivation is not counted. A renewal may be 30 days late." in page
    assert "SaaS Capital, B2B SaaS Retention Benchmarks, 2023" in page


def test_the_waterfall_adds_up_to_the_cent(book, client_for):
    rows = rows_of(read(client_for(book.alice)), "From start to end ARR")
    assert rows == [
        "Start €21,600",
        "New +€2,400 +11.1%",
        "Upsell +€2,400 +11.1%",
        "Seats €0 0.0%",
        "Usage €0 0.0%",
        "Cross-sell €0 0.0%",
        "Price €0 0.0%",
        "Contraction −€1,200 −5.6%",
        "Churn −€3,600 −16.7%",
        "Reactivation €0 0.0%",
        "Transfer €0 0.0%",
        "Re-basing €0 0.0%",
        "End €21,600",
    ]


def test_the_chart_draws_only_what_moved_and_each_bar_leads_to_its_list(book, client_for):
    svg = read(client_for(book.alice)).split('aria-label="ARR waterfall"')[1].split("</svg>")[0]
    assert re.findall(r'href="/o/acme/kpis/([^/]+)/', svg) == [
        "arr_start",
        "arr_new",
        "expansion_revenue:upsell",
        "arr_contraction",
        "arr_churn",
        "arr_end",
    ]
    assert "kpi-brk" not in svg.split("</a>")[1]


def test_groups_add_up_to_the_total_and_small_ones_are_marked(book, client_for):
    rows = rows_of(read(client_for(book.alice)), "By tier")
    assert rows == [
        "Enterprise 1 small €12k €0 +€2k €0 €14k 120.0% 100.0% –",
        "Mid-market 1 small €6k €0 €0 −€1k €5k 80.0% 80.0% –",
        "Small business 2 small €4k +€2k €0 −€4k €2k 0.0% 0.0% –",
        "All 4 €22k +€2k +€2k −€5k €22k 88.9% 77.8% –",
    ]


def test_the_cohort_map_prints_each_value_and_switches(book, client_for):
    page = read(client_for(book.alice))
    assert rows_of(page, "By cohort")[0] == "Q1 2023 3 small €22k 100 100 100"
    money = read(client_for(book.alice), f"?{HERE}&map=arpa")
    assert rows_of(money, "By cohort")[0] == "Q1 2023 3 small €22k €7k €7k €7k"
    assert "/o/acme/kpis/arpa:m12/?period=2024-Q1&amp;by=cohort&amp;group=2023-Q1&amp;map=arpa" in money


def test_a_target_is_drawn_and_written_where_it_is_set(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        for group_by, group, value in (("", "", "1.08"), ("tier", "enterprise", "1.15")):
            Target.objects.create(
                organization_id=book.acme.id, kpi="nrr", period=QUARTER, group_by=group_by, group=group, value=value
            )
    page = read(client_for(book.alice))
    assert 'class="c-thr"' in page.split("NRR and GRR over the periods")[1].split("</svg>")[0]
    assert "target 108.0%" in text_of(page)
    assert "120.0% target / 115.0%" in text_of(page)


def test_a_period_that_changed_after_its_close_says_what(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Subscription.objects.filter(source_id="k-s", mrr=400).update(mrr=450)
        keep_series()
    page = text_of(read(client_for(book.alice)))
    assert "figures are not what they were when this period was closed" in page
    assert "NRR 88.9% 91.7%" in page


def test_my_book_is_computed_of_its_accounts_alone(book, client_for):
    page = text_of(read(client_for(book.bob)))
    # 19,200 ÷ 18,000: without the one that was lost, which is not Bob's.
    assert "€19,200 ÷ €18,000 = 106.7%" in page
    assert "The accounts that stand in this book today, with their whole history." in page


def test_whoever_sees_only_the_own_book_cannot_ask_for_all(book, client_for):
    change_role(book, book.bob, Role.CSM, visibility=Visibility.OWN)
    page = text_of(read(client_for(book.bob), f"?{HERE}&book=all"))
    assert "€19,200 ÷ €18,000" in page
    assert "€21,600" not in page


def test_the_figures_of_a_book_stay_with_its_person_where_the_switch_is_off(book, client_for):
    owners = f"?{HERE}&by=owner&book=all"
    assert "marek@acme.example" in read(client_for(book.bob), owners)
    change_role(book, book.bob, Role.CSM, figures_per_person=False)
    page = read(client_for(book.bob), owners)
    assert "marek@acme.example" not in page
    assert "Bob" in rows_of(page, "By owner")[0]
    assert "to that person alone" in page
    marek = client_for(book.bob).get(f"{URL}nrr/{owners}&group=marek@acme.example")
    assert marek.status_code == 404


def test_a_stranger_gets_nothing_and_a_colleague_of_another_company_neither(book, client_for, client):
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.eve).get(URL).status_code == 404
    assert client.get(URL).status_code == 302


def test_the_data_protection_officer_has_no_kpis(book, client_for):
    change_role(book, book.bob, Role.DPO)
    assert client_for(book.bob).get(URL).status_code == 403


def test_a_viewer_reads_every_screen(book, client_for):
    change_role(book, book.bob, Role.VIEWER)
    client = client_for(book.bob)
    for path in ("", "figures/", "books/", "targets/", "csv/", "nrr/", "nrr/csv/"):
        assert client.get(f"{URL}{path}?{HERE}" if path != "targets/" else f"{URL}{path}").status_code == 200, path
    assert "Set the target" not in read(client, "", f"{URL}targets/")


@pytest.mark.parametrize(
    "query", ["?every=week", "?period=2019-Q1", "?by=colour", "?map=magic", "?nothing=1", "?book=theirs"]
)
def test_an_unknown_switch_is_refused_in_a_sentence(book, client_for, query):
    assert client_for(book.alice).get(f"{URL}{query}").status_code == 400


def test_it_only_reads(book, client_for):
    assert client_for(book.alice).post(URL).status_code == 405


def test_before_the_first_computation_it_says_what_is_missing(cast, client_for):
    assert "There is no revenue to read yet" in read(client_for(cast.alice), "")
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_kpi_book(cast.bob.email)
    assert "have not been computed yet" in read(client_for(cast.alice), "")


def test_every_kpi_is_worded_with_its_definition(book, client_for):
    from diagnostics.kpis.declarations import KPIS

    page = text_of(read(client_for(book.alice), url=f"{URL}figures/"))
    missing = [kpi.name for kpi in KPIS.values() if kpi.label[0] not in page or kpi.moved[0] not in page]
    assert missing == []


def test_the_csv_holds_what_the_screen_shows(book, client_for):
    lines = read(client_for(book.alice), url=f"{URL}csv/").splitlines()
    assert lines[0].endswith("period,kpi,value,numerator,denominator")
    assert [line.split(",")[3:] for line in lines if line.startswith(f"{QUARTER},nrr,")] == [
        ["19200.000000000000", "21600.000000000000"]
    ]


def test_french_writes_figures_in_french(book, client_for):
    client = client_for(book.alice)
    client.cookies["django_language"] = "fr"
    french = client.get(f"{URL}?{HERE}").content.decode()
    assert "88,9\N{NO-BREAK SPACE}%" in french
    assert "T2 2024" in french


@pytest.mark.parametrize("rows", [1, 30])
def test_one_row_and_thirty_ask_the_same_number_of_queries(cast, client_for, rows):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(rows):
            account = Account.objects.create(
                source_id=f"a{number}", name=f"Account {number}", tier="smb", am_email=f"am{number}@acme.example"
            )
            pay(account, ("2023-01-01", "100", ""), ("2024-05-01", "120", "seats"))
        keep_series()
    client = client_for(cast.alice)
    asked = {}
    for query in ("", "&by=owner"):
        client.get(f"{URL}?{HERE}{query}")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{URL}?{HERE}{query}")
        asked[query] = len(captured)
    assert asked == {"": 14, "&by=owner": 15}
