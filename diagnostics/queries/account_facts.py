"""Everything the account page shows of an account's facts, read in one statement together with the account itself."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from django.core.exceptions import EmptyResultSet
from django.http import Http404
from django.utils.dateparse import parse_datetime

from accounts.models import Membership, Organization
from accounts.permissions import BOOK_ROLES
from diagnostics.doubts import DOUBTS, Doubt
from diagnostics.queries.account_statements import STATEMENTS
from diagnostics.queries.movements import CROSSINGS
from portfolio.books import visible_accounts
from portfolio.gathering import gather, revive
from portfolio.models import (
    Account,
    AccountGoal,
    AccountPlan,
    Contact,
    Interaction,
    Invoice,
    ProductEvent,
    Subscription,
)
from portfolio.terms import Contract, find_contracts

USAGE_DAYS = 58  # four weeks, and those of thirty days before


@dataclass(frozen=True, slots=True)
class Relative:
    """An account above or below this one that the member may see too."""

    id: uuid.UUID
    name: str


@dataclass(frozen=True, slots=True)
class AccountFacts:
    """An account with its facts. `day` is today in the organization's time zone; `rows` are what `gather` brought."""

    account: Account
    organization: Organization
    day: date
    rows: Mapping[str, list[dict[str, Any]]]

    def revived(self, model: type[Any], name: str) -> list[Any]:
        """The rows of one kind as model instances."""
        return [revive(model, row, organization_id=self.organization.id) for row in self.rows[name]]

    @property
    def members(self) -> dict[str, str]:
        """Names of the organization's people by e-mail address."""
        return {row["email"]: row["name"] or row["email"] for row in self.rows["members"]}

    def name_member(self, email: str) -> str:
        """A member's name; the address where nobody here has it."""
        return self.members.get(email.lower(), email)

    @property
    def parent(self) -> Relative | None:
        """The parent account, where the member may see it."""
        return next((Relative(uuid.UUID(row["id"]), row["name"]) for row in self.rows["parent"]), None)

    @property
    def subsidiaries(self) -> list[Relative]:
        """The accounts below, as far as the member may see them, by name."""
        return [Relative(uuid.UUID(row["id"]), row["name"]) for row in self.rows["subsidiaries"]]

    @property
    def periods(self) -> list[tuple[Subscription, str, str]]:
        """Every subscription period with the names of its product and its plan."""
        found = self.revived(Subscription, "periods")
        return [(p, row["product"], row["plan"] or "") for p, row in zip(found, self.rows["periods"], strict=True)]

    def contracts(self) -> list[Contract]:
        """The contracts that run today, by decision date."""
        return find_contracts(
            [period for period, _product, _plan in self.periods],
            day=self.day,
            grace_days=self.organization.late_renewal_grace_days,
        )

    @property
    def contacts(self) -> list[tuple[Contact, date | None]]:
        """The people, with the day on which each was heard last."""
        last = [self.local_day(row["heard_at"]) for row in self.rows["contacts"]]
        return list(zip(self.revived(Contact, "contacts"), last, strict=True))

    @property
    def invoices(self) -> list[Invoice]:
        """Overdue ones first, then the newest."""
        return self.revived(Invoice, "invoices")

    @property
    def notes(self) -> list[Interaction]:
        """The newest notes."""
        return self.revived(Interaction, "notes")

    @property
    def plan(self) -> AccountPlan | None:
        """The latest state of the account plan."""
        return next(iter(self.revived(AccountPlan, "plans")), None)

    @property
    def goals(self) -> list[AccountGoal]:
        """Goals and next steps, open ones first."""
        return self.revived(AccountGoal, "goals")

    @property
    def events(self) -> list[ProductEvent]:
        """What happened to the account's products within a year, newest first."""
        return self.revived(ProductEvent, "events")

    @property
    def found_today(self) -> dict[str, Any] | None:
        """What the day has found (at, health, potential, segment, lever); None where no fact of today was diagnosed."""
        found = next(iter(self.rows["day"]), None)
        return found and {**found, "at": parse_datetime(found["at"])}

    @property
    def doubts(self) -> list[Doubt]:
        """The kinds of this account's facts that contradict themselves, in the order of their declaration."""
        found = {row["kind"] for row in self.rows["doubts"]}
        return [doubt for kind, doubt in DOUBTS.items() if kind in found]

    @property
    def doubted_files(self) -> frozenset[str]:
        """The files whose rows count although some of this account's contradict themselves."""
        return frozenset(doubt.file for doubt in self.doubts if doubt.counted)

    def local_day(self, instant: str | None) -> date | None:
        """The day of a gathered instant in the organization's time zone."""
        moment: datetime | None = parse_datetime(instant) if instant else None
        return moment.astimezone(self.organization.zone).date() if moment else None


def read_account_facts(membership: Membership, account_id: uuid.UUID, *, day: date, until: date) -> AccountFacts:
    """One account that the member may see, with its facts, in one statement; `until` ends the windows of use.

    Raises Http404, alike for a hidden, a foreign and a missing account.
    """
    organization = membership.organization
    visible, parameters = write_visible(membership)
    parameters |= {
        "account": account_id,
        "organization": organization.id,
        "day": day,
        "tomorrow": datetime.combine(day + timedelta(days=1), time(), organization.zone),
        "until": until,
        "usage_from": until - timedelta(days=USAGE_DAYS - 1),
        "book_roles": sorted(BOOK_ROLES),
        "crossings": [*CROSSINGS, "notice_given"],
    }
    statements = {name: sql.replace("{visible}", visible) for name, sql in STATEMENTS.items()}
    rows = gather(statements, parameters)
    if not rows["account"]:
        raise Http404
    account = revive(Account, rows["account"][0], organization_id=organization.id)
    return AccountFacts(account, organization, day, rows)


def write_visible(membership: Membership) -> tuple[str, dict[str, Any]]:
    """The ids of the accounts that the member may see, as SQL with named parameters, so that it fits into others."""
    try:
        sql, values = visible_accounts(membership).order_by().values("pk").query.sql_with_params()
    except EmptyResultSet:
        # Django knows that nothing can match, and writes no SQL.
        return "NULL::uuid", {}
    names = [f"visible_{number}" for number in range(len(values))]
    return sql % tuple(f"%({name})s" for name in names), dict(zip(names, values, strict=True))
