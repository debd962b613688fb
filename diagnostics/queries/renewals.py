"""The desk of renewals: the contracts of a book that are decided within a window, and what they come to.

The figures are sums of the KPI functions' own rows (diagnostics.kpis.risk), so each opens on the contracts behind it.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import polars as pl

from diagnostics.forecasts import FORECASTS
from diagnostics.kpis import risk
from diagnostics.kpis.desks import read_renewal_desk
from diagnostics.queries.diagnosed import Scope, read_account_ids
from diagnostics.queries.preparation import Preparation, find_preparations
from diagnostics.queries.renewal_facts import Step, TermFacts, read_term_facts
from portfolio.next_steps import name_term

WINDOWS = risk.WINDOWS
# What the desk may be narrowed to; each is a figure of the page.
STATES = ("at_risk", "due", "notice", "not_started", "no_step")
NO_FORECAST = "none"
# Shorter terms decide every month: there is nothing to prepare.
LONG_TERM_MONTHS = 3
# A decision this near stands out.
SOON_DAYS = 14
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Due:
    """One contract on the desk. `decides_on`: its decision date, or the end under notice. `risk`: None = unknown."""

    account_id: uuid.UUID
    subscription_id: str
    contract: str
    plan: str
    product: str
    decides_on: date
    ends_on: date | None
    arr: Decimal
    at_risk: bool
    noticed_on: date | None
    is_monthly: bool
    health: float | None
    risk: float | None
    segment: str
    account: str
    source_id: str
    csm_email: str
    am_email: str
    forecast: str
    forecast_on: date | None
    step: Step | None
    loss_reason: str
    preparation: Preparation | None
    owner: str
    is_soon: bool

    @property
    def term(self) -> str:
        """How acts and goals name this term."""
        return name_term(self.subscription_id, self.ends_on)

    @property
    def key(self) -> str:
        """The row's id on the page, and in the address of its acts' answer."""
        return str(uuid.uuid5(self.account_id, self.term))

    @property
    def owner_email(self) -> str:
        """Who answers for it: the next step's owner, else the AM, else the CSM."""
        return (self.step.owner_email if self.step else "") or self.am_email or self.csm_email

    @property
    def owner_choice(self) -> str:
        """What the step's form offers first: its owner, else the account's, if a member of this organization."""
        return self.owner_email if self.owner != self.owner_email else ""

    @property
    def is_noticed(self) -> bool:
        return self.noticed_on is not None

    @property
    def is_prepared_for(self) -> bool:
        """Whether it is a renewal that somebody prepares: not under notice, and not one of every month."""
        return not self.is_noticed and not self.is_monthly

    def stands_under(self, state: str) -> bool:
        """Whether the row is part of that figure."""
        return {
            "due": not self.is_noticed,
            "at_risk": self.at_risk,
            "notice": self.is_noticed,
            "not_started": self.is_prepared_for and self.preparation is None,
            "no_step": self.is_prepared_for and self.step is None,
        }[state]


@dataclass(frozen=True, slots=True)
class Total:
    """Contracts and their ARR."""

    count: int = 0
    arr: Decimal = ZERO


@dataclass(frozen=True)
class Desk:
    """Everything due in the window, soonest first, then monthly contracts, then what is under notice.

    `portfolio`: the ARR of the whole book. `outcomes`: in the place of `spread` under five contracts.
    """

    window: int
    rows: tuple[Due, ...]
    portfolio: Decimal
    expected: Decimal
    spread: risk.LossRange | None
    outcomes: tuple[risk.Outcome, ...]
    unknown_risk: int
    at_risk_by_window: dict[int, Decimal]
    unpriced: int
    facts: TermFacts = field(repr=False)

    def total_under(self, state: str) -> Total:
        """A figure of the page by its name in STATES."""
        return _add_up(self.narrowed(state=state))

    def by_forecast(self) -> list[tuple[str, Total]]:
        """What each call comes to, then what has none; under notice counts as lost. They add up to due and notice."""
        return [(call, _add_up(self.narrowed(forecast=call))) for call in (*FORECASTS, NO_FORECAST)]

    def narrowed(self, *, state: str = "", forecast: str = "") -> list[Due]:
        """The rows under one figure and one call."""
        return [
            row
            for row in self.rows
            if (not state or row.stands_under(state)) and (not forecast or call_of(row) == forecast)
        ]


