"""Why a row was refused, in one sentence that says how to mend it; rows keep the code, not the sentence."""

import re
from collections.abc import Callable
from datetime import date, datetime

from django.utils.translation import gettext as _

from portfolio.columns import Column, File, Kind
from portfolio.contract import FILES

LONGEST_CELL = 1_000_000
SHOWN = 80


def explain(code: str, *, file: str, column: str, value: str) -> str:
    """The sentence for one refused row, in the active language."""
    return (
        _second_row(FILES[file]) if code == "second_row" else explain_cell(code, FILES[file].by_name.get(column), value)
    )


def explain_cell(code: str, column: Column | None, value: str) -> str:
    """The sentence for a refused value of one column, None for the row as a whole."""
    return _SENTENCES[code](column, value)


def shorten(value: str) -> str:
    """A refused value as a list shows it: one line, `SHOWN` characters."""
    line = " ".join(value.split())
    return line if len(line) <= SHOWN else line[: SHOWN - 1] + "…"


def _second_row(file: File) -> str:
    if file.own_id and len(file.key) == 1:
        return _("Second row with this id; the first was kept.")
    return _("Second row with the same %(columns)s; the first was kept.") % {"columns": ", ".join(file.key)}


def _empty(column: Column | None, value: str) -> str:
    return _("Empty, and every row needs it.")


def _unknown_value(column: Column | None, value: str) -> str:
    return _("Unknown value. One of %(choices)s.") % {"choices": ", ".join(column.choices if column else ())}


def _dangling(column: Column | None, value: str) -> str:
    file = column.refers_to if column else ""
    sentences = {
        "accounts": _("No such account in accounts.csv or in Phano."),
        "products": _("No such product in products.csv or in Phano."),
        "plans": _("No such plan in plans.csv or in Phano."),
        "opportunities": _("No such opportunity in opportunities.csv or in Phano."),
    }
    return sentences[file]


def _not_a_date(column: Column | None, value: str) -> str:
    meant = _read_day(value)
    if meant is None:
        return _("Not an ISO date. Write for example 2026-10-31.")
    return _("Not an ISO date. Write %(date)s.") % {"date": meant.isoformat()}


def _not_an_instant(column: Column | None, value: str) -> str:
    return _("Not an ISO instant with its offset. Write for example 2026-10-31T09:30:00+01:00.")


def _no_offset(column: Column | None, value: str) -> str:
    text = value.strip().replace(" ", "T", 1)
    return _("The offset from UTC is missing. Write for example %(instant)s.") % {"instant": f"{text}+01:00"}


def _not_a_decimal(column: Column | None, value: str) -> str:
    meant = _read_number(value)
    if meant is None:
        return _("Not a decimal with a dot. Write for example 1234.50.")
    return _("Not a decimal with a dot. Write %(number)s.") % {"number": meant}


def _not_whole(column: Column | None, value: str) -> str:
    meant = _read_number(value)
    if meant is None or float(meant) != int(float(meant)):
        return _("Not a whole number. Write for example 12.")
    return _("Not a whole number. Write %(number)s.") % {"number": int(float(meant))}


def _fixed(sentence: Callable[[], str]) -> Callable[[Column | None, str], str]:
    return lambda column, value: sentence()


