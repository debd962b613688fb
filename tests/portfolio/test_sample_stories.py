"""Each story of the sample stands in its facts, whatever the reference day."""

from datetime import date, timedelta
from decimal import Decimal

import pytest

from portfolio.sample.stories import STORY
from tests.portfolio.test_sample_generator import DAYS, tell_sample


@pytest.fixture(params=DAYS, ids=str)
def sample(request):
    return tell_sample(request.param)


def open_opportunities(sample, account_id):
    """Return {lever: (opportunity, last stage row)} of the opportunities neither won nor lost."""
    found = {}
    for opportunity in sample.rows("opportunities", account_id):
        stages = [
            row for row in sample.files["opportunity_history"] if row["opportunity_id"] == opportunity["opportunity_id"]
        ]
        if stages[-1]["stage"] not in {"won", "lost"}:
            found[opportunity["lever"]] = (opportunity, stages[-1])
    return found


def phrases_voiced(sample, account_id, product_id, within):
    """Return on how many days of the last `within` a need phrase of a product was voiced."""
    product = next(row for row in sample.files["products"] if row["product_id"] == product_id)
    return {
        day
        for day, text in sample.texts(account_id)
        if day >= sample.ago(within) and any(phrase.lower() in text.lower() for phrase in product["need_phrases"])
    }


def test_sponsor_left(sample):
    (account,) = sample.rows("accounts", "A-1027")
    left = [row for row in sample.rows("contacts", "A-1027") if row["left_on"] == sample.ago(13)]
    assert [(row["role"], row["email"]) for row in left] == [("champion", account["executive_sponsor_email"])]
    assert sample.last_exchange("A-1027", with_deciders=True) == 41
    assert sample.last_exchange("A-1027") <= 10
    assert 10 <= sample.days_to_decision("A-1027") <= 12
    assert "renewal" not in open_opportunities(sample, "A-1027")


def test_broken_release(sample):
    release = next(row for row in sample.files["product_events"] if row["title"].startswith("Plan 8.2"))
    assert release["happened_on"] == sample.ago(30)
    accounts = STORY["broken_release"].account_ids
    assert len(accounts) == 14
    for account_id in accounts:
        fall = 1 - sample.people(account_id, 0) / sample.people(account_id, 31)
        assert 0.03 < fall < 0.45, (account_id, fall)
        synced = sample.usage[account_id, "plan", "feature:tablet_sync"]
        before = sum(quantity for day, quantity in synced.items() if sample.ago(58) <= day <= sample.ago(31))
        since = sum(quantity for day, quantity in synced.items() if day > sample.ago(28))
        assert since < 0.95 * before, account_id
        assert any(row["opened_at"].date() > release["happened_on"] for row in sample.tickets_past_due(account_id))
    assert (sample.people("A-1064", 30), sample.people("A-1064", 0)) == (212, 131)
    urgent = [row for row in sample.tickets_past_due("A-1064") if row["priority"] == "urgent"]
    assert len(urgent) == 3
    assert 9 <= (sample.night - min(row["opened_at"].date() for row in urgent)).days <= 11
    assert 7 <= sample.days_to_decision("A-1064") <= 9


def test_seats_nearly_full(sample):
    assert [row["seats"] for row in sample.running("A-1048", sample.night)] == [400]
    now, before = sample.people("A-1048", 0), sample.people("A-1048", 28)
    assert now == 376
    assert round((400 - now) / ((now - before) / 28)) in {11, 12, 13}
    assert open_opportunities(sample, "A-1048")["seats"][1]["stage"] == "negotiation"


def test_calls_nearly_used(sample):
    calls = sample.usage["A-1077", "plan", "api_calls"]
    included = next(
        row["included"]
        for row in sample.files["plan_limits"]
        if row["metric"] == "api_calls" and row["plan_id"] == sample.running("A-1077", sample.night)[0]["plan_id"]
    )
    for days in (28, 30):
        used = sum(calls.get(sample.ago(ago), 0) for ago in range(days)) * 30 / days
        assert 0.965 < used / included <= 0.971
    month = sample.night.replace(day=1)
    for _month in range(3):
        last, month = month - timedelta(days=1), (month - timedelta(days=1)).replace(day=1)
        total = sum(quantity for day, quantity in calls.items() if month <= day <= last)
        assert 0.9 < total / included < 1


