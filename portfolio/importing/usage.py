"""Usage in blocks of two megabytes: parsed, checked and sent as columns, never row by row unless a row is bad.

Only a line that the columns cannot explain goes through the row reader, so that line, column and reason stay exact.
"""

import csv
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta

import polars as pl
from django.db import transaction
from django.utils import timezone

from accounts.tenancy import service_context
from portfolio.importing.cells import LONGEST_KEY
from portfolio.importing.landing import Errand
from portfolio.importing.layout import Checked, Fault, Layout
from portfolio.importing.reader import Row, RowReader
from portfolio.importing.seen import SeenKeys
from portfolio.importing.sources import Guarded
from portfolio.importing.tables import find_ids
from portfolio.models.usage import ensure_usage_months

# Two blocks are written, one waits and one is read: larger blocks cost memory and win no time.
BLOCK_BYTES = 2 * 2**20
BLOCK_ROWS = 50_000
# The bounds of portfolio_make_usage_month, a day inside them so that the two clocks need not agree.
EARLIEST = date(1990, 1, 1)
DAYS_AHEAD = 799
TEXTS = ("account_id", "product_id", "metric", "day", "quantity")
KEY = ("account_id", "product_id", "metric", "day")


@dataclass
class UsageBlock:
    """The good rows of a block, ready to be written, and the faults of the others."""

    index: int
    rows: int
    share: float
    frame: pl.DataFrame
    faults: list[Fault] = field(default_factory=list)


