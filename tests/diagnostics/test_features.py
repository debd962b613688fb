"""Features of a night, read from the database: what each statement says."""

from datetime import timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from polars.testing import assert_frame_equal

from diagnostics.features import FeatureSettings
from diagnostics.models import VoicedNeed
from portfolio.models import (
    Account,
    AccountHistory,
    AccountPlan,
    Contact,
    IntentSignal,
    Interaction,
    Invoice,
    Milestone,
    Opportunity,
    OpportunityStage,
    Plan,
    PlanRate,
    Product,
    Subscription,
    Survey,
    Ticket,
    Usage,
    WhitespaceCell,
)
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.facts import (
    NIGHT,
    at,
    days_ago,
    make_account,
    make_catalogue,
    make_period,
    make_usage,
    pick,
    read,
    read_one,
)


@pytest.fixture
def book(acme_context):
    return make_catalogue()


def test_an_account_appears_when_it_is_known_and_leaves_after_the_grace(book):
    period = Subscription.objects.get()
    assert read_one(days_ago(201)) is None
    assert read_one(days_ago(200))["arr"] == 1200
    period.ended_on = days_ago(29)
    period.save()
    assert pick(read_one(), "running", "lapsed_on", "arr") == (True, days_ago(29), 1200)
    assert read_one(days_ago(30))["lapsed_on"] is None
    assert read_one(days_ago(-1)) is None


def test_an_account_that_never_paid_is_known_from_its_first_fact(book):
    account = Account.objects.create(source_id="crm", name="From the CRM")
    assert read_one(source="crm") is None
    Opportunity.objects.create(source_id="o", account=account, lever="upsell", created_on=days_ago(3))
    assert read_one(days_ago(4), source="crm") is None
    assert pick(read_one(source="crm"), "running", "arr", "opportunity_moved_on") == (False, None, days_ago(3))


def test_fields_are_those_of_the_night(book):
    account = book["account"]
    account.tier, account.csm_email = "smb", ""
    account.save()
    for since, value in ((100, "enterprise"), (10, "mid_market")):
        AccountHistory.objects.create(account=account, field="tier", from_on=days_ago(since), value=value)
    AccountHistory.objects.create(account=account, field="csm_email", from_on=days_ago(5), value="bob@acme.example")
    nights = {night: pick(read_one(days_ago(night)), "tier", "has_owner") for night in (150, 100, 11, 10, 4)}
    # Before the earliest known value that value is used.
    assert nights == {
        150: ("enterprise", True),
        100: ("enterprise", True),
        11: ("enterprise", True),
        10: ("mid_market", True),
        4: ("mid_market", True),
    }


def test_a_change_of_plan_keeps_the_term_and_a_renewal_begins_a_new_one(book):
    Subscription.objects.all().delete()
    account, team = book["account"], book["team"]
    make_period(account, team, started=500, ended=400, term_months=12, notice_days=30)
    make_period(account, team, mrr=150, started=400, term_months=12, notice_days=30)
    # Begun 500 days ago, renewed after a year: the second term ends two years after the first day.
    ends = days_ago(500).replace(year=days_ago(500).year + 2)
    row = read_one()
    assert pick(row, "renews_on", "decision_on") == (ends, ends - timedelta(days=30))
    assert pick(row, "first_paid_on", "main_mrr", "arr_180_ago") == (days_ago(500), 150, 1800)


def test_renews_on_overrides_the_term(book):
    Subscription.objects.update(term_months=12, renews_on=days_ago(-40), notice_days=10)
    row = read_one()
    assert pick(row, "renews_on", "decision_on", "arr_due_90") == (days_ago(-40), days_ago(-30), 1200)


def test_an_end_to_come_is_known_by_a_notice_only(book):
    Subscription.objects.update(ended_on=days_ago(-60), notice_given_on=days_ago(5), term_months=12)
    before, after = read_one(days_ago(6)), read_one()
    names = ("notice_given_on", "ends_on", "arr_noticed", "arr_due_90")
    assert pick(before, *names[:3]) == (None, None, 0)
    assert pick(after, *names) == (days_ago(5), days_ago(-60), 1200, 0)


def test_a_decision_that_has_passed_waits_for_the_next_term(book):
    Subscription.objects.update(term_months=1, notice_days=20, term_started_on=days_ago(20))
    # This month's notice is over; the next month's can still be given.
    assert read_one()["arr_due_90"] == 1200
    Subscription.objects.update(term_months=12, notice_days=20, renews_on=days_ago(-10), auto_renews=True)
    assert read_one()["arr_due_90"] == 0
    Subscription.objects.update(auto_renews=False)
    assert read_one()["arr_due_90"] == 1200


