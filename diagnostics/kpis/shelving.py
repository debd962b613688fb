"""What any choice of accounts adds up to, kept beside the series: a book is then read, not computed.

Accounts stand on shelves in the order of their books. Those that share CSM and Account Manager are a parcel: a book is
made of whole parcels, whose sums are kept, as long as nobody took over an account since. The parts of each account are
kept too: for the groups of one period, for the list behind a figure, and for parcels of which a book has only some.
"""

import hashlib
import uuid
from collections import defaultdict
from collections.abc import Sequence

import polars as pl
import psycopg
from django.db import connection

from accounts.turns import turn
from diagnostics.kpis.balances import END, MOVED, START
from diagnostics.kpis.calendar import Every
from diagnostics.kpis.cohorts import MONTHS_SHOWN
from diagnostics.kpis.compute import Portfolio
from diagnostics.kpis.frames import OF
from diagnostics.kpis.groups import sum_parts, sum_placed
from diagnostics.kpis.packing import pack
from diagnostics.kpis.slim import Slim, list_amounts, slim
from diagnostics.models import KpiShelf, KpiShelfPeriod

# The periods that a page shows, and the quarters of a year before them.
SHELVED: dict[Every, int] = {"quarter": 8 + 4, "month": 13}
SHELF_ACCOUNTS = 4_000
# What is said of the groups of a book: kept apart, for a page reads it whole and of the rest nothing.
GROUP_KPIS = ("accounts", START, *MOVED, END, "nrr", "grr", "value_at_risk", "renewal_rate", "expansion_revenue")
IN_TABLES = frozenset((*GROUP_KPIS, *(name + OF for name in GROUP_KPIS)))
# A shelf and what stands on it in one number.
SHELF_STEP = 1_000_000
UPSERT = """
INSERT INTO {table} ({columns}) VALUES ({values})
ON CONFLICT (organization_id, every, {key}) DO UPDATE SET {changes}
"""


def shelve(portfolio: Portfolio, every: Every, parts: Sequence[Slim]) -> None:
    """Keep the parts of the portfolio's last periods, in the open context; what says the same is not touched."""
    periods = {period.label: period.first for period in portfolio.periods[-SHELVED[every] :]}
    order = arrange_accounts(portfolio.accounts)
    recent = _find_recent(parts, order, list(periods))
    shelves = _describe_shelves(portfolio, every, order, recent, list(periods))
    split = _split_parts(portfolio, order, recent, list(periods))
    rows = []
    for shelf in shelves:
        for label, first_on in periods.items():
            tables, others = (pack(parts) for parts in split[label, shelf.number])
            said = digest(shelf.mark.encode() + tables + others)
            rows.append(
                KpiShelfPeriod(
                    number=shelf.number, first_on=first_on, tables=tables, parts=others, mark=shelf.mark, digest=said
                )
            )
    organization = portfolio.organization.id
    _write(
        KpiShelf, organization, every, shelves, ["number"], ["accounts", "mark", "parcels", "periods", "sums", "people"]
    )
    _write(KpiShelfPeriod, organization, every, rows, ["first_on", "number"], ["tables", "parts", "mark"])


def clear_shelves() -> None:
    """Nothing is on them."""
    KpiShelf.objects.all().delete()
    KpiShelfPeriod.objects.all().delete()


