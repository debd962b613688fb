"""Renewals: which contracts stand on the desk, that each figure is the sum of its rows, and the acts in place."""

import csv
import io
import re
from datetime import timedelta
from decimal import Decimal

import pytest

from accounts.context import organization_context
from accounts.models import AuditEntry, Membership, Organization, Role, User
from diagnostics.charts.weeks import draw_weeks, place_interval
from diagnostics.filters import AccountFilters
from diagnostics.queries.diagnosed import open_scope, read_nights
from diagnostics.queries.renewal_facts import read_term_notes
from diagnostics.queries.renewals import STATES, build_rows, read_desk, sum_weeks
from diagnostics.templatetags.desk_marks import MARK
from portfolio.models import Account, AccountGoal, Act, Interaction
from portfolio.people import hash_address
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
from tests.portfolio.desk import BASE, Desk

URL = "/o/acme/renewals/"
PART = {"HX-Request": "true", "HX-Target": "renewals-part", "HX-Current-URL": f"http://testserver{URL}?window=60"}


@pytest.fixture
def book(cast):
    """Fragile Kestrel (12,000 in 8 days), healthy Orvanta (24,000 in 50), Dora's Late (6,000 in 100), Gone (notice)."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        kestrel = make_account("Kestrel <i>", source_id="K", csm_email=cast.bob.email)
        orvanta = make_account("Orvanta", source_id="O", am_email=cast.bob.email)
        late = make_account("Late", source_id="L", csm_email=cast.dora.email)
        gone = make_account("Gone", source_id="G", csm_email=cast.bob.email)
        make_contract(kestrel, decides_in=8)
        make_contract(orvanta, decides_in=50, mrr="2000")
        make_contract(late, decides_in=100, mrr="500")
        make_contract(
            gone,
            decides_in=10,
            mrr="300",
            ended_on=in_days(40),
            notice_given_on=TODAY - timedelta(days=5),
            end_reason="Group chose one tool",
        )
        Interaction.objects.create(source_id="m", account=orvanta, kind="meeting", happened_at=at(40))
        diagnose_by_hand(
            (kestrel, {"health": 41.0, "fragile": True, "renewal_risk": 0.5}),
            (orvanta, {"renewal_risk": 0.1}),
            (late, {"renewal_risk": 0.2}),
            (gone, {"health": 30.0, "fragile": True, "renewal_risk": 0.99}),
            night=NIGHT,
        )
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        canary = make_account("Canary Islands", source_id="C")
        make_contract(canary, decides_in=8)
        diagnose_by_hand((canary, {"fragile": True, "health": 20.0}), night=NIGHT)
    return cast


def desk_of(cast, who, *, window=90, **filters):
    with organization_context(organization_id=cast.acme.id, user_id=who.id):
        membership = Membership.objects.select_related("organization").get(user=who)
        membership.user = who
        return read_desk(open_scope(membership, AccountFilters(**filters), read_nights()), window=window)


def rows_of(cast, who, **options):
    desk = desk_of(cast, who, **options)
    with organization_context(organization_id=cast.acme.id, user_id=who.id):
        return build_rows(cast.acme, desk, desk.rows)[0]


def listed(client, query=""):
    page = client.get(f"{URL}{query}").content.decode()
    return "".join(name[0] for name in re.findall(r'data-key="Enter" hx-boost="false">([^<]*)</a>', page))


def account_id(cast, source_id):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        return Account.objects.get(source_id=source_id).pk


def term(days=8, name="K-s"):
    return f"{in_days(days + 30).isoformat()}:{name}"


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


def test_a_forecast_is_set_in_place_shown_and_taken_back(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    answer = client.post(address, {"term": term(), "forecast": "commit"}, headers=PART)
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "announce" in answer.headers["HX-Trigger"]
    assert "<html" not in page
    assert 'aria-current="true">60 days' in page  # the part is that of the page which asked
    assert "forecast Commit." in text_of(page)
    assert listed(client, "?forecast=commit") == "K"
    undo = re.search(r'hx-post="(/o/acme/changes/[^"]+/undo/)"', page).group(1)
    assert client.post(undo, headers=PART).status_code == 200
    assert listed(client, "?forecast=commit") == ""
    assert "nothing left to take back" in text_of(client.post(undo, headers=PART).content.decode())
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert Act.objects.count() == 0
        made = AuditEntry.objects.order_by("at").values_list("action", flat=True)
        assert list(made)[-2:] == ["renewal.forecast", "change.undone"]


def test_lost_needs_a_reason_and_shows_it_sealed(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    refused = client.post(address, {"term": term(), "forecast": "lost"}, headers=PART).content.decode()
    assert "Say in a few words why it is lost." in refused
    client.post(address, {"term": term(), "forecast": "lost", "reason": "Budget <b>cut</b>"}, headers=PART)
    shown = client.get(URL).content.decode()
    assert "Budget &lt;b&gt;cut&lt;/b&gt;" in shown
    assert "Group chose one tool" in shown  # the reason that came with the notice
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        act = Act.objects.get()
        # No priority called for it: whoever counts acts on priorities does not count it.
        assert (act.kind, act.priority, act.reason) == ("planned", "", f"forecast:lost:{term()}")
        assert "Budget" not in str(AuditEntry.objects.get(action="renewal.forecast").details)


def test_an_address_in_the_reason_of_a_loss_is_found_by_its_hash(book, client_for):
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    posted = {"term": term(), "forecast": "lost", "reason": "Ida.Moe@h.example chose another tool"}
    client_for(book.bob).post(address, posted, headers=PART)
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert [bytes(one) for one in Act.objects.get().mentioned_hashes] == [
            hash_address(book.acme.id, "ida.moe@h.example")
        ]


@pytest.mark.parametrize("posted", [{"forecast": "maybe"}, {"forecast": "commit", "term": "2020-01-01:K-s"}, {}])
def test_what_is_no_forecast_or_no_term_changes_nothing(book, client_for, posted):
    address = f"/o/acme/accounts/{account_id(book, 'K')}/forecast/"
    answer = client_for(book.bob).post(address, {"term": term(), **posted}, follow=True)
    assert answer.status_code == 200
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert Act.objects.count() == 0


def test_a_next_step_is_assigned_changed_and_done(book, client_for):
    client = client_for(book.bob)
    address = f"/o/acme/accounts/{account_id(book, 'K')}/step/"
    step = {"term": term(), "title": "Terms from legal", "due_on": in_days(4).isoformat(), "owner": book.dora.email}
    answer = client.post(address, step, follow=True)
    assert answer.redirect_chain == [(URL, 302)]
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        goal = AccountGoal.objects.get()
    row = text_of(client.get(URL).content.decode())
    assert "Terms from legal" in row
    assert desk_of(book, book.bob).total_under("no_step").count == 1
    assert next(row for row in rows_of(book, book.bob) if row.source_id == "K").owner == "Dora"
    client.post(address, {**step, "goal": str(goal.pk), "title": "Terms signed"})
    assert "Terms signed" in client.get(URL).content.decode()
    client.post(f"/o/acme/goals/{goal.pk}/done/")
    assert "Terms signed" not in client.get(URL).content.decode()
    for bad in ({"title": " "}, {"due_on": "soon"}, {"due_on": "2020-01-01"}, {"owner": "eve@elsewhere.example"}):
        client.post(address, {**step, **bad})
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        assert AccountGoal.objects.count() == 1


def test_who_may_act(book, client_for):
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Membership.objects.create(user=book.eve, role=Role.VIEWER)
    here = account_id(book, "K")
    for path in (f"accounts/{here}/forecast/", f"accounts/{here}/step/"):
        assert client_for(book.eve).post(f"/o/acme/{path}", {"term": term()}).status_code == 403
        assert client_for(book.charlie).post(f"/o/acme/{path}", {"term": term()}).status_code == 404
        assert client_for(book.charlie).post(f"/o/globex/{path}", {"term": term()}).status_code == 404
        assert client_for(book.bob).get(f"/o/acme/{path}").status_code == 405
    with organization_context(organization_id=book.acme.id, user_id=book.alice.id):
        Organization.objects.update(visibility="own")
    hidden = f"/o/acme/accounts/{account_id(book, 'L')}/forecast/"
    assert client_for(book.bob).post(hidden, {"term": term(100, "L-s"), "forecast": "lost"}).status_code == 404


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


def test_forecasts_and_steps_come_back_from_an_export_as_they_were(cast, client_for, tmp_path):
    """Everything that members noted on a desk, into an empty organization and out again, to the byte."""
    acme, globex = Desk(cast.acme, tmp_path / "acme"), Desk(cast.globex, tmp_path / "globex")
    for desk in (acme, globex):
        desk.folder.mkdir()
    ends_on = in_days(38).isoformat()
    acme.drop(
        BASE
        | {
            "subscriptions.csv": "subscription_id,account_id,product_id,started_on,term_months,notice_days,renews_on,"
            f"mrr\nS1,A1,crm,2024-01-01,12,30,{ends_on},100\n"
        }
    )
    client = client_for(cast.alice)
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        here = Account.objects.get(source_id="A1").pk
    posted = {"term": f"{ends_on}:S1"}
    client.post(f"/o/acme/accounts/{here}/forecast/", {**posted, "forecast": "commit"})
    client.post(f"/o/acme/accounts/{here}/forecast/", {**posted, "forecast": "lost", "reason": "Budget, cut"})
    client.post(f"/o/acme/accounts/{here}/step/", {**posted, "title": "Exit call", "due_on": in_days(3).isoformat()})
    client.post(f"/o/acme/accounts/{here}/opportunities/", {"lever": "upsell", "amount": "1200.50"})
    client.post(f"/o/acme/accounts/{here}/reviews/", {"day": in_days(9).isoformat()})
    client.post(f"/o/acme/accounts/{here}/plan/", {"objective": "One board"})
    first = acme.export()
    record = globex.drop(globex.put(first))
    assert globex.rejected(record) == []
    assert globex.export() == first
    with organization_context(organization_id=cast.globex.id, user_id=cast.charlie.id):
        facts = read_term_notes(cast.globex, [Account.objects.get(source_id="A1").pk])
    [((_account, term_name), call)], [step] = facts.forecasts.items(), facts.steps.values()
    assert (term_name, call.forecast, call.reason, step.title) == (f"{ends_on}:S1", "lost", "Budget, cut", "Exit call")


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
