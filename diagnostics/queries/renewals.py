"""The desk of renewals: the contracts of a book that are decided within a window, and what they come to.

The figures are sums of the KPI functions' own rows (diagnostics.kpis.risk), so each opens on the contracts behind it.
Everything is summed in frames; names are read and rows are made of one page only.
"""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from functools import lru_cache
from typing import Any, cast

import polars as pl

from accounts.models import Organization
from diagnostics.forecasts import FORECASTS
from diagnostics.kpis import risk
from diagnostics.kpis.desks import read_renewal_desk
from diagnostics.queries.diagnosed import Scope, read_account_ids
from diagnostics.queries.preparation import find_preparations
from diagnostics.queries.renewal_facts import Names, Step, TermNotes, read_calls, read_names, read_term_notes
from portfolio.next_steps import name_term

WINDOWS = risk.WINDOWS
# What the desk may be narrowed to; each is a figure of the page.
NOTICED, MONTHLY = pl.col("noticed"), pl.col("monthly")
STATES: dict[str, pl.Expr] = {
    "at_risk": pl.col("at_risk"),
    "due": ~NOTICED,
    "notice": NOTICED,
    "not_started": ~NOTICED & ~MONTHLY & pl.col("first_on").is_null(),
    "no_step": ~NOTICED & ~MONTHLY & ~pl.col("has_step"),
}
NO_FORECAST = "none"
CALLS = (*FORECASTS, NO_FORECAST)
# Shorter terms decide every month: there is nothing to prepare.
LONG_TERM_MONTHS = 3
# A decision this near stands out.
SOON_DAYS = 14
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Total:
    """Contracts and their ARR."""

    count: int = 0
    arr: Decimal = ZERO


def add_up(rows: pl.DataFrame) -> Total:
    """What some rows of a desk come to."""
    return Total(rows.height, sum_of(rows, "arr"))


def sum_of(rows: pl.DataFrame, column: str) -> Decimal:
    """The exact sum of a column of amounts; what has none counts nothing."""
    total = cast("Decimal", rows[column].sum())  # exact: a sum of decimals is one
    return total or ZERO


@dataclass(frozen=True)
class Desk:
    """Everything due in the window, soonest first, then monthly contracts, then what is under notice.

    `rows`: columns of the KPI's contracts, and day_on (the decision date, or the end under notice), term_ends_on, term,
    noticed, monthly, at_risk, call (a key of CALLS), forecast, has_step, first_on (the first preparation act).
    `portfolio`: the ARR of the whole book. `outcomes`: in the place of `spread` under five contracts.
    """

    window: int
    rows: pl.DataFrame
    portfolio: Decimal
    expected: Decimal
    spread: risk.LossRange | None
    outcomes: tuple[risk.Outcome, ...]
    unknown_risk: int
    at_risk_by_window: dict[int, Decimal]
    unpriced: int

    def total_under(self, state: str) -> Total:
        """A figure of the page by its name in STATES."""
        return add_up(self.rows.filter(STATES[state]))

    def by_forecast(self) -> list[tuple[str, Total]]:
        """What each call comes to, then what has none; under notice counts as lost. They add up to due and notice."""
        return [(call, add_up(self.narrowed(forecast=call))) for call in CALLS]

    def narrowed(self, *, state: str = "", forecast: str = "") -> pl.DataFrame:
        """The rows under one figure and one call."""
        rows = self.rows.filter(STATES[state]) if state else self.rows
        return rows.filter(pl.col("call") == forecast) if forecast else rows