def test_movements_are_those_of_the_account_as_a_whole(book):
    account, team = book["account"], book["team"]
    Subscription.objects.update(ended_on=days_ago(90))
    make_period(account, team, mrr=60, started=90)
    other = Plan.objects.create(source_id="x", name="X", product=book["extra"], rank=1)
    make_period(account, other, mrr=80, started=90, name="added")
    # 40 less and 80 more on one day is one increase.
    row = read_one()
    assert pick(row, "expansions_365", "last_expansion_on", "products", "arr") == (1, days_ago(90), 2, 1680)
    assert read_one(days_ago(91))["expansions_365"] == 0


def test_a_gap_within_the_grace_is_no_movement(book):
    Subscription.objects.update(ended_on=days_ago(60))
    make_period(book["account"], book["team"], started=40)
    row = read_one()
    assert pick(row, "expansions_365", "arr", "arr_180_ago", "periods_overlap") == (0, 1200, 1200, False)


def test_a_rise_of_the_unit_price_is_no_upsell(book):
    Subscription.objects.update(ended_on=days_ago(50), seats=10)
    make_period(book["account"], book["team"], mrr=112, started=50, seats=10, change_reason="price")
    assert pick(read_one(), "price_rise", "price_rise_on") == (0.12, days_ago(50))
    assert read_one(days_ago(51))["price_rise"] is None


def test_the_next_plan_is_priced_by_its_list_or_by_what_the_book_pays(book):
    next_plan = Plan.objects.get(source_id="all")
    assert pick(read_one(), "next_plan_id", "next_plan_mrr") == (str(next_plan.id), 900)
    Plan.objects.filter(pk=next_plan.pk).update(list_price_monthly=None)
    assert read_one()["next_plan_mrr"] is None
    for number, mrr in enumerate((300, 500, 400)):
        make_account(f"pays-{number}", next_plan, mrr=mrr)
    assert read_one()["next_plan_mrr"] == 400


def test_other_currencies_are_taken_at_the_plan_rate_of_the_fiscal_year(book):
    assert read_one()["amount_unknown"] is False
    Subscription.objects.update(currency="USD")
    assert pick(read_one(), "arr", "amount_unknown") == (None, True)
    PlanRate.objects.create(fiscal_year=2026, currency="USD", rate=Decimal("0.9"))
    PlanRate.objects.create(fiscal_year=2025, currency="USD", rate=Decimal("0.8"))
    assert read_one()["arr"] == 1080
    from_april = FeatureSettings("Europe/Paris", "EUR", fiscal_year_start=4)
    assert read_one(settings=from_april)["arr"] == 960


def test_usage_is_summed_by_windows_of_four_weeks(book):
    account = book["account"]
    make_usage(account, "events", [1] * 28 + [2] * 28 + [0, 4] * 14)
    make_usage(account, "active_users", [5, 9, 7])
    make_usage(account, "feature:export", [3] * 10)
    make_usage(account, "feature:print", [1] * 30, last=30)
    make_usage(account, "api_calls", [20] * 56 + [30] * 28)
    row = read_one()
    assert pick(row, "activity_28", "activity_29_56", "activity_57_84") == (56, 56, 28)
    assert pick(row, "active_days_7", "active_days_28", "active_days_84") == (7, 28, 84)
    assert row["last_used_on"] == NIGHT
    assert pick(row, "active_users", "features_28", "features_84") == (9, 1, 2)
    assert pick(row, "feature_activity_28", "key_activity_28", "negative_activity_28") == (30, 30, None)
    # 30 calls a day: a count per month of thirty days.
    assert pick(row, "limit_metric", "limit_used", "limit_included") == ("api_calls", 900, 1000)
    assert row["limit_growth"] == pytest.approx((900 - 600) / 56)


def test_products_used_on_one_day_are_added_up_and_the_busiest_counts_as_a_peak(book):
    account = book["account"]
    for product, quantity in ((book["core"], 1.0), (book["extra"], 2.0), (None, 4.0)):
        for metric in ("events", "active_users"):
            Usage.objects.create(
                organization_id=account.organization_id, account=account, product=product, metric=metric,
                day=NIGHT, quantity=quantity,
            )  # fmt: skip
    assert pick(read_one(), "activity_28", "active_users", "active_days_28") == (7, 4, 1)


@pytest.mark.parametrize("days", [0, 1, 21, 25])
def test_days_to_come_hide_nothing_of_the_night(book, days):
    make_usage(book["account"], "events", [1] * 84)
    before = read()
    make_usage(book["account"], "events", [5], last=-1 - days)
    assert_frame_equal(read(), before)


def test_accounts_read_slice_by_slice_say_the_same(book, monkeypatch):
    for number in range(5):
        account = make_account(f"more-{number}", book["team"])
        make_usage(account, "events", [number + 1] * 40, last=number * 20)
        make_usage(account, "active_users", [number] * 3)
    at_once = read()
    monkeypatch.setattr("diagnostics.features.usage_months.SLICE", 2)
    assert_frame_equal(read(), at_once)


