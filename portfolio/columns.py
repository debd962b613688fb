"""The words in which the data contract is written: kinds of cells, columns, files."""

import datetime
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from functools import cached_property
from typing import Any

from django.db import models
from django.utils.functional import Promise

from accounts.fields import EncryptedTextField

# Beyond it a float no longer holds every whole number.
LARGEST_WHOLE = 2**53


class Kind(StrEnum):
    """What a cell holds; portfolio.importing.cells reads each kind, portfolio.exporting writes it."""

    ID = "id"
    TEXT = "text"
    PROSE = "prose"
    EMAIL = "email"
    EMAILS = "emails"
    DATE = "date"
    INSTANT = "instant"
    DECIMAL = "decimal"
    INTEGER = "integer"
    NUMBER = "number"
    BOOLEAN = "boolean"
    CHOICE = "choice"
    COUNTRY = "country"
    CURRENCY = "currency"
    REFERENCE = "reference"


@dataclass(frozen=True, slots=True)
class Column:
    """One column. `choices` are the values of a CHOICE; `ignored` are accepted and mean an empty cell."""

    name: str
    kind: Kind = Kind.TEXT
    required: bool = False
    lands_in: str = ""
    choices: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    refers_to: str = ""
    keeps_history: bool = False
    most: float | None = None
    meaning: str | Promise = ""

    @property
    def field(self) -> str:
        """The model's field."""
        return self.lands_in or self.name


@dataclass(frozen=True)
class File:
    """One file: its model, its columns in the order in which they are written, and the columns of its key."""

    name: str
    model: type[models.Model]
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    one_row_is: str | Promise
    label: str | Promise
    only_from_export: bool = False

    @cached_property
    def by_name(self) -> dict[str, Column]:
        return {column.name: column for column in self.columns}

    @cached_property
    def names(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns)

    @cached_property
    def required(self) -> tuple[str, ...]:
        return tuple(column.name for column in self.columns if column.required)

    @cached_property
    def references(self) -> tuple[Column, ...]:
        return tuple(column for column in self.columns if column.kind is Kind.REFERENCE)

    @cached_property
    def sealed(self) -> tuple[Column, ...]:
        """The columns that are encrypted at rest."""
        return tuple(column for column in self.columns if isinstance(self.model_field(column), EncryptedTextField))

    @cached_property
    def own_id(self) -> str:
        """The column with the row's own id in its source, '' where the key is made of other columns."""
        return next(
            (column.name for column in self.columns if column.kind is Kind.ID and column.field == "source_id"), ""
        )

    def model_field(self, column: Column) -> models.Field:
        """The Django field in which a column lands."""
        return self.model._meta.get_field(column.field)  # type: ignore[return-value]  # columns land in concrete fields

    def database_column(self, column: Column) -> str:
        """The database column in which it lands (`account_id` for the reference `account`)."""
        return str(self.model_field(column).column)


def own_id(name: str, **options: Any) -> Column:
    """The row's own id in its source."""
    return Column(name, Kind.ID, required=True, lands_in="source_id", **options)


def reference(name: str, file: str, **options: Any) -> Column:
    """The id of a row of another file; it lands in the key named like it, without `_id`."""
    options.setdefault("lands_in", name.removesuffix("_id"))
    return Column(name, Kind.REFERENCE, refers_to=file, **options)


def account() -> Column:
    """The account that the row is about."""
    return reference("account_id", "accounts", required=True)


def choice(name: str, *choices: str, **options: Any) -> Column:
    """One of the values named."""
    return Column(name, Kind.CHOICE, choices=choices, **options)


def span(name: str, most: int, **more: Any) -> Column:
    """Months or days of a contract; whatever is longer is a slip, and ends on no day that a screen could name."""
    return Column(name, Kind.INTEGER, most=most, **more)


def date(name: str, **options: Any) -> Column:
    """A day."""
    return Column(name, Kind.DATE, **options)


def instant(name: str, **options: Any) -> Column:
    """A moment, with its offset from UTC."""
    return Column(name, Kind.INSTANT, **options)


def amount(name: str, **options: Any) -> Column:
    """Money in the row's currency."""
    return Column(name, Kind.DECIMAL, **options)


def file(
    name: str,
    model: type[models.Model],
    key: str,
    label: str | Promise,
    one_row_is: str | Promise,
    *columns: Column,
    only_from_export: bool = False,
) -> File:
    """Declare a file; `key` holds the key's columns, separated by spaces."""
    return File(name, model, tuple(key.split()), columns, one_row_is, label, only_from_export)


def write_cell(value: Any) -> str:
    """The one way in which a value is written into a cell: what portfolio.importing reads back as the same value."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime.datetime):
        return value.astimezone(datetime.UTC).isoformat()
    if isinstance(value, Decimal):
        # 200.0000 and 2E+2 are written 200; zero has no sign.
        return format(value.normalize() + 0, "f")
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() and abs(value) < LARGEST_WHOLE else repr(value)
    return value.isoformat() if isinstance(value, datetime.date) else str(value)
