"""Shared causes, capacity and cool-down: what one night makes of several accounts, and of what was done before."""

from datetime import date, datetime, time, timedelta
from decimal import Decimal
from types import SimpleNamespace

import pytest

from accounts.context import organization_context, service_context
from accounts.models import Membership, Organization
from diagnostics import acts
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.night import run_night
from diagnostics.priorities.candidates import Candidate
from diagnostics.priorities.ranking import rank, weigh
from diagnostics.queries.causes import CauseReader
from diagnostics.queries.diagnosed import read_nights
from diagnostics.queries.news import tell_news
from diagnostics.queries.shared_rows import SharedRow
from diagnostics.queries.today import read_today
from portfolio.models import Account, Product, ProductEvent, Subscription, Usage
from portfolio.models.usage import ensure_usage_months
from tests.diagnostics.books import NIGHT, TODAY, make_leaving_account
from tests.diagnostics.priority_book import acme, candidate, days_ago, growing
from tests.diagnostics.test_day import make_customer

__all__ = ["acme", "growing"]


def member(user) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=user)


def ranked(candidates: list[Candidate], a_day: int = 10) -> dict[str, Candidate]:
    weigh(candidates, NIGHT)
    return {one.account_id: one for one in rank(candidates, a_day)}


def test_a_shared_cause_is_one_rank_by_the_sum_of_its_effects():
    rows = [candidate(f"small {n}", base=40.0, pool="signal:retain:x") for n in range(3)]
    rows += [candidate("large", base=100.0), candidate("lesser", base=90.0)]
    found = ranked(rows, a_day=2)
    assert [found[f"small {n}"].rank for n in range(3)] == [1, 1, 1]
    assert (found["large"].rank, found["large"].left_out) == (2, "")
    # Three small ones took one place of the two.
    assert (found["lesser"].rank, found["lesser"].left_out) == (None, "more_than_ten")


def test_what_is_put_away_of_a_shared_cause_adds_nothing_to_it():
    rows = [candidate("a", base=60.0, pool="p"), candidate("b", base=60.0, pool="p", left_out="snoozed")]
    found = ranked([*rows, candidate("c", base=100.0)])
    assert [(found[name].rank, found[name].left_out) for name in "abc"] == [(2, ""), (None, "snoozed"), (1, "")]


def test_one_persons_cause_takes_no_place_of_anothers():
    rows = [candidate(f"{owner} {n}", base=40.0, pool="p", owner=owner) for owner in ("bob", "dora") for n in range(2)]
    found = ranked([*rows, candidate("alone", base=100.0)])
    assert {name: row.rank for name, row in found.items()} == {
        "bob 0": 2,
        "bob 1": 2,
        "dora 0": 1,
        "dora 1": 1,
        "alone": 1,
    }


