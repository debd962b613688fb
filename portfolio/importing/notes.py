"""What an import says about a whole file: what it ignored, why it refused one. Kept as code and details."""

from collections.abc import Callable
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from portfolio.importing.missing import describe_missing
from portfolio.importing.sources import LARGEST_RATIO


def note(code: str, **details: Any) -> dict[str, Any]:
    """A note as it is stored with its file."""
    return {"code": code, **details}


def write_note(stored: dict[str, Any]) -> str:
    """The sentence of a note, in the active language."""
    details = {key: value for key, value in stored.items() if key != "code"}
    sentence = _SENTENCES.get(stored["code"])
    # Imports stay; a code that this version no longer writes is shown as it is.
    return sentence(**details) if sentence else str(stored["code"])


def _list(names: list[str]) -> str:
    return ", ".join(names)


def _not_in_contract(close_to: str = "") -> str:
    if close_to:
        return _("The contract has no file of this name; perhaps it is %(file)s. Ignored.") % {
            "file": f"{close_to}.csv"
        }
    return _("The contract has no file of this name. Ignored.")


def _unknown_columns(columns: list[str]) -> str:
    return ngettext(
        "The column %(columns)s is not in the contract and was ignored.",
        "The columns %(columns)s are not in the contract and were ignored.",
        len(columns),
    ) % {"columns": _list(columns)}


def _column_missing(columns: list[str]) -> str:
    return ngettext(
        "The column %(columns)s is missing, and every row needs it. Nothing was read.",
        "The columns %(columns)s are missing, and every row needs them. Nothing was read.",
        len(columns),
    ) % {"columns": _list(columns)}


def _column_twice(columns: list[str]) -> str:
    return _("The header has %(columns)s twice. Nothing was read.") % {"columns": _list(columns)}


def _no_known_column(columns: list[str]) -> str:
    return _("The first line is no header of this file: it needs %(columns)s. Nothing was read.") % {
        "columns": _list(columns)
    }


def _without(of: str, columns: list[str]) -> str:
    return ngettext(
        "There is no column %(columns)s: %(consequence)s.",
        "There are no columns %(columns)s: %(consequence)s.",
        len(columns),
    ) % {"columns": _list(columns), "consequence": describe_missing(of, columns)}


def _fixed(sentence: Callable[[], str]) -> Callable[..., str]:
    return lambda **details: sentence() % details


_SENTENCES: dict[str, Callable[..., str]] = {
    "not_in_contract": _not_in_contract,
    "not_from_export": _fixed(
        lambda: _("Acts are written by Phano and read only from an export with its manifest.json.")
    ),
    "workbook": _fixed(lambda: _("This is a workbook. Save each sheet as “CSV UTF-8” and import that.")),
    "settings_read": _fixed(lambda: _("The organization's settings were taken from the export.")),
    "settings_kept": _fixed(
        lambda: _("The organization already has facts: its own settings stand, those of the file were not applied.")
    ),
    "settings_unreadable": _fixed(lambda: _("This is no settings file of an export. Ignored.")),
    "unknown_columns": _unknown_columns,
    "without": _without,
    "column_missing": _column_missing,
    "column_twice": _column_twice,
    "no_known_column": _no_known_column,
    "more_rejected": _fixed(lambda: _("Only the first %(kept)s rejected rows are kept; the rest are counted.")),
    "not_text": _fixed(lambda: _("This is not UTF-8 text. Save the file as “CSV UTF-8”. Nothing was read.")),
    "not_csv": _fixed(lambda: _("This is a workbook or a zip, not a CSV file. Nothing was read.")),
    "old_line_ends": _fixed(lambda: _("Lines end with carriage returns alone. Save the file again. Nothing was read.")),
    "endless_header": _fixed(
        lambda: _("The first line is longer than any header: this is no CSV file. Nothing was read.")
    ),
    "nothing_in_it": _fixed(lambda: _("The file is empty.")),
    "damaged": _fixed(lambda: _("The file is damaged and could not be unpacked to its end.")),
    "locked": _fixed(lambda: _("The zip needs a password. Nothing was read.")),
    "bomb": _fixed(
        lambda: (
            _("The file unpacks to more than %(ratio)s times its size. It was not read further.")
            % {"ratio": LARGEST_RATIO}
        )
    ),
    "unsafe_name": _fixed(lambda: _("The zip holds a file outside its own folder (%(name)s). Nothing was read.")),
    "too_many_files": _fixed(lambda: _("More than %(most)s files at once. Nothing was read.")),
    "no_file_of_contract": _fixed(
        lambda: _(
            "None of these files has a name of the contract. Name them accounts.csv, subscriptions.csv and so on."
        )
    ),
    "misnamed": _fixed(
        lambda: _("The contract has no file %(name)s; perhaps it is %(file)s. Name it so and drop it again.")
    ),
    "nothing_chosen": _fixed(lambda: _("No file was chosen.")),
    "missing": _fixed(lambda: _("There is no file or folder %(path)s.")),
}
NOTES = tuple(_SENTENCES)
