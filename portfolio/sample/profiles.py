"""The accounts themselves, how their fields changed, and the value they reached."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from portfolio.sample.contacts import find_sponsor
from portfolio.sample.declare import Account
from portfolio.sample.members import CAMILLE, JONAS
from portfolio.sample.world import ACCOUNTS, World

# Accounts that Camille took over from Jonas, and the days ago on which she did.
TAKEN_OVER_AGO = 431
TAKEN_OVER = frozenset({1027, 1034, 1037, 1046, 1052, 1055, 1064, 1066, 1067, 1072, 1080, 1105, 1111})

MILESTONES = (
    ("kick_off", 4, 16),
    ("first_schedule_published", 17, 48),
    ("half_of_seats_active", 45, 96),
    ("all_sites_live", 92, 210),
)
# Milestones reached by accounts that are still being brought in, by days ago.
_REACHED = {1163: (("kick_off", 62), ("first_schedule_published", 37)), 1161: (("kick_off", 20),)}


def yield_accounts(world: World) -> Iterator[dict]:
    for account in ACCOUNTS:
        contacts = world.contacts[account.account_id]
        rng = world.open_generator(account, "profile")
        acquired = account.acquired
        if acquired == "organic":
            acquired = rng.choices(("organic", "campaign", "partner"), (80, 12, 8))[0]
        sponsor = find_sponsor(contacts) if account.strategic or account.tier == "enterprise" else None
        yield {
            "account_id": account.account_id,
            "name": account.name,
            "domain": account.domain,
            "tier": account.tier,
            "industry": account.industry,
            "country": account.country,
            "employees": account.employees + (rng.randrange(-4, 6) if account.employees > 100 else 0),
            "parent_account_id": f"A-{account.parent}" if account.parent else "",
            "csm_email": account.csm,
            "am_email": account.am,
            "executive_sponsor_email": sponsor.email if sponsor else "",
            "strategic": account.strategic,
            "phase": account.phase,
            "customer_since": world.find_first_day(account),
            "acquired_through": acquired,
            "referred_by_account_id": f"A-{account.referred_by}" if account.referred_by else "",
            "currency": account.currency,
        }


def list_changes(world: World, account: Account) -> list[tuple[str, date, str]]:
    """Return (field, first day, value) of the fields whose history is known, oldest first."""
    history, first_day = world.history, world.find_first_day(account)
    changes = [(field, history.workday_ago(ago), value) for field, ago, value in account.history]
    if account.number in TAKEN_OVER:
        changes += [("csm_email", first_day, JONAS), ("csm_email", history.workday_ago(TAKEN_OVER_AGO), CAMILLE)]
    grown = [p for p in world.periods[account.account_id] if p.reason == "upsell" and p.plan_id == "plan-enterprise"]
    if account.tier == "enterprise" and grown and first_day < grown[0].started_on:
        changes += [("tier", first_day, "mid_market"), ("tier", grown[0].started_on, "enterprise")]
        if account.strategic:
            changes += [("strategic", first_day, "false"), ("strategic", grown[-1].started_on, "true")]
    if account.phase == "onboarding":
        changes.append(("phase", first_day, "onboarding"))
    return sorted(changes, key=lambda change: (change[0], change[1]))


def yield_account_history(world: World) -> Iterator[dict]:
    for account in ACCOUNTS:
        for field, from_on, value in list_changes(world, account):
            yield {"account_id": account.account_id, "field": field, "from_on": from_on, "value": value}


def yield_milestones(world: World) -> Iterator[dict]:
    history = world.history
    for account in ACCOUNTS:
        first_ago = history.days_since(world.find_first_day(account))
        rng = world.open_generator(account, "milestones")
        drawn = tuple((name, first_ago - rng.randrange(low, high)) for name, low, high in MILESTONES)
        last_ago = history.days_since(world.find_last_day(account))
        for name, ago in _REACHED.get(account.number, drawn):
            if ago >= last_ago:
                yield {"account_id": account.account_id, "milestone": name, "reached_on": history.some_workday_ago(ago)}
