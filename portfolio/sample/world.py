"""The sample's customers with what several files need: periods and people, worked out once."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cached_property
from random import Random

from portfolio.sample.contacts import Contact, list_contacts
from portfolio.sample.contracts import Period, trace_periods
from portfolio.sample.days import History
from portfolio.sample.declare import DEFAULT_SEED, Account, open_generator
from portfolio.sample.roster_large import ENTERPRISE
from portfolio.sample.roster_lost import LOST
from portfolio.sample.roster_middle import MID_MARKET
from portfolio.sample.roster_small import SMALL

ACCOUNTS: tuple[Account, ...] = tuple(
    sorted(ENTERPRISE + MID_MARKET + SMALL + LOST, key=lambda account: account.number)
)
# A gap no longer than this is a renewal signed late: people go on working.
GRACE_DAYS = 30


class World:
    """All customers as seen from one reference day, for one seed."""

    def __init__(self, today: date, seed: int = DEFAULT_SEED) -> None:
        self.history = History(today)
        self.seed = seed
        # People seen within 28 days, by account_id and day of the history; filled by the usage.
        self.levels: dict[str, list[float]] = {}

    def open_generator(self, account: Account, purpose: str) -> Random:
        return open_generator(self.seed, account.account_id, purpose)

    @cached_property
    def periods(self) -> dict[str, list[Period]]:
        """Subscription periods by account_id."""
        return {account.account_id: trace_periods(self.history, account, self.seed) for account in ACCOUNTS}

    @cached_property
    def contacts(self) -> dict[str, list[Contact]]:
        """Contacts by account_id, in the order in which they became known."""
        reserved = frozenset(person.name for account in ACCOUNTS for person in account.people)
        return {
            account.account_id: list_contacts(self.history, account, self.find_first_day(account), self.seed, reserved)
            for account in ACCOUNTS
        }

    def find_first_day(self, account: Account) -> date:
        """Return the first paid day of an account."""
        return min(period.started_on for period in self.periods[account.account_id])

    def find_last_day(self, account: Account) -> date:
        """Return the last paid day of an account up to the night."""
        ends = [period.ended_on for period in self.periods[account.account_id]]
        known = [end for end in ends if end is not None]
        if len(known) < len(ends):
            return self.history.night
        return min(self.history.night, max(known) - timedelta(days=1))

    def find_paid_spans(self, account: Account, product_id: str = "") -> list[tuple[date, date]]:
        """Return the spans of days (first, last) inside the history on which the account pays
        for a product (for any where none is named); gaps within the grace are bridged."""
        chosen = [p for p in self.periods[account.account_id] if product_id in {"", p.product_id}]
        spans: list[tuple[date, date]] = []
        for period in sorted(chosen, key=lambda p: p.started_on):
            first = max(period.started_on, self.history.begins)
            last = self.history.night
            if period.ended_on is not None:
                last = min(last, period.ended_on - timedelta(days=1))
            if last < first:
                continue
            if spans and (first - spans[-1][1]).days <= GRACE_DAYS:
                spans[-1] = (spans[-1][0], max(last, spans[-1][1]))
            else:
                spans.append((first, last))
        return spans

    def pays_on(self, account: Account, day: date) -> bool:
        return any(first <= day <= last for first, last in self.find_paid_spans(account))
