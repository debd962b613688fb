"""The backtest says what diagnoses were worth, and plainly when that is nothing."""

import io
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from django.core.management import CommandError, call_command

from diagnostics.backtest import _judge, _name_points, trace_losses
from diagnostics.discrimination import measure_reliability, pick_top
from diagnostics.engine import DEFAULT_MODEL
from diagnostics.management.commands.backtest import describe_backtest
from diagnostics.models import Diagnosis, ModelVersion, Night
from diagnostics.outcomes import add_months, find_first_night, list_months_back, list_months_on
from portfolio.models import Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.past_books import make_past
from tests.diagnostics.test_calibration import AS_OF, START, make_portfolio


def judge(past):
    frames = []
    for one in past:
        found = one.diagnose(DEFAULT_MODEL).filter("open")
        frames.append(_name_points(found, DEFAULT_MODEL))
    return _judge(pl.concat(frames), [one.night for one in past], 0, 0)


def test_it_finds_what_outcomes_hang_on():
    found = judge(make_past(nights=4, against=False))
    worths = {worth.name: worth for worth in found.signals}
    assert found.churn.reliable
    assert found.expansion.reliable
    assert worths["overdue_invoices"].earned
    assert worths["overdue_invoices"].drop > 0.05
    assert not worths["usage_trend_28"].earned
    ours, *naive = found.lists
    assert all(ours.precision > other.precision for other in naive)
    assert ours.lead_days >= 45
    assert {one.name for one in naive} == {"usage drop", "renewal near", "largest first"}


def test_outcomes_dealt_out_at_random_are_called_no_reliable_signal():
    found = judge(make_past(nights=4, shuffle=5))
    assert not found.churn.reliable
    assert not found.expansion.reliable
    text = "\n".join(describe_backtest(found))
    assert "Churn by churn_risk: no reliable signal." in text
    assert "Expansion by potential: no reliable signal." in text


def test_lists_are_equally_long_and_weigh_by_arr():
    night = date(2025, 1, 1)
    past = make_past(nights=1, accounts=10)[0]
    found = past.diagnose(DEFAULT_MODEL)
    lost = pl.Series([n in (0, 9) for n in range(10)])
    frame = _name_points(found, DEFAULT_MODEL).with_columns(
        churned_90d=lost,
        churned_on=pl.when(lost).then(pl.lit(night + timedelta(days=20))),
        arr=pl.Series([9_000.0] + [1_000.0] * 9),
        churn_risk=pl.Series([0.1] * 8 + [0.5, 0.6]),
        night=pl.lit(night),
    )
    result = _judge(frame, [night], 0, 0)
    lists = {one.name: one for one in result.lists}
    # Two of ten are listed. The risk finds the small loss, size the large one.
    assert (lists["churn_risk"].arr_recall, lists["churn_risk"].precision) == (0.1, 0.5)
    assert (lists["largest first"].arr_recall, lists["largest first"].precision) == (0.9, 0.5)
    assert (lists["churn_risk"].found, lists["churn_risk"].lead_days) == (1, 20.0)


def test_lead_time_counts_from_the_listing_that_stood_until_the_end():
    nights = [date(2025, month, 1) for month in (1, 2, 3)]
    left = date(2025, 4, 10)
    frame = pl.DataFrame(
        {
            "account_id": ["steady", "gap", "missed"] * 3,
            "night": [night for night in nights for _ in range(3)],
            "arr": [30.0, 20.0, 10.0] * 3,
            "churned_90d": [night > nights[0] for night in nights for _ in range(3)],
            "churned_on": [left if night > nights[0] else None for night in nights for _ in range(3)],
        }
    )
    listed = np.array([True, True, True, True, False, True, True, True, False])
    # `steady` since January; `gap` again since March; `missed` was dropped before the end.
    assert [(loss.account_id, loss.arr, loss.churned_on, loss.lead_days) for loss in trace_losses(frame, listed)] == [
        ("steady", 30.0, left, (left - nights[0]).days),
        ("gap", 20.0, left, (left - nights[2]).days),
        ("missed", 10.0, left, None),
    ]


def test_reliability_has_equal_parts_in_order():
    forecasts = np.linspace(0, 0.99, 100)
    parts = measure_reliability(forecasts > 0.49, forecasts)
    assert [part.rows for part in parts] == [10] * 10
    assert [part.happened for part in parts] == [0.0] * 5 + [1.0] * 5
    assert pick_top(np.array([1.0, 3.0, 3.0, 2.0]), 2).tolist() == [False, True, True, False]


def test_months_keep_their_day_where_they_have_it():
    assert add_months(date(2025, 1, 31), 1) == date(2025, 2, 28)
    assert add_months(date(2025, 3, 31), -4) == date(2024, 11, 30)
    assert list_months_back(date(2025, 3, 31), date(2025, 2, 1), at_most=9) == [date(2025, 2, 28), date(2025, 3, 31)]
    assert list_months_on(date(2024, 11, 30), date(2025, 1, 29), at_most=9) == [date(2024, 11, 30), date(2024, 12, 30)]


@pytest.mark.django_db(transaction=True)
def test_the_command_judges_nights_that_were_never_run_and_writes_none(cast):
    from accounts.context import service_context

    with service_context(cast.acme.id):
        make_portfolio(cast.acme)
    out = io.StringIO()
    call_command("backtest", organization="acme", first=date(2024, 3, 1), last=date(2024, 9, 1), stdout=out)
    text = out.getvalue()
    assert "7 nights from 2024-03-01 to 2024-09-01" in text
    assert "of the ARR lost" in text
    with service_context(cast.acme.id):
        assert (Night.objects.count(), Diagnosis.objects.count(), ModelVersion.objects.count()) == (0, 0, 0)

    # A model is no proof on the nights that taught it.
    call_command("calibrate", organization="acme", as_of=AS_OF, publish=True, stdout=out)
    call_command("backtest", organization="acme", first=date(2024, 9, 1), last=date(2024, 12, 1), stdout=out)
    assert "3 of these nights taught the model" in out.getvalue()


@pytest.mark.django_db(transaction=True)
def test_an_empty_portfolio_has_nothing_to_judge(cast):
    with pytest.raises(CommandError, match="No night"):
        call_command("backtest", organization="acme", first=date(2024, 3, 1), last=date(2024, 9, 1))


@pytest.mark.django_db
def test_the_first_night_has_a_window_of_usage_behind_it(cast):
    from accounts.context import service_context

    with service_context(cast.acme.id):
        assert find_first_night() is None
        accounts = make_portfolio(cast.acme, accounts=2)
        assert find_first_night() == START + timedelta(days=84)
        # A source of usage that came a year later: before it, every account would look silent.
        ensure_usage_months(date(2024, 12, 1), date(2024, 12, 31))
        Usage.objects.create(
            organization_id=cast.acme.id, account=accounts[0], metric="events", day=date(2024, 12, 9), quantity=1
        )
        assert find_first_night() == date(2024, 12, 1) + timedelta(days=84)
