"""Import files of the data contract."""

import time
import uuid
from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.models import Organization
from accounts.tenancy import service_context
from portfolio.importing import NotPossible, Refused, Source, begin_import, find_sources, run_import
from portfolio.importing.notes import note, write_note
from portfolio.importing.rejects import write_rejected_rows
from portfolio.importing.run import Progress
from portfolio.management.organizations import add_organization_argument, organization_named
from portfolio.models import Import, ImportFile
from portfolio.sample_portfolio import find_sample

COUNTS = ("rows_read", "created", "updated", "unchanged", "rejected")


class Command(BaseCommand):
    help = "Import CSV files of the data contract (.csv, .csv.gz, a zip, or a folder of them) into an organization."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("paths", nargs="+", type=Path, metavar="DIRECTORY_OR_FILE")
        parser.add_argument(
            "--rejects", type=Path, metavar="FILE.csv", help="write the rejected rows with their reasons"
        )
        parser.add_argument(
            "--last-paid-days", action="store_true", help="ended_on is the last paid day, not the first unpaid one"
        )

    def handle(self, **options: Any) -> None:
        organization_id = organization_named(options["organization"])
        try:
            sources = find_sources(options["paths"])
        except Refused as refused:
            raise CommandError(write_note(note(refused.code, **refused.details))) from refused
        begun = self._begin(organization_id, sources, options["last_paid_days"])
        try:
            state = run_import(organization_id, begun.pk, sources=sources, progress=self._show_progress(begun))
        except NotPossible as error:
            with service_context(organization_id):
                Import.objects.filter(pk=begun.pk).delete()
            raise CommandError(
                "Another import of this organization is running. Try again when it has ended."
            ) from error
        with service_context(organization_id):
            self._report(begun, options["rejects"], state)

    def _begin(self, organization_id: uuid.UUID, sources: list[Source], last_paid_days: bool) -> Import:
        with service_context(organization_id):
            organization = Organization.objects.get(pk=organization_id)
            if not organization.is_writable:
                raise CommandError("The trial is over: the organization can be read and exported, but not changed.")
            if find_sample() is not None:
                raise CommandError("The sample portfolio is loaded, and it never mixes with your own. Remove it first.")
            return begin_import(organization, sources, origin=Import.Origin.COMMAND, last_paid_days=last_paid_days)

    def _show_progress(self, begun: Import) -> Progress | None:
        """On a terminal, how far the file that is read is; asked for at most once a second."""
        if not self.stderr.isatty():
            return None
        shown = time.monotonic()

        def show() -> None:
            nonlocal shown
            if time.monotonic() < shown + 1:
                return
            shown = time.monotonic()
            with service_context(begun.organization_id):
                file = ImportFile.objects.filter(of_import=begun, state=ImportFile.State.READING).first()
            if file is not None:
                self.stderr.write(f"\r{file.name} {file.share:.0%} \r", str, ending="")

        return show

    def _report(self, begun: Import, rejects: Path | None, state: Import.State | None) -> None:
        files = list(ImportFile.objects.filter(of_import=begun).order_by("position"))
        width = max([len(file.name) for file in files], default=0) + 2
        self.stdout.write(f"Import {begun.number}")
        self.stdout.write(" " * width + "".join(f"{name.removeprefix('rows_'):>12}" for name in COUNTS))
        for file in files:
            counts = "".join(f"{getattr(file, name):>12,}" for name in COUNTS)
            self.stdout.write(f"{file.name:<{width}}{counts}" if file.file and file.rows_read else file.name)
            for stored in file.notes:
                self.stdout.write(f"  {write_note(stored)}")
        if rejects is not None:
            with rejects.open("w", encoding="utf-8", newline="") as out:
                write_rejected_rows(begun, out)
        self._judge(files, rejects, state)

    def _judge(self, files: list[ImportFile], rejects: Path | None, state: Import.State | None) -> None:
        """Raise CommandError where not every row of every file landed."""
        if state is not Import.State.LANDED:
            raise CommandError(f"The import did not land: {state}. Rows that landed stay; run it again to go on.")
        refused = [file.name for file in files if file.state == ImportFile.State.REFUSED]
        if refused:
            raise CommandError(f"Not read: {', '.join(refused)}.")
        if not any(file.state == ImportFile.State.LANDED for file in files):
            raise CommandError("None of these files is in the data contract.")
        rejected = sum(file.rejected for file in files)
        if rejected:
            where = f"{rejects} holds them." if rejects else "--rejects FILE.csv keeps them."
            raise CommandError(f"{rejected:,} rows were rejected. {where}")
