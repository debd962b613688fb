"""The desk of expansion: open opportunities of a book, the windows nobody has taken up, and what they come to.

The figures are sums of the KPI functions' own rows (diagnostics.kpis.pipeline), so each opens on the rows behind it.
Stages are those of today, health and windows those of the last night.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal

import polars as pl
from django.db.models import Q

from diagnostics.acts import local_day
from diagnostics.kpis.frames import days_frame
from diagnostics.kpis.pipeline import (
    FALLING_NIGHTS,
    FELL_DAYS,
    LEVERS,
    QUALIFIED,
    expansion_pipeline,
    expansion_revenue_potential,
    find_falling,
    opportunities_on,
)
from diagnostics.kpis.reading import HEALTH, open_source
from diagnostics.models import Diagnosis
from diagnostics.queries.diagnosed import Scope, read_account_ids
from portfolio.models import Opportunity
from portfolio.opportunities import OPEN_STAGES

# What the desk may be narrowed to; each is a figure of the page.
STATES = ("counted", "qualified", "fictional", "windows", "won")
SOON_DAYS = 14
ZERO = Decimal(0)


@dataclass(frozen=True, slots=True)
class Offer:
    """One row: an opportunity, or (`opportunity_id` None) an open window that nobody has taken up.

    `amount`: the opportunity's ARR, or the room of the window's lever. `window_ends_on` and `opened_on` are the
    diagnosis' own where its lever is the row's; `closes_on`: whichever comes first of the window's end and the closing
    day. `won_on` of what is won. `room`: what the account can still carry beside its opportunities; None where gated.
    """

    account_id: uuid.UUID
    opportunity_id: uuid.UUID | None
    lever: str
    product_id: str
    stage: str
    amount: Decimal
    created_on: date | None
    expected_on: date | None
    opened_on: date | None
    window_ends_on: date | None
    is_open: bool
    is_fragile: bool
    is_falling: bool
    is_fictional: bool
    room: Decimal | None
    won_on: date | None = None

    @property
    def closes_on(self) -> date | None:
        """What closes first: the window or the opportunity's own day."""
        return min(filter(None, (self.window_ends_on, self.expected_on)), default=None)

    @property
    def is_window(self) -> bool:
        return self.opportunity_id is None

    @property
    def is_counted(self) -> bool:
        """Whether it is part of the open pipeline."""
        return not self.is_window and not self.is_fictional and self.won_on is None

    @property
    def key(self) -> str:
        """The row's id on the page; a window's is that of its account and lever."""
        return str(self.opportunity_id or uuid.uuid5(self.account_id, self.lever))

    def stands_under(self, state: str) -> bool:
        """Whether the row is part of that figure."""
        return {
            "counted": self.is_counted,
            "qualified": self.is_counted and self.stage in QUALIFIED,
            "fictional": self.is_fictional,
            "windows": self.is_window,
            "won": self.won_on is not None,
        }[state]


@dataclass(frozen=True, slots=True)
class Total:
    """Rows and their ARR."""

    count: int = 0
    arr: Decimal = ZERO


def add_up(rows: Iterable[Offer]) -> Total:
    """What some rows come to."""
    amounts = [row.amount for row in rows]
    return Total(len(amounts), sum(amounts, ZERO))


@dataclass(frozen=True)
class Desk:
    """Everything that is for sale in a book, what closes first first; then what is fictional, then what was won.

    `expected`: Σ probability × amount of the diagnoses; `room`: the raw amounts behind it. `open_windows`: with or
    without an opportunity. `accounts`: how many of the book were diagnosed.
    """

    rows: tuple[Offer, ...]
    expected: Decimal
    room: Decimal
    open_windows: tuple[Offer, ...]
    accounts: int
    quarter_starts_on: date

    def total_under(self, state: str) -> Total:
        """A figure of the page by its name in STATES."""
        return add_up(row for row in self.rows if row.stands_under(state))

    def narrowed(self, *, state: str = "", lever: str = "", stage: str = "") -> list[Offer]:
        """The rows under one figure, one lever and one stage; what was won only where it is asked for."""
        return [
            row
            for row in self.rows
            if (row.stands_under(state) if state else row.won_on is None or stage == "won")
            and (not lever or row.lever == lever)
            and (not stage or row.stage == stage)
        ]


@dataclass(frozen=True, slots=True)
class _Window:
    lever: str
    opened_on: date | None
    ends_on: date | None
    arr: Decimal


