"""What the account page's cards are made of: limits, whitespace, decision, map, and figures that add up."""

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from diagnostics.account_cards import ContractRow, arrange_whitespace, find_decision
from diagnostics.charts.history import Point, draw_history
from diagnostics.charts.people import BOTTOM, LEFT, RADIUS, RIGHT, TOP, Person, draw_people
from diagnostics.explanation_tables import share_out
from diagnostics.queries.limits import measure_limits
from portfolio.models import Subscription
from portfolio.terms import Contract

DAY = date(2026, 11, 21)
PLAN = "6f1b0a52-0c5e-4a1e-9f3a-0d7a5a0f8d11"


@given(st.lists(st.integers(-640, 640), min_size=1, max_size=40), st.integers(0, 1600))
def test_shared_out_points_add_up_and_stay_within_a_tenth_and_a_half(sixteenths, base):
    points = [value / 16 for value in sixteenths]
    start, end = Decimal(base) / 16, Decimal(base) / 16 + sum(map(Decimal, sixteenths)) / 16
    total = round(end, 1) - round(start, 1)
    shown = share_out(points, total)
    assert sum(shown) == total
    assert all(abs(one - Decimal(point)) < Decimal("0.2") for one, point in zip(shown, points, strict=True))


def used(metric: str, **figures: float) -> dict[str, object]:
    nothing = dict.fromkeys(("sum_now", "sum_then", "peak_now", "peak_then", "last_now", "last_then"))
    return {"metric": metric, **nothing, **figures}


def measure(limits, usage, *, seats=None, levels=frozenset()):
    running = [Subscription(plan_id=PLAN, seats=seats)]
    rows = [{"plan_id": PLAN, "metric": metric, "included": included} for metric, included in limits.items()]
    found = measure_limits(rows, usage, running, levels)
    return {use.metric: (use.used, use.included, use.before, use.monthly) for use in found}


def test_a_count_is_taken_to_thirty_days_and_a_level_stands_at_its_peak():
    usage = [
        used("api_calls", sum_now=280, sum_then=140, peak_now=20),
        used("vessels", sum_now=600, peak_now=24, peak_then=22),
    ]
    found = measure({"api_calls": 1000, "vessels": 25}, usage, levels=frozenset({"vessels"}))
    assert found == {"vessels": (24, 25, 22, False), "api_calls": (300, 1000, 150, True)}


def test_seats_are_used_by_people_and_bought_on_the_subscription():
    people = [used("active_users_28d", last_now=36, last_then=40), used("active_users", peak_now=30)]
    assert measure({"seats": 250}, people, seats=40) == {"seats": (36, 40, 40, False)}
    assert measure({}, people[1:], seats=40) == {"seats": (30, 40, None, False)}
    assert measure({"seats": 250}, []) == {}


def test_a_limit_that_nobody_counts_is_left_out_rather_than_shown_as_nothing():
    assert measure({"api_calls": 1000}, [used("api_calls")]) == {}


def test_whitespace_is_a_grid_with_what_is_in_use_first():
    cells = [
        {"product": "Plan", "department": "Finance", "state": "open", "users": None, "value_arr": "900.0000"},
        {"product": "Plan", "department": "Crewing", "state": "in_use", "users": 12, "value_arr": None},
        {"product": "Time", "department": "Crewing", "state": "no_fit", "users": None, "value_arr": None},
    ]
    grid = arrange_whitespace(cells)
    assert grid.departments == ["Crewing", "Finance"]
    assert grid.products == [
        ("Plan", [("in_use", 12, None), ("open", None, Decimal("900.0000"))]),
        ("Time", [("no_fit", None, None), None]),
    ]
    assert grid.open_value == Decimal(900)
    assert arrange_whitespace([]) is None


def contract(decides: date | None, arr: int, currency: str = "EUR") -> ContractRow:
    period = Subscription(notice_days=30, term_months=12)
    ends = decides + timedelta(days=30) if decides else None
    return ContractRow("C", "Plan", "", None, Contract(period, ends, decides, None), Decimal(arr), currency, False)


def test_the_decision_is_the_diagnosed_one_and_counts_what_falls_due_with_it():
    near, main = DAY + timedelta(days=8), DAY + timedelta(days=66)
    rows = [contract(near, 5), contract(main, 100), contract(main, 20), contract(main, 7, "USD"), contract(None, 1)]
    decision = find_decision(rows, day=DAY, wanted=main)
    assert (decision.on, decision.arr, decision.contracts, decision.days, decision.is_near) == (main, 120, 2, 66, False)
    assert find_decision(rows, day=DAY, wanted=None).on == near
    assert find_decision([contract(None, 1)], day=DAY, wanted=main) is None


@given(
    st.lists(
        st.builds(
            Person,
            st.just("IM"),
            st.sampled_from(["", "supporter", "neutral", "detractor"]),
            st.sampled_from(["", "economic_buyer", "champion", "user"]),
        ),
        max_size=30,
    )
)
def test_no_disc_of_the_map_covers_another_or_leaves_it(people):
    discs = draw_people(people)
    for index, disc in enumerate(discs):
        assert disc.x - RADIUS >= LEFT
        assert disc.x + RADIUS <= RIGHT
        assert disc.y - RADIUS >= TOP
        assert disc.y + RADIUS <= BOTTOM
        assert all((disc.x - o.x) ** 2 + (disc.y - o.y) ** 2 >= (2 * RADIUS) ** 2 for o in discs[index + 1 :])


def test_a_map_without_a_stance_says_nothing_and_is_not_drawn():
    assert draw_people([Person("IM", "", "decision_maker")]) == []


def test_marks_of_neighbouring_events_stand_apart():
    nights = [Point(DAY - timedelta(days=7 * week), 60.0 + week, 40.0) for week in range(52, -1, -1)]
    events = [(DAY - timedelta(days=back), str(back)) for back in (9, 8, 7)]
    marks = draw_history(nights, threshold=60, events=events).marks
    for index, mark in enumerate(marks):
        assert all(abs(mark.x - o.x) >= 14 or abs(mark.y - o.y) >= 14 for o in marks[index + 1 :])
