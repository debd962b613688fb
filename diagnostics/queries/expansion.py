"""The desk of expansion: open opportunities of a book, the windows nobody has taken up, and what they come to.

The figures are sums of the KPI functions' own rows (diagnostics.kpis.pipeline), so each opens on the rows behind it.
Everything is summed in frames; rows are made of one page only. Stages are those of today, health and windows those of
the last night.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from decimal import Decimal
from typing import Any, cast

import polars as pl

from diagnostics.acts import local_day
from diagnostics.kpis.desks import ExpansionDesk, read_expansion_desk
from diagnostics.kpis.frames import MONEY
from diagnostics.kpis.pipeline import LEVERS, QUALIFIED
from diagnostics.queries.diagnosed import Scope, read_account_ids
from portfolio.opportunities import OPEN_STAGES

WINDOW, FICTIONAL = pl.col("opportunity_id").is_null(), pl.col("is_fictional")
WON = pl.col("won_on").is_not_null()
COUNTED = ~WINDOW & ~FICTIONAL & ~WON
# What the desk may be narrowed to; each is a figure of the page.
STATES: dict[str, pl.Expr] = {
    "counted": COUNTED,
    "qualified": COUNTED & pl.col("stage").is_in(QUALIFIED),
    "fictional": FICTIONAL,
    "windows": WINDOW,
    "won": WON,
}
SOON_DAYS = 14
ZERO = Decimal(0)
COLUMNS: dict[str, Any] = {
    "account_id": pl.String,
    "opportunity_id": pl.String,
    "lever": pl.String,
    "product_id": pl.String,
    "stage": pl.String,
    "amount": MONEY,
    "created_on": pl.Date,
    "expected_on": pl.Date,
    "opened_on": pl.Date,
    "window_ends_on": pl.Date,
    "is_open": pl.Boolean,
    "is_fragile": pl.Boolean,
    "is_falling": pl.Boolean,
    "is_fictional": pl.Boolean,
    "room": MONEY,
    "won_on": pl.Date,
}


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
    won_on: date | None

    @property
    def closes_on(self) -> date | None:
        """What closes first: the window or the opportunity's own day."""
        return min(filter(None, (self.window_ends_on, self.expected_on)), default=None)

    @property
    def is_window(self) -> bool:
        return self.opportunity_id is None

    @property
    def key(self) -> str:
        """The row's id on the page; a window's is that of its account and lever."""
        return str(self.opportunity_id or uuid.uuid5(self.account_id, self.lever))


@dataclass(frozen=True, slots=True)
class Total:
    """Rows and their ARR."""

    count: int = 0
    arr: Decimal = ZERO


def add_up(rows: pl.DataFrame) -> Total:
    """What some rows of a desk come to."""
    return Total(rows.height, sum_of(rows, "amount"))


def sum_of(rows: pl.DataFrame, column: str) -> Decimal:
    """The exact sum of a column of amounts."""
    return cast("Decimal", rows[column].sum()) or ZERO


@dataclass(frozen=True)
class Desk:
    """Everything that is for sale in a book, what closes first first; then what is fictional, then what was won.

    `rows`: columns COLUMNS and closes_on. `expected`: Σ probability × amount of the diagnoses; `room`: the raw amounts
    behind it. `open_windows`: with or without an opportunity. `accounts`: how many of the book were diagnosed.
    """

    rows: pl.DataFrame
    expected: Decimal
    room: Decimal
    open_windows: pl.DataFrame
    accounts: int
    quarter_starts_on: date

    def total_under(self, state: str) -> Total:
        """A figure of the page by its name in STATES."""
        return add_up(self.rows.filter(STATES[state]))

    def narrowed(self, *, state: str = "", lever: str = "", stage: str = "") -> pl.DataFrame:
        """The rows under one figure, one lever and one stage; what was won only where it is asked for."""
        rows = self.rows
        if state or stage != "won":
            rows = rows.filter(STATES[state] if state else ~WON)
        if lever:
            rows = rows.filter(pl.col("lever") == lever)
        return rows.filter(pl.col("stage") == stage) if stage else rows

    def closing_within(self, days: int, *, today: date) -> Total:
        """What is neither won nor fictional and closes in so many days."""
        closes = pl.col("closes_on")
        soon = closes.is_between(pl.lit(today), pl.lit(today + timedelta(days=days))).fill_null(False)
        return add_up(self.rows.filter(~WON & ~FICTIONAL & soon))


def read_desk(scope: Scope) -> Desk:
    """The opportunities and windows of the scope, whatever their number, in five statements."""
    found = read_expansion_desk(
        scope.membership.organization,
        local_day(scope.membership.organization),
        night=scope.nights.last.night,
        accounts=read_account_ids(scope),
        segments=scope.filters.segment,
    )
    rooms, windows = _sum_rooms(found), _list_windows(found)
    open_rows = _list_open(found, windows)
    waiting = windows.join(open_rows, on=["account_id", "lever"], how="anti", maintain_order="left")
    rows = pl.concat([_complete(part, rooms) for part in (open_rows, waiting, _list_won(found))])
    rows = rows.with_columns(closes_on=pl.min_horizontal("window_ends_on", "expected_on"))
    rows = rows.sort(
        WON,
        "is_fictional",
        pl.coalesce("won_on", "closes_on"),
        -pl.col("amount"),
        pl.coalesce("opportunity_id", "account_id"),
        "lever",
        nulls_last=True,
    )
    return Desk(
        rows=rows,
        expected=sum_of(found.potential, "numerator"),
        room=sum_of(found.potential, "raw"),
        open_windows=windows,
        accounts=found.accounts,
        quarter_starts_on=found.quarter_starts_on,
    )


