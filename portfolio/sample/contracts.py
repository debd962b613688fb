"""Contracts: from a declared line back through its moves to dated subscription periods."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal

from portfolio.sample.catalogue import PLAN, PRICE_RISE_AGO, find_list_price, find_rate
from portfolio.sample.days import History, add_months, spread_to_weekday
from portfolio.sample.declare import Account, Line, Move, draw_share, open_generator

CENT = Decimal("0.01")


@dataclass(frozen=True, slots=True)
class Period:
    """Days during which plan, seats and price of one subscription stand still."""

    account: Account
    line: Line
    subscription_id: str
    plan_id: str
    seats: int | None
    mrr: Decimal
    discount: float
    started_on: date
    term_started_on: date
    contract_id: str
    reason: str = ""
    ended_on: date | None = None
    end_reason: str = ""
    notice_given_on: date | None = None
    renews_on: date | None = None

    @property
    def product_id(self) -> str:
        return self.line.product

    def runs_on(self, day: date) -> bool:
        return self.started_on <= day and (self.ended_on is None or day < self.ended_on)


@dataclass(frozen=True, slots=True)
class State:
    """What stands on a contract between two moves."""

    plan_id: str
    seats: int | None
    discount: float
    mrr: str | None
    factor: float = 1.0

    def step_back(self, move: Move) -> State:
        """Return the state before `move`."""
        product = self.plan_id.split("-", 1)[0]
        return State(
            f"{product}-{move.plan}" if move.plan else self.plan_id,
            move.seats or self.seats,
            self.discount if move.discount is None else move.discount,
            move.mrr or self.mrr,
            self.factor * (move.factor or 1.0),
        )

    def price(self, history: History, currency: str) -> Decimal:
        """Return the monthly price in `currency`, to the cent."""
        share = Decimal(str(round(self.factor, 6))) * (1 - Decimal(str(self.discount)) / 100)
        if self.mrr is not None:
            base = Decimal(self.mrr) / find_rate(history, currency, history.today.year)
        else:
            base = find_list_price(history, self.plan_id, currency)
        seats = self.seats if PLAN[self.plan_id].basis == "per_seat" and self.seats else 1
        return (base * seats * share).quantize(CENT)


def list_term_starts(history: History, account: Account, line: Line) -> list[date]:
    """Return the first day of every term that has begun, oldest first."""
    last_day = history.night if line.ended is None else min(history.night, history.ago(line.ended + 1))
    if line.started is None:
        end = history.ago(-(line.ends_in or 0))
        return [add_months(end, -line.term * count) for count in range(line.terms, 0, -1)]
    first = spread_to_weekday(history.ago(line.started))
    if line.co_terms:
        return [first, *(day for day in list_term_starts(history, account, account.core) if day > first)]
    starts: list[date] = []
    while add_months(first, line.term * len(starts)) <= last_day:
        starts.append(add_months(first, line.term * len(starts)))
    return starts


def find_end(history: History, line: Line, starts: list[date]) -> date | None:
    """Return the first unpaid day; a monthly line ends with a paid month."""
    if line.ended is None:
        return None
    return add_months(starts[-1], 1) if line.term == 1 else history.ago(line.ended)


def draw_moves(history: History, account: Account, line: Line, starts: list[date], seed: int) -> tuple[Move, ...]:
    """Draw the moves of a line whose declaration names none: growth, and the price rise at a renewal."""
    rng = open_generator(seed, account.account_id, f"moves/{line.product}")
    age = history.days_since(starts[0])
    moves = []
    if line.mrr is not None:
        months = rng.sample(range(2, max(6, age // 31)), 2)
        return tuple(Move("usage", ago=month * 31, factor=draw_share(rng, 0.78, 0.93)) for month in months)
    if line.seats is None or account.lost:
        return ()
    if line.term == 1 and age > PRICE_RISE_AGO and rng.random() < 0.55:
        paid_from = next(day for day in starts if history.days_since(day) <= PRICE_RISE_AGO - 30)
        moves.append(Move("price", ago=history.days_since(paid_from), factor=1 / 1.035))
    elif line.term == 12 and len(starts) > 1 and history.days_since(starts[-1]) < PRICE_RISE_AGO and rng.random() < 0.6:
        moves.append(Move("price", term=0, factor=1 / 1.035))
    if age > 200 and rng.random() < (0.35 if line.term == 1 else 0.55):
        seats = round(line.seats * draw_share(rng, 0.76, 0.93))
        moves.append(Move("seats", ago=rng.randrange(75, min(age - 90, 700)), seats=min(seats, line.seats - 1)))
        if age > 1000:
            earlier = round(seats * draw_share(rng, 0.72, 0.9))
            moves.append(Move("seats", ago=rng.randrange(760, age - 100), seats=earlier))
    return tuple(moves)


def find_move_day(history: History, move: Move, starts: list[date]) -> date:
    """Return the day of a move: a term's first day, or a working day."""
    if move.ago is not None:
        day = history.ago(move.ago)
        return day if day in starts else spread_to_weekday(day)
    return starts[-1 - (move.term or 0)]


