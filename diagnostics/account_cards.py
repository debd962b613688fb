"""The account page's cards: an account's facts as the rows that are shown, in words and in order. Asks no query."""

import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.formats import format_day
from accounts.templatetags.phano_display import initials
from diagnostics.charts.people import Person
from diagnostics.labels import (
    CLOSED_STAGES,
    DECIDING_ROLES,
    OPPORTUNITY_KINDS,
    ROLES,
    STAGES,
    STANCES,
    name_code,
)
from diagnostics.queries.account_facts import AccountFacts
from diagnostics.queries.timeline import Narrator, describe_payment
from portfolio.models import AccountPlan
from portfolio.terms import Contract

MONTHS = 12
PEOPLE_SHOWN = 6
# A decision within this many days is shown as near.
NEAR_DAYS = 30
DOTS = {"supporter": "ok", "neutral": "warn", "detractor": "bad"}


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A person at the customer. `standing` is the stance, else the role; `dot` its mark: ok, warn, bad or off."""

    name: str
    title: str
    standing: str
    role: str
    dot: str
    decides: bool
    heard_on: date | None
    left_on: date | None


@dataclass(frozen=True, slots=True)
class ContractRow:
    """A running contract; `arr` in its own currency. `near`: the decision falls within thirty days."""

    name: str
    product: str
    plan: str
    seats: int | None
    contract: Contract
    arr: Decimal
    currency: str
    near: bool


@dataclass(frozen=True, slots=True)
class Decision:
    """The next decision: what falls due on it, over how many contracts."""

    on: date
    ends_on: date | None
    notice_days: int
    term_months: int | None
    auto_renews: bool | None
    notice_given_on: date | None
    days: int
    arr: Decimal
    currency: str
    contracts: int

    @property
    def is_near(self) -> bool:
        """Whether it falls within thirty days, or has passed."""
        return self.days <= NEAR_DAYS


@dataclass(frozen=True, slots=True)
class InvoiceRow:
    """An invoice and what has become of it."""

    source_id: str
    issued_on: date
    amount: Decimal
    currency: str
    state: str
    is_bad: bool


@dataclass(frozen=True, slots=True)
class NoteRow:
    """A note; `undo_id` where the reader may take it back."""

    day: date
    author: str
    text: str
    is_own: bool
    id: uuid.UUID


@dataclass(frozen=True, slots=True)
class OpportunityRow:
    """An opportunity as the facts say it; `moved_on` is the day of its last stage, `code` the stage's own."""

    id: uuid.UUID
    code: str
    kind: str
    product: str
    stage: str
    is_open: bool
    amount: Decimal | None
    created_on: date | None
    closes_on: date | None
    moved_on: date | None
    loss_reason: str


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A business review; `attended` None = unknown. `is_over`: its day has come, so that it can have been held."""

    id: uuid.UUID
    day: date
    attended: bool | None
    is_over: bool


@dataclass(slots=True)
class Whitespace:
    """The grid: departments across, products down; a cell is (state, users, value) or None where nothing is known."""

    departments: list[str] = field(default_factory=list)
    products: list[tuple[str, list[tuple[str, int | None, Decimal | None] | None]]] = field(default_factory=list)
    open_value: Decimal = Decimal(0)


def list_people(facts: AccountFacts) -> tuple[list[PersonRow], list[PersonRow]]:
    """The people to show at once, and the others: by role, those who decide first; those who left come last."""
    order = list(ROLES)
    rows = []
    for contact, heard_on in facts.contacts:
        left_on = contact.left_on if contact.left_on and contact.left_on <= facts.day else None
        rows.append(
            PersonRow(
                name=contact.name,
                title=contact.title or contact.department,
                standing=name_code(STANCES, contact.stance) if contact.stance else "",
                role=name_code(ROLES, contact.role),
                dot="off" if left_on else DOTS.get(contact.stance, "off"),
                decides=contact.role in DECIDING_ROLES,
                heard_on=heard_on,
                left_on=left_on,
            )
        )
    ranks = {str(ROLES[role]): place for place, role in enumerate(order)}
    rows.sort(
        key=lambda row: (
            row.left_on is not None,
            ranks.get(row.role, len(order)),
            -(row.heard_on or date.min).toordinal(),
        )
    )
    return rows[:PEOPLE_SHOWN], rows[PEOPLE_SHOWN:]


def place_people(facts: AccountFacts) -> list[Person]:
    """Those who are still there, for the stakeholder map, the people who decide first."""
    there = [contact for contact, _heard in facts.contacts if contact.left_on is None or contact.left_on > facts.day]
    order = {role: place for place, role in enumerate(ROLES)}
    there.sort(key=lambda contact: (order.get(contact.role, len(order)), contact.source_id))
    return [Person(initials(contact.name), contact.stance, contact.role) for contact in there if contact.name]


def list_contracts(facts: AccountFacts) -> list[ContractRow]:
    """The contracts that run, by decision date."""
    names = {period.id: (product, plan) for period, product, plan in facts.periods}
    rows = []
    for contract in facts.contracts():
        period = contract.period
        product, plan = names[period.id]
        near = contract.decides_on is not None and (contract.decides_on - facts.day).days <= NEAR_DAYS
        currency = period.currency or facts.account.currency or facts.organization.currency
        name = period.contract_id or period.source_id
        arr = period.mrr * MONTHS
        seats = None if period.seats is None else round(period.seats)
        rows.append(ContractRow(name, product, plan, seats, contract, arr, currency, near))
    return rows


def find_decision(rows: Sequence[ContractRow], *, day: date, wanted: date | None) -> Decision | None:
    """The decision to show: that of the diagnosis (`wanted`), else the first that is still ahead; None without a term.

    Contracts that fall on the same day count together, as far as they are in one currency.
    """
    dated = [row for row in rows if row.contract.decides_on is not None]
    chosen = (
        [row for row in dated if row.contract.decides_on == wanted]
        or [row for row in dated if row.contract.decides_on >= day]  # type: ignore[operator]  # dated ones only
        or dated
    )
    if not chosen:
        return None
    first = chosen[0]
    decides_on = first.contract.decides_on
    assert decides_on is not None
    together = [r for r in dated if r.contract.decides_on == decides_on and r.currency == first.currency]
    period = first.contract.period
    return Decision(
        on=decides_on,
        ends_on=first.contract.ends_on,
        notice_days=period.notice_days or 0,
        term_months=period.term_months,
        auto_renews=period.auto_renews,
        notice_given_on=period.notice_given_on,
        days=(decides_on - day).days,
        arr=sum((row.arr for row in together), Decimal(0)),
        currency=first.currency,
        contracts=len(together),
    )


def list_invoices(facts: AccountFacts, narrator: Narrator) -> list[InvoiceRow]:
    """Overdue invoices first, then the newest."""
    rows = []
    for invoice in facts.invoices:
        state, tone = describe_payment(narrator, invoice)
        currency = invoice.currency or facts.account.currency or facts.organization.currency
        rows.append(InvoiceRow(invoice.source_id, invoice.issued_on, invoice.amount, currency, state, bool(tone)))
    return rows


def list_notes(facts: AccountFacts, narrator: Narrator, *, own_email: str) -> list[NoteRow]:
    """The newest notes; `is_own` marks what the reader wrote in Phano."""
    rows = []
    for note in facts.notes:
        author = note.author_email.lower()
        own = note.import_number is None and author == own_email.lower()
        rows.append(NoteRow(narrator.local(note.happened_at), facts.name_member(author), note.text, own, note.id))
    return rows


def list_opportunities(facts: AccountFacts) -> list[OpportunityRow]:
    """Open ones first, then those closed, newest first."""
    rows = []
    for row in facts.rows["opportunities"]:
        stage = row["stage"] or ""
        rows.append(
            OpportunityRow(
                id=uuid.UUID(row["id"]),
                code=stage or "identified",
                kind=name_code(OPPORTUNITY_KINDS, row["lever"]),
                product=row["product"] or "",
                stage=name_code(STAGES, stage),
                is_open=stage not in CLOSED_STAGES,
                amount=Decimal(row["amount"]) if row["amount"] is not None else None,
                created_on=_day(row["created_on"]),
                closes_on=_day(row["closes_on"]),
                moved_on=facts.local_day(row["at"]),
                loss_reason=row["loss_reason"] or "",
            )
        )
    return rows


def find_review(facts: AccountFacts, state: str) -> ReviewRow | None:
    """The review that is planned next, or the last that was held; None where there is none."""
    for row in facts.rows["reviews"]:
        day = facts.local_day(row["happened_at"])
        if row["state"] == state and day is not None:
            return ReviewRow(uuid.UUID(row["id"]), day, row["attended"], day <= facts.day)
    return None


def last_touched(plan: AccountPlan, day: date) -> date:
    """The day on which the plan was last updated or reviewed, by `day`."""
    reviewed = plan.reviewed_on if plan.reviewed_on and plan.reviewed_on <= day else plan.updated_on
    return max(plan.updated_on, reviewed)


def arrange_whitespace(cells: Iterable[dict[str, object]]) -> Whitespace | None:
    """The grid of an account's cells; None without any."""
    grid = Whitespace()
    placed: dict[tuple[str, str], tuple[str, int | None, Decimal | None]] = {}
    products: dict[str, None] = {}
    used: dict[str, int] = {}
    for cell in cells:
        product, department, state = str(cell["product"]), str(cell["department"]), str(cell["state"])
        value = Decimal(str(cell["value_arr"])) if cell["value_arr"] is not None else None
        users = cell["users"] if isinstance(cell["users"], int) else None
        placed[product, department] = (state, users, value)
        products.setdefault(product)
        used[department] = used.get(department, 0) + (state == "in_use")
        if state == "open":
            grid.open_value += value or Decimal(0)
    if not placed:
        return None
    # Where most is in use stands first, so that the room lies to the right of it.
    grid.departments = sorted(used, key=lambda department: (-used[department], department))
    grid.products = [(product, [placed.get((product, d)) for d in grid.departments]) for product in products]
    return grid


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


def explain_absence(facts: AccountFacts, night: date) -> str:
    """Why the account has no diagnosis on a night, in one sentence, and what would bring one."""
    words = {"night": format_day(night, language=get_language() or "en", today=facts.day)}
    begins = [period.started_on for period, _product, _plan in facts.periods]
    if begins and min(begins) <= night:
        return (
            _(
                "No subscription ran on the night of %(night)s, so that no score, cause or priority is given. "
                "The facts below stay readable."
            )
            % words
        )
    since = facts.account.customer_since
    first = min(filter(None, (since, *begins)), default=None)
    if first is not None and first > night:
        words["day"] = format_day(first, language=get_language() or "en", today=facts.day)
        return (
            _("It becomes a customer on %(day)s, after the night of %(night)s: from that day on it is diagnosed.")
            % words
        )
    dated = ("contacts", "notes", "plans", "opportunities", "usage")
    if since is None and not any(facts.rows[kind] for kind in dated):
        return _(
            "It has no customer-since date, no subscription and no dated fact, so that no night knows it. "
            "The first of them brings it into the next night."
        )
    return _("It came in after the night of %(night)s had been diagnosed: the next night takes it in.") % words
