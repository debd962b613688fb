"""The organization's facts as the files of the contract, with settings.json and manifest.json.

The same facts give the same bytes: rows in the order of their keys, values in their one spelling, no date of making.
"""

import csv
import hashlib
import io
import json
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import date, timedelta
from pathlib import Path
from typing import IO, Any, Protocol

from django.db import connection, transaction
from django.db.models import Max, Min

from accounts.fields import Sealed
from accounts.models import Organization
from accounts.tenancy import service_context
from portfolio.columns import Column, File, Kind, write_cell
from portfolio.contract import FILES, MANIFEST, SETTINGS, USAGE, VERSION
from portfolio.models import Usage
from portfolio.settings_file import write_settings

BLOCK_ROWS = 2_000


class Target(Protocol):
    """Where files go: a folder or a zip."""

    def open(self, name: str) -> Any:
        """A context manager that gives a binary file to write."""


def export_organization(organization_id: uuid.UUID, target: Target) -> dict[str, int]:
    """Write every file of the contract to `target`; returns the rows per file.

    All files show one moment: they are read in one transaction that sees no later commit.
    """
    files: dict[str, dict[str, Any]] = {}
    is_outermost = not connection.in_atomic_block
    with transaction.atomic():
        if is_outermost:
            with connection.cursor() as cursor:
                cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        for file in FILES.values():
            # A context for each file: its token lives an hour, and an expired one would show an empty file.
            with service_context(organization_id), _writing(target, f"{file.name}.csv") as out:
                rows = _write_usage(out) if file is USAGE else _write_file(file, organization_id, out)
                files[f"{file.name}.csv"] = {"rows": rows, "sha256": out.digest.hexdigest()}
        with service_context(organization_id), _writing(target, SETTINGS) as out:
            out.write(write_settings(Organization.objects.get(pk=organization_id)))
            files[SETTINGS] = {"sha256": out.digest.hexdigest()}
    with _writing(target, MANIFEST) as out:
        manifest = {"contract": VERSION, "files": files}
        out.write((json.dumps(manifest, indent=2, sort_keys=True) + "\n").encode())
    return {name.removesuffix(".csv"): entry["rows"] for name, entry in files.items() if "rows" in entry}


class _Hashed(io.RawIOBase):
    """A file that hashes what passes."""

    def __init__(self, file: IO[bytes]) -> None:
        self.file, self.digest = file, hashlib.sha256()

    def writable(self) -> bool:
        return True

    def write(self, data: Any) -> int:
        self.digest.update(data)
        return self.file.write(data)


@contextmanager
def _writing(target: Target, name: str) -> Iterator[_Hashed]:
    with target.open(name) as file:
        yield _Hashed(file)


class Folder:
    """Files into a folder; each appears under its name only when it is whole."""

    def __init__(self, path: Path) -> None:
        path.mkdir(parents=True, exist_ok=True)
        self.path = path

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        unfinished = self.path / f".{name}.unfinished"
        try:
            with unfinished.open("wb") as file:
                yield file
            unfinished.replace(self.path / name)
        finally:
            unfinished.unlink(missing_ok=True)


def write_rows(out: Any, header: list[str], rows: Iterator[list[str]]) -> int:
    """Write one CSV, cell by cell as it is; returns the number of rows."""
    text = io.TextIOWrapper(out, "utf-8", newline="", write_through=False)
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(header)
    count = 0
    for row in rows:
        writer.writerow(row)
        count += 1
    text.flush()
    text.detach()
    return count


def _write_file(file: File, organization_id: uuid.UUID, out: Any) -> int:
    with connection.chunked_cursor() as cursor:
        cursor.execute(_select(file), [organization_id])
        return write_rows(out, list(file.names), _rows(file, organization_id, cursor))


def _rows(file: File, organization_id: uuid.UUID, cursor: Any) -> Iterator[list[str]]:
    sealed = {column.name for column in file.sealed}
    readers = [_open_cell(file, column) if column.name in sealed else None for column in file.columns]
    while block := cursor.fetchmany(BLOCK_ROWS):
        for row_id, *values in block:
            yield [
                write_cell(value) if reader is None else reader(value, organization_id, row_id)
                for value, reader in zip(values, readers, strict=True)
            ]


def _open_cell(file: File, column: Column) -> Any:
    field: Any = file.model_field(column)
    return lambda value, organization_id, row_id: field.open(
        Sealed(value), organization_id=organization_id, row_id=row_id
    )


def _select(file: File) -> str:
    """One statement for a file: references as the source's ids, rows in the order of the key."""
    cells, joins, order = [], [], []
    for column in file.columns:
        if column.kind is Kind.REFERENCE:
            alias = f"ref_{column.name}"
            table = FILES[column.refers_to].model._meta.db_table
            own = file.database_column(column)
            joins.append(
                f'LEFT JOIN "{table}" AS {alias} '
                f'ON {alias}.organization_id = fact.organization_id AND {alias}.id = fact."{own}"'
            )
            cell = f"{alias}.source_id"
        else:
            cell = f'fact."{file.database_column(column)}"'
        cells.append(cell)
        if column.name in file.key:
            collated = column.kind not in (Kind.DATE, Kind.INSTANT, Kind.INTEGER)
            order.append((file.key.index(column.name), f'{cell} COLLATE "C"' if collated else cell))
    by = ", ".join(cell for _index, cell in sorted(order))
    chosen = ", ".join(cells)
    tables = f'"{file.model._meta.db_table}" AS fact {" ".join(joins)}'
    return f"SELECT fact.id, {chosen} FROM {tables} WHERE fact.organization_id = %s ORDER BY {by}"  # noqa: S608  # names


# Whole numbers are written without a point, as write_cell writes them; a bigint holds them exactly.
_USAGE = """
COPY (
    SELECT account.source_id, coalesce(product.source_id, ''), usage.metric, usage.day,
           CASE WHEN usage.quantity = trunc(usage.quantity) AND abs(usage.quantity) < 9007199254740992
                THEN usage.quantity::bigint::text ELSE usage.quantity::text END
    FROM portfolio_usage AS usage
    JOIN portfolio_account AS account
      ON account.organization_id = usage.organization_id AND account.id = usage.account_id
    LEFT JOIN portfolio_product AS product
      ON product.organization_id = usage.organization_id AND product.id = usage.product_id
    WHERE usage.day BETWEEN {first} AND {last}
    ORDER BY usage.day, account.source_id COLLATE "C", usage.metric COLLATE "C",
             coalesce(product.source_id, '') COLLATE "C"
) TO STDOUT
"""


def _write_usage(out: Any) -> int:
    """Month by month, each by COPY: a literal range of days spares PostgreSQL the other months."""
    return write_rows(out, list(USAGE.names), _usage_rows())


def _usage_rows() -> Iterator[list[str]]:
    from psycopg import sql

    days = Usage.objects.aggregate(first=Min("day"), last=Max("day"))
    if days["first"] is None:
        return
    for first, last in _months(days["first"], days["last"]):
        statement = sql.SQL(_USAGE).format(first=sql.Literal(first), last=sql.Literal(last))
        with connection.connection.cursor() as cursor, cursor.copy(statement) as copy:
            copy.set_types(["text"] * len(USAGE.names))
            for account, product, metric, day, quantity in copy.rows():
                yield [account, product, metric, day, quantity]


def _months(first: date, last: date) -> Iterator[tuple[date, date]]:
    month = first.replace(day=1)
    while month <= last:
        following = (month + timedelta(days=32)).replace(day=1)
        yield month, following - timedelta(days=1)
        month = following
