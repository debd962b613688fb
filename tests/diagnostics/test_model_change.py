"""Why a score changed across a published version: customer, rules and missing data, exactly."""

from datetime import timedelta

import pytest
from django.db import connection

from accounts.models import Organization
from diagnostics.book import feature_settings
from diagnostics.engine import diagnose
from diagnostics.features import compute_features
from diagnostics.model_drafts import publish_draft, save_draft
from diagnostics.model_versions import read_model
from diagnostics.models import ModelVersion
from diagnostics.queries.account_page import read_account_page
from portfolio.models import Ticket, Usage
from tests.diagnostics.books import NIGHT, diagnose_book
from tests.diagnostics.model_book import inside, make_used_book, member

THEN = NIGHT - timedelta(days=30)
ROUNDING = 1 / 16  # stored figures have seven digits


@pytest.fixture
def changed(cast):
    """A book diagnosed a month ago by version 1; then use falls, invoices age, tickets begin; version 2 last night."""
    with inside(cast):
        accounts = make_used_book(6)
    diagnose_book(cast.acme, THEN)
    with inside(cast):
        Usage.objects.filter(account=accounts[4], day__gt=THEN).update(quantity=2)
        # A source that was unknown speaks now.
        for number, account in enumerate(accounts):
            opened = cast.acme.created_at - timedelta(days=20)
            Ticket.objects.create(
                source_id=f"t{number}", account=account, opened_at=opened, due_at=opened + timedelta(days=1)
            )
        save_draft(
            actor=member(cast),
            written={
                "weights.usage_level.mid_market": "30",
                "weights.usage_trend_28.mid_market": "1",
                "weights.overdue_invoices.mid_market": "25.5",
                "weights.limit_used.mid_market": "2",
            },
            shown={},
        )
        assert publish_draft(actor=member(cast), revision=1, number=1, note="Usage says more here.").number == 2
    diagnose_book(cast.acme)
    return accounts


def test_the_rule_part_is_what_both_models_say_of_the_same_facts(cast, changed):
    """Diagnosing tonight's facts by the old version as well says the rule part without this code."""
    with inside(cast):
        old = read_model(ModelVersion.objects.get(number=1))
        organization = Organization.objects.get()
        with connection.cursor() as cursor:
            features = compute_features(cursor, organization.id, NIGHT, feature_settings(organization))
        by_old = {row["account_id"]: row for row in diagnose(features, old, NIGHT).to_dicts()}
        parts = []
        for account in changed:
            found = read_account_page(member(cast), account.id, language="en").found
            for score in ("health", "potential"):
                change = found.change(score)
                now, then = getattr(found.diagnosis, score), getattr(found.before, score)
                assert change.customer + change.rules + change.missing == change.total == now - then
                assert sum(cause.points for cause in change.causes) == change.total
                tonight_by_old = by_old[str(account.id)][score]
                assert change.rules == pytest.approx(now - tonight_by_old, abs=4 * ROUNDING)
                assert change.customer + change.missing == pytest.approx(tonight_by_old - then, abs=4 * ROUNDING)
            parts.append(found.change("health"))
    assert any(part.rules for part in parts)
    assert any(part.customer for part in parts)
    assert any(part.missing for part in parts)


def test_a_signal_whose_weight_changed_keeps_its_customer_part(cast, changed):
    """Once all of such a signal's change counted as a rule, though the customer had stopped to use the product."""
    with inside(cast):
        change = read_account_page(member(cast), changed[4].id, language="en").found.change("health")
    cause = next(cause for cause in change.causes if cause.name == "usage_level")
    assert cause.points < 0
    assert cause.by_rules not in (0, cause.points)


def test_the_account_page_says_it(cast, changed, client_for):
    page = client_for(cast.alice).get(f"/o/acme/accounts/{changed[4].id}/?why=health-change").content.decode()
    assert "by the rules" in page
    assert "rules −" in page or "rules +" in page