def arrange_accounts(accounts: pl.DataFrame) -> pl.DataFrame:
    """account_id, shelf from 0, place on it from 1, and as `on_shelf` and `in_parcel` both in one number."""
    pair = ["am_email", "csm_email"]
    frame = accounts.select("account_id", pl.col(pair).fill_null("")).sort(*pair, "account_id")
    frame = frame.with_row_index("row").with_columns(pl.col("row").cast(pl.Int64), run=pl.struct(pair).rle_id())
    # A parcel longer than a shelf is cut; each stands whole on the shelf on which its first account would.
    cut = (pl.col("row") - pl.col("row").first().over("run")) // SHELF_ACCOUNTS
    frame = frame.with_columns(parcel=pl.struct("run", cut=cut).rle_id().cast(pl.Int64))
    shelf = (pl.col("row").first().over("parcel") // SHELF_ACCOUNTS).rle_id().cast(pl.Int64)
    frame = frame.with_columns(shelf=shelf)
    place = pl.int_range(1, pl.len() + 1, dtype=pl.Int64).over("shelf")
    first = pl.col("shelf") * SHELF_STEP
    return frame.select(
        "account_id", "shelf", place=place, on_shelf=first + place,
        in_parcel=first + pl.col("parcel") - pl.col("parcel").first().over("shelf"),
    )  # fmt: skip


def _find_recent(parts: Sequence[Slim], order: pl.DataFrame, periods: list[str]) -> list[Slim]:
    """The parts of these periods, of accounts that have a place, with `on_shelf` and `in_parcel`.

    Account ids are those of a numbered portfolio: places are looked up by them, for a join would copy every column.
    """
    numbered = order.schema["account_id"]
    every = pl.DataFrame({"account_id": numbered.categories}, schema={"account_id": numbered})  # type: ignore[attr-defined]  # an Enum
    places = every.join(order, on="account_id", how="left", maintain_order="left").select("on_shelf", "in_parcel")
    found = []
    for part in parts:
        frame = part.frame.filter(pl.col("period").is_in(periods))
        of_rows = places.select(pl.all().gather(frame["account_id"].to_physical()))
        frame = frame.hstack(of_rows).drop_nulls("on_shelf")
        if frame.height:
            found.append(part.with_frame(frame))
    return found


def digest(said: bytes) -> str:
    """What tells whether packed figures say the same."""
    return hashlib.blake2b(said, digest_size=16).hexdigest()


def _describe_shelves(
    portfolio: Portfolio, every: Every, order: pl.DataFrame, recent: Sequence[Slim], periods: list[str]
) -> list[KpiShelf]:
    sums = sum_placed(part.with_frame(part.frame.with_columns(group="in_parcel")) for part in recent)
    sums = sums if sums.width > 2 else sums.with_columns(pl.col("group").cast(pl.Int64))
    kept = slim(sums.sort("period", "group").with_columns(shelf=pl.col("group") // SHELF_STEP))
    people, lives = _describe_people(portfolio, order)
    found = []
    for (number,), own in order.group_by("shelf", maintain_order=True):
        accounts = [uuid.UUID(account) for account in own["account_id"].cast(pl.String)]
        here = pl.col("shelf") == number
        packed_sums = pack([kept.with_frame(kept.frame.filter(here).drop("shelf"))])
        packed_people = pack([Slim(people.filter(here).drop("shelf")), Slim(lives.filter(here).drop("shelf"))])
        parcels = own.group_by("in_parcel", maintain_order=True).len()["len"].to_list()
        said = repr((accounts, parcels, periods)).encode() + packed_sums + packed_people
        found.append(
            KpiShelf(
                number=number,
                accounts=accounts,
                mark=digest(repr(accounts).encode()),
                parcels=parcels,
                periods=periods,
                sums=packed_sums,
                people=packed_people,
                digest=digest(said),
            )
        )
    return found


def _describe_people(portfolio: Portfolio, order: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """(account_id, cohort, top) of every account; (account_id, n, start, arr) of the months that cohort maps show.

    On the shelves an account's id is its place.
    """
    own = order.select("account_id", "shelf", "on_shelf")
    people = own.join(portfolio.cohorts, on="account_id", how="left").join(
        portfolio.groups.tops.rename({"group": "top"}), on="account_id", how="left"
    )
    shown = portfolio.lives.filter(pl.col("n").is_in([0, *MONTHS_SHOWN]))
    lives = own.join(shown.select("account_id", "n", "start", "arr"), on="account_id", how="inner")
    people, lives = (frame.drop("account_id").rename({"on_shelf": "account_id"}) for frame in (people, lives))
    return people.sort("account_id"), lives.sort("account_id", "n")


def _split_parts(
    portfolio: Portfolio, order: pl.DataFrame, recent: Sequence[Slim], periods: list[str]
) -> dict[tuple[str, int], tuple[list[Slim], list[Slim]]]:
    """(tiers of day 1 and the parts of KPIs IN_TABLES, all other parts) of each period and shelf, with their owners."""
    found: dict[tuple[str, int], tuple[list[Slim], list[Slim]]] = defaultdict(lambda: ([], []))
    rows = order.join(pl.DataFrame({"period": periods}, schema={"period": pl.String}), how="cross")
    tiers = portfolio.groups.tiers(rows).select("period", "shelf", "tier", account_id="on_shelf").sort("account_id")
    for (period, shelf), piece in tiers.partition_by("period", "shelf", as_dict=True).items():
        found[period, shelf][0].append(Slim(piece.drop("shelf")))
    for part in recent:
        placed, pieces = _place(portfolio, part, periods)
        for place, one in enumerate(placed.split(IN_TABLES)):
            if one.is_empty:
                continue
            missing = [name for name in one.frame.columns if one.frame[name].null_count()]
            for key, start, height in pieces:
                piece = one.frame.slice(start, height)
                # A slice keeps the bits of what is missing where they stand in the whole, and is packed so: copied,
                # a piece says the same whatever stands before it.
                piece = piece.with_columns(pl.col(missing).gather(pl.int_range(height)))
                found[key][place].append(one.with_frame(piece))
    return found


def _place(portfolio: Portfolio, part: Slim, periods: list[str]) -> tuple[Slim, list[tuple[tuple[str, int], int, int]]]:
    """One row per period, account and owner, in the order of periods and shelves; (period and shelf, first row, rows).

    Period and place are one whole number, `cell`: rows are put in order, and added up, by that alone.
    """
    step = SHELF_STEP * (1 + part.frame["on_shelf"].max() // SHELF_STEP)  # type: ignore[operator]  # a whole number
    cell = pl.col("period").cast(pl.Enum(periods)).to_physical().cast(pl.Int64) * step + pl.col("on_shelf")
    frame = portfolio.groups.owners(part.frame)
    frame = frame.select(*list_amounts(frame), owner="group", cell=cell).sort("cell")
    if (frame["cell"].diff() == 0).any():
        frame = sum_parts(frame, ["cell", "owner"]).sort("cell", "owner")
    period, place = pl.Series("period", periods).gather(frame["cell"] // step), pl.col("cell") % step
    placed = frame.select(period, place.alias("account_id"), "owner", *list_amounts(frame))
    runs = frame.select((pl.col("cell") // SHELF_STEP).rle())["cell"].struct.unnest()
    pieces, start = [], 0
    for height, run in runs.rows():
        of, shelf = divmod(run, step // SHELF_STEP)
        pieces.append(((periods[of], shelf), start, height))
        start += height
    return part.with_frame(placed), pieces


def _write[Row: (KpiShelf, KpiShelfPeriod)](
    model: type[Row], organization_id: uuid.UUID, every: Every, rows: Sequence[Row], key: list[str], told: list[str]
) -> None:
    """Write the rows whose digest is another, and take away those that are no longer there."""
    with turn():
        standing = list(model.objects.filter(every=every).values_list("pk", "digest", *key))
    kept = {tuple(found): (pk, said) for pk, said, *found in standing}
    changed = []
    for row in rows:
        row.organization_id, row.every = organization_id, every
        _pk, said = kept.pop(tuple(getattr(row, name) for name in key), (None, ""))
        if said != row.digest:
            changed.append(row)
    gone = [pk for pk, _said in kept.values()]
    columns = ["id", "organization_id", "every", *key, *told, "digest"]
    statement = UPSERT.format(
        table=model._meta.db_table,
        columns=", ".join(columns),
        values=", ".join(["%s"] * len(columns)),
        key=", ".join(key),
        changes=", ".join(f"{name} = excluded.{name}" for name in (*told, "digest")),
    )
    # psycopg's own cursor: bytes go as they are, in the place of twice as many hexadecimal digits.
    with turn(), connection.cursor(), psycopg.Cursor(connection.connection) as cursor:
        if gone:
            cursor.execute(
                f"DELETE FROM {model._meta.db_table} WHERE organization_id = %s AND id = ANY(%s)",  # noqa: S608
                [organization_id, gone],
            )
        for row in changed:
            cursor.execute(statement, [getattr(row, name) for name in columns], prepare=False)
