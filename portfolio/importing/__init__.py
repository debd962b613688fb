"""Facts in: CSV files of the data contract, from a folder, a page or a source, into one organization.

`begin_import` numbers an import and lists its files, `run_import` claims it and lands them block by block,
`undo_import` takes it back as a whole.
"""

import uuid
from collections.abc import Sequence

from accounts.tenancy import service_context
from portfolio.events import tell_facts_arrived
from portfolio.importing.records import NotPossible, ask_to_stop, begin_import, claim_import, find_next_import
from portfolio.importing.run import Progress, Run
from portfolio.importing.sources import Refused, Source, find_sources
from portfolio.importing.undo import check_undo, claim_undo, undo_import
from portfolio.importing.uploads import find_uploads, forget_uploads, receive_uploads
from portfolio.models import Import, ImportFile
from portfolio.queue import send_to_worker
from portfolio.usage_months import pack_usage

__all__ = [
    "NotPossible",
    "Refused",
    "Source",
    "ask_to_stop",
    "begin_import",
    "check_undo",
    "claim_undo",
    "find_next_import",
    "find_sources",
    "receive_uploads",
    "run_import",
    "start_next_import",
    "take_back",
    "undo_import",
]


def run_import(
    organization_id: uuid.UUID,
    import_id: uuid.UUID,
    *,
    sources: Sequence[Source] | None = None,
    progress: Progress | None = None,
) -> Import.State | None:
    """Claim an import and read it to its end; None where another worker has it. Outside any transaction.

    `sources` in the order in which the import was begun with them; None: the uploads kept for it. Raises NotPossible
    where another import of the organization runs.
    """
    with service_context(organization_id):
        claimed = claim_import(import_id)
        if claimed is None:
            return None
        if sources is None:
            files = find_uploads(claimed)
        else:
            listed = ImportFile.objects.filter(of_import=claimed).order_by("position")
            files = list(zip(listed, sources, strict=True))
    state = Run(claimed, progress).read(files)
    if state is Import.State.LANDED:
        forget_uploads(organization_id, import_id)
    return state


def start_next_import(organization_id: uuid.UUID) -> None:
    """Send the import that has waited longest to a worker, if one waits. Call inside the organization's context."""
    waiting = find_next_import()
    if waiting is not None:
        send_to_worker("portfolio.run_import", organization_id, waiting.pk)


def take_back(
    organization_id: uuid.UUID,
    import_id: uuid.UUID,
    *,
    undone_by: uuid.UUID | None = None,
    with_what_members_did: bool = False,
) -> None:
    """Undo an import and tell who listens; one that was claimed and cannot be undone stands again as it was.

    Raises NotPossible. Outside any transaction: the undo is one of its own.
    """
    try:
        with service_context(organization_id):
            undo_import(import_id, undone_by=undone_by, with_what_members_did=with_what_members_did)
    except BaseException:
        with service_context(organization_id):
            Import.objects.filter(pk=import_id, state=Import.State.UNDOING).update(state=Import.State.LANDED)
        raise
    pack_usage(organization_id)
    forget_uploads(organization_id, import_id)
    tell_facts_arrived(organization_id, None, None)
