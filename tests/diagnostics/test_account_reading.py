"""Why the level and why the change: contributions add up to the last digit, also across versions of the model."""

from dataclasses import replace
from datetime import date, timedelta
from types import MappingProxyType

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from accounts.context import organization_context
from accounts.models import Membership
from diagnostics.engine import DEFAULT_MODEL
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, ModelVersion, Night
from diagnostics.night import run_nights
from diagnostics.queries.account import explain_change, read_acts, read_diagnosis, read_history
from diagnostics.queries.causes import CauseReader
from diagnostics.queries.lever_states import describe_levers
from tests.diagnostics.books import NIGHT, make_leaving_account

HEALTH = [n for n, signal in enumerate(DEFAULT_MODEL.declarations) if signal.score == "health"]
SIXTEENTHS = st.integers(-160, 160).map(lambda n: n / 16)


def make_reader(model=DEFAULT_MODEL) -> CauseReader:
    reader = CauseReader.__new__(CauseReader)
    reader.night, reader.language, reader.currency, reader.model = Night(night=date(2026, 3, 1)), "en", "EUR", model
    return reader


def make_diagnosis(health: dict[int, float], silent: frozenset[int] = frozenset()) -> Diagnosis:
    """A diagnosis whose health signals have these points; `silent` ones have no value."""
    points = [0.0] * len(DEFAULT_MODEL.names)
    values: list[float | None] = [1.0] * len(DEFAULT_MODEL.figures)
    for number, amount in health.items():
        points[number] = amount
    for number in silent:
        signal = DEFAULT_MODEL.declarations[number]
        values[DEFAULT_MODEL.places[signal.name][next(iter(signal.figures))]] = None
    total = DEFAULT_MODEL.base["health"] + sum(points)
    return Diagnosis(health=total, points=points, values=values, sources=[3, 3, 3, 3], limit_metric="")


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(HEALTH), SIXTEENTHS), st.dictionaries(st.sampled_from(HEALTH), SIXTEENTHS))
def test_a_change_is_exactly_the_sum_of_its_causes(now, before):
    first, second = make_diagnosis(before), make_diagnosis(now)
    total = second.health - first.health
    change = explain_change(make_reader(), second, first, DEFAULT_MODEL, "health", total)
    assert sum(cause.points for cause in change.causes) == total
    assert change.customer + change.rules + change.missing == total
    assert (change.rules, change.missing) == (0.0, 0.0)
    assert [abs(cause.points) for cause in change.causes] == sorted(
        (abs(c.points) for c in change.causes), reverse=True
    )


def test_a_fact_that_appears_is_the_missing_datas_part():
    was, now = (
        make_diagnosis({HEALTH[0]: -2.0}, frozenset({HEALTH[3]})),
        make_diagnosis({HEALTH[0]: -3.0, HEALTH[3]: -4.0}),
    )
    change = explain_change(make_reader(), now, was, DEFAULT_MODEL, "health", -5.0)
    assert (change.customer, change.rules, change.missing) == (-1.0, 0.0, -4.0)
    assert [(cause.points, cause.before) for cause in change.causes] == [(-4.0, 0.0), (-1.0, -2.0)]


def test_another_base_or_weight_is_the_rules_part():
    name = DEFAULT_MODEL.signals[HEALTH[1]]
    weights = {**DEFAULT_MODEL.weights, name: dict.fromkeys(DEFAULT_MODEL.weights[name], 1.0)}
    other = replace(
        DEFAULT_MODEL, weights=MappingProxyType(weights), base=MappingProxyType({"health": 70.0, "potential": 38.0})
    )
    was, now = make_diagnosis({HEALTH[0]: -2.0}), make_diagnosis({HEALTH[0]: -3.0, HEALTH[1]: -6.0})
    base = DEFAULT_MODEL.base["health"] - 70.0
    change = explain_change(make_reader(), now, was, other, "health", base - 7.0)
    assert (change.customer, change.rules, change.missing) == (-1.0, base - 6.0, 0.0)
    assert sum(cause.points for cause in change.causes) == base - 7.0


@pytest.fixture
def book(cast):
    """Kestrel, diagnosed today and thirty days ago; Bob's context."""
    with organization_context(organization_id=cast.acme.id, user_id=cast.alice.id):
        make_leaving_account("Kestrel", owner=cast.bob.email)
    run_nights(cast.acme.id, [NIGHT - timedelta(days=30), NIGHT])
    with organization_context(organization_id=cast.acme.id, user_id=cast.bob.id):
        yield cast


def bob(book) -> Membership:
    return Membership.objects.select_related("organization", "user").get(user=book.bob)


def test_the_account_is_read_with_its_level_change_and_priority(book, django_assert_max_num_queries):
    diagnosed = Diagnosis.objects.select_related("account").get(night=NIGHT)
    member = bob(book)
    with django_assert_max_num_queries(6):
        found = read_diagnosis(member, diagnosed.account, language="en")
        potential = found.causes("potential")
        change = found.change("potential")
        levers = found.levers
    assert found.base("potential") + sum(cause.points for cause in potential) == diagnosed.potential
    assert change.total == found.potential_delta == sum(cause.points for cause in change.causes)
    assert found.change("health") is None
    assert (found.priority.kind, found.priority.rank) == ("retain", 1)
    assert [(lever.lever, lever.state) for lever in levers][:2] == [("retain", "now"), ("upsell", "none")]
    history = read_history(diagnosed.account, since=NIGHT - timedelta(days=60), until=NIGHT)
    assert [point.night for point in history] == [NIGHT - timedelta(days=30), NIGHT]
    assert list(read_acts(diagnosed.account)) == []


