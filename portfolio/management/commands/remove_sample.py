"""Take the sample portfolio out of an organization."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError

from portfolio.importing import NotPossible
from portfolio.management.organizations import add_organization_argument, organization_named
from portfolio.sample_portfolio import remove_sample


class Command(BaseCommand):
    help = "Take the sample portfolio, loaded on a page, out of an organization again."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)

    def handle(self, **options: Any) -> None:
        try:
            remove_sample(organization_named(options["organization"]))
        except NotPossible as error:
            raise CommandError(str(error)) from error
        self.stdout.write("The sample portfolio is removed.")
