"""Usage by day: people, events, features and what plans limit, inside the paid days alone.

`active_users_28d` follows a level per account (seats × adoption, bent by declared curves and by
the season); people per day follow the level, events the people, features and limited metrics the
events. All quantities are whole numbers; a metric of nobody on a day has no row.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from functools import cache
from itertools import accumulate, pairwise
from random import Random

from portfolio.sample.catalogue import BROKEN_RELEASE_AGO, PLAN
from portfolio.sample.contracts import Period
from portfolio.sample.days import REGION, measure_season
from portfolio.sample.declare import Account, draw_share
from portfolio.sample.world import ACCOUNTS, World

# Share of the people of 28 days who are there on a Monday … Sunday.
_OFFICE_WEEK = (0.74, 0.75, 0.73, 0.72, 0.63, 0.0, 0.0)
_WHOLE_WEEK = (0.66, 0.67, 0.66, 0.66, 0.64, 0.47, 0.38)

_FEATURES = {
    "enterprise": ("shift_board", "tablet_sync", "skill_match", "manual_override"),
    "mid_market": ("shift_board", "tablet_sync"),
    "smb": ("shift_board",),
}
_FEATURE_SHARE = {"shift_board": 0.34, "tablet_sync": 0.41, "skill_match": 0.12, "manual_override": 0.03}
# What the other products count: metric, typical share of the plan's limit.
_COUNTED = {"flow": "automation_runs", "insight": "report_runs", "connect": "partner_jobs"}


def interpolate(nodes: tuple[tuple[int, float], ...], ago: int) -> float:
    """Return the value at `ago` days on straight lines between nodes, oldest first; flat outside."""
    if ago >= nodes[0][0]:
        return nodes[0][1]
    for (far, high), (near, low) in pairwise(nodes):
        if ago >= near:
            return low + (high - low) * (ago - near) / (far - near)
    return nodes[-1][1]


@cache
def list_seasons(begins: date, length: int, region: str, summer_trade: bool) -> tuple[list[float], list[float]]:
    """Return the season of each day, and its softened 28-day mean for who was seen in 28 days."""
    days = [begins + timedelta(days=offset - 28) for offset in range(length + 28)]
    factors = [measure_season(day, region, summer_trade=summer_trade) for day in days]
    sums = [0.0, *accumulate(factors)]
    means = [(sums[end] - sums[end - 28]) / 28 for end in range(29, len(sums))]
    return factors[28:], [min(1.0, 1.0 - 0.35 * (1.0 - mean)) for mean in means]


def list_seats(world: World, periods: list[Period], length: int) -> list[int]:
    """Return the seats bought of one product on each day of the history."""
    begins = world.history.begins
    seats = [0] * length
    for period in periods:
        first = max(0, (period.started_on - begins).days)
        last = length if period.ended_on is None else min(length, (period.ended_on - begins).days)
        for index in range(first, last):
            seats[index] += period.seats or 0
    return seats


def smooth_seats(seats: list[int]) -> list[float]:
    """Return seats as teams really grow: a mean over 60 days to either side, within the paid days."""
    sums = [0, *accumulate(seats)]
    paid = [0, *accumulate(1 if count else 0 for count in seats)]
    smooth = []
    for index, count in enumerate(seats):
        low, high = max(0, index - 60), min(len(seats), index + 61)
        smooth.append((sums[high] - sums[low]) / max(1, paid[high] - paid[low]) if count else 0.0)
    return smooth


def trace_level(world: World, account: Account, periods: list[Period], rng: Random, adoption: float) -> list[float]:
    """Return how many people were seen within 28 days, for each day of the history."""
    history, use = world.history, account.use
    length = history.length
    seats = list_seats(world, periods, length)
    bridged = bridge_gaps(seats)
    born = (min(period.started_on for period in periods) - history.begins).days
    _days, season = list_seasons(history.begins, length, REGION[account.country], account.summer_trade)
    noise, level = 0.0, []
    for index, grown in enumerate(smooth_seats(bridged)):
        if not bridged[index]:
            level.append(0.0)
            continue
        ago = length - 1 - index
        noise = 0.965 * noise + rng.gauss(0, 0.006)
        people = grown * adoption * (1 + noise) * season[index]
        if use.curve:
            people *= interpolate(use.curve, ago)
        if index - born < 75 and born > -75 and account.phase != "onboarding":
            people *= 0.3 + 0.7 * min(1.0, (index - born) / 75)
        if use.release_drop and not use.people:
            people *= 1 - use.release_drop * soften_drop(ago)
        if use.people and ago <= use.people[0][0]:
            fixed = any(ago == node for node, _count in use.people)
            people = interpolate(use.people, ago) * (1 if fixed else 1 + 0.25 * noise)
        level.append(min(people, float(bridged[index])))
    return level


def bridge_gaps(seats: list[int], longest: int = 30) -> list[int]:
    """Fill gaps no longer than the grace with the seats before them: people go on working."""
    filled, index = list(seats), 0
    while index < len(filled):
        if filled[index] == 0 and index and filled[index - 1]:
            end = next((later for later in range(index, len(filled)) if filled[later]), None)
            if end is None:
                break
            if end - index <= longest:
                filled[index:end] = [filled[index - 1]] * (end - index)
            index = end
        index += 1
    return filled


def soften_drop(ago: int) -> float:
    """Return how much of the broken release's loss shows among people seen in 28 days."""
    return min(1.0, max(0.0, (BROKEN_RELEASE_AGO - ago) / 24))


