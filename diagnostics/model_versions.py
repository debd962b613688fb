"""The scoring model in force: immutable versions, of which the highest number counts."""

import hashlib
import json
from dataclasses import replace
from functools import lru_cache
from typing import Any

from accounts.models import Organization
from diagnostics.engine import DEFAULT_MODEL, ScoringModel
from diagnostics.models import ModelVersion


def ensure_model_version(organization: Organization) -> ModelVersion:
    """The version by which the organization's next night is diagnosed, made at first use.

    An organization on the default follows it: where a release, or the organization's own amount for defense, changes
    its parameters, that is a new version. So is a release that puts the figures of a diagnosis in other places.
    """
    # Its parameters are read where they are needed: the digest says whether they are.
    latest = ModelVersion.objects.defer("parameters").order_by("-number").first()
    origin = latest.origin if latest is not None else ModelVersion.Origin.DEFAULT
    if latest is None or origin == ModelVersion.Origin.DEFAULT:
        wanted = _default_for(float(organization.defense_arr))
    else:
        wanted = _describe(ScoringModel.from_json(_canonical(latest.parameters)))
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    if latest is not None and latest.digest == digest:
        return latest
    number = 1 if latest is None else latest.number + 1
    parameters = {**json.loads(wanted), "version": number}
    if latest is not None and "fitted" in latest.parameters:
        parameters["fitted"] = latest.parameters["fitted"]
    return ModelVersion.objects.create(number=number, origin=origin, parameters=parameters, digest=digest)


def default_model(organization: Organization) -> ScoringModel:
    """The default with the organization's own amount for defense: what a fit begins from."""
    return ScoringModel.from_json(_default_for(float(organization.defense_arr)))


def read_model_in_force(organization: Organization) -> tuple[ScoringModel, dict[str, Any]]:
    """The latest version's model, and what it was fitted on: empty for the default, which needs no version yet."""
    latest = ModelVersion.objects.order_by("-number").first()
    if latest is None or latest.origin == ModelVersion.Origin.DEFAULT:
        return default_model(organization), {}
    return read_model(latest), latest.parameters.get("fitted", {})


def publish_model(model: ScoringModel, *, fitted: dict[str, Any]) -> ModelVersion:
    """Put a fitted model in force as a new version; the one in force stays where it is the same.

    `fitted` says what it was fitted on (as_of, last_night, nights). Needs an open context.
    """
    wanted = _describe(model)
    digest = hashlib.sha256(wanted.encode()).hexdigest()
    latest = ModelVersion.objects.order_by("-number").first()
    if latest is not None and latest.digest == digest:
        return latest
    number = 1 if latest is None else latest.number + 1
    parameters = {**json.loads(wanted), "version": number, "fitted": fitted}
    origin = ModelVersion.Origin.FITTED
    return ModelVersion.objects.create(number=number, origin=origin, parameters=parameters, digest=digest)


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
