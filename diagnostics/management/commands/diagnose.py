"""Diagnoses one night of an organization, past nights too."""

import uuid
from argparse import ArgumentParser
from datetime import date
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.kpis.series import rebuild_series
from diagnostics.lease import NightRunning
from diagnostics.management.organizations import add_organization_argument, organization_named, parse_day
from diagnostics.models import Night
from diagnostics.night import NightNotOver, last_ended_day, run_night
from diagnostics.quality import examine_facts

DEFAULT_WAIT_SECONDS = 900.0


class Command(BaseCommand):
    help = (
        "Diagnose one night of an organization (default: yesterday in its time zone). Running it again gives the same "
        "diagnoses; a night of this organization that is running is waited for."
    )

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("--night", type=parse_day, metavar="DATE", help="the day whose end is diagnosed")
        parser.add_argument("--wait", type=float, default=DEFAULT_WAIT_SECONDS, metavar="SECONDS", help="at most")

    def handle(self, *args: Any, **options: Any) -> None:
        organization_id = organization_named(options["organization"])
        with service_context(organization_id):
            last = last_ended_day(Organization.objects.get(), timezone.now())
        night = options["night"] or last
        try:
            record = self._run(organization_id, night, options["wait"])
        except NightNotOver as error:
            raise CommandError(str(error)) from error
        except NightRunning as error:
            raise CommandError(f"{error} It was still running after {options['wait']:.0f} s.") from error
        doubtful = examine_facts(organization_id)
        if night == last:
            # A past night changes no series.
            rebuild_series(organization_id)
        self.stdout.write(
            f"Night {record.night}: {record.accounts} accounts, {record.withheld} without a health score, "
            f"{record.movements} movements, {record.priorities} priorities, {record.seconds:.1f} s."
            + (f" Facts contradict themselves, places: {doubtful}; see Data quality." if doubtful else "")
        )

    def _run(self, organization_id: uuid.UUID, night: date, wait_seconds: float) -> Night:
        """The night, waiting for one that runs, and saying so."""
        try:
            return run_night(organization_id, night)
        except NightRunning as error:
            if wait_seconds <= 0:
                raise
            # One that was killed holds its lease until that expires.
            self.stderr.write(f"{error} Waiting for it, at most {wait_seconds:.0f} s.")
            return run_night(organization_id, night, wait_seconds=wait_seconds)
