"""Prints one night's diagnoses as diagnoses.csv."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.exporting import export_diagnoses
from diagnostics.management.organizations import add_organization_argument, organization_named, parse_day
from diagnostics.models import Night


class Command(BaseCommand):
    help = "Print the diagnoses of one night as CSV. Exits 1 for a night that is not diagnosed."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("--night", required=True, type=parse_day, metavar="DATE", help="a diagnosed night")

    def handle(self, *args: Any, **options: Any) -> None:
        slug, night = options["organization"], options["night"]
        with service_context(organization_named(slug)):
            try:
                export_diagnoses(Organization.objects.get(), night, self.stdout)  # type: ignore[arg-type]  # has write()
            except Night.DoesNotExist:
                raise CommandError(
                    f"{night} is not diagnosed. Run: manage.py diagnose --organization {slug} --night {night}"
                ) from None