def test_an_account_without_events_is_measured_by_the_next_best(book):
    account = book["account"]
    given = []
    for metric, quantities in (
        ("active_users_28d", [3] * 28),
        ("active_users_7d", [2] * 28),
        ("documents", [4] * 28),
        ("api_calls", [10] * 28),
        ("feature:export", [5] * 28),
        ("active_users", [1] * 28),
        ("events", [6] * 28),
    ):
        make_usage(account, metric, quantities)
        given.append(pick(read_one(), "activity_28", "active_users"))
    assert given == [
        (28 * 3, 3), (28 * 2, 3), (28 * 4, 3), (28 * 14, 3), (28 * 5, 3), (28 * 1, 3), (28 * 6, 3),
    ]  # fmt: skip


def test_the_busiest_week_tells_more_of_people_than_the_busiest_day(book):
    make_usage(book["account"], "active_users", [2] * 28)
    make_usage(book["account"], "active_users_7d", [5, 7, 6, 6] * 7)
    assert read_one()["active_users"] == 7


def test_people_of_four_weeks_are_read_where_the_window_ends_also_where_they_are_counted_once_a_week(book):
    make_usage(book["account"], "active_users_28d", [9])
    make_usage(book["account"], "active_users_28d", [8], last=6)
    make_usage(book["account"], "active_users_28d", [7, 4], last=31)
    make_usage(book["account"], "active_users_28d", [20], last=36)
    assert pick(read_one(), "active_users", "active_users_before") == (9, 4)
    assert pick(read_one(night=days_ago(-3)), "active_users", "active_users_before") == (9, 4)
    assert pick(read_one(night=days_ago(-8)), "active_users", "active_users_before") == (None, None)


def test_a_metric_that_stands_at_a_level_is_not_added_up(book):
    make_usage(book["account"], "api_calls", [900, 950, 940] * 10)
    assert pick(read_one(), "limit_used", "limit_included") == (950, 1000)


def test_an_account_long_silent_is_known_to_be_silent(book):
    ensure_usage_months(days_ago(320), days_ago(290))
    make_usage(book["account"], "events", [4], last=300)
    row = read_one()
    assert pick(row, "last_used_on", "activity_28", "active_days_84", "active_users") == (days_ago(300), 0, 0, None)


def test_people_and_exchanges(book):
    account = book["account"]
    for number, (role, left, stance) in enumerate(
        [("decision_maker", None, "supporter"), ("champion", 20, ""), ("user", 5, "detractor"), ("champion", 300, "")]
    ):
        Contact.objects.create(
            source_id=f"c{number}",
            account=account,
            name="N",
            role=role,
            stance=stance,
            left_on=None if left is None else days_ago(left),
            email_hash=bytes([number + 1]),
        )
    for number, (kind, ago, state, direction, hashes) in enumerate(
        [
            ("meeting", 70, "", "", [b"\x01"]),
            ("email", 10, "", "outbound", [b"\x01"]),
            ("email", 12, "", "inbound", [b"\x02"]),
            ("meeting", 8, "cancelled", "", [b"\x01"]),
            ("qbr", 100, "held", "", [b"\x01"]),
            ("meeting", -3, "planned", "", [b"\x01"]),
        ]
    ):
        Interaction.objects.create(
            source_id=f"i{number}", account=account, kind=kind, happened_at=at(ago), state=state, direction=direction,
            contact_hashes=hashes,
        )  # fmt: skip
    row = read_one()
    assert pick(row, "contacts", "sponsors", "sponsors_left", "sponsor_left_on") == (1, 1, 1, days_ago(20))
    assert pick(row, "supporters", "detractors", "threads_90") == (1, 0, 2)
    assert pick(row, "last_decider_on", "last_exchange_on", "last_review_on") == (
        days_ago(70),
        days_ago(12),
        days_ago(100),
    )
    assert pick(row, "meetings_90", "cancelled_90", "reviews_known", "crm_known_to") == (1, 1, True, days_ago(8))


