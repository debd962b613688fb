"""What happened with an account, newest first: exchanges, tickets, invoices, surveys, product events, movements, acts.

One statement reads a page; words are opened and written for that page alone.
"""

import json
import uuid
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import Model
from django.utils.translation import get_language, ngettext, pgettext
from django.utils.translation import gettext as _

from accounts.formats import end_sentence, format_day, format_money
from accounts.models import Organization
from accounts.templatetags.phano_display import number
from diagnostics.acts import DISMISS_REASONS, DONE_KINDS
from diagnostics.charts.history import Point
from diagnostics.engine import ScoringModel
from diagnostics.forecasts import FORECASTS, read_call
from diagnostics.labels import (
    EVENT_KINDS,
    EXCHANGE_KINDS,
    SURVEY_KINDS,
    TICKET_PRIORITIES,
    name_code,
)
from diagnostics.models import Movement
from diagnostics.queries.movements import describe_movements
from diagnostics.queries.timeline_statement import STATEMENT
from portfolio.gathering import revive
from portfolio.models import Account, Act, Interaction, Invoice, ProductEvent, Survey, Ticket

PER_PAGE = 8
# Each kind is read as deep as the page lies; nobody turns two hundred pages.
MOST_PAGES = 200
MOST_CHARACTERS = 160
GOOD_NPS, BAD_NPS = 9, 6


@dataclass(frozen=True, slots=True)
class Entry:
    """One line: when, with which icon and tone (def, exp or ''), what in a few words, and more about it.

    `late`: the day on which it arrived, where a night had passed by then that should have known it.
    """

    day: date
    icon: str
    tone: str
    title: str
    text: str
    late: date | None = None


@dataclass(frozen=True, slots=True)
class TimelinePage:
    """One page of entries; `later` and `earlier` are the numbers of the pages beside it, None at the ends."""

    entries: list[Entry]
    number: int
    later: int | None
    earlier: int | None


@dataclass(frozen=True)
class Narrator:
    """What is needed to put a row into words. `people` names contacts and `members` colleagues, by e-mail address."""

    organization: Organization
    account: Account
    day: date
    people: Mapping[str, str] = field(default_factory=dict)
    members: Mapping[str, str] = field(default_factory=dict)
    models: Mapping[uuid.UUID, ScoringModel] = field(default_factory=dict)
    points: Sequence[Point] = ()  # nights with their scores, oldest first

    @property
    def language(self) -> str:
        return get_language() or "en"

    def local(self, instant: datetime) -> date:
        """The day of an instant in the organization's time zone."""
        return instant.astimezone(self.organization.zone).date()

    def name_day(self, day: date) -> str:
        return format_day(day, language=self.language, today=self.day)

    def name_money(self, amount: Any, currency: str) -> str:
        own = currency or self.account.currency or self.organization.currency
        return format_money(amount, own, language=self.language)

    def name_people(self, addresses: str) -> str:
        """The first two people behind a list of addresses, in words."""
        known = [self.people[one] for one in addresses.lower().split(";") if one.strip() and one in self.people]
        if len(known) > 2:
            others = ngettext("%(n)s other", "%(n)s others", len(known) - 1) % {"n": len(known) - 1}
            return _("%(first)s and %(others)s") % {"first": known[0], "others": others}
        return _(" and ").join(known)

    def revive[M: Model](self, model: type[M], row: Mapping[str, Any]) -> M:
        return revive(model, row, organization_id=self.organization.id)


def read_timeline(narrator: Narrator, *, page: int = 1) -> TimelinePage:
    """One page of the account's timeline in one query; a number below 1 is the first page."""
    page = min(max(page, 1), MOST_PAGES)
    tomorrow = datetime.combine(narrator.day + timedelta(days=1), time(), narrator.organization.zone)
    with connection.cursor() as cursor:
        cursor.execute(
            STATEMENT,
            {
                "organization": narrator.organization.id,
                "account": narrator.account.id,
                "day": narrator.day,
                "tomorrow": tomorrow,
                "since": narrator.account.customer_since or date.min,
                "zone": narrator.organization.time_zone,
                "start": (page - 1) * PER_PAGE,
                "stop": page * PER_PAGE + 1,
                "many": PER_PAGE + 1,
            },
        )
        rows = cursor.fetchall()
    return TimelinePage(
        [replace(TELL[kind](narrator, json.loads(row)), late=late) for kind, row, late in rows[:PER_PAGE]],
        number=page,
        later=page - 1 if page > 1 else None,
        earlier=page + 1 if len(rows) > PER_PAGE and page < MOST_PAGES else None,
    )


