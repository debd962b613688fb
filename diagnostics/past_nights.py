"""Past nights made again in memory, with what became of their accounts."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date

import polars as pl
from django.db import connection

from accounts.models import Organization
from diagnostics.book import feature_settings
from diagnostics.engine import ScoringModel, diagnose
from diagnostics.features import compute_features
from diagnostics.outcomes import Outcomes


@dataclass(frozen=True, slots=True)
class PastNight:
    """A night made again from the facts known on it: features, and what became of the accounts, in one order."""

    night: date
    features: pl.DataFrame
    outcomes: pl.DataFrame

    def diagnose(self, model: ScoringModel) -> pl.DataFrame:
        """The diagnoses and outcomes, one row per account, with `open`: there was something to foresee.

        No loss is foreseen where notice was given or the subscription has run out: those are facts.
        """
        found = diagnose(self.features, model, self.night)
        facts = self.features.select(
            "tier", "running", "lapsed_on", "notice_given_on", "ends_on", "auto_renews", "activity_28", "activity_29_56"
        )
        is_open = facts.select(
            open=pl.col("running").fill_null(False)
            & pl.col("lapsed_on").is_null()
            & pl.col("notice_given_on").is_null()
        )
        return found.hstack(facts).hstack(is_open).hstack(self.outcomes.drop("account_id"))


def replay_nights(organization: Organization, nights: list[date], outcomes: Outcomes) -> Iterator[PastNight]:
    """Each night from the facts dated up to it, in the open context; writes nothing."""
    settings = feature_settings(organization)
    with connection.cursor() as cursor:
        for night in nights:
            features = compute_features(cursor, organization.id, night, settings)
            yield PastNight(night, features, outcomes.judge(features["account_id"], night))
