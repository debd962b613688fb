"""The records behind a cause, as a person reads them: file, the source's own identifier, day, and what it says."""

import uuid
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

from django.db import connection
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, pgettext

from accounts.formats import format_number
from diagnostics.engine.sentences import name_metric
from diagnostics.engine.signals import Records
from diagnostics.evidence import SELECTIONS, Record, find_records
from diagnostics.labels import (
    CELL_STATES,
    EXCHANGE_KINDS,
    EXCHANGE_STATES,
    ROLES,
    STANCES,
    SURVEY_KINDS,
    TICKET_PRIORITIES,
    name_code,
)
from diagnostics.late_facts import read_arrivals
from diagnostics.models import Diagnosis
from diagnostics.queries.timeline import Narrator, describe_payment
from portfolio.contract import FILES
from portfolio.models import (
    Account,
    AccountPlan,
    Contact,
    IntentSignal,
    Interaction,
    Invoice,
    Milestone,
    Plan,
    PlanLimit,
    Subscription,
    Survey,
    Ticket,
    WhitespaceCell,
)
from portfolio.value_milestones import with_names

MOST_RECORDS = 20
WEEKS = 12


@dataclass(frozen=True, slots=True)
class Line:
    """One record: the identifier it has in its source, its day, what it says, and the day on which it came late."""

    source_id: str
    day: date | None
    text: str
    late: date | None = None


@dataclass(frozen=True, slots=True)
class RecordGroup:
    """The records of one file; `more` where there are further ones than are shown."""

    file: str
    label: str
    lines: list[Line]
    more: bool


def read_record_groups(records: Iterable[Records], *, narrator: Narrator, diagnosis: Diagnosis) -> list[RecordGroup]:
    """What a cause of this diagnosis rests on, file by file, as it was known on its night; three queries a file."""
    groups = []
    for wanted in records:
        if (wanted.file, wanted.selection) not in SELECTIONS:
            continue
        label = str(FILES[wanted.file].label)
        if wanted.file == "usage":
            lines = _read_usage(wanted.selection, narrator, diagnosis)
            groups.append(RecordGroup("usage", label, lines[:MOST_RECORDS], len(lines) > MOST_RECORDS))
            continue
        found = find_records(
            wanted.file,
            wanted.selection,
            organization=narrator.organization,
            night=diagnosis.night,
            accounts=[narrator.account.id],
            limit=MOST_RECORDS + 1,
        )
        lines = _describe(wanted.file, found[:MOST_RECORDS], narrator)
        groups.append(RecordGroup(wanted.file, label, lines, len(found) > MOST_RECORDS))
    return groups


def _describe(file: str, found: list[Record], narrator: Narrator) -> list[Line]:
    model, joined, tell = TELL[file]
    chosen = model.objects.filter(pk__in=[record.row_id for record in found])
    if file == "milestones":
        chosen = with_names(chosen)
    rows: Mapping[uuid.UUID, Any] = {row.pk: row for row in (chosen.select_related(*joined) if joined else chosen)}
    arrivals = read_arrivals(narrator.organization, (row.import_number for row in rows.values()))
    lines = []
    for record in found:
        if record.row_id in rows:
            row = rows[record.row_id]
            arrival = arrivals.get(row.import_number)
            late = arrival.on if arrival is not None and arrival.is_late(record.day) else None
            lines.append(Line(record.source_id, record.day, tell(narrator, row), late))
    return lines


def _join(*parts: str) -> str:
    """What is known, in one line."""
    return ", ".join(part for part in parts if part)


def _tell_account(narrator: Narrator, account: Account) -> str:
    people = account.employees
    return _("%(n)s employees") % {"n": format_number(people, language=narrator.language)} if people else account.name


def _tell_subscription(narrator: Narrator, period: Subscription) -> str:
    ends = _("until %(day)s") % {"day": narrator.name_day(period.ended_on)} if period.ended_on else ""
    seats = ""
    if period.seats:
        shown = format_number(period.seats, language=narrator.language)
        seats = ngettext("%(n)s seat", "%(n)s seats", round(period.seats)) % {"n": shown}
    price = _("%(amount)s a month") % {"amount": narrator.name_money(period.mrr, period.currency)}
    notice = ""
    if period.notice_given_on is not None:
        notice = _("notice given on %(day)s") % {"day": narrator.name_day(period.notice_given_on)}
    name = period.product.name
    if period.plan is not None and period.plan.name != name:
        name = f"{name} {period.plan.name}"
    return _join(name, seats, price, ends, notice)


def _tell_invoice(narrator: Narrator, invoice: Invoice) -> str:
    return _join(narrator.name_money(invoice.amount, invoice.currency), describe_payment(narrator, invoice)[0])


