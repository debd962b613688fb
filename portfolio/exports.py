"""Exports asked for on a page: a zip made by a worker, bound to one person and organization, fetched once in a day."""

import os
import uuid
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path
from typing import IO, Any

from django.conf import settings
from django.db import transaction
from django.http import Http404
from django.utils import timezone

from accounts import audit
from accounts.models import Membership
from accounts.tenancy import service_context
from portfolio.exporting import export_organization
from portfolio.models import Export
from portfolio.queue import send_to_worker

KEPT_FOR = timedelta(hours=24)
OWNER_ONLY = 0o700


def request_export(membership: Membership) -> Export:
    """Ask for an export for oneself; call inside the organization's context."""
    export = Export.objects.create(requested_by=membership.user_id)
    audit.record("export.requested", subject="export", subject_id=export.pk)
    send_to_worker("portfolio.make_export", membership.organization_id, export.pk)
    return export


def make_export(organization_id: uuid.UUID, export_id: uuid.UUID) -> None:
    """Write the zip of an export that was asked for; one that is made, fetched or too old is left alone."""
    with service_context(organization_id):
        if not Export.objects.filter(pk=export_id, ready_at=None, requested_at__gt=timezone.now() - KEPT_FOR).exists():
            return
    path = path_of(organization_id, export_id)
    path.parent.mkdir(parents=True, exist_ok=True, mode=OWNER_ONLY)
    try:
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            export_organization(organization_id, ZipTarget(archive))
    except BaseException:
        path.unlink(missing_ok=True)
        with service_context(organization_id):
            Export.objects.filter(pk=export_id).update(failed_at=timezone.now())
        raise
    with service_context(organization_id):
        Export.objects.filter(pk=export_id).update(ready_at=timezone.now(), failed_at=None, size=path.stat().st_size)


class ZipTarget:
    """Files into a zip; a fixed date, so that the same facts give the same zip."""

    def __init__(self, archive: zipfile.ZipFile) -> None:
        self.archive = archive

    @contextmanager
    def open(self, name: str) -> Iterator[IO[bytes]]:
        entry = zipfile.ZipInfo(name)
        entry.compress_type, entry.external_attr = zipfile.ZIP_DEFLATED, 0o600 << 16
        with self.archive.open(entry, "w", force_zip64=True) as file:
            yield file


def fetch_export(membership: Membership, export_id: uuid.UUID) -> IO[bytes]:
    """The zip, opened for its one fetch, and logged; raises Http404 for a missing, foreign, fetched or expired one."""
    mine = Export.objects.filter(
        pk=export_id,
        requested_by=membership.user_id,
        fetched_at=None,
        ready_at__gt=timezone.now() - KEPT_FOR,
    )
    if mine.update(fetched_at=timezone.now()) != 1:
        raise Http404
    path = path_of(membership.organization_id, export_id)
    try:
        opened = path.open("rb")
    except FileNotFoundError:
        raise Http404 from None
    audit.record("export.fetched", subject="export", subject_id=export_id)
    # The open file lives on; its name goes with the fetch, so that there is no second one.
    transaction.on_commit(lambda: path.unlink(missing_ok=True))
    return opened


def latest_export(membership: Membership) -> Export | None:
    """The member's own newest export of the last day."""
    recent = Export.objects.filter(requested_by=membership.user_id, requested_at__gt=timezone.now() - KEPT_FOR)
    return recent.order_by("-requested_at").first()


def is_own_export(membership: Membership, export_id: uuid.UUID) -> bool:
    """Whether the member asked for this export, whatever became of it."""
    return Export.objects.filter(pk=export_id, requested_by=membership.user_id).exists()


def path_of(organization_id: uuid.UUID, export_id: uuid.UUID) -> Path:
    """Where an export's zip lies until it is fetched."""
    return Path(settings.MEDIA_ROOT) / "exports" / str(organization_id) / f"{export_id}.zip"


def clear_old_files(now: datetime) -> int:
    """Remove zips nobody fetched in a day and uploads of imports left for a week; returns how many went."""
    removed = 0
    for folder, age in (("exports", KEPT_FOR), ("imports", timedelta(days=7))):
        for path in (Path(settings.MEDIA_ROOT) / folder).glob("*/*"):
            if now.timestamp() - path.stat().st_mtime > age.total_seconds():
                _remove(path)
                removed += 1
    return removed


def _remove(path: Path) -> None:
    if path.is_dir():
        for inside in path.iterdir():
            inside.unlink()
        path.rmdir()
    else:
        os.unlink(path)


def describe_export(export: Export | None) -> dict[str, Any]:
    """What the page says about it: `state` none, making, failed, ready, fetched."""
    if export is None:
        return {"state": "none"}
    state = "making"
    if export.fetched_at:
        state = "fetched"
    elif export.failed_at:
        state = "failed"
    elif export.ready_at:
        state = "ready"
    return {"state": state, "export": export, "until": (export.ready_at or export.requested_at) + KEPT_FOR}
