"""The scoring model in force: immutable versions, of which the highest number counts."""

import hashlib
import json
from dataclasses import replace
from datetime import date
from functools import lru_cache
from typing import Any

from django.db import connection

from accounts import audit
from accounts.context import current_context
from accounts.models import Organization
from diagnostics.engine import DEFAULT_MODEL, ScoringModel
from diagnostics.engine.model import Thresholds
from diagnostics.models import ModelVersion

# Beside the model itself a version's parameters may say what it was fitted on, and which version it returned to.
BESIDE = ("fitted", "returned_to")


class Overtaken(ValueError):
    """Another model version was published since the person or the fit looked; the message is for the log."""


def ensure_model_version(organization: Organization, night: date | None = None) -> ModelVersion:
    """The version by which a night is diagnosed, made at first use; without a night, the next night's.

    A night that was diagnosed keeps its own, whatever was published since: run again, it says the same. The exception
    says so itself: weights fitted as of a day are for that day on, also where its nights were diagnosed before.

    An organization on the default follows it: where a release changes its parameters, that is a new version. So are a
    release that puts the figures of a diagnosis in other places, and another amount of the organization for defense.
    """
    latest, known = _find_latest(night)
    if latest is not None and night is not None and known:
        return _find_fitted(latest.number, night) or latest
    origin = latest.origin if latest is not None else ModelVersion.Origin.DEFAULT
    if latest is None or origin == ModelVersion.Origin.DEFAULT:
        wanted = _default_for(float(organization.defense_arr))
    else:
        wanted = _describe(_for_amount(ScoringModel.from_json(_canonical(latest.parameters)), organization))
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    if latest is not None and latest.digest == digest:
        return latest
    beside = {name: latest.parameters[name] for name in BESIDE if name in latest.parameters} if latest else {}
    return _add_version(latest, wanted, digest, origin=origin, **beside)


# Its parameters are read where they are needed: the digest says whether they are.
READ = ("id", "number", "origin", "digest")
LATEST = f"""
SELECT {", ".join(f"version.{name}" for name in READ)}, night.id IS NOT NULL
FROM diagnostics_modelversion version LEFT JOIN diagnostics_night night
    ON night.organization_id = version.organization_id AND night.model_version_id = version.id
        AND night.night = %(night)s
WHERE version.organization_id = %(organization)s
ORDER BY night.id IS NOT NULL DESC, version.number DESC LIMIT 1
"""  # noqa: S608  # own names


def _find_latest(night: date | None) -> tuple[ModelVersion | None, bool]:
    """The version by which the night was diagnosed and True, else the latest and False; by itself, as nights are many.

    The two queries of the models took a thirtieth of a night of 500 accounts.
    """
    with connection.cursor() as cursor:
        cursor.execute(LATEST, {"organization": current_context().organization_id, "night": night})
        row = cursor.fetchone()
    return (ModelVersion.from_db(connection.alias, READ, row[:-1]), row[-1]) if row else (None, False)


def default_model(organization: Organization) -> ScoringModel:
    """The program's default with the organization's own amount for defense."""
    return ScoringModel.from_json(_default_for(float(organization.defense_arr)))


def starting_model(organization: Organization) -> ScoringModel:
    """What a fit begins from: default weights and curve, with the thresholds that are the organization's own."""
    latest = latest_version()
    if latest is None or latest.origin == ModelVersion.Origin.DEFAULT:
        return default_model(organization)
    thresholds = Thresholds(**latest.parameters["thresholds"])
    return _for_amount(replace(DEFAULT_MODEL, thresholds=thresholds), organization)


def latest_version() -> ModelVersion | None:
    """The version with the highest number; None before the first night."""
    return ModelVersion.objects.order_by("-number").first()


def number_in_force() -> int:
    """The number of the model version in force; 0 before the first."""
    latest = latest_version()
    return latest.number if latest else 0


def read_model_in_force(
    organization: Organization, latest: ModelVersion | None = None
) -> tuple[ScoringModel, dict[str, Any]]:
    """The model of the next night, and what it was fitted on: empty for the default, which needs no version yet.

    `latest`: the latest version, where it is known already.
    """
    latest = latest or latest_version()
    if latest is None or latest.origin == ModelVersion.Origin.DEFAULT:
        return default_model(organization), {}
    return _for_amount(read_model(latest), organization), latest.parameters.get("fitted", {})


