"""What Brindel's people did about their customers in Phano, up to some months ago: calls, meetings, dismissals.

The last months are left to whoever looks around: what is to do today has not been done. Diagnoses were looked at
until yesterday.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from random import Random

from portfolio.sample.days import draw_instant, shift_to_weekday
from portfolio.sample.declare import Account
from portfolio.sample.world import ACCOUNTS, World

# On accounts that were in defense: days ago, kind, what was noted.
_TOLD: dict[int, tuple[tuple[int, str, str], ...]] = {
    1056: ((232, "called", "Wants one price for all sites."), (205, "met", "Walked through the week view on site.")),
    1070: ((474, "called", ""), (441, "met", "Agreed on two training days.")),
    1081: ((352, "mailed", ""), (318, "called", "New planner, starts in May.")),
    1093: ((301, "met", "Season plan reviewed with the two head houses."),),
    1031: ((181, "called", "They compare offers. No date for the missing export."),),
    1050: ((134, "mailed", "No answer."),),
}
_KINDS = ("called", "mailed", "met", "planned", "no_action", "dismissed")
_WEIGHTS = (34, 24, 17, 8, 6, 11)
_REASONS = ("handled", "no_problem", "no_problem", "wrong_facts", "not_worth")
_SOLD = ("seats", "upsell", "cross_sell", "opportunity")
# By tier, how many days lie between two acts of an account that nothing is told of.
_EVERY = {"enterprise": 95, "mid_market": 150, "smb": 420}
_NOT_SINCE = 100  # days
# By tier, how many days lie between two looks at an account's diagnosis.
_LOOKED_EVERY = {"enterprise": 24, "mid_market": 52, "smb": 160}
_PLANNED_DAYS = 9


def yield_acts(world: World, told_apart: frozenset[str]) -> Iterator[dict]:
    """Acts by day; `told_apart`: accounts whose stories no drawn act may touch."""
    rows = []
    for account in ACCOUNTS:
        rng = world.open_generator(account, "acts")
        drawn = () if account.account_id in told_apart else _draw(world, account, rng)
        for ago, kind, note in sorted({*_TOLD.get(account.number, ()), *drawn}, reverse=True):
            at = draw_instant(rng, shift_to_weekday(world.history.ago(ago)))
            rows.append((at, account, kind, note, rng))
    for number, (at, account, kind, note, rng) in enumerate(sorted(rows, key=lambda row: row[0]), start=1):
        sold = account.number not in _TOLD and rng.random() < 0.3
        yield {
            "act_id": f"ACT-{number:04}",
            "account_id": account.account_id,
            "kind": kind,
            "at": at,
            "member_email": account.am if sold else account.csm,
            "priority": rng.choice(_SOLD) if sold else "retain",
            "reason": _explain(kind, at, rng),
            "note": note,
        }


def yield_looks(world: World, told_apart: frozenset[str]) -> Iterator[dict]:
    """Looks at diagnoses by day; nobody looks at the accounts of `told_apart`."""
    rows = []
    for account in ACCOUNTS:
        if account.account_id in told_apart or not account.csm:
            continue
        rng, every = world.open_generator(account, "looks"), _LOOKED_EVERY[account.tier]
        for first, last in world.find_paid_spans(account):
            day = first + timedelta(days=rng.randrange(2, every))
            while day <= last:
                rows.append((draw_instant(rng, shift_to_weekday(day)), account))
                day += timedelta(days=round(every * rng.uniform(0.5, 1.6)))
    for number, (at, account) in enumerate(sorted(rows, key=lambda row: row[0]), start=1):
        yield {
            "act_id": f"LOOK-{number:04}",
            "account_id": account.account_id,
            "kind": "looked",
            "at": at,
            "member_email": account.csm,
            "priority": "",
            "reason": "",
            "note": "",
        }


def _draw(world: World, account: Account, rng: Random) -> Iterator[tuple[int, str, str]]:
    every = _EVERY[account.tier]
    for first, last in world.find_paid_spans(account):
        day = first + timedelta(days=rng.randrange(40, 40 + every))
        while day <= last:
            ago = world.history.days_since(day)
            if ago >= _NOT_SINCE:
                yield ago, rng.choices(_KINDS, _WEIGHTS)[0], ""
            day += timedelta(days=round(every * rng.uniform(0.6, 1.5)))


def _explain(kind: str, at: datetime, rng: Random) -> str:
    """What stands as the reason: of a dismissal its code, of a plan its day."""
    if kind == "dismissed":
        return rng.choice(_REASONS)
    return (at.date() + timedelta(days=_PLANNED_DAYS)).isoformat() if kind == "planned" else ""
