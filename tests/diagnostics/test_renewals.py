"""Renewals: which contracts stand on the desk, and that each figure is the sum of its rows."""

import csv
import io
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.context import organization_context
from accounts.models import Membership, Organization, Role, User
from diagnostics.charts.weeks import draw_weeks, place_interval
from diagnostics.queries.renewals import STATES, sum_weeks
from diagnostics.templatetags.desk_marks import MARK
from portfolio.models import Account, Act, Interaction
from tests.diagnostics.account_book import at
from tests.diagnostics.desks import (
    NIGHT,
    TODAY,
    count_queries,
    diagnose_by_hand,
    in_days,
    make_account,
    make_contract,
    text_of,
)
from tests.diagnostics.renewal_book import URL, book, desk_of, listed, rows_of

__all__ = ["book"]


@pytest.mark.parametrize(
    ("query", "order"),
    [
        ("", "KOG"),
        ("?window=30", "K"),
        ("?window=60", "KOG"),
        ("?window=180", "KOLG"),
        ("?show=at_risk", "K"),
        ("?show=due", "KO"),
        ("?show=notice", "G"),
        ("?show=not_started", "K"),
        ("?show=no_step", "KO"),
        ("?forecast=lost", "G"),
        ("?forecast=none", "KO"),
        ("?owner=dora@consulting.example&window=180", "L"),
        ("?q=orva", "O"),
    ],
)
def test_filters_stand_in_the_address(book, client_for, query, order):
    assert listed(client_for(book.alice), query) == order


@pytest.mark.parametrize("name", ["@@x@@", "@@title@@", "\ue000x\ue001"])
def test_a_members_name_is_never_read_as_a_gap_of_a_form(book, client_for, name):
    with organization_context(organization_id=book.acme.id, user_id=book.dora.id):
        User.objects.filter(pk=book.dora.pk).update(full_name=name)
    page = client_for(book.bob).get(URL).content.decode()
    assert f">{name}</option>" in page
    assert MARK not in page


@pytest.mark.parametrize("query", ["window=45", "show=all", "forecast=maybe", "lever=retain", "colour=red"])
def test_an_unknown_field_or_value_is_refused(book, client_for, query):
    for url in (URL, f"{URL}csv/"):
        assert client_for(book.alice).get(f"{url}?{query}").status_code == 400


def test_a_page_is_a_number(book, client_for):
    assert client_for(book.alice).get(f"{URL}?page=0").status_code == 400


def test_each_figure_is_the_sum_of_its_rows_and_months_and_calls_add_up(book, client_for):
    desk = desk_of(book, book.alice)
    totals = {state: desk.total_under(state) for state in STATES}
    assert {state: (total.count, total.arr) for state, total in totals.items()} == {
        "at_risk": (1, Decimal(12_000)),
        "due": (2, Decimal(36_000)),
        "notice": (1, Decimal(3_600)),
        "not_started": (1, Decimal(12_000)),
        "no_step": (2, Decimal(36_000)),
    }
    assert desk.portfolio == Decimal(45_600)
    assert desk.expected == Decimal(12_000) * Decimal("0.5") + Decimal(24_000) * Decimal("0.1")
    assert sum(total.arr for _call, total in desk.by_forecast()) == totals["due"].arr + totals["notice"].arr
    assert desk.at_risk_by_window == {days: Decimal(12_000) for days in (30, 60, 90, 180)}
    page = text_of(client_for(book.alice).get(URL).content.decode())
    assert "€12k 33% of ARR due, 26% of all" in page
    assert "€3.6k" not in page
    assert "€4k 1 notice, not in the €12k" in page
    assert "2 contracts worth €36k have no next step" in page


def test_under_five_contracts_the_outcomes_are_listed_and_their_chances_add_up(book, client_for):
    desk = desk_of(book, book.alice)
    assert desk.spread is None
    assert [(sorted(o.lost), o.amount, round(o.probability, 4)) for o in desk.outcomes] == [
        ([], Decimal(0), 0.45),
        (["K-s"], Decimal(12_000), 0.45),
        (["O-s"], Decimal(24_000), 0.05),
        (["K-s", "O-s"], Decimal(36_000), 0.05),
    ]
    assert "4 outcomes" in text_of(client_for(book.alice).get(URL).content.decode())