def publish_model(
    model: ScoringModel,
    *,
    origin: str = ModelVersion.Origin.FITTED,
    fitted: dict[str, Any] | None = None,
    returned_to: int | None = None,
    note: str = "",
    moved: dict[str, Any] | None = None,
) -> ModelVersion:
    """Put a model in force from the next night on, as a new version; the one in force stays where it is the same.

    `fitted` says what it was fitted on (as_of, last_night, nights), `returned_to` whose content it takes up again.
    Written with its audit row, under the organization's lock. Needs an open context.
    """
    Organization.objects.select_for_update().get()
    # A copy: a version that was read keeps the places of figures which its own release gave them.
    wanted = _describe(replace(model))
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    latest = latest_version()
    if latest is not None and latest.digest == digest:
        return latest
    beside = {"fitted": fitted, "returned_to": returned_to}
    version = _add_version(
        latest,
        wanted,
        digest,
        origin=origin,
        row={"published_by": current_context().user_id, "note": note, "moved": moved},
        **{name: value for name, value in beside.items() if value is not None},
    )
    audit.record(
        "model.published",
        subject="model_version",
        subject_id=version.pk,
        number=version.number,
        origin=origin,
        replaced=latest.number if latest else None,
        returned_to=returned_to,
    )
    return version


def _add_version(
    latest: ModelVersion | None,
    wanted: str,
    digest: str,
    *,
    origin: str,
    row: dict[str, Any] | None = None,
    **beside: Any,
) -> ModelVersion:
    number = 1 if latest is None else latest.number + 1
    parameters = {**json.loads(wanted), "version": number, **beside}
    return ModelVersion.objects.create(
        number=number, origin=origin, parameters=parameters, digest=digest, **(row or {})
    )


def digest_of(model: ScoringModel) -> str:
    """What tells two contents apart, whatever their numbers."""
    return hashlib.sha256(_describe(replace(model)).encode()).hexdigest()


def _for_amount(model: ScoringModel, organization: Organization) -> ScoringModel:
    """The model with the organization's amount for defense, which is a setting of its own."""
    amount = float(organization.defense_arr)
    if model.thresholds.value_amount == amount:
        return model
    return replace(model, thresholds=replace(model.thresholds, value_amount=amount))


def _find_fitted(number: int, night: date) -> ModelVersion | None:
    later = ModelVersion.objects.filter(number__gt=number, origin=ModelVersion.Origin.FITTED)
    return later.filter(parameters__fitted__as_of__lte=night.isoformat()).order_by("-number").first()


def read_model(version: ModelVersion) -> ScoringModel:
    """The version as the engine takes it; raises ValueError where this release knows one of its signals no more.

    Kept by digest and number: most organizations share the default's, and a version never changes.
    """
    key = version.digest, version.number
    if key not in _read:
        if len(_read) >= KEPT:
            _read.clear()
        _read[key] = _parse(version.parameters)
    return _read[key]


KEPT = 256
_read: dict[tuple[str, int], ScoringModel] = {}


def _parse(parameters: dict[str, Any]) -> ScoringModel:
    model = ScoringModel.from_json(_canonical(parameters))
    written = parameters.get("places", model.places)
    # The figures of a diagnosis stand where the release that wrote it put them; one that it did not know is missing.
    model.__dict__["places"] = {
        name: {figure: written.get(name, {}).get(figure) for figure in places} for name, places in model.places.items()
    }
    return model


@lru_cache(maxsize=64)
def _default_for(defense_arr: float) -> str:
    return _describe(replace(DEFAULT_MODEL, thresholds=replace(DEFAULT_MODEL.thresholds, value_amount=defense_arr)))


def _describe(model: ScoringModel) -> str:
    """Everything that a version fixes but its number."""
    return _canonical({**json.loads(model.to_json()), "places": model.places, "version": 0})


def _canonical(parameters: dict[str, Any]) -> str:
    return json.dumps(parameters, sort_keys=True)