class UsageReader:
    """Iterates over a usage file's blocks. Reads accounts and products in contexts of its own."""

    def __init__(self, reader: RowReader, layout: Layout, stream: Guarded, errand: Errand) -> None:
        self.reader, self.layout, self.stream, self.errand = reader, layout, stream, errand
        self.places = {place.column.name: place.index for place in layout.places}
        self.ids: dict[str, dict[str, str]] = {"accounts": {}, "products": {}}
        self.latest = timezone.now().date() + timedelta(days=DAYS_AHEAD)
        self.seen = SeenKeys()
        self.months: set[date] = set()

    def __iter__(self) -> Iterator[UsageBlock]:
        for index, (frame, faults, rows) in enumerate(self._read()):
            self._find_ids(frame)
            good, dangling = self._resolve(frame)
            good, second = self._drop_second_rows(good)
            self._make_months(good)
            faults = sorted([*faults, *dangling, *second], key=lambda fault: fault.line)
            yield UsageBlock(index, rows, self.stream.share(), good, faults)

    def _read(self) -> Iterator[tuple[pl.DataFrame, list[Fault], int]]:
        """Blocks of readable rows (texts, day and quantity, with their line), faults, and how many rows there were."""
        lines = self.reader.lines
        line, carried = lines.line + 1, b""
        while data := carried + lines.read_on(BLOCK_BYTES - len(carried)):
            cut = data.rfind(b"\n") + 1
            if len(data) < BLOCK_BYTES:
                cut = len(data)
            block, carried = data[:cut], data[cut:]
            if self.layout.rejected_file_at is not None or not block or not _is_plain(block):
                lines.put_back(data, first_line=line)
                yield from self._read_rows()
                return
            yield self._read_block(block, line)
            line += block.count(b"\n")

    def _read_rows(self) -> Iterator[tuple[pl.DataFrame, list[Fault], int]]:
        checked: list[Checked] = []
        faults: list[Fault] = []
        for row in self.reader:
            result = self.layout.check(row)
            if isinstance(result, Checked):
                result = self._check_day(result)
            if isinstance(result, Fault):
                faults.append(result)
            elif result is not None:
                checked.append(result)
            if len(checked) + len(faults) >= BLOCK_ROWS:
                yield self._frame(checked), faults, len(checked) + len(faults)
                checked, faults = [], []
        if checked or faults:
            yield self._frame(checked), faults, len(checked) + len(faults)

    def _read_block(self, block: bytes, first_line: int) -> tuple[pl.DataFrame, list[Fault], int]:
        """One block whose lines are rows."""
        parsed = self._parse(block)
        lines = block.split(b"\n") if parsed is None else []
        if parsed is None:
            frame, doubtful = self._frame([]), list(range(len(lines)))
        else:
            checked = self._check(parsed).with_columns(
                line=pl.int_range(first_line, first_line + pl.len(), dtype=pl.Int64)
            )
            frame = checked.filter("good").drop("good")
            if len(frame) == len(checked):
                return frame, [], len(frame)
            doubtful = (checked.filter(~pl.col("good"))["line"] - first_line).to_list()
            lines = block.split(b"\n")
        late: list[Checked] = []
        faults: list[Fault] = []
        for index in doubtful:
            result = self._check_line(lines[index], first_line + index)
            if isinstance(result, Fault):
                faults.append(result)
            elif result is not None:
                late.append(result)
        if late:
            frame = pl.concat([frame, self._frame(late)]).sort("line")
        return frame, faults, len(frame) + len(faults)

    def _parse(self, block: bytes) -> pl.DataFrame | None:
        """The block's cells as text; None where Polars does not find one row per line."""
        if b"\0" in block:
            return None
        try:
            parsed = pl.read_csv(
                block,
                has_header=False,
                separator=self.reader.delimiter,
                quote_char='"' if b'"' in block else None,
                schema={f"cell_{index}": pl.String for index in range(self.layout.width)},
            )
        except pl.exceptions.PolarsError:
            return None
        if len(parsed) != block.count(b"\n") + (not block.endswith(b"\n")):
            return None
        return parsed

    def _check(self, parsed: pl.DataFrame) -> pl.DataFrame:
        """Every row's five columns, and whether it is good beyond doubt."""

        def cell(name: str) -> pl.Expr:
            if name not in self.places:
                return pl.lit("").alias(name)
            return pl.col(f"cell_{self.places[name]}").fill_null("").str.strip_chars().alias(name)

        day = pl.col("day").str.to_date("%Y-%m-%d", strict=False)
        quantity = pl.col("quantity").cast(pl.Float64, strict=False)
        return (
            parsed.lazy()
            .select(*map(cell, TEXTS))
            .with_columns(is_ten=pl.col("day").str.len_bytes() == len("2026-10-31"), day=day, quantity=quantity + 0.0)
            .with_columns(
                good=(pl.col("account_id") != "")
                & (pl.col("metric") != "")
                & ~pl.any_horizontal(pl.col("account_id", "product_id", "metric").str.contains('"', literal=True))
                & (pl.col("metric").str.len_bytes() <= LONGEST_KEY)
                & pl.col("is_ten")
                & pl.col("day").is_between(EARLIEST, self.latest).fill_null(False)
                & pl.col("quantity").is_finite().fill_null(False)
            )
            .drop("is_ten")
            .collect()
        )

    def _check_line(self, line: bytes, number: int) -> Checked | Fault | None:
        text = line.decode("utf-8", "surrogateescape")
        try:
            cells = next(csv.reader([text], delimiter=self.reader.delimiter, strict=True), [])
        except csv.Error as error:
            return self.layout.check(
                Row(number, [], "stray_return" if "new-line" in str(error) else "bad_quotes", text)
            )
        if not cells:
            return None
        result = self.layout.check(Row(number, cells))
        return self._check_day(result) if isinstance(result, Checked) else result

    def _check_day(self, row: Checked) -> Checked | Fault:
        day = row.values[[column.name for column in self.layout.columns].index("day")]
        return row if EARLIEST <= day <= self.latest else self.layout.refuse(row, "day_too_far", "day")

    def _frame(self, rows: list[Checked]) -> pl.DataFrame:
        names = [column.name for column in self.layout.columns]
        columns = {name: [row.values[names.index(name)] if name in names else "" for row in rows] for name in TEXTS}
        schema = {"account_id": pl.String, "product_id": pl.String, "metric": pl.String, "day": pl.Date}
        frame = pl.DataFrame(columns, schema={**schema, "quantity": pl.Float64})
        return frame.with_columns(
            pl.col("product_id").fill_null(""), line=pl.Series([r.line for r in rows], dtype=pl.Int64)
        )

    def _find_ids(self, frame: pl.DataFrame) -> None:
        for file, column in (("accounts", "account_id"), ("products", "product_id")):
            known = self.ids[file]
            new = set(frame[column].unique().to_list()) - known.keys() - {""}
            if new:
                with service_context(self.errand.organization_id):
                    known |= {
                        source: str(ours) for source, ours in find_ids(file, self.errand.organization_id, new).items()
                    }

    def _resolve(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
        """The frame with `account` and `product` (our ids, as text), and the faults of rows that refer to nothing."""
        resolved = frame.with_columns(
            account=pl.col("account_id").replace_strict(self.ids["accounts"], default=None, return_dtype=pl.String),
            product=pl.col("product_id").replace_strict(self.ids["products"], default=None, return_dtype=pl.String),
        )
        no_account = pl.col("account").is_null()
        no_product = pl.col("product").is_null() & (pl.col("product_id") != "")
        bad = resolved.filter(no_account | no_product)
        if bad.is_empty():
            return resolved, []
        faults = [
            self._fault(row, "dangling", "account_id" if row["account"] is None else "product_id")
            for row in bad.iter_rows(named=True)
        ]
        return resolved.filter(~(no_account | no_product)), faults

    def _drop_second_rows(self, frame: pl.DataFrame) -> tuple[pl.DataFrame, list[Fault]]:
        digests = frame.select(KEY).hash_rows(seed=1)
        again = ~digests.is_first_distinct() | self.seen.find(digests, frame["day"])
        if not again.any():
            self.seen.add(digests, frame["day"])
            return frame, []
        self.seen.add(digests.filter(~again), frame["day"].filter(~again))
        faults = [self._fault(row, "second_row", "account_id") for row in frame.filter(again).iter_rows(named=True)]
        return frame.filter(~again), faults

    def _fault(self, row: dict[str, object], code: str, column: str) -> Fault:
        cells = {name: str(row[name]) for name in TEXTS if str(row[name])}
        return Fault(int(str(row["line"])), code, column, cells.get(column, ""), cells)

    def _make_months(self, frame: pl.DataFrame) -> None:
        """Partitions for the block's months, in a transaction of their own: made once, for every organization."""
        for month in frame["day"].dt.truncate("1mo").unique().to_list():
            if month not in self.months:
                with transaction.atomic():
                    ensure_usage_months(month, month)
                self.months.add(month)


def _is_plain(block: bytes) -> bool:
    """Whether every line of the block is a row by itself: no quoted cell goes over a line's end."""
    if b"\r" in block.replace(b"\r\n", b""):
        return False
    return b'"' not in block or all(line.count(b'"') % 2 == 0 for line in block.split(b"\n"))


def touched_accounts(frame: pl.DataFrame) -> set[uuid.UUID]:
    """Our ids of the accounts in a block."""
    return {uuid.UUID(account) for account in frame["account"].unique()}