def _tell_ticket(narrator: Narrator, ticket: Ticket) -> str:
    due = ""
    if ticket.solved_at is not None:
        end = _("solved on %(day)s") % {"day": narrator.name_day(narrator.local(ticket.solved_at))}
    else:
        end = pgettext("ticket", "open")
        if ticket.due_at is not None:
            due = _("due on %(day)s") % {"day": narrator.name_day(narrator.local(ticket.due_at))}
    answer = {"good": _("answered: good"), "bad": _("answered: bad")}.get(ticket.satisfaction, "")
    escalated = _("escalated") if ticket.escalated_at else ""
    again = _("reopened") if ticket.reopened_at else ""
    priority = name_code(TICKET_PRIORITIES, ticket.priority)
    facts = _join(priority, end, due, escalated, again, answer)
    return f"{ticket.subject} ({facts})" if ticket.subject else facts


def _tell_exchange(narrator: Narrator, exchange: Interaction) -> str:
    who = narrator.name_people(exchange.contact_emails)
    state = name_code(EXCHANGE_STATES, exchange.state) if exchange.kind in ("meeting", "call", "qbr") else ""
    words = " ".join(exchange.text.split())
    facts = _join(name_code(EXCHANGE_KINDS, exchange.kind), who, state)
    return f"{facts}. {words[:200]}" if words else facts


def _tell_survey(narrator: Narrator, survey: Survey) -> str:
    who = narrator.name_people(survey.contact_email)
    facts = _join(f"{name_code(SURVEY_KINDS, survey.kind)} {survey.score:g}", who)
    return f"{facts}. {survey.comment}" if survey.comment else facts


def _tell_contact(narrator: Narrator, contact: Contact) -> str:
    left = _("left on %(day)s") % {"day": narrator.name_day(contact.left_on)} if contact.left_on else ""
    role, stance = name_code(ROLES, contact.role), name_code(STANCES, contact.stance)
    return _join(contact.name, contact.title, role, stance, left)


def _tell_plan(narrator: Narrator, plan: AccountPlan) -> str:
    reviewed = _("reviewed on %(day)s") % {"day": narrator.name_day(plan.reviewed_on)} if plan.reviewed_on else ""
    return _join(plan.objective.rstrip("."), reviewed)


def _tell_cell(narrator: Narrator, cell: WhitespaceCell) -> str:
    # Without a currency of its own, an amount is in the reporting currency, as the diagnosis reads it.
    value = narrator.name_money(cell.value_arr, narrator.organization.currency) if cell.value_arr is not None else ""
    return _join(f"{cell.product.name}, {cell.department}", name_code(CELL_STATES, cell.state), value)


def _tell_intent(narrator: Narrator, intent: IntentSignal) -> str:
    strength = ""
    if intent.strength is not None:
        strength = _("strength %(n)s of 100") % {"n": format_number(intent.strength, language=narrator.language)}
    return _join(intent.topic, strength, intent.provider)


def _tell_catalogue_plan(narrator: Narrator, plan: Plan) -> str:
    price = ""
    if plan.list_price_monthly is not None:
        amount = narrator.name_money(plan.list_price_monthly, plan.currency)
        per_seat = plan.price_basis == "per_seat"
        price = (_("%(amount)s a seat and month") if per_seat else _("%(amount)s a month")) % {"amount": amount}
    return _join(plan.name, price)


def _tell_limit(narrator: Narrator, limit: PlanLimit) -> str:
    included = format_number(limit.included, language=narrator.language)
    return _("%(plan)s includes %(n)s %(metric)s") % {
        "plan": limit.plan.name,
        "n": included,
        "metric": name_metric(limit.metric, narrator.language),
    }


def _tell_milestone(narrator: Narrator, milestone: Milestone) -> str:
    return getattr(milestone, "shown", None) or milestone.milestone.replace("_", " ")


TELL: Mapping[str, tuple[type[Any], tuple[str, ...], Callable[[Narrator, Any], str]]] = {
    "accounts": (Account, (), _tell_account),
    "subscriptions": (Subscription, ("product", "plan"), _tell_subscription),
    "invoices": (Invoice, (), _tell_invoice),
    "tickets": (Ticket, (), _tell_ticket),
    "interactions": (Interaction, (), _tell_exchange),
    "surveys": (Survey, (), _tell_survey),
    "contacts": (Contact, (), _tell_contact),
    "milestones": (Milestone, (), _tell_milestone),
    "account_plans": (AccountPlan, (), _tell_plan),
    "whitespace": (WhitespaceCell, ("product",), _tell_cell),
    "intent_signals": (IntentSignal, (), _tell_intent),
    "plans": (Plan, (), _tell_catalogue_plan),
    "plan_limits": (PlanLimit, ("plan",), _tell_limit),
}