def find_level(world: World, account: Account) -> list[float]:
    """Return the people of the main product seen within 28 days, for each day of the history."""
    if account.account_id not in world.levels:
        rng = world.open_generator(account, "level")
        periods = [p for p in world.periods[account.account_id] if p.product_id == "plan"]
        adoption = account.use.adoption or draw_share(rng, 0.58, 0.89)
        world.levels[account.account_id] = trace_level(world, account, periods, rng, adoption)
    return world.levels[account.account_id]


def measure_use(world: World, account: Account, day: date) -> int:
    """Return how many of a hundred seats of the main product were in use on a day of the history."""
    seats = sum(p.seats or 0 for p in world.periods[account.account_id] if p.product_id == "plan" and p.runs_on(day))
    index = (day - world.history.begins).days
    level = find_level(world, account)
    return round(100 * level[index] / seats) if seats and 0 <= index < len(level) else 0


def yield_core_usage(world: World, account: Account) -> Iterator[tuple[str, str, date, int]]:
    """Yield (product, metric, day, quantity) of the main product of an account, by day."""
    history, use, tier = world.history, account.use, account.tier
    rng = world.open_generator(account, "usage")
    periods = [p for p in world.periods[account.account_id] if p.product_id == "plan"]
    level = find_level(world, account)
    season, _soft = list_seasons(history.begins, history.length, REGION[account.country], account.summer_trade)
    week = _WHOLE_WEEK if account.week == 7 else _OFFICE_WEEK
    busy = draw_share(rng, 5.5, 11.0)
    names = _FEATURES["mid_market" if tier == "smb" and account.core.term == 12 else tier]
    tilt = {name: _FEATURE_SHARE[name] * draw_share(rng, 0.75, 1.25) for name in names}
    limits = share_limits(world, account, periods, level, rng) if tier != "smb" else {}
    gauss, usual = rng.gauss, level[-1 - BROKEN_RELEASE_AGO]
    last_week: list[int] = []
    for index, people in enumerate(level):
        seen = round(people)
        if not seen:
            continue
        ago = history.length - 1 - index
        day = history.begins + timedelta(days=index)
        yield "plan", "active_users_28d", day, seen
        share = week[day.weekday()] * season[index] * (1 + gauss(0, 0.045))
        there = people
        if use.release_drop and ago < BROKEN_RELEASE_AGO:
            # Those who stopped are missed at once by the day, and within 28 days only little by little.
            there = usual * (1 - 1.25 * use.release_drop * min(1.0, (BROKEN_RELEASE_AGO - ago) / 6))
        active = min(seen, round(there * share + gauss(0, 0.25)))
        if tier == "enterprise":
            last_week = [*last_week[-6:], active]
            if max(last_week):
                yield "plan", "active_users_7d", day, min(seen, round(1.16 * max(last_week)))
        if active <= 0:
            continue
        yield "plan", "active_users", day, active
        events = max(active, round(active * busy * (1 + gauss(0, 0.09))))
        yield "plan", "events", day, events
        for name in names:
            quantity = events * tilt[name] * (1 + gauss(0, 0.08))
            if name == "tablet_sync" and use.release_drop and ago < BROKEN_RELEASE_AGO:
                quantity *= 1 - min(0.8, 2.2 * use.release_drop) * min(1.0, (BROKEN_RELEASE_AGO - ago) / 5)
            if name == "manual_override" and use.release_drop and ago < BROKEN_RELEASE_AGO:
                quantity *= 2.6
            if round(quantity):
                yield "plan", f"feature:{name}", day, round(quantity)
        for name, since in use.opened:
            if ago <= since and rng.random() < 0.55:
                yield "plan", f"feature:{name}", day, 1 + int(gauss(4, 3) ** 2 // 6)
        for metric, per_day in limits.items():
            if per_day[index]:
                yield "plan", metric, day, per_day[index]


def share_limits(
    world: World, account: Account, periods: list[Period], level: list[float], rng: Random
) -> dict[str, list[int]]:
    """Return what the account consumed of each monthly limit of its plan, by day of the history.

    Consumption follows the people; the share of the limit is that of 40 days before the night.
    """
    history = world.history
    metrics = {
        "enterprise": ("work_orders", "api_calls"),
        "mid_market": ("work_orders",),
    }[account.tier]
    season, _soft = list_seasons(history.begins, history.length, REGION[account.country], account.summer_trade)
    week = _WHOLE_WEEK if account.week == 7 else _OFFICE_WEEK
    mean, usual = sum(week) / 7, level[-41] or max(level)
    consumed = {}
    for metric in metrics:
        share = account.use.limits.get(metric) or draw_share(rng, 0.22, 0.62)
        quantities = []
        for index, people in enumerate(level):
            day = history.begins + timedelta(days=index)
            included = sum(PLAN[p.plan_id].limits.get(metric, 0) for p in periods if p.runs_on(day))
            weight = week[day.weekday()] / mean * season[index] * (1 + rng.gauss(0, 0.06))
            quantities.append(round(included / 30.4 * share * people / usual * weight))
        if metric in account.use.limits and account.use.limits[metric] > 0.9:
            running = [p for p in periods if p.runs_on(history.night)]
            included = sum(PLAN[p.plan_id].limits.get(metric, 0) for p in running)
            quantities = press_against_limit(world, quantities, included, account.use.limits[metric])
        consumed[metric] = quantities
    return consumed


def press_against_limit(world: World, quantities: list[int], included: int, share: float) -> list[int]:
    """Scale the last calendar months to 6, 4 and 2 points under `share` of the limit, rising, and
    the last 30 days to `share` itself, in such a way that the last 28 days pro rata say the same."""
    history = world.history
    days = [history.begins + timedelta(days=index) for index in range(len(quantities))]
    months = sorted({(day.year, day.month) for day in days})
    for points, month in zip((0.06, 0.04, 0.02), months[-4:-1], strict=True):
        chosen = [index for index, day in enumerate(days) if (day.year, day.month) == month]
        scale_to(quantities, chosen, included * (share - points))
    end = len(quantities)
    scale_to(quantities, list(range(end - 28, end)), included * share * 28 / 30)
    scale_to(quantities, [end - 30, end - 29], included * share * 2 / 30)
    return quantities


def scale_to(quantities: list[int], chosen: list[int], total: float) -> None:
    """Scale the chosen quantities in place so that they add up to `total`, rounded down."""
    factor = total / max(1, sum(quantities[index] for index in chosen))
    for index in chosen:
        quantities[index] = int(quantities[index] * factor)


def yield_other_usage(world: World, account: Account, product_id: str) -> Iterator[tuple[str, str, date, int]]:
    """Yield the usage of a product beside the main one: people of a seat product, else counts."""
    history = world.history
    rng = world.open_generator(account, f"usage/{product_id}")
    periods = [p for p in world.periods[account.account_id] if p.product_id == product_id]
    week = _WHOLE_WEEK if account.week == 7 else _OFFICE_WEEK
    season, _soft = list_seasons(history.begins, history.length, REGION[account.country], account.summer_trade)
    if product_id == "time":
        level = trace_level(world, account, periods, rng, draw_share(rng, 0.78, 0.95))
        for index, people in enumerate(level):
            if not round(people):
                continue
            day = history.begins + timedelta(days=index)
            yield product_id, "active_users_28d", day, round(people)
            active = round(people * week[day.weekday()] * season[index] * 1.08 * (1 + rng.gauss(0, 0.04)))
            if active > 0:
                yield product_id, "active_users", day, min(active, round(people))
        return
    metric, share = _COUNTED[product_id], draw_share(rng, 0.28, 0.66)
    born = history.days_since(periods[0].started_on)
    mean = sum(week) / 7
    for first, last in world.find_paid_spans(account, product_id):
        for offset in range((last - first).days + 1):
            day = first + timedelta(days=offset)
            included = next((PLAN[p.plan_id].limits[metric] for p in periods if p.runs_on(day)), 0)
            grown = 0.35 + 0.65 * min(1.0, (born - history.days_since(day)) / 240)
            index = (day - history.begins).days
            daily = included / 30.4 * share * grown * week[day.weekday()] / mean * season[index]
            quantity = round(daily * (1 + rng.gauss(0, 0.16)))
            if quantity > 0:
                yield product_id, metric, day, quantity


def yield_usage(world: World) -> Iterator[dict]:
    """Yield the usage rows of all accounts, account by account."""
    for account in ACCOUNTS:
        account_id = account.account_id
        products = dict.fromkeys(period.product_id for period in world.periods[account_id])
        for product_id in products:
            rows = (
                yield_core_usage(world, account)
                if product_id == "plan"
                else yield_other_usage(world, account, product_id)
            )
            for product, metric, day, quantity in rows:
                yield {
                    "account_id": account_id,
                    "product_id": product,
                    "metric": metric,
                    "day": day,
                    "quantity": quantity,
                }
