"""What the KPIs' own statements take from an organization's facts, and what they leave."""

from datetime import UTC, date, datetime

from accounts.models import Organization
from diagnostics.kpis import events
from diagnostics.kpis.reading import Facts
from portfolio.models import Act
from tests.kpis.books import TODAY, make_account


def test_a_look_a_delay_or_a_forecast_is_no_act(acme_context):
    account = make_account("a")
    acts = [("called", "retain:1"), ("looked", "retain:1"), ("snoozed", "retain:1"), ("dismissed", "retain:1")]
    acts += [("planned", ""), ("planned", "renewal:2")]
    for day, (kind, priority) in enumerate(acts, start=1):
        at = datetime(2026, 11, day, 12, tzinfo=UTC)
        Act.objects.create(source_id=str(day), account=account, kind=kind, priority=priority, at=at)
    facts = Facts(Organization.objects.get(), TODAY)
    acted = events.read_events(facts, events.ACTED).sort("on")
    assert acted["on"].to_list() == [date(2026, 11, 1), date(2026, 11, 6)]
    assert events.read_events(facts, events.LOOKS).height == 6
