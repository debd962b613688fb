"""What acts came to: health after them, and whether the account renewed at its next decision. Association, not proof.

Set-based: one statement for acts, one for entries into defense, and the ledger of the accounts among them.
"""

import uuid
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from django.core.exceptions import EmptyResultSet
from django.db import connection

from accounts.context import current_context
from accounts.models import Membership, Organization
from diagnostics.acts import DONE_KINDS, local_day
from diagnostics.model_versions import read_model
from diagnostics.models import ModelVersion
from portfolio.books import visible_accounts
from portfolio.ledger.reading import read_movements

MONTHS_BACK_DAYS = 730
AFTER_DAYS = (30, 60, 90)
# A night a month is enough to see what health came to.
SLACK_DAYS = 31
LONG_TERM_MONTHS = 3  # a contract that is decided every month says nothing of an act
SMALL_GROUP = 5
ZERO = Decimal(0)

# The acts on priorities, each with the night that its member saw, and health 30, 60 and 90 days later.
ACTS = """
SELECT act.id, act.account_id, act.kind, act.on_day, seen.night, seen.health, seen.arr, seen.renews_on, seen.top_cause,
       night.model_version_id, later.health_30, later.health_60, later.health_90,
       EXISTS (
           SELECT FROM portfolio_subscription AS s
           WHERE s.organization_id = %(organization)s AND s.account_id = act.account_id
             AND s.started_on <= act.on_day AND (s.ended_on IS NULL OR s.ended_on > act.on_day)
             AND s.term_months >= %(long_term)s
       )
FROM (
    SELECT id, account_id, kind, (at AT TIME ZONE %(zone)s)::date AS on_day FROM portfolio_act
    WHERE organization_id = %(organization)s AND priority <> '' AND kind = ANY(%(kinds)s) AND at >= %(since)s
      AND account_id IN (SELECT id FROM visible)
) AS act
JOIN LATERAL (
    SELECT d.night, d.health, d.arr, d.renews_on, d.top_cause FROM diagnostics_diagnosis AS d
    WHERE d.organization_id = %(organization)s AND d.account_id = act.account_id AND d.night < act.on_day
    ORDER BY d.night DESC LIMIT 1
) AS seen ON true
JOIN diagnostics_night AS night ON night.organization_id = %(organization)s AND night.night = seen.night
CROSS JOIN LATERAL (
    SELECT max(health) FILTER (WHERE days = 30) AS health_30, max(health) FILTER (WHERE days = 60) AS health_60,
           max(health) FILTER (WHERE days = 90) AS health_90
    FROM unnest(ARRAY[30, 60, 90]) AS days
    CROSS JOIN LATERAL (
        SELECT d.health FROM diagnostics_diagnosis AS d
        WHERE d.organization_id = %(organization)s AND d.account_id = act.account_id
          AND d.night >= act.on_day + days AND d.night <= act.on_day + days + %(slack)s
        ORDER BY d.night LIMIT 1
    ) AS found
) AS later
ORDER BY act.on_day, act.id
"""

ENTRIES = """
SELECT moved.account_id, moved.night, d.arr, d.renews_on
FROM diagnostics_movement AS moved
JOIN diagnostics_diagnosis AS d
  ON d.organization_id = %(organization)s AND d.account_id = moved.account_id AND d.night = moved.night
WHERE moved.organization_id = %(organization)s AND moved.kind = 'entered_defense' AND moved.night >= %(since)s
  AND moved.account_id IN (SELECT id FROM visible) AND d.renews_on IS NOT NULL
  AND EXISTS (
      SELECT FROM portfolio_subscription AS s
      WHERE s.organization_id = %(organization)s AND s.account_id = moved.account_id AND s.started_on <= moved.night
        AND (s.ended_on IS NULL OR s.ended_on > moved.night) AND s.term_months >= %(long_term)s
  )
ORDER BY moved.night, moved.account_id
"""