def test_before_the_first_night_and_for_a_lost_customer_there_is_none(book):
    member = bob(book)
    diagnosed = Diagnosis.objects.select_related("account").get(night=NIGHT)
    Diagnosis.objects.filter(night=NIGHT).delete()
    assert read_diagnosis(member, diagnosed.account, language="en") is None
    Night.objects.all().delete()
    assert read_diagnosis(member, diagnosed.account, language="en") is None


def test_a_diagnosis_is_read_by_the_places_of_its_own_version(book):
    """A release may put figures elsewhere: what was written is read where it was put."""
    version = ModelVersion.objects.get()
    places = version.parameters["places"]
    name = DEFAULT_MODEL.signals[0]
    first, *later = DEFAULT_MODEL.places[name]
    moved = {**places, name: {first: 5}}
    other = ModelVersion(number=2, digest="other", parameters={**version.parameters, "places": moved})
    read = read_model(other).places[name]
    assert read == {first: 5, **dict.fromkeys(later)}
    assert read_model(version).places == DEFAULT_MODEL.places


@pytest.mark.parametrize(
    ("state", "expected"),
    [
        (
            {"lever": "retain", "fragile": True, "recovered_nights": 4},
            "Leaves at health **63** for **14 nights**: 4 so far.",
        ),
        ({"lever": "retain", "fragile": False}, "Notice given, or the contract has run out."),
        ({"lever": "", "health": 80.0}, "Health at **60** or more."),
        ({"lever": "", "health": None}, "Health is withheld."),
    ],
)
def test_what_keeps_an_account_in_retain(state, expected):
    rooms = dict.fromkeys(("upsell_arr", "seats_arr", "usage_arr", "cross_sell_arr", "price_arr", "value_at_risk"), 0)
    diagnosis = Diagnosis(
        **{**rooms, "health": 50.0, "healthy_nights": 3, "nights": 30, "recovered_nights": 0, **state}
    )
    levers = describe_levers(diagnosis, DEFAULT_MODEL.thresholds, "en", NIGHT)
    assert levers[0].reason == expected
    assert describe_levers(diagnosis, DEFAULT_MODEL.thresholds, "fr", NIGHT)[0].reason != expected


def test_one_lever_is_open_and_the_others_say_what_opens_them():
    rooms = {"upsell_arr": 0, "seats_arr": 100, "usage_arr": 0, "cross_sell_arr": 200, "price_arr": 300}
    diagnosis = Diagnosis(
        **rooms, value_at_risk=0, lever="seats", health=80.0, healthy_nights=20, nights=30, window_ends_on=None
    )
    levers = describe_levers(diagnosis, DEFAULT_MODEL.thresholds, "en", NIGHT)
    assert [(step.lever, step.state, step.arr) for step in levers] == [
        ("retain", "done", 0),
        ("seats", "now", 100),
        ("cross_sell", "locked", 200),
        ("price", "locked", 300),
    ]
    diagnosis.lever = ""
    diagnosis.healthy_nights = 5
    waiting = describe_levers(diagnosis, DEFAULT_MODEL.thresholds, "en", NIGHT)[1]
    assert waiting.reason == "Opens after **14 nights** at **60** or more (5/14)."


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        (
            {
                "lever": "upsell",
                "window_ends_on": NIGHT + timedelta(days=10),
                "decision_on": NIGHT + timedelta(days=40),
            },
            ", 30 days before the decision, or below health **55**.",
        ),
        (
            {"lever": "upsell", "window_ends_on": NIGHT + timedelta(days=42), "limit_on": NIGHT + timedelta(days=12)},
            ", 30 days after the limit is reached, or below health **55**.",
        ),
        (
            {"lever": "cross_sell", "window_ends_on": NIGHT + timedelta(days=50)},
            ", 60 days after the need was last voiced, or below health **55**.",
        ),
        ({"lever": "seats", "window_ends_on": None}, ", no end in sight; closes below health **55**."),
    ],
)
def test_an_open_window_says_since_when_and_what_ends_it_first(found, expected):
    rooms = dict.fromkeys(("upsell_arr", "seats_arr", "usage_arr", "cross_sell_arr", "price_arr", "value_at_risk"), 10)
    diagnosis = Diagnosis(**rooms, health=80.0, healthy_nights=20, nights=30, lever_since=NIGHT, **found)
    steps = describe_levers(diagnosis, DEFAULT_MODEL.thresholds, "en", NIGHT)
    [now] = [step.reason for step in steps if step.state == "now"]
    assert now.startswith("Open since **")
    assert now.endswith(expected)
    french = [step.reason for step in describe_levers(diagnosis, DEFAULT_MODEL.thresholds, "fr", NIGHT)]
    assert any(reason.startswith("Ouverte depuis le **") for reason in french)
