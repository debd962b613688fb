"""A changed † field keeps its history: the value that stood, and the new one from the import's day on."""

import uuid
from datetime import date
from typing import Any

from portfolio.columns import Kind, write_cell
from portfolio.contract import ACCOUNTS
from portfolio.importing.previous import keep_previous
from portfolio.importing.tables import find_rows, insert_rows, update_rows
from portfolio.models import Account, AccountHistory, Import

KEY = ("account_id", "field", "from_on")
type Changed = list[tuple[dict[str, Any], dict[str, Any]]]
# For an account that no import brought: its fields stood before anything that was recorded.
LONG_AGO = date(1900, 1, 1)
KEPT = tuple(column for column in ACCOUNTS.columns if column.keeps_history)


def keep_history(organization_id: uuid.UUID, number: int, day: date, changed: Changed) -> None:
    """Write history rows for accounts about to change; `changed` holds (new, old) by database column.

    An account whose field had no history gets two rows: the old value from the day on which the account became
    known, the new one from `day`. On that first day itself nothing is known to have changed, so nothing is written.
    """
    moves = _find_moves(organization_id, changed)
    if not moves:
        return
    known_from = _known_from(moves)
    history = _read_history({account_id for account_id, *_rest in moves})
    rows = []
    for account_id, field, old, new in moves:
        past = history.get((account_id, field), [])
        in_force = [value for from_on, value in past if from_on <= day]
        if in_force and in_force[-1] == new:
            continue
        since = known_from[account_id]
        if not past:
            if since >= day:
                continue
            rows.append((account_id, field, since, old))
        rows.append((account_id, field, day, new))
    _write(organization_id, number, rows)


def _find_moves(organization_id: uuid.UUID, changed: Changed) -> list[tuple[uuid.UUID, str, str, str]]:
    """(account, field, old, new) as the contract writes them; a parent by its own id in the source."""
    moves = []
    for new, old in changed:
        for column in KEPT:
            name = ACCOUNTS.database_column(column)
            if name in new and new[name] != old[name]:
                moves.append((old["id"], column, old[name], new[name]))
    parents = {value for _id, column, *both in moves if column.kind is Kind.REFERENCE for value in both if value}
    sources = dict(Account.objects.filter(pk__in=parents).values_list("pk", "source_id")) if parents else {}
    return [
        (account_id, column.name, *(write_cell(sources.get(value, value)) for value in both))
        for account_id, column, *both in moves
    ]


def _known_from(moves: list[tuple[uuid.UUID, str, str, str]]) -> dict[uuid.UUID, date]:
    """The day on which each account became known: that of the import which brought it."""
    brought = dict(Account.objects.filter(pk__in={move[0] for move in moves}).values_list("pk", "import_number"))
    numbers = {number for number in brought.values() if number is not None}
    days = dict(Import.objects.filter(number__in=numbers).values_list("number", "day"))
    return {account_id: days.get(number or 0, LONG_AGO) for account_id, number in brought.items()}


def _read_history(accounts: set[uuid.UUID]) -> dict[tuple[uuid.UUID, str], list[tuple[date, str]]]:
    history: dict[tuple[uuid.UUID, str], list[tuple[date, str]]] = {}
    rows = AccountHistory.objects.filter(account__in=accounts).order_by("from_on")
    for account_id, field, from_on, value in rows.values_list("account_id", "field", "from_on", "value"):
        history.setdefault((account_id, field), []).append((from_on, value))
    return history


def _write(organization_id: uuid.UUID, number: int, rows: list[tuple[uuid.UUID, str, date, str]]) -> None:
    standing = find_rows(
        AccountHistory, organization_id, KEY, [row[:3] for row in rows], ["id", "value", "import_number"]
    )
    new, changed = [], []
    for account_id, field, from_on, value in rows:
        before = standing.get((account_id, field, from_on))
        if before is None:
            new.append(dict(zip(KEY, (account_id, field, from_on), strict=True)) | {"value": value})
        elif before["value"] != value:
            changed.append((before, value))
    stamp = {"organization_id": organization_id, "import_number": number}
    insert_rows(AccountHistory, ["id", *stamp, *KEY, "value"], [{"id": uuid.uuid4(), **stamp, **row} for row in new])
    keep_previous(
        organization_id,
        number,
        "account_history",
        [(before["id"], {"value": before["value"]}) for before, _value in changed if before["import_number"] != number],
    )
    update_rows(AccountHistory, organization_id, ["value"], [{"id": b["id"], "value": value} for b, value in changed])