@pytest.fixture
def release(cast):
    """Five comparable accounts of Bob's that use half as much since a release, and three that do not."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        ensure_usage_months(NIGHT - timedelta(days=90), NIGHT)
        for number in range(14):
            make_customer(f"Account {number:02}", events=100)
        product = Product.objects.get(source_id="core")
        ProductEvent.objects.create(
            source_id="E1", kind="release", happened_on=days_ago(20), product=product, title="Plan 8.2"
        )
        for number in range(5):
            account = Account.objects.get(name=f"Account {number:02}")
            Usage.objects.filter(account=account, day__gte=days_ago(20)).update(quantity=3)
    for days in (21, 1, 0):
        run_night(cast.acme.id, days_ago(days))
    return cast


def test_a_release_that_several_felt_is_one_row_and_said_to_coincide(release):
    with organization_context(organization_id=release.acme.id, user_id=release.bob.id):
        found = list(Priority.objects.filter(night=NIGHT).select_related("event"))
        assert {p.event.title for p in found} == {"Plan 8.2"}
        assert {(p.pool_accounts, p.pool_arr, p.rank) for p in found} == {(5, Decimal(120_000), 1)}
        today = read_today(member(release.bob), scope="mine", language="en")
        [row] = today.rows
        assert isinstance(row, SharedRow)
        assert (row.title, row.accounts, row.arr) == ("Plan 8.2: 5 accounts", 5, Decimal(120_000))
        assert (today.counts["open"], row.effect) == (1, sum(p.effect for p in found))
        assert "The weeks coincide; that alone proves nothing." in row.why
        french = read_today(member(release.bob), scope="mine", language="fr").rows[0]
        assert [draft.language for draft in row.drafts] == ["en", "fr"]
        assert [draft.language for draft in french.drafts] == ["fr", "en"]
        assert "“Plan 8.2”" in row.drafts[0].body
        assert row.drafts[0].body.endswith("Bob\nAcme")
        assert "«\u202fPlan 8.2\u202f»" in french.drafts[0].body


def test_an_event_is_no_cause_of_those_without_its_product_or_that_fell_before(release):
    with service_context(release.acme.id):
        other = Product.objects.create(source_id="other", name="Other")
        ProductEvent.objects.update(product=other)
    run_night(release.acme.id, NIGHT)
    with service_context(release.acme.id):
        assert set(Priority.objects.filter(night=NIGHT).values_list("event", flat=True)) == {None}
        # After the fall: nothing got worse since.
        ProductEvent.objects.update(product=Product.objects.get(source_id="core"), happened_on=NIGHT)
    run_night(release.acme.id, NIGHT)
    with service_context(release.acme.id):
        assert set(Priority.objects.filter(night=NIGHT).values_list("event", flat=True)) == {None}


def test_points_that_no_night_kept_did_not_fall_since(release):
    """Before the event health was withheld, and its points were not kept: nothing shows that they fell."""
    with service_context(release.acme.id):
        before = Diagnosis.objects.filter(night=days_ago(21))
        first = before.first()
        model = read_model(Night.objects.get(night=days_ago(21)).model_version)
        kept = {signal.score for signal in model.declarations[:1]}
        assert kept == {"health"}
        before.update(health=None, top_cause=1, lever="retain", points=[0.0] * len(first.points))
    run_night(release.acme.id, NIGHT)
    with service_context(release.acme.id):
        found = Priority.objects.filter(night=NIGHT, kind="retain")
        assert found.count() == 5
        assert set(found.values_list("event", flat=True)) == {None}
        # The same zeros where health was given are what it was.
        before.update(health=72.0)
    run_night(release.acme.id, NIGHT)
    with service_context(release.acme.id):
        assert None not in set(Priority.objects.filter(night=NIGHT, kind="retain").values_list("event", flat=True))


def test_who_gave_notice_shares_the_cause_and_stands_alone(release):
    with service_context(release.acme.id):
        one = Subscription.objects.filter(account__name="Account 00")
        one.update(notice_given_on=days_ago(2), ended_on=NIGHT + timedelta(days=70))
    run_night(release.acme.id, NIGHT)
    with service_context(release.acme.id):
        found = dict(Priority.objects.filter(night=NIGHT, kind="retain").values_list("account__name", "pool"))
        assert found.pop("Account 00") == ""
        assert len(found) == 4
        assert len(set(found.values())) == 1
        assert Priority.objects.get(night=NIGHT, account__name="Account 00").pool_accounts == 5


def test_the_organization_says_how_many_a_day_holds(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        for number in range(4):
            make_leaving_account(f"Account {number}", owner=cast.bob.email, mrr=str(1000 + number))
        Organization.objects.update(priorities_a_day=3)
    run_night(cast.acme.id, NIGHT)
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        today = read_today(member(cast.bob), scope="mine", language="en")
        assert [row.account_name for row in today.rows] == ["Account 3", "Account 2", "Account 1"]
        [left] = today.left_out
        assert (left.account_name, left.reason, left.arr) == ("Account 0", "More than a day holds", Decimal(12_000))


@pytest.fixture
def offered(growing):
    """The growing account, whose upsell Bob's colleague offered some days ago."""

    def act(kind: str, days: int, reason: str = "") -> None:
        with organization_context(organization_id=growing.acme.id, user_id=growing.bob.id):
            priority = Priority.objects.get(night=NIGHT, account__name="Growing")
            made = acts.record_done(membership=member(growing.bob), priority=priority, kind="called")
            at = datetime.combine(days_ago(days), time(12), Organization.objects.get().zone)
            type(made).objects.filter(pk=made.pk).update(at=at, kind=kind, reason=reason)

    growing.act = act
    return growing


