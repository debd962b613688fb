"""What a calibration proposed to mark, beside what the catalogue says of it today."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from diagnostics.telling_features import TellingFeature
from portfolio.models import Feature

NO_MARK = ("", "neutral")  # as find_telling_features reads them


@dataclass(frozen=True, slots=True)
class ProposedMark:
    """A proposal; `marked_as` is '' until somebody marks it. Without `product_id`: unknown to the catalogue."""

    found: TellingFeature
    name: str
    marked_as: str
    product_id: uuid.UUID | None
    feature_id: uuid.UUID | None


def list_proposed_marks(telling: Sequence[TellingFeature]) -> list[ProposedMark]:
    """The proposals in their order; of a feature of several products, the mark that is read: any but neutral."""
    known: dict[str, Feature] = {}
    features = Feature.objects.filter(metric__in=[one.metric for one in telling])
    for feature in features.order_by("product__source_id", "pk"):
        if feature.metric not in known or known[feature.metric].effect in NO_MARK:
            known[feature.metric] = feature
    return [_propose(one, known.get(one.metric)) for one in telling]


def _propose(found: TellingFeature, feature: Feature | None) -> ProposedMark:
    name = found.metric.removeprefix("feature:")
    if feature is None:
        return ProposedMark(found, name, "", None, None)
    marked_as = "" if feature.effect in NO_MARK else feature.effect
    return ProposedMark(found, feature.name or name, marked_as, feature.product_id, feature.pk)