def read_desk(scope: Scope, *, window: int) -> Desk:
    """The contracts of the scope whose decision falls in the `window` days after the last night, with what is noted.

    In seven statements, whatever their number: three of the KPIs' own, the accounts of the book, calls and steps, and
    preparations.
    """
    organization, night = scope.membership.organization, scope.nights.last.night
    ids, segments = read_account_ids(scope), scope.filters.segment
    found = read_renewal_desk(organization, night, accounts=ids)
    contracts, unpriced = (_keep(frame, segments) for frame in (found.contracts, found.unpriced))
    due, weighed = risk.value_at_risk(contracts, window), risk.expected_loss(contracts, window)
    rows = pl.concat(
        [
            _name_terms(due).with_columns(noticed=pl.lit(False), at_risk=pl.col("numerator") > 0),
            _name_terms(risk.confirmed_loss(contracts, window)).with_columns(
                noticed=pl.lit(True), at_risk=pl.lit(False)
            ),
        ],
        how="diagonal_relaxed",
    )
    few = weighed.height < risk.FEW_CONTRACTS
    return Desk(
        window=window,
        rows=_add_notes(rows, organization, find_preparations(organization, due, day=scope.nights.today)),
        portfolio=sum_of(contracts, "arr"),
        expected=sum_of(weighed, "numerator"),
        spread=None if few else _draw(weighed, night),
        outcomes=tuple(risk.list_outcomes(weighed)) if few and weighed.height else (),
        unknown_risk=due.height - weighed.height,
        at_risk_by_window=_sum_at_risk(contracts),
        unpriced=unpriced.height,
    )


def _sum_at_risk(contracts: pl.DataFrame) -> dict[int, Decimal]:
    """The value at risk of every window, in one pass over the contracts."""
    sums = contracts.select(
        pl.col("arr").filter(risk.is_due(days) & risk.is_weak()).sum().alias(str(days)) for days in WINDOWS
    )
    return {days: cast("Decimal", sums[str(days)][0]) or ZERO for days in WINDOWS}


def _keep(contracts: pl.DataFrame, segments: tuple[str, ...]) -> pl.DataFrame:
    """The contracts of accounts that meet the filter by segment."""
    return contracts.filter(pl.col("segment").is_in(segments)) if segments else contracts


def _draw(weighed: pl.DataFrame, night: date) -> risk.LossRange:
    """The interval of the expected loss; the same contracts of the same night are drawn once."""
    ordered = weighed.drop_nulls("arr").sort("account_id", "subscription_id")
    return _draw_once(tuple(ordered["arr"].to_list()), tuple(ordered["renewal_risk"].to_list()), risk.seed_of(night))


@lru_cache(maxsize=64)
def _draw_once(arr: tuple[Decimal, ...], risks: tuple[float, ...], seed: int) -> risk.LossRange:
    return risk.draw_losses(arr, risks, seed=seed)


def _name_terms(contracts: pl.DataFrame) -> pl.DataFrame:
    """Columns term_ends_on and term: the end that is decided, and how acts and goals name it.

    Once the notice of the running term is over, the decision ahead is the next term's.
    """
    notice = pl.col("renews_on") - pl.col("decision_on")
    following = (pl.col("decides_on") > pl.col("decision_on")) & pl.col("auto_renews").fill_null(True)
    ahead = pl.when(following).then(pl.col("decides_on") + notice).otherwise("renews_on")
    named = contracts.with_columns(term_ends_on=pl.coalesce("ends_on", ahead))
    day = pl.col("term_ends_on").dt.to_string("%Y-%m-%d").fill_null("")
    return named.with_columns(term=pl.concat_str(day, pl.lit(":"), "subscription_id"))


def _add_notes(rows: pl.DataFrame, organization: Organization, prepared: pl.DataFrame) -> pl.DataFrame:
    """The desk's own columns beside the KPI's, in the order in which the desk shows its rows."""
    calls, steps = read_calls(organization, rows["account_id"].unique().to_list())
    for noted in (calls, steps):
        rows = rows.join(noted, on=["account_id", "term"], how="left")
    rows = rows.join(prepared, on=["account_id", "decides_on"], how="left").with_columns(
        has_step=pl.col("has_step").fill_null(False),
        monthly=(pl.col("term_months") < LONG_TERM_MONTHS).fill_null(False),
        call=pl.coalesce("forecast", pl.when("noticed").then(pl.lit("lost")), pl.lit(NO_FORECAST)),
        day_on=pl.when("noticed").then("term_ends_on").otherwise("decides_on"),
    )
    return rows.sort("noticed", "monthly", "day_on", "account_id", "subscription_id")


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
    account: str
    source_id: str
    owner_email: str
    owner: str
    forecast: str
    step: Step | None
    loss_reason: str
    started_on: date | None
    is_soon: bool

    @property
    def term(self) -> str:
        """How acts and goals name this term."""
        return name_term(self.subscription_id, self.ends_on)

    @property
    def key(self) -> str:
        """The row's id on the page."""
        return str(uuid.uuid5(self.account_id, self.term))

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