def left_out_now(cast) -> tuple[str, object]:
    run_night(cast.acme.id, NIGHT)
    with service_context(cast.acme.id):
        return Priority.objects.values_list("left_out", "left_out_until").get(night=NIGHT, account__name="Growing")


@pytest.mark.parametrize(
    ("kind", "days", "expected"),
    [
        ("mailed", 1, ("cooldown", days_ago(1) + timedelta(days=60))),
        ("dismissed", 1, ("cooldown", days_ago(1) + timedelta(days=60))),
        # No diagnosis of that day is left to compare with: only the cool-down speaks.
        ("called", 58, ("cooldown", days_ago(58) + timedelta(days=60))),
    ],
)
def test_the_same_offer_is_not_made_again_within_the_cool_down(offered, kind, days, expected):
    offered.act(kind, days)
    assert left_out_now(offered) == expected


def test_a_plan_to_offer_is_no_offer_and_the_cool_down_can_be_switched_off(offered):
    offered.act("planned", 1, reason=TODAY.isoformat())
    assert left_out_now(offered) == ("", None)
    offered.act("called", 1)
    with service_context(offered.acme.id):
        Organization.objects.update(cooldown_days=0)
        # New since: the account was not to grow then.
        Diagnosis.objects.filter(night__lt=NIGHT).update(segment="defense_priority")
    assert left_out_now(offered) == ("", None)
    with service_context(offered.acme.id):
        Organization.objects.update(cooldown_days=30)
    assert left_out_now(offered) == ("cooldown", days_ago(1) + timedelta(days=30))


def test_what_comes_back_says_what_is_new(cast):
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email, night=days_ago(9))
    run_night(cast.acme.id, days_ago(9))
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        made = acts.record_done(membership=member(cast.bob), priority=Priority.objects.get(), kind="called")
        at = datetime.combine(days_ago(8), time(12), Organization.objects.get().zone)
        type(made).objects.filter(pk=made.pk).update(at=at)
        seen = Diagnosis.objects.get(night=days_ago(9))
        Diagnosis.objects.update(decision_on=days_ago(-300), segment="regular_follow_up")
        Subscription.objects.update(notice_given_on=days_ago(6))
    run_night(cast.acme.id, NIGHT)
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        found = Priority.objects.get(night=NIGHT)
        assert (found.news["act"], found.news["acted_on"], found.news["on"]) == (
            "called",
            days_ago(8).isoformat(),
            days_ago(6).isoformat(),
        )
        reader = CauseReader(read_nights(with_model=True).last, language="en", currency="EUR")
        told = tell_news(found.news, reader, seen, TODAY)
        assert told.startswith("New since **")
        assert "a fact of **" in told
        [row] = read_today(member(cast.bob), scope="mine", language="en").rows
        assert row.news == told


def test_what_is_new_is_said_shortly_and_in_figures():
    reader, day = SimpleNamespace(language="en"), date(2026, 11, 26)
    news = {"acted_on": "2026-11-12", "health": [63.0, 54.25], "segment": ["regular_follow_up", "defense_priority"]}
    told = tell_news(news, reader, None, day)
    assert told == "New since **12\u00a0Nov**: health **63 → 54**; now **Defense priority**."
    assert tell_news({}, reader, None, day) == ""
    assert tell_news({"acted_on": "2026-11-12"}, reader, None, day) == "You put it away on **12\u00a0Nov** until now."