def read_desk(scope: Scope) -> Desk:
    """The opportunities and windows of the scope, whatever their number, in seven statements."""
    organization = scope.membership.organization
    today, night = local_day(organization), scope.nights.last.night
    source = open_source(organization, day=today)
    ids = read_account_ids(scope)
    diagnosed = _keep(source.diagnoses([night]), ids, scope.filters.segment)
    known = opportunities_on(source.opportunities(), source.stages(), days_frame([today]))
    known = known.join(diagnosed.select("account_id", "fragile"), on="account_id", how="inner", maintain_order="left")
    falling = _read_falling(night)
    known = known.join(falling, on="account_id", how="left", maintain_order="left")
    # The KPI's frames have a period and the day whose owners answer for it: here it is today.
    key = {"period": pl.lit(today.isoformat()), "owner_on": pl.lit(today)}
    pipeline = expansion_pipeline(known).with_columns(**key)
    potential = expansion_revenue_potential(diagnosed.with_columns(**key), pipeline)
    windows = _read_windows(scope, ids)
    rooms = _sum_rooms(diagnosed, potential)
    quarter = start_quarter(today, organization.fiscal_year_first_month)
    offers = [_build(row, windows, rooms) for row in pipeline.to_dicts()]
    taken = {(offer.account_id, offer.lever) for offer in offers}
    waiting = [_build_window(account_id, window, rooms) for account_id, window in windows.items()]
    rows = [
        *offers,
        *(window for window in waiting if (window.account_id, window.lever) not in taken),
        *_list_won(known, quarter),
    ]
    return Desk(
        rows=tuple(sorted(rows, key=_place_of)),
        expected=sum(potential["numerator"].to_list(), ZERO),
        room=sum(potential["raw"].to_list(), ZERO),
        open_windows=tuple(waiting),
        accounts=diagnosed.height,
        quarter_starts_on=quarter,
    )


def start_quarter(day: date, first_month: int) -> date:
    """The first day of the fiscal quarter in which a day lies."""
    back = (day.month - first_month) % 3
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, 1)


def _keep(diagnosed: pl.DataFrame, ids: list[str] | None, segments: tuple[str, ...]) -> pl.DataFrame:
    if segments:
        diagnosed = diagnosed.filter(pl.col("segment").is_in(segments))
    return diagnosed if ids is None else diagnosed.filter(pl.col("account_id").is_in(ids))


def _read_falling(night: date) -> pl.DataFrame:
    """account_id and falling of the accounts that ever had an expansion opportunity: only their nights are read."""
    month = night - timedelta(days=FELL_DAYS + FALLING_NIGHTS - 1), night - timedelta(days=FELL_DAYS)
    week = night - timedelta(days=FALLING_NIGHTS), night
    rows = (
        Diagnosis.objects.filter(Q(night__range=month) | Q(night__range=week))
        .filter(account_id__in=Opportunity.objects.filter(lever__in=LEVERS).values("account_id"), health__isnull=False)
        .order_by()
        .values_list("night", "account_id", "health")
    )
    health = pl.DataFrame([(n, str(a), h) for n, a, h in rows], schema=HEALTH, orient="row")
    return find_falling(health, days_frame([night])).select("account_id", "falling")


def _read_windows(scope: Scope, ids: list[str] | None) -> dict[uuid.UUID, _Window]:
    """The growth window that stands open on each account of the scope."""
    found = scope.diagnoses.filter(lever__in=LEVERS)
    if ids is not None:
        found = found.filter(account_id__in=ids)
    columns = ("account_id", "lever", "lever_since", "window_ends_on", *(f"{lever}_arr" for lever in LEVERS))
    return {
        account_id: _Window(lever, since, ends_on, amounts[LEVERS.index(lever)])
        for account_id, lever, since, ends_on, *amounts in found.values_list(*columns)
    }


def _sum_rooms(diagnosed: pl.DataFrame, potential: pl.DataFrame) -> dict[str, Decimal]:
    """By account, the raw amounts of the levers that no opportunity has taken up; accounts to retain have none."""
    gated = diagnosed.filter(pl.col("lever") == "retain")["account_id"].to_list()
    free = potential.filter(~pl.col("opened") & ~pl.col("account_id").is_in(gated))
    sums = free.group_by("account_id").agg(pl.col("raw").sum())
    rooms: dict[str, Decimal] = dict.fromkeys(diagnosed["account_id"].to_list(), ZERO)
    rooms |= dict(sums.iter_rows())
    for account_id in gated:
        del rooms[account_id]
    return rooms


