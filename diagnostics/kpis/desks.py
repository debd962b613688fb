"""What the Renewals and Expansion screens read: contracts and opportunities of a day, with their account's diagnosis.

Call these in the open organization's context; the frames hold every account, so a screen keeps what its member may see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from accounts.models import Organization
from diagnostics.kpis.frames import days_frame
from diagnostics.kpis.pipeline import (
    expansion_pipeline,
    expansion_revenue_potential,
    find_falling,
    opportunities_on,
)
from diagnostics.kpis.reading import Source, night_speaking_on, nights_of_fall, open_source
from diagnostics.kpis.running import running_contracts


@dataclass(frozen=True, slots=True)
class RenewalDesk:
    """The contracts of a day.

    `contracts`: columns of `contracts_on`, and of the night that speaks for the day (NULL: not diagnosed) health, weak
    (below the threshold), renewal_risk and segment. Feed it to `risk.value_at_risk`, `risk.confirmed_loss` and
    `risk.expected_loss`.
    `night`: that night, None where there is none. `unpriced`: contracts whose currency has no plan rate.
    """

    day: date
    night: date | None
    contracts: pl.DataFrame
    unpriced: pl.DataFrame


@dataclass(frozen=True, slots=True)
class ExpansionDesk:
    """The opportunities of a day and what the book can still carry.

    `pipeline`: open expansion opportunities (columns of `opportunities_on`, with numerator = amount, fragile, falling,
    fictional). `potential`: one row per account and lever, as `expansion_revenue_potential` gives it.
    """

    day: date
    night: date | None
    pipeline: pl.DataFrame
    potential: pl.DataFrame


def read_renewal_desk(organization: Organization, day: date, *, accounts: Sequence[str] | None = None) -> RenewalDesk:
    """The contracts known on the day, of these accounts or of all, by next decision date; three statements."""
    source = open_source(organization, day=day)
    night = night_speaking_on(source.nights(), day)
    contracts = running_contracts(source, day=day, night=night, accounts=accounts)
    priced = pl.col("arr").is_not_null()
    return RenewalDesk(day, night, contracts.filter(priced), contracts.filter(~priced))


def read_expansion_desk(organization: Organization, day: date) -> ExpansionDesk:
    """Every open expansion opportunity of the day and tonight's potential; five statements."""
    source = open_source(organization, day=day)
    nights = source.nights()
    night = night_speaking_on(nights, day)
    diagnosed = _diagnosed(source, night)
    days = days_frame([day])
    falling = find_falling(source.health(nights_of_fall(nights, day)), days)
    opportunities = opportunities_on(source.opportunities(), source.stages(), days)
    opportunities = opportunities.join(falling, on=["day", "account_id"], how="left", maintain_order="left")
    opportunities = opportunities.join(
        diagnosed.select("account_id", "fragile", "health"), on="account_id", how="left", maintain_order="left"
    )
    # One period, the day itself, whose owners answer for it.
    key = {"period": pl.lit(day.isoformat()), "owner_on": pl.lit(day)}
    pipeline = expansion_pipeline(opportunities).with_columns(**key)
    return ExpansionDesk(day, night, pipeline, expansion_revenue_potential(diagnosed.with_columns(**key), pipeline))


def _diagnosed(source: Source, night: date | None) -> pl.DataFrame:
    return source.diagnoses([night] if night else [])
