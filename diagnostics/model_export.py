"""Model versions in an export's settings.json, and back: so that an import diagnoses as its source did."""

import hashlib
import json
import math
from dataclasses import asdict
from typing import Any

from accounts.models import Organization
from diagnostics.engine import ScoringModel
from diagnostics.engine.signals import BY_NAME
from diagnostics.model_desk import parse_content
from diagnostics.model_versions import default_model, digest_of, latest_version, publish_model
from diagnostics.models import ModelVersion

MOST_VERSIONS = 10_000
KEPT = ("origin", "note", "moved", "parameters", "digest")


def write_versions() -> list[dict[str, Any]]:
    """Every version of the open organization, oldest first; by whom and when says nothing in another organization."""
    return list(ModelVersion.objects.order_by("number").values(*KEPT))


def read_versions(content: Any) -> None:
    """Take up the versions of an export behind those that there are; raises ValueError where they are none.

    The last is then in force, as it was there. Where it is in force already, nothing happens.
    """
    if not isinstance(content, list) or len(content) > MOST_VERSIONS:
        raise ValueError("no model versions")
    versions = [_read_version(one, must_be_known=one is content[-1]) for one in content]
    latest = latest_version()
    if not versions:
        _return_to_default(latest)
        return
    if latest is not None and latest.digest == versions[-1].digest:
        return
    for number, version in enumerate(versions, start=latest.number + 1 if latest else 1):
        version.number = number
        version.parameters = {**version.parameters, "version": number}
    ModelVersion.objects.bulk_create(versions)


def _read_version(one: Any, *, must_be_known: bool) -> ModelVersion:
    if not isinstance(one, dict) or one.get("origin") not in ModelVersion.Origin.values:
        raise ValueError("no model version")
    parameters, note, moved = one.get("parameters"), one.get("note", ""), one.get("moved")
    if not isinstance(parameters, dict) or not isinstance(note, str) or not isinstance(moved, dict | None):
        raise ValueError("no model version")
    for name, kind in (("fitted", dict), ("returned_to", int)):
        if name in parameters and not isinstance(parameters[name], kind):
            raise ValueError("no model version")
    if moved is not None and not all(isinstance(moved.get(name), int | float) for name in ("accounts", "arr")):
        raise ValueError("no model version")
    version = ModelVersion(organization=Organization.objects.get(), origin=one["origin"], note=note, moved=moved)
    version.parameters, version.digest = parameters, _digest(parameters)
    if must_be_known or all(name in BY_NAME for name in parameters.get("signals", ())):
        _refuse_senseless(version)
    return version


def _digest(parameters: dict[str, Any]) -> str:
    """As diagnostics.model_versions takes it: of the content without its number and what stands beside it."""
    content = {name: value for name, value in parameters.items() if name not in ("fitted", "returned_to")}
    return hashlib.sha256(json.dumps({**content, "version": 0}, sort_keys=True).encode()).hexdigest()


def _refuse_senseless(version: ModelVersion) -> None:
    """Raise ValueError for content by which no night could be diagnosed."""
    try:
        model: ScoringModel = parse_content(version)
        texts = {model.thresholds.value_segment}
        numbers = [value for name, value in asdict(model.thresholds).items() if name != "value_segment"]
        numbers += [*asdict(model.risk).values(), *model.base.values()]
        numbers += [weight for weights in model.weights.values() for weight in weights.values()]
        if not all(isinstance(text, str) for text in texts):
            raise ValueError("no model version")
        if not all(number is None or math.isfinite(number) for number in numbers):
            raise ValueError("no model version")
        if not isinstance(version.parameters["places"], dict):
            raise ValueError("no model version")
    except (KeyError, TypeError, AttributeError) as error:
        raise ValueError("no model version") from error


def _return_to_default(latest: ModelVersion | None) -> None:
    """Where an undone import leaves no version behind it, the program's default is in force again."""
    if latest is None or latest.origin == ModelVersion.Origin.DEFAULT:
        return
    model = default_model(Organization.objects.get())
    if digest_of(model) != latest.digest:
        publish_model(model, origin=ModelVersion.Origin.DEFAULT)
