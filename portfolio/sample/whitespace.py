"""The whitespace grid of the larger customers: products by department."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

from portfolio.sample.catalogue import PLANS, Plan
from portfolio.sample.contacts import list_departments
from portfolio.sample.contracts import Period
from portfolio.sample.declare import Account
from portfolio.sample.world import ACCOUNTS, World

# The entry level of each product: what an open cell would be worth is reckoned at its price.
ENTRY_PLANS = {plan.product: plan for plan in sorted(PLANS, key=lambda plan: -plan.rank)}
# How people in the field share a product between the first three departments.
_SPLITS = ((0.58, 0.29, 0.13), (0.64, 0.36, 0.0))
_OFFICES = ("Finance", "HR")
_OFFICE_PRODUCTS = frozenset({"time", "insight"})


def yield_whitespace(world: World) -> Iterator[dict]:
    for account in ACCOUNTS:
        if account.tier == "smb" or account.lost:
            continue
        rng = world.open_generator(account, "whitespace")
        paid: dict[str, list[Period]] = {}
        for period in world.periods[account.account_id]:
            paid.setdefault(period.product_id, []).append(period)
        for product in ENTRY_PLANS:
            split = rng.choice(_SPLITS)
            departments = list_departments(account)
            for department, share in zip((*departments, *_OFFICES), (*split, 0.0, 0.0), strict=True):
                fitting = department in departments or product in _OFFICE_PRODUCTS
                yield fill_cell(
                    world, account, rng, paid.get(product, []), ENTRY_PLANS[product], department, share, fitting
                )


def fill_cell(
    world: World,
    account: Account,
    rng: Random,
    periods: list[Period],
    entry: Plan,
    department: str,
    share: float,
    fitting: bool,
) -> dict:
    """Return one cell: in use where the product is paid and reaches the department, else open or no fit."""
    history = world.history
    cell = {
        "account_id": account.account_id,
        "product_id": entry.product,
        "department": department,
        "state": "no_fit",
        "users": None,
        "value_arr": None,
        "since": None,
    }
    per_seat = entry.basis == "per_seat"
    first_department = department == list_departments(account)[0]
    if periods and share and (per_seat or first_department):
        seats = periods[-1].seats
        users = max(2, round(seats * share)) if seats else rng.randrange(4, 26)
        return cell | {"state": "in_use", "users": users, "since": periods[0].started_on}
    if fitting and rng.random() < (0.5 if share else 0.4):
        wanted = rng.randrange(6, 14 + (account.core.seats or 20) // 6) if per_seat else None
        yearly = Decimal(entry.price) * (wanted or 1) * 12 * Decimal("0.93")
        value = yearly.quantize(Decimal("1E1")).quantize(Decimal(1))
        since = history.workday_ago(rng.randrange(20, 380))
        return cell | {"state": "open", "users": wanted, "value_arr": value, "since": since}
    return cell
