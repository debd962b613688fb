"""A block of checked rows becomes facts: references are found, what changed is known, and what it was before is kept.

One block is one transaction, so that a killed import has landed whole blocks and nothing else.
"""

import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import polars as pl

from portfolio.columns import File, Kind, write_cell
from portfolio.contract import ACCOUNTS
from portfolio.importing.history import keep_history
from portfolio.importing.kept_edits import keep_edits
from portfolio.importing.layout import Checked, Fault, Layout
from portfolio.importing.previous import keep_previous
from portfolio.importing.sealing import DIGEST, digest_texts, open_texts, seal_texts
from portfolio.importing.seen import SeenKeys, digest_keys
from portfolio.importing.tables import find_ids, find_rows, insert_rows, update_rows
from portfolio.models import Subscription

BOOKKEEPING = ("id", "organization_id", "import_number")


@dataclass(frozen=True, slots=True)
class Errand:
    """For whom and as what rows land."""

    organization_id: uuid.UUID
    number: int
    day: date


@dataclass
class Outcome:
    """What became of one block."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    faults: list[Fault] = field(default_factory=list)
    accounts: set[uuid.UUID] = field(default_factory=set)
    first_day: date | None = None
    last_day: date | None = None


class Lander:
    """Lands the blocks of one file, in their order."""

    def __init__(self, layout: Layout, errand: Errand, adjust: Callable[[str, Any], Any] | None = None) -> None:
        """`adjust(column, value)` may change a value before it lands (dates declared as last paid days)."""
        self.layout, self.errand, self.file = layout, errand, layout.file
        self.columns = layout.columns
        self.place = {column.name: index for index, column in enumerate(self.columns)}
        self.key = [self.file.database_column(self.file.by_name[name]) for name in self.file.key]
        self.clear = [column for column in self.columns if column not in self.file.sealed]
        self.seals = [column for column in self.columns if column in self.file.sealed]
        # Where each column's value stands in a record: a private text under its own name, until it is sealed.
        self.names = [c.name if c in self.seals else self.file.database_column(c) for c in self.columns]
        self.clear_names = [self.file.database_column(column) for column in self.clear]
        # A key column that the file lacks counts as empty (an intent signal without a provider).
        self.lacking = {column: "" for column in self.key if column not in self.names}
        self.adjust = adjust
        self.seen = SeenKeys()

    def remember(self, rows: list[Checked]) -> list[bool]:
        """Whether the file has already brought the key of each row; from now on it has."""
        keys = [
            tuple(row.values[self.place[name]] if name in self.place else "" for name in self.file.key) for row in rows
        ]
        digests = digest_keys(keys)
        order = pl.Series(values=[0], dtype=pl.Int8).new_from_index(0, len(keys))
        again = self.seen.find(digests, order) | ~digests.is_first_distinct()
        self.seen.add(digests.filter(~again), order.filter(~again))
        return again.to_list()

    def land(self, rows: list[Checked]) -> Outcome:
        """Write one block; call inside the organization's context, in the block's transaction."""
        outcome = Outcome()
        resolved = self._resolve(rows, outcome)
        records, keys = [], []
        for (row, record), again in zip(resolved, self.remember([row for row, _record in resolved]), strict=True):
            if again:
                outcome.faults.append(self.layout.refuse(row, "second_row", self.file.own_id or self.file.key[0]))
            else:
                records.append(record)
                keys.append([row.values[self.place[name]] if name in self.place else "" for name in self.file.key])
        if not records:
            return outcome
        standing = self._find_standing(records)
        stood = [standing.get(tuple(record[column] for column in self.key)) for record in records]
        keep_edits(self.file, list(zip(keys, records, stood, strict=True)))
        created: list[dict[str, Any]] = []
        changed: list[tuple[dict[str, Any], dict[str, Any]]] = []
        for record in records:
            before = standing.get(tuple(record[column] for column in self.key))
            if before is None:
                created.append(record)
            elif before["import_number"] == self.errand.number:
                # Made a moment ago as a mere id, because another row refers to it: see accounts.
                record["id"] = before["id"]
                if self._differs(record, before):
                    update_rows(self.file.model, self.errand.organization_id, *self._stored([record]))
                outcome.created += 1
            elif self._differs(record, before):
                record["id"] = before["id"]
                changed.append((record, before))
            else:
                outcome.unchanged += 1
        self._create(created)
        self._change(changed)
        outcome.created += len(created)
        outcome.updated += len(changed)
        self._tell(outcome, [*created, *(record for record, _before in changed)])
        return outcome

    def _resolve(self, rows: list[Checked], outcome: Outcome) -> list[tuple[Checked, dict[str, Any]]]:
        """Each row with its {database column: value, private column's name: text}; a dangling one becomes a fault."""
        ids: dict[str, dict[str, uuid.UUID]] = {}
        for column in self.columns:
            if column.kind is Kind.REFERENCE:
                wanted = {row.values[self.place[column.name]] for row in rows} - {None}
                known = ids.setdefault(column.refers_to, {})
                known.update(find_ids(column.refers_to, self.errand.organization_id, wanted - known.keys()))
        resolved = []
        for row in rows:
            record: dict[str, Any] = dict(self.lacking)
            for column, name, value in zip(self.columns, self.names, row.values, strict=True):
                if column.kind is Kind.REFERENCE and value is not None:
                    target = ids[column.refers_to].get(value)
                    if target is None:
                        outcome.faults.append(self.layout.refuse(row, "dangling", column.name))
                        break
                    value = target
                elif self.adjust:
                    value = self.adjust(column.name, value)
                record[name] = value
            else:
                resolved.append((row, record))
        return resolved

    def _find_standing(self, records: list[dict[str, Any]]) -> dict[tuple[Any, ...], dict[str, Any]]:
        columns = ["id", "import_number", *self.clear_names]
        if self.file.sealed:
            columns += [DIGEST, *(self.file.database_column(column) for column in self.file.sealed)]
        keys = [tuple(record[column] for column in self.key) for record in records]
        return find_rows(self.file.model, self.errand.organization_id, self.key, keys, columns)

    def _differs(self, record: dict[str, Any], before: dict[str, Any]) -> bool:
        texts_differ = bool(self.seals) and self._texts_differ(record, before)
        return texts_differ or any(record[column] != before[column] for column in self.clear_names)

    def _texts_differ(self, record: dict[str, Any], before: dict[str, Any]) -> bool:
        """By the digest, unless the file lacks a private column or the row was written without a digest."""
        known = bytes(before[DIGEST] or b"")
        if known and len(self.seals) == len(self.file.sealed):
            return digest_texts(self.file, self.errand.organization_id, record) != known
        stood = open_texts(self.file, self.errand.organization_id, before["id"], before)
        # What the file does not hold stays as it is.
        for column in self.file.sealed:
            record.setdefault(column.name, stood[column.name])
        return any(record[column.name] != stood[column.name] for column in self.seals)

    def _stored(self, records: list[dict[str, Any]], *, new: bool = False) -> tuple[list[str], list[dict[str, Any]]]:
        """Column names and rows as the database takes them: private texts sealed for their row."""
        kept = ("id", *self.clear_names)
        rows = []
        for record in records:
            row = {column: record[column] for column in kept}
            if self.seals or (new and self.file.sealed):
                texts = {column.name: record.get(column.name, "") for column in self.file.sealed}
                row |= seal_texts(self.file, self.errand.organization_id, record["id"], texts)
            rows.append(row)
        return [column for column in rows[0] if column != "id"], rows

    def _create(self, records: list[dict[str, Any]]) -> None:
        if not records:
            return
        for record in records:
            record["id"] = uuid.uuid4()
        columns, rows = self._stored(records, new=True)
        for row, record in zip(rows, records, strict=True):
            row |= {column: record[column] for column in self.key if column not in row}
            row |= {"organization_id": self.errand.organization_id, "import_number": self.errand.number}
        insert_rows(self.file.model, list(dict.fromkeys([*BOOKKEEPING, *self.key, *columns])), rows)

    def _change(self, changed: list[tuple[dict[str, Any], dict[str, Any]]]) -> None:
        if not changed:
            return
        organization_id = self.errand.organization_id
        before_rows = [(before["id"], self._before(before)) for _record, before in changed]
        keep_previous(organization_id, self.errand.number, self.file.name, before_rows)
        if self.file is ACCOUNTS:
            keep_history(self.errand.organization_id, self.errand.number, self.errand.day, changed)
        update_rows(self.file.model, organization_id, *self._stored([record for record, _before in changed]))

    def _before(self, before: dict[str, Any]) -> dict[str, str | None]:
        """What the import may have overwritten, in words: cells of clear columns by database column, texts by name."""
        kept = {column: None if before[column] is None else write_cell(before[column]) for column in self.clear_names}
        if self.seals:
            kept |= open_texts(self.file, self.errand.organization_id, before["id"], before)
        return kept

    def _tell(self, outcome: Outcome, records: list[dict[str, Any]]) -> None:
        """Note whom and which days the block concerns, for those who want to know when facts arrive."""
        account = "id" if self.file is ACCOUNTS else "account_id"
        outcome.accounts = {record[account] for record in records if account in record}
        days = [value for record in records for value in record.values() if type(value) is date]
        if days:
            outcome.first_day, outcome.last_day = min(days), max(days)


def last_paid_to_first_unpaid(file: File) -> Callable[[str, Any], Any] | None:
    """The adjustment for subscriptions whose ended_on is declared to be the last paid day; None for other files."""
    if file.model is not Subscription:
        return None
    from datetime import timedelta

    return lambda column, value: value + timedelta(days=1) if column == "ended_on" and value is not None else value
