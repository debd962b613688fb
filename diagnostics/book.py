"""A diagnosed book: what one night's steps hand to each other."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import polars as pl

from accounts.models import Organization
from diagnostics.engine import ScoringModel
from diagnostics.features import FeatureSettings
from diagnostics.models import ModelVersion


@dataclass(frozen=True, slots=True)
class DiagnosedBook:
    """What the engine found about all accounts of an organization on one night.

    `features` and `diagnoses` have one row per account, both sorted by account_id. `continued`: the last diagnosed
    night before, and `previous` its rows as `read_state` gives them; None where there was none.
    """

    organization: Organization
    night: date
    version: ModelVersion
    model: ScoringModel
    continued: date | None
    previous: pl.DataFrame | None
    features: pl.DataFrame
    diagnoses: pl.DataFrame
    # What movements compare, where it was read beside the features: the versions of the nights before, newest first,
    # and the columns `movements.PAST_SCHEMA`.
    versions: Mapping[date, uuid.UUID] | None = None
    past: pl.DataFrame | None = None
    # What was done about its priorities, as `suppression.ask_acts` gives it, where it was read beside them too.
    acts: list[Any] | None = None


def feature_settings(organization: Organization) -> FeatureSettings:
    """What the features need to know of the organization."""
    return FeatureSettings(
        time_zone=organization.time_zone,
        currency=organization.currency,
        fiscal_year_start=organization.fiscal_year_first_month,
        grace_days=organization.late_renewal_grace_days,
    )