def _add_up(rows: Iterable[Due]) -> Total:
    amounts = [row.arr for row in rows]
    return Total(len(amounts), sum(amounts, ZERO))


def call_of(row: Due) -> str:
    """The forecast that counts for a row: its own, `lost` under notice, else NO_FORECAST."""
    return row.forecast or ("lost" if row.is_noticed else NO_FORECAST)


def read_desk(scope: Scope, *, window: int) -> Desk:
    """The contracts of the scope whose decision falls in the `window` days after the last night, with their facts.

    In seven statements, whatever their number: five of the KPIs' own, the accounts of the book, and what members noted.
    """
    organization = scope.membership.organization
    night = scope.nights.last.night
    found = read_renewal_desk(organization, night)
    ids, segments = read_account_ids(scope), scope.filters.segment
    contracts, unpriced = (_keep(frame, ids, segments) for frame in (found.contracts, found.unpriced))
    due = risk.value_at_risk(contracts, window).sort("decides_on", "account_id", "subscription_id")
    noticed = risk.confirmed_loss(contracts, window).sort("ends_on", "account_id", "subscription_id")
    weighed = risk.expected_loss(contracts, window)
    few = weighed.height < risk.FEW_CONTRACTS
    rows = [*_name_terms(due).to_dicts(), *_name_terms(noticed).to_dicts()]
    decisions = [(uuid.UUID(row["account_id"]), row["decides_on"]) for row in due.to_dicts()]
    facts = read_term_facts(organization, {uuid.UUID(row["account_id"]) for row in rows})
    prepared = find_preparations(organization, decisions, day=scope.nights.today)
    built = [_build(row, facts, prepared) for row in rows]
    return Desk(
        window=window,
        rows=tuple(sorted(built, key=_place_of)),
        portfolio=_sum(contracts, "arr"),
        expected=_sum(weighed, "numerator"),
        spread=None if few else risk.loss_range(weighed, day=night),
        outcomes=tuple(risk.list_outcomes(weighed)) if few and weighed.height else (),
        unknown_risk=due.height - weighed.height,
        at_risk_by_window={days: _sum(risk.value_at_risk(contracts, days), "numerator") for days in WINDOWS},
        unpriced=unpriced.height,
        facts=facts,
    )


def _keep(contracts: pl.DataFrame, ids: list[str] | None, segments: tuple[str, ...]) -> pl.DataFrame:
    """The contracts of accounts in the book that meet the filters."""
    if segments:
        contracts = contracts.filter(pl.col("segment").is_in(segments))
    return contracts if ids is None else contracts.filter(pl.col("account_id").is_in(ids))


def _name_terms(contracts: pl.DataFrame) -> pl.DataFrame:
    """Column term_ends_on: the end that is decided. Once the notice is over, the decision ahead is the next term's."""
    notice = pl.col("renews_on") - pl.col("decision_on")
    following = (pl.col("decides_on") > pl.col("decision_on")) & pl.col("auto_renews").fill_null(True)
    ahead = pl.when(following).then(pl.col("decides_on") + notice).otherwise("renews_on")
    return contracts.with_columns(term_ends_on=pl.coalesce("ends_on", ahead))


