"""One account's diagnosis: why the level, why the change, what opens which lever, and how it came here."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal

from accounts.models import Membership, Organization
from diagnostics.acts import end_of_day, local_day
from diagnostics.engine import DEFAULT_MODEL, ScoringModel, read_contributions
from diagnostics.engine.explanation import reweigh
from diagnostics.model_versions import read_model
from diagnostics.models import Diagnosis, Night, Priority
from diagnostics.movements import find_night_a_month_before
from diagnostics.queries.causes import Cause, CauseReader
from diagnostics.queries.diagnosed import read_nights
from diagnostics.queries.lever_states import LeverState, describe_levers
from diagnostics.queries.priority_rows import PriorityRow, build_row, with_names
from diagnostics.queries.today import TREND_DAYS, find_account_priorities
from portfolio.models import Account, Act

RULES = {"en": "New version of the model", "fr": "Nouvelle version du modèle"}


@dataclass(frozen=True, slots=True)
class Change:
    """A score's change, split: `total` = Σ points of `causes` exactly, of which `rules` by another model version (what
    tonight's figures give now and would have given then), `missing` by facts that appeared or went, and the rest by
    the customer."""

    total: float
    causes: list[Cause]
    customer: float
    rules: float
    missing: float


@dataclass(slots=True)
class AccountDiagnosis:
    """The account on a night, and about thirty days before (`before` None where there was none)."""

    night: Night
    diagnosis: Diagnosis
    before: Diagnosis | None
    reader: CauseReader
    before_model: ScoringModel | None
    priority: PriorityRow | None
    # What colleagues have on their lists of the same account.
    others: list[Priority] = field(default_factory=list)

    @property
    def health_delta(self) -> float | None:
        """The change of health since `before`; None where either is withheld."""
        return _difference(self.diagnosis.health, self.before.health if self.before else None)

    @property
    def potential_delta(self) -> float | None:
        """The change of potential since `before`."""
        return _difference(self.diagnosis.potential, self.before.potential if self.before else None)

    @property
    def has_own_curve(self) -> bool:
        """Whether the churn curve of the night's model was fitted to the organization's own outcomes."""
        return self.reader.model.risk != DEFAULT_MODEL.risk

    @property
    def top(self) -> Cause | None:
        """The cause that says most about what to do."""
        number = self.diagnosis.top_cause
        return self.reader.by_number(self.diagnosis, [number])[0] if number else None

    @property
    def levers(self) -> list[LeverState]:
        """The levers in order, each with what unlocks it."""
        return describe_levers(self.diagnosis, self.reader.model.thresholds, self.reader.language, self.night.night)

    def base(self, score: str = "health") -> float:
        """What the score starts from: base + Σ points of `causes(score)` is the score exactly."""
        return self.reader.model.base[score]

    def causes(self, score: str = "health") -> list[Cause]:
        """Every contribution to the level, heaviest first."""
        return self.reader.heaviest(self.diagnosis, score)

    def change(self, score: str = "health") -> Change | None:
        """Every contribution to the change, heaviest first; None where one of the two scores is withheld."""
        if self.before is None or self.before_model is None:
            return None
        total = self.health_delta if score == "health" else self.potential_delta
        if total is None:
            return None
        return explain_change(self.reader, self.diagnosis, self.before, self.before_model, score, total)


@dataclass(frozen=True, slots=True)
class HistoryPoint:
    """One night of an account's history."""

    night: date
    health: float | None
    potential: float | None
    arr: Decimal | None
    segment: str