def _build(row: dict[str, object], windows: dict[uuid.UUID, _Window], rooms: dict[str, Decimal]) -> Offer:
    account_id = uuid.UUID(str(row["account_id"]))
    window = windows.get(account_id)
    own = window if window is not None and window.lever == row["lever"] else None
    return Offer(
        account_id=account_id,
        opportunity_id=uuid.UUID(str(row["opportunity_id"])),
        lever=str(row["lever"]),
        product_id=str(row["product_id"] or ""),
        stage=str(row["stage"]),
        amount=row["numerator"],  # type: ignore[arg-type]  # MONEY
        created_on=row["created_on"],  # type: ignore[arg-type]  # a Date
        expected_on=row["closes_on"],  # type: ignore[arg-type]  # a Date
        opened_on=own.opened_on if own else None,
        window_ends_on=own.ends_on if own else None,
        is_open=own is not None,
        is_fragile=bool(row["fragile"]),
        is_falling=bool(row["falling"]),
        is_fictional=bool(row["fictional"]),
        room=rooms.get(str(row["account_id"])),
    )


def _build_window(account_id: uuid.UUID, window: _Window, rooms: dict[str, Decimal]) -> Offer:
    return Offer(
        account_id=account_id,
        opportunity_id=None,
        lever=window.lever,
        product_id="",
        stage="",
        amount=window.arr,
        created_on=None,
        expected_on=None,
        opened_on=window.opened_on,
        window_ends_on=window.ends_on,
        is_open=True,
        is_fragile=False,
        is_falling=False,
        is_fictional=False,
        room=rooms.get(str(account_id)),
    )


def _list_won(known: pl.DataFrame, quarter: date) -> list[Offer]:
    """The expansion opportunities that were won since the fiscal quarter began."""
    won = known.filter((pl.col("stage") == "won") & pl.col("lever").is_in(LEVERS) & (pl.col("moved_on") >= quarter))
    return [
        Offer(
            account_id=uuid.UUID(row["account_id"]),
            opportunity_id=uuid.UUID(row["opportunity_id"]),
            lever=row["lever"],
            product_id=row["product_id"] or "",
            stage="won",
            amount=row["amount_arr"] or ZERO,
            created_on=row["created_on"],
            expected_on=row["closes_on"],
            opened_on=None,
            window_ends_on=None,
            is_open=False,
            is_fragile=False,
            is_falling=False,
            is_fictional=False,
            room=None,
            won_on=row["moved_on"],
        )
        for row in won.to_dicts()
    ]


def _place_of(row: Offer) -> tuple[bool, bool, date, Decimal, str]:
    closes_on = row.won_on or row.closes_on or date.max
    return row.won_on is not None, row.is_fictional, closes_on, -row.amount, row.key


@dataclass(frozen=True, slots=True)
class Group:
    """Rows that close together, with what the whole of it comes to, and of that what is an open window by itself.

    `kind`: late, soon (14 days), month, none (no closing day), fictional, won.
    """

    kind: str
    month: date | None
    total: Total
    waiting: Total
    rows: list[Offer]


def group_rows(shown: Iterable[Offer], whole: Iterable[Offer], *, today: date) -> list[Group]:
    """The rows shown by when they close, each group with the totals of that group among all rows of the list."""
    groups: dict[tuple[str, date | None], list[Offer]] = {}
    for row in shown:
        groups.setdefault(_group_of(row, today), []).append(row)
    of_group: dict[tuple[str, date | None], list[Offer]] = {key: [] for key in groups}
    for row in whole:
        if (key := _group_of(row, today)) in of_group:
            of_group[key].append(row)
    return [
        Group(*key, add_up(of_group[key]), add_up(row for row in of_group[key] if row.is_window), rows)
        for key, rows in groups.items()
    ]


def _group_of(row: Offer, today: date) -> tuple[str, date | None]:
    if row.won_on is not None:
        return "won", None
    if row.is_fictional:
        return "fictional", None
    if row.closes_on is None:
        return "none", None
    if row.closes_on < today:
        return "late", None
    if row.closes_on <= today + timedelta(days=SOON_DAYS):
        return "soon", None
    return "month", row.closes_on.replace(day=1)


@dataclass(frozen=True, slots=True)
class Cell:
    """One lever at one stage: what counts, and what is fictional beside it."""

    stage: str
    counted: Total
    fictional: Total


@dataclass(frozen=True, slots=True)
class LeverLine:
    """One lever across the open stages, with its open windows that nobody has taken up."""

    lever: str
    cells: list[Cell]
    open: Total
    won: Total
    waiting: Total


def tabulate(desk: Desk) -> list[LeverLine]:
    """All five levers by stage, also those where nothing stands."""
    lines = []
    for lever in LEVERS:
        rows = [row for row in desk.rows if row.lever == lever]
        cells = [
            Cell(
                stage,
                add_up(row for row in rows if row.is_counted and row.stage == stage),
                add_up(row for row in rows if row.is_fictional and row.stage == stage),
            )
            for stage in OPEN_STAGES
        ]
        lines.append(
            LeverLine(
                lever,
                cells,
                add_up(row for row in rows if row.is_counted),
                add_up(row for row in rows if row.won_on is not None),
                add_up(row for row in rows if row.is_window),
            )
        )
    return lines