def test_needs_voiced(sample):
    assert len(phrases_voiced(sample, "A-1034", "flow", 70)) >= 4
    assert sample.rows("subscriptions", "A-1034", product_id="flow") == []
    assert sample.people("A-1034", 0) > 0.75 * 447
    opened = sample.usage["A-1034", "plan", "feature:rule_builder"]
    assert sample.ago(52) <= min(opened) <= sample.ago(40)
    for account_id, product_id in (("A-1048", "time"), ("A-1073", "time"), ("A-1046", "time")):
        assert phrases_voiced(sample, account_id, product_id, 80), account_id
    for account_id in ("A-1092", "A-1022"):
        assert len(phrases_voiced(sample, account_id, "insight", 80)) >= 2, account_id
        assert sample.rows("subscriptions", account_id, product_id="insight") == []


def test_late_payer(sample):
    overdue = [row for row in sample.rows("invoices", "A-1037", paid_on=None) if row["due_on"] < sample.today]
    assert [row["due_on"] for row in overdue] == [sample.ago(34)]
    assert Decimal(22_500) < overdue[0]["amount"] < Decimal(23_500)
    assert sample.people("A-1037", 0) < 0.9 * sample.people("A-1037", 30)
    answers = sample.rows(
        "interactions", "A-1037", direction="inbound", author_email="jens.ahrens@brueckner-klinik.example"
    )
    assert [row for row in answers if row["happened_at"].date() >= sample.ago(19)] == []
    assert 10 <= sample.days_to_decision("A-1037") <= 13


def test_silent_account(sample):
    assert sample.last_exchange("A-1068") == 214
    assert any(
        row["bulk"] for row in sample.rows("interactions", "A-1068") if row["happened_at"].date() > sample.ago(200)
    )
    assert 0.7 < sample.people("A-1068", 0) / sample.people("A-1068", 230) < 0.93


def test_onboarding(sample):
    (account,) = sample.rows("accounts", "A-1163")
    assert account["phase"] == "onboarding"
    assert 55 <= (sample.night - account["customer_since"]).days <= 75
    assert [row["milestone"] for row in sample.rows("milestones", "A-1163")] == ["kick_off", "first_schedule_published"]
    assert 20 < sample.people("A-1163", 0) < 0.5 * 118
    assert sample.people("A-1163", 30) < sample.people("A-1163", 0)


def test_notice_given(sample):
    for account_id, given, ends in (("A-1093", 12, 77), ("A-1100", 21, 91)):
        (period,) = sample.running(account_id, sample.night)
        assert (period["notice_given_on"], period["ended_on"]) == (sample.ago(given), sample.ago(-ends))
        assert period["notice_given_on"] <= period["ended_on"] - timedelta(days=period["notice_days"])


def test_pipeline_on_degrading_accounts(sample):
    for account_id, lever in (("A-1070", "cross_sell"), ("A-1064", "upsell"), ("A-1086", "seats")):
        assert open_opportunities(sample, account_id)[lever][1]["amount_arr"] > 10_000
        assert sample.people(account_id, 0) < sample.people(account_id, 45)


def test_contraction_at_the_last_renewal(sample):
    for account_id, before, after in (("A-1083", 168, 132), ("A-1058", 342, 315)):
        (period,) = sample.running(account_id, sample.night)
        assert (period["change_reason"], period["started_on"]) == ("contraction", period["term_started_on"])
        (earlier,) = sample.running(account_id, period["started_on"] - timedelta(days=1))
        assert (earlier["seats"], period["seats"]) == (before, after)


def test_recovery(sample):
    late = [row for row in sample.rows("tickets", "A-1088") if row["solved_at"] and row["solved_at"] > row["due_at"]]
    recent = [row for row in late if row["opened_at"].date() > sample.ago(34)]
    before = [row for row in late if sample.ago(103) <= row["opened_at"].date() <= sample.ago(34)]
    assert (len(before), len(recent)) == (9, 1)
    assert sample.people("A-1088", 0) > 1.1 * sample.people("A-1088", 85)


def test_no_owner(sample):
    (account,) = sample.rows("accounts", "A-1079")
    assert (account["csm_email"], account["am_email"]) == ("", "")
    assert {row["field"] for row in sample.rows("account_history", "A-1079", value="")} == {"csm_email", "am_email"}
    assert sample.last_exchange("A-1079") > 90
    assert sample.people("A-1079", 0) < 0.92 * sample.people("A-1079", 140)


def test_stale_opportunity(sample):
    opportunity, stage = open_opportunities(sample, "A-1073")["cross_sell"]
    assert 94 <= (sample.night - stage["at"].date()).days <= 96
    assert opportunity["closes_on"] == sample.ago(12)


