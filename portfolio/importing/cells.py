"""Reading one cell: text to value, or the reason why not. Pure; the grammar of every kind of the contract."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_UP, Decimal
from typing import Any

from django.db import models

from portfolio.columns import Column, File, Kind
from portfolio.importing.reasons import LONGEST_CELL

FIRST_YEAR, LAST_YEAR = 1900, 2199
LARGEST_INTEGER = 2**31 - 1
_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)", re.ASCII)
_INTEGER = re.compile(r"[+-]?\d{1,12}", re.ASCII)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_INSTANT = re.compile(r"(\d{4}-\d{2}-\d{2})[T ]\d{2}:\d{2}(:\d{2}([.,]\d+)?)?\s?(Z|z|[+-]\d{2}(:?\d{2})?)?", re.ASCII)
_ADDRESS = re.compile(r"[^@\s;,<>]+@[^@\s;,<>]+")
_COUNTRY = re.compile(r"[A-Za-z]{2}", re.ASCII)
_CURRENCY = re.compile(r"[A-Za-z]{3}", re.ASCII)
# Bytes that were not UTF-8 arrive as these (see reader): a lone surrogate stands in no valid text.
_NOT_UTF8 = re.compile("[\udc80-\udcff]")


class Unreadable(ValueError):
    """A cell that is not of its column's kind; `code` is one of portfolio.importing.reasons."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


type Read = Callable[[str], Any]
# An entry of an index must fit into a third of a page, with up to four texts in one key.
LONGEST_KEY = 500
LONGEST_LINE = 2_000
BYTES_A_CHARACTER = 4


def check_text(text: str) -> None:
    """Refuse what no text column can hold; raises Unreadable."""
    if "\0" in text:
        raise Unreadable("nul")
    if len(text) > LONGEST_CELL:
        raise Unreadable("too_long")
    if not text.isascii() and _NOT_UTF8.search(text):
        raise Unreadable("not_utf8")


def choose_reader(file: File, column: Column) -> Read:
    """The function that turns a cell of this column into its value. Empty cells never come to it."""
    if column.kind is Kind.DECIMAL:
        field = file.model_field(column)
        assert isinstance(field, models.DecimalField)
        return _read_decimal(field.max_digits, field.decimal_places)
    if column.kind is Kind.NUMBER:
        return _read_number(column.most)
    if column.kind is Kind.INTEGER and column.most is not None:
        return _read_span(column.most)
    if column.kind is Kind.CHOICE:
        return _read_choice(column)
    read = _READERS[column.kind]
    if column.kind in (Kind.ID, Kind.REFERENCE, Kind.EMAIL) or column.name in file.key:
        return _limit(read, LONGEST_KEY, "long_key")
    return _limit(read, LONGEST_LINE, "long_line") if column.kind is Kind.TEXT else read


def _limit(read: Read, most: int, code: str) -> Read:
    def read_short(cell: str) -> Any:
        value = read(cell)
        if isinstance(value, str) and len(value) * BYTES_A_CHARACTER > most and len(value.encode()) > most:
            raise Unreadable(code)
        return value

    return read_short


def empty_value(file: File, column: Column) -> Any:
    """What an empty cell lands as: '' in a text column, NULL in any other."""
    return None if file.model_field(column).null else ""


def _read_text(cell: str) -> str:
    return cell.strip()


def _read_prose(cell: str) -> str:
    return cell


def _read_email(cell: str) -> str:
    text = cell.strip().lower()
    if not _ADDRESS.fullmatch(text):
        raise Unreadable("not_an_address")
    return text


def _read_emails(cell: str) -> str:
    return ";".join(part for part in (part.strip() for part in cell.split(";")) if part)


