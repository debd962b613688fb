"""How long a running import still needs: from how much of its files was read in the time since it began."""

import zipfile
from collections.abc import Sequence
from datetime import timedelta

from django.utils import timezone

from portfolio.importing.uploads import folder_of
from portfolio.models import Import, ImportFile

# Earlier, the first small files say nothing about the large one behind them.
LEAST_SHARE, LEAST_TIME = 0.05, timedelta(seconds=6)
# An import that was stopped in between counts its pause as work: then nothing is said.
MOST_TIME = timedelta(hours=1)


def estimate_left(record: Import, files: Sequence[ImportFile]) -> timedelta | None:
    """The time that a running import from the page still needs, None where nothing sound can be said yet."""
    if record.state != Import.State.RUNNING or record.origin != Import.Origin.PAGE or record.started_at is None:
        return None
    elapsed = timezone.now() - record.started_at
    if not LEAST_TIME <= elapsed <= MOST_TIME:
        return None
    read, whole = 0.0, 0
    for file, size in measure_files(record, files):
        is_over = file.state not in (ImportFile.State.WAITING, ImportFile.State.READING)
        read += size if is_over else size * file.share
        whole += size
    if not whole or read < LEAST_SHARE * whole:
        return None
    return elapsed * (whole / read - 1)


def measure_files(record: Import, files: Sequence[ImportFile]) -> list[tuple[ImportFile, int]]:
    """The bytes of each file as it was sent, packed ones as packed; those no longer kept are left out."""
    folder = folder_of(record.organization_id, record.pk)
    measured = []
    archives: dict[str, dict[str, int]] = {}
    for file in files:
        path = folder / file.stored_as
        if not file.stored_as or not path.is_file():
            continue
        if not file.zip_entry:
            measured.append((file, path.stat().st_size))
            continue
        if file.stored_as not in archives:
            with zipfile.ZipFile(path) as archive:
                archives[file.stored_as] = {entry.filename: entry.compress_size for entry in archive.infolist()}
        measured.append((file, archives[file.stored_as].get(file.zip_entry, 0)))
    return measured
