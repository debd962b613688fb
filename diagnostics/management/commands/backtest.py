"""Says what the diagnoses of past nights were worth."""

from argparse import ArgumentParser
from typing import Any

from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from accounts.context import service_context
from accounts.models import Organization
from diagnostics.backtest import Backtest, NothingToJudge, run_backtest
from diagnostics.discrimination import Auc
from diagnostics.management.organizations import add_organization_argument, organization_named, parse_day
from diagnostics.night import last_ended_day


class Command(BaseCommand):
    help = "Judge monthly past nights by what happened within 90 days: ranking, lists, forecasts, signals."

    def add_arguments(self, parser: ArgumentParser) -> None:
        add_organization_argument(parser)
        parser.add_argument("--from", type=parse_day, required=True, metavar="DATE", dest="first", help="first night")
        parser.add_argument("--to", type=parse_day, required=True, metavar="DATE", dest="last", help="last night")

    def handle(self, *args: Any, **options: Any) -> None:
        organization_id = organization_named(options["organization"])
        with service_context(organization_id):
            known_by = last_ended_day(Organization.objects.get(), timezone.now())
        try:
            found = run_backtest(organization_id, options["first"], options["last"], known_by=known_by)
        except NothingToJudge as error:
            raise CommandError(str(error)) from error
        self.stdout.write("\n".join(describe_backtest(found)))


def describe_backtest(found: Backtest) -> list[str]:
    """The track record in lines; figures in the units of `Backtest`."""
    nights = f"{len(found.nights)} nights from {found.nights[0]} to {found.nights[-1]}"
    lines = [f"{nights}, {found.rows} diagnoses; {found.churned} accounts churned, {found.expanded} expanded."]
    if found.unknown:
        lines.append(f"{found.unknown} later nights are left out: what becomes of their accounts is not known yet.")
    if found.learned:
        lines.append(f"{found.learned} of these nights taught the model that diagnosed them: they prove nothing.")
    lines += [
        describe_ranking("Churn by churn_risk", found.churn),
        describe_ranking("Churn by health", found.health),
        describe_ranking("Expansion by potential", found.expansion),
        f"Forecast: mean churn_risk {found.mean_forecast:.3f}, rate {found.rate:.3f}. By tenths of churn_risk:",
        *(f"  {d.rows:6} rows  forecast {d.forecast:.3f}  happened {d.happened:.3f}" for d in found.reliability),
        "Lists of a fifth of the accounts:",
    ]
    for one in found.lists:
        lead = "none" if one.lead_days is None else f"{one.lead_days:.0f} days"
        lines.append(
            f"  {one.name:14} {show_share(one.arr_recall)} of the ARR lost, precision {show_share(one.precision)}, "
            f"{one.found} accounts, median lead {lead}"
        )
    lines.append("Signals, by how their points alone rank their outcome (AUC; what the score loses without them):")
    for worth in found.signals:
        verdict = "" if worth.earned else "  no reliable signal"
        lines.append(
            f"  {worth.score:9} {worth.name:24} {worth.auc}  {worth.drop:+.3f}  "
            f"speaks on {show_share(worth.spoke)}{verdict}"
        )
    return lines


def describe_ranking(name: str, auc: Auc) -> str:
    """The AUC with its interval, and plainly whether it means anything."""
    if auc.value is None:
        return f"{name}: nothing to judge, only one outcome occurred."
    return f"{name}: AUC {auc}." if auc.reliable else f"{name}: no reliable signal. AUC {auc} may be chance."


def show_share(value: float | None) -> str:
    """A share in percent."""
    return "none" if value is None else f"{value:.0%}"
