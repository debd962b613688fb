"""Export an organization as files of the data contract."""

from argparse import ArgumentParser
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portfolio.exporting import Folder, export_organization
from portfolio.management.organizations import add_organization_argument, organization_named


class Command(BaseCommand):
    help = "Write every file of the data contract, settings.json and manifest.json into a directory."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("directory", type=Path, metavar="DIRECTORY")

    def handle(self, **options: Any) -> None:
        organization_id = organization_named(options["organization"])
        try:
            rows = export_organization(organization_id, Folder(options["directory"]))
        except OSError as error:
            raise CommandError(f"{options['directory']}: {error.strerror}.") from error
        for name, count in rows.items():
            self.stdout.write(f"{name + '.csv':<26}{count:>12,}")
