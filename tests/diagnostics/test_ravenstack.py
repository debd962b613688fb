"""The negative control: labels that are random and contradict each other are imported, reported, and teach nothing."""

import io
from datetime import date, timedelta

import pytest
from django.core.management import call_command
from django.db.models import Sum

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.backtest import run_backtest
from diagnostics.calibration import calibrate
from diagnostics.engine.confidence import CONTRADICTORY, FRESH
from diagnostics.following import follow_night
from diagnostics.management.commands.backtest import describe_backtest
from diagnostics.models import Diagnosis, DoubtfulFacts
from diagnostics.night import run_night
from tests.diagnostics.ravenstack import RAVENSTACK, convert_usage, read, read_day, write_ravenstack

pytestmark = pytest.mark.skipif(not RAVENSTACK.exists(), reason="../shared/examples is not here: no negative control")
LAST_DAY = date(2024, 12, 31)
NIGHT = date(2023, 9, 30)


@pytest.mark.django_db(transaction=True)
def test_random_labels_are_imported_whole_and_found_to_teach_nothing(cast, tmp_path):
    counts = write_ravenstack(tmp_path)
    with service_context(cast.acme.id):
        Organization.objects.update(currency="USD")
    out = io.StringIO()
    call_command("import_portfolio", str(tmp_path), organization="acme", stdout=out)
    assert rows_of(out.getvalue()) == {f"{name}.csv": (count, count, 0) for name, count in counts.items()}

    # Every contradiction is counted and shown, and the night goes on; usage before the first paid day counts less.
    run_night(cast.acme.id, LAST_DAY)
    follow_night(cast.acme.id)
    with service_context(cast.acme.id):
        told = dict(DoubtfulFacts.objects.values_list("kind").annotate(Sum("facts")))
        assert told["tickets_before_signup"] == count_early_tickets()
        assert told["usage_unpaid"] > 1000
    run_night(cast.acme.id, NIGHT)
    contradicted = accounts_used_before_they_paid(NIGHT)
    assert len(contradicted) >= 5
    with service_context(cast.acme.id):
        found = {
            row.account.source_id: (row.sources[0], row.confidence)
            for row in Diagnosis.objects.filter(night=NIGHT).select_related("account")
        }
    assert {name for name, (state, _) in found.items() if state == CONTRADICTORY} == contradicted & found.keys()
    # 0.47 where a ticket from long before sign-up contradicts itself as well.
    assert {confidence for state, confidence in found.values() if state == CONTRADICTORY} == {0.47, 0.59}
    assert max(confidence for state, confidence in found.values() if state == FRESH) == 0.8

    record = run_backtest(cast.acme.id, date(2023, 9, 1), date(2024, 9, 1), known_by=LAST_DAY)
    assert record.churned > 100
    for auc in (record.churn, record.health):
        assert auc.low < 0.5 < auc.high
        assert not auc.reliable
    said = describe_backtest(record)
    assert said[1].startswith("Churn by churn_risk: no reliable signal.")
    assert said[2].startswith("Churn by health: no reliable signal.")

    trial = calibrate(cast.acme.id, LAST_DAY).trials["health"]
    assert trial.accounts > 100
    assert not trial.kept


def rows_of(report):
    """{file: (read, created, rejected)} of what the import command says."""
    lines = [line.split() for line in report.splitlines() if ".csv" in line.partition(" ")[0]]
    return {line[0]: tuple(int(cell.replace(",", "")) for cell in (line[1], line[2], line[5])) for line in lines}


def accounts_used_before_they_paid(night):
    """Accounts whose first usage within the 84 days of the night lies over 60 days before their first subscription."""
    begun, owners, used = {}, {}, {}
    for row in read("subscriptions"):
        account_id, day = row["account_id"], read_day(row["start_date"])
        owners[row["subscription_id"]] = account_id
        begun[account_id] = min(day, begun.get(account_id, day))
    for row in convert_usage(owners):
        if night - timedelta(days=84) < row["day"] <= night:
            used[row["account_id"]] = min(row["day"], used.get(row["account_id"], row["day"]))
    paid = {name for name, day in begun.items() if day <= night}
    return {name for name, day in used.items() if name in paid and (begun[name] - day).days > 60}


def count_early_tickets():
    """Tickets opened more than 60 days before both the sign-up and the first subscription of their account."""
    known = {row["account_id"]: read_day(row["signup_date"]) for row in read("accounts")}
    for row in read("subscriptions"):
        known[row["account_id"]] = min(known[row["account_id"]], read_day(row["start_date"]))
    return sum((known[row["account_id"]] - read_day(row["submitted_at"])).days > 60 for row in read("support_tickets"))
