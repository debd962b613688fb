"""Accounts refer to each other, in any order of rows: a first reading finds out which references will hold.

It keeps the file's ids in memory, about a hundred bytes an account; it is left out where no row refers to another.
"""

import uuid

from accounts.tenancy import service_context
from portfolio.columns import Kind
from portfolio.contract import ACCOUNTS
from portfolio.importing.blocks import read_blocks
from portfolio.importing.landing import Errand
from portfolio.importing.layout import read_layout
from portfolio.importing.reader import RowReader
from portfolio.importing.sources import Source
from portfolio.importing.tables import find_ids, insert_rows

OWN_REFERENCES = tuple(column.name for column in ACCOUNTS.columns if column.kind is Kind.REFERENCE)


def stub_referred_accounts(source: Source, errand: Errand) -> None:
    """Make the new accounts that other rows of the file refer to, as mere ids; reading the file then fills them.

    An account whose row will be refused is not made, nor one whose own reference leads nowhere.
    """
    known, references = _read_references(source)
    wanted = {target for targets in references.values() for target in targets}
    if not wanted:
        return
    with service_context(errand.organization_id):
        standing = find_ids("accounts", errand.organization_id, wanted).keys()
        holding = _drop_dangling(known, references, set(standing))
        new = sorted((wanted & holding) - standing)
        stamp = {"organization_id": errand.organization_id, "import_number": errand.number}
        rows = [{"id": uuid.uuid4(), "source_id": name, "name": name, **stamp} for name in new]
        insert_rows(ACCOUNTS.model, ["id", "source_id", "name", *stamp], rows)


def _read_references(source: Source) -> tuple[set[str], dict[str, list[str]]]:
    """The ids of the file's readable rows, and for those that refer to others, to whom."""
    known: set[str] = set()
    references: dict[str, list[str]] = {}
    with source.open() as stream:
        reader = RowReader(stream, frozenset(ACCOUNTS.names))
        layout = read_layout(ACCOUNTS, reader.header)
        place = {column.name: index for index, column in enumerate(layout.columns)}
        own = [place[name] for name in OWN_REFERENCES if name in place]
        if not own:
            return known, references
        for block in read_blocks(reader, layout, stream):
            for row in block.checked:
                name = row.values[place["account_id"]]
                targets = [row.values[index] for index in own if row.values[index]]
                # A second row with an id is refused, whatever it refers to.
                if targets and name not in known:
                    references[name] = targets
                known.add(name)
    return known, references


def _drop_dangling(known: set[str], references: dict[str, list[str]], standing: set[str]) -> set[str]:
    """The ids whose rows will land: a row that refers to a refused row is refused as well, and so on."""
    holding = set(known)
    referrers: dict[str, list[str]] = {}
    for name, targets in references.items():
        for target in targets:
            referrers.setdefault(target, []).append(name)
    refused = [target for target in referrers if target not in known and target not in standing]
    while refused:
        for name in referrers.get(refused.pop(), ()):
            if name in holding:
                holding.discard(name)
                if name not in standing:
                    refused.append(name)
    return holding