def _build(row: dict[str, Any], facts: TermFacts, prepared: dict[Any, Preparation]) -> Due:
    account_id = uuid.UUID(row["account_id"])
    noticed = row["notice_given_on"] is not None
    account = facts.accounts[account_id]
    ends_on = row["term_ends_on"]
    term = name_term(row["subscription_id"], ends_on)
    call, step = facts.forecasts.get((account_id, term)), facts.steps.get((account_id, term))
    owner = (step.owner_email if step else "") or account.am_email or account.csm_email
    decides_on = ends_on if noticed else row["decides_on"]
    end_reason = facts.end_reasons.get(row["subscription_id"], "") if noticed else ""
    return Due(
        account_id=account_id,
        subscription_id=row["subscription_id"],
        contract=row["contract_id"] or row["subscription_id"],
        plan=facts.plans.get(row["plan_id"] or "", ""),
        product=facts.products.get(row["product_id"], ""),
        decides_on=decides_on,
        ends_on=ends_on,
        arr=row["arr"],
        at_risk=not noticed and row["numerator"] > 0,
        noticed_on=row["notice_given_on"],
        is_monthly=row["term_months"] is not None and row["term_months"] < LONG_TERM_MONTHS,
        health=row["health"],
        risk=row["renewal_risk"],
        segment=row["segment"] or "",
        account=account.name,
        source_id=account.source_id,
        csm_email=account.csm_email,
        am_email=account.am_email,
        forecast=call.forecast if call else "",
        forecast_on=call.on if call else None,
        step=step,
        loss_reason=(call.reason if call else "") or end_reason,
        preparation=prepared.get((account_id, row["decides_on"])),
        owner=facts.name_member(owner),
        is_soon=decides_on <= row["day"] + timedelta(days=SOON_DAYS),
    )


def _sum(rows: pl.DataFrame, column: str) -> Decimal:
    return sum(rows[column].drop_nulls().to_list(), ZERO)


def _place_of(row: Due) -> tuple[bool, bool, date, str, str]:
    return row.is_noticed, row.is_monthly, row.decides_on, row.account.casefold(), row.subscription_id


@dataclass(frozen=True, slots=True)
class Group:
    """A month of the desk (kind `month`), the monthly contracts or those under notice, with what all of it comes to."""

    kind: str
    month: date | None
    total: Total
    rows: list[Due]


def group_rows(shown: Iterable[Due], whole: Iterable[Due]) -> list[Group]:
    """The rows shown by month of decision, each with the total of that month among all rows of the list."""
    groups: dict[tuple[str, date | None], list[Due]] = {}
    for row in shown:
        groups.setdefault(_group_of(row), []).append(row)
    counts = dict.fromkeys(groups, 0)
    sums = dict.fromkeys(groups, ZERO)
    for row in whole:
        if (group := _group_of(row)) in groups:
            counts[group] += 1
            sums[group] += row.arr
    return [Group(*group, Total(counts[group], sums[group]), rows) for group, rows in groups.items()]


def _group_of(row: Due) -> tuple[str, date | None]:
    if row.is_noticed:
        return "notice", None
    return ("monthly", None) if row.is_monthly else ("month", row.decides_on.replace(day=1))


@dataclass(frozen=True, slots=True)
class Week:
    """What is decided in one week, the day on which it begins, at risk and not."""

    begins_on: date
    at_risk: Decimal
    healthy: Decimal
    count: int

    @property
    def arr(self) -> Decimal:
        return self.at_risk + self.healthy


def sum_weeks(desk: Desk, *, day: date) -> list[Week]:
    """The window in weeks from Monday; what is under notice is decided already."""
    first = day - timedelta(days=day.weekday())
    last = day + timedelta(days=desk.window - 1)
    weeks = []
    for offset in range(((last - first).days // 7) + 1):
        begins = first + timedelta(weeks=offset)
        rows = [r for r in desk.rows if not r.is_noticed and begins <= r.decides_on < begins + timedelta(weeks=1)]
        at_risk = sum((row.arr for row in rows if row.at_risk), ZERO)
        weeks.append(Week(begins, at_risk, sum((row.arr for row in rows), ZERO) - at_risk, len(rows)))
    return weeks
