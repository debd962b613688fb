"""Features that nobody marked are proposed where they rank who leaves, and only there."""

import html
import io
import re
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from django.core.management import call_command
from django.utils import timezone

from accounts.context import organization_context, service_context
from accounts.models import Membership, Organization
from diagnostics import studies
from diagnostics.models import Study
from diagnostics.study_results import read_calibration
from diagnostics.telling_features import SHARES, find_telling_features, rank_features
from portfolio.models import Feature, Product, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.accounts_list import text_of
from tests.diagnostics.test_calibration import AS_OF, START, make_portfolio

URL = "/o/acme/track-record/"
NIGHTS = [date(2024, month, 1) for month in (1, 2, 3, 4)]


def make_shares(*, turned: bool = False):
    """Who cancels leaves, who plans stays, who prints does either; `turned`: from the third night on the other way."""
    random = np.random.default_rng(7)
    shares, rows = [], []
    for place, night in enumerate(NIGHTS):
        for number in range(300):
            leaves = bool(random.random() < 0.3)
            ill = leaves != (turned and place >= 2)
            account = f"a{number:03}"
            rows.append({"night": night, "account_id": account, "churned_90d": leaves})
            for metric, usual in (("cancel", 0.2 + 0.2 * ill), ("plan", 0.4 - 0.2 * ill), ("print", 0.3)):
                share = usual + random.normal(0, 0.1)
                shares.append({"night": night, "account_id": account, "metric": f"feature:{metric}", "share": share})
        shares.append({"night": night, "account_id": "a000", "metric": "feature:rare", "share": 1.0})
    return pl.DataFrame(shares, schema=SHARES), pl.DataFrame(rows)


def test_what_tells_is_found_with_its_side_and_what_does_not_is_left_out():
    found = rank_features(*make_shares())
    assert {(one.metric, one.effect) for one in found} == {("feature:cancel", "negative"), ("feature:plan", "key")}
    assert all(one.auc.low > 0.8 for one in found)


def test_what_turns_round_in_time_tells_nothing():
    assert rank_features(*make_shares(turned=True)) == []


def test_too_few_losses_tell_nothing():
    shares, rows = make_shares()
    stays = pl.col("account_id") > "a040"
    assert rank_features(shares, rows.with_columns(pl.col("churned_90d") & ~stays)) == []


@pytest.fixture
def used(cast):
    """Acme's accounts use three features, of which the catalogue marks one; who leaves uses another more."""
    with service_context(cast.acme.id):
        ensure_usage_months(START, AS_OF)
        accounts = make_portfolio(cast.acme)
        days = [START + timedelta(days=back) for back in range(0, (AS_OF - START).days, 12)]
        # Accounts with an even number leave (one in five of them stays); the others have two products.
        Usage.objects.bulk_create(
            Usage(organization_id=cast.acme.id, account=account, metric=f"feature:{metric}", day=day, quantity=quantity)
            for number, account in enumerate(accounts)
            for metric, quantity in (("cancel", 5 if number % 2 == 0 else 1), ("print", 4), ("plan", 3))
            for day in days
        )
        Feature.objects.create(product=Product.objects.get(source_id="core"), metric="feature:plan", effect="key")
    return cast


@pytest.mark.django_db(transaction=True)
def test_the_command_proposes_only_what_nobody_marked(used):
    cast = used
    out = io.StringIO()
    call_command("calibrate", organization="acme", as_of=AS_OF, stdout=out)
    assert "Unmarked features that accounts which left use more of, with their AUC alone: feature:cancel 0." in (
        out.getvalue()
    )
    assert "feature:plan" not in out.getvalue()
    nights = [date(2024, month, 1) for month in range(3, 12)]
    found = {(one.metric, one.effect) for one in find_telling_features(cast.acme.id, nights, known_by=AS_OF)}
    assert ("feature:cancel", "negative") in found
    assert find_telling_features(cast.globex.id, nights, known_by=AS_OF) == []


def link_to(page: str, words: str) -> str:
    """Where the link of those words leads."""
    return html.unescape(re.search(rf'<a href="([^"]*)">{words}', page)[1])


@pytest.mark.django_db(transaction=True)
def test_a_calibration_keeps_its_proposals_and_its_page_leads_to_the_mark(used, client_for, monkeypatch):
    monkeypatch.setattr(studies, "send_to_worker", lambda *sent: None)
    monkeypatch.setattr(studies, "last_ended_day", lambda organization, now: AS_OF)
    with organization_context(organization_id=used.acme.id, user_id=used.alice.id):
        me = Membership.objects.select_related("organization").get(user=used.alice)
        study = studies.request_study(membership=me, kind=Study.Kind.CALIBRATION)
    assert studies.make_study(used.acme.id, study.pk) == "done"
    with service_context(used.acme.id):
        study.refresh_from_db()
    found = read_calibration(study.result)
    assert list(found.telling) == find_telling_features(used.acme.id, list(found.nights), known_by=AS_OF)
    cancel = next(one for one in found.telling if one.metric == "feature:cancel")

    client, words = client_for(used.alice), "Mark it in the catalogue: Negative"
    page = client.get(URL).content.decode()
    said = text_of(page)
    assert "cancel has a larger share of the use of accounts that left. AUC" in said
    assert f"{cancel.auc.value:.2f} (interval {cancel.auc.low:.2f} to {cancel.auc.high:.2f})." in said
    assert "plan has a larger share" not in said
    # The catalogue does not know it: the form that adds it is filled in.
    assert link_to(page, words) == "/o/acme/catalogue/features/new/?metric=feature%3Acancel&effect=negative"
    assert 'value="feature:cancel"' in client.get(link_to(page, words)).content.decode()

    with service_context(used.acme.id):
        core = Product.objects.get(source_id="core")
        feature = Feature.objects.create(product=core, metric="feature:cancel", name="<i>Cancel")
    page = client.get(URL).content.decode()
    assert link_to(page, words) == f"/o/acme/catalogue/product/{core.pk}/#f-{feature.pk}"
    assert f'id="f-{feature.pk}"' in client.get(link_to(page, words)).content.decode()
    assert "&lt;i&gt;Cancel</b>" in page
    with service_context(used.acme.id):
        Organization.objects.update(trial_ends_at=timezone.now() - timedelta(days=1))
    assert words not in client.get(URL).content.decode(), "What would be refused is not offered."
    with service_context(used.acme.id):
        Feature.objects.filter(pk=feature.pk).update(effect="negative")
    assert "Marked since: Negative." in text_of(client.get(URL).content.decode())
    # Who may not ask for a calibration does not see what it came to.
    assert "larger share" not in client_for(used.bob).get(URL).content.decode()

    with service_context(used.acme.id):
        Study.objects.filter(pk=study.pk).update(result={**study.result, "telling": []})
    nothing = "None goes with leaving or with staying beyond chance; it takes at least 50 accounts that left."
    assert nothing in text_of(client.get(URL).content.decode())
    with service_context(used.acme.id):
        study.result.pop("telling")
        Study.objects.filter(pk=study.pk).update(result=study.result)
    assert "Features that nobody has marked" not in client.get(URL).content.decode(), "Kept before there were any."
