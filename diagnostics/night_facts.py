"""The facts of a book on a night or day, with what it continues and is compared with."""

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
    """Columns `engine.FEATURES`, and what `writing.ask_state` and `movements.ask_past` say of the night before, if any.

    The last is not waited for: it is answered while the engine runs.
    """

    features: pl.DataFrame
    previous: pl.DataFrame | None
    past: Answer | None


def read_night_facts(
    cursor: CursorWrapper,
    organization: Organization,
    night: date,
    *,
    versions: Mapping[date, uuid.UUID],
    continued: date | None,
    compared: bool = True,
) -> NightFacts:
    """Everything that the night needs to know; `versions` as `writing.read_versions` gives them.

    Call it in a block of `sent_ahead`. `compared`: whether the past that movements compare is asked for.
    """
    beside: list[Answer] = []

    def ask_beside() -> None:
        if continued is not None:
            beside.append(ask_state(cursor, organization.id, continued))

    features = compute_features(cursor, organization.id, night, feature_settings(organization), beside=ask_beside)
    past = ask_past(cursor, organization, night, versions, continued) if compared and continued else None
    return NightFacts(features, beside[0]() if beside else None, past)