def test_from_five_contracts_on_an_interval_stands_beside_the_expected_loss(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        for number in range(3):
            make_contract(Account.objects.get(source_id="O"), decides_in=20 + number, name=f"more-{number}")
    desk = desk_of(book, book.alice)
    assert desk.outcomes == ()
    assert Decimal(0) <= desk.spread.p10 <= desk.spread.p50 <= desk.spread.p90 <= desk.total_under("due").arr
    assert "8 in 10: " in text_of(client_for(book.alice).get(URL).content.decode())


def test_a_monthly_contract_is_due_but_nothing_to_prepare(book):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        make_contract(Account.objects.get(source_id="O"), decides_in=3, name="rolling", term_months=1, mrr="100")
    desk = desk_of(book, book.alice)
    assert (desk.total_under("due").count, desk.total_under("no_step").count) == (3, 2)
    assert desk.rows["subscription_id"].to_list() == ["K-s", "O-s", "rolling", "G-s"]


def test_what_counts_as_started_is_found_in_the_facts(book):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        kestrel = Account.objects.get(source_id="K")
        Act.objects.create(source_id="a", account=kestrel, kind="called", at=at(3), priority="retain")
        Act.objects.create(source_id="b", account=kestrel, kind="called", at=at(9), priority="plan")
        # A mail is no preparation, nor a cancelled call, nor one before the 180 days.
        for number, (kind, state, days) in enumerate([("email", "", 20), ("call", "cancelled", 30), ("call", "", 178)]):
            Interaction.objects.create(
                source_id=f"i{number}", account=kestrel, kind=kind, state=state, happened_at=at(days)
            )
    started = {row.source_id: row.started_on for row in rows_of(book, book.alice)}
    assert started == {"K": TODAY - timedelta(days=3), "O": TODAY - timedelta(days=40), "G": None}


def test_who_sees_what(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    assert listed(client_for(book.bob), "?window=180") == "KOG"
    assert listed(client_for(book.bob), "?window=180&book=all") == "KOLG"
    assert listed(client_for(book.dora), "?window=180") == "L"
    assert listed(client_for(book.eve), "?window=180") == "KOLG"
    viewed = client_for(book.eve).get(URL).content.decode()
    assert "data-opens" not in viewed.split("<main")[1].split("</main>")[0]
    assert "Canary" not in client_for(book.alice).get(f"{URL}?window=180").content.decode()
    assert client_for(book.charlie).get(URL).status_code == 404
    assert client_for(book.bob).post(URL).status_code == 405
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    assert listed(client_for(book.bob), "?window=180&book=all") == "KOG"


def test_a_name_with_markup_is_inert(book, client_for):
    page = client_for(book.alice).get(URL).content.decode()
    assert "Kestrel &lt;i&gt;" in page
    assert "Kestrel <i>" not in page


def test_the_csv_holds_the_rows_of_the_screen_and_runs_nothing(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Account.objects.filter(source_id="O").update(name="=cmd|calc")
    answer = client_for(book.alice).get(f"{URL}csv/?show=due")
    rows = list(csv.DictReader(io.StringIO(answer.content.decode("utf-8-sig"))))
    assert [(row["account_id"], row["arr_due"], row["at_risk"]) for row in rows] == [
        ("K", "12000.00", "true"),
        ("O", "24000.00", "false"),
    ]
    assert rows[1]["account"] == "'=cmd|calc"
    assert rows[0]["decides_on"] == in_days(8).isoformat()
    assert f"renewals-acme-90-days-{NIGHT}" in answer.headers["Content-Disposition"]


def test_empty_desks_say_why(cast, client_for):
    client = client_for(cast.alice)
    assert "No diagnosis yet" in client.get(URL).content.decode()
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        diagnose_by_hand((make_account("Alder"), {}), night=NIGHT)
    assert "Nothing is decided within 90 days" in text_of(client.get(URL).content.decode())
    assert "No contract meets these filters" in client.get(f"{URL}?show=notice").content.decode()


@pytest.mark.parametrize("count", [1, 30])
def test_the_page_costs_the_same_with_one_row_and_with_many(cast, client_for, count):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        accounts = [make_account(f"Account {n:02}", csm_email=cast.bob.email) for n in range(count)]
        for number, account in enumerate(accounts):
            make_contract(account, decides_in=3 + number)
        diagnose_by_hand(*((account, {"renewal_risk": 0.1}) for account in accounts), night=NIGHT)
    asked = count_queries(client_for(cast.bob), URL)
    # And four COPY of the KPIs' frames, which Django does not list.
    assert len(asked) == 11, "\n".join(sql[:160] for sql in asked)


def test_weeks_begin_on_monday_and_add_up_to_what_is_due(book):
    desk = desk_of(book, book.alice)
    weeks = sum_weeks(desk, day=TODAY)
    assert {week.begins_on.weekday() for week in weeks} == {0}
    assert sum(week.arr for week in weeks) == desk.total_under("due").arr
    assert sum(week.at_risk for week in weeks) == desk.total_under("at_risk").arr
    assert sum(week.count for week in weeks) == 2


def test_bars_stand_on_zero_in_proportion():
    chart = draw_weeks([(Decimal(300), Decimal(100)), (Decimal(0), Decimal(0)), (Decimal(0), Decimal(200))])
    assert [row.amount for row in chart.rows] == [0, 100, 200, 300, 400]
    first, empty, last = chart.bars
    assert (first.lower, last.lower, empty.lower, empty.upper) == (120.0, 0.0, 0.0, 0.0)
    assert first.lower_y + first.lower == last.upper_y + last.upper == 192.0
    assert round(last.upper / first.lower, 3) == round(200 / 300, 3)
    assert draw_weeks([(Decimal(0), Decimal(0))]) is None
    interval = place_interval(Decimal(20), Decimal(40), Decimal(80))
    assert (interval.x, interval.at, interval.width) == (40.0, 80.0, 120.0)
