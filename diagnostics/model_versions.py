"""The scoring model in force: immutable versions, of which the highest number counts."""

import hashlib
import json
from dataclasses import replace
from functools import lru_cache

from accounts.models import Organization
from diagnostics.engine import DEFAULT_MODEL, ScoringModel
from diagnostics.models import ModelVersion


def ensure_model_version(organization: Organization) -> ModelVersion:
    """The version by which the organization's next night is diagnosed, made at first use.

    An organization on the default follows it: where a release, or the organization's own amount for defense, changes
    the default's parameters, that is a new version.
    """
    latest = ModelVersion.objects.order_by("-number").first()
    if latest is not None and latest.origin != ModelVersion.Origin.DEFAULT:
        return latest
    thresholds = replace(DEFAULT_MODEL.thresholds, value_amount=float(organization.defense_arr))
    wanted = replace(DEFAULT_MODEL, thresholds=thresholds, version=0)
    digest = hashlib.sha256(wanted.to_json().encode()).hexdigest()
    if latest is not None and latest.digest == digest:
        return latest
    number = 1 if latest is None else latest.number + 1
    return ModelVersion.objects.create(
        number=number,
        origin=ModelVersion.Origin.DEFAULT,
        parameters=json.loads(replace(wanted, version=number).to_json()),
        digest=digest,
    )


def read_model(version: ModelVersion) -> ScoringModel:
    """The version as the engine takes it; raises ValueError where this release knows one of its signals no more."""
    return _parse(json.dumps(version.parameters, sort_keys=True))


@lru_cache(maxsize=64)
def _parse(parameters: str) -> ScoringModel:
    return ScoringModel.from_json(parameters)
