"""Computes the kept series of KPIs anew from the facts."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand

from accounts.context import service_context
from diagnostics.kpis.exporting import plain
from diagnostics.kpis.series import rebuild_series
from diagnostics.kpis.stored import Difference, Figure, list_differences
from diagnostics.management.organizations import add_organization_argument, organization_named


class Command(BaseCommand):
    help = "Compute the kept KPIs of the last five years anew, and list what closed periods now say differently."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)

    def handle(self, *args: Any, **options: Any) -> None:
        organization_id = organization_named(options["organization"])
        rebuilt = rebuild_series(organization_id)
        self.stdout.write(f"{rebuilt.periods} periods, {rebuilt.rows} rows.")
        if rebuilt.unpriced:
            self.stdout.write(f"{rebuilt.unpriced} subscription periods have no plan rate and so no ARR.")
        with service_context(organization_id):
            for difference in list_differences():
                self.stdout.write(describe(difference))


def describe(difference: Difference) -> str:
    """One line: period, group and KPI, and what it said and says."""
    of = f" {difference.group_by} {difference.group}" if difference.group_by else ""
    return f"{difference.period}{of} {difference.kpi}: {_value(difference.as_closed)} → {_value(difference.as_now)}"


def _value(figure: Figure | None) -> str:
    return "nothing" if figure is None else plain(figure.value) or "n/a"
