"""What members do with imports on their page: each act checks, writes, and sends the work behind the commit."""

from collections.abc import Iterable
from typing import Any

from django.core.files.uploadedfile import UploadedFile
from django.utils import timezone
from django.utils.translation import get_language, gettext_lazy, ngettext
from django.utils.translation import gettext as _

from accounts import audit
from accounts.formats import format_number
from accounts.models import Membership
from portfolio.importing import NotPossible, ask_to_stop, check_undo, claim_undo, receive_uploads
from portfolio.importing.records import latest_begun
from portfolio.importing.uploads import are_kept
from portfolio.models import Import
from portfolio.queue import send_to_worker
from portfolio.sample_portfolio import find_sample

_INTERRUPTED = gettext_lazy("%(name)s is interrupted: its worker is gone.")
_ENDS: dict[str, Any] = {
    Import.State.UNDONE: gettext_lazy("%(name)s is undone: what it created is gone, what it changed is back."),
    Import.State.STOPPED: gettext_lazy("%(name)s is stopped; what had landed stays."),
    Import.State.FAILED: gettext_lazy("%(name)s failed; what had landed stays."),
}

RUNNABLE = (Import.State.WAITING, Import.State.STOPPED, Import.State.FAILED)


def start_import(membership: Membership, uploads: Iterable[UploadedFile], *, last_paid_days: bool = False) -> Import:
    """Keep the uploads and send their import to a worker; call inside the organization's context.

    Raises NotPossible while the sample is loaded: it never mixes with anybody's own. Raises Refused where no file can
    be read.
    """
    if find_sample() is not None:
        raise NotPossible(_("The sample portfolio is loaded, and it never mixes with your own. Remove it first."))
    begun = receive_uploads(membership, uploads, last_paid_days=last_paid_days)
    _send(begun)
    return begun


def run_import_again(record: Import) -> None:
    """Send an import that did not come to its end to a worker again: it goes on behind what has landed.

    Raises NotPossible where it has ended, runs, or its files are gone.
    """
    interrupted = record.is_interrupted and record.state == Import.State.RUNNING
    if record.state not in RUNNABLE and not interrupted:
        raise NotPossible(_("This import cannot be run again: it runs, has landed or is undone."))
    if record.number < latest_begun():
        raise NotPossible(_("A later import has begun since. Drop the files again: nothing lands twice."))
    if not are_kept(record):
        raise NotPossible(_("The files of this import are no longer kept. Drop them again: nothing lands twice."))
    # One that waits is looked for behind each import that ends; one that is interrupted is claimed as it is.
    Import.objects.filter(pk=record.pk, state__in=RUNNABLE).update(state=Import.State.WAITING, ended_at=None)
    audit.record("import.run_again", subject="import", subject_id=record.pk, number=record.number)
    _send(record)


def stop_import(record: Import) -> None:
    """Ask an import to stop; raises NotPossible where it has ended already."""
    if not ask_to_stop(record.pk):
        raise NotPossible(_("This import has ended already."))


def request_undo(membership: Membership, record: Import) -> None:
    """Claim an import for its undo and send that to a worker; raises NotPossible with the reason."""
    _free_if_interrupted(record)
    record.refresh_from_db()
    check_undo(record)
    if not claim_undo(record.pk):
        raise NotPossible(_("This import cannot be undone now."))
    audit.record("import.undo_asked", subject="import", subject_id=record.pk, number=record.number)
    send_to_worker("portfolio.undo_import", record.organization_id, record.pk, membership.user_id)


def _free_if_interrupted(record: Import) -> None:
    """Mark an import whose worker is gone as what it is: stopped, or not undone."""
    if not record.is_interrupted:
        return
    # An undo is one long transaction that holds the row: while it does, its worker is not gone.
    if not Import.objects.select_for_update(skip_locked=True).filter(pk=record.pk).exists():
        raise NotPossible(_("The undo of import %(number)s is still under way.") % {"number": record.number})
    left = Import.objects.filter(pk=record.pk, heartbeat_at=record.heartbeat_at)
    left.filter(state=Import.State.RUNNING).update(state=Import.State.STOPPED, ended_at=timezone.now())
    left.filter(state=Import.State.UNDOING).update(state=Import.State.LANDED)


def _send(record: Import) -> None:
    send_to_worker("portfolio.run_import", record.organization_id, record.pk)


def describe_end(record: Import, *, landed: int, rejected: int, for_undo: bool = False) -> str:
    """What became of an import, or of its undo, in one sentence for a toast and for who listens."""
    if record.origin == Import.Origin.SAMPLE:
        name = _("The sample portfolio")
    else:
        name = _("Import %(number)s") % {"number": record.number}
    if for_undo and record.state != Import.State.UNDONE:
        return _("%(name)s was not undone; nothing changed.") % {"name": name}
    if record.state != Import.State.LANDED:
        return _ENDS.get(record.state, _INTERRUPTED) % {"name": name}
    language = get_language() or "en"
    sentence = ngettext("%(name)s has landed: %(rows)s row.", "%(name)s has landed: %(rows)s rows.", landed)
    told = sentence % {"name": name, "rows": format_number(landed, language=language)}
    if not rejected:
        return told
    refused = ngettext("%(rows)s row was rejected.", "%(rows)s rows were rejected.", rejected)
    return f"{told} {refused % {'rows': format_number(rejected, language=language)}}"