@dataclass(frozen=True, slots=True)
class Decision:
    """A contract's next decision after a night: ARR due, and what of it was kept; `kept` None = not decided yet."""

    account_id: uuid.UUID
    on: date
    due: Decimal
    kept: Decimal | None

    @property
    def renewed(self) -> bool:
        return bool(self.kept)


@dataclass(slots=True)
class Group:
    """Acts of one kind on one cause. `changes`: of health, by days after; a withheld or missing night is left out."""

    kind: str
    cause: str  # name of the signal; '' = none was named
    acts: int = 0
    accounts: set[uuid.UUID] = field(default_factory=set)
    changes: dict[int, list[float]] = field(default_factory=lambda: {days: [] for days in AFTER_DAYS})
    decisions: dict[tuple[uuid.UUID, date], Decision] = field(default_factory=dict)

    @property
    def is_small(self) -> bool:
        return len(self.accounts) < SMALL_GROUP

    @property
    def means(self) -> list[float | None]:
        """The mean change of health after 30, 60 and 90 days; None where no night says."""
        return [sum(these) / len(these) if these else None for these in self.changes.values()]

    @property
    def renewal(self) -> "Renewal":
        return Renewal(list(self.decisions.values()))


@dataclass(frozen=True, slots=True)
class Renewal:
    """Decisions and what they came to: Σ min(ARR after, ARR due) ÷ Σ ARR due of those that are decided."""

    decisions: list[Decision]

    @property
    def decided(self) -> list[Decision]:
        return [one for one in self.decisions if one.kept is not None]

    @property
    def open_count(self) -> int:
        return len(self.decisions) - len(self.decided)

    @property
    def due(self) -> Decimal:
        return sum((one.due for one in self.decided), ZERO)

    @property
    def kept(self) -> Decimal:
        return sum((one.kept or ZERO for one in self.decided), ZERO)

    @property
    def rate(self) -> Decimal | None:
        return self.kept / self.due if self.due else None

    @property
    def is_small(self) -> bool:
        return len(self.decided) < SMALL_GROUP


@dataclass(frozen=True, slots=True)
class DefenseCase:
    """An account that entered defense, its next decision, and the first act before it; `acted_on` None = no act."""

    entered_on: date
    decision: Decision
    kind: str = ""
    acted_on: date | None = None


@dataclass(frozen=True, slots=True)
class ActOutcomes:
    """Everything that the page shows; `names` of the accounts in it."""

    groups: list[Group]
    cases: list[DefenseCase]
    names: dict[uuid.UUID, str]

    @property
    def with_act(self) -> Renewal:
        return Renewal([case.decision for case in self.cases if case.acted_on])

    @property
    def without_act(self) -> Renewal:
        return Renewal([case.decision for case in self.cases if not case.acted_on])

    @property
    def arr_secured(self) -> Decimal:
        """ARR kept by accounts that entered defense, had an act before their decision, and renewed."""
        return self.with_act.kept


def read_act_outcomes(membership: Membership) -> ActOutcomes:
    """Acts of two years on the accounts that the member may see, and what came of them by today."""
    organization = membership.organization
    today = local_day(organization)
    visible = visible_accounts(membership)
    acts = _run(ACTS, organization, visible, today)
    entries = _run(ENTRIES, organization, visible, today)
    kept = _ArrAfter(organization, {row[1] for row in acts} | {row[0] for row in entries}, today)
    cases = _match_cases(entries, acts, kept)
    ids = {case.decision.account_id for case in cases}
    names = dict(visible.filter(pk__in=ids).values_list("pk", "name"))
    return ActOutcomes(_group(acts, kept), cases, names)


