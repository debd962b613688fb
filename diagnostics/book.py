"""A diagnosed book: what one night's steps hand to each other."""

from dataclasses import dataclass
from datetime import date

import polars as pl

from accounts.models import Organization
from diagnostics.engine import ScoringModel
from diagnostics.models import ModelVersion


@dataclass(frozen=True, slots=True)
class DiagnosedBook:
    """What the engine found about all accounts of an organization on one night.

    `features` and `diagnoses` have one row per account, both sorted by account_id. `continued`: the last diagnosed
    night before, None where there was none.
    """

    organization: Organization
    night: date
    version: ModelVersion
    model: ScoringModel
    continued: date | None
    features: pl.DataFrame
    diagnoses: pl.DataFrame
