"""Taking an import back as a whole: what it created goes, what it changed returns.

It is refused, in a sentence, where later facts stand on it: then those must be taken back first.
"""

import json
import uuid
from collections.abc import Iterator
from typing import Any

from django.db import IntegrityError, connection, transaction
from django.db.models import Max, Min
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts import audit
from accounts.models import Organization
from portfolio.columns import File, Kind
from portfolio.contract import ACCOUNTS, FILES, USAGE
from portfolio.importing.kept_edits import find_edited
from portfolio.importing.records import NotPossible
from portfolio.importing.sealing import seal_texts
from portfolio.importing.tables import update_rows
from portfolio.models import (
    Account,
    Feature,
    Import,
    ImportFile,
    Plan,
    PlanLimit,
    PreviousRow,
    PreviousUsage,
    ProductEvent,
    Usage,
)
from portfolio.models.facts import Fact
from portfolio.settings_file import read_settings

UNDOABLE = (Import.State.LANDED, Import.State.STOPPED, Import.State.FAILED)
BLOCK_ROWS = 2_000


def check_undo(undone: Import) -> None:
    """Raise NotPossible where later facts stand on the import, with the sentence that says which."""
    if undone.state not in (*UNDOABLE, Import.State.UNDOING):
        raise NotPossible(_("This import cannot be undone now."))
    later = _later_change(undone.number)
    if later:
        raise NotPossible(
            _("Import %(later)s changed rows that import %(number)s brought. Undo import %(later)s first.")
            % {"later": later, "number": undone.number}
        )
    for file in FILES.values():
        for column in file.references:
            number, rows = _standing_on(file, column.name, undone.number)
            if not rows:
                continue
            if number is None:
                raise NotPossible(_made_here(rows, undone.number))
            raise NotPossible(
                _("Import %(later)s has %(file)s on what import %(number)s created. Undo import %(later)s first.")
                % {"later": number, "file": f"{file.name}.csv", "number": undone.number}
            )


def undo_import(
    import_id: uuid.UUID, *, undone_by: uuid.UUID | None = None, with_what_members_did: bool = False
) -> None:
    """Take an import back in one transaction; raises NotPossible. Call inside the organization's context.

    `with_what_members_did` also takes away acts and notes on its accounts (the sample portfolio, when it is removed).
    """
    undone = Import.objects.select_for_update().get(pk=import_id)
    if with_what_members_did:
        _remove_what_members_did(undone.number)
    check_undo(undone)
    _give_back_usage(undone.number)
    for file in reversed(FILES.values()):
        _give_back_rows(file, undone)
    for file in reversed(FILES.values()):
        _remove_created(file, undone)
    if undone.settings_before:
        read_settings(Organization.objects.get(pk=undone.organization_id), json.dumps(undone.settings_before).encode())
    PreviousRow.objects.filter(import_number=undone.number).delete()
    undone.state, undone.undone_at, undone.undone_by = Import.State.UNDONE, timezone.now(), undone_by
    undone.save(update_fields=["state", "undone_at", "undone_by"])
    audit.record("import.undone", subject="import", subject_id=undone.pk, number=undone.number)


def claim_undo(import_id: uuid.UUID) -> bool:
    """Mark an import as being undone, so that no import runs beside it; False where it is not to be undone.

    Raises NotPossible where another import of the organization runs.
    """
    try:
        with transaction.atomic():
            claimed = Import.objects.filter(pk=import_id, state__in=UNDOABLE)
            return claimed.update(state=Import.State.UNDOING, heartbeat_at=timezone.now()) == 1
    except IntegrityError as error:
        raise NotPossible(_("Another import is running. Wait for its end, or stop it.")) from error


def _made_here(rows: int, number: int) -> str:
    return ngettext(
        "%(rows)s fact was recorded in Phano on what import %(number)s created; undoing it would lose it.",
        "%(rows)s facts were recorded in Phano on what import %(number)s created; undoing it would lose them.",
        rows,
    ) % {"rows": rows, "number": number}


