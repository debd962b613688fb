"""The sample as files of the data contract: rows by file, and as CSV."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime
from itertools import chain
from pathlib import Path

from portfolio.sample import (
    acts,
    billing,
    catalogue,
    contacts,
    contracts,
    exchanges,
    intent,
    pipeline,
    planning,
    profiles,
    support,
    surveys,
    usage,
    whitespace,
)
from portfolio.sample.declare import DEFAULT_SEED
from portfolio.sample.stories import STORIES, STORY
from portfolio.sample.world import ACCOUNTS, World


def generate(today: date, seed: int = DEFAULT_SEED) -> dict[str, Iterator[dict]]:
    """Return the sample as seen on `today`: file name (without ending) → iterator of rows.

    A row is a dict with exactly the columns of the data contract, in its order, as Python values:
    `date`, aware `datetime`, `Decimal` for money, `int`, `bool`, `str` ('' = unknown), a `tuple`
    for a list, None where a date or number is missing. History ends on the day before `today`;
    later are only contract ends, due dates, planned meetings and closing dates. The same day and
    seed give the same rows. Files come in an order in which each refers to earlier ones alone;
    each iterator can be read once.
    """
    world = World(today, seed)
    per_account: dict[str, Callable[[], Iterable[dict]]] = {
        "contacts": lambda: chain.from_iterable(
            contacts.yield_contacts(world.contacts[account.account_id]) for account in ACCOUNTS
        ),
        "subscriptions": lambda: chain.from_iterable(
            contracts.yield_subscriptions(account, world.periods[account.account_id]) for account in ACCOUNTS
        ),
    }
    return {
        "accounts": profiles.yield_accounts(world),
        "account_history": profiles.yield_account_history(world),
        "contacts": iter(per_account["contacts"]()),
        "products": catalogue.yield_products(),
        "features": catalogue.yield_features(),
        "plans": catalogue.yield_plans(),
        "plan_limits": catalogue.yield_plan_limits(),
        "plan_rates": catalogue.yield_plan_rates(world.history),
        "subscriptions": iter(per_account["subscriptions"]()),
        "milestones": profiles.yield_milestones(world),
        "invoices": billing.yield_invoices(world),
        "usage": usage.yield_usage(world),
        "tickets": support.yield_tickets(world),
        "interactions": exchanges.yield_interactions(world),
        "surveys": surveys.yield_surveys(world),
        "opportunities": pipeline.yield_opportunities(world),
        "opportunity_history": pipeline.yield_opportunity_history(world),
        "account_plans": planning.yield_account_plans(world),
        "account_goals": planning.yield_account_goals(world),
        "whitespace": whitespace.yield_whitespace(world),
        "product_events": catalogue.yield_product_events(world.history),
        "intent_signals": intent.yield_intent_signals(world),
        "targets": catalogue.yield_targets(world.history),
        "acts": chain(
            acts.yield_acts(world, frozenset(name for story in STORIES for name in story.account_ids)),
            acts.yield_looks(world, frozenset(STORY["silent_account"].account_ids)),
        ),
    }


def format_cell(value: object) -> object:
    """Return a value as the contract writes it in a cell."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, tuple):
        return ";".join(value)
    return value


def write(directory: Path | str, today: date, seed: int = DEFAULT_SEED) -> dict[str, int]:
    """Write the sample as CSV files into `directory` (made where missing); return rows by file.

    UTF-8, comma, line feed, one header row, ISO dates, instants with an offset, decimal dot.
    """
    folder = Path(directory)
    folder.mkdir(parents=True, exist_ok=True)
    counts = {}
    for name, rows in generate(today, seed).items():
        with (folder / f"{name}.csv").open("w", encoding="utf-8", newline="") as file:
            counts[name] = write_rows(file, rows)
    return counts


def write_rows(file: object, rows: Iterator[dict]) -> int:
    """Write rows under the columns of the first one; return how many there were."""
    writer = csv.writer(file, lineterminator="\n")  # type: ignore[arg-type]  # any text stream
    first = next(rows, None)
    if first is None:
        return 0
    writer.writerow(first)
    writer.writerow(map(format_cell, first.values()))
    count = 1
    for row in rows:
        writer.writerow(map(format_cell, row.values()))
        count += 1
    return count
