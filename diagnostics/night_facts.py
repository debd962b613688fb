"""The facts of a book on a night or day, and what it continues, asked beside them where Python is busy anyway."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db.backends.utils import CursorWrapper

from accounts.models import Organization
from diagnostics.book import feature_settings
from diagnostics.features import compute_features
from diagnostics.features.reading import Answer
from diagnostics.movements import ask_past
from diagnostics.writing import ask_state


@dataclass(frozen=True, slots=True)
class NightFacts:
    """Columns `engine.FEATURES`; what `writing.ask_state` and `movements.ask_past` say, None without a night before."""

    features: pl.DataFrame
    previous: pl.DataFrame | None
    past: pl.DataFrame | None


def read_night_facts(
    cursor: CursorWrapper,
    organization: Organization,
    night: date,
    *,
    versions: Mapping[date, uuid.UUID],
    continued: date | None,
) -> NightFacts:
    """Everything that the night needs to know; `versions` as `writing.read_versions` gives them."""
    beside: list[Answer] = []

    def ask_beside() -> None:
        if continued is not None:
            beside.append(ask_state(cursor, organization.id, continued))
            beside.append(ask_past(cursor, organization, night, versions, continued))

    features = compute_features(cursor, organization.id, night, feature_settings(organization), beside=ask_beside)
    previous, past = (answer() for answer in beside) if beside else (None, None)
    return NightFacts(features, previous, past)