def _later_change(number: int) -> int | None:
    """The first later import that changed a row which this import created or changed."""
    found: list[int | None] = []
    for file in FILES.values():
        if file is USAGE:
            continue
        table = file.model._meta.db_table
        statement = (
            "SELECT min(later.import_number) FROM portfolio_previousrow AS later WHERE later.file = %s "  # noqa: S608  # a model's name
            "AND later.import_number > %s AND (EXISTS (SELECT 1 FROM portfolio_previousrow AS own "
            "WHERE own.organization_id = later.organization_id AND own.file = later.file "
            "AND own.row_id = later.row_id AND own.import_number = %s) "
            f'OR EXISTS (SELECT 1 FROM "{table}" AS fact WHERE fact.organization_id = later.organization_id '
            "AND fact.id = later.row_id AND fact.import_number = %s))"
        )
        found += _fetch(statement, [file.name, number, number, number])[0]
    days = PreviousUsage.objects.filter(import_number__gt=number).aggregate(first=Min("day"), last=Max("day"))
    if days["first"]:
        meets = (
            "other.organization_id = later.organization_id AND other.account_id = later.account_id "
            "AND other.metric = later.metric AND other.day = later.day "
            "AND other.product_id IS NOT DISTINCT FROM later.product_id AND other.import_number = %s"
        )
        statement = (
            "SELECT min(later.import_number) FROM portfolio_previoususage AS later WHERE later.import_number > %s "  # noqa: S608  # literals above
            f"AND (EXISTS (SELECT 1 FROM portfolio_previoususage AS other WHERE {meets}) "
            f"OR EXISTS (SELECT 1 FROM portfolio_usage AS other WHERE {meets} AND other.day BETWEEN %s AND %s))"
        )
        found += _fetch(statement, [number, number, number, days["first"], days["last"]])[0]
    return min((one for one in found if one is not None), default=None)


def _standing_on(file: File, column: str, number: int) -> tuple[int | None, int]:
    """Rows that this import did not bring but that refer to what it created: (latest import or None, how many)."""
    target = FILES[file.by_name[column].refers_to].model._meta.db_table
    own = file.database_column(file.by_name[column])
    table = f'"{file.model._meta.db_table}" AS fact'
    meets = f'target.organization_id = fact.organization_id AND target.id = fact."{own}"'
    # A row counts for the latest import that touched it; what this import changed itself returns with it.
    touched = (
        "LEFT JOIN LATERAL (SELECT max(import_number) AS latest, bool_or(import_number = %s) AS is_own "
        "FROM portfolio_previousrow AS kept WHERE kept.organization_id = fact.organization_id "
        "AND kept.file = %s AND kept.row_id = fact.id) AS kept ON true"
    )
    latest, arguments, rest = (
        "coalesce(kept.latest, fact.import_number)",
        [number, file.name],
        "AND kept.is_own IS NOT TRUE",
    )
    if file is USAGE:
        days = ImportFile.objects.filter(file=file.name).aggregate(first=Min("first_day"), last=Max("last_day"))
        if days["first"] is None:
            return None, 0
        latest, touched, arguments, rest = "fact.import_number", "", [], "AND fact.day BETWEEN %s AND %s"
    statement = (
        f'SELECT max({latest}), count(*) FROM {table} JOIN "{target}" AS target ON {meets} {touched} '  # noqa: S608  # names
        f"WHERE target.import_number = %s AND fact.import_number IS DISTINCT FROM %s {rest}"
    )
    arguments += [number, number]
    if file is USAGE:
        arguments += [days["first"], days["last"]]
    return _fetch(statement, arguments)[0]


def _give_back_usage(number: int) -> None:
    days = PreviousUsage.objects.filter(import_number=number).aggregate(first=Min("day"), last=Max("day"))
    if days["first"] is None:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE portfolio_usage AS stands SET quantity = kept.quantity FROM portfolio_previoususage AS kept "
            "WHERE kept.import_number = %s AND stands.organization_id = kept.organization_id "
            "AND stands.day BETWEEN %s AND %s AND stands.account_id = kept.account_id "
            "AND stands.metric = kept.metric AND stands.day = kept.day "
            "AND stands.product_id IS NOT DISTINCT FROM kept.product_id",
            [number, days["first"], days["last"]],
        )
    PreviousUsage.objects.filter(import_number=number).delete()