def build_rows(organization: Organization, desk: Desk, rows: pl.DataFrame) -> tuple[list[Due], Names]:
    """Some rows of the desk with names and notes, in two statements; listed outcomes' names are among them."""
    few = desk.rows.filter(STATES["due"]) if desk.outcomes else desk.rows.clear()
    names = read_names(organization, {uuid.UUID(one) for frame in (rows, few) for one in frame["account_id"]})
    notes = read_term_notes(organization, {uuid.UUID(one) for one in rows["account_id"]})
    return [_build(row, notes, names) for row in rows.iter_rows(named=True)], names


def _build(row: dict[str, Any], notes: TermNotes, names: Names) -> Due:
    account_id = uuid.UUID(row["account_id"])
    account, key = names.accounts[account_id], (account_id, row["term"])
    call, step = notes.forecasts.get(key), notes.steps.get(key)
    owner = (step.owner_email if step else "") or account.am_email or account.csm_email
    said = call.reason if call is not None and call.forecast == "lost" else ""
    return Due(
        account_id=account_id,
        subscription_id=row["subscription_id"],
        contract=row["contract_id"] or row["subscription_id"],
        plan=names.plans.get(row["plan_id"] or "", ""),
        product=names.products.get(row["product_id"], ""),
        decides_on=row["day_on"],
        ends_on=row["term_ends_on"],
        arr=row["arr"],
        at_risk=row["at_risk"],
        noticed_on=row["notice_given_on"],
        is_monthly=row["monthly"],
        health=row["health"],
        risk=row["renewal_risk"],
        account=account.name,
        source_id=account.source_id,
        owner_email=owner,
        owner=names.name_member(owner),
        forecast=row["forecast"] or "",
        step=step,
        loss_reason=said or (names.end_reasons.get(row["subscription_id"], "") if row["noticed"] else ""),
        started_on=row["first_on"],
        is_soon=row["day_on"] <= row["day"] + timedelta(days=SOON_DAYS),
    )


@dataclass(frozen=True, slots=True)
class Group:
    """A month of the desk (kind `month`), the monthly contracts or those under notice, with what all of it comes to."""

    kind: str
    month: date | None
    total: Total
    rows: list[Due]


def group_rows(shown: list[Due], whole: pl.DataFrame) -> list[Group]:
    """The rows shown by month of decision, each with the total of that month among all rows of the list."""
    groups: dict[tuple[str, date | None], list[Due]] = {}
    for row in shown:
        groups.setdefault(_group_of(row), []).append(row)
    return [Group(*key, add_up(whole.filter(_holds(*key))), rows) for key, rows in groups.items()]


def _group_of(row: Due) -> tuple[str, date | None]:
    if row.is_noticed:
        return "notice", None
    return ("monthly", None) if row.is_monthly else ("month", row.decides_on.replace(day=1))


def _holds(kind: str, month: date | None) -> pl.Expr:
    if kind == "notice":
        return NOTICED
    held = ~NOTICED & (MONTHLY if kind == "monthly" else ~MONTHLY)
    return held & (pl.col("day_on").dt.truncate("1mo") == month) if month else held


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
    weeks = (
        desk.rows.filter(~NOTICED)
        .group_by(week=pl.col("day_on").dt.truncate("1w"))
        .agg(at_risk=pl.col("arr").filter("at_risk").sum(), arr=pl.col("arr").sum(), count=pl.len())
    )
    known = {week: (at_risk or ZERO, arr - (at_risk or ZERO), count) for week, at_risk, arr, count in weeks.iter_rows()}
    begins = [first + timedelta(weeks=offset) for offset in range(((last - first).days // 7) + 1)]
    return [Week(week, *known.get(week, (ZERO, ZERO, 0))) for week in begins]