def _shorten(text: str) -> str:
    words = " ".join(text.split())
    return words if len(words) <= MOST_CHARACTERS else words[: MOST_CHARACTERS - 1].rstrip() + "…"


def _tell_exchange(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    exchange = narrator.revive(Interaction, row)
    who = narrator.name_people(exchange.contact_emails)
    kind = name_code(EXCHANGE_KINDS, exchange.kind)
    if exchange.kind == "note":
        author = narrator.members.get(exchange.author_email.lower(), exchange.author_email)
        title = _("Note by %(who)s.") % {"who": author} if author else _("Note.")
    elif exchange.kind == "email":
        inbound = exchange.direction == "inbound"
        title = (_("Mail from %(who)s.") if inbound else _("Mail to %(who)s.")) % {"who": who} if who else f"{kind}."
    else:
        title = _("%(kind)s with %(who)s.") % {"kind": kind, "who": who} if who else f"{kind}."
    if exchange.state == "cancelled":
        title = _("Cancelled: %(what)s") % {"what": title}
    icon = {"email": "mail", "call": "phone", "note": "edit"}.get(exchange.kind, "meet")
    tone = "def" if exchange.state == "cancelled" else ""
    return Entry(narrator.local(exchange.happened_at), icon, tone, title, _shorten(exchange.text))


def _tell_ticket(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    ticket = narrator.revive(Ticket, row)
    opened = narrator.local(ticket.opened_at)
    severe = ticket.priority in ("high", "urgent")
    if severe:
        words = {"priority": name_code(TICKET_PRIORITIES, ticket.priority), "id": ticket.source_id}
        title = _("%(priority)s ticket %(id)s opened.") % words
    else:
        title = _("Ticket %(id)s opened.") % {"id": ticket.source_id}
    if ticket.solved_at is not None and narrator.local(ticket.solved_at) <= narrator.day:
        solved = narrator.local(ticket.solved_at)
        days = (solved - opened).days
        end = ngettext("Solved in %(n)s day.", "Solved in %(n)s days.", days) % {"n": days}
    elif ticket.due_at is not None and (late := (narrator.day - narrator.local(ticket.due_at)).days) > 0:
        end = ngettext("Open, %(n)s day past due.", "Open, %(n)s days past due.", late) % {"n": late}
    else:
        end = _("Open.")
    subject = _shorten(ticket.subject)
    still_open = ticket.solved_at is None
    text = f"{subject}. {end}" if subject and subject[-1].isalnum() else f"{subject} {end}".strip()
    return Entry(opened, "support", "def" if severe and still_open else "", title, text)


def describe_payment(narrator: Narrator, invoice: Invoice) -> tuple[str, str]:
    """What has become of an invoice by the narrator's day, and its tone: `bad` overdue or failed, else ''."""
    if invoice.status == "void":
        return _("void"), ""
    if invoice.amount < 0:
        return _("credit note"), ""
    if invoice.paid_on is not None and invoice.paid_on <= narrator.day:
        paid = narrator.name_day(invoice.paid_on)
        if invoice.due_on is not None and (late := (invoice.paid_on - invoice.due_on).days) > 0:
            words = {"day": paid, "n": late}
            return ngettext("paid on %(day)s, %(n)s day late", "paid on %(day)s, %(n)s days late", late) % words, ""
        return _("paid on %(day)s") % {"day": paid}, ""
    if invoice.due_on is not None and (late := (narrator.day - invoice.due_on).days) > 0:
        return ngettext("%(n)s day overdue", "%(n)s days overdue", late) % {"n": late}, "bad"
    if invoice.status == "failed":
        return _("payment failed"), "bad"
    if invoice.due_on is None:
        return pgettext("invoice", "open"), ""
    return _("due on %(day)s") % {"day": narrator.name_day(invoice.due_on)}, ""


def _tell_invoice(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    invoice = narrator.revive(Invoice, row)
    state, tone = describe_payment(narrator, invoice)
    amount = narrator.name_money(invoice.amount, invoice.currency)
    title = _("Invoice %(id)s.") % {"id": invoice.source_id}
    return Entry(invoice.issued_on, "billing", "def" if tone else "", title, end_sentence(f"{amount}, {state}"))


def _tell_survey(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    survey = narrator.revive(Survey, row)
    who = narrator.name_people(survey.contact_email)
    words = {"kind": name_code(SURVEY_KINDS, survey.kind), "score": f"{survey.score:g}", "who": who}
    title = _("%(kind)s %(score)s from %(who)s.") % words if who else _("%(kind)s %(score)s.") % words
    tone = ""
    if survey.kind == "nps":
        tone = "exp" if survey.score >= GOOD_NPS else "def" if survey.score <= BAD_NPS else ""
    return Entry(narrator.local(survey.answered_at), "survey", tone, title, _shorten(survey.comment))


def _tell_event(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    event = narrator.revive(ProductEvent, row)
    tone = "def" if event.kind == "incident" else ""
    return Entry(event.happened_on, "usage", tone, f"{name_code(EVENT_KINDS, event.kind)}.", _shorten(event.title))


def _tell_movement(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    movement = narrator.revive(Movement, row)
    movement.account = narrator.account
    version = uuid.UUID(row["model_version"]) if row["model_version"] else None
    model = narrator.models.get(version) if version else None
    told = describe_movements([movement], {movement.night: model} if model else {}, narrator.language)[0]
    cause = told.cause
    return Entry(
        movement.night,
        "trend",
        "exp" if told.direction == "up" else "def",
        f"{told.headline}.",
        end_sentence(f"{cause[:1].upper()}{cause[1:]}") if cause else "",
    )


def _tell_act(narrator: Narrator, row: Mapping[str, Any]) -> Entry:
    act = narrator.revive(Act, row)
    who = narrator.members.get(act.member_email.lower(), act.member_email)
    if act.kind == "snoozed":
        title = _("Snoozed by %(who)s.") % {"who": who}
    elif act.kind == "dismissed":
        reason = name_code(DISMISS_REASONS, act.reason)
        title = _("Dismissed by %(who)s: %(reason)s.") % {"who": who, "reason": reason}
    elif call := read_call(act):
        title = _("Renewal forecast %(call)s by %(who)s.") % {"call": name_code(FORECASTS, call), "who": who}
    else:
        title = _("%(done)s by %(who)s.") % {"done": name_code(DONE_KINDS, act.kind), "who": who}
        since = _tell_since(narrator, narrator.local(act.at))
        return Entry(narrator.local(act.at), "check", "exp", title, " ".join(filter(None, [_shorten(act.note), since])))
    return Entry(narrator.local(act.at), "check", "exp", title, _shorten(act.note))


def _tell_since(narrator: Narrator, day: date) -> str:
    """What became of health since an act; '' where no night says it on both sides."""
    scored = [point for point in narrator.points if point.health is not None]
    before = [point for point in scored if point.night < day]
    if not before or scored[-1].night <= day:
        return ""
    words = {"then": number(before[-1].health), "now": number(scored[-1].health)}
    return _("Health was %(then)s before it, is %(now)s now.") % words


TELL: Mapping[str, Callable[[Narrator, Mapping[str, Any]], Entry]] = {
    "exchange": _tell_exchange,
    "ticket": _tell_ticket,
    "invoice": _tell_invoice,
    "survey": _tell_survey,
    "event": _tell_event,
    "movement": _tell_movement,
    "act": _tell_act,
}
