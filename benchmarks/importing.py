"""One import in a process of its own, so that its memory is nobody else's. Django is set up here, not by the parent."""

import time
import uuid
from pathlib import Path
from typing import Any


def import_here(database: str, organization: str, folder: str, answer: Any) -> None:
    """Import a folder and send (seconds, peak megabytes, usage rows)."""
    import django

    django.setup()
    from django.db import connection

    from accounts.models import Organization
    from accounts.tenancy import service_context
    from portfolio.importing import begin_import, find_sources, run_import
    from portfolio.models import Import, ImportFile

    connection.settings_dict["NAME"] = database
    organization_id = uuid.UUID(organization)
    began = time.perf_counter()
    sources = find_sources([Path(folder)])
    with service_context(organization_id):
        begun = begin_import(Organization.objects.get(), sources, origin=Import.Origin.COMMAND)
    state = run_import(organization_id, begun.pk, sources=sources)
    seconds = time.perf_counter() - began
    with service_context(organization_id):
        rows = ImportFile.objects.get(of_import=begun, file="usage").rows_read
    assert state is Import.State.LANDED
    answer.send((seconds, peak_megabytes(), rows))


def peak_megabytes() -> float:
    """The most memory this process ever held. Linux's own figure: getrusage's is inherited from the parent."""
    status = dict(line.split(":", 1) for line in Path("/proc/self/status").read_text().splitlines())
    return int(status["VmHWM"].split()[0]) / 1024