def _list_windows(found: ExpansionDesk) -> pl.DataFrame:
    """The growth window that stands open on each account."""
    open_ones = found.diagnosed.filter(pl.col("lever").is_in(LEVERS))
    amount = pl.coalesce(pl.when(pl.col("lever") == lever).then(f"{lever}_arr") for lever in LEVERS).cast(MONEY)
    return open_ones.select("account_id", "lever", "opened_on", "window_ends_on", amount=amount, is_open=pl.lit(True))


def _list_open(found: ExpansionDesk, windows: pl.DataFrame) -> pl.DataFrame:
    """The open opportunities, each with the window of its own lever where that stands open."""
    own = windows.select("account_id", "lever", "opened_on", "window_ends_on", "is_open")
    return found.pipeline.join(own, on=["account_id", "lever"], how="left", maintain_order="left").select(
        "account_id", "opportunity_id", "lever", "product_id", "stage", "created_on", "opened_on", "window_ends_on",
        amount="numerator", expected_on="closes_on", is_open=pl.col("is_open").fill_null(False),
        is_fragile="fragile", is_falling=pl.col("falling").fill_null(False), is_fictional="fictional",
    )  # fmt: skip


def _list_won(found: ExpansionDesk) -> pl.DataFrame:
    """The expansion opportunities that were won since the fiscal quarter began."""
    return found.won.select(
        "account_id", "opportunity_id", "lever", "product_id", "stage", "created_on", expected_on="closes_on",
        amount=pl.col("amount_arr").fill_null(0), won_on="moved_on",
    )  # fmt: skip


def _sum_rooms(found: ExpansionDesk) -> pl.DataFrame:
    """account_id and room, the raw amounts of the levers that no opportunity has taken up; NULL where it is gated."""
    free = found.potential.filter(~pl.col("opened")).group_by("account_id").agg(free=pl.col("raw").sum())
    rooms = found.diagnosed.select("account_id", gated=pl.col("lever") == "retain").join(
        free, on="account_id", how="left"
    )
    room = pl.when(~pl.col("gated")).then(pl.col("free").fill_null(0))
    return rooms.select("account_id", room=room)


def _complete(rows: pl.DataFrame, rooms: pl.DataFrame) -> pl.DataFrame:
    """The rows with every column of COLUMNS, and their account's room unless they were won."""
    if "won_on" not in rows.columns:
        rows = rows.join(rooms, on="account_id", how="left", maintain_order="left")
    flags = [name for name, dtype in COLUMNS.items() if dtype == pl.Boolean and name not in rows.columns]
    missing = [
        pl.lit(None, dtype=dtype).alias(name)
        for name, dtype in COLUMNS.items()
        if name not in rows.columns and name not in flags
    ]
    full = rows.with_columns(*missing, *(pl.lit(False).alias(name) for name in flags))
    return full.select(pl.col(name).cast(dtype) for name, dtype in COLUMNS.items())


def build_offers(rows: pl.DataFrame) -> list[Offer]:
    """Some rows of a desk, as its page shows them."""
    return [
        Offer(
            account_id=uuid.UUID(row.pop("account_id")),
            opportunity_id=uuid.UUID(opportunity) if (opportunity := row.pop("opportunity_id")) else None,
            product_id=row.pop("product_id") or "",
            stage=row.pop("stage") or "",
            **row,
        )
        for row in rows.select(*COLUMNS).iter_rows(named=True)
    ]


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


def group_rows(shown: Iterable[Offer], whole: pl.DataFrame, *, today: date) -> list[Group]:
    """The rows shown by when they close, each group with the totals of that group among all rows of the list."""
    groups: dict[tuple[str, date | None], list[Offer]] = {}
    for row in shown:
        groups.setdefault(_group_of(row, today), []).append(row)
    found = []
    for (kind, month), rows in groups.items():
        own = whole.filter(_holds(kind, month, today))
        found.append(Group(kind, month, add_up(own), add_up(own.filter(WINDOW)), rows))
    return found


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


def _holds(kind: str, month: date | None, today: date) -> pl.Expr:
    """The condition of `_group_of` on a frame."""
    closes, soon = pl.col("closes_on"), pl.lit(today + timedelta(days=SOON_DAYS))
    if kind == "won":
        return WON
    if kind == "fictional":
        return ~WON & FICTIONAL
    own = {
        "none": closes.is_null(),
        "late": closes < pl.lit(today),
        "soon": (closes >= pl.lit(today)) & (closes <= soon),
        "month": (closes > soon) & (closes.dt.truncate("1mo") == pl.lit(month)),
    }[kind]
    return ~WON & ~FICTIONAL & own.fill_null(False)


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
    kind = (
        pl.when(WON).then(pl.lit("won")).when(WINDOW).then(pl.lit("waiting")).when(FICTIONAL).then(pl.lit("fictional"))
    )
    sums = (
        desk.rows.with_columns(kind=kind.otherwise(pl.lit("counted")), stage=pl.col("stage").fill_null(""))
        .group_by("lever", "kind", "stage")
        .agg(count=pl.len(), arr=pl.col("amount").sum())
    )
    known = {(lever, kind, stage): Total(count, arr) for lever, kind, stage, count, arr in sums.iter_rows()}

    def find(lever: str, kind: str, stage: str) -> Total:
        return known.get((lever, kind, stage), Total())

    lines = []
    for lever in LEVERS:
        cells = [Cell(stage, find(lever, "counted", stage), find(lever, "fictional", stage)) for stage in OPEN_STAGES]
        counted = [cell.counted for cell in cells]
        whole = Total(sum(cell.count for cell in counted), sum((cell.arr for cell in counted), ZERO))
        lines.append(LeverLine(lever, cells, whole, find(lever, "won", "won"), find(lever, "waiting", "")))
    return lines