def _run(statement: str, organization: Organization, visible: Any, today: date) -> list[tuple[Any, ...]]:
    try:
        accounts, values = visible.order_by().values("id").query.sql_with_params()
    except EmptyResultSet:
        # Django knows that nothing can match, an empty team for one, and writes no SQL.
        return []
    # The accounts' own parameters come first, as places; the statement's are named, so they are joined by hand.
    names = {f"visible_{place}": value for place, value in enumerate(values)}
    for name in names:
        accounts = accounts.replace("%s", f"%({name})s", 1)
    with connection.cursor() as cursor:
        cursor.execute(
            f"WITH visible AS ({accounts}) {statement}",  # this program's SQL; every value is a parameter
            {
                **names,
                "organization": current_context().organization_id,
                "zone": organization.time_zone,
                "kinds": list(DONE_KINDS),
                "since": today - timedelta(days=MONTHS_BACK_DAYS),
                "slack": SLACK_DAYS,
                "long_term": LONG_TERM_MONTHS,
            },
        )
        return cursor.fetchall()


class _ArrAfter:
    """The ARR of accounts on days, by the ledger: one reading for all."""

    def __init__(self, organization: Organization, account_ids: Iterable[uuid.UUID], today: date) -> None:
        self.today, self.grace = today, timedelta(days=organization.late_renewal_grace_days)
        self.days: dict[str, list[date]] = defaultdict(list)
        self.arr: dict[str, list[Decimal]] = defaultdict(list)
        wanted = [str(account_id) for account_id in account_ids]
        if not wanted:
            return
        movements, _unpriced = read_movements(organization, until=today)
        rows = movements.filter(pl.col("account_id").is_in(wanted)).sort("account_id", "day", maintain_order=True)
        for account_id, day, amount in rows.select("account_id", "day", "amount").iter_rows():
            before = self.arr[account_id][-1] if self.arr[account_id] else ZERO
            self.days[account_id].append(day)
            self.arr[account_id].append(before + amount)

    def decide(self, account_id: uuid.UUID, on: date, due: Decimal | None) -> Decision:
        """A term that ends on a day: whether it was renewed is known once the grace for a late renewal is over."""
        amount = due or ZERO
        if self.today <= on + self.grace:
            return Decision(account_id, on, amount, None)
        place = bisect_right(self.days[str(account_id)], on)
        after = self.arr[str(account_id)][place - 1] if place else ZERO
        return Decision(account_id, on, amount, min(max(after, ZERO), amount))


def _match_cases(entries: list[tuple[Any, ...]], acts: list[tuple[Any, ...]], kept: _ArrAfter) -> list[DefenseCase]:
    """One case for each decision of an account that entered defense before it; the latest entries first."""
    days: dict[uuid.UUID, list[tuple[date, str]]] = defaultdict(list)
    for row in acts:
        days[row[1]].append((row[3], row[2]))
    cases: dict[tuple[uuid.UUID, date], DefenseCase] = {}
    for account_id, night, arr, renews_on in entries:
        if (account_id, renews_on) in cases:
            continue
        between = [act for act in days[account_id] if night < act[0] <= renews_on]
        first: tuple[date | None, str] = min(between) if between else (None, "")
        decision = kept.decide(account_id, renews_on, arr)
        cases[account_id, renews_on] = DefenseCase(night, decision, kind=first[1], acted_on=first[0])
    return sorted(cases.values(), key=lambda case: (case.entered_on, case.decision.due), reverse=True)


def _group(acts: list[tuple[Any, ...]], kept: _ArrAfter) -> list[Group]:
    """By kind and cause, those with the most accounts first."""
    versions = ModelVersion.objects.in_bulk({row[9] for row in acts}) if acts else {}
    groups: dict[tuple[str, str], Group] = {}
    for _id, account_id, kind, _day, _night, health, arr, renews_on, number, version_id, *rest in acts:
        *later, has_term = rest
        names = read_model(versions[version_id]).names
        cause = names[number - 1] if number and number <= len(names) else ""
        group = groups.setdefault((kind, cause), Group(kind, cause))
        group.acts += 1
        group.accounts.add(account_id)
        for days, then in zip(AFTER_DAYS, later, strict=True):
            if health is not None and then is not None:
                group.changes[days].append(then - health)
        if renews_on is not None and has_term:
            group.decisions[account_id, renews_on] = kept.decide(account_id, renews_on, arr)
    return sorted(groups.values(), key=lambda group: (-len(group.accounts), group.kind, group.cause))
