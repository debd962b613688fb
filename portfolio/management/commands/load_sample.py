"""Found the sample organization with its members, and load its portfolio."""

from typing import Any

from django.core.management.base import BaseCommand, CommandError

from accounts.directory import find_organization
from accounts.organizations import SlugTaken
from accounts.tenancy import service_context
from portfolio.importing import NotPossible
from portfolio.models import Account, Import
from portfolio.sample_portfolio import NAME, SLUG, found_sample_organization, load_sample_into


class Command(BaseCommand):
    help = f"Found the sample organization {NAME} ({SLUG}) and load its portfolio and nights, unless it stands."

    def handle(self, **options: Any) -> None:
        organization_id = find_organization("slug", SLUG)
        if organization_id is None:
            try:
                organization_id = found_sample_organization().pk
            except SlugTaken as error:
                raise CommandError(f"The address {SLUG} is taken.") from error
        with service_context(organization_id):
            if Account.objects.exists():
                self.stdout.write(f"{NAME} has a portfolio already.")
                return
        try:
            # Its own portfolio, not a sample in somebody's organization: it stays when others load and remove theirs.
            load_sample_into(organization_id, origin=Import.Origin.COMMAND)
        except NotPossible as error:
            raise CommandError(str(error)) from error
        self.stdout.write(f"{NAME} is founded with the sample portfolio.")
