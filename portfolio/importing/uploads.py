"""What is dropped on the import page: kept in a private folder of its import until it has landed or was undone."""

import shutil
import uuid
from collections.abc import Iterable, Sequence
from pathlib import Path

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile

from accounts.models import Membership
from portfolio.contract import FILES
from portfolio.importing.records import begin_import
from portfolio.importing.sources import MOST_FILES, Refused, Source, arrange, name_upload
from portfolio.models import Import, ImportFile

OWNER_ONLY = 0o700


def receive_uploads(membership: Membership, uploads: Iterable[UploadedFile], *, last_paid_days: bool = False) -> Import:
    """Keep the uploads and begin an import of them; call inside the organization's context.

    Raises Refused where none of them can be read: nothing is kept then.
    """
    import_id = uuid.uuid4()
    folder = folder_of(membership.organization_id, import_id)
    folder.mkdir(parents=True, mode=OWNER_ONLY)
    try:
        sources = arrange(_keep(uploads, folder))
        if not any(source.file in FILES and not source.refused for source in sources):
            raise _why_nothing(sources)
        return begin_import(
            membership.organization,
            sources,
            origin=Import.Origin.PAGE,
            created_by=membership.user_id,
            last_paid_days=last_paid_days,
            import_id=import_id,
        )
    except BaseException:
        shutil.rmtree(folder)
        raise


def _keep(uploads: Iterable[UploadedFile], folder: Path) -> list[Source]:
    sources: list[Source] = []
    for index, upload in enumerate(uploads):
        if index >= MOST_FILES:
            raise Refused("too_many_files", most=MOST_FILES)
        # Under a name of ours: what the browser calls a file is only ever shown.
        kept = folder / f"{index:03}"
        with kept.open("wb") as file:
            for chunk in upload.chunks():
                file.write(chunk)
        sources += name_upload(kept, upload.name or "")
    return sources


def _why_nothing(sources: Sequence[Source]) -> Refused:
    for source in sources:
        if source.refused:
            return source.refused
    if any(source.ignored_because == "workbook" for source in sources):
        return Refused("workbook")
    if any(source.ignored_because == "not_from_export" for source in sources):
        return Refused("not_from_export")
    if close := next((source for source in sources if source.close_to), None):
        return Refused("misnamed", name=close.name, file=f"{close.close_to}.csv")
    return Refused("no_file_of_contract") if sources else Refused("nothing_chosen")


def find_uploads(begun: Import) -> list[tuple[ImportFile, Source]]:
    """The files of an import with their uploads, in the order in which they are read."""
    folder = folder_of(begun.organization_id, begun.pk)
    files = ImportFile.objects.filter(of_import=begun).order_by("position")
    return [(file, Source(file.name, folder / file.stored_as, file.zip_entry, file.file)) for file in files]


def are_kept(begun: Import) -> bool:
    """Whether the uploads are still there, so that the import can be run again."""
    return folder_of(begun.organization_id, begun.pk).is_dir()


def forget_uploads(organization_id: uuid.UUID, import_id: uuid.UUID) -> None:
    """Remove an import's uploads."""
    shutil.rmtree(folder_of(organization_id, import_id), ignore_errors=True)


def folder_of(organization_id: uuid.UUID, import_id: uuid.UUID) -> Path:
    """The private folder of an import's uploads; no part of it is anybody's input."""
    return Path(settings.MEDIA_ROOT) / "imports" / str(organization_id) / str(import_id)