def read_date(cell: str) -> date:
    """An ISO day between 1900 and 2199; raises Unreadable."""
    text = cell.strip()
    if not _DATE.fullmatch(text):
        raise Unreadable("not_a_date")
    try:
        day = date.fromisoformat(text)
    except ValueError:
        raise Unreadable("not_a_date") from None
    if not FIRST_YEAR <= day.year <= LAST_YEAR:
        raise Unreadable("year_out_of_range")
    return day


def _read_instant(cell: str) -> datetime:
    found = _INSTANT.fullmatch(cell.strip())
    if not found:
        raise Unreadable("not_an_instant")
    if not found[4]:
        raise Unreadable("no_offset")
    if not FIRST_YEAR <= int(found[1][:4]) <= LAST_YEAR:
        raise Unreadable("year_out_of_range")
    try:
        return datetime.fromisoformat(found[0].upper().replace(" ", "T", 1).replace(" ", "")).astimezone(UTC)
    except ValueError:
        raise Unreadable("not_an_instant") from None


def _read_decimal(digits: int, places: int) -> Read:
    unit = Decimal(1).scaleb(-places)
    least_too_large = Decimal(10) ** (digits - places)

    def read(cell: str) -> Decimal:
        text = cell.strip()
        if not _DECIMAL.fullmatch(text) or len(text) > 60:
            raise Unreadable("not_a_decimal")
        # Rounded here, not by the database, so that a second import finds the same value.
        value = Decimal(text)
        if abs(value) >= least_too_large:
            raise Unreadable("number_too_large")
        rounded = value.quantize(unit, rounding=ROUND_HALF_UP) + 0
        if abs(rounded) >= least_too_large:
            raise Unreadable("number_too_large")
        return rounded

    return read


def _read_integer(cell: str) -> int:
    text = cell.strip()
    if not _INTEGER.fullmatch(text):
        raise Unreadable("not_whole")
    value = int(text)
    if abs(value) > LARGEST_INTEGER:
        raise Unreadable("number_too_large")
    return value


def _read_span(most: float) -> Read:
    """Months or days of a contract: beyond, no calendar says when it is decided."""

    def read(cell: str) -> int:
        value = _read_integer(cell)
        if not 0 <= value <= most:
            raise Unreadable("not_a_term")
        return value

    return read


def _read_number(most: float | None) -> Read:
    def read(cell: str) -> float:
        text = cell.strip()
        if not _NUMBER.fullmatch(text):
            raise Unreadable("not_a_decimal")
        value = float(text) + 0.0
        if abs(value) == float("inf"):
            raise Unreadable("number_too_large")
        if most is not None and not 0 <= value <= most:
            raise Unreadable("out_of_bounds")
        return value

    return read


def _read_boolean(cell: str) -> bool:
    text = cell.strip().lower()
    if text not in ("true", "false"):
        raise Unreadable("not_a_boolean")
    return text == "true"


def _read_choice(column: Column) -> Read:
    accepted = {choice: choice for choice in column.choices} | dict.fromkeys(column.ignored, "")

    def read(cell: str) -> str:
        try:
            return accepted[cell.strip()]
        except KeyError:
            raise Unreadable("unknown_value") from None

    return read


def _read_country(cell: str) -> str:
    if not _COUNTRY.fullmatch(cell.strip()):
        raise Unreadable("not_a_country")
    return cell.strip().upper()


def _read_currency(cell: str) -> str:
    if not _CURRENCY.fullmatch(cell.strip()):
        raise Unreadable("not_a_currency")
    return cell.strip().upper()


_READERS: dict[Kind, Read] = {
    Kind.ID: _read_text,
    Kind.REFERENCE: _read_text,
    Kind.TEXT: _read_text,
    Kind.PROSE: _read_prose,
    Kind.EMAIL: _read_email,
    Kind.EMAILS: _read_emails,
    Kind.DATE: read_date,
    Kind.INSTANT: _read_instant,
    Kind.INTEGER: _read_integer,
    Kind.BOOLEAN: _read_boolean,
    Kind.COUNTRY: _read_country,
    Kind.CURRENCY: _read_currency,
}