_SENTENCES: dict[str, Callable[[Column | None, str], str]] = {
    "empty": _empty,
    "unknown_value": _unknown_value,
    "dangling": _dangling,
    "not_a_date": _not_a_date,
    "not_an_instant": _not_an_instant,
    "no_offset": _no_offset,
    "not_a_decimal": _not_a_decimal,
    "not_whole": _not_whole,
    "year_out_of_range": _fixed(lambda: _("The year is out of range. Leave the cell empty where there is no date.")),
    "day_too_far": _fixed(lambda: _("Usage is kept from 1990 to two years ahead; this day is outside.")),
    "number_too_large": _fixed(lambda: _("This number is too large to be kept exactly.")),
    "out_of_bounds": _fixed(lambda: _("Outside the range from 0 to 100.")),
    "not_a_term": _fixed(lambda: _("A term has 0 to 1,200 months, a notice 0 to 3,660 days.")),
    "not_a_boolean": _fixed(lambda: _("Neither true nor false. Write true or false.")),
    "not_a_country": _fixed(lambda: _("Not a two-letter country code. Write for example FR.")),
    "not_a_currency": _fixed(lambda: _("Not a three-letter currency code. Write for example EUR.")),
    "not_an_address": _fixed(lambda: _("Not an e-mail address. Write for example name@company.com.")),
    "nul": _fixed(lambda: _("Holds a NUL character, which a text cannot keep.")),
    "not_utf8": _fixed(lambda: _("Not UTF-8. Save the file as “CSV UTF-8” and import it again.")),
    "too_long": _fixed(lambda: _("Longer than a million characters: perhaps a quote was opened and never closed.")),
    "long_key": _fixed(lambda: _("Longer than 500 bytes, which is too long for an id, an address or a key.")),
    "long_line": _fixed(lambda: _("Longer than 2,000 bytes, which is too long for a text of one line.")),
    "bad_quotes": _fixed(lambda: _("A quote is not closed, or stands inside a quoted cell. Write it twice there.")),
    "stray_return": _fixed(lambda: _("A carriage return stands outside quotes. Put the cell in quotes.")),
    "too_many_cells": _fixed(lambda: _("More cells than the header has columns. Put a text with a comma in quotes.")),
    "own_parent": _fixed(lambda: _("An account cannot be its own parent.")),
}
REASONS = ("second_row", *_SENTENCES)

_DAY_FORMS = ("%d/%m/%Y", "%d.%m.%Y", "%d-%m-%Y", "%Y/%m/%d", "%Y.%m.%d", "%Y%m%d", "%d/%m/%y", "%d.%m.%y")


def _read_day(value: str) -> date | None:
    """The day that was meant; None where it could be two (03/04/2026) or none."""
    text = value.strip()
    if found := re.match(r"\d{4}-\d{2}-\d{2}(?=[T ])", text):
        text = found[0]
    meant = set()
    for form in (*_DAY_FORMS, "%m/%d/%Y", "%m/%d/%y", "%Y-%m-%d"):
        try:
            meant.add(datetime.strptime(text, form).date())  # noqa: DTZ007  # a day, no instant
        except ValueError:
            continue
    return meant.pop() if len(meant) == 1 else None


def _read_number(value: str) -> str | None:
    """The decimal that was meant by 1.234,00 or 1 234,5 or €12; None where it is not clear."""
    text = re.sub(r"[\s\u00a0\u202f'’€$£%]", "", value)
    if not re.fullmatch(r"[+-]?[\d.,]*\d[\d.,]*", text):
        return None
    last = max(text.rfind("."), text.rfind(","))
    if last < 0:
        return text
    mark = text[last]
    grouped = (text[:last].count(mark) > 0) or (
        not re.search(r"[.,]", text[:last]) and len(text) - last - 1 == 3 and mark == "."
    )
    if grouped:
        return text.replace(".", "").replace(",", "") if text.count(mark) > 1 else None
    if mark == "," and not re.search(r"[.,]", text[:last]) and len(text) - last - 1 == 3:
        return None  # 1,234: a thousand, or one and a bit
    return re.sub(r"[.,]", "", text[:last]) + "." + text[last + 1 :]


def kind_in_words(column: Column) -> str:
    """What a column holds, for the contract's page."""
    words = {
        Kind.ID: _("the source's own id"),
        Kind.TEXT: _("text"),
        Kind.PROSE: _("text"),
        Kind.EMAIL: _("e-mail address"),
        Kind.EMAILS: _("e-mail addresses"),
        Kind.DATE: _("date, 2026-10-31"),
        Kind.INSTANT: _("instant, 2026-10-31T09:30:00+01:00"),
        Kind.DECIMAL: _("decimal with a dot"),
        Kind.INTEGER: _("whole number"),
        Kind.NUMBER: _("number"),
        Kind.BOOLEAN: _("true or false"),
        Kind.CHOICE: ", ".join(column.choices),
        Kind.COUNTRY: _("country code"),
        Kind.CURRENCY: _("currency code, EUR"),
        Kind.REFERENCE: _("id in %(file)s") % {"file": f"{column.refers_to}.csv"},
    }
    return words[column.kind]
