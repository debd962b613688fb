"""The list behind every figure: it adds up to the figure exactly, and leads to one account's movements."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from accounts.context import organization_context
from accounts.models import Organization, Visibility
from diagnostics.models import KpiPeriod
from diagnostics.queries.kpi_lists import list_accounts
from diagnostics.queries.kpi_scope import KpiScope, choose_period, find_kept
from diagnostics.queries.kpi_series import read_kpis
from portfolio.models import Account, Subscription
from portfolio.terms import add_months
from tests.diagnostics.diagnosed import diagnose_by_hand
from tests.diagnostics.kpi_book import HERE, LAST_DAY, QUARTER, keep_series, make_kpi_book, pay, read_rows

URL = "/o/acme/kpis/"


@pytest.fixture
def book(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        cast.accounts = make_kpi_book(cast.bob.email)
        keep_series()
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        cast.foreign = Account.objects.create(source_id="f", name="Canary Islands Ltd")
        pay(cast.foreign, ("2023-01-01", "900", ""))
        keep_series()
    return cast


def read(client, path, query=f"?{HERE}"):
    response = client.get(f"{URL}{path}{query}")
    assert response.status_code == 200, response.status_code
    return response.content.decode()


def test_nrr_lists_its_accounts_and_their_total(book, client_for):
    assert read_rows(read(client_for(book.alice), "nrr/")) == [
        "Halvorsen &lt;b&gt;Rederi&lt;/b&gt; €14,400 €12,000 120.0%",
        "Kestrel Logistics €4,800 €6,000 80.0%",
        "Lost Ltd €0 €3,600 0.0%",
        "Total 3 €19,200 €21,600 88.9%",
    ]


def test_a_waterfall_step_lists_what_moved(book, client_for):
    assert read_rows(read(client_for(book.alice), "arr_churn/")) == ["Lost Ltd −€3,600", "Total 1 −€3,600"]
    upsell = read_rows(read(client_for(book.alice), "expansion_revenue:upsell/"))
    assert upsell == ["Halvorsen &lt;b&gt;Rederi&lt;/b&gt; +€2,400".replace("+", ""), "Total 1 €2,400"]


def test_a_group_lists_its_own_accounts(book, client_for):
    rows = read_rows(read(client_for(book.alice), "grr/", f"?{HERE}&by=tier&group=mid_market"))
    assert rows == ["Kestrel Logistics €4,800 €6,000 80.0%", "Total 1 €4,800 €6,000 80.0%"]


def test_a_cohort_cell_lists_the_accounts_of_its_month(book, client_for):
    rows = read_rows(read(client_for(book.alice), "nrr:m12/", "?period=2024-Q1&by=cohort&group=2023-Q1"))
    assert rows[-1] == "Total 3 €21,600 €21,600 100.0%"


def test_every_kept_figure_is_the_sum_of_its_list(book):
    """Whatever the screen prints: nothing kept may differ from what its list adds up to."""
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        organization = book.acme
        kept = find_kept("quarter")
        period = choose_period(organization, "quarter", QUARTER, kept)
        scope = KpiScope(organization, membership_of(book), "all", period, LAST_DAY)
        series = read_kpis(scope, kept, "tier")
        differing = {}
        for name, figure in series.now.figures.items():
            if name in ("expected_loss:p10", "expected_loss:p90"):
                continue
            total = list_accounts(scope, name).total
            found = (total.numerator, total.denominator) if total else (Decimal(0), figure.denominator and Decimal(0))
            if found != (figure.numerator, figure.denominator):
                differing[name] = (found, figure)
    assert differing == {}
    assert len(series.now.figures) > 25


def test_a_list_says_where_its_lines_are_rounded(book, client_for):
    sentence = "Lines are shown to the cent"
    assert sentence not in read(client_for(book.alice), "arr_end/")
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Subscription.objects.filter(account=book.accounts["halvorsen"]).update(mrr=Decimal("1200.0001"))
        keep_series()
    assert sentence in read(client_for(book.alice), "arr_end/")


def membership_of(book):
    from accounts.models import Membership

    return Membership.objects.select_related("organization", "user").get(user=book.alice)


def test_one_account_shows_its_movements_from_start_to_end(book, client_for):
    halvorsen = book.accounts["halvorsen"]
    page = read(client_for(book.alice), f"nrr/{halvorsen.pk}/")
    assert read_rows(page) == [
        "1 Apr 2024 ARR at the start €12,000",
        "10 May 2024 Expansion Upsell +€2,400 €14,400",
        "30 Jun 2024 ARR at the end €14,400",
    ]
    assert "Halvorsen <b>" not in page
    assert "1 movement in other periods" in page


def test_one_account_says_its_part_of_the_figure_as_its_line_does(book, client_for):
    page = read(client_for(book.alice), f"nrr/{book.accounts['halvorsen'].pk}/")
    assert "Its part of the figure: <b>€14,400</b> of €12,000." in page
    page = read(client_for(book.alice), f"arr_churn/{book.accounts['lost'].pk}/")
    assert "Its part of the figure: <b>−€3,600</b>." in page
    assert "Its part" not in read(client_for(book.alice), f"arr_churn/{book.accounts['halvorsen'].pk}/")


def test_a_rate_over_four_quarters_shows_the_movements_of_four_quarters(book, client_for):
    page = read(client_for(book.alice), f"nrr:4q/{book.accounts['lost'].pk}/")
    assert "The four quarters up to 30 Jun 2024:" in page.replace("\xa0", " ")
    rows = read_rows(page)
    assert rows == [
        "1 Jul 2023 ARR at the start €3,600",
        "1 Jun 2024 Churn −€3,600 €0",
        "30 Jun 2024 ARR at the end €0",
    ]


def test_an_account_of_another_organization_is_not_there(book, client_for):
    assert client_for(book.alice).get(f"{URL}nrr/{book.foreign.pk}/").status_code == 404
    assert "Canary" not in read(client_for(book.alice), "nrr/")


def test_my_book_lists_my_accounts_alone(book, client_for):
    rows = read_rows(read(client_for(book.bob), "nrr/"))
    assert rows[-1] == "Total 2 €19,200 €18,000 106.7%"
    assert "Lost Ltd" not in " ".join(rows)


def test_a_hidden_account_is_never_named_by_a_group(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        top = Account.objects.create(source_id="top", name="Hidden Holding")
        Account.objects.filter(source_id="k").update(parent=top)
        keep_series()
        Organization.objects.update(visibility=Visibility.OWN)
    client = client_for(book.bob)
    for group in ("n", "nobody", "n\0"):
        assert client.get(f"{URL}nrr/", {"period": QUARTER, "by": "parent", "group": group}).status_code == 404, group
    page = read(client, "nrr/", f"?{HERE}&by=parent&group=top")
    assert "Kestrel Logistics" in page
    assert "A parent out of your sight" in page
    assert "Hidden Holding" not in page + read(client, "", f"?{HERE}&by=parent")
    assert "Hidden Holding" in read(client_for(book.alice), "nrr/", f"?{HERE}&by=parent&group=top")


@pytest.mark.parametrize("path", ["nothing/", "nrr:m7/", "nrr/csv/x/", "arr_new:upsell/"])
def test_what_is_no_kpi_is_not_there(book, client_for, path):
    assert client_for(book.alice).get(f"{URL}{path}").status_code == 404


def test_lists_only_read(book, client_for):
    for path in ("nrr/", "nrr/csv/", f"nrr/{book.accounts['kestrel'].pk}/"):
        assert client_for(book.alice).post(f"{URL}{path}").status_code == 405


def test_the_csv_adds_up_and_runs_nothing(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Account.objects.filter(pk=book.accounts["lost"].pk).update(name="=1+1")
    lines = read(client_for(book.alice), "nrr/csv/").splitlines()
    assert lines[0].endswith("account_id,account,numerator,denominator")
    assert [line.split(",")[:2] for line in lines[1:]] == [
        ["h", "Halvorsen <b>Rederi</b>"],
        ["k", "Kestrel Logistics"],
        ["l", "'=1+1"],
        ["", "Total"],
    ]


def test_the_movements_of_an_account_are_a_file_too(book, client_for):
    lines = read(client_for(book.alice), f"nrr/{book.accounts['lost'].pk}/csv/").splitlines()
    assert [line.split(",")[:3] for line in lines[1:]] == [
        ["2024-04-01", "start", ""],
        ["2024-06-01", "churn", ""],
        ["2024-06-30", "end", ""],
    ]
    assert client_for(book.alice).get(f"{URL}nrr/{book.foreign.pk}/csv/").status_code == 404


def test_a_figure_without_accounts_says_so(book, client_for):
    assert "No account stands behind this figure" in read(client_for(book.alice), "arr_reactivation/")


@pytest.mark.parametrize("rows", [1, 30])
def test_one_row_and_thirty_ask_the_same_number_of_queries(cast, client_for, rows):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(rows):
            account = Account.objects.create(source_id=f"a{number}", name=f"Account {number}", tier="smb")
            pay(account, ("2023-01-01", "100", ""), ("2024-05-01", "120", "seats"))
        keep_series()
    client = client_for(cast.alice)
    asked = {}
    for path in ("nrr/", f"nrr/{account.pk}/"):
        client.get(f"{URL}{path}?{HERE}")
        with CaptureQueriesContext(connection) as captured:
            client.get(f"{URL}{path}?{HERE}")
        asked[path.count("/")] = len(captured)
    # The names of a list are asked for apart from its figures, and the part of one account as its list is.
    assert asked == {1: 11, 2: 12}


@pytest.mark.parametrize(("contracts", "listed"), [(2, 4), (4, 16), (5, 0)])
def test_the_outcomes_of_few_decisions_are_listed_and_those_of_five_are_drawn(cast, client_for, contracts, listed):
    """As on Renewals: under five contracts an interval of draws would say more than anybody knows."""
    night = timezone.now().date() - timedelta(days=1)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        accounts = []
        for number in range(contracts):
            account = Account.objects.create(source_id=f"a{number}", name=f"Account {number}", csm_email=cast.bob.email)
            pay(account, (add_months(night, -11).isoformat(), "100", ""))
            accounts.append((account, {"renewal_risk": 0.1}))
        diagnose_by_hand(*accounts, night=night)
        keep_series(night)
        last = KpiPeriod.objects.filter(every="quarter").latest("first_on").period
        running = KpiPeriod.objects.get(every="quarter", group_by="", group="", period=last)
        of_bob = KpiPeriod.objects.get(every="quarter", group_by="owner", group=cast.bob.email, period=last)
        for found in (running, of_bob):
            assert "expected_loss" in found.kpis
            assert ("expected_loss:p90" in found.kpis) is (listed == 0)
    for person in (cast.alice, cast.bob):
        page = read(client_for(person), "expected_loss/", "")
        assert page.count("<li><b>") == listed
        assert ("nothing is lost" in page) is bool(listed)
    if not listed:
        drawn = read(client_for(cast.alice), "expected_loss:p90/", "")
        assert "A percentile is drawn and does not add up" in drawn
        assert "up exactly" not in drawn
