"""What is noted about terms, forecasts and next steps, and the names that the rows of a desk show."""

import uuid
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl
from django.utils.dateparse import parse_datetime

from accounts.models import Organization
from accounts.permissions import BOOK_ROLES
from diagnostics.forecasts import KIND, MARK
from portfolio.gathering import gather, revive
from portfolio.ledger.copying import copy_frame
from portfolio.models import Act
from portfolio.next_steps import STEP

# The accounts once, however many statements ask for them.
CHOSEN = "WITH chosen AS MATERIALIZED (SELECT unnest(%(accounts)s::uuid[]) AS id)"
# forecast:CALL:TERM; the latest of each term counts.
FORECASTS = """
    SELECT DISTINCT ON (account_id, term) id, account_id, call, term, at, note
    FROM portfolio_act,
        LATERAL (SELECT split_part(reason, ':', 2) AS call) AS said,
        LATERAL (SELECT substr(reason, length(%(mark)s) + length(call) + 2) AS term) AS named
    WHERE organization_id = %(organization)s AND account_id IN (SELECT id FROM chosen)
        AND kind = %(kind)s AND starts_with(reason, %(mark)s)
    ORDER BY account_id, term, at DESC, source_id DESC"""
STEPS = """
    SELECT DISTINCT ON (account_id, split_part(source_id, '#', 1))
        id, account_id, source_id, title, due_on, owner_email
    FROM portfolio_accountgoal
    WHERE organization_id = %(organization)s AND account_id IN (SELECT id FROM chosen)
        AND starts_with(source_id, %(step)s) AND done_on IS NULL
    ORDER BY account_id, split_part(source_id, '#', 1), due_on NULLS LAST, source_id"""
NOTES: Mapping[str, str] = {"forecasts": FORECASTS, "steps": STEPS}
# The same two without words, of all rows that a desk counts.
CALL: dict[str, Any] = {"account_id": pl.String, "term": pl.String, "forecast": pl.String}
CALLS_STATEMENT = f"{CHOSEN} SELECT account_id, term, call FROM ({FORECASTS}) AS latest"  # noqa: S608  # constants
HAS_STEP: dict[str, Any] = {"account_id": pl.String, "term": pl.String, "has_step": pl.Boolean}
HAS_STEP_STATEMENT = f"""
    {CHOSEN} SELECT account_id, substr(split_part(source_id, '#', 1), length(%(step)s) + 1), true
    FROM ({STEPS}) AS open"""  # noqa: S608  # put together from constants

ACCOUNTS = """
    SELECT id, name, source_id, csm_email, am_email FROM portfolio_account
    WHERE organization_id = %(organization)s AND id IN (SELECT id FROM chosen)"""
END_REASONS = """
    SELECT source_id, end_reason FROM portfolio_subscription
    WHERE organization_id = %(organization)s AND account_id IN (SELECT id FROM chosen)
        AND notice_given_on IS NOT NULL AND end_reason <> ''
    ORDER BY started_on"""
MEMBERS = """
    SELECT u.email, u.full_name AS name FROM accounts_membership m JOIN accounts_user u ON u.id = m.user_id
    WHERE m.organization_id = %(organization)s AND m.role = ANY(%(book_roles)s) AND m.status = 'active'
    ORDER BY u.full_name, u.email"""
PLANS = "SELECT id, name FROM portfolio_plan WHERE organization_id = %(organization)s"
PRODUCTS = "SELECT id, name FROM portfolio_product WHERE organization_id = %(organization)s"
NAMES: Mapping[str, str] = {
    "accounts": ACCOUNTS,
    "end_reasons": END_REASONS,
    "members": MEMBERS,
    "plans": PLANS,
    "products": PRODUCTS,
}

type Key = tuple[uuid.UUID, str]


@dataclass(frozen=True, slots=True)
class Call:
    """The forecast in force of one term."""

    forecast: str
    on: date
    act: Act

    @property
    def reason(self) -> str:
        """Why it is lost; the words are sealed, and opened here."""
        return self.act.note


@dataclass(frozen=True, slots=True)
class Step:
    """The open next step of one term that is due first."""

    id: uuid.UUID
    title: str
    due_on: date | None
    owner_email: str


@dataclass(frozen=True, slots=True)
class TermNotes:
    """Calls and steps by (account, term), terms as portfolio.next_steps.name_term writes them."""

    forecasts: dict[Key, Call]
    steps: dict[Key, Step]


@dataclass(frozen=True, slots=True)
class Owned:
    """An account's name and people."""

    name: str
    source_id: str
    csm_email: str
    am_email: str


@dataclass(frozen=True, slots=True)
class Names:
    """Names by id; members by their address; why a subscription under notice ends, by its own id."""

    accounts: dict[uuid.UUID, Owned]
    end_reasons: dict[str, str]
    members: dict[str, str]
    plans: dict[str, str]
    products: dict[str, str]

    def name_member(self, email: str) -> str:
        """A member's name; the address where nobody here has it."""
        return self.members.get(email, email)


def read_term_notes(organization: Organization, accounts: Collection[uuid.UUID]) -> TermNotes:
    """What members noted about the terms of some accounts, in one statement inside the open context."""
    asked = {"accounts": list(accounts), "kind": KIND, "mark": MARK, "step": f"{STEP}:"}
    rows = gather(NOTES, {"organization": organization.pk, **asked}, given=CHOSEN)
    return TermNotes(
        forecasts={
            (uuid.UUID(row["account_id"]), row["term"]): _read_call(organization, row) for row in rows["forecasts"]
        },
        steps={
            (uuid.UUID(row["account_id"]), _term_of(row["source_id"])): Step(
                uuid.UUID(row["id"]), row["title"], _day(row["due_on"]), row["owner_email"]
            )
            for row in rows["steps"]
        },
    )


def read_calls(organization: Organization, accounts: Sequence[str]) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The forecast in force of each term (columns CALL), and which terms have an open step (HAS_STEP)."""
    asked: dict[str, Any] = {"organization": organization.pk, "accounts": list(accounts)}
    calls = copy_frame(CALLS_STATEMENT, CALL, {**asked, "kind": KIND, "mark": MARK})
    return calls, copy_frame(HAS_STEP_STATEMENT, HAS_STEP, {**asked, "step": f"{STEP}:"})


def read_names(organization: Organization, accounts: Collection[uuid.UUID]) -> Names:
    """The names that rows of some accounts show, in one statement inside the open context."""
    asked = {"accounts": list(accounts), "book_roles": sorted(BOOK_ROLES)}
    rows = gather(NAMES, {"organization": organization.pk, **asked}, given=CHOSEN)
    return Names(
        accounts={
            uuid.UUID(row["id"]): Owned(row["name"], row["source_id"], row["csm_email"], row["am_email"])
            for row in rows["accounts"]
        },
        end_reasons={row["source_id"]: row["end_reason"] for row in rows["end_reasons"]},
        members={row["email"]: row["name"] or row["email"] for row in rows["members"]},
        plans={row["id"]: row["name"] for row in rows["plans"]},
        products={row["id"]: row["name"] for row in rows["products"]},
    )


def _read_call(organization: Organization, row: dict[str, Any]) -> Call:
    at = parse_datetime(row["at"])
    assert at is not None
    act = revive(Act, row, organization_id=organization.pk)
    return Call(row["call"], at.astimezone(organization.zone).date(), act)


def _term_of(source_id: str) -> str:
    return source_id.removeprefix(f"{STEP}:").rpartition("#")[0]


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None