def trace_line(history: History, account: Account, index: int, seed: int) -> list[Period]:
    """Return the periods of one declared line, oldest first, each ending where the next begins."""
    line = account.lines[index]
    starts = list_term_starts(history, account, line)
    end = find_end(history, line, starts)
    moves = line.moves if line.moves is not None else draw_moves(history, account, line, starts, seed)
    state = State(line.plan_id, line.seats, line.discount, line.mrr)
    # Newest first: (first day, state from that day on, reason, papers signed since).
    steps: list[tuple[date, State, str, bool]] = []
    for move in sorted(moves, key=lambda m: find_move_day(history, m, starts), reverse=True):
        day = find_move_day(history, move, starts)
        if day <= starts[0] or (end and day >= end):
            continue
        steps.append((day, state, move.reason, move.new_paper))
        state = state.step_back(move)
    steps.append((starts[0], state, "", False))
    steps.reverse()
    if line.term > 1:
        steps = add_renewals(steps, starts)
    if line.taken_over is not None:
        taken = history.ago(line.taken_over)
        steps = [(taken, steps[-1][1], "", False), *(step for step in steps if step[0] > taken)]
    contract = line.contract or f"C-{steps[0][0].year}-{account.number - 1000 + 200 * index:03d}"
    base = f"S-{account.number}-{line.product}" + ("" if index == 0 or line.taken_over is None else "-2")
    periods, papers = [], 0
    for day, stands, reason, new_paper in steps:
        papers += new_paper
        periods.append(
            Period(
                account=account,
                line=line,
                subscription_id=f"{base}{f'-{papers + 1}' if papers else ''}",
                plan_id=stands.plan_id,
                seats=stands.seats,
                mrr=stands.price(history, account.currency),
                discount=stands.discount,
                started_on=day,
                term_started_on=max(start for start in starts if start <= day),
                contract_id=contract,
                reason=reason,
            )
        )
    return close_periods(history, line, periods, end, starts)


def add_renewals(steps: list[tuple[date, State, str, bool]], starts: list[date]) -> list[tuple[date, State, str, bool]]:
    """Add a step without a change on every start of a term, so that each term is a row."""
    for start in starts:
        if start not in {day for day, *_rest in steps}:
            standing = [stands for day, stands, *_rest in steps if day < start][-1]
            steps = sorted([*steps, (start, standing, "", False)], key=lambda step: step[0])
    return steps


def close_periods(
    history: History, line: Line, periods: list[Period], end: date | None, starts: list[date]
) -> list[Period]:
    """Set ends, notice, late signature and common term ends on the periods of a line."""
    closed = []
    for period, following in zip(periods, [*periods[1:], None], strict=True):
        if following is None:
            noticed = None if line.noticed is None else history.ago(line.noticed)
            closed.append(replace(period, ended_on=end, end_reason=line.end_reason, notice_given_on=noticed))
            break
        migrated = following.subscription_id != period.subscription_id
        reason = f"Migrated to {PLAN[following.plan_id].name}" if migrated else ""
        closed.append(replace(period, ended_on=following.started_on, end_reason=reason))
    if line.late_renewal:
        late = closed[-1].started_on + timedelta(days=line.late_renewal)
        closed[-1] = replace(closed[-1], started_on=late)
    if line.co_terms and len(starts) > 1:
        closed = [replace(p, renews_on=starts[1]) if p.term_started_on == starts[0] else p for p in closed]
    return closed


def add_lapsed_contract(account: Account, periods: list[Period]) -> list[Period]:
    """Put the earlier contract of a customer that came back before its present one."""
    first = periods[0]
    if first.line.lapsed is None:
        return [replace(first, reason=first.reason or "new"), *periods[1:]]
    days, months = first.line.lapsed
    ended = first.started_on - timedelta(days=days)
    began = add_months(ended, -months)
    earlier = replace(
        first,
        subscription_id=f"{first.subscription_id}-0",
        contract_id=f"C-{began.year}-{account.number - 1000:03d}",
        started_on=began,
        term_started_on=began,
        ended_on=ended,
        reason="new",
        end_reason="Budget",
    )
    return [earlier, replace(first, reason="reactivation"), *periods[1:]]


def trace_periods(history: History, account: Account, seed: int) -> list[Period]:
    """Return all periods of an account, by line and then by day."""
    periods: list[Period] = []
    for index, line in enumerate(account.lines):
        traced = trace_line(history, account, index, seed)
        if index == 0:
            traced = add_lapsed_contract(account, traced)
        elif line.taken_over is None:
            together = traced[0].started_on == periods[0].started_on
            traced = [replace(traced[0], reason="new" if together else "cross_sell"), *traced[1:]]
        periods += traced
    return periods


def yield_subscriptions(account: Account, periods: list[Period]) -> Iterator[dict]:
    for period in periods:
        line = period.line
        yield {
            "subscription_id": period.subscription_id,
            "account_id": account.account_id,
            "product_id": period.product_id,
            "plan_id": period.plan_id,
            "started_on": period.started_on,
            "ended_on": period.ended_on,
            "contract_id": period.contract_id,
            "term_started_on": period.term_started_on,
            "term_months": line.term,
            "renews_on": period.renews_on,
            "notice_days": line.notice,
            "auto_renews": not line.signed,
            "notice_given_on": period.notice_given_on,
            "seats": period.seats,
            "mrr": period.mrr,
            "discount_percent": Decimal(str(period.discount)),
            "currency": account.currency,
            "change_reason": period.reason,
            "end_reason": period.end_reason,
        }