def test_plan_overdue(sample):
    for account_id, days in (("A-1022", 171), ("A-1064", 97)):
        plans = sample.rows("account_plans", account_id)
        newest = max(max(row["updated_on"], row["reviewed_on"] or row["updated_on"]) for row in plans)
        assert days <= (sample.night - newest).days <= days + 2
        assert sample.rows("accounts", account_id)[0]["strategic"]
    overdue = {
        row["account_id"]
        for row in sample.files["account_goals"]
        if row["done_on"] is None and row["due_on"] < sample.night
    }
    assert overdue == {"A-1022"}


def test_price_ahead(sample):
    rise = [row for row in sample.files["product_events"] if row["kind"] == "price_change"][-1]
    assert 17 <= (sample.night - rise["happened_on"]).days <= 19
    (period,) = sample.running("A-1074", sample.night)
    assert period["discount_percent"] == 15
    assert "price" in open_opportunities(sample, "A-1074")
    assert 43 <= sample.days_to_decision("A-1074") <= 45


def test_churned_after_a_decline(sample):
    accounts = STORY["churned"].account_ids
    assert len(accounts) == 13
    for account_id in accounts:
        periods = sample.rows("subscriptions", account_id)
        end = max(row["ended_on"] or date.max for row in periods)
        assert sample.ago(731) < end <= sample.night, account_id
        days = sample.usage[account_id, "plan", "active_users_28d"]
        best = max(quantity for day, quantity in days.items() if day >= end - timedelta(days=365))
        assert days[max(days)] <= 0.65 * best, account_id
        (account,) = sample.rows("accounts", account_id)
        assert account["phase"] == ""


def test_transferred_contract(sample):
    (gone,) = [r for r in sample.rows("subscriptions", "A-1054") if r["end_reason"]]
    taken = sample.rows("subscriptions", "A-1061", contract_id=gone["contract_id"])[0]
    assert gone["ended_on"] == taken["started_on"]
    assert (gone["seats"], gone["mrr"]) == (taken["seats"], taken["mrr"])


def test_migrated_reactivated_and_renewed_late(sample):
    for account_id in STORY["migrated"].account_ids:
        rows = sample.rows("subscriptions", account_id, product_id="plan")
        ends = {row["ended_on"]: row["subscription_id"] for row in rows}
        assert any(ends.get(r["started_on"], r["subscription_id"]) != r["subscription_id"] for r in rows), account_id
    for account_id in STORY["reactivated"].account_ids:
        rows = sample.rows("subscriptions", account_id)
        back = next(row for row in rows if row["change_reason"] == "reactivation")
        gap = back["started_on"] - max(row["ended_on"] for row in rows if row["started_on"] < back["started_on"])
        assert gap > timedelta(days=30)
        assert back["started_on"] > sample.ago(730)
    rows = sample.rows("subscriptions", "A-1060")
    assert (rows[-1]["started_on"] - rows[-2]["ended_on"]).days == 12


def test_healthy_and_quiet(sample):
    for account_id in STORY["healthy_and_quiet"].account_ids:
        (period,) = sample.running(account_id, sample.night)
        assert sample.people(account_id, 0) > 0.73 * period["seats"]
        assert abs(sample.people(account_id, 0) / sample.people(account_id, 90) - 1) < 0.13  # August, Christmas
        assert len(sample.rows("tickets", account_id)) < 30  # in 24 months
        assert sample.tickets_past_due(account_id) == []
        assert sample.last_exchange(account_id, with_deciders=True) < 45


def test_most_accounts_are_untroubled(sample):
    """Outside the stories nothing is overdue and nobody who pays much has been left alone."""
    told = {account_id for story in STORY.values() for account_id in story.account_ids}
    told |= {"A-1076"}  # a smaller silent one
    untold = [row["account_id"] for row in sample.files["accounts"] if row["account_id"] not in told]
    assert len(untold) > 60
    for account_id in untold:
        assert sample.tickets_past_due(account_id) == [], account_id
        tier = sample.rows("accounts", account_id)[0]["tier"]
        if tier != "smb":
            assert sample.last_exchange(account_id) < 46, account_id
    overdue = [
        r for r in sample.files["invoices"] if r["paid_on"] is None and r["due_on"] < sample.night and r["status"] == ""
    ]
    assert {r["account_id"] for r in overdue if (sample.night - r["due_on"]).days > 27} == {"A-1037"}