def read_diagnosis(
    membership: Membership, account: Account, *, language: str, night: Night | None = None
) -> AccountDiagnosis | None:
    """The account's diagnosis on a night (default: the last), in five queries.

    None before the first night, or where the account was no customer that night. `account` was already accessed.
    """
    if night is None:
        nights = read_nights(with_model=True)
        night, month_ago = (nights.last, nights.month_ago) if nights else (None, None)
    else:
        month_ago = find_night_a_month_before(night.night)
    if night is None:
        return None
    wanted = Diagnosis.objects.filter(account=account, night__in=[n for n in (night.night, month_ago) if n])
    found = {diagnosis.night: diagnosis for diagnosis in with_names(wanted)}
    diagnosis = found.get(night.night)
    if diagnosis is None:
        return None
    before = found.get(month_ago) if month_ago else None
    reader = CauseReader(night, language=language, currency=membership.organization.currency)
    return AccountDiagnosis(
        night=night,
        diagnosis=diagnosis,
        before=before,
        reader=reader,
        before_model=_model_of(before.night) if before else None,
        priority=_read_priority(account, diagnosis, reader, membership.organization),
    )


def _read_priority(
    account: Account, diagnosis: Diagnosis, reader: CauseReader, organization: Organization
) -> PriorityRow | None:
    found = find_account_priorities(account.id, diagnosis.night)
    if not found:
        return None
    history = read_history(account, since=diagnosis.night - timedelta(days=TREND_DAYS), until=diagnosis.night)
    trend = [(point.night, point.health, point.potential) for point in history]
    return build_row(
        found[0],
        diagnosis,
        trend,
        reader,
        day=local_day(organization),
        end_of_night=end_of_day(organization, diagnosis.night),
    )


def explain_change(
    reader: CauseReader,
    now: Diagnosis,
    before: Diagnosis,
    before_model: ScoringModel,
    score: str,
    total: float,
) -> Change:
    """Split a change into its contributions; signals are matched by name, so that versions may differ."""
    earlier = {c.name: c for c in read_contributions(before_model, before.points, before.values) if c.score == score}
    model, causes, rules, missing = reader.model, [], model_change(reader.model, before_model, score), 0.0
    if rules:
        causes.append(
            Cause(sentence="", source="rules", label=RULES[reader.language], points=rules, score=score, by_rules=rules)
        )
    standing = [given for given in reader.contributions(now) if given.score == score]
    reweighed = {}
    if (model.weights, model.base) != (before_model.weights, before_model.base):
        reweighed = reweigh(standing, model, before_model, earlier)
    present = set()
    for given in standing:
        present.add(given.name)
        was = earlier.get(given.name)
        change = given.points - (was.points if was else 0.0)
        by_rules = change if was is None else given.points - reweighed.get(given.name, given.points)
        rules += by_rules
        if was is not None and was.known != given.known:
            missing += change - by_rules
        if not change:
            continue
        cause = reader.describe(given if given.known or was is None else was, now)
        cause.points, cause.before, cause.by_rules = change, was.points if was else 0.0, by_rules
        causes.append(cause)
    for name, was in earlier.items():
        if name not in present and was.points:
            rules -= was.points
            cause = Cause(
                sentence="", source="rules", label=was.label(reader.language), points=-was.points, score=score
            )
            cause.by_rules, cause.name = cause.points, name
            causes.append(cause)
    causes.sort(key=lambda cause: (-abs(cause.points), cause.number or 0))
    return Change(total, causes, customer=total - rules - missing, rules=rules, missing=missing)


def model_change(model: ScoringModel, before: ScoringModel, score: str) -> float:
    """How much the base itself moved between two versions."""
    return model.base[score] - before.base[score]


def read_history(account: Account, *, since: date, until: date) -> list[HistoryPoint]:
    """The diagnosed nights of an account, oldest first; one query."""
    found = Diagnosis.objects.filter(account=account, night__gte=since, night__lte=until).order_by("night")
    return [HistoryPoint(*row) for row in found.values_list("night", "health", "potential", "arr", "segment")]


def read_acts(account: Account, *, limit: int = 20) -> list[Act]:
    """What members did about the account, newest first; one query."""
    return list(Act.objects.filter(account=account).order_by("-at", "-source_id")[:limit])


def _model_of(night: date) -> ScoringModel | None:
    """The model of a night; None where this release no longer knows one of its signals."""
    version = Night.objects.select_related("model_version").get(night=night).model_version
    with suppress(ValueError):
        return read_model(version)
    return None


def _difference(now: float | None, before: float | None) -> float | None:
    return None if now is None or before is None else now - before
