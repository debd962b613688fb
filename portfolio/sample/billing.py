"""Invoices: what each paying period bills, when it falls due, and how the customer pays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from decimal import Decimal
from itertools import groupby
from random import Random

from portfolio.sample.contracts import CENT, Period
from portfolio.sample.days import add_months, spread_to_weekday
from portfolio.sample.declare import Account
from portfolio.sample.world import ACCOUNTS, World

# How long after the invoice it falls due, by tier; and days paid after (before) that, by habit.
_DUE_DAYS = {"enterprise": 30, "mid_market": 30, "smb": 14}
_PAYS = {"on_time": (-9, 3), "late": (6, 27)}


@dataclass(frozen=True, slots=True)
class Invoice:
    """An invoice before it has a number."""

    issued_on: date
    due_on: date
    paid_on: date | None
    amount: Decimal
    status: str = ""


def list_billing_days(first: date, until: date, every: int) -> list[date]:
    """Return the days on which a contract begun on `first` is billed, `every` months, before `until`."""
    days, count = [], 0
    while (day := add_months(first, every * count)) < until:
        days.append(day)
        count += 1
    return days


def bill_subscription(world: World, account: Account, periods: list[Period], rng: Random) -> list[Invoice]:
    """Return the invoices of one subscription inside the history: in advance, changes pro rata."""
    history, line = world.history, periods[0].line
    every = line.every
    invoices = []
    stop = periods[-1].ended_on or history.today
    for period in periods:
        until = min(period.ended_on or history.today, history.today)
        term_days = list_billing_days(period.term_started_on, min(stop, history.today), every)
        billed_days = [day for day in term_days if period.started_on <= day < until and history.covers(day)]
        invoices += [draw_invoice(world, account, day, period.mrr * every, rng) for day in billed_days]
        if period is not periods[0] and period.started_on not in term_days and history.covers(period.started_on):
            before = periods[periods.index(period) - 1]
            billed = [day for day in term_days if day < period.started_on]
            if before.ended_on == period.started_on and billed:
                left = (add_months(billed[-1], every) - period.started_on).days
                share = Decimal(left) / ((add_months(billed[-1], every) - billed[-1]).days)
                amount = ((period.mrr - before.mrr) * every * share).quantize(CENT)
                if abs(amount) >= 1:
                    invoices.append(draw_invoice(world, account, period.started_on, amount, rng))
    return invoices


def draw_invoice(world: World, account: Account, issued_on: date, amount: Decimal, rng: Random) -> Invoice:
    """Draw when an invoice is paid by the habit of the account; a card pays on the day."""
    history = world.history
    if account.core.term == 1:
        return Invoice(issued_on, issued_on, issued_on, amount)
    due_on = issued_on + timedelta(days=_DUE_DAYS[account.tier])
    earliest, latest = _PAYS[account.care.pays]
    paid_on = spread_to_weekday(due_on + timedelta(days=rng.randint(earliest, latest)))
    if account.care.pays == "on_time" and rng.random() < 0.1:
        paid_on = spread_to_weekday(due_on + timedelta(days=rng.randint(5, 16)))
    if amount < 0:
        return Invoice(issued_on, issued_on, issued_on, amount)
    return Invoice(issued_on, due_on, paid_on if paid_on <= history.night else None, amount)


def fail_cards(world: World, account: Account, invoices: list[Invoice]) -> list[Invoice]:
    """Let the card fail that was charged last before each declared day; most pay days later."""
    history = world.history
    for ago in account.care.failed:
        charged = [i for i in invoices if i.issued_on <= history.ago(ago) and not i.status]
        if not charged:
            continue
        chosen = max(charged, key=lambda i: i.issued_on)
        again = spread_to_weekday(chosen.issued_on + timedelta(days=9))
        paid_on = again if again <= history.night and not account.lost else None
        invoices[invoices.index(chosen)] = replace(chosen, paid_on=paid_on, status="failed")
    return invoices


def leave_overdue(world: World, account: Account, invoices: list[Invoice]) -> list[Invoice]:
    """Leave the newest large invoice unpaid, due exactly as many days ago as declared."""
    if account.care.overdue is None:
        return invoices
    due_on = world.history.ago(account.care.overdue)
    near = [i for i in invoices if i.issued_on < due_on]
    newest = max(near, key=lambda i: (i.issued_on, i.amount))
    rest = [i for i in invoices if i.issued_on < newest.issued_on]
    days = _DUE_DAYS[account.tier]
    return [*rest, replace(newest, issued_on=due_on - timedelta(days=days), due_on=due_on, paid_on=None)]


def list_invoices(world: World, account: Account) -> list[Invoice]:
    """Return the invoices of an account inside the history, by day."""
    rng = world.open_generator(account, "invoices")
    invoices = []
    periods = sorted(world.periods[account.account_id], key=lambda p: (p.subscription_id, p.started_on))
    for _id, of_one in groupby(periods, key=lambda p: p.subscription_id):
        invoices += bill_subscription(world, account, list(of_one), rng)
    invoices = leave_overdue(world, account, fail_cards(world, account, invoices))
    return sorted(invoices, key=lambda i: (i.issued_on, -i.amount))


def yield_invoices(world: World) -> Iterator[dict]:
    for account in ACCOUNTS:
        for order, invoice in enumerate(list_invoices(world, account), start=1):
            yield {
                "invoice_id": f"{invoice.issued_on.year}-{account.number}-{order:02d}",
                "account_id": account.account_id,
                "issued_on": invoice.issued_on,
                "due_on": invoice.due_on,
                "paid_on": invoice.paid_on,
                "amount": invoice.amount,
                "currency": account.currency,
                "status": invoice.status,
            }