# Usage has thousands of rows: those of a metric are added up by week, those of features over the window.
USAGE = """
    SELECT u.metric, coalesce(nullif(f.name, ''), ''), (%(night)s - u.day) / 7 AS week, sum(u.quantity), max(u.quantity)
    FROM portfolio_usage u LEFT JOIN (
        SELECT metric, min(name) AS name, bool_or(effect = 'key') AS key, bool_or(effect = 'negative') AS negative,
            bool_or(opens_expansion IS TRUE) AS opening
        FROM portfolio_feature WHERE organization_id = %(organization)s GROUP BY metric
    ) f ON f.metric = u.metric
    WHERE u.organization_id = %(organization)s AND u.account_id = %(account)s
        AND u.day BETWEEN %(first)s AND %(night)s AND ({condition})
    GROUP BY 1, 2, 3"""
FEATURES = "starts_with(u.metric, 'feature:')"
# Selection: days, condition, by week or over the window.
USAGE_SELECTIONS = {
    "active users of the last 28 days": (28, "u.metric IN ('active_users_28d', 'active_users')", True),
    "activity of the last 84 days": (84, "true", True),
    "features of the last 84 days": (84, FEATURES, False),
    "key features of the last 28 days": (28, f"{FEATURES} AND f.key", False),
    "negative features of the last 28 days": (28, f"{FEATURES} AND f.negative", False),
    "of the limited metric, 84 days": (84, "u.metric = %(limit_metric)s", True),
    "opening features of the last 84 days": (84, f"{FEATURES} AND f.opening", False),
}
# Of several metrics that say the same, the first that the account has is the one that was read.
PREFERRED = ("active_users_28d", "events", "active_users")


type UsageRow = tuple[str, str, int, float, float]  # metric, name, week before the night, sum, most on a day


def _read_usage(selection: str, narrator: Narrator, diagnosis: Diagnosis) -> list[Line]:
    if selection not in USAGE_SELECTIONS:
        return []
    days, condition, weekly = USAGE_SELECTIONS[selection]
    night = diagnosis.night
    limit_metric = "active_users_28d" if diagnosis.limit_metric == "seats" else diagnosis.limit_metric
    with connection.cursor() as cursor:
        cursor.execute(
            USAGE.replace("{condition}", condition),
            {
                "organization": narrator.organization.id,
                "account": narrator.account.id,
                "night": night,
                "first": night - timedelta(days=days - 1),
                "limit_metric": limit_metric,
            },
        )
        rows = cursor.fetchall()
    if selection == "activity of the last 84 days":
        rows = _keep_measure(rows)
        # Several metrics measured it together: their weeks say nothing singly.
        weekly = len({metric for metric, *_rest in rows}) == 1
    if weekly:
        return _tell_weeks(rows, narrator, night)
    totals: dict[tuple[str, str], float] = {}
    for metric, name, _week, total, _most in rows:
        totals[metric, name] = totals.get((metric, name), 0) + total
    ordered = sorted(totals.items(), key=lambda item: (-item[1], item[0]))
    return [
        Line(metric, night, _("%(name)s: %(n)s uses in %(days)s days") % _words(name or metric, total, narrator, days))
        for (metric, name), total in ordered
    ]


def _keep_measure(rows: list[UsageRow]) -> list[UsageRow]:
    """Those by which the account's activity was measured, as the features choose them."""
    order = ("events", "active_users", "feature", "other", "active_users_7d", "active_users_28d")

    def rank(metric: str) -> int:
        if metric.startswith("feature:"):
            return order.index("feature")
        return order.index(metric if metric in order else "other")

    first = min((rank(metric) for metric, *_rest in rows), default=0)
    return [row for row in rows if rank(row[0]) == first]


def _tell_weeks(rows: list[UsageRow], narrator: Narrator, night: date) -> list[Line]:
    present = {metric for metric, *_rest in rows}
    metric = next((name for name in PREFERRED if name in present), next(iter(sorted(present)), ""))
    weeks = sorted((week, total, most) for name, _label, week, total, most in rows if name == metric)
    people = metric.startswith("active_users")
    lines = []
    for week, total, most in weeks[:WEEKS]:
        value = format_number(most if people else total, language=narrator.language)
        words = {"n": value, "metric": name_metric(metric, narrator.language)}
        text = _("%(n)s %(metric)s at most in this week") if people else _("%(n)s %(metric)s in this week")
        lines.append(Line(metric, night - timedelta(days=7 * week + 6), text % words))
    return lines


def _words(name: str, total: float, narrator: Narrator, days: int) -> dict[str, str | int]:
    shown = name_metric(name, narrator.language)
    return {"name": shown, "n": format_number(total, language=narrator.language), "days": days}