def test_tickets_surveys_and_invoices(book):
    account = book["account"]
    tickets = [
        {"opened_at": at(20), "due_at": at(9), "priority": "urgent", "escalated_at": at(15)},
        {"opened_at": at(30), "due_at": at(25), "solved_at": at(26), "satisfaction": "bad", "satisfaction_at": at(24)},
        {"opened_at": at(200), "solved_at": at(190), "satisfaction": "good", "satisfaction_at": at(170)},
    ]
    for number, fields in enumerate(tickets):
        Ticket.objects.create(source_id=f"t{number}", account=account, **fields)
    Survey.objects.create(source_id="s1", account=account, kind="nps", answered_at=at(40), score=9)
    Survey.objects.create(source_id="s2", account=account, kind="nps", answered_at=at(30), score=3)
    invoices = [
        (100, 40, 35, ""),
        (60, 30, None, ""),
        (50, 20, 10, "failed"),
        (10, -20, None, ""),
        (90, 60, None, "void"),
    ]
    for number, (issued, due, paid, status) in enumerate(invoices):
        Invoice.objects.create(
            source_id=f"f{number}", account=account, issued_on=days_ago(issued), due_on=days_ago(due),
            amount=Decimal(70),
            paid_on=None if paid is None else days_ago(paid), status=status, currency="EUR",
        )  # fmt: skip
    row = read_one()
    assert pick(row, "tickets_90", "tickets_open", "tickets_overdue", "overdue_ticket_days") == (2, 1, 1, 9)
    assert pick(row, "severe_90", "severe_open", "reopened_90", "good_180", "bad_180") == (1, 1, 1, 1, 1)
    assert pick(row, "last_complaint_on", "last_ticket_on", "support_known_to") == (
        days_ago(15),
        days_ago(20),
        days_ago(20),
    )
    assert pick(row, "survey_score", "survey_answers", "survey_on") == (0.0, 2, days_ago(30))
    assert pick(row, "invoices_365", "paid_on_time_365", "overdue_invoices", "overdue_days") == (3, 0, 1, 30)
    assert pick(row, "overdue_amount", "failed_90", "billing_known_to") == (70, 1, days_ago(10))


def test_tickets_from_long_before_the_first_paid_day_contradict_it(book):
    for days, contradicts in ((10, False), (255, False), (270, True)):
        Ticket.objects.create(source_id=f"t{days}", account=book["account"], opened_at=at(days))
        assert read_one()["support_contradicts"] is contradicts


def test_plans_milestones_opportunities_whitespace_and_intent(book):
    account = book["account"]
    AccountPlan.objects.create(account=account, updated_on=days_ago(90), reviewed_on=days_ago(20))
    Milestone.objects.create(account=account, milestone="first import", reached_on=days_ago(180))
    opportunity = Opportunity.objects.create(source_id="o", account=account, lever="upsell", created_on=days_ago(50))
    for ago, stage, amount in ((40, "qualified", 5000), (10, "lost", 5000)):
        OpportunityStage.objects.create(opportunity=opportunity, at=at(ago), stage=stage, amount_arr=Decimal(amount))
    for department, state, value in (("HR", "open", 700), ("IT", "no_fit", None), ("Sales", "open", 300)):
        WhitespaceCell.objects.create(
            account=account, product=book["extra"], department=department, state=state, value_arr=value
        )
    IntentSignal.objects.create(account=account, observed_on=days_ago(30), strength=60)
    row = read_one()
    assert pick(row, "plan_updated_on", "milestones", "first_milestone_on") == (days_ago(20), 1, days_ago(180))
    assert pick(row, "open_opportunity_arr", "opportunity_moved_on") == (None, days_ago(10))
    assert read_one(days_ago(11))["open_opportunity_arr"] == 5000
    assert pick(row, "whitespace_known", "whitespace_cells", "whitespace_arr") == (True, 2, 1000)
    assert pick(row, "intent_strength", "intent_on") == (60, days_ago(30))


def test_needs_count_for_products_that_the_account_could_have(book):
    account, extra = book["account"], book["extra"]
    other = Product.objects.create(source_id="other", name="Other")
    unfit = Product.objects.create(source_id="unfit", name="Unfit")
    for product, department, state, value in (
        (extra, "HR", "open", 300),
        (other, "HR", "open", 900),
        (unfit, "HR", "no_fit", 5),
    ):
        WhitespaceCell.objects.create(
            account=account, product=product, department=department, state=state, value_arr=value
        )
    said = [(extra, 20), (extra, 3), (other, 60), (unfit, 5), (book["core"], 5), (other, 200), (extra, -1)]
    for number, (product, ago) in enumerate(said):
        ticket = Ticket.objects.create(source_id=f"n{number}", account=account, opened_at=at(ago))
        VoicedNeed.objects.create(
            account=account, product=product, ticket=ticket, voiced_at=at(ago), column="body", start=0, length=4
        )
    row = read_one()
    assert pick(row, "needs_voiced", "need_on", "voiced_arr") == (2, days_ago(3), 1200)
    assert row["voiced_product_id"] == str(other.id)
    assert pick(read_one(days_ago(4)), "needs_voiced", "need_on") == (2, days_ago(20))


def test_features_are_read_while_django_records_its_queries(book):
    """As under PHANO_DEBUG=1, where Django's own cursor takes a COPY without parameters only."""
    with CaptureQueriesContext(connection):
        assert pick(read_one(), "running", "arr") == (True, 1200)
