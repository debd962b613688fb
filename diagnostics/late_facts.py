"""Facts that came late: dated up to a night that had been diagnosed when their import began.

A replay of the night takes them in; its record says how many came after its last run. A row keeps the day on which it
first came: what a later import changed in it is no new arrival.
"""

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta

from django.db import connection
from django.db.models import Max, Min, OuterRef, Subquery
from django.db.models.functions import Coalesce

from accounts.models import Organization
from diagnostics.models import Night
from portfolio.models import Import, ImportFile

# Nights of which the count is kept: nobody replays an older one for a handful of facts.
COUNTED_DAYS = 92

INSTANT = "({} AT TIME ZONE %(zone)s)::date"
# The day that a fact of each table is about.
DAYS = {
    "portfolio_accounthistory": "from_on",
    "portfolio_contact": "known_since",
    "portfolio_subscription": "started_on",
    "portfolio_milestone": "reached_on",
    "portfolio_invoice": "issued_on",
    "portfolio_ticket": INSTANT.format("opened_at"),
    "portfolio_interaction": INSTANT.format("happened_at"),
    "portfolio_survey": INSTANT.format("answered_at"),
    "portfolio_opportunity": "created_on",
    "portfolio_opportunitystage": INSTANT.format("at"),
    "portfolio_accountplan": "updated_on",
    "portfolio_whitespacecell": "since",
    "portfolio_productevent": "happened_on",
    "portfolio_intentsignal": "observed_on",
}
USAGE = "SELECT import_number, day FROM portfolio_usage WHERE {} AND day BETWEEN %(usage_from)s AND %(last)s"
OWN = "organization_id = %(organization)s AND import_number = ANY(%(imports)s)"
ARRIVED = " UNION ALL ".join(
    [f"SELECT import_number, {day} AS day FROM {table} WHERE {OWN}" for table, day in DAYS.items()]  # noqa: S608  # constants above
)
COUNT = """
UPDATE diagnostics_night n SET late_facts = coalesce(late.facts, 0) FROM diagnostics_night same LEFT JOIN (
    SELECT night.id, sum(arrived.facts) AS facts
    FROM diagnostics_night night
        JOIN portfolio_import i ON i.organization_id = night.organization_id AND i.started_at > night.finished_at
        JOIN (SELECT import_number, day, count(*) AS facts FROM ({arrived}) AS rows GROUP BY 1, 2) AS arrived
            ON arrived.import_number = i.number AND arrived.day <= night.night
    WHERE night.organization_id = %(organization)s AND night.night > %(first)s GROUP BY night.id
) AS late ON late.id = same.id
WHERE same.id = n.id AND n.organization_id = %(organization)s AND same.organization_id = %(organization)s
    AND n.night > %(first)s AND n.late_facts <> coalesce(late.facts, 0)"""

# The day on which an import's facts arrived, where they are dated up to a night that had been diagnosed by then.
ARRIVED_LATE = """
    SELECT (i.started_at AT TIME ZONE %(zone)s)::date FROM portfolio_import i
    WHERE i.organization_id = %(organization)s AND i.number = {number} AND EXISTS (
        SELECT FROM diagnostics_night n WHERE n.organization_id = i.organization_id AND n.night >= {day}
            AND coalesce(n.first_finished_at, n.finished_at) < i.started_at)"""


@dataclass(frozen=True, slots=True)
class Arrival:
    """When an import began, and the last night that had been diagnosed by then."""

    on: date
    known_night: date

    def is_late(self, day: date | None) -> bool:
        """Whether a fact of that day came later than a night that should have known it."""
        return day is not None and day <= self.known_night


def read_arrivals(organization: Organization, numbers: Iterable[int | None]) -> dict[int, Arrival]:
    """The imports with these numbers before which a night had been diagnosed, in one query; none asks nothing."""
    wanted = {number for number in numbers if number is not None}
    if not wanted:
        return {}
    before = Night.objects.annotate(first=Coalesce("first_finished_at", "finished_at")).filter(
        first__lt=OuterRef("started_at")
    )
    begun = Import.objects.filter(number__in=wanted).annotate(
        known=Subquery(before.order_by("-night").values("night")[:1])
    )
    return {
        number: Arrival(started_at.astimezone(organization.zone).date(), known)
        for number, started_at, known in begun.values_list("number", "started_at", "known")
        if started_at is not None and known is not None
    }


def count_late_facts(organization_id: uuid.UUID, *, zone: str) -> None:
    """Write into the records of the last nights how many facts came after each; in the organization's open context."""
    nights = Night.objects.aggregate(last=Max("night"))
    if nights["last"] is None:
        return
    first = nights["last"] - timedelta(days=COUNTED_DAYS)
    begun = Night.objects.filter(night__gt=first).aggregate(finished=Min("finished_at"))["finished"]
    imports = list(Import.objects.filter(started_at__gt=begun).values_list("number", flat=True))
    arrived = ARRIVED
    usage_from = _first_day_of_usage(imports)
    if usage_from is not None:
        arrived += " UNION ALL " + USAGE.format(OWN)
    with connection.cursor() as cursor:
        cursor.execute(
            COUNT.format(arrived=arrived),
            {
                "organization": organization_id,
                "zone": zone,
                "imports": imports,
                "first": first,
                "last": nights["last"],
                "usage_from": usage_from,
            },
        )


def _first_day_of_usage(imports: list[int]) -> date | None:
    files = ImportFile.objects.filter(of_import__number__in=imports, file="usage", created__gt=0)
    return files.aggregate(first=Min("first_day"))["first"]
