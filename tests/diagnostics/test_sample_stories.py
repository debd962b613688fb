"""What the sample tells is found: each story is at least a cause on its accounts, whatever the day it is loaded."""

from datetime import date, timedelta

import pytest

from accounts.context import service_context
from accounts.models import User
from accounts.organizations import found_organization
from diagnostics.engine import read_contributions
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Movement, Night
from diagnostics.night import run_nights
from portfolio import sample
from portfolio.importing import begin_import, find_sources, run_import
from portfolio.models import Import
from portfolio.sample.stories import STORY
from tests.diagnostics.books import TODAY

# Today, the quiet of summer and the turn of the year: nights that are over.
DAYS = (TODAY, date(2026, 8, 16), date(2026, 1, 1))

# What must weigh on each account of a story, by one signal of each group. "-": it costs points, "+": it adds some.
TOLD_BY = {
    "sponsor_left": ("- sponsor_left", "- decider_silence"),
    "broken_release": ("- tickets_past_due",),
    "seats_nearly_full": ("+ seats_taken",),
    "calls_nearly_used": ("+ limit_used", "+ limit_ahead"),
    "need_voiced": ("+ need_voiced",),
    "need_voiced_elsewhere": ("+ need_voiced",),
    "champion_left_overnight": ("- sponsor_left",),
    "late_payer": ("- overdue_invoices", "- usage_trend_28 usage_trend_84"),
    "silent_account": ("- decider_silence", "- single_thread"),
    "onboarding": ("+ onboarding_progress",),
    "notice_given": ("- notice_given",),
    "pipeline_on_degrading_account": ("- usage_trend_28 usage_trend_84",),
    "contraction_at_renewal": ("- usage_trend_84",),
    "recovery": ("- severe_tickets tickets_reopened",),
    "no_owner": ("- decider_silence", "- single_thread"),
    "plan_overdue": ("- plan_stale",),
}
# A story of money that moved between periods, of a priority, or of nothing to do: no signal tells it by itself.
UNTOLD = {
    "churned",
    "healthy_and_quiet",
    "migrated",
    "price_ahead",
    "reactivated",
    "renewed_late",
    "stale_opportunity",
    "transferred",
}


def diagnose_sample(today: date, folder):
    """({account: {signal: points}}, {account: lever}, {(account, kind of movement)}) of the last night of two."""
    owner = User.objects.create_user("owner@brindel.example")
    organization = found_organization(name="Brindel", slug="brindel", owner=owner, with_trial=False)
    sample.write(folder, today)
    sources = find_sources([folder])
    with service_context(organization.pk):
        begun = begin_import(organization, sources, origin=Import.Origin.COMMAND)
    run_import(organization.pk, begun.pk, sources=sources)
    last = today - timedelta(days=1)
    run_nights(organization.pk, [last - timedelta(days=1), last])
    with service_context(organization.pk):
        model = read_model(Night.objects.select_related("model_version").get(night=last).model_version)
        rows = list(Diagnosis.objects.filter(night=last).select_related("account"))
        moved = set(Movement.objects.filter(night=last).values_list("account__source_id", "kind"))
    points = {
        row.account.source_id: {c.name: c.points for c in read_contributions(model, row.points, row.values)}
        for row in rows
    }
    return points, {row.account.source_id: row.lever for row in rows}, moved


def test_every_story_is_told_by_a_signal_or_by_none():
    assert TOLD_BY.keys() | UNTOLD == STORY.keys()
    assert not TOLD_BY.keys() & UNTOLD


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("today", DAYS, ids=str)
def test_each_story_is_a_cause_on_its_accounts(today, tmp_path):
    points, levers, moved = diagnose_sample(today, tmp_path)
    missed = []
    for story, groups in TOLD_BY.items():
        for account_id in STORY[story].account_ids:
            for group in groups:
                sign, *signals = group.split()
                given = [points[account_id][signal] for signal in signals]
                if not any(value > 0 if sign == "+" else value < 0 for value in given):
                    missed.append((story, account_id, group, given))
    assert missed == []
    # In the weeks of a holiday a summer trade's own season may hide the fall, not everybody's.
    release = [points[account_id] for account_id in STORY["broken_release"].account_ids]
    assert sum(min(account["usage_trend_28"], account["usage_trend_84"]) < 0 for account in release) >= 12
    # What holds an account back sells nothing.
    assert {levers[account_id] for account_id in STORY["notice_given"].account_ids} == {"retain"}
    assert levers["A-1163"] == ""
    # The first morning shows what moved since the one before.
    assert ("A-1094", "health_moved") in moved
