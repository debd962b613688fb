"""The facts behind a contribution: which rows of which contract file, looked up when somebody asks.

A signal names a file and a selection of its rows; here each selection is a condition in SQL that reads what was known
on the night, with the bounds of the features. Rows of files without an identifier of their own (usage, milestones,
account plans, whitespace, intent) are named by their account's.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from django.db import connection

from accounts.models import Organization

HEARD = """
    r.state IN ('', 'held') AND r.attended IS NOT FALSE AND r.bulk IS NOT TRUE
    AND (r.kind IN ('meeting', 'call', 'qbr') OR (r.kind = 'email' AND r.direction = 'inbound'))"""
OPEN_TICKET = """
    (r.solved_at IS NULL OR r.solved_at >= %(end)s OR (r.reopened_at > r.solved_at AND r.reopened_at < %(end)s))"""
ANSWERED_AT = "coalesce(r.satisfaction_at, r.solved_at)"
DEBT = "r.issued_on <= %(night)s AND r.issued_on > %(night)s - 730 AND r.amount > 0 AND r.status <> 'void'"
BEGUN = "r.started_on <= %(night)s"
NEED = """EXISTS (SELECT FROM diagnostics_voicedneed n WHERE n.organization_id = r.organization_id
    AND n.voiced_at < %(end)s AND n.voiced_at >= %(end)s - interval '180 days'"""
STILL_THERE = "(r.left_on IS NULL OR r.left_on > %(night)s) AND (r.known_since IS NULL OR r.known_since <= %(night)s)"


@dataclass(frozen=True, slots=True)
class Rows:
    """Where a file's rows stand: table with joins, and the expressions of account, identifier and day."""

    table: str
    key: str = "r.source_id"
    day: str = "NULL::date"
    account: str = "r.account_id"
    joins: str = ""


def _instant(column: str) -> str:
    return f"(r.{column} AT TIME ZONE %(zone)s)::date"


ACCOUNT = "JOIN portfolio_account a ON a.organization_id = r.organization_id AND a.id = r.account_id"
TONIGHT = "diagnostics_diagnosis d ON d.organization_id = r.organization_id AND d.night = %(night)s"
FILES = {
    "subscriptions": Rows("portfolio_subscription", day="r.started_on"),
    "invoices": Rows("portfolio_invoice", day="r.issued_on"),
    "tickets": Rows("portfolio_ticket", day=_instant("opened_at")),
    "interactions": Rows("portfolio_interaction", day=_instant("happened_at")),
    "surveys": Rows("portfolio_survey", day=_instant("answered_at")),
    "contacts": Rows("portfolio_contact", day="coalesce(r.left_on, r.known_since)"),
    "milestones": Rows("portfolio_milestone", "a.source_id", "r.reached_on", joins=ACCOUNT),
    "account_plans": Rows("portfolio_accountplan", "a.source_id", "r.updated_on", joins=ACCOUNT),
    "whitespace": Rows("portfolio_whitespacecell", "a.source_id", "r.since", joins=ACCOUNT),
    "intent_signals": Rows("portfolio_intentsignal", "a.source_id", "r.observed_on", joins=ACCOUNT),
    "plans": Rows("portfolio_plan", account="d.account_id", joins=f"JOIN {TONIGHT} AND d.next_plan_id = r.id"),
    "plan_limits": Rows(
        "portfolio_planlimit",
        "p.source_id",
        account="s.account_id",
        joins=f"""
            JOIN portfolio_plan p ON p.organization_id = r.organization_id AND p.id = r.plan_id
            JOIN portfolio_subscription s ON s.organization_id = r.organization_id AND s.plan_id = r.plan_id
                AND s.started_on <= %(night)s AND (s.ended_on IS NULL OR s.ended_on > %(night)s)
            JOIN {TONIGHT} AND d.account_id = s.account_id AND d.limit_metric = r.metric""",
    ),
    # One account's usage is thousands of rows: the account names them.
    "usage": Rows("portfolio_account", account="r.id"),
}

SELECTIONS = {
    ("tickets", "needs voiced"): f"{NEED} AND n.ticket_id = r.id)",
    ("interactions", "needs voiced"): f"{NEED} AND n.interaction_id = r.id)",
    ("account_plans", "latest"): """r.updated_on = (
        SELECT max(o.updated_on) FROM portfolio_accountplan o
        WHERE o.organization_id = r.organization_id AND o.account_id = r.account_id AND o.updated_on <= %(night)s)""",
    ("contacts", "sponsors who left, 180 days"): """r.role IN ('economic_buyer', 'decision_maker', 'champion')
        AND r.left_on <= %(night)s AND r.left_on > %(night)s - 180""",
    ("contacts", "supporters and detractors"): f"r.stance IN ('supporter', 'detractor') AND {STILL_THERE}",
    ("intent_signals", "90 days"): "r.observed_on BETWEEN %(night)s - 89 AND %(night)s",
    ("interactions", "business reviews held"): f"""r.kind = 'qbr' AND {HEARD}
        AND r.happened_at < %(end)s AND r.happened_at >= %(end)s - interval '730 days'""",
    ("interactions", "meetings cancelled, 90 days"): """r.state = 'cancelled'
        AND r.happened_at < %(end)s AND r.happened_at >= %(end)s - interval '90 days'""",
    ("interactions", "two-way, 90 days"): f"""{HEARD}
        AND r.happened_at < %(end)s AND r.happened_at >= %(end)s - interval '90 days'""",
    ("interactions", "two-way, with decision-makers"): f"""{HEARD}
        AND r.happened_at < %(end)s AND r.happened_at >= %(end)s - interval '730 days'
        AND EXISTS (
            SELECT FROM portfolio_contact c
            WHERE c.organization_id = r.organization_id AND c.account_id = r.account_id
              AND c.role IN ('economic_buyer', 'decision_maker') AND c.email_hash <> ''
              AND (c.known_since IS NULL OR c.known_since <= %(night)s) AND c.email_hash = ANY(r.contact_hashes))""",
    ("invoices", "due, 365 days"): f"""{DEBT} AND r.due_on > %(night)s - 365
        AND (r.due_on < %(night)s OR r.paid_on <= %(night)s)""",
    ("invoices", "failed, 90 days"): f"""{DEBT} AND r.status = 'failed'
        AND coalesce(r.due_on, r.issued_on) BETWEEN %(night)s - 89 AND %(night)s""",
    ("invoices", "unpaid past due"): f"""{DEBT} AND r.due_on < %(night)s
        AND (r.paid_on IS NULL OR r.paid_on > %(night)s)""",
    ("milestones", "reached"): "r.reached_on <= %(night)s",
    ("plan_limits", "of the main plan"): "true",
    ("plans", "next"): "true",
    ("subscriptions", "first period"): """r.started_on = (
        SELECT min(s.started_on) FROM portfolio_subscription s
        WHERE s.organization_id = r.organization_id AND s.account_id = r.account_id)""",
    ("subscriptions", "last period"): """r.started_on = (
        SELECT max(s.started_on) FROM portfolio_subscription s
        WHERE s.organization_id = r.organization_id AND s.account_id = r.account_id AND s.started_on <= %(night)s)""",
    ("subscriptions", "notice given"): f"""{BEGUN} AND r.notice_given_on <= %(night)s
        AND (r.ended_on IS NULL OR r.ended_on > %(night)s)""",
    ("subscriptions", "price changes of 365 days"): f"""{BEGUN}
        AND (r.started_on > %(night)s - 365 OR r.ended_on BETWEEN %(night)s - 364 AND %(night)s)""",
    ("subscriptions", "running"): f"{BEGUN} AND (r.ended_on IS NULL OR r.ended_on > %(night)s - %(grace)s)",
    ("surveys", "answered, 270 days"): """r.answered_at < %(end)s
        AND r.answered_at >= %(end)s - interval '270 days'""",
    ("tickets", "answered about satisfaction, 180 days"): f"""r.satisfaction <> '' AND {ANSWERED_AT} < %(end)s
        AND {ANSWERED_AT} >= %(end)s - interval '180 days'""",
    ("tickets", "complaints, 150 days"): f"""(r.escalated_at < %(end)s
            AND r.escalated_at >= %(end)s - interval '150 days')
        OR (r.satisfaction = 'bad' AND {ANSWERED_AT} < %(end)s AND {ANSWERED_AT} >= %(end)s - interval '150 days')""",
    ("tickets", "high or urgent, 90 days"): """r.priority IN ('high', 'urgent')
        AND r.opened_at < %(end)s AND r.opened_at >= %(end)s - interval '90 days'""",
    ("tickets", "open and past due"): f"r.opened_at < %(end)s AND r.due_at < %(end)s AND {OPEN_TICKET}",
    ("tickets", "reopened or escalated, 90 days"): """
        (r.reopened_at < %(end)s AND r.reopened_at >= %(end)s - interval '90 days')
        OR (r.escalated_at < %(end)s AND r.escalated_at >= %(end)s - interval '90 days')""",
    ("usage", "active users of the last 28 days"): "true",
    ("usage", "activity of the last 84 days"): "true",
    ("usage", "features of the last 84 days"): "true",
    ("usage", "key features of the last 28 days"): "true",
    ("usage", "negative features of the last 28 days"): "true",
    ("usage", "of the limited metric, 84 days"): "true",
    ("usage", "opening features of the last 84 days"): "true",
    ("whitespace", "open"): "r.state = 'open' AND (r.since IS NULL OR r.since <= %(night)s)",
}


@dataclass(frozen=True, slots=True)
class Record:
    """One row of a contract file. `source_id` is the source's own; `row_id` ours, to open the row, never exported."""

    account_id: uuid.UUID
    source_id: str
    day: date | None
    row_id: uuid.UUID


def find_records(
    file: str,
    selection: str,
    *,
    organization: Organization,
    night: date,
    accounts: Iterable[uuid.UUID] | None = None,
    limit: int | None = None,
) -> list[Record]:
    """The rows of a selection as they were known on the night, newest first within each account, in one query.

    `accounts` None: of the whole organization. Raises KeyError for a selection that no signal declares.
    """
    rows, condition = FILES[file], SELECTIONS[file, selection]
    chosen = "" if accounts is None else f"AND {rows.account} = ANY(%(accounts)s)"
    statement = f"""
        SELECT {rows.account}, {rows.key}, {rows.day} AS day, r.id FROM {rows.table} r {rows.joins}
        WHERE r.organization_id = %(organization)s {chosen} AND ({condition})
        ORDER BY {rows.account}, day DESC NULLS LAST, {rows.key} LIMIT %(limit)s"""  # noqa: S608  # own SQL, from this module
    parameters = {
        "organization": organization.id,
        "accounts": None if accounts is None else list(accounts),
        "night": night,
        "end": datetime.combine(night + timedelta(days=1), time(0), organization.zone),
        "zone": organization.time_zone,
        "grace": organization.late_renewal_grace_days,
        "limit": limit,
    }
    with connection.cursor() as cursor:
        cursor.execute(statement, parameters)
        return [Record(*row) for row in cursor.fetchall()]
