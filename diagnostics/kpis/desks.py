"""What the Renewals and Expansion screens read: contracts and opportunities of a day, with their account's diagnosis.

Call these in the open organization's context; the frames hold every account, so a screen keeps what its member may see.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

import polars as pl

from accounts.models import Organization
from diagnostics.kpis.pipeline import expansion_pipeline, expansion_revenue_potential
from diagnostics.kpis.reading import night_speaking_on, open_source
from diagnostics.kpis.running import running_contracts
from diagnostics.kpis.selling import falling_accounts, growing_accounts, standing_opportunities


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

    `pipeline`: open expansion opportunities (columns SOLD, with numerator = amount, fragile, falling, fictional).
    `potential`: one row per account and lever, as `expansion_revenue_potential` gives it. `diagnosed`: columns GROWING.
    `won`: columns SOLD of what was won since the fiscal quarter began. `accounts`: how many were diagnosed.
    """

    day: date
    night: date | None
    pipeline: pl.DataFrame
    potential: pl.DataFrame
    diagnosed: pl.DataFrame
    won: pl.DataFrame
    accounts: int
    quarter_starts_on: date


def read_renewal_desk(organization: Organization, day: date, *, accounts: Sequence[str] | None = None) -> RenewalDesk:
    """The contracts known on the day, of these accounts or of all, by next decision date; three statements."""
    source = open_source(organization, day=day)
    night = night_speaking_on(source.nights(), day)
    contracts = running_contracts(source, day=day, night=night, accounts=accounts)
    priced = pl.col("arr").is_not_null()
    return RenewalDesk(day, night, contracts.filter(priced), contracts.filter(~priced))


def read_expansion_desk(
    organization: Organization,
    day: date,
    *,
    night: date | None = None,
    accounts: Sequence[str] | None = None,
    segments: Sequence[str] = (),
) -> ExpansionDesk:
    """The opportunities that are open on the day or won in its fiscal quarter, and the night's potential.

    Of these accounts and segments, or of all; `night` None: the one that speaks for the day. Five statements.
    """
    source = open_source(organization, day=day)
    spoken = night or night_speaking_on(source.nights(), day)
    quarter = start_quarter(day, organization.fiscal_year_first_month)
    diagnosed, counted = growing_accounts(source, spoken, accounts=accounts, segments=segments)
    known = standing_opportunities(source, won_since=quarter, accounts=accounts)
    known = known.join(
        falling_accounts(source, spoken, accounts=accounts), on="account_id", how="left", maintain_order="left"
    )
    # Whoever is not diagnosed, or is left out by a segment, is not on the desk.
    own = diagnosed.select("account_id", "fragile", "health")
    known = known.join(own, on="account_id", how="inner", maintain_order="left")
    # One period, the day itself, whose owners answer for it.
    key = {"period": pl.lit(day.isoformat()), "owner_on": pl.lit(day)}
    pipeline = expansion_pipeline(known).with_columns(**key)
    potential = expansion_revenue_potential(diagnosed.with_columns(**key), pipeline)
    won = known.filter(pl.col("stage") == "won")
    return ExpansionDesk(day, spoken, pipeline, potential, diagnosed, won, counted, quarter)


def start_quarter(day: date, first_month: int) -> date:
    """The first day of the fiscal quarter in which a day lies."""
    back = (day.month - first_month) % 3
    year, month = divmod(day.year * 12 + day.month - 1 - back, 12)
    return date(year, month + 1, 1)
