"""Levers in order, each with its room, and never growth before value."""

from datetime import timedelta

import polars as pl
import pytest

from diagnostics.engine import DEFAULT_MODEL, STATE, diagnose
from tests.engine.books import NIGHT, days_ago, diagnose_changed, make_book

FULL = {"limit_metric": "api_calls", "limit_used": 950.0, "limit_included": 1_000.0, "limit_growth": 5.0}
SEATS = {"active_users": 38.0, "active_users_before": 36.0}
VOICED = {
    "needs_voiced": 1,
    "need_on": days_ago(10),
    "voiced_product_id": "insight",
    "voiced_arr": 9_000.0,
    "active_users": 33.0,
}
DISCOUNTED = {"discount_percent": 20.0, "decision_on": days_ago(-90), "renews_on": days_ago(-120)}
ILL = {"notice_given_on": days_ago(3), "arr_noticed": 24_000.0}
AMOUNTS = ("upsell_arr", "seats_arr", "usage_arr", "cross_sell_arr", "price_arr")


def room(facts):
    [row] = diagnose_changed(facts).to_dicts()
    return row["lever"], {name: row[name] for name in AMOUNTS if row[name]}, row["expansion_potential_arr"]


def test_a_plan_nearly_full_opens_the_step_to_the_next_one():
    assert room(FULL) == ("upsell", {"upsell_arr": 12_000.0}, 12_000.0)


def test_a_limit_full_within_ninety_days_is_room_before_it_is_full():
    assert room({**FULL, "limit_used": 600.0}) == ("upsell", {"upsell_arr": 12_000.0}, 12_000.0)
    assert room({**FULL, "limit_used": 600.0, "limit_growth": 4.0}) == ("", {}, 0.0)


def test_seats_nearly_taken_open_the_next_tenth_or_what_growth_will_need():
    # 38 of 40 taken, two more each month: 44 in three months, four more seats of 50 a month.
    assert room(SEATS) == ("seats", {"seats_arr": 2_400.0}, 2_400.0)
    # Two seats a month more: 50 in three months, ten more.
    assert room({**SEATS, "active_users_before": 34.0}) == ("seats", {"seats_arr": 6_000.0}, 6_000.0)


def test_no_seat_is_counted_twice():
    assert room({**FULL, **SEATS}) == ("upsell", {"upsell_arr": 12_000.0}, 12_000.0)


def test_a_metered_plan_grows_by_use_over_its_limit():
    metered = {**FULL, "price_basis": "metered", "limit_used": 1_250.0}
    assert room(metered) == ("usage", {"usage_arr": 6_000.0}, 6_000.0)


def test_cross_sell_needs_a_voiced_need_and_solid_adoption_and_no_upsell_first():
    assert room(VOICED) == ("cross_sell", {"cross_sell_arr": 9_000.0}, 9_000.0)
    assert room({**VOICED, "active_users": 31.0})[0] == ""
    assert room({**VOICED, "needs_voiced": 0})[0] == ""


def test_open_whitespace_is_room_also_before_a_need_is_voiced():
    cells = {"whitespace_known": True, "whitespace_cells": 2, "whitespace_arr": 18_000.0}
    assert room(cells) == ("", {"cross_sell_arr": 18_000.0}, 18_000.0)


def test_a_discount_is_room_at_the_renewal_and_opens_half_a_year_before_it():
    assert room(DISCOUNTED) == ("price", {"price_arr": 6_000.0}, 6_000.0)
    assert room({**DISCOUNTED, "decision_on": days_ago(-200)})[0] == ""


def test_no_discount_is_counted_twice():
    # 80 a month for a plan of 100: the step to 150 asks 70 more, the discount among them.
    paid = {**FULL, **DISCOUNTED, "main_mrr": 80.0, "next_plan_mrr": 150.0}
    assert room({**paid, "arr": 960.0}) == ("upsell", {"upsell_arr": 840.0}, 840.0)
    # 40 a month for another product, which the step leaves at its discount: 480 × 20 ÷ 80.
    assert room({**paid, "arr": 1_440.0}) == ("upsell", {"upsell_arr": 840.0, "price_arr": 120.0}, 960.0)
    assert room({**paid, "arr": 960.0, "limit_used": 100.0}) == ("price", {"price_arr": 240.0}, 240.0)


def test_levers_come_in_order():
    everything = {**VOICED, **DISCOUNTED, **FULL, **SEATS}
    order = []
    for key in ("limit_metric", "active_users", "needs_voiced", "discount_percent"):
        order.append(room(everything)[0])
        everything = {**everything, key: None, **({"limit_used": None} if key == "limit_metric" else {})}
        if key == "active_users":
            everything["active_users"] = 33.0
    assert order == ["upsell", "seats", "cross_sell", "price"]
    assert room(everything)[0] == ""


@pytest.mark.parametrize(
    "facts",
    [
        ILL,
        {"lapsed_on": days_ago(4)},
        {"activity_28": 10.0, "last_used_on": days_ago(25), "overdue_invoices": 3, "overdue_days": 80, "sponsors": 0},
    ],
)
def test_nothing_is_sold_to_an_account_that_must_be_kept(facts):
    found, amounts, total = room({**FULL, **facts})
    assert found == "retain"
    assert total == sum(amounts.values())


@pytest.mark.parametrize(
    "facts", [{"phase": "onboarding"}, {"phase": "leaving"}, {"usage_known_to": None, "last_used_on": None}]
)
def test_no_window_opens_on_an_account_that_is_not_known_to_be_healthy(facts):
    assert room({**FULL, **facts})[0] == ""


