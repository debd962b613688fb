"""Prints the KPIs of some periods as kpis.csv."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.kpis.exporting import export_kpis
from diagnostics.kpis.groups import BYS
from diagnostics.management.organizations import add_organization_argument, organization_named, parse_day


class Command(BaseCommand):
    help = "Print the KPIs of every period from one day to another as CSV, of the whole portfolio and by group."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("--from", required=True, type=parse_day, metavar="DATE", dest="first", help="first day")
        parser.add_argument("--to", required=True, type=parse_day, metavar="DATE", dest="last", help="last day")
        parser.add_argument("--every", choices=("month", "quarter"), default="quarter", help="quarters are fiscal")
        parser.add_argument("--by", choices=BYS, default=None, help="one line per group beside the whole")

    def handle(self, *args: Any, **options: Any) -> None:
        first, last = options["first"], options["last"]
        if last < first:
            raise CommandError(f"{last} comes before {first}.")
        with service_context(organization_named(options["organization"])):
            rows = export_kpis(
                Organization.objects.get(),
                self.stdout,  # type: ignore[arg-type]  # has write()
                first=first,
                last=last,
                every=options["every"],
                by=options["by"],
            )
        if not rows:
            raise CommandError(f"Nothing is known from {first} to {last}.")
