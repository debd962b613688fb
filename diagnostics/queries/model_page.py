"""What the model's page shows: fields with their values, weights by source, versions with who and why."""

import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from accounts.context import service_user_id
from accounts.models import Membership
from diagnostics.engine import DEFAULT_MODEL, ScoringModel
from diagnostics.engine.signals import BY_NAME, SCORES, SOURCES, TIERS
from diagnostics.model_desk import Desk, Difference, compare_models, describe_differences, parse_content
from diagnostics.model_drafts import Saved
from diagnostics.model_fields import GROUPS, TIER_LABELS, ModelField, weight_field
from diagnostics.models import ModelVersion, Night
from portfolio.models import Account

SHOWN_VERSIONS = 5


@dataclass(frozen=True, slots=True)
class Cell:
    """One field as the page shows it: `text` in its input, `shown` where it is only read, `was` where it differs."""

    field: ModelField
    text: str
    shown: str
    label: str
    was: str = ""
    error: str = ""
    refused_text: str = ""

    @property
    def path(self) -> str:
        return self.field.path

    @property
    def id(self) -> str:
        return self.field.path.replace(".", "-")


@dataclass(frozen=True, slots=True)
class WeightRow:
    """One signal: its weights by tier, with those of the default and of the last fit."""

    name: str
    label: str
    score: str
    cells: list[Cell]
    default: str
    fitted: str


@dataclass(frozen=True, slots=True)
class WeightGroup:
    """The signals of one source that move one score."""

    source: str
    score: str
    rows: list[WeightRow]


@dataclass(frozen=True, slots=True)
class VersionRow:
    """One version of the history. `differences`: to the version before it; None where they cannot be read here."""

    number: int
    origin: str
    at: datetime
    by: str
    note: str
    moved: dict[str, Any] | None
    returned_to: int | None
    fitted_as_of: str
    in_force: bool
    differences: list[Difference] | None = field(default_factory=list)


def describe_fields(desk: Desk, saved: Saved | None = None) -> list[tuple[str, list[Cell]]]:
    """The thresholds and settings in their groups."""
    return [(str(heading), [_describe(desk, one, saved) for one in fields]) for heading, fields in GROUPS]


def describe_field(desk: Desk, declared: ModelField, saved: Saved | None = None) -> Cell:
    """One field, as `describe_fields` does."""
    return _describe(desk, declared, saved)


def _describe(desk: Desk, declared: ModelField, saved: Saved | None) -> Cell:
    standing, value = desk.standing(declared.path), desk.value(declared.path)
    currency = desk.organization.currency
    return Cell(
        declared,
        declared.write(value),
        declared.show(value, currency=currency),
        str(declared.label),
        was=declared.show(standing, currency=currency) if value != standing else "",
        error=saved.refused.get(declared.path, "") if saved else "",
    )


def describe_weights(desk: Desk, fitted: ScoringModel | None, saved: Saved | None = None) -> list[WeightGroup]:
    """The signals by score and source, in the order of their numbers."""
    french = (get_language() or "").startswith("fr")
    groups: dict[tuple[str, str], list[WeightRow]] = {(score, source): [] for score in SCORES for source in SOURCES}
    for name in desk.in_force.signals:
        signal = BY_NAME[name]
        cells = [_describe(desk, weight_field(name, tier), saved) for tier in TIERS]
        row = WeightRow(
            name,
            signal.label[french],
            signal.score,
            [_named(cell, signal.label[french], tier) for cell, tier in zip(cells, TIERS, strict=True)],
            _three(DEFAULT_MODEL, name),
            _three(fitted, name) if fitted and name in fitted.signals else "",
        )
        groups[signal.score, signal.source].append(row)
    return [WeightGroup(source, score, rows) for (score, source), rows in groups.items() if rows]


def _named(cell: Cell, label: str, tier: str) -> Cell:
    return replace(cell, label=f"{label}, {TIER_LABELS[tier]}")


def _three(model: ScoringModel, name: str) -> str:
    return " · ".join(weight_field(name, tier).write(model.weights[name][tier]) for tier in TIERS)


def find_fitted(desk: Desk) -> ScoringModel | None:
    """The model that was fitted last to the organization's own outcomes; None where none was, or it is unknown here."""
    version = desk.version
    if version is None or version.origin != ModelVersion.Origin.FITTED:
        version = ModelVersion.objects.filter(origin=ModelVersion.Origin.FITTED).order_by("-number").first()
    try:
        return parse_content(version) if version else None
    except ValueError:
        return None


def list_versions(currency: str, *, first: int = 0, most: int = SHOWN_VERSIONS) -> list[VersionRow]:
    """Versions, newest first, each with what it changed; two queries."""
    found = list(ModelVersion.objects.order_by("-number")[first : first + most + 1])
    people = name_people(version.published_by for version in found)
    rows = []
    for place, version in enumerate(found[:most]):
        before = found[place + 1] if place + 1 < len(found) else None
        rows.append(
            VersionRow(
                number=version.number,
                origin=version.origin,
                at=version.created_at,
                by=people.get(version.published_by, "") if version.published_by else "",
                note=version.note,
                moved=version.moved,
                returned_to=version.parameters.get("returned_to"),
                fitted_as_of=version.parameters.get("fitted", {}).get("as_of", ""),
                in_force=first + place == 0,
                differences=differences_between(version, before, currency),
            )
        )
    return rows


def differences_between(version: ModelVersion, before: ModelVersion | None, currency: str) -> list[Difference] | None:
    """What a version changed of another; None where this release cannot read one of them, nothing before the first."""
    if before is None:
        return []
    try:
        pairs: Mapping[str, Any] = compare_models(parse_content(version), parse_content(before))
    except ValueError:
        return None
    return describe_differences(pairs, currency)


def last_night() -> Night | None:
    """The last diagnosed night."""
    return Night.objects.order_by("-night").first()


def count_versions() -> int:
    """How many versions the model has had."""
    return ModelVersion.objects.count()


def find_version(number: int) -> ModelVersion | None:
    """The version of this number; None where there is none."""
    return ModelVersion.objects.filter(number=number).first()


def name_accounts(ids: Iterable[str]) -> dict[str, str]:
    """Names by id of the accounts that are still there."""
    return {str(pk): name for pk, name in Account.objects.filter(pk__in=list(ids)).values_list("id", "name")}


def name_people(ids: Iterable[uuid.UUID | None]) -> dict[uuid.UUID, str]:
    """Names by user id, of this organization's people; the program itself is Phano."""
    wanted = {one for one in ids if one is not None}
    names = {one: _("a former member") for one in wanted}
    for membership in Membership.objects.select_related("user").filter(user_id__in=wanted):
        own = membership.user_id == service_user_id(membership.organization_id)
        names[membership.user_id] = "Phano" if own else str(membership.user)
    return names
