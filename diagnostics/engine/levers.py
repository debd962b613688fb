"""Levers in order, each assuming that the account is healthy for the one before, and their amounts.

retain, then upsell (use hits the plan's limits), seats and usage, then cross-sell (a need is voiced and
adoption of the main product is solid), then price at renewal. Never growth before value: nothing opens on a
fragile or onboarding account, or on one whose contract is under notice or has run out.
"""

import numpy as np
import polars as pl

from .columns import UNKNOWN, Codes, Columns, Numbers, at_least, at_most, fill, round_digits, where
from .model import ScoringModel

RETAIN = "retain"
GROWTH = ("upsell", "seats", "usage", "cross_sell", "price")
AMOUNTS = tuple(f"{lever}_arr" for lever in GROWTH)

PRICE_WINDOW_DAYS = 180  # before the decision date
LEAST_DISCOUNT = 5.0  # percent; less is not worth the talk
LEAST_SEAT_STEP = 0.1  # seats are sold in steps of at least a tenth
LONGEST_LIMIT_DAYS = 3650  # a limit further away has no date
LEAST_LIMIT_SHARE = 0.5  # nor has one of which less is used
LIMIT_WINDOW_DAYS = 30  # a window stays open this long after the limit is reached
DECISION_WINDOW_DAYS = 30  # and closes this long before a decision
EVIDENCE_DAYS = 60  # and after this long without new evidence
LONG_TERM_MONTHS = 3  # decision dates of shorter terms close no window: one is always near

LEVERS = pl.Series("lever", ["", RETAIN, *GROWTH])
NO_LEVER = 0
_PLACES = {name: place for place, name in enumerate(LEVERS.to_list())}


def _positive(amount: Numbers) -> Numbers:
    return at_least(fill(amount, 0.0), 0.0)


def add_room(book: Columns, model: ScoringModel) -> None:
    """Amounts per lever (ARR, exclusive: no seat or discount is counted twice), their sum, and the limit's date.

    While a limit stays reached, its date is the one that the night before had: the day it was first reached on.
    """
    rule = model.thresholds
    share, growth, seats, arr = (book[name] for name in ("limit_share", "limit_growth", "seats", "arr"))
    left = at_least(book["limit_included"] - book["limit_used"], 0.0)
    days_left = np.where(left == 0, 0.0, where(growth > 0, np.ceil(left / growth)))
    days_left = where((days_left <= LONGEST_LIMIT_DAYS) & (share >= LEAST_LIMIT_SHARE), days_left)
    pressed = (share >= rule.limit_share) | (days_left <= rule.limit_days)
    yearly = book["main_mrr"] * 12
    step = _positive(book["next_plan_mrr"] * 12 - yearly)
    metered = book.says("price_basis", "metered")
    book["upsell_arr"] = np.where(pressed & ~metered, step, 0.0)

    # Three more periods of the same growth, at least a tenth more seats.
    active = book["active_users"]
    expected = active + 3 * at_least(active - book["active_users_before"], 0.0)
    more_seats = np.ceil(np.fmax(expected - seats, seats * LEAST_SEAT_STEP))
    seats_sold = ~book.holds("plan_has_seat_limit") & (book["seat_share"] >= rule.seat_share)
    sold = (book["upsell_arr"] > 0) | ~seats_sold
    book["seats_arr"] = np.where(sold, 0.0, _positive(more_seats * yearly / seats))
    overage = _positive(at_most(at_least(share - 1, LEAST_SEAT_STEP), 1.0) * yearly)
    counted = (book["upsell_arr"] > 0) | (book["seats_arr"] > 0) | ~(pressed & (metered | (step == 0)))
    book["usage_arr"] = np.where(counted, 0.0, overage)
    cells = np.where(book.holds("whitespace_known"), book["whitespace_arr"], book["voiced_arr"])
    book["cross_sell_arr"] = _positive(cells)
    # The step to the next plan's price is counted from today's: the main product's discount is in it.
    discounted = np.where(pressed & ~metered & (step > 0), _positive(arr - yearly), arr)
    discount = at_most(at_least(book["discount_percent"], 0.0), 90.0)
    given = _positive(discounted * discount / (100 - discount))
    book["price_arr"] = np.where(discount >= LEAST_DISCOUNT, given, 0.0)
    room = round_digits(np.array([book[name] for name in AMOUNTS]), 2)
    for name, amounts in zip(AMOUNTS, room, strict=True):
        book[name] = amounts
    upsell, more, usage, cross_sell, price = room
    book["expansion_potential_arr"] = round_digits((upsell + more) + (usage + (cross_sell + price)), 2)

    limit_on = book["night"] + days_left
    stays_reached = (days_left == 0) & book.same("limit_metric", "was_limit_metric")
    book["limit_on"] = np.where(stays_reached, np.fmin(limit_on, book["was_limit_on"]), limit_on)


def assign_levers(book: Columns, model: ScoringModel) -> Codes:
    """The place of each account's lever in `LEVERS`; columns lever_since and window_ends_on are added.

    From the amounts, the segment state and `was_lever`. A growth window opens after 14 nights of health (over those
    there are, if fewer), and stays open down to health 55 while its evidence stands; that one is open says nothing for
    another.
    """
    rule = model.thresholds
    health, night, decision_on = book["health"], book["night"], book["decision_on"]
    steady = (health >= rule.fragile_below) & (
        book["healthy_nights"] >= np.minimum(rule.healthy_nights, book["nights"])
    )
    bears = health >= rule.window_closes_below
    retained = book.holds("fragile") | book.known("notice_given_on") | book.known("lapsed_on")
    closed = book.holds("onboarding") | book.says("phase", "leaving")
    adoption = fill(book["seat_share"], book["breadth"] / book["peer_breadth"])
    days_to_decision = decision_on - night
    has_term = (book["term_months"] >= LONG_TERM_MONTHS) & (days_to_decision > 0)
    decision_window = where(has_term, decision_on - DECISION_WINDOW_DAYS)
    until_limit = np.fmin(book["limit_on"] + LIMIT_WINDOW_DAYS, decision_window)
    ends = {
        "upsell": until_limit,
        "seats": decision_window,
        "usage": until_limit,
        "cross_sell": np.fmin(book["need_on"] + EVIDENCE_DAYS, decision_window),
        "price": fill(decision_window, decision_on),
    }
    also = {
        "cross_sell": (book["needs_voiced"] > 0) & (adoption >= rule.solid_adoption),
        "price": (days_to_decision >= 0) & (days_to_decision <= PRICE_WINDOW_DAYS),
    }
    no_window = np.full(len(book), UNKNOWN)
    was = np.array([_PLACES.get(name, -1) for name in book.text("was_lever").to_list()], dtype=np.intp)
    conditions, windows = [retained, closed], [no_window, no_window]
    for name in GROWTH:
        stands = (steady | (bears & (was == _PLACES[name]))) & (book[f"{name}_arr"] > 0) & ~(ends[name] < night)
        conditions.append(stands & also[name] if name in also else stands)
        windows.append(ends[name])
    lever = np.select(conditions, [_PLACES[RETAIN], NO_LEVER, *(_PLACES[name] for name in GROWTH)], NO_LEVER)
    book["window_ends_on"] = np.select(conditions, windows, UNKNOWN)
    book["lever_since"] = where(lever != NO_LEVER, np.where(lever == was, book["was_lever_since"], night))
    return lever