def _give_back_rows(file: File, undone: Import) -> None:
    """Write back what rows were, grouped by which columns were kept."""
    for block in _blocks(file, undone.number):
        groups: dict[tuple[str, ...], list[dict[str, Any]]] = {}
        edited = find_edited(file, [kept.row_id for kept in block])
        for kept in block:
            before = json.loads(kept.values)
            for column, edit in edited.get(kept.row_id, {}).items():
                # What people set since stays; the source's own word returns behind it.
                if edit.changed_at > undone.created_at and column in before:
                    edit.source_cell = before.pop(column) or ""
                    edit.save(update_fields=["source_cell"])
            row = _restore(file, undone.organization_id, kept.row_id, before)
            groups.setdefault(tuple(sorted(row.keys() - {"id"})), []).append(row)
        for columns, rows in groups.items():
            update_rows(file.model, undone.organization_id, columns, rows)


def _restore(file: File, organization_id: uuid.UUID, row_id: uuid.UUID, before: dict[str, Any]) -> dict[str, Any]:
    texts = {column.name: before[column.name] for column in file.sealed if column.name in before}
    row: dict[str, Any] = {"id": row_id}
    clear = {file.database_column(column) for column in file.columns if column not in file.sealed}
    row |= {column: value for column, value in before.items() if column in clear}
    if texts:
        row |= seal_texts(file, organization_id, row_id, texts)
    return row


def _blocks(file: File, number: int) -> Iterator[list[PreviousRow]]:
    last = uuid.UUID(int=0)
    while True:
        rows = PreviousRow.objects.filter(file=file.name, import_number=number, row_id__gt=last).order_by("row_id")
        block = list(rows[:BLOCK_ROWS])
        if not block:
            return
        yield block
        last = block[-1].row_id


def _remove_created(file: File, undone: Import) -> None:
    if file is USAGE:
        days = ImportFile.objects.filter(of_import=undone, file=file.name).aggregate(
            first=Min("first_day"), last=Max("last_day")
        )
        if days["first"] is not None:
            Usage.objects.filter(import_number=undone.number, day__range=(days["first"], days["last"]))._raw_delete(
                "default"
            )
        return
    if file is ACCOUNTS:
        _part_accounts(undone.number)
    table = file.model._meta.db_table
    # Past Django's collector: it would load every row to look for others that refer to it; PostgreSQL's keys do that.
    with connection.cursor() as cursor:
        cursor.execute(f'DELETE FROM "{table}" WHERE import_number = %s', [undone.number])  # noqa: S608  # a model's name


def _part_accounts(number: int) -> None:
    """Accounts that go refer to each other: loosen that first, because the keys are checked row by row."""
    own = [ACCOUNTS.database_column(column) for column in ACCOUNTS.columns if column.kind is Kind.REFERENCE]
    with connection.cursor() as cursor:
        for column in own:
            cursor.execute(
                f'UPDATE portfolio_account SET "{column}" = NULL WHERE import_number = %s AND "{column}" IS NOT NULL',  # noqa: S608  # names
                [number],
            )


def _remove_what_members_did(number: int) -> None:
    """Facts made in Phano on the accounts of an import: everything with no import of its own; its catalogue's too."""
    brought = Account.objects.filter(import_number=number)
    for file in reversed(FILES.values()):
        if file in (USAGE, ACCOUNTS):
            continue
        # A stage that a member moved names its opportunity, not the account.
        for reference, account in (("account_id", "account"), ("opportunity_id", "opportunity__account")):
            if reference in file.names and file.own_id != reference:
                made_here = {"import_number": None, f"{account}__in": brought}
                file.model._default_manager.filter(**made_here)._raw_delete("default")
    _remove_catalogue_of(number)


def _remove_catalogue_of(number: int) -> None:
    """Plans, limits, features and events that people added to an import's products, what hangs on others first."""
    own_plans = _read_ids(Plan, import_number=None, product__import_number=number)
    limits = _read_ids(PlanLimit, import_number=None, plan__in=own_plans)
    limits += _read_ids(PlanLimit, import_number=None, plan__import_number=number)
    features = _read_ids(Feature, import_number=None, product__import_number=number)
    events = _read_ids(ProductEvent, import_number=None, product__import_number=number)
    made: tuple[tuple[type[Fact], list[uuid.UUID]], ...] = (
        (PlanLimit, limits), (Plan, own_plans), (Feature, features), (ProductEvent, events),
    )  # fmt: skip
    for model, ids in made:
        model._default_manager.filter(pk__in=ids)._raw_delete("default")


def _read_ids(model: type[Fact], **conditions: Any) -> list[uuid.UUID]:
    return list(model._default_manager.filter(**conditions).values_list("pk", flat=True))


def _fetch(statement: str, arguments: list[Any]) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(statement, arguments)
        return cursor.fetchall()
