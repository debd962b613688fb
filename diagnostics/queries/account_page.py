"""One account's page: its facts, its diagnosis with that of a month before, its priority and its history.

In five statements, six where the scoring model changed within the month; the timeline is one more.
"""

import uuid
from dataclasses import dataclass
from datetime import date, timedelta

from django.db.models import OuterRef, Subquery

from accounts.models import Membership
from diagnostics.acts import end_of_day, local_day
from diagnostics.charts.history import History, Point, draw_history
from diagnostics.engine import ScoringModel
from diagnostics.labels import EVENT_KINDS, name_code
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, ModelVersion, Movement, Night
from diagnostics.queries.account import AccountDiagnosis
from diagnostics.queries.account_facts import AccountFacts, read_account_facts
from diagnostics.queries.causes import CauseReader
from diagnostics.queries.diagnosed import Nights, read_nights
from diagnostics.queries.priority_rows import build_row, hold_offer, with_names
from diagnostics.queries.today import SELLING, find_account_priorities

# An event of the products explains a fall only where it came shortly before it.
SHORTLY = timedelta(days=45)
MOST_CROSSINGS = 3


@dataclass(frozen=True, slots=True)
class AccountPage:
    """What the page shows. `nights` None: nothing is diagnosed yet; `found` None: this account was no customer then."""

    facts: AccountFacts
    day: date
    nights: Nights | None
    found: AccountDiagnosis | None
    models: dict[uuid.UUID, ScoringModel]

    @property
    def points(self) -> list[Point]:
        """One diagnosed night a week, oldest first."""
        return [
            Point(date.fromisoformat(row["night"]), row["health"], row["potential"])
            for row in self.facts.rows["history"]
        ]

    def history(self) -> History | None:
        """The chart of a year's scores; None where fewer than two nights have one."""
        if self.found is None:
            return None
        threshold = self.found.reader.model.thresholds.fragile_below
        return draw_history(self.points, threshold=threshold, events=self.events())

    def events(self) -> list[tuple[date, str]]:
        """What the chart marks: segments entered and left, and what happened to the products shortly before a fall."""
        crossings = [(date.fromisoformat(row["night"]), row["kind"]) for row in self.facts.rows["crossings"]]
        crossings = crossings[:MOST_CROSSINGS]
        marks = [(night, str(Movement.Kind(kind).label)) for night, kind in crossings]
        falls = [night for night, kind in crossings if kind in ("entered_defense", "left_expansion")]
        for fall in falls[:1]:
            before = [e for e in self.facts.events if fall - SHORTLY <= e.happened_on <= fall]
            marks += [(e.happened_on, e.title or name_code(EVENT_KINDS, e.kind)) for e in before[:1]]
        return sorted(marks)


def read_account_page(
    membership: Membership, account_id: uuid.UUID, *, language: str, with_priority: bool = True
) -> AccountPage:
    """The page of an account that the member may see; Http404, alike for a hidden, a foreign and a missing one."""
    organization = membership.organization
    day = local_day(organization)
    nights = read_nights(with_model=True)
    until = nights.last.night if nights else day - timedelta(days=1)
    facts = read_account_facts(membership, account_id, day=day, until=until)
    if nights is None:
        return AccountPage(facts, day, None, None, {})
    diagnoses = _read_diagnoses(account_id, nights)
    now = diagnoses.get(nights.last.night)
    models = {nights.last.model_version_id: read_model(nights.last.model_version)}
    if now is None:
        return AccountPage(facts, day, nights, None, models)
    before = diagnoses.get(nights.month_ago) if nights.month_ago else None
    if before is not None and before.version not in models:  # type: ignore[attr-defined]  # annotated below
        other = ModelVersion.objects.filter(pk=before.version).first()  # type: ignore[attr-defined]
        models |= {other.pk: read_model(other)} if other else {}
    reader = CauseReader(nights.last, language=language, currency=organization.currency)
    found = AccountDiagnosis(
        night=nights.last,
        diagnosis=now,
        before=before,
        reader=reader,
        before_model=models.get(before.version) if before else None,  # type: ignore[attr-defined]
        priority=None,
    )
    priorities = find_account_priorities(account_id, nights.last.night, membership) if with_priority else []
    if priorities:
        trend = [(d.night, d.health, d.potential) for d in (before, now) if d is not None]
        end = end_of_day(organization, nights.last.night)
        found.priority = build_row(priorities[0], now, trend, reader, day=day, end_of_night=end)
        turned = facts.found_today is not None and facts.found_today["lever"] == "retain"
        if turned and found.priority.kind in SELLING:
            found.priority.action = hold_offer(found.priority.action)
        owner = priorities[0].owner_email
        found.others = [one for one in priorities[1:] if one.rank is not None and one.owner_email != owner]
    return AccountPage(facts, day, nights, found, models)


def _read_diagnoses(account_id: uuid.UUID, nights: Nights) -> dict[date, Diagnosis]:
    """The account's diagnoses of the last night and of a month before, each with its model's `version`."""
    wanted = [night for night in (nights.last.night, nights.month_ago) if night]
    version = Night.objects.filter(night=OuterRef("night")).values("model_version")[:1]
    found = Diagnosis.objects.filter(account_id=account_id, night__in=wanted)
    return {diagnosis.night: diagnosis for diagnosis in with_names(found).annotate(version=Subquery(version))}
