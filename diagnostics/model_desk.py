"""The model in force and the draft over it: their values by path, what they differ in, and whether that makes sense."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import time
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from django.utils.translation import gettext as _

from accounts.models import Organization
from diagnostics.engine import ScoringModel
from diagnostics.engine.signals import TIERS
from diagnostics.model_fields import SETTINGS, ModelField, find_field, name_field, store
from diagnostics.model_versions import latest_version, read_model_in_force
from diagnostics.models import ModelDraft, ModelVersion


@dataclass(frozen=True, slots=True)
class Difference:
    """One field in which two states of the model differ, in words."""

    path: str
    label: str
    before: str
    after: str


@dataclass(frozen=True)
class Desk:
    """What is in force, and the draft over it. `number` is that of the version in force, 0 where there is none yet."""

    organization: Organization
    in_force: ScoringModel
    version: ModelVersion | None
    draft: ModelDraft | None

    @property
    def number(self) -> int:
        return self.version.number if self.version else 0

    @property
    def revision(self) -> int:
        return self.draft.revision if self.draft else 0

    @property
    def values(self) -> dict[str, Any]:
        """The draft's values by path, as far as they differ from what is in force."""
        if self.draft is None:
            return {}
        wanted = {path: change["value"] for path, change in self.draft.changes.items() if change["value"] is not None}
        return {path: value for path, value in wanted.items() if find_field(path) and value != self.standing(path)}

    def standing(self, path: str) -> Any:
        """The value in force; None for a signal that the model does not have."""
        return read_value(path, self.in_force, self.organization)

    def value(self, path: str) -> Any:
        """The draft's value, else the one in force."""
        return self.values.get(path, self.standing(path))

    @property
    def model(self) -> ScoringModel:
        """The model in force with the draft over it."""
        return compose(self.in_force, self.values)

    @property
    def settings(self) -> dict[str, Any]:
        """The organization's settings that the draft changes, as its model takes them."""
        return {
            SETTINGS[path].name: _load(SETTINGS[path], value)
            for path, value in self.values.items()
            if path.startswith("organization.")
        }

    @property
    def differences(self) -> list[Difference]:
        """What the draft changes, in the order of the page."""
        return describe_differences(
            {path: (self.standing(path), value) for path, value in self.values.items()}, self.organization.currency
        )

    @property
    def faults(self) -> list[str]:
        """Why the draft cannot be published: thresholds that cross."""
        return find_faults(self.model)


def open_desk(organization: Organization) -> Desk:
    """The model in force and its draft, in two queries."""
    version = latest_version()
    model, _fitted = read_model_in_force(organization, version)
    return Desk(organization, model, version, ModelDraft.objects.first())


def read_value(path: str, model: ScoringModel, organization: Organization | None = None) -> Any:
    """The value of a path in a model, or among the organization's settings; None where it has none."""
    kind, _dot, rest = path.partition(".")
    if kind == "organization":
        return store(getattr(organization, rest)) if organization else None
    if kind == "thresholds":
        return getattr(model.thresholds, rest)
    signal, _dot, tier = rest.partition(".")
    return model.weights[signal][tier] if signal in model.signals else None


def compose(model: ScoringModel, values: Mapping[str, Any]) -> ScoringModel:
    """The model with these values by path in the place of its own."""
    thresholds = {path.partition(".")[2]: value for path, value in values.items() if path.startswith("thresholds.")}
    if "organization.defense_arr" in values:
        thresholds["value_amount"] = float(values["organization.defense_arr"])
    weights = {name: dict(model.weights[name]) for name in model.signals}
    for path, value in values.items():
        kind, _dot, rest = path.partition(".")
        signal, _dot, tier = rest.partition(".")
        if kind == "weights" and signal in weights and tier in TIERS:
            weights[signal][tier] = float(value)
    return replace(model, thresholds=replace(model.thresholds, **thresholds), weights=MappingProxyType(weights))


def find_faults(model: ScoringModel) -> list[str]:
    """Sentences on thresholds that make no sense together."""
    rule, faults = model.thresholds, []
    if rule.recovered_from < rule.fragile_below:
        faults.append(_("Recovered begins below Fragile: an account would be both. Raise the one or lower the other."))
    if rule.high_potential_until > rule.high_potential_from:
        faults.append(_("High potential ends above where it begins. Lower the end or raise the beginning."))
    if rule.window_closes_below > rule.fragile_below:
        faults.append(_("A growth window closes above Fragile, where it may open: it would close as it opens."))
    return faults


def describe_differences(pairs: Mapping[str, tuple[Any, Any]], currency: str) -> list[Difference]:
    """Values before and after by path, in words and in the order of the page; weights after the thresholds."""
    order = {path: place for place, path in enumerate(SETTINGS)}
    found = []
    for path in sorted(pairs, key=lambda path: (order.get(path, len(order)), path)):
        declared = find_field(path)
        if declared is None:
            continue
        before, after = ("–" if value is None else declared.show(value, currency=currency) for value in pairs[path])
        found.append(Difference(path, name_field(path), before, after))
    return found


def compare_models(model: ScoringModel, before: ScoringModel) -> dict[str, tuple[Any, Any]]:
    """Where two models differ among what people may set: {path: (before, now)}."""
    paths = [path for path in SETTINGS if path.startswith("thresholds.")]
    names = dict.fromkeys([*model.signals, *before.signals])
    paths += [f"weights.{name}.{tier}" for name in names for tier in TIERS]
    pairs = {path: (read_value(path, before), read_value(path, model)) for path in paths}
    pairs["organization.defense_arr"] = (before.thresholds.value_amount, model.thresholds.value_amount)
    return {path: pair for path, pair in pairs.items() if pair[0] != pair[1]}


def parse_content(version: ModelVersion) -> ScoringModel:
    """The version's model with the places of this release; raises ValueError where a signal is unknown here."""
    return ScoringModel.from_json(json.dumps(version.parameters))


def _load(declared: ModelField, value: Any) -> Any:
    if declared.kind == "time":
        return time.fromisoformat(value)
    return Decimal(str(value)) if declared.kind == "money" else value