def test_a_window_ends_thirty_days_before_the_decision_or_after_the_limit():
    [limit, decision, closed, monthly] = diagnose_changed(
        {**FULL, "decision_on": days_ago(-200)},
        {**FULL, "decision_on": days_ago(-50)},
        {**FULL, "decision_on": days_ago(-20)},
        {**FULL, "decision_on": days_ago(-20), "term_months": 1},
    ).to_dicts()
    # 50 left at 5 a day: full in ten days, thirty more to act.
    assert (limit["limit_on"], limit["window_ends_on"]) == (days_ago(-10), days_ago(-40))
    assert decision["window_ends_on"] == days_ago(-20)
    assert closed["lever"] == ""
    assert monthly["lever"] == "upsell"


def state(**changes):
    plain = {
        "account_id": "x0",
        "lever": "",
        "lever_since": None,
        "fragile": False,
        "high_potential": False,
        "fragile_nights": 0,
        "recovered_nights": 20,
        "healthy_nights": 20,
        "nights": 20,
    }
    return pl.DataFrame([{**plain, **changes}], schema=STATE)


def test_a_window_ends_thirty_days_after_its_limit_was_first_reached():
    over = {**FULL, "limit_used": 1_050.0}
    upsell = {"lever": "upsell", "lever_since": days_ago(40), "limit_metric": "api_calls"}

    def diagnose_after(was_limit_on, facts=over, **changes):
        previous = state(**{**upsell, "limit_on": was_limit_on, **changes})
        [row] = diagnose_changed(facts, previous=previous).to_dicts()
        return row["lever"], row["limit_on"], row["window_ends_on"]

    assert diagnose_after(None) == ("upsell", NIGHT, days_ago(-30))
    assert diagnose_after(days_ago(-1)) == ("upsell", NIGHT, days_ago(-30))
    assert diagnose_after(days_ago(30)) == ("upsell", days_ago(30), NIGHT)
    assert diagnose_after(days_ago(31)) == ("", days_ago(31), None)
    # Another limit, or use below it again: nothing is carried.
    assert diagnose_after(days_ago(31), limit_metric="seats") == ("upsell", NIGHT, days_ago(-30))
    assert diagnose_after(days_ago(31), FULL) == ("upsell", days_ago(-10), days_ago(-40))


def test_night_after_night_over_the_limit_a_window_ends():
    over = make_book({**FULL, "limit_used": 1_050.0})
    previous, found = None, []
    for night in range(33):
        diagnosed = diagnose(over, DEFAULT_MODEL, NIGHT + timedelta(days=night), previous)
        previous = diagnosed.select(STATE.keys())
        found.append(diagnosed.row(-1, named=True))
    assert [row["lever"] for row in found] == ["upsell"] * 31 + [""] * 2
    assert {row["limit_on"] for row in found} == {NIGHT}


def test_a_window_opens_after_fourteen_healthy_nights():
    [early] = diagnose_changed(FULL, previous=state(healthy_nights=5)).to_dicts()
    [late] = diagnose_changed(FULL, previous=state(healthy_nights=13)).to_dicts()
    assert (early["lever"], late["lever"]) == ("", "upsell")
    assert (late["healthy_nights"], late["nights"]) == (14, 21)


def test_a_lever_that_stands_keeps_its_first_night():
    before = state(lever="upsell", lever_since=days_ago(9))
    assert diagnose_changed(FULL, previous=before)["lever_since"].to_list() == [days_ago(9)]
    other = state(lever="retain", lever_since=days_ago(9))
    assert diagnose_changed(FULL, previous=other)["lever_since"].to_list() == [NIGHT]


def test_an_open_window_bears_a_dip_to_fifty_five():
    facts = {**FULL, "overdue_invoices": 1, "overdue_days": 40, "overdue_amount": 10.0, "features_84": 6}
    book = make_book(facts)
    base = diagnose(book, DEFAULT_MODEL, NIGHT).row(-1, named=True)["health"]
    # The same facts under a base that puts the account at 57: too low to open, high enough to stay open.
    from dataclasses import replace

    model = replace(DEFAULT_MODEL, base={**DEFAULT_MODEL.base, "health": DEFAULT_MODEL.base["health"] + 57 - base})
    opened = state(lever="upsell", lever_since=days_ago(9))
    # Nor does another window that is open let this one open on an account that is not healthy.
    other = state(lever="price", lever_since=days_ago(9))
    levers = [diagnose(book, model, NIGHT, before).row(-1, named=True)["lever"] for before in (opened, state(), other)]
    assert levers == ["upsell", "", ""]


def test_a_price_is_talked_of_until_thirty_days_before_the_decision():
    [open_, closed, monthly] = diagnose_changed(
        {**DISCOUNTED, "decision_on": days_ago(-60)},
        {**DISCOUNTED, "decision_on": days_ago(-20)},
        {**DISCOUNTED, "decision_on": days_ago(-20), "term_months": 1},
    ).to_dicts()
    assert (open_["lever"], open_["window_ends_on"]) == ("price", days_ago(-30))
    assert closed["lever"] == ""
    assert (monthly["lever"], monthly["window_ends_on"]) == ("price", days_ago(-20))


def test_a_cross_sell_needs_no_upsell_before_it_and_ends_sixty_days_after_the_need():
    [found] = diagnose_changed({**VOICED, "need_on": days_ago(10), "decision_on": days_ago(-300)}).to_dicts()
    assert (found["lever"], found["upsell_arr"], found["window_ends_on"]) == ("cross_sell", 0.0, days_ago(-50))
    assert room({**VOICED, "need_on": days_ago(61), "decision_on": days_ago(-300)})[0] == ""
